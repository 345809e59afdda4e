/** backtest_strategy: a strategy over stored bars, by the rules and the order code that trade live; with a search for its parameters when that is asked for. */
import { backtestRequestSchema, backtestRunOutputSchema, type BacktestRequest } from '#app/contracts/backtest.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { strategyType } from '#app/strategy/registry.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { backtestIdOf } from '#chassis/backtest-id.ts';
import type { Db } from '#chassis/db.ts';
import type { BulkOptions } from '#chassis/db-bulk.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { openStandby, type Standby } from '../research/standby.ts';
import { openAuthored, type Authored, type SandboxOpener } from './backtest-authored.ts';
import { barSource, type BarSource, type LoadedSeries } from './backtest-bars.ts';
import { jobOf } from './backtest-job.ts';
import { play, type Played, type Work } from './backtest-play.ts';
import { logOfFailure, problemOf } from './backtest-problem.ts';
import { countBars, planBacktest, type BacktestPlan, type PlanMeans } from './backtest-request.ts';
import { searchPlanOf } from './backtest-search.ts';
import { noteBegin, noteEnd, notePlan } from './backtest-store.ts';

/** What back-tests work with. `folder`: where column files and journals lie; all of it can be deleted at any time. `screened`: symbols that a saved screen finds; `sandboxes`: who starts them, left out: they are started when they are needed. */
export type BacktestParts = { readonly db: Db; readonly bulk: BulkOptions; readonly folder: string; readonly screened?: PlanMeans['screened']; readonly sandboxes?: SandboxOpener };

/** A quick run beside a search that takes hours. */
const CONCURRENCY = 2;

/** What all runs of this process share. */
type House = { readonly parts: BacktestParts; readonly source: BarSource; readonly standby: Standby; readonly inTurn: Work['inTurn'] };

/** Searches one after the other; who is cancelled while it waits does not begin. */
function turns(): Work['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return async (signal, search) => {
    const mine = last.then(() => {
      signal.throwIfAborted();
      return search();
    });
    last = mine.then(() => undefined, () => undefined);
    return mine;
  };
}

/** One run of the flow: its strategy, opened when somebody asks, and its row. */
class Run implements AsyncDisposable {
  readonly backtestId: string;
  private readonly house: House;
  private readonly ctx: FlowContext;
  private readonly request: BacktestRequest;
  private authored: Promise<Authored> | null = null;
  private series: readonly LoadedSeries[] = [];

  constructor(house: House, ctx: FlowContext, request: BacktestRequest) {
    [this.house, this.ctx, this.request, this.backtestId] = [house, ctx, request, backtestIdOf(ctx.runId)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.authored?.catch(() => null))?.[Symbol.dispose]();
  }

  /** The plan, with the row that says that it is being worked on. */
  async plan(): Promise<BacktestPlan> {
    const { db, screened } = this.house.parts;
    await this.begin();
    const plan = await planBacktest(db, this.request, {
      authored: () => this.open(),
      screened: screened ?? (() => Promise.reject(new AppError('FLOW_INPUT_INVALID', 'screenId: screens are not run here'))),
    });
    const type = await this.typeOf(plan);
    if (plan.search !== undefined) searchPlanOf(plan.search, type, jobOf(plan, type, { symbols: plan.symbols.length > 0 ? plan.symbols : ['NONE'], assets: new Map() }));
    await notePlan(db, this.backtestId, plan);
    return plan;
  }

  async play(plan: BacktestPlan, signal: AbortSignal): Promise<Played> {
    const { parts, source, standby, inTurn } = this.house;
    // A run that repeats another one, or goes on after a crash, remembers its plan and comes here first.
    await this.begin();
    await notePlan(parts.db, this.backtestId, plan);
    const authored = plan.project === null ? null : await this.open();
    await using lent = standby.lend();
    return await play({
      db: parts.db, folder: parts.folder, source, inTurn, pool: lent.pool, ctx: this.ctx, plan, type: await this.typeOf(plan), authored, signal, backtestId: this.backtestId,
      onLoaded: (series) => {
        this.series = series;
      },
    });
  }

  /** Does all of the run; what it throws at the end is written into the row. */
  async noting<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      const { signal } = this.ctx;
      const barsOf = (symbol: string): BarColumns | null => this.series.find((one) => one.symbol === symbol)?.bars ?? null;
      await noteEnd(this.house.parts.db, this.backtestId, signal.aborted ? { state: 'cancelled', problem: null, log: null } : { state: 'failed', problem: problemOf(error, barsOf), log: logOfFailure(error) });
      throw error;
    }
  }

  private begin(): Promise<void> {
    return noteBegin(this.house.parts.db, { backtestId: this.backtestId, runId: this.ctx.runId, request: this.request });
  }

  private async typeOf({ kind, project }: BacktestPlan): Promise<StrategyType> {
    return project === null ? strategyType(kind) : (await this.open()).type;
  }

  private open(): Promise<Authored> {
    const { project } = this.request;
    if (project === undefined) throw new AppError('INVARIANT_BROKEN', 'A run without a project has no files');
    this.authored ??= openAuthored(this.house.parts, project);
    return this.authored;
  }
}

function outputOf({ head, ran, judged }: Played): unknown {
  return backtestRunOutputSchema.parse({ ...head, ...ran?.facts, ...ran?.counts, manifestHash: ran?.manifest.hash ?? null, headline: judged?.facts.headline ?? null });
}

/** The flow. */
export function backtestFlow(parts: BacktestParts): FlowDefinition {
  const house: House = { parts, source: barSource(parts), standby: openStandby({ most: CONCURRENCY }), inTurn: turns() };
  return flow({
    name: 'backtest_strategy',
    description: 'Runs a strategy over stored bars: orders by the live risk rules, filled at the open of the next bar, with costs; measured, and judged in words. Searches its parameters when asked. The same bars and request give the same orders.',
    input: backtestRequestSchema,
    schedule: null, retries: 1, retryDelayMs: 2_000, timeoutMs: 14_400_000, concurrency: CONCURRENCY, onMissed: 'skip', isShareable: true,
    async run(ctx, request) {
      await using run = new Run(house, ctx, request);
      return await run.noting(async () => {
        const plan = await ctx.step('complete the request', () => run.plan());
        const bars = await ctx.step('count the bars', () => countBars(parts.db, plan));
        ctx.log('info', `Testing ${plan.kind} on ${plan.symbols.join(', ') || 'no symbol'}`, { timeframe: plan.timeframe, from: plan.from, to: plan.to, barsInDatabase: bars });
        const output = backtestRunOutputSchema.parse(await ctx.step('replay the bars', async (step) => outputOf(await run.play(plan, step.signal))));
        ctx.progress(1, 1);
        ctx.log(output.barsSeen > 0 ? 'info' : 'warn', output.barsSeen > 0 ? (output.headline ?? 'The back-test is done') : 'There are no bars of regular trading in this period', { orders: output.orders, fills: output.fills, endEquity: output.endEquity });
        return output;
      });
    },
  });
}
