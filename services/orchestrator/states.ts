/** From what the engine knows of a run to the state that people see: said once, in SQL, so that lists, filters and counts agree. */
import type { RunState } from '#app/contracts/flows.ts';

/** A run that has waited this long for its worker is late. */
export const LATE_AFTER_MS = 60_000;

/** A status of the engine. */
export type EngineStatus = 'ENQUEUED' | 'DELAYED' | 'PENDING' | 'SUCCESS' | 'ERROR' | 'CANCELLED' | 'MAX_RECOVERY_ATTEMPTS_EXCEEDED';
/** Statuses of runs that have not ended. */
export const ACTIVE_STATUSES: readonly EngineStatus[] = ['ENQUEUED', 'DELAYED', 'PENDING'];

/** The states that runs of an engine status may be in. PAUSED is a property of a schedule and SKIPPED of a tick: the engine has no such runs. */
export const STATES_OF: Readonly<Record<EngineStatus, readonly RunState[]>> = {
  DELAYED: ['SCHEDULED'], ENQUEUED: ['PENDING', 'LATE', 'RETRYING'], PENDING: ['RUNNING', 'RETRYING', 'CRASHED'], SUCCESS: ['COMPLETED'], ERROR: ['FAILED'],
  CANCELLED: ['CANCELLED', 'FAILED'], MAX_RECOVERY_ATTEMPTS_EXCEEDED: ['CRASHED'],
};
/** All statuses of the engine. */
export const STATUSES = Object.keys(STATES_OF) as readonly EngineStatus[];

// Of a repeated run the attributes are those of the run it repeats.
/** How a run began. `ws` is the engine's row. */
export const TRIGGER_SQL = `(CASE WHEN ws.forked_from IS NOT NULL THEN 'retry' ELSE ws.attributes->>'trigger' END)`;
/** The time that a tick meant its run for, epoch ms. */
const SCHEDULED_SQL = `(ws.attributes->>'scheduledFor')::bigint`;
/** The moment by which runs are listed: the tick that a scheduled run is for, the asking for any other. Epoch ms. */
export const MOMENT_SQL = `(CASE WHEN ws.forked_from IS NULL AND ws.attributes->>'trigger' = 'schedule' THEN coalesce(${SCHEDULED_SQL}, ws.created_at) ELSE ws.created_at END)`;
/** The run that waits for it. A repeated child is nobody's: its parent has gone on without it. */
export const PARENT_SQL = `(CASE WHEN ws.forked_from IS NULL THEN ws.attributes->>'parentRunId' END)`;
/** The first start: the engine forgets it when a run is queued again or cancelled, its deadline does not. Epoch ms. */
const STARTED_SQL = `greatest(ws.created_at, least(ws.started_at_epoch_ms, ws.workflow_deadline_epoch_ms - ws.workflow_timeout_ms))`;
const HAS_STARTED_SQL = `(ws.started_at_epoch_ms IS NOT NULL OR ws.workflow_deadline_epoch_ms IS NOT NULL)`;
const IS_ALIVE_SQL = `left('dbos_transact_' || ws.executor_id || '_' || ws.application_name, 63) = ANY(ARRAY(SELECT alive.name FROM alive))`;
const WAITS_FOR_RETRY_SQL = `EXISTS (SELECT FROM flows.step_notes step WHERE step.run_id = ws.workflow_uuid AND step.next_attempt_at IS NOT NULL)`;
const HAS_TIMED_OUT_SQL = `note.cancel_requested_at IS NULL AND ws.workflow_deadline_epoch_ms IS NOT NULL AND coalesce(ws.completed_at, 0) >= ws.workflow_deadline_epoch_ms`;

/** Names the sessions of living workers; what uses the state needs it: `WITH ${ALIVE_SQL} SELECT ...`. */
export const ALIVE_SQL = `alive AS MATERIALIZED (SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE datname = current_database())`;

/**
 * The state of a run; `ws` is the engine's row, `note` ours, `$1` the present time in epoch ms. CRASHED: the worker is gone (the run is taken up again when it
 * is back), or died too often while running it. RETRYING: a step waits for its next attempt, or the run waits to be taken up after a crash.
 * LATE: queued for more than a minute. A run whose time was up has FAILED.
 */
export const STATE_SQL = `(CASE ws.status
  WHEN 'DELAYED' THEN 'SCHEDULED'
  WHEN 'ENQUEUED' THEN CASE WHEN ws.recovery_attempts > 0 THEN 'RETRYING' WHEN $1::bigint - ws.created_at > ${LATE_AFTER_MS} THEN 'LATE' ELSE 'PENDING' END
  WHEN 'PENDING' THEN CASE WHEN ${IS_ALIVE_SQL} THEN CASE WHEN ${WAITS_FOR_RETRY_SQL} THEN 'RETRYING' ELSE 'RUNNING' END ELSE 'CRASHED' END
  WHEN 'SUCCESS' THEN 'COMPLETED'
  WHEN 'ERROR' THEN 'FAILED'
  WHEN 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' THEN 'CRASHED'
  WHEN 'CANCELLED' THEN CASE WHEN ${HAS_TIMED_OUT_SQL} THEN 'FAILED' ELSE 'CANCELLED' END END)`;

/** The columns of a run, as `RunRow` names them. */
export const RUN_COLUMNS = `ws.workflow_uuid AS "runId", ws.name AS flow, ws.status, ${STATE_SQL} AS state, ${TRIGGER_SQL} AS trigger, ${SCHEDULED_SQL} AS "scheduledFor", ${PARENT_SQL} AS "parentRunId",
  ${MOMENT_SQL} AS moment, ws.created_at AS "createdAt", CASE WHEN ${HAS_STARTED_SQL} THEN ${STARTED_SQL} WHEN ws.status NOT IN ('ENQUEUED', 'DELAYED', 'CANCELLED') THEN ws.created_at END AS "startedAt",
  ws.completed_at AS "endedAt", coalesce(ws.recovery_attempts, 0) AS dispatches, ws.workflow_timeout_ms AS "timeoutMs", ws.workflow_deadline_epoch_ms AS "deadlineAt", ws.forked_from AS "retryOf", note.done, note.total`;
/** Where the columns come from. */
export const RUN_SOURCE = `dbos.workflow_status ws LEFT JOIN flows.run_notes note ON note.run_id = ws.workflow_uuid`;

/** A run as the database tells it. Times in epoch ms. */
export type RunRow = {
  readonly runId: string; readonly flow: string; readonly status: EngineStatus; readonly state: RunState; readonly trigger: string | null; readonly scheduledFor: number | null; readonly parentRunId: string | null;
  readonly moment: number; readonly createdAt: number; readonly startedAt: number | null; readonly endedAt: number | null; readonly dispatches: number; readonly timeoutMs: number | null; readonly deadlineAt: number | null;
  readonly retryOf: string | null; readonly done: number | null; readonly total: number | null;
};

/** Why the run did not complete, in words, null when there is nothing to explain. `thrown`: the text of the error that ended it. */
export function explain(row: Pick<RunRow, 'status' | 'state' | 'dispatches' | 'timeoutMs'>, thrown: string | null): string | null {
  if (row.status === 'ERROR') return thrown ?? 'It failed, and its error was not kept';
  if (row.status === 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') return `Its worker died ${Math.max(row.dispatches - 1, 1)} times while running it; the run is given up`;
  if (row.status === 'CANCELLED' && row.state === 'FAILED') return `It ran longer than its limit of ${Math.round((row.timeoutMs ?? 0) / 1000)} s`;
  if (row.status === 'PENDING' && row.state === 'CRASHED') return 'Its worker is gone; the run goes on when the worker is back';
  return null;
}
