/** How late schedules start their runs: from the tick to the first step, at rest and beside a crowd; what a sweep costs; how exact the alarm is. */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { FLOW_NAMES, FLOW_OWNERS, type Deployment } from '#app/contracts/flows.ts';
import { scheduleSchema } from '#app/contracts/flow-schedules.ts';
import { invariant } from '#app/domain/errors.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { openDb } from '#chassis/db.ts';
import { scheduledRunId, type NewRun } from '#chassis/flows-wire.ts';
import { openAlarm } from '../services/orchestrator/alarm.ts';
import { ensureEngineTables, openEngine } from '../services/orchestrator/engine.ts';
import { sweep, type SchedulerParts } from '../services/orchestrator/scheduler.ts';
import { saveAnnouncement } from '../services/orchestrator/store.ts';
import { forkProgram } from '../tests/support/forks.ts';
import { freePort } from '../tests/support/ports.ts';
import { startBook, until } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const WORKER = fileURLToPath(new URL('./lib/flow-worker.ts', import.meta.url));
const TICKS = 200;
const TICKS_BESIDE_CROWD = 60;
const CROWD = 3_000;
const ALARMS = 3;
const BETWEEN_MS = 40;
const TICKING = 'calculate_performance';

/** All 23 flows stand in the table; one of them ticks every minute. */
function deployments(): Deployment[] {
  const schedule = scheduleSchema.parse({ kind: 'cron', cron: '* * * * *' });
  return FLOW_NAMES.map((name) => ({
    name, owner: FLOW_OWNERS[name], description: name, version: '1', schedule: name === TICKING ? schedule : null, retries: 1, retryDelayMs: 100, timeoutMs: 60_000, concurrency: 4, onMissed: 'skip', overlap: 'queue',
    input: {}, inputJsonSchema: {}, events: [], children: [], isShareable: false,
  }));
}

type Bench = { readonly parts: Omit<SchedulerParts, 'clock' | 'engine'> & { readonly engine: Awaited<ReturnType<typeof openEngine>> }; readonly began: EpochMs };

/** Lets the clock of the scheduler jump from minute to minute; milliseconds from each jump to the run's first step, and of each sweep. */
async function tick({ parts, began }: Bench, from: number, count: number): Promise<{ lateness: number[]; sweeps: number[] }> {
  const [asked, sweeps] = [new Map<string, number>(), [] as number[]];
  for (let n = from; n < from + count; n += 1) {
    const now = (began + (n + 1) * MINUTE_MS) as EpochMs;
    const startedAt = Date.now();
    asked.set(scheduledRunId(TICKING, now), startedAt);
    await sweep({ ...parts, clock: { now: () => now } });
    sweeps.push(Date.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  const lateness: number[] = [];
  for (const [runId, at] of asked) {
    const run = await until(async () => {
      const found = await parts.engine.get(runId);
      return found?.status === 'SUCCESS' ? found : null;
    }, `${runId} to end`);
    invariant(typeof run.output === 'number', 'The worker does not say when its first step began');
    lateness.push(run.output - at);
  }
  return { lateness, sweeps };
}

/** Milliseconds after the full minute at which the alarm wakes, over real minutes. */
async function alarms(): Promise<number[]> {
  const late: number[] = [];
  const alarm = openAlarm({
    clock: { now: () => Date.now() as EpochMs }, monotonicMs: () => performance.now(), onClockChange: () => undefined,
    wake: () => Promise.resolve(void late.push(Date.now() % MINUTE_MS)),
  });
  alarm.start();
  await until(() => late.length > ALARMS, 'the minutes', (ALARMS + 2) * MINUTE_MS);
  await alarm.stop();
  // The first look comes from the check, somewhere in a minute.
  return late.slice(1);
}

/** Lateness of schedules. */
export async function benchSchedules(): Promise<Figure[]> {
  const book = await startBook();
  const ports = { orchestrator: await freePort(), analytics: await freePort() };
  const listener = createServer((request, response) => void request.resume().on('end', () => response.end('{"ok":true}'))).listen(ports.orchestrator, '127.0.0.1');
  const config: RuntimeConfig = {
    unit: 'analytics', instanceId: 'bench', version: '0.1.0', dataDir: '/nonexistent', mode: 'demo', postgres: book.access('analytics'), redis: { host: '127.0.0.1', port: 6379, tls: false },
    units: { orchestrator: { host: '127.0.0.1', port: ports.orchestrator }, analytics: { host: '127.0.0.1', port: ports.analytics } }, internalToken: 'bench-token-of-thirty-two-characters', logLevel: 'error', logRetentionDays: 30,
  };
  const access = book.access('orchestrator');
  await ensureEngineTables(access);
  const log = pino({ level: 'silent' });
  const db = openDb({ access, database: access.orchestratorDb, schema: null, applicationName: 'orchestrator', max: 3, onLost: () => undefined });
  const engine = await openEngine({ ...config, postgres: access }, log);
  const began = (Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS) as EpochMs;
  await db.tx((tx) => saveAnnouncement(tx, { owner: 'analytics', deployments: deployments() }, began));
  const worker = await forkProgram(WORKER, [JSON.stringify(config), 'crowd']);
  const bench: Bench = { parts: { db, engine, log, market: 'exchange' }, began };
  try {
    const idle = await tick(bench, 0, TICKS);
    const crowd = Array.from({ length: CROWD }, (_, n): NewRun => ({ flow: 'run_backtest', runId: `run_backtest:crowd-${n}`, call: { input: {}, scheduledFor: null }, trigger: 'event', timeoutMs: 600_000 }));
    const crowding = (async () => {
      for (let n = 0; n < crowd.length; n += 20) await Promise.all(crowd.slice(n, n + 20).map((run) => engine.start(run)));
    })();
    const loaded = await tick(bench, TICKS, TICKS_BESIDE_CROWD);
    await crowding;
    const woken = await alarms();
    return [
      figureOf({ name: 'tick -> first step, nothing else going on, p50', unit: 'ms', values: idle.lateness }),
      figureOf({ name: 'tick -> first step, nothing else going on, p99', unit: 'ms', values: idle.lateness, p: 0.99, limit: 250 }),
      figureOf({ name: 'tick -> first step, beside a crowd of runs, p50', unit: 'ms', values: loaded.lateness }),
      figureOf({ name: 'tick -> first step, beside a crowd of runs, p99', unit: 'ms', values: loaded.lateness, p: 0.99, limit: 1_000 }),
      figureOf({ name: 'a sweep over 23 flows, one of them due', unit: 'ms', values: idle.sweeps }),
      figureOf({ name: 'the alarm after the full minute', unit: 'ms', values: woken, p: 1 }),
    ];
  } finally {
    await worker.kill();
    await engine.close();
    await db.close();
    listener.closeAllConnections();
    listener.close();
    await book.stop();
  }
}
