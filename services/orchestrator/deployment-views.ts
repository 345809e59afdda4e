/** Deployments as pages show them: settings in force, next ticks, last and recent runs, queue, health; and how each day went. */
import type * as z from 'zod';
import { describeSchedule } from '#app/contracts/flow-schedules.ts';
import { FLOW_NAMES, type DeploymentView, type FlowDay, type FlowName, type FlowRun, type schedulePreviewSchema } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, formatDate, type EpochMs } from '#app/domain/time.ts';
import { fromNewYorkDay, newYorkDayNumber } from '#app/market/nyse-zone.ts';
import type { DeploymentParts } from './deployments.ts';
import { healthOf } from './health.ts';
import { toFlowRuns, type RunReader } from './runs.ts';
import { defaultsOf, settingsInForce } from './settings.ts';
import { ACTIVE_STATUSES, ALIVE_SQL, MOMENT_SQL, RUN_COLUMNS, RUN_SOURCE, type RunRow } from './states.ts';
import { loadDeployments, type StoredDeployment } from './store.ts';
import { nextTicks, parseSchedule, whyNever } from './triggers.ts';

/** What views need. */
type ViewParts = RunReader & Pick<DeploymentParts, 'market'>;

const NEXT_RUNS = 5;
const RECENT_RUNS = 30;

type QueueRow = { readonly flow: string; readonly queued: number; readonly running: number; readonly oldest: number | null };
/** What is known of the runs of all flows. */
type RunsOfFlows = { readonly queues: ReadonlyMap<string, QueueRow>; readonly recent: ReadonlyMap<string, readonly RunRow[]>; readonly last: ReadonlyMap<string, FlowRun>; /** The error of each flow's newest failed run. */ readonly lastErrors: ReadonlyMap<string, string | null> };

/** The newest runs of each flow by one order, at most `limit` of each. */
function newestOfEach(condition: string, order: string, limit: number): string {
  return `WITH ${ALIVE_SQL} SELECT run.* FROM unnest($2::text[]) AS wanted (name) CROSS JOIN LATERAL
    (SELECT ${RUN_COLUMNS} FROM ${RUN_SOURCE} WHERE ws.name = wanted.name AND ${condition} ORDER BY ${order} LIMIT ${limit}) AS run`;
}
const RECENT_SQL = newestOfEach('ws.completed_at IS NOT NULL', 'ws.completed_at DESC', RECENT_RUNS);
const LAST_SQL = newestOfEach('true', `${MOMENT_SQL} DESC, ws.workflow_uuid DESC`, 1);
const QUEUES_SQL = `SELECT name AS flow, count(*) FILTER (WHERE status <> 'PENDING') AS queued, count(*) FILTER (WHERE status = 'PENDING') AS running, min(created_at) FILTER (WHERE status = 'ENQUEUED') AS oldest
  FROM dbos.workflow_status WHERE status = ANY($1::text[]) GROUP BY name`;

function byFlow(rows: readonly RunRow[]): Map<string, RunRow[]> {
  const groups = new Map<string, RunRow[]>();
  for (const row of rows) groups.set(row.flow, [...(groups.get(row.flow) ?? []), row]);
  return groups;
}

async function loadRunsOfFlows(parts: RunReader): Promise<RunsOfFlows> {
  const params = [parts.clock.now(), FLOW_NAMES];
  const [queues, recent, last] = await Promise.all([
    parts.db.query<QueueRow>(QUEUES_SQL, [ACTIVE_STATUSES]), parts.db.query<RunRow>(RECENT_SQL, params), parts.db.query<RunRow>(LAST_SQL, params),
  ]);
  const recentByFlow = byFlow(recent);
  const failed = [...recentByFlow.values()].flatMap((rows) => rows.find((row) => row.state === 'FAILED' || row.state === 'CRASHED') ?? []);
  const [lastRuns, failedRuns] = await Promise.all([toFlowRuns(parts.db, last), toFlowRuns(parts.db, failed)]);
  return {
    queues: new Map(queues.map((row) => [row.flow, row])), recent: recentByFlow, last: new Map(lastRuns.map((run) => [run.flow, run])), lastErrors: new Map(failedRuns.map((run) => [run.flow, run.error])),
  };
}

function toView(stored: StoredDeployment, runs: RunsOfFlows, parts: ViewParts): DeploymentView {
  const { deployment, storedSettings, isPaused, announcedAt } = stored;
  const { settings, isCustom, problem } = settingsInForce(deployment, storedSettings);
  const recent = runs.recent.get(deployment.name) ?? [];
  const queue = runs.queues.get(deployment.name);
  const [running, oldestQueuedAt] = [queue?.running ?? 0, queue?.oldest ?? null];
  const now = parts.clock.now();
  const never = settings.schedule ? whyNever(settings.schedule, parts.market, now) : null;
  return {
    ...deployment, ...settings, isPaused, announcedAt, defaults: defaultsOf(deployment), isCustom,
    scheduleText: settings.schedule ? describeSchedule(settings.schedule, parts.market) : null,
    nextRunsAt: settings.schedule && !isPaused && never === null ? nextTicks(settings.schedule, parts.market, now, NEXT_RUNS) : [],
    lastRun: runs.last.get(deployment.name) ?? null,
    recent: recent.toReversed().map((row) => ({ runId: row.runId, state: row.state, at: row.endedAt ?? row.createdAt, tookMs: row.startedAt === null || row.endedAt === null ? null : Math.max(0, row.endedAt - row.startedAt) })),
    ...healthOf({ owner: deployment.owner, isPaused, running, oldestQueuedAt, recent, lastError: runs.lastErrors.get(deployment.name) ?? null, never, settingsProblem: problem }, now),
    queued: queue?.queued ?? 0, running, oldestQueuedAt,
  };
}

/** All deployments, in the order of mission M2. */
export async function viewDeployments(parts: ViewParts): Promise<DeploymentView[]> {
  const [stored, runs] = await Promise.all([loadDeployments(parts.db), loadRunsOfFlows(parts)]);
  const place = (view: StoredDeployment): number => FLOW_NAMES.indexOf(view.deployment.name);
  return stored.sort((a, b) => place(a) - place(b)).map((entry) => toView(entry, runs, parts));
}

type DayRow = { readonly flow: FlowName; readonly day: number; readonly completed: number; readonly failed: number; readonly other: number; readonly p50Ms: number | null; readonly p95Ms: number | null; readonly maxLatenessMs: number | null };

const TOOK_SQL = `run."endedAt" - run."startedAt"`;
const DAYS_SQL = `WITH ${ALIVE_SQL}, run AS (SELECT ${RUN_COLUMNS} FROM ${RUN_SOURCE} WHERE ws.completed_at >= $3)
  SELECT flow, width_bucket("endedAt", $2::bigint[]) AS day, count(*) FILTER (WHERE state = 'COMPLETED') AS completed, count(*) FILTER (WHERE state IN ('FAILED', 'CRASHED')) AS failed,
    count(*) FILTER (WHERE state NOT IN ('COMPLETED', 'FAILED', 'CRASHED')) AS other, percentile_cont(0.5) WITHIN GROUP (ORDER BY ${TOOK_SQL}) FILTER (WHERE state = 'COMPLETED') AS "p50Ms",
    percentile_cont(0.95) WITHIN GROUP (ORDER BY ${TOOK_SQL}) FILTER (WHERE state = 'COMPLETED') AS "p95Ms",
    max(greatest(0, "startedAt" - "scheduledFor")) FILTER (WHERE trigger = 'schedule' AND "startedAt" IS NOT NULL) AS "maxLatenessMs"
  FROM run WHERE flow = ANY($4::text[]) GROUP BY flow, day ORDER BY flow, day`;

/** How each flow fared on each of the last days in New York, today included. Durations are those of completed runs. Days without ended runs are left out. */
export async function viewFlowDays(parts: RunReader, days: number): Promise<FlowDay[]> {
  const now = parts.clock.now();
  const first = newYorkDayNumber(now) - days + 1;
  const starts = Array.from({ length: days }, (_, n) => fromNewYorkDay(first + n, 0));
  const rows = await parts.db.query<DayRow>(DAYS_SQL, [now, starts, starts[0], FLOW_NAMES]);
  return rows.map(({ day, ...row }) => ({ ...row, day: formatDate(civilFromDays(first + day - 1)), p50Ms: row.p50Ms === null ? null : Math.round(row.p50Ms), p95Ms: row.p95Ms === null ? null : Math.round(row.p95Ms) }));
}

/** What a schedule would do, or what is wrong with it. */
export function previewSchedule(parts: ViewParts, value: unknown): z.infer<typeof schedulePreviewSchema> {
  try {
    const schedule = parseSchedule(value);
    const now: EpochMs = parts.clock.now();
    return { text: describeSchedule(schedule, parts.market), nextRunsAt: nextTicks(schedule, parts.market, now, NEXT_RUNS), problem: whyNever(schedule, parts.market, now) };
  } catch (error) {
    if (!(error instanceof AppError) || error.family !== 'invalid') throw error;
    return { text: null, nextRunsAt: [], problem: error.message };
  }
}
