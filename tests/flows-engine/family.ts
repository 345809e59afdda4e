/** A stand for families of runs: a real PostgreSQL, services as processes that can be killed, the engine's own book as the witness. */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DBOSClient, type WorkflowStatus } from '@dbos-inc/dbos-sdk';
import { pino } from 'pino';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { startRun } from '#chassis/flows-start.ts';
import { ENGINE_SCHEMA, engineLogger, engineUrl, keyedRunId, type RunReport } from '#chassis/flows-wire.ts';
import { ensureEngineTables } from '../../services/orchestrator/engine.ts';
import { freePort } from '../support/ports.ts';
import { startBook, until, type Book } from '../support/servers.ts';

const WORKER = fileURLToPath(new URL('./family-worker.ts', import.meta.url));
const ORCHESTRATOR = fileURLToPath(new URL('../../services/orchestrator/main.ts', import.meta.url));
const TOKEN = 'family-stand-token-of-32-characters';
const DEADLINE_MS = 30_000;

/** The services of the stand. */
export type FamilyUnit = 'strategy_engine' | 'execution';
/** A service process. */
export type FamilyWorker = { readonly pid: number; readonly said: string[]; kill(): Promise<void>; stop(): Promise<void>; readonly isGone: boolean };
/** One attempt of a step. */
export type Effect = { readonly runId: string; readonly step: string; readonly mark: string; readonly pid: number };
/** A run and its steps, as the engine's book has them. */
export type FamilyRun = WorkflowStatus & { readonly steps: readonly { readonly name: string; readonly output: unknown; readonly error: Error | null }[] };

/** The stand. */
export type Family = {
  readonly book: Book;
  readonly client: DBOSClient;
  config(unit: RuntimeConfig['unit']): RuntimeConfig;
  readonly folder: string;
  /** What the runs reported. */
  readonly reports: RunReport[];
  worker(unit: FamilyUnit, workerId?: string): Promise<FamilyWorker>;
  /** The real orchestrator, in place of the listener. */
  orchestrator(): Promise<FamilyWorker>;
  /** Asks the orchestrator to run a flow; says whether it took it. */
  ask(flow: FlowName, input: unknown, key: string): Promise<boolean>;
  start(flow: FlowName, input: unknown, key: string): Promise<string>;
  run(runId: string): Promise<FamilyRun | null>;
  ended(runId: string): Promise<FamilyRun>;
  see(runId: string, what: string, check: (run: FamilyRun) => boolean): Promise<FamilyRun>;
  effects(): Effect[];
  release(word: string): void;
  stop(): Promise<void>;
};

const ENDED: readonly string[] = ['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'];

/** An orchestrator that only listens. */
async function listen(port: number, reports: RunReport[]): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { reports?: RunReport[] };
      reports.push(...(body.reports ?? []));
      response.end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

/** Starts PostgreSQL and the listener; services are started by the tests. */
export async function startFamily(logLevel: RuntimeConfig['logLevel'] = 'error'): Promise<Family> {
  const book = await startBook();
  const folder = mkdtempSync(join(tmpdir(), 'ms-family-'));
  const log = pino({ level: 'silent' });
  const ports = { orchestrator: await freePort(), strategy_engine: await freePort(), execution: await freePort() };
  const units = Object.fromEntries(Object.entries(ports).map(([unit, port]) => [unit, { host: '127.0.0.1', port }])) as RuntimeConfig['units'];
  const config = (unit: RuntimeConfig['unit']): RuntimeConfig => ({
    unit, instanceId: 'family', version: '0.1.0', dataDir: folder, mode: 'paper', postgres: book.access(unit), redis: { host: '127.0.0.1', port: 6379, tls: false },
    units, internalToken: TOKEN, logLevel, logRetentionDays: 30,
  });
  await ensureEngineTables(book.access('orchestrator'));
  const reports: RunReport[] = [];
  const listener = await listen(ports.orchestrator, reports);
  const openClient = (): Promise<DBOSClient> => DBOSClient.create({ systemDatabaseUrl: engineUrl(book.access('orchestrator')), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: 2, logger: engineLogger(log) });
  const client = await openClient();
  const workers: { child: ChildProcess; gone: Promise<unknown> }[] = [];
  /** Follows a process that says when it is up; the caller waits for that. */
  const follow = (child: ChildProcess): FamilyWorker & { isUp(): boolean } => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    workers.push({ child, gone });
    const said: string[] = [];
    let isUp = false;
    child.on('message', (message: { isUp?: boolean; type?: string; degraded?: string | null }) => {
      isUp ||= message.isUp === true || message.type === 'ready';
      if (message.type === 'hello') child.send({ type: 'init', config: config('orchestrator') });
      if (message.degraded !== undefined) said.push(message.degraded ?? 'well');
    });
    return {
      pid: child.pid ?? 0, said, isUp: () => isUp,
      get isGone() {
        return child.exitCode !== null || child.signalCode !== null;
      },
      async kill() {
        child.kill('SIGKILL');
        await gone;
      },
      async stop() {
        child.send({ stop: true });
        await gone;
      },
    };
  };

  const run: Family['run'] = async (runId) => {
    const status = await client.getWorkflow(runId);
    return status ? { ...status, steps: (await client.listWorkflowSteps(runId)) ?? [] } : null;
  };
  const see: Family['see'] = (runId, what, check) => until(async () => {
    const seen = await run(runId);
    return seen && check(seen) ? seen : null;
  }, `${runId}: ${what}`, DEADLINE_MS);

  return {
    book, client, config, folder, reports, run, see,
    async worker(unit, workerId = '') {
      const worker = follow(fork(WORKER, [folder, JSON.stringify(config(unit)), workerId], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
      await until(() => worker.isUp() || worker.isGone, `${unit} to be up`, DEADLINE_MS);
      return worker;
    },
    async orchestrator() {
      listener.closeAllConnections();
      listener.close();
      const worker = follow(fork(ORCHESTRATOR, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
      await until(() => worker.isUp() || worker.isGone, 'the orchestrator to be up', DEADLINE_MS);
      return worker;
    },
    async ask(flow, input, key) {
      try {
        const response = await fetch(`http://127.0.0.1:${ports.orchestrator}/api/deployments/${flow}/run`, {
          method: 'POST', body: JSON.stringify({ input, idempotencyKey: key }), headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` }, signal: AbortSignal.timeout(5_000),
        });
        if (!response.ok && response.status < 500 && response.status !== 404) throw new Error(await response.text());
        return response.ok;
      } catch (error) {
        if (error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')) return false;
        throw error;
      }
    },
    async start(flow, input, key) {
      const runId = keyedRunId(flow, 'event', key);
      await startRun(config('orchestrator'), client, { flow, runId, call: { input, scheduledFor: null }, trigger: 'event', timeoutMs: flow === 'manage_orders' ? 1_200 : 60_000 });
      return runId;
    },
    ended: (runId) => see(runId, 'to end', (seen) => ENDED.includes(seen.status)),
    effects() {
      const file = join(folder, 'effects');
      if (!existsSync(file)) return [];
      return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => {
        const [runId = '', step = '', mark = '', pid = '0'] = line.split('\t');
        return { runId, step, mark, pid: Number(pid) };
      });
    },
    release: (what) => writeFileSync(join(folder, `go-${what}`), ''),
    async stop() {
      for (const { child, gone } of workers) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await gone;
      }
      await client.destroy();
      listener.closeAllConnections();
      listener.close();
      await book.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * What is wrong with the steps of ended runs: a step whose result is in the book must not have run again after it. A step that a kill interrupted may
 * have run more than once, and then the last attempt is the one that counts.
 */
export function doubledSteps(runs: readonly FamilyRun[], effects: readonly Effect[]): string[] {
  const last = new Map(effects.map((effect) => [`${effect.runId} ${effect.step}`, effect.mark]));
  return runs.flatMap((run) => run.steps.flatMap((step) => {
    const mark = last.get(`${run.workflowID} ${step.name}`);
    return mark !== undefined && step.error === null && mark !== step.output ? [`${run.workflowID} ${step.name}: ran again although its result was in the book`] : [];
  }));
}
