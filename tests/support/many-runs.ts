/** Many runs in the engine's own tables, as months of use leave them: all flows, states, triggers, parents, errors and notes. */
import { FLOW_NAMES } from '#app/contracts/flows.ts';
import { MAX_RECOVERIES } from '#chassis/flows-wire.ts';

/** Anything that runs SQL as the engine's owner. */
type Sql = { query(text: string, params?: readonly unknown[]): Promise<unknown> };

/** Seconds between two runs: 100,000 of them reach back a month. */
const SPACING_MS = 26_000;

const RUNS = `INSERT INTO dbos.workflow_status (workflow_uuid, status, name, created_at, updated_at, application_version, executor_id, application_name, recovery_attempts, queue_name,
    workflow_timeout_ms, workflow_deadline_epoch_ms, started_at_epoch_ms, completed_at, attributes, forked_from, serialization)
  SELECT id, status, flow, created, created + 900, owner, owner, owner, CASE WHEN status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' THEN ${MAX_RECOVERIES + 1} WHEN status = 'ENQUEUED' THEN 0 ELSE 1 END, flow,
    60000, CASE WHEN status = 'ENQUEUED' THEN NULL ELSE created + 60100 END, CASE WHEN status IN ('ENQUEUED', 'CANCELLED') THEN NULL ELSE created + 100 END,
    CASE WHEN status IN ('ENQUEUED', 'PENDING') THEN NULL ELSE created + 900 END,
    jsonb_build_object('trigger', trigger, 'scheduledFor', CASE WHEN trigger = 'schedule' THEN created - 40 END, 'parentRunId', CASE WHEN trigger = 'parent' THEN 'generate_reports:parent-' || (n / 100) END),
    CASE WHEN n % 997 = 0 THEN 'run_backtest:manual:origin-' || n END, 'js_superjson'
  FROM (SELECT n, $1::bigint - n * ${SPACING_MS}::bigint AS created, ($2::text[])[1 + n % 23] AS flow, 'service_' || (n % 6) AS owner,
      ($2::text[])[1 + n % 23] || ':seed-' || n AS id, (ARRAY['schedule', 'schedule', 'schedule', 'event', 'manual', 'parent'])[1 + (n / 23) % 6] AS trigger,
      CASE WHEN n < 20 THEN 'ENQUEUED' WHEN n < 40 THEN 'PENDING' WHEN n % 25 = 0 THEN 'ERROR' WHEN n % 49 = 0 THEN 'CANCELLED' WHEN n % 5001 = 0 THEN 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' ELSE 'SUCCESS' END AS status
    FROM generate_series(0, $3::int - 1) AS n) AS seeded`;
const OUTPUTS = `INSERT INTO dbos.workflow_output (workflow_uuid, output, error)
  SELECT workflow_uuid, NULL, jsonb_build_object('__dbos_serializer', 'superjson', 'json', jsonb_build_object('name', 'AppError', 'code', 'BROKER_UNREACHABLE',
    'message', 'The broker does not answer at place ' || right(workflow_uuid, 5), 'stack', repeat('at somewhere (file:///app/services/execution/place.ts:10:20) ', 25)))::text
  FROM dbos.workflow_status WHERE status = 'ERROR'`;
const NOTES = `INSERT INTO flows.run_notes (run_id, done, total, cancel_requested_at, updated_at)
  SELECT workflow_uuid, 3, 3, CASE WHEN status = 'CANCELLED' THEN now() END, now() FROM dbos.workflow_status WHERE right(workflow_uuid, 1) IN ('1', '5', '7', '9')`;

/** Writes `count` runs, the newest now, and lets the planner look at them. */
export async function seedRuns(db: Sql, now: number, count: number): Promise<void> {
  await db.query(RUNS, [now, FLOW_NAMES, count]);
  await db.query(OUTPUTS);
  await db.query(NOTES);
  await db.query('ANALYZE dbos.workflow_status, dbos.workflow_output');
  await db.query('ANALYZE flows.run_notes');
}
