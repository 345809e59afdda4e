/** How fast flows run: through the queue, at the door, after a kill; and what a service's engine costs at rest. */
import { fork, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { DBOSClient } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { startRun } from '#chassis/flows-start.ts';
import { ENGINE_SCHEMA, engineUrl, enqueueRun, type NewRun } from '#chassis/flows-wire.ts';
import { ensureEngineTables } from '../services/orchestrator/engine.ts';
import { freePort, startBook, until, type Book } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const WORKER = fileURLToPath(new URL('./lib/flow-worker.ts', import.meta.url));
const TOKEN = 'bench-token-of-thirty-two-characters';
const CROWD = 1_500;
const ROUNDS = 3;
const SINGLES = 100;
const KILLS = 5;
const REST_MS = 10_000;
const BARE = 2_000;
const LIMIT_MS = 120_000;

type Bench = { readonly book: Book; readonly config: RuntimeConfig; readonly client: DBOSClient; worker(): Promise<ChildProcess> };

const runOf = (key: string, sleepMs = 0): NewRun => ({ flow: 'calculate_performance', runId: `calculate_performance:${key}`, call: { input: { sleepMs }, scheduledFor: null }, trigger: 'event', timeoutMs: 600_000 });

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

const count = async (book: Book, like: string, status: string): Promise<number> => {
  const [row] = await engineSql<{ n: string }>(book, 'SELECT count(*) AS n FROM dbos.workflow_status WHERE workflow_uuid LIKE $1 AND status = $2', [like, status]);
  return Number(row?.n ?? 0);
};

async function engineSql<Row extends pg.QueryResultRow>(book: Book, text: string, params: readonly unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: engineUrl(book.access('orchestrator')) });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...params])).rows;
  } finally {
    await client.end();
  }
}

/** A crowd waits before the worker starts; from its first run's start to its last run's end. */
async function crowd({ book, client, worker }: Bench, round: number): Promise<number> {
  const keys = Array.from({ length: CROWD }, (_, n) => `crowd-${round}-${n}`);
  for (let n = 0; n < keys.length; n += 50) await Promise.all(keys.slice(n, n + 50).map((key) => enqueueRun(client, runOf(key))));
  const child = await worker();
  await until(async () => (await count(book, `calculate_performance:crowd-${round}-%`, 'SUCCESS')) === CROWD, 'the crowd', LIMIT_MS);
  const [row] = await engineSql<{ ms: string }>(book, 'SELECT max(completed_at) - min(started_at_epoch_ms) AS ms FROM dbos.workflow_status WHERE workflow_uuid LIKE $1', [`calculate_performance:crowd-${round}-%`]);
  await end(child);
  return (CROWD * 1_000) / Number(row?.ms ?? NaN);
}

/** Small commits one after the other on one connection: what the machine's disk and server give. */
async function bareCommits(book: Book): Promise<number> {
  const client = new pg.Client({ connectionString: engineUrl(book.access('orchestrator')) });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS dbos.bench_rows (id int PRIMARY KEY)');
  const began = performance.now();
  for (let n = 0; n < BARE; n += 1) await client.query('INSERT INTO dbos.bench_rows VALUES ($1)', [n]);
  const rate = (BARE * 1_000) / (performance.now() - began);
  await client.query('DROP TABLE dbos.bench_rows');
  await client.end();
  return rate;
}

/** From asking the owner's door to the first step, one run at a time. */
async function singles({ book, client, config }: Bench): Promise<number[]> {
  const asked: number[] = [];
  for (let n = 0; n < SINGLES; n += 1) {
    asked.push(Date.now());
    await startRun(config, client, runOf(`single-${n}`));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(async () => (await count(book, 'calculate_performance:single-%', 'SUCCESS')) === SINGLES, 'the single runs', LIMIT_MS);
  const runs = await client.listWorkflows({ workflow_id_prefix: 'calculate_performance:single-', limit: SINGLES });
  return runs.map((run) => Number(run.output) - (asked[Number(run.workflowID.split('-').at(-1))] ?? NaN));
}

/** From a worker that is up again to the end of the run that its kill interrupted. */
async function recoveries({ book, client, config, worker }: Bench): Promise<number[]> {
  const times: number[] = [];
  let child = await worker();
  for (let n = 0; n < KILLS; n += 1) {
    await startRun(config, client, runOf(`killed-${n}`, 300));
    await until(async () => (await count(book, `calculate_performance:killed-${n}`, 'PENDING')) === 1, 'the run to begin');
    await end(child);
    child = await worker();
    const upAt = performance.now();
    await until(async () => (await count(book, `calculate_performance:killed-${n}`, 'SUCCESS')) === 1, 'the run to end');
    times.push(performance.now() - upAt);
  }
  await end(child);
  return times;
}

async function cpuMs(child: ChildProcess): Promise<number> {
  const answer = new Promise<number>((resolve) => child.once('message', (message: { cpuMs?: number }) => resolve(message.cpuMs ?? NaN)));
  child.send({ ask: 'cpu' });
  return answer;
}

/** Share of a core that a service's engine costs while nothing runs, and its statements a second. */
async function rest({ book, worker }: Bench): Promise<{ share: number; statements: number }> {
  const child = await worker();
  const transactions = async (): Promise<number> => Number((await engineSql<{ n: string }>(book, "SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()", []))[0]?.n ?? 0);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const [before, first] = [await cpuMs(child), await transactions()];
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const [after, last] = [await cpuMs(child), await transactions()];
  await end(child);
  return { share: (100 * (after - before)) / REST_MS, statements: (1_000 * (last - first)) / REST_MS };
}

/** Runs a second, lateness at the door, recovery, and the cost of rest. */
export async function benchFlows(): Promise<Figure[]> {
  const book = await startBook();
  const ports = { orchestrator: await freePort(), analytics: await freePort() };
  const listener: Server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"ok":true}'));
  }).listen(ports.orchestrator, '127.0.0.1');
  const config: RuntimeConfig = {
    unit: 'analytics', instanceId: 'bench', version: '0.1.0', dataDir: '/nonexistent', mode: 'demo', postgres: book.access('analytics'), redis: { host: '127.0.0.1', port: 6379, tls: false },
    units: { orchestrator: { host: '127.0.0.1', port: ports.orchestrator }, analytics: { host: '127.0.0.1', port: ports.analytics } }, internalToken: TOKEN, logLevel: 'error', logRetentionDays: 30,
  };
  await ensureEngineTables(book.access('orchestrator'));
  const quiet = { info: () => undefined, debug: () => undefined, warn: () => undefined, error: () => undefined };
  const client = await DBOSClient.create({ systemDatabaseUrl: engineUrl(book.access('orchestrator')), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: 8, logger: quiet });
  const worker = async (): Promise<ChildProcess> => {
    const child = fork(WORKER, [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await new Promise((resolve) => child.once('message', resolve));
    return child;
  };
  const bench: Bench = { book, config, client, worker };
  try {
    const rates: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.push(await crowd(bench, round));
      bare.push(await bareCommits(book));
    }
    const child = await worker();
    const lateness = await singles(bench);
    await end(child);
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
      figureOf({ name: '  transactions', unit: '/s', values: [atRest.statements] }),
    ];
  } finally {
    await client.destroy();
    listener.closeAllConnections();
    listener.close();
    await book.stop();
  }
}
