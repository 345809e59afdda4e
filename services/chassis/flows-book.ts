/** The engine's tables as a worker of ours reads and mends them, beside the engine itself: what waits, what was cancelled, whose worker is gone. */
import type { EnginePool } from './db-engine.ts';
import { ENGINE_SCHEMA } from './flows-wire.ts';

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
  /** Those of these runs whose parent was cancelled or given up. A repeated child has no parent: the engine copied the attributes of the run that it repeats. */
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
export function openFlowBook(pool: EnginePool): FlowBook {
  const ids = async (text: string, params: readonly unknown[]): Promise<string[]> => (await pool.query<{ id: string }>(text, [...params])).rows.map((row) => row.id);
  return {
    waiting: (queues) => ids(`SELECT q AS id FROM unnest($1::text[]) AS q WHERE EXISTS (SELECT FROM ${STATUS} WHERE queue_name = q AND status = 'ENQUEUED')`, [queues]),
    lost: (runIds, executorId) => ids(`SELECT workflow_uuid AS id FROM ${STATUS} WHERE workflow_uuid = ANY($1) AND (status <> 'PENDING' OR executor_id <> $2)`, [runIds, executorId]),
    orphans: (runIds) => ids(
      `SELECT child.workflow_uuid AS id FROM ${STATUS} AS child JOIN ${STATUS} AS parent ON parent.workflow_uuid = child.attributes->>'parentRunId'
       WHERE child.workflow_uuid = ANY($1) AND child.forked_from IS NULL AND parent.status IN ${DEAD}`, [runIds]),
    ended: (runIds) => ids(`SELECT workflow_uuid AS id FROM ${STATUS} WHERE workflow_uuid = ANY($1) AND status IN ${ENDED}`, [runIds]),
    pending: async (application) => (await pool.query<PendingRun>(
      `SELECT workflow_uuid AS "runId", executor_id AS "executorId", owner_xid AS owner FROM ${STATUS} WHERE status = 'PENDING' AND application_name = $1`, [application])).rows,
    sessions: async () => new Set(await ids('SELECT DISTINCT application_name AS id FROM pg_stat_activity WHERE usename = current_user', [])),
    putBack: async (run) => (await ids(
      `UPDATE ${STATUS} SET status = 'ENQUEUED', owner_xid = NULL, started_at_epoch_ms = NULL, queue_name = COALESCE(queue_name, name), updated_at = (EXTRACT(EPOCH FROM now()) * 1000)::bigint
       WHERE workflow_uuid = $1 AND status = 'PENDING' AND executor_id = $2 AND owner_xid IS NOT DISTINCT FROM $3 RETURNING workflow_uuid AS id`, [run.runId, run.executorId, run.owner])).length > 0,
  };
}
