/** Flows across processes: time limits, a worker that dies each time, an engine without tables, an absent orchestrator, the orchestrator's own process. */
import { fork, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { openDb } from '#chassis/db.ts';
import { createReporter } from '#chassis/flows-report.ts';
import { openEnqueuer } from '#chassis/flows-dbos.ts';
import { engineIdentity, enqueueRun, MAX_RECOVERIES } from '#chassis/flows-wire.ts';
import { ensureEngineTables } from '../../services/orchestrator/engine.ts';
import { freePort } from '../support/ports.ts';
import { startBook, until, type Book } from '../support/servers.ts';
import { startStand, TOKEN, type Stand } from './stand.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
let stand: Stand;

describe('flows across processes', () => {
  beforeAll(async () => {
    stand = await startStand();
  });
  afterAll(() => stand.stop());

  it('ends a run that takes longer than its limit, and says so', async () => {
    process.env['STAND_TIMEOUT_MS'] = '1500';
    const worker = await stand.worker();
    delete process.env['STAND_TIMEOUT_MS'];
    const run = await stand.ended(await stand.run({ tag: 'long', waitFor: 'never' }));
    expect(run).toMatchObject({ state: 'FAILED', error: 'It ran longer than its limit of 2 s' });
    // A step that does not listen keeps its place, but its run has ended and nothing of it is done any more.
    const deaf = await stand.ended(await stand.run({ tag: 'deaf', waitFor: 'deaf', isDeaf: true }));
    expect(deaf.state).toBe('FAILED');
    stand.release('deaf');
    expect((await stand.ended(await stand.run({ tag: 'next' }))).state).toBe('COMPLETED');
    expect(stand.effects('deaf')).toEqual(['one', 'two#1']);
    await worker.stop();
  });

  it('shows a run without a worker as waiting, and runs it when the worker comes', async () => {
    const runId = await stand.run({ tag: 'patient' });
    expect((await stand.see(runId, 'to wait', () => true)).state).toBe('PENDING');
    const worker = await stand.worker();
    expect((await stand.ended(runId)).state).toBe('COMPLETED');
    await worker.kill();
  });

  it('gives a run up when its worker has died too often', async () => {
    const runId = await stand.run({ tag: 'poison', waitFor: 'poison' });
    const admin = stand.parts.db;
    await admin.query('UPDATE dbos.workflow_status SET recovery_attempts = $2 WHERE workflow_uuid = $1', [runId, MAX_RECOVERIES]);
    let worker = await stand.worker();
    await stand.see(runId, 'step two to run', (run) => run.steps.some((step) => step.name === 'two'));
    await worker.kill();
    worker = await stand.worker();
    const run = await stand.see(runId, 'to be given up', (seen) => seen.endedAt !== null);
    expect(run).toMatchObject({ state: 'CRASHED', error: expect.stringMatching(/died \d+ times/) as string });
    expect(stand.effects('poison')).toEqual(['one', 'two#1']);
    await worker.stop();
  });

  it('keeps reports while the orchestrator is away, up to a bound, and sends them when it is back', async () => {
    const config = stand.config('execution');
    const away = await freePort();
    const units: RuntimeConfig['units'] = { orchestrator: { host: '127.0.0.1', port: away } };
    const reporter = createReporter({ ...config, units }, pino({ level: 'silent' }));
    const line = (n: number) => ({ kind: 'log' as const, runId: 'away', lineId: `a:${n}`, at: n, level: 'info' as const, message: String(n), fields: null });
    for (let n = 1; n <= 2_500; n += 1) reporter.report(line(n));
    await reporter.flush();
    units.orchestrator = { host: '127.0.0.1', port: stand.port };
    const kept = await until(async () => {
      const [row] = await stand.parts.db.query<{ count: number; last: number }>("SELECT count(*) AS count, max(line_id) AS last FROM flows.run_logs WHERE run_id = 'away'");
      return row && row.count === 2_000 ? row : null;
    }, 'the kept reports');
    expect(kept.count).toBe(2_000);
    reporter.stop();
  });
});

describe('a service before the orchestrator', () => {
  it('waits for the tables of the engine, then serves its queues', async () => {
    const book = await startBook();
    const config: RuntimeConfig = {
      unit: 'execution', instanceId: 'i', version: '0.1.0', dataDir: '/tmp', mode: 'demo', postgres: book.access('execution'), redis: { host: '127.0.0.1', port: 6379, tls: false },
      units: { orchestrator: { host: '127.0.0.1', port: await freePort() } }, internalToken: TOKEN, logLevel: 'info', logRetentionDays: 30,
    };
    const worker = fork(WORKER, [tmpdir(), JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    let output = '';
    worker.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    try {
      await until(() => output.includes('not ready yet'), 'the first try');
      await ensureEngineTables(book.access('orchestrator'));
      const db = openDb({ access: book.access('orchestrator'), database: 'orchestrator', schema: null, applicationName: 'test', max: 1, onLost: () => undefined });
      const enqueuer = await openEnqueuer(config, 'execution', pino({ level: 'silent' }));
      await enqueueRun(enqueuer, { flow: 'execute_trades', runId: 'execute_trades:first', call: { input: { tag: 'first' }, scheduledFor: null }, trigger: 'event', timeoutMs: 60_000 });
      await until(async () => (await db.query("SELECT 1 FROM dbos.workflow_status WHERE workflow_uuid = 'execute_trades:first' AND status = 'SUCCESS'")).length > 0, 'the run to be served');
      const { sessionName } = engineIdentity('execution');
      expect(await db.query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [sessionName])).not.toEqual([]);
      await enqueuer.destroy();
      await db.close();
    } finally {
      worker.kill('SIGKILL');
      await gone;
      await book.stop();
    }
  });
});

describe('the orchestrator as a process', () => {
  const MAIN = fileURLToPath(new URL('../../services/orchestrator/main.ts', import.meta.url));
  let book: Book;
  let child: ChildProcess;
  beforeAll(async () => {
    book = await startBook();
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await book.stop();
  });

  it('starts on an empty database, serves, and stops with 0 when asked', async () => {
    const port = await freePort();
    const said: { type?: string; reason?: string }[] = [];
    child = fork(MAIN, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const config: RuntimeConfig = {
      unit: 'orchestrator', instanceId: 'i', version: '0.1.0', dataDir: '/tmp', mode: 'demo', postgres: book.access('orchestrator'), redis: { host: '127.0.0.1', port: 6379, tls: false },
      units: { orchestrator: { host: '127.0.0.1', port } }, internalToken: TOKEN, logLevel: 'info', logRetentionDays: 30,
    };
    child.on('message', (message: { type?: string }) => {
      said.push(message);
      if (message.type === 'hello') child.send({ type: 'init', config });
    });
    await until(() => said.some((message) => message.type === 'ready'), 'ready');
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ unit: 'orchestrator', ready: true, detail: { postgres: { ok: true } } });
    expect((await fetch(`http://127.0.0.1:${port}/api/deployments`)).status).toBe(401);
    const deployments = await fetch(`http://127.0.0.1:${port}/api/deployments`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await deployments.json()).toEqual({ deployments: [] });
    child.send({ type: 'stop', deadlineMs: 5_000, reason: 'test' });
    expect(await gone).toBe(0);
  });

  it('ends with 75 when PostgreSQL is lost', async () => {
    const port = await freePort();
    child = fork(MAIN, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let isReady = false;
    child.on('message', (message: { type?: string }) => {
      isReady ||= message.type === 'ready';
      if (message.type === 'hello') child.send({ type: 'init', config: { unit: 'orchestrator', instanceId: 'i', version: '0.1.0', dataDir: '/tmp', mode: 'demo', postgres: book.access('orchestrator'), redis: { host: '127.0.0.1', port: 6379, tls: false }, units: { orchestrator: { host: '127.0.0.1', port } }, internalToken: TOKEN, logLevel: 'info', logRetentionDays: 30 } });
    });
    await until(() => isReady, 'ready');
    await book.kill();
    expect(await gone).toBe(75);
  });
});
