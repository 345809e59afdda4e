/** A stand for the flow engine: a real PostgreSQL, the orchestrator's parts and API in this process, services as processes that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { FlowRunDetail, RunState } from '#app/contracts/flows.ts';
import type { Clock } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { buildApi } from '../../services/orchestrator/api.ts';
import type { DeploymentParts } from '../../services/orchestrator/deployments.ts';
import { ensureEngineTables, openEngine } from '../../services/orchestrator/engine.ts';
import type { SchedulerParts } from '../../services/orchestrator/scheduler.ts';
import { freePort } from '../support/ports.ts';
import { startBook, until, type Book } from '../support/servers.ts';

export const TOKEN = 'flows-engine-test-token-of-32-letters';
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const ENDED: readonly RunState[] = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** A service process with flows. */
export type Worker = { readonly child: ChildProcess; kill(): Promise<void>; stop(): Promise<number | null>; send(message: unknown): void };
/** The stand. */
export type Stand = {
  readonly book: Book;
  readonly db: Db;
  readonly parts: SchedulerParts & DeploymentParts;
  readonly port: number;
  config(role: string): RuntimeConfig;
  /** Another orchestrator on the same tables, with its own clock. */
  orchestrator(clock?: Clock, market?: DeploymentParts['market']): Promise<SchedulerParts & DeploymentParts>;
  call(method: 'GET' | 'POST', path: string, body?: unknown, token?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Starts the execution service of `worker.ts` and waits until its flows are announced. */
  worker(): Promise<Worker>;
  /** Runs the flow now. */
  run(input: unknown, key?: string): Promise<string>;
  /** Waits until a run satisfies `check`. */
  see(runId: string, what: string, check: (run: FlowRunDetail) => boolean): Promise<FlowRunDetail>;
  ended(runId: string): Promise<FlowRunDetail>;
  /** Names of the effects that steps have had, in order: `runTag/step`. */
  effects(tag: string): string[];
  /** Lets steps that wait for a word go on. */
  release(word: string): void;
  stop(): Promise<void>;
};

/** Starts everything but the services. */
export async function startStand(): Promise<Stand> {
  const book = await startBook();
  const folder = mkdtempSync(join(tmpdir(), 'ms-flows-'));
  const port = await freePort();
  const log = pino({ level: 'silent' });
  const cleanUp: (() => Promise<unknown>)[] = [];
  const config = (role: string): RuntimeConfig => ({
    unit: role as RuntimeConfig['unit'], instanceId: 'stand', version: '0.1.0', dataDir: folder, mode: 'paper', postgres: book.access(role),
    redis: { host: '127.0.0.1', port: 6379, tls: false }, units: { orchestrator: { host: '127.0.0.1', port } }, internalToken: TOKEN, logLevel: 'debug', logRetentionDays: 30,
  });
  const orchestrator: Stand['orchestrator'] = async (clock = { now: () => Date.now() as ReturnType<Clock['now']> }, market = 'exchange') => {
    const access = book.access('orchestrator');
    await ensureEngineTables(access);
    const db = openDb({ access, database: 'orchestrator', schema: null, applicationName: 'orchestrator', max: 3, onLost: () => undefined });
    const engine = await openEngine(config('orchestrator'), log);
    cleanUp.push(() => engine.close(), () => db.close());
    return { db, engine, clock, log, market };
  };
  const parts = await orchestrator();
  const api = buildApi({ ...parts, internalToken: TOKEN, health: () => ({ unit: 'orchestrator', version: '0', instanceId: 's', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {} }), metrics: () => Promise.resolve({ contentType: 'text/plain', text: 'x 1\n' }) });
  await api.listen({ host: '127.0.0.1', port });

  const call: Stand['call'] = async (method, path, body, token = TOKEN) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Record<string, unknown> };
  };
  const see: Stand['see'] = (runId, what, check) => until(async () => {
    const { status, body } = await call('GET', `/api/runs/${encodeURIComponent(runId)}`);
    const run = body as unknown as FlowRunDetail;
    return status === 200 && check(run) ? run : null;
  }, `${runId}: ${what}`);

  return {
    book, db: parts.db, parts, port, config, orchestrator, call, see,
    async worker() {
      const child = spawn(process.execPath, [WORKER, folder, JSON.stringify(config('execution'))], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      cleanUp.push(async () => {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await gone;
      });
      await until(() => output.includes('Flows announced') || (child.exitCode !== null && Promise.reject(new Error(output))), 'the flows to be announced');
      return {
        child,
        send: (message) => void child.send(message as object),
        async kill() {
          child.kill('SIGKILL');
          await gone;
        },
        async stop() {
          child.send({ stop: true });
          return gone;
        },
      };
    },
    async run(input, key) {
      const answer = await call('POST', '/api/deployments/reconcile_trades/run', { input, ...(key === undefined ? {} : { idempotencyKey: key }) });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer));
      return String(answer.body.runId);
    },
    ended: (runId) => see(runId, 'to end', (run) => ENDED.includes(run.state)),
    effects: (tag) => {
      const file = join(folder, 'effects');
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line.startsWith(`${tag}/`)).map((line) => line.slice(tag.length + 1)) : [];
    },
    release: (word) => writeFileSync(join(folder, `go-${word}`), ''),
    async stop() {
      await api.close();
      for (const end of cleanUp.reverse()) await end();
      await book.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
