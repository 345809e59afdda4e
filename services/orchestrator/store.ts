/** The orchestrator's own tables (schema flows): deployments, schedules, skipped ticks, and what runs report. */
import { MAX_INSTANT } from '#app/contracts/flow-schedules.ts';
import { deploymentSchema, FLOW_OWNERS, type Deployment, type FlowName, type RunLogLine } from '#app/contracts/flows.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { Announcement, RunReport } from '#chassis/flows-wire.ts';
import { plainJson, plainText } from '#chassis/plain-text.ts';

/** A deployment with its schedule's state. `storedSettings`: what a person set, as it is stored (`settingsInForce` reads it), null = nothing. */
export type StoredDeployment = { readonly deployment: Deployment; readonly announcedAt: number; readonly isPaused: boolean; readonly storedSettings: unknown };
/** A tick that got no run. */
export type SkippedTick = { readonly flow: FlowName; readonly scheduledFor: number; readonly missedCount: number; readonly reason: string; readonly recordedAt: number };
/** The newest attempt of a step. */
export type StepNote = { readonly stepIndex: number; readonly name: string; readonly attempt: number; readonly startedAt: number | null; readonly error: string | null; readonly nextAttemptAt: number | null; readonly childRunId: string | null };
/** Which skipped ticks to read. `search` is a pattern of LIKE; `before` a run of the list. */
export type SkippedQuery = { readonly flow: FlowName | null; readonly owner: ServiceId | null; readonly from: number | null; readonly to: number | null; readonly before: { readonly moment: number; readonly runId: string } | null; readonly search: string | null; readonly limit: number };

const MAX_LINES_SHOWN = 1_000;

/** Writes down a service's flows; those it no longer names are withdrawn. A new schedule begins now: ticks before it were never promised. */
export async function saveAnnouncement(tx: Queryable, announcement: Announcement, now: EpochMs): Promise<void> {
  const names = announcement.deployments.map((deployment) => deployment.name);
  await tx.query('DELETE FROM flows.deployments WHERE owner = $1 AND name <> ALL($2::text[])', [announcement.owner, names]);
  for (const deployment of announcement.deployments) {
    await tx.query(
      `INSERT INTO flows.deployments (name, owner, definition, announced_at) VALUES ($1, $2, $3::json, $4)
       ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, definition = excluded.definition, announced_at = excluded.announced_at`,
      [deployment.name, deployment.owner, JSON.stringify(deployment), at(now)],
    );
    await tx.query('INSERT INTO flows.schedules (flow, decided_until) VALUES ($1, $2) ON CONFLICT (flow) DO NOTHING', [deployment.name, at(now)]);
  }
}

const DEPLOYMENTS = `SELECT d.definition, d.announced_at, s.is_paused, s.settings FROM flows.deployments d JOIN flows.schedules s ON s.flow = d.name`;
type DeploymentRow = { definition: unknown; announced_at: number; is_paused: boolean; settings: unknown };

/** What an older version announced may not be readable any more: it counts as not announced until its service speaks again, at its start. */
function toStored(row: DeploymentRow): StoredDeployment[] {
  const deployment = deploymentSchema.safeParse(row.definition);
  if (!deployment.success) return [];
  return [{ deployment: deployment.data, announcedAt: row.announced_at, isPaused: row.is_paused, storedSettings: row.settings }];
}

/** All deployments, by name. */
export async function loadDeployments(db: Queryable): Promise<StoredDeployment[]> {
  const rows = await db.query<DeploymentRow>(`${DEPLOYMENTS} ORDER BY d.name`);
  return rows.flatMap(toStored);
}

/** One deployment, null when it was never announced. */
export async function loadDeployment(db: Queryable, name: FlowName): Promise<StoredDeployment | null> {
  const rows = await db.query<DeploymentRow>(`${DEPLOYMENTS} WHERE d.name = $1`, [name]);
  return rows.flatMap(toStored)[0] ?? null;
}

/** Stops a schedule, or lets it go on from now: the ticks of the pause were not wanted and are not missed. */
export async function setPaused(db: Queryable, flow: FlowName, isPaused: boolean, now: EpochMs): Promise<void> {
  await db.query(
    `UPDATE flows.schedules SET is_paused = $2, paused_at = CASE WHEN $2 THEN coalesce(paused_at, $3::timestamptz) END,
       decided_until = CASE WHEN is_paused AND NOT $2 THEN greatest(decided_until, $3::timestamptz) ELSE decided_until END WHERE flow = $1`,
    [flow, isPaused, at(now)],
  );
}

const SKIPPED = `SELECT flow, scheduled_for AS "scheduledFor", missed_count AS "missedCount", reason, recorded_at AS "recordedAt" FROM flows.skipped_ticks`;
// The id under which a list shows the tick, as `scheduledRunId` makes it.
const SKIPPED_ID = `flow || ':' || to_char(scheduled_for AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
// A clock that was set back and a scheduler that died in the moment after can leave a note beside the run: the run is what happened.
const HAS_NO_RUN = `NOT EXISTS (SELECT FROM dbos.workflow_status ws WHERE ws.workflow_uuid = ${SKIPPED_ID})`;

/** The skipped tick that a list shows under an id, null when there is none. */
export async function findSkipped(db: Queryable, runId: string): Promise<SkippedTick | null> {
  const [flow = '', ...time] = runId.split(':');
  const scheduledFor = Date.parse(time.join(':'));
  if (!Object.hasOwn(FLOW_OWNERS, flow) || !(scheduledFor >= 0 && scheduledFor <= MAX_INSTANT)) return null;
  const [tick] = await db.query<SkippedTick>(`${SKIPPED} WHERE flow = $1 AND scheduled_for = $2 AND ${SKIPPED_ID} = $3 AND ${HAS_NO_RUN}`, [flow, at(scheduledFor), runId]);
  return tick ?? null;
}

/** Skipped ticks, newest first. */
export async function loadSkipped(db: Queryable, query: SkippedQuery): Promise<SkippedTick[]> {
  const flows = Object.entries(FLOW_OWNERS).filter(([name, owner]) => (query.flow ?? name) === name && (query.owner ?? owner) === owner).map(([name]) => name);
  const conditions = ['flow = ANY($1::text[])', HAS_NO_RUN];
  const params: unknown[] = [flows];
  const param = (value: unknown): string => `$${params.push(value)}`;
  if (query.from !== null) conditions.push(`scheduled_for >= ${param(at(query.from))}`);
  if (query.to !== null) conditions.push(`scheduled_for <= ${param(at(query.to))}`);
  if (query.before) conditions.push(`(scheduled_for, ${SKIPPED_ID}) < (${param(at(query.before.moment))}::timestamptz, ${param(query.before.runId)})`);
  if (query.search !== null) {
    const pattern = param(query.search);
    conditions.push(`(${SKIPPED_ID} ILIKE ${pattern} OR reason ILIKE ${pattern})`);
  }
  return db.query<SkippedTick>(
    `${SKIPPED} WHERE ${conditions.join(' AND ')} ORDER BY scheduled_for DESC, flow DESC LIMIT ${param(query.limit)}`,
    params,
  );
}

type ReportOf<K extends RunReport['kind']> = Extract<RunReport, { kind: K }>;

function reportsOf<K extends RunReport['kind']>(reports: readonly RunReport[], kind: K): ReportOf<K>[] {
  return reports.filter((report): report is ReportOf<K> => report.kind === kind);
}

/** The newest of those that speak of the same thing: one statement writes a row once. */
function newestOf<T extends { readonly at: number }>(reports: readonly T[], keyOf: (report: T) => string): T[] {
  const newest = new Map<string, T>();
  for (const report of reports) if ((newest.get(keyOf(report))?.at ?? -Infinity) <= report.at) newest.set(keyOf(report), report);
  return [...newest.values()];
}

/** Writes reports of running flows; repeating a report changes nothing, an older one never replaces a newer. */
export async function saveReports(tx: Queryable, reports: readonly RunReport[]): Promise<void> {
  await saveLines(tx, reportsOf(reports, 'log'));
  await saveProgress(tx, newestOf(reportsOf(reports, 'progress'), (report) => report.runId));
  await saveAttempts(tx, reportsOf(reports, 'attempt'));
}

async function saveLines(tx: Queryable, lines: readonly ReportOf<'log'>[]): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(
    `INSERT INTO flows.run_logs (run_id, line_id, at, level, message, fields)
     SELECT run_id, line_id, at, level, message, fields::jsonb FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS line (run_id, line_id, at, level, message, fields, n)
     ORDER BY n ON CONFLICT (run_id, line_id) DO NOTHING`,
    [lines.map((line) => line.runId), lines.map((line) => line.lineId), lines.map((line) => at(line.at)), lines.map((line) => line.level), lines.map((line) => plainText(line.message)), lines.map((line) => (line.fields === null ? null : plainJson(line.fields)))],
  );
}

async function saveProgress(tx: Queryable, reports: readonly ReportOf<'progress'>[]): Promise<void> {
  if (reports.length === 0) return;
  await tx.query(
    `INSERT INTO flows.run_notes (run_id, done, total, updated_at) SELECT * FROM unnest($1::text[], $2::float8[], $3::float8[], $4::timestamptz[])
     ON CONFLICT (run_id) DO UPDATE SET done = excluded.done, total = excluded.total, updated_at = excluded.updated_at WHERE run_notes.done IS NULL OR run_notes.updated_at <= excluded.updated_at`,
    [reports.map((report) => report.runId), reports.map((report) => report.done), reports.map((report) => report.total), reports.map((report) => at(report.at))],
  );
}

async function saveAttempts(tx: Queryable, reports: readonly ReportOf<'attempt'>[]): Promise<void> {
  if (reports.length === 0) return;
  const keyOf = (report: ReportOf<'attempt'>): string => `${report.stepIndex}:${report.runId}`;
  // A step began with the first of its attempts, whichever of them is the newest here.
  const began = new Map<string, number>();
  for (const report of reports) began.set(keyOf(report), Math.min(began.get(keyOf(report)) ?? Infinity, report.at));
  const newest = newestOf(reports, keyOf);
  await tx.query(
    `INSERT INTO flows.step_notes (run_id, step_index, name, attempt, started_at, error, next_attempt_at, updated_at, child_run_id)
     SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::text[])
     ON CONFLICT (run_id, step_index) DO UPDATE SET name = excluded.name, attempt = excluded.attempt, started_at = coalesce(step_notes.started_at, excluded.started_at),
       error = excluded.error, next_attempt_at = excluded.next_attempt_at, updated_at = excluded.updated_at, child_run_id = excluded.child_run_id WHERE step_notes.updated_at <= excluded.updated_at`,
    [
      newest.map((report) => report.runId), newest.map((report) => report.stepIndex), newest.map((report) => plainText(report.name)), newest.map((report) => report.attempt), newest.map((report) => at(began.get(keyOf(report)) ?? report.at)),
      newest.map((report) => (report.error === null ? null : plainText(report.error))), newest.map((report) => (report.nextAttemptAt === null ? null : at(report.nextAttemptAt))), newest.map((report) => at(report.at)), newest.map((report) => report.childRunId),
    ],
  );
}

/** Remembers that a person asked for the end of runs: what tells a cancelled run from one whose time was up. */
export async function saveCancelRequests(db: Queryable, runIds: readonly string[], now: EpochMs): Promise<void> {
  await db.query(
    `INSERT INTO flows.run_notes (run_id, cancel_requested_at, updated_at) SELECT run_id, $2, $2 FROM unnest($1::text[]) AS run_id
     ON CONFLICT (run_id) DO UPDATE SET cancel_requested_at = coalesce(run_notes.cancel_requested_at, excluded.cancel_requested_at)`,
    [runIds, at(now)],
  );
}

/** Notes of the steps of a run, by index. */
export async function loadStepNotes(db: Queryable, runId: string): Promise<StepNote[]> {
  return db.query<StepNote>(
    `SELECT step_index AS "stepIndex", name, attempt, started_at AS "startedAt", error, next_attempt_at AS "nextAttemptAt", child_run_id AS "childRunId" FROM flows.step_notes WHERE run_id = $1 ORDER BY step_index`,
    [runId],
  );
}

const LOG_COLUMNS = 'seq, at, level, message, fields';

/** The log of a run in the order in which it was told; the newest 1,000 lines. */
export async function loadLogs(db: Queryable, runId: string): Promise<RunLogLine[]> {
  const rows = await db.query<RunLogLine>(`SELECT ${LOG_COLUMNS} FROM flows.run_logs WHERE run_id = $1 ORDER BY seq DESC LIMIT $2`, [runId, MAX_LINES_SHOWN]);
  return rows.reverse();
}

/** What a run told after a line; the oldest 1,000 lines of it. */
export async function loadLogsAfter(db: Queryable, runId: string, afterSeq: number): Promise<RunLogLine[]> {
  return db.query<RunLogLine>(`SELECT ${LOG_COLUMNS} FROM flows.run_logs WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, [runId, afterSeq, MAX_LINES_SHOWN]);
}

/** Removes what was written about runs that are gone. */
export async function deleteNotes(tx: Queryable, runIds: readonly string[]): Promise<void> {
  for (const table of ['run_notes', 'step_notes', 'run_logs']) await tx.query(`DELETE FROM flows.${table} WHERE run_id = ANY($1::text[])`, [runIds]);
}

/** Removes skipped ticks recorded before an instant. */
export async function deleteSkipped(db: Queryable, before: EpochMs): Promise<void> {
  await db.query('DELETE FROM flows.skipped_ticks WHERE recorded_at < $1', [at(before)]);
}
