/** How fast flows run: through the queue, at the door, after a kill; and what a service's engine costs at rest. */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { openEnqueuer } from '#chassis/flows-dbos.ts';
import { startRun } from '#chassis/flows-start.ts';
import { enqueueRun, type Enqueuer, type NewRun } from '#chassis/flows-wire.ts';
import { ensureEngineTables } from '../services/orchestrator/engine.ts';
import { forkProgram, type Fork } from '../tests/support/forks.ts';
import { freePort } from '../tests/support/ports.ts';
import { startBook, until } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const WORKER = fileURLToPath(new URL('./lib/flow-worker.ts', import.meta.url));
const TOKEN = 'bench-token-of-thirty-two-characters';
const CROWD = 1_500;
const ROUNDS = 3;
const SINGLES = 100;
const KILLS = 5;
const REST_MS = 10_000;
const SETTLE_MS = 2_000;
const BARE = 2_000;
const LIMIT_MS = 120_000;

type Bench = { readonly db: Db; readonly config: RuntimeConfig; readonly client: Enqueuer; worker(): Promise<Fork> };

const runOf = (key: string, sleepMs = 0): NewRun => ({ flow: 'calculate_performance', runId: `calculate_performance:${key}`, call: { input: { sleepMs }, scheduledFor: null }, trigger: 'event', timeoutMs: 600_000 });

async function ended(db: Db, like: string, status = 'SUCCESS'): Promise<number> {
  const [row] = await db.query<{ n: number }>('SELECT count(*) AS n FROM dbos.workflow_status WHERE workflow_uuid LIKE $1 AND status = $2', [`calculate_performance:${like}`, status]);
  return row?.n ?? 0;
}

/** A crowd waits before the worker starts; from its first run's start to its last run's end. */
async function crowd({ db, client, worker }: Bench, round: number): Promise<number> {
  const keys = Array.from({ length: CROWD }, (_, n) => `crowd-${round}-${n}`);
  for (const key of keys) await enqueueRun(client, runOf(key));
  const process = await worker();
  await until(async () => (await ended(db, `crowd-${round}-%`)) === CROWD, 'the crowd', LIMIT_MS);
  const [row] = await db.query<{ ms: number }>('SELECT max(completed_at) - min(started_at_epoch_ms) AS ms FROM dbos.workflow_status WHERE workflow_uuid LIKE $1', [`calculate_performance:crowd-${round}-%`]);
  await process.kill();
  return (CROWD * 1_000) / (row?.ms ?? NaN);
}

/** Small commits one after the other on one connection: what the machine's disk and server give. */
async function bareCommits(db: Db): Promise<number> {
  await db.query('CREATE TABLE IF NOT EXISTS dbos.bench_rows (id int PRIMARY KEY)');
  const began = performance.now();
  for (let n = 0; n < BARE; n += 1) await db.query('INSERT INTO dbos.bench_rows VALUES ($1)', [n]);
  const rate = (BARE * 1_000) / (performance.now() - began);
  await db.query('DROP TABLE dbos.bench_rows');
  return rate;
}

/** From asking the owner's door to the first step, one run at a time. */
async function singles({ db, client, config }: Bench): Promise<number[]> {
  const asked = new Map<string, number>();
  for (let n = 0; n < SINGLES; n += 1) {
    const run = runOf(`single-${n}`);
    asked.set(run.runId, Date.now());
    await startRun(config, client, run);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(async () => (await ended(db, 'single-%')) === SINGLES, 'the single runs', LIMIT_MS);
  const steps = await db.query<{ id: string; at: number }>("SELECT workflow_uuid AS id, started_at_epoch_ms AS at FROM dbos.operation_outputs WHERE workflow_uuid LIKE 'calculate_performance:single-%' AND function_id = 0");
  return steps.map(({ id, at }) => at - (asked.get(id) ?? NaN));
}

/** From a worker that is up again to the end of the run that its kill interrupted. */
async function recoveries({ db, client, config, worker }: Bench): Promise<number[]> {
  const times: number[] = [];
  let process = await worker();
  for (let n = 0; n < KILLS; n += 1) {
    await startRun(config, client, runOf(`killed-${n}`, 300));
    await until(async () => (await ended(db, `killed-${n}`, 'PENDING')) === 1, 'the run to begin');
    await process.kill();
    process = await worker();
    const upAt = performance.now();
    await until(async () => (await ended(db, `killed-${n}`)) === 1, 'the run to end');
    times.push(performance.now() - upAt);
  }
  await process.kill();
  return times;
}

/** Share of a core that a service's engine costs while nothing runs, and its transactions a second. */
async function rest({ db, config, worker }: Bench): Promise<{ share: number; transactions: number }> {
  const process = await worker();
  const look = async (): Promise<{ cpuMs: number; commits: number }> => {
    const answer = await fetch(`http://127.0.0.1:${config.units.analytics?.port ?? 0}/metrics`);
    const [row] = await db.query<{ n: number }>('SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()');
    return { cpuMs: Number(await answer.text()), commits: row?.n ?? NaN };
  };
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const before = await look();
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const after = await look();
  await process.kill();
  return { share: (100 * (after.cpuMs - before.cpuMs)) / REST_MS, transactions: (1_000 * (after.commits - before.commits)) / REST_MS };
}

async function measure(bench: Bench): Promise<Figure[]> {
  const rates: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.push(await crowd(bench, round));
    bare.push(await bareCommits(bench.db));
  }
  const process = await bench.worker();
  const lateness = await singles(bench);
  await process.kill();
  const recovered = await recoveries(bench);
  const atRest = await rest(bench);
  return [
    figureOf({ name: 'two steps that do nothing, through the queue', unit: 'runs/s', values: rates, limit: 300, isFloor: true }),
    figureOf({ name: '  bare commits on one connection', unit: '/s', values: bare }),
    figureOf({ name: '  bare commits / runs', unit: 'x', values: rates.map((rate, n) => (bare[n] ?? NaN) / rate) }),
    figureOf({ name: 'asked at the door -> first step, p50', unit: 'ms', values: lateness }),
    figureOf({ name: 'asked at the door -> first step, p99', unit: 'ms', values: lateness, p: 0.99, limit: 250 }),
    figureOf({ name: 'worker up again -> its killed run ended (0.3 s of work)', unit: 'ms', values: recovered, limit: 3_000 }),
    figureOf({ name: 'a service\'s engine at rest', unit: '% of a core', values: [atRest.share] }),
    figureOf({ name: '  transactions', unit: '/s', values: [atRest.transactions] }),
  ];
}

/** Runs a second, lateness at the door, recovery, and the cost of rest. */
export async function benchFlows(): Promise<Figure[]> {
  const book = await startBook();
  const ports = { orchestrator: await freePort(), analytics: await freePort() };
  const listener = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"ok":true}'));
  }).listen(ports.orchestrator, '127.0.0.1');
  const config: RuntimeConfig = {
    unit: 'analytics', instanceId: 'bench', version: '0.1.0', dataDir: '/nonexistent', mode: 'demo', postgres: book.access('analytics'), redis: { host: '127.0.0.1', port: 6379, tls: false },
    units: { orchestrator: { host: '127.0.0.1', port: ports.orchestrator }, analytics: { host: '127.0.0.1', port: ports.analytics } }, internalToken: TOKEN, logLevel: 'error', logRetentionDays: 30,
  };
  const access = book.access('orchestrator');
  await ensureEngineTables(access);
  const db = openDb({ access, database: 'orchestrator', schema: null, applicationName: 'bench', max: 1, onLost: () => undefined });
  const client = await openEnqueuer({ ...config, postgres: access }, 'analytics', pino({ level: 'silent' }));
  try {
    return await measure({ db, config, client, worker: () => forkProgram(WORKER, [JSON.stringify(config)]) });
  } finally {
    await client.destroy();
    await db.close();
    listener.closeAllConnections();
    listener.close();
    await book.stop();
  }
}
