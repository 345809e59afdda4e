/** The durable engine (DBOS) in a service: launched after `ready`, one queue per flow, unfinished runs picked up again. */
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { INTERNAL_QUEUE_NAME } from '@dbos-inc/dbos-sdk/internal/utils';
import { wfQueueRunner } from '@dbos-inc/dbos-sdk/internal/wfqueue';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { FLOW_OWNERS, type FlowName } from '#app/contracts/flows.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { backoffMs, sleep } from './clock.ts';
import { openEnginePool, type EnginePool } from './db-engine.ts';
import type { FlowDefinition } from './flows.ts';
import { openRunWaiter } from './flows-await.ts';
import { openFlowBook } from './flows-book.ts';
import type { ChildStarter } from './flows-execution.ts';
import { startDispatcher, type Dispatcher } from './flows-dispatch.ts';
import { holdPlace, openPlaces, type Gate, type Places } from './flows-places.ts';
import type { Reporter } from './flows-report.ts';
import { runFlow } from './flows-run.ts';
import { startRun } from './flows-start.ts';
import { startWatch, type Patience, type Watch } from './flows-watch.ts';
import { ENGINE_SCHEMA, engineIdentity, engineLogger, engineUrl, enqueueRun, flowCallSchema, MAX_RECOVERIES, type Enqueuer, type FlowCall, type NewRun } from './flows-wire.ts';
import type { Logger } from './log.ts';

/** DBOS has its own schedules; ours stand in the orchestrator, so its loop only needs to exist. */
const UNUSED_SCHEDULER_POLL_MS = 3_600_000;
const RETRY = { baseMs: 250, capMs: 5_000 };

/** What the engine is launched with. */
export type EngineParts = {
  readonly unit: ServiceId;
  /** Names a worker beside the service's own; it takes what is on the queues and nothing else. */
  readonly workerId?: string;
  readonly config: RuntimeConfig;
  readonly log: Logger;
  readonly reporter: Reporter;
  readonly gate: Gate;
  /** A run met a broken invariant: called when its failure is recorded. */
  readonly onBug: (error: unknown) => void;
  readonly degraded: (key: string, reason: string | null) => void;
  readonly patience?: Patience;
};

/** Opens the client that puts runs on queues before the engine is up; it connects when it is first used, and lets the connection go when idle. */
export async function openEnqueuer(config: RuntimeConfig, owner: ServiceId, log: Logger): Promise<Enqueuer & { destroy(): Promise<void> }> {
  return DBOSClient.create({
    systemDatabaseUrl: engineUrl(config.postgres), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: 1,
    systemDatabaseIdleTransactionTimeoutMs: 0, applicationName: engineIdentity(owner).name, logger: engineLogger(log),
  });
}

/** The engine at work. */
export type LaunchedEngine = {
  /** Puts a run into the book and starts it as soon as a place is free: now, when there is one. Durable once resolved. @throws AppError FLOW_NOT_FOUND */
  accept(run: NewRun): Promise<void>;
  /** Ends the engine without waiting for runs; the gate has let them come to rest. */
  shut(): Promise<void>;
};

type Served = { readonly definition: FlowDefinition; readonly places: Places };
type Working = { dispatcher: Dispatcher; watch: Watch; children: ChildStarter };

/**
 * Launches the engine: registers the flows, takes up unfinished runs, starts to serve the queues. Null when the signal aborted before.
 * Waits for the engine's tables, which the orchestrator creates at its first start.
 */
export async function launchEngine(parts: EngineParts, definitions: readonly FlowDefinition[], signal: AbortSignal): Promise<LaunchedEngine | null> {
  const identity = engineIdentity(parts.unit, parts.workerId);
  let working: Working | null = null;
  const atWork = (): Working => {
    invariant(working, 'A run began before the engine was up');
    return working;
  };
  const served = new Map<FlowName, Served>(definitions.map((definition) => [definition.name, { definition, places: openPlaces(definition.concurrency, () => working?.dispatcher.freed(definition.name)) }]));
  for (const flow of served.values()) register(parts, flow, atWork);
  const pool = openEnginePool(parts.config.postgres, identity.sessionName, parts.log);
  const engine = await launchDbos({ parts, identity, pool }, signal);
  if (!engine) {
    await pool.end();
    return null;
  }
  const client = await DBOSClient.create({ systemDatabaseUrl: engineUrl(parts.config.postgres), systemDatabasePool: pool, systemDatabaseSchemaName: ENGINE_SCHEMA, applicationName: identity.name, logger: engineLogger(parts.log) });
  const accept = async (run: NewRun): Promise<void> => {
    const flow = served.get(run.flow);
    if (!flow) throw new AppError('FLOW_NOT_FOUND', `The flow ${run.flow} is not run here; it belongs to ${FLOW_OWNERS[run.flow]}`);
    // A parent does not know the limits of flows of other services: it gives its own.
    const timeoutMs = run.trigger === 'parent' ? Math.min(run.timeoutMs, flow.definition.timeoutMs) : run.timeoutMs;
    await enqueueRun(client, { ...run, timeoutMs });
    atWork().dispatcher.kick(run.flow);
  };
  const book = openFlowBook(pool);
  const dispatcher = startDispatcher({ engine, appVersion: identity.applicationVersion, book, log: parts.log }, queuesOf(served, parts.workerId === undefined));
  const cancel = async (runId: string): Promise<void> => engine.systemDatabase.cancelWorkflows([runId]);
  const watch = startWatch({
    book, owner: parts.unit, executorId: identity.executorID, log: parts.log, isKeeper: parts.workerId === undefined, degraded: parts.degraded, patience: parts.patience, cancel,
    onPutBack: () => dispatcher.look(), isExpected: (runId) => dispatcher.isExpected(runId) || engine.systemDatabase.checkForRunningWorkflow(runId),
  });
  const waiter = openRunWaiter((runIds) => book.ended(runIds), (error) => parts.log.debug({ error: describeError(error) }, 'Children could not be looked at; they are looked at again'));
  // Whoever asks may stand inside a step of a run: what is asked for must not become a part of that one.
  const outside = new AsyncResource('flows');
  const children: ChildStarter = {
    cancel,
    start: (run) => outside.runInAsyncScope(async () => {
      if (served.has(run.flow)) await accept(run);
      else await startRun(parts.config, client, run);
    }),
    ended: (runId, stop) => outside.runInAsyncScope(async () => {
      if (!(await waiter.wait(runId, stop))) return null;
      const status = await client.getWorkflow(runId);
      return { status: status?.status ?? 'DELETED', output: status?.output, error: status?.error };
    }),
  };
  working = { dispatcher, watch, children };
  // What waits stays on its queue for the next start, or another worker.
  parts.gate.closing.addEventListener('abort', () => dispatcher.stop(), { once: true });
  dispatcher.look();
  return {
    accept: (run) => outside.runInAsyncScope(() => accept(run)),
    async shut() {
      dispatcher.stop();
      watch.stop();
      await client.destroy();
      await DBOS.shutdown();
      await pool.end();
    },
  };
}

/** The service's own worker also takes what has no queue: runs that an older version started directly. */
function queuesOf(served: ReadonlyMap<FlowName, Served>, isOwn: boolean): { name: string; places: Places }[] {
  const queues = [...served].map(([name, { places }]) => ({ name: name as string, places }));
  return isOwn ? [...queues, { name: INTERNAL_QUEUE_NAME, places: openPlaces(1, () => undefined) }] : queues;
}

type Launch = { readonly parts: EngineParts; readonly identity: ReturnType<typeof engineIdentity>; readonly pool: EnginePool };

async function launchDbos({ parts, identity, pool }: Launch, signal: AbortSignal): Promise<DBOSExecutor | null> {
  for (let n = 0; !signal.aborted; n += 1) {
    try {
      DBOS.setConfig({
        name: identity.name, applicationVersion: identity.applicationVersion, executorID: identity.executorID,
        systemDatabaseUrl: engineUrl(parts.config.postgres), systemDatabasePool: pool, systemDatabaseSchemaName: ENGINE_SCHEMA,
        runMigrations: false, useListenNotify: false, listenQueues: [], schedulerPollingIntervalMs: UNUSED_SCHEDULER_POLL_MS, logger: engineLogger(parts.log),
      });
      await DBOS.launch();
      // The engine's own loop asks about each queue once a second, four questions each; ours asks one about all, and is told of what is new.
      wfQueueRunner.stop();
      invariant(DBOSExecutor.globalInstance, 'The engine is launched and not there');
      // Limits of runs are judged by the clock of the service's own worker alone: that of another machine may be wrong, and would end every run of the service.
      if (parts.workerId !== undefined) await DBOSExecutor.globalInstance.stopWorkflowTimeoutSweep();
      return DBOSExecutor.globalInstance;
    } catch (error) {
      if (n === 0) parts.log.warn({ error: describeError(error) }, 'The flow engine is not ready yet; trying again');
      await DBOS.shutdown();
      await sleep(backoffMs(n, RETRY), signal);
    }
  }
  return null;
}

function register(parts: EngineParts, { definition, places }: Served, atWork: () => Working): void {
  const execute = async (raw: FlowCall): Promise<unknown> => {
    const runId = DBOS.workflowID ?? '';
    const { dispatcher, watch, children } = atWork();
    if (!dispatcher.arrive(runId, places)) await places.acquire();
    const hold = holdPlace(places);
    const controller = new AbortController();
    const leave = watch.begin({ runId, flow: definition.name, controller, hold });
    try {
      return await runFlow({ ...parts, runId, definition, hold, children, controller, now: Date.now, executionId: randomUUID().slice(0, 8) }, flowCallSchema.parse(raw));
    } catch (error) {
      // What a flow's author gets wrong fails the run; a broken invariant of the service behind it ends the process.
      if (error instanceof AppError && error.family === 'bug' && error.code !== 'FLOW_RESULT_INVALID') afterRecorded(runId, () => parts.onBug(error));
      throw error;
    } finally {
      leave();
      hold.end();
    }
  };
  DBOS.registerWorkflow(execute, { name: definition.name, maxRecoveryAttempts: MAX_RECOVERIES });
}

/** Ending the process before the failure is in the book would let the run fail again at each start. */
function afterRecorded(runId: string, then: () => void): void {
  // A macrotask, so that the wait is not part of the workflow it waits for.
  setImmediate(() => void DBOS.retrieveWorkflow(runId).getResult({ pollingIntervalMs: 50 }).then(then, then));
}
