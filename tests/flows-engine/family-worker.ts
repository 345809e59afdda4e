/** Services for the family stand: parents, children and strangers whose behaviour is told by their input. Arguments: folder, runtime configuration, worker's name or ''. */
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { sleep } from '#chassis/clock.ts';
import { createFlowEngine } from '#chassis/flow-engine.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { openDoor } from '#chassis/http.ts';
import { createLog } from '#chassis/log.ts';

const [folder = '', configText = '{}', workerId = ''] = process.argv.slice(2);
const config = JSON.parse(configText) as RuntimeConfig;
const log = createLog('execution', config.logLevel);
// A machine whose clock is wrong by a day.
const realNow = Date.now;
if (workerId === 'tomorrow') Date.now = () => realNow() + 86_400_000;

/** One attempt of a step: written down with a mark of its own, which is also the step's result. */
function effect(ctx: FlowContext, step: string, work: (signal: AbortSignal) => Promise<void> = () => Promise.resolve()): Promise<string> {
  return ctx.step(step, async ({ signal }) => {
    const mark = randomUUID();
    appendFileSync(join(folder, 'effects'), `${ctx.runId}\t${step}\t${mark}\t${process.pid}\n`);
    await work(signal);
    return mark;
  });
}
async function word(waitFor: string | undefined, signal: AbortSignal | null): Promise<void> {
  while (waitFor !== undefined && !existsSync(join(folder, `go-${waitFor}`))) {
    signal?.throwIfAborted();
    await sleep(10);
  }
}

const common = { retries: 2, retryDelayMs: 50, onMissed: 'skip', schedule: null } as const;
const kid = z.object({ waitFor: z.string().optional(), fails: z.boolean().default(false), slowMs: z.number().default(0), isDeaf: z.boolean().default(false) }).strict();

function child(name: FlowName, isShareable: boolean): FlowDefinition {
  return flow({
    name, description: 'A child of two steps.', input: kid, ...common, timeoutMs: 60_000, concurrency: 2, isShareable,
    async run(ctx, { waitFor, fails, slowMs, isDeaf }) {
      await effect(ctx, 'first', async (signal) => {
        await word(waitFor, isDeaf ? null : signal);
        await sleep(slowMs, signal);
      });
      if (fails) throw new AppError('SYMBOL_UNKNOWN', 'planted: there is no such symbol');
      const mark = await effect(ctx, 'second');
      return { from: name, mark };
    },
  });
}

const parentInput = z.object({
  /** Children of other flows, side by side. */ kids: kid.partial().optional(),
  /** Children of the same flow, one in the other. */ depth: z.number().int().default(0),
  /** Names a flow that it may not start. */ isBold: z.boolean().default(false),
  /** Goes on when a child fails, and says how. */ isForgiving: z.boolean().default(false),
  waitFor: z.string().optional(),
}).strict();

const parent = flow({
  name: 'run_strategy', description: 'A parent.', input: parentInput, ...common, timeoutMs: 60_000, concurrency: 1, children: ['run_strategy', 'calculate_indicators', 'execute_trades'],
  async run(ctx, { kids, depth, isBold, isForgiving, waitFor }) {
    const begun = await effect(ctx, 'begin');
    const results: unknown[] = [];
    if (isBold) await ctx.child('manage_orders');
    if (kids) {
      try {
        const pair = await Promise.all([ctx.child('calculate_indicators', kids), ctx.child('execute_trades', kids, 'buy')]);
        results.push(...pair.map((one) => one.output));
      } catch (error) {
        if (!isForgiving || !(error instanceof AppError)) throw error;
        results.push({ code: error.code, context: error.context });
      }
    }
    if (depth > 0) results.push((await ctx.child('run_strategy', { depth: depth - 1 })).runId);
    await ctx.skip('send_trade_alerts', 'No signal was raised');
    await effect(ctx, 'end', (signal) => word(waitFor, signal));
    return { begun, results };
  },
});

const wild = z.object({ gives: z.enum(['bigint', 'circle', 'date', 'large', 'result', 'nothing']), lines: z.number().int().default(0), isDeaf: z.boolean().default(false) });
/** What authors get wrong. */
const careless = flow({
  name: 'manage_orders', description: 'Gives back what cannot be kept.', input: wild, ...common, timeoutMs: 1_200, concurrency: 1,
  async run(ctx, { gives, lines, isDeaf }) {
    for (let n = 0; n < lines; n += 1) ctx.log('info', `${n} ${'x'.repeat(10_000)}`, { text: 'y'.repeat(10_000) });
    const things = { bigint: 1n, circle: [] as unknown[], date: { at: new Date(0) }, large: 'x'.repeat(1_100_000), result: 'fine', nothing: undefined };
    things.circle.push(things.circle);
    const given = await ctx.step('give', async () => {
      while (isDeaf && !existsSync(join(folder, 'go-deaf'))) await sleep(10);
      return things[gives];
    });
    return gives === 'result' ? { when: new Map() } : given;
  },
});

const FLOWS: Readonly<Record<string, readonly FlowDefinition[]>> = {
  strategy_engine: [parent, child('calculate_indicators', true)],
  execution: [child('execute_trades', false), careless],
};
const engine = createFlowEngine({
  unit: config.unit, config, log, ...(workerId === '' ? {} : { workerId }),
  patience: { deafAfterMs: 1_000, searchMs: 1_000 }, onFatal: () => process.exit(70), degraded: (_key, reason) => void process.send?.({ degraded: reason }),
});
process.on('message', (message: { stop?: boolean }) => {
  if (message.stop) void engine.stop().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
const endpoint = config.units[config.unit];
if (endpoint && workerId === '') {
  await openDoor(endpoint, {
    health: () => ({ unit: config.unit, version: '0', instanceId: 'f', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {} }), metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    command: () => Promise.resolve({}), startFlow: (run) => engine.accept(run), internalToken: config.internalToken, onError: (error) => log.error({ error }, 'The door failed'),
  });
}
await engine.start(FLOWS[config.unit] ?? []);
process.send?.({ isUp: true });
