/** run_strategy: the trading pipeline as one run that people can follow. It looks, catches up and reports; orders go their own way, bar by bar. */
import * as z from 'zod';
import type { FlowName } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';

/** The stages, in the order in which a bar becomes a position. */
const STAGES = [
  'fetch_market_data', 'validate_data_quality', 'calculate_indicators', 'generate_signals', 'calculate_position_size', 'validate_risk_limits', 'execute_trades', 'update_positions', 'send_trade_alerts',
] as const satisfies readonly FlowName[];
type Stage = (typeof STAGES)[number];

/** Stages that only lead to new orders: without trustworthy bars they are left out, what is held is looked after all the same. */
const TOWARDS_ORDERS: readonly Stage[] = ['calculate_indicators', 'generate_signals', 'calculate_position_size', 'validate_risk_limits', 'execute_trades'];
const AFTER_SIGNALS: readonly Stage[] = ['calculate_position_size', 'validate_risk_limits', 'execute_trades'];

/** What the pipeline must know of its children's results; the rest is passed through. */
const qualityOutput = z.looseObject({ isUsable: z.boolean(), reason: z.string().nullish() });
const signalsOutput = z.looseObject({ signals: z.array(z.string()) });
const limitsOutput = z.looseObject({ approved: z.array(z.string()) });

/** Signals that the stages behind are asked about at most. */
const MAX_SIGNALS = 200;

const pipelineInput = z.strictObject({ strategyId: z.string().min(1).max(64).optional().describe('Only this strategy; all of them when left out') });

/** The run's result: what each stage gave, or why it was not taken. */
type Stages = Partial<Record<Stage, unknown>>;

function readChild<S extends z.ZodType>(stage: Stage, schema: S, output: unknown): z.output<S> {
  const parsed = schema.safeParse(output);
  if (!parsed.success) throw new AppError('FLOW_CHILD_FAILED', `${stage} gave a result that the pipeline cannot read: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`, { context: { stage } });
  return parsed.data;
}

/** Walks the stages and shows those that are not reached as skipped, so that a failed run says what did not happen because of it. */
class Walk {
  readonly results: Stages = {};
  readonly #ctx: FlowContext;
  readonly #passed = new Set<Stage>();

  constructor(ctx: FlowContext) {
    this.#ctx = ctx;
  }

  async child(stage: Stage, input: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#passed.add(stage);
    try {
      const { output } = await this.#ctx.child(stage, input);
      this.results[stage] = output;
      this.#ctx.progress(this.#passed.size, STAGES.length);
      return output;
    } catch (error) {
      // Only the child's own failure: a cancelled run, or one out of time, ends here without another step.
      if (error instanceof AppError && error.code === 'FLOW_CHILD_FAILED') await this.skip(STAGES, `${stage} failed, and nothing is built on that`);
      throw error;
    }
  }

  async skip(stages: readonly Stage[], reason: string): Promise<void> {
    for (const stage of stages) {
      if (this.#passed.has(stage)) continue;
      this.#passed.add(stage);
      this.results[stage] = { skipped: reason };
      await this.#ctx.skip(stage, reason);
    }
    this.#ctx.progress(this.#passed.size, STAGES.length);
  }
}

/** From the newest bars to the signals that are new. Null when trading may not lean on the bars. */
async function findSignals(walk: Walk, strategyId: string | undefined): Promise<readonly string[] | null> {
  await walk.child('fetch_market_data', { isValidated: false });
  const quality = readChild('validate_data_quality', qualityOutput, await walk.child('validate_data_quality'));
  if (!quality.isUsable) {
    await walk.skip(TOWARDS_ORDERS, `The bars cannot be trusted now: ${quality.reason ?? 'see validate_data_quality'}`);
    return null;
  }
  const only = strategyId === undefined ? {} : { strategyId };
  await walk.child('calculate_indicators', only);
  return readChild('generate_signals', signalsOutput, await walk.child('generate_signals', only)).signals;
}

/** From signals to orders, as far as there are any. Returns the orders that risk approved. */
async function followSignals(walk: Walk, signals: readonly string[]): Promise<number> {
  if (signals.length === 0) {
    await walk.skip(AFTER_SIGNALS, 'No strategy wants anything new');
    return 0;
  }
  const signalIds = signals.slice(-MAX_SIGNALS);
  await walk.child('calculate_position_size', { signalIds });
  const { approved } = readChild('validate_risk_limits', limitsOutput, await walk.child('validate_risk_limits', { signalIds }));
  if (approved.length === 0) await walk.skip(['execute_trades'], 'Risk approved no order');
  else await walk.child('execute_trades');
  return approved.length;
}

/** run_strategy. */
export function pipelineFlow(): FlowDefinition {
  return flow({
    name: 'run_strategy',
    description: 'Walks the whole pipeline once: fetch, validate, indicators, signals, size, limits, execute, positions, alerts. Strategies trade on each new bar by themselves; this run finds and repairs what that missed, and shows it.',
    input: pipelineInput,
    schedule: { kind: 'session', anchor: 'hour', offsetMinutes: 5 },
    retries: 2, retryDelayMs: 5_000, timeoutMs: 1_800_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip', children: STAGES, events: ['each closed bar, without a run'],
    async run(ctx, input) {
      const walk = new Walk(ctx);
      const signals = await findSignals(walk, input.strategyId);
      const approved = signals === null ? 0 : await followSignals(walk, signals);
      await walk.child('update_positions');
      await walk.child('send_trade_alerts');
      ctx.log(signals === null ? 'warn' : 'info', signals === null ? 'The pipeline looked after what is held and started nothing new' : 'The pipeline has run', { signals: signals?.length ?? 0, approved });
      return { isDataUsable: signals !== null, signals: signals?.length ?? 0, approved, stages: walk.results };
    },
  });
}
