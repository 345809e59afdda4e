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
import { freePort, startBook, until, type Book } from '../support/servers.ts';

const WORKER = fileURLToPath(new URL('./family-worker.ts', import.meta.url));
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
  /** What the runs reported. */
  readonly reports: RunReport[];
  worker(unit: FamilyUnit, workerId?: string): Promise<FamilyWorker>;
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
export async function startFamily(): Promise<Family> {
  const book = await startBook();
  const folder = mkdtempSync(join(tmpdir(), 'ms-family-'));
  const log = pino({ level: 'silent' });
  const ports = { orchestrator: await freePort(), strategy_engine: await freePort(), execution: await freePort() };
  const units = Object.fromEntries(Object.entries(ports).map(([unit, port]) => [unit, { host: '127.0.0.1', port }])) as RuntimeConfig['units'];
  const config = (unit: RuntimeConfig['unit']): RuntimeConfig => ({
    unit, instanceId: 'family', version: '0.1.0', dataDir: folder, mode: 'paper', postgres: book.access(unit), redis: { host: '127.0.0.1', port: 6379, tls: false },
    units, internalToken: TOKEN, logLevel: 'warn', logRetentionDays: 30,
  });
  await ensureEngineTables(book.access('orchestrator'));
  const reports: RunReport[] = [];
  const listener = await listen(ports.orchestrator, reports);
  const openClient = (): Promise<DBOSClient> => DBOSClient.create({ systemDatabaseUrl: engineUrl(book.access('orchestrator')), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: 2, logger: engineLogger(log) });
  const client = await openClient();
  const workers: { child: ChildProcess; gone: Promise<unknown> }[] = [];

  const run: Family['run'] = async (runId) => {
    const status = await client.getWorkflow(runId);
    return status ? { ...status, steps: (await client.listWorkflowSteps(runId)) ?? [] } : null;
  };
  const see: Family['see'] = (runId, what, check) => until(async () => {
    const seen = await run(runId);
    return seen && check(seen) ? seen : null;
  }, `${runId}: ${what}`, DEADLINE_MS);

  return {
    book, client, reports, run, see,
    async worker(unit, workerId = '') {
      const child = fork(WORKER, [folder, JSON.stringify(config(unit)), workerId], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const gone = new Promise((resolve) => child.once('exit', resolve));
      workers.push({ child, gone });
      const said: string[] = [];
      let isUp = false;
      child.on('message', (message: { isUp?: boolean; degraded?: string | null }) => {
        isUp ||= message.isUp === true;
        if (message.degraded !== undefined) said.push(message.degraded ?? 'well');
      });
      await until(() => isUp || child.exitCode !== null, `${unit} to be up`, DEADLINE_MS);
      return {
        pid: child.pid ?? 0, said,
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
