/** A tiny execution service for the stand: one flow of three steps whose behaviour is told by its input. Arguments: folder, runtime configuration. */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import { sleep } from '#chassis/clock.ts';
import { createFlowEngine } from '#chassis/flow-engine.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { createLog } from '#chassis/log.ts';

const [folder = '', configText = '{}'] = process.argv.slice(2);
const config = JSON.parse(configText) as RuntimeConfig;

const input = z.object({
  tag: z.string().min(1).default('scheduled'),
  /** Step two waits for this word. */
  waitFor: z.string().optional(),
  /** Step two ignores its signal while it waits. */
  isDeaf: z.boolean().default(false),
  /** Step two fails this often before it succeeds. */
  failures: z.number().int().min(0).default(0),
  family: z.enum(['temporary', 'invalid', 'plain']).default('temporary'),
}).strict();

/** Step two as the input wants it. */
async function two(wants: z.output<typeof input>, attempt: number, signal: AbortSignal): Promise<string> {
  while (wants.waitFor !== undefined && !existsSync(join(folder, `go-${wants.waitFor}`))) {
    if (!wants.isDeaf) signal.throwIfAborted();
    await sleep(20);
  }
  if (attempt <= wants.failures) {
    if (wants.family === 'plain') throw new Error(`planted failure ${attempt}`);
    throw new AppError(wants.family === 'invalid' ? 'INPUT_INVALID' : 'BROKER_UNREACHABLE', `planted failure ${attempt}`);
  }
  return `two after ${attempt}`;
}

const reconcile: FlowDefinition = flow({
  name: 'reconcile_trades', description: 'Three steps for the stand.', input, retries: 2, retryDelayMs: 100, timeoutMs: Number(process.env['STAND_TIMEOUT_MS'] ?? 60_000), concurrency: 2, onMissed: 'run_once',
  schedule: { kind: 'cron', cron: '0 */6 * * *', only: 'always' },
  async run(ctx, wants) {
    const effect = (name: string): void => appendFileSync(join(folder, 'effects'), `${wants.tag}/${name}\n`);
    ctx.log('info', 'The run begins', { tag: wants.tag });
    const first = await ctx.step('one', () => {
      effect('one');
      return Promise.resolve({ at: process.pid });
    });
    ctx.progress(1, 3);
    const second = await ctx.step('two', ({ attempt, signal }) => {
      effect(`two#${attempt}`);
      return two(wants, attempt, signal);
    });
    ctx.progress(2, 3);
    await ctx.step('three', () => {
      effect('three');
      return Promise.resolve();
    });
    ctx.progress(3, 3);
    return { firstPid: first.at, second, scheduledFor: ctx.scheduledFor };
  },
});
const onOrder = flow({
  name: 'execute_trades', description: 'Started by events.', input: z.object({ tag: z.string() }), retries: 0, retryDelayMs: 100, timeoutMs: 60_000, concurrency: 4, onMissed: 'skip', schedule: null,
  run: (ctx, { tag }) => ctx.step('only', () => {
    appendFileSync(join(folder, 'effects'), `${tag}/only\n`);
    return Promise.resolve(tag);
  }),
});

const engine = createFlowEngine({ unit: 'execution', config, log: createLog('execution', config.logLevel), onFatal: () => process.exit(70), degraded: () => undefined });
process.on('message', (message: { stop?: boolean; start?: { tag: string; waitFor: string; key: string }; trigger?: { tag: string; key: string; times: number } }) => {
  if (message.stop) void engine.stop().then(() => process.exit(0));
  const { start, trigger } = message;
  if (start) void engine.registry.trigger('reconcile_trades', { tag: start.tag, waitFor: start.waitFor }, start.key);
  if (trigger) void Promise.all(Array.from({ length: trigger.times }, () => engine.registry.trigger('execute_trades', { tag: trigger.tag }, trigger.key)));
});
process.on('disconnect', () => process.exit(0));
await engine.start([reconcile, onOrder]);
