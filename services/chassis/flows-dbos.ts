/** The durable engine (DBOS) in a service: launched after `ready`, one queue per flow, unfinished runs picked up again. */
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { backoffMs, sleep } from './clock.ts';
import type { FlowDefinition } from './flows.ts';
import type { Reporter } from './flows-report.ts';
import { openSlots, runFlow, type Gate, type Slots } from './flows-run.ts';
import { ENGINE_SCHEMA, engineIdentity, engineLogger, engineUrl, flowCallSchema, MAX_RECOVERIES, type Enqueuer, type FlowCall, type NewRun, type RunAttributes } from './flows-wire.ts';
import type { Logger } from './log.ts';

// A step of ours holds no connection while it works, and the engine's own statements are short: one connection does (5 MB each, in six services).
const POOL = 1;
const QUEUE_POLL_MS = 1_000;
/** DBOS has its own schedules; ours stand in the orchestrator, so its loop only needs to exist. */
const UNUSED_SCHEDULER_POLL_MS = 3_600_000;
const RETRY = { baseMs: 250, capMs: 5_000 };

/** What the engine is launched with. */
export type EngineParts = {
  readonly unit: ServiceId;
  readonly config: RuntimeConfig;
  readonly log: Logger;
  readonly reporter: Reporter;
  readonly gate: Gate;
  /** A run met a broken invariant: called when its failure is recorded. */
  readonly onBug: (error: unknown) => void;
};

/** Opens the client that puts runs on queues; it connects when it is first used, and lets the connection go when idle. */
export async function openEnqueuer(config: RuntimeConfig, owner: ServiceId, log: Logger): Promise<Enqueuer & { destroy(): Promise<void> }> {
  return DBOSClient.create({
    systemDatabaseUrl: engineUrl(config.postgres), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: 1,
    systemDatabaseIdleTransactionTimeoutMs: 0, applicationName: engineIdentity(owner).name, logger: engineLogger(log),
  });
}

/** The engine at work. */
export type LaunchedEngine = {
  /** Starts a run here and now, without the second that a queue may take; false when all places of its flow are taken. Durable once resolved. */
  startAtOnce(run: NewRun): Promise<boolean>;
};

type RegisteredFlow = { starting: number; readonly slots: Slots; readonly execute: (call: FlowCall) => Promise<unknown> };

/**
 * Launches the engine: registers the flows, takes up unfinished runs, starts to serve the queues.
 * Waits for the engine's tables, which the orchestrator creates at its first start.
 */
export async function launchEngine(parts: EngineParts, definitions: readonly FlowDefinition[], signal: AbortSignal): Promise<LaunchedEngine> {
  const flows = new Map(definitions.map((definition) => [definition.name, register(parts, definition)]));
  const identity = engineIdentity(parts.unit);
  for (let n = 0; !signal.aborted; n += 1) {
    try {
      DBOS.setConfig({
        name: identity.name, applicationVersion: identity.applicationVersion, executorID: identity.executorID,
        systemDatabaseUrl: engineUrl(parts.config.postgres), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: POOL,
        systemDatabaseIdleTransactionTimeoutMs: 0, runMigrations: false, useListenNotify: false,
        listenQueues: definitions.map((definition) => definition.name), maxConcurrentQueueDispatches: 1,
        schedulerPollingIntervalMs: UNUSED_SCHEDULER_POLL_MS, logger: engineLogger(parts.log),
      });
      await DBOS.launch();
      for (const definition of definitions) {
        await DBOS.registerQueue(definition.name, { workerConcurrency: definition.concurrency, minPollingIntervalMs: QUEUE_POLL_MS, onConflict: 'always_update' });
      }
      break;
    } catch (error) {
      if (n === 0) parts.log.warn({ error: describeError(error) }, 'The flow engine is not ready yet; trying again');
      await DBOS.shutdown();
      await sleep(backoffMs(n, RETRY), signal);
    }
  }
  // Whoever triggers a run may stand inside a step of another: the new run must not become a part of that one.
  const outside = new AsyncResource('flows');
  return {
    async startAtOnce(run) {
      const flow = flows.get(run.flow);
      // Those on their way to a place count: a crowd in one moment must not all see the same free one.
      if (!flow || flow.slots.free - flow.starting <= 0 || signal.aborted) return false;
      const workflowAttributes: RunAttributes = { trigger: run.trigger, scheduledFor: run.call.scheduledFor };
      flow.starting += 1;
      try {
        await outside.runInAsyncScope(() => DBOS.startWorkflow(flow.execute, { workflowID: run.runId, timeoutMS: run.timeoutMs, workflowAttributes })(run.call));
      } finally {
        flow.starting -= 1;
      }
      return true;
    },
  };
}

/** Ends the engine without waiting for runs; the gate has let them come to rest. */
export async function shutEngine(): Promise<void> {
  await DBOS.shutdown();
}

function register(parts: EngineParts, definition: FlowDefinition): RegisteredFlow {
  const slots = openSlots(definition.concurrency);
  const execute = async (raw: FlowCall): Promise<unknown> => {
    const runId = DBOS.workflowID ?? '';
    try {
      return await runFlow({ ...parts, definition, slots, now: Date.now, executionId: randomUUID().slice(0, 8) }, flowCallSchema.parse(raw));
    } catch (error) {
      if (error instanceof AppError && error.family === 'bug') afterRecorded(runId, () => parts.onBug(error));
      throw error;
    }
  };
  return { starting: 0, slots, execute: DBOS.registerWorkflow(execute, { name: definition.name, maxRecoveryAttempts: MAX_RECOVERIES }) };
}

/** Ending the process before the failure is in the book would let the run fail again at each start. */
function afterRecorded(runId: string, then: () => void): void {
  // A macrotask, so that the wait is not part of the workflow it waits for.
  setImmediate(() => void DBOS.retrieveWorkflow(runId).getResult({ pollingIntervalMs: 50 }).then(then, then));
}
