/** A service with one flow of two steps that do nothing (it gives the time of the first), for the benchmarks of flows and schedules. Arguments: runtime configuration; `crowd` for a second such flow that can be crowded. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { sleep } from '#chassis/clock.ts';
import { createFlowEngine } from '#chassis/flow-engine.ts';
import { flow } from '#chassis/flows.ts';
import { openDoor } from '#chassis/http.ts';
import { createLog } from '#chassis/log.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as RuntimeConfig;
const log = createLog('analytics', 'error');
const noop = flow({
  name: 'calculate_performance', description: 'Two steps that do nothing.', input: z.object({ sleepMs: z.number().default(0) }), schedule: null,
  retries: 0, retryDelayMs: 100, timeoutMs: 600_000, concurrency: 16, onMissed: 'skip',
  async run(ctx, { sleepMs }) {
    const beganAt = await ctx.step('one', () => Promise.resolve(Date.now()));
    await ctx.step('two', ({ signal }) => sleep(sleepMs, signal));
    return beganAt;
  },
});
const engine = createFlowEngine({ unit: 'analytics', config, log, onFatal: () => process.exit(70), degraded: () => undefined });
const endpoint = config.units.analytics;
if (endpoint) {
  await openDoor(endpoint, {
    health: () => ({ unit: 'analytics', version: '0', instanceId: 'b', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {} }), metrics: () => Promise.resolve({ contentType: 'text/plain', text: String((process.cpuUsage().user + process.cpuUsage().system) / 1_000) }),
    command: () => Promise.resolve({}), startFlow: (run) => engine.accept(run), internalToken: config.internalToken, onError: (error) => log.error({ error }, 'The door failed'),
  });
}
process.on('disconnect', () => process.exit(0));
await engine.start(process.argv[3] === 'crowd' ? [noop, { ...noop, name: 'run_backtest' }] : [noop]);
process.send?.({ isUp: true });
