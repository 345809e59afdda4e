/** The engine's tables as a worker of ours reads and mends them, beside the engine itself: what waits, what was cancelled, whose worker is gone. */
import pg from 'pg';
import type { PostgresAccess } from '#app/contracts/config.ts';
import { describeError } from '#app/domain/errors.ts';
import { ENGINE_SCHEMA, engineUrl } from './flows-wire.ts';
import type { Logger } from './log.ts';

/** A step holds no connection while it works: at rest one connection does, a crowd gets more, and they go again when idle. */
const MOST_CONNECTIONS = 6;
const IDLE_MS = 5_000;
const CONNECT_MS = 10_000;
/** A worker on another machine that vanished without a word is noticed after about 30 s. */
const KEEPALIVE_MS = 10_000;

/** Statements that are remembered; the engine has some forty. */
const MOST_PLANS = 200;
const planNames = new Map<string, string>();

/** Lets the server plan each of the engine's statements once per connection instead of each time: half the cost of a step. */
function planOnce(client: pg.PoolClient): void {
  const plain = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
  Reflect.set(client, 'query', (...args: readonly unknown[]): unknown => {
    const [text, values, ...rest] = args;
    if (typeof text !== 'string' || !Array.isArray(values)) return plain(...args);
    const name = planNames.get(text) ?? `flow${planNames.size}`;
    if (planNames.size >= MOST_PLANS && !planNames.has(text)) return plain(...args);
    planNames.set(text, name);
    return plain({ text, values, name }, ...rest);
  });
}

/** The engine waits for a lost server and goes on, but it does not know this one of the errors that say so. It comes before those who wait hear of it. */
function nameLoss(error: Error & { code?: string }): void {
  if (error.code === 'EPIPE') error.code = 'ECONNRESET';
}

/** The connections of a worker's engine, under the name by which others see that it lives. */
export function openEnginePool(access: PostgresAccess, sessionName: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: engineUrl(access), application_name: sessionName, max: MOST_CONNECTIONS, idleTimeoutMillis: IDLE_MS, connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true, keepAliveInitialDelayMillis: KEEPALIVE_MS,
  });
  pool.on('connect', (connection) => {
    planOnce(connection);
    connection.on('error', nameLoss);
  });
  // The engine tries again by itself; a service whose book is gone ends elsewhere.
  pool.on('error', (error) => log.debug({ error: describeError(error) }, 'A connection of the flow engine was lost'));
  return pool;
}

const STATUS = `"${ENGINE_SCHEMA}".workflow_status`;
const ENDED = "('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')";
const DEAD = "('CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')";

/** A run that says PENDING. `owner` is the engine's mark of one execution. */
export type PendingRun = { readonly runId: string; readonly executorId: string; readonly owner: string | null };

/** Questions and repairs; each is one statement. */
export type FlowBook = {
  /** Which of these queues hold a run that waits. */
  waiting(queues: readonly string[]): Promise<string[]>;
  /** Those of these executions that are not this executor's any more: cancelled, timed out, taken over. */
  lost(runIds: readonly string[], executorId: string): Promise<string[]>;
  /** Those of these runs whose parent was cancelled or given up. */
  orphans(runIds: readonly string[]): Promise<string[]>;
  /** Those of these runs that have ended. */
  ended(runIds: readonly string[]): Promise<string[]>;
  /** What runs of this application, and who is alive (names of sessions). */
  pending(application: string): Promise<PendingRun[]>;
  sessions(): Promise<Set<string>>;
  /** Puts a run whose execution is gone back on its queue, unless something happened to it since; says whether it did. */
  putBack(run: PendingRun): Promise<boolean>;
};

/** The book over a pool. */
export function openFlowBook(pool: pg.Pool): FlowBook {
  const ids = async (text: string, params: readonly unknown[]): Promise<string[]> => (await pool.query<{ id: string }>(text, [...params])).rows.map((row) => row.id);
  return {
    waiting: (queues) => ids(`SELECT q AS id FROM unnest($1::text[]) AS q WHERE EXISTS (SELECT FROM ${STATUS} WHERE queue_name = q AND status = 'ENQUEUED')`, [queues]),
    lost: (runIds, executorId) => ids(`SELECT workflow_uuid AS id FROM ${STATUS} WHERE workflow_uuid = ANY($1) AND (status <> 'PENDING' OR executor_id <> $2)`, [runIds, executorId]),
    orphans: (runIds) => ids(
      `SELECT child.workflow_uuid AS id FROM ${STATUS} AS child JOIN ${STATUS} AS parent ON parent.workflow_uuid = child.attributes->>'parentRunId'
       WHERE child.workflow_uuid = ANY($1) AND parent.status IN ${DEAD}`, [runIds]),
    ended: (runIds) => ids(`SELECT workflow_uuid AS id FROM ${STATUS} WHERE workflow_uuid = ANY($1) AND status IN ${ENDED}`, [runIds]),
    pending: async (application) => (await pool.query<PendingRun>(
      `SELECT workflow_uuid AS "runId", executor_id AS "executorId", owner_xid AS owner FROM ${STATUS} WHERE status = 'PENDING' AND application_name = $1`, [application])).rows,
    sessions: async () => new Set(await ids('SELECT DISTINCT application_name AS id FROM pg_stat_activity WHERE usename = current_user', [])),
    putBack: async (run) => (await ids(
      `UPDATE ${STATUS} SET status = 'ENQUEUED', owner_xid = NULL, started_at_epoch_ms = NULL, queue_name = COALESCE(queue_name, name), updated_at = (EXTRACT(EPOCH FROM now()) * 1000)::bigint
       WHERE workflow_uuid = $1 AND status = 'PENDING' AND executor_id = $2 AND owner_xid IS NOT DISTINCT FROM $3 RETURNING workflow_uuid AS id`, [run.runId, run.executorId, run.owner])).length > 0,
  };
}
