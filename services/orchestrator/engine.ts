/** The durable engine as the orchestrator uses it: its tables with our indexes, and a client that starts, reads, cancels, forks and deletes runs. */
import { DBOS, DBOSClient, type WorkflowStatus } from '@dbos-inc/dbos-sdk';
import type { PostgresAccess, RuntimeConfig } from '#app/contracts/config.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import { retry } from '#chassis/clock.ts';
import { openDb } from '#chassis/db.ts';
import { startRun } from '#chassis/flows-start.ts';
import { ENGINE_SCHEMA, engineLogger, engineUrl, type NewRun } from '#chassis/flows-wire.ts';
import type { Logger } from '#chassis/log.ts';
import { MOMENT_SQL, PARENT_SQL, TRIGGER_SQL } from './states.ts';

const POOL = 2;
/** The role through which services use the engine's tables (migrations/orchestrator/9000_roles.sql). */
const ENGINE_USERS = 'flow_runner';

/** A run as the engine tells it. */
export type EngineRun = WorkflowStatus;
/** A finished step as the engine tells it. */
export type EngineStep = { readonly functionID: number; readonly name: string; readonly output: unknown; readonly error: Error | null; readonly startedAtEpochMs?: number; readonly completedAtEpochMs?: number };

/** The engine's operations. Each throws when the database is away; the caller's own pool ends the process then. */
export type Engine = {
  /** Starts a run at its owner, through the queue when that does not answer; a run that exists under this id stays as it is. Durable once resolved. */
  start(run: NewRun): Promise<void>;
  get(runId: string): Promise<EngineRun | null>;
  steps(runId: string): Promise<EngineStep[]>;
  cancel(runId: string): Promise<void>;
  /** A new run of the same flow that takes over what the old one finished before a step. */
  fork(runId: string, options: { newRunId: string; fromStep: number; queue: FlowName; timeoutMs: number }): Promise<void>;
  remove(runIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

const STATUS_TABLE = `${ENGINE_SCHEMA}.workflow_status`;
/** An expression over the engine's row as an index wants it: without the name of the row. */
const plain = (expression: string): string => expression.replaceAll('ws.', '');
/** What lists of runs need beside the engine's own indexes, so that 100,000 runs filter in a moment. Each run costs three writes to them, so they are few. */
const INDEXES: Readonly<Record<string, string>> = {
  runs_moment: `(${plain(MOMENT_SQL)} DESC, workflow_uuid DESC)`,
  runs_flow: `(name, ${plain(MOMENT_SQL)} DESC, workflow_uuid DESC)`,
  runs_status: `(status, ${plain(MOMENT_SQL)} DESC, workflow_uuid DESC)`,
  runs_trigger: `(${plain(TRIGGER_SQL)}, ${plain(MOMENT_SQL)} DESC, workflow_uuid DESC)`,
  runs_parent: `(${plain(PARENT_SQL)}, ${plain(MOMENT_SQL)} DESC, workflow_uuid DESC) WHERE ${plain(PARENT_SQL)} IS NOT NULL`,
  runs_ended: `(name, completed_at DESC) WHERE completed_at IS NOT NULL`,
};

async function ensureIndexes(access: PostgresAccess): Promise<void> {
  const db = openDb({ access, database: access.orchestratorDb, schema: null, applicationName: 'orchestrator', max: 1, onLost: () => undefined });
  try {
    const existing = await db.query<{ name: string }>('SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1', [ENGINE_SCHEMA]);
    const missing = Object.entries(INDEXES).filter(([name]) => !existing.some((index) => index.name === name));
    for (const [name, columns] of missing) await db.query(`CREATE INDEX IF NOT EXISTS ${name} ON ${STATUS_TABLE} ${columns}`);
    // The planner knows nothing of an expression until the table has been looked over with its index.
    if (missing.length > 0) await db.query(`ANALYZE ${STATUS_TABLE}`);
  } finally {
    await db.close();
  }
}

/**
 * Creates or upgrades the engine's tables with our indexes, owned by this role, and lets the services use them. Runs at every start; changes nothing when
 * all is there. The engine takes no lock of its own, and builds indexes in a way that waits for open transactions, so none may be held around it: a second
 * orchestrator that does the same at the same moment makes one of them fail, and that one tries again.
 */
export async function ensureEngineTables(access: PostgresAccess): Promise<void> {
  const tries = { attempts: 5, baseMs: 100, capMs: 1_000, jitter: 0.5, isRetryable: () => true };
  await retry(tries, () => DBOS.migrate(engineUrl(access), { schemaName: ENGINE_SCHEMA, applicationRole: ENGINE_USERS }));
  await retry(tries, () => ensureIndexes(access));
}

/** Opens the client. */
export async function openEngine(config: RuntimeConfig, log: Logger): Promise<Engine> {
  const client = await DBOSClient.create({
    systemDatabaseUrl: engineUrl(config.postgres), systemDatabaseSchemaName: ENGINE_SCHEMA, systemDatabasePoolSize: POOL, systemDatabaseIdleTransactionTimeoutMs: 0, logger: engineLogger(log),
  });
  return {
    start: async (run) => void (await startRun(config, client, run)),
    get: async (runId) => (await client.getWorkflow(runId)) ?? null,
    steps: async (runId) => (await client.listWorkflowSteps(runId)) ?? [],
    cancel: (runId) => client.cancelWorkflow(runId),
    fork: async (runId, { newRunId, fromStep, queue, timeoutMs }) => {
      await client.forkWorkflow(runId, fromStep, { newWorkflowID: newRunId, queueName: queue, timeoutMS: timeoutMs });
    },
    remove: (runIds) => client.deleteWorkflows([...runIds]),
    close: () => client.destroy(),
  };
}
