/** The durable engine as the orchestrator uses it: its tables, and a client that enqueues, lists, cancels, forks and deletes runs. */
import { DBOS, DBOSClient, type WorkflowStatus } from '@dbos-inc/dbos-sdk';
import type { PostgresAccess } from '#app/contracts/config.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { retry } from '#chassis/clock.ts';
import { ENGINE_SCHEMA, engineLogger, engineUrl, enqueueRun, type NewRun } from '#chassis/flows-wire.ts';
import type { Logger } from '#chassis/log.ts';
import { ENGINE_STATUSES, type EngineStatus } from './states.ts';

const POOL = 2;
/** The role through which services use the engine's tables (migrations/orchestrator/9000_roles.sql). */
const ENGINE_USERS = 'flow_runner';

/** A run as the engine tells it. */
export type EngineRun = WorkflowStatus;
/** A finished step as the engine tells it. */
export type EngineStep = { readonly functionID: number; readonly name: string; readonly output: unknown; readonly error: Error | null; readonly startedAtEpochMs?: number; readonly completedAtEpochMs?: number };
/** Which runs to list; newest first. */
export type RunFilter = { readonly flow?: FlowName; readonly statuses?: readonly EngineStatus[]; readonly limit: number; readonly offset: number; readonly endedBefore?: string };

/** The engine's operations. Each throws when the database is away; the caller's own pool ends the process then. */
export type Engine = {
  enqueue(run: NewRun): Promise<void>;
  get(runId: string): Promise<EngineRun | null>;
  list(filter: RunFilter): Promise<EngineRun[]>;
  steps(runId: string): Promise<EngineStep[]>;
  cancel(runId: string): Promise<void>;
  /** A new run of the same flow that takes over what the old one finished before a step. */
  fork(runId: string, options: { newRunId: string; fromStep: number; queue: FlowName; timeoutMs: number }): Promise<void>;
  remove(runIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

/** Is this a status that the house knows? */
export function isEngineStatus(status: string): status is EngineStatus {
  return (ENGINE_STATUSES as readonly string[]).includes(status);
}

/**
 * Creates or upgrades the engine's tables, owned by this role, and lets the services use them. Runs at every start; changes nothing when all is there.
 * The engine takes no lock of its own, and builds indexes in a way that waits for open transactions, so none may be held around it: a second
 * orchestrator that does the same at the same moment makes one of them fail, and that one tries again.
 */
export async function ensureEngineTables(access: PostgresAccess): Promise<void> {
  await retry({ attempts: 5, baseMs: 100, capMs: 1_000, jitter: 0.5, isRetryable: () => true }, () => DBOS.migrate(engineUrl(access), { schemaName: ENGINE_SCHEMA, applicationRole: ENGINE_USERS }));
}

/** Opens the client. */
export async function openEngine(access: PostgresAccess, log: Logger): Promise<Engine> {
  const client = await DBOSClient.create({
    systemDatabaseUrl: engineUrl(access), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: POOL, systemDatabaseIdleTransactionTimeoutMs: 0, logger: engineLogger(log),
  });
  return {
    enqueue: (run) => enqueueRun(client, run),
    get: async (runId) => (await client.getWorkflow(runId)) ?? null,
    list: ({ flow, statuses, limit, offset, endedBefore }) =>
      client.listWorkflows({
        limit, offset, sortDesc: endedBefore === undefined, ...(flow === undefined ? {} : { workflowName: flow }),
        ...(statuses === undefined ? {} : { status: [...statuses] }), ...(endedBefore === undefined ? {} : { completedBefore: endedBefore, loadInput: false, loadOutput: false }),
      }),
    steps: async (runId) => (await client.listWorkflowSteps(runId)) ?? [],
    cancel: (runId) => client.cancelWorkflow(runId),
    fork: async (runId, { newRunId, fromStep, queue, timeoutMs }) => {
      await client.forkWorkflow(runId, fromStep, { newWorkflowID: newRunId, queueName: queue, timeoutMS: timeoutMs });
    },
    remove: (runIds) => client.deleteWorkflows([...runIds]),
    close: () => client.destroy(),
  };
}
