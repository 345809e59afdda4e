/** What the scheduler reads and writes: all schedules in one question, all decisions of a sweep in one transaction. */
import { deploymentSchema, type Deployment, type FlowName, type FlowSettings } from '#app/contracts/flows.ts';
import { MINUTE_MS, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import { scheduledRunId } from '#chassis/flows-wire.ts';
import type { SkippedTicks } from './decide.ts';
import { settingsInForce } from './settings.ts';

/** A deployment as the scheduler sees it. `begins`: since when its schedule holds, when it is another than at the last decision; else null. */
export type ScheduledFlow = {
  readonly deployment: Deployment; readonly settings: FlowSettings; readonly settingsProblem: string | null; readonly isPaused: boolean; readonly decidedUntil: EpochMs; readonly begins: EpochMs | null;
  /** Runs that wait or run, and one of them, for telling them from a given one. */
  readonly active: number; readonly activeRunId: string | null;
};

/** What a sweep decided about one flow. `ran`: ticks whose runs have begun or wait; `isRewound`: the clock was set back, and decisions begin again. */
export type DecidedFlow = { readonly flow: FlowName; readonly until: EpochMs; readonly isRewound: boolean; readonly schedule: FlowSettings['schedule']; readonly ran: readonly EpochMs[]; readonly skipped: readonly SkippedTicks[] };

/** The wall clock moved: by so many milliseconds more than time went by, negative when it was set back. */
export type ClockChange = { readonly noticedAt: number; readonly movedMs: number; readonly note: string };

/** Two orchestrators started by mistake write their decisions one after the other. */
const DECISIONS_LOCK = 4_200_001;
const CLOCK_CHANGES_KEPT = 200;

/** A schedule as `decided_schedule` keeps it. */
function keyOf(schedule: FlowSettings['schedule']): string {
  return schedule === null ? 'none' : JSON.stringify(schedule);
}

type Row = { definition: unknown; announced_at: number; is_paused: boolean; decided_until: number; decided_schedule: string | null; settings: unknown; changed_at: number | null; active: number; active_run_id: string | null };

function toScheduledFlow(row: Row): ScheduledFlow {
  const deployment = deploymentSchema.parse(row.definition);
  const { settings, isCustom, problem } = settingsInForce(deployment, row.settings);
  const hasChanged = row.decided_schedule !== null && row.decided_schedule !== keyOf(settings.schedule);
  const changedAt = isCustom ? (row.changed_at ?? row.announced_at) : Math.max(row.changed_at ?? 0, row.announced_at);
  // Settings that were of no use for a while come back with the time of their own change: what another schedule decided meanwhile stays decided.
  const begins = Math.max(changedAt, row.decided_until - MINUTE_MS) as EpochMs;
  return {
    deployment, settings, settingsProblem: problem, isPaused: row.is_paused, decidedUntil: row.decided_until as EpochMs, begins: hasChanged ? begins : null,
    active: row.active, activeRunId: row.active_run_id,
  };
}

/** Every deployment with its schedule and the runs of it that have not ended. A definition that cannot be read goes to `onUnreadable` and is left out. */
export async function loadSchedules(db: Queryable, onUnreadable: (error: unknown) => void): Promise<ScheduledFlow[]> {
  const rows = await db.query<Row>(
    `SELECT d.definition, d.announced_at, s.is_paused, s.decided_until, s.decided_schedule, s.settings, s.changed_at, coalesce(w.active, 0) AS active, w.active_run_id
     FROM flows.deployments d JOIN flows.schedules s ON s.flow = d.name
     LEFT JOIN (
       SELECT name, count(*)::int AS active, min(workflow_uuid) AS active_run_id FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'DELAYED', 'PENDING') GROUP BY name
     ) w ON w.name = d.name ORDER BY d.name`,
  );
  const flows: ScheduledFlow[] = [];
  for (const row of rows) {
    try {
      flows.push(toScheduledFlow(row));
    } catch (error) {
      onUnreadable(error);
    }
  }
  return flows;
}

/** Those of these ticks of a flow that have a run already. */
export async function loadTicksWithRun(db: Queryable, flow: FlowName, ticks: readonly EpochMs[]): Promise<Set<EpochMs>> {
  const tickOf = new Map(ticks.map((tick) => [scheduledRunId(flow, tick), tick]));
  const rows = await db.query<{ id: string }>('SELECT workflow_uuid AS id FROM dbos.workflow_status WHERE workflow_uuid = ANY($1::text[])', [[...tickOf.keys()]]);
  return new Set(rows.flatMap(({ id }) => tickOf.get(id) ?? []));
}

/**
 * Writes down a sweep. Decisions never go back, whoever writes last, unless the clock did. A tick has a run or a note that it was skipped, never both: notes
 * of ticks that run are taken back, no note is made for a tick that has a run, and notes of a future that has not come are forgotten.
 */
export async function saveDecisions(db: Db, decided: readonly DecidedFlow[], now: EpochMs): Promise<void> {
  if (decided.length === 0) return;
  const ran = decided.flatMap(({ flow, ran: ticks }) => ticks.map((tick) => ({ flow, tick: at(tick) })));
  const skipped = decided.flatMap(({ flow, skipped: notes }) => notes.map((note) => ({ flow, tick: note.newest, ...note })));
  await db.tx(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [DECISIONS_LOCK]);
    await tx.query(
      `UPDATE flows.schedules s SET decided_until = CASE WHEN v.is_rewound THEN v.until ELSE greatest(s.decided_until, v.until) END, decided_schedule = v.schedule
       FROM unnest($1::text[], $2::timestamptz[], $3::boolean[], $4::text[]) AS v(flow, until, is_rewound, schedule) WHERE s.flow = v.flow`,
      [decided.map((entry) => entry.flow), decided.map((entry) => at(entry.until)), decided.map((entry) => entry.isRewound), decided.map((entry) => keyOf(entry.schedule))],
    );
    const rewound = decided.filter((entry) => entry.isRewound).map((entry) => entry.flow);
    if (rewound.length > 0) await tx.query('DELETE FROM flows.skipped_ticks WHERE flow = ANY($1::text[]) AND scheduled_for > $2', [rewound, at(now)]);
    if (ran.length > 0) {
      await tx.query('DELETE FROM flows.skipped_ticks t USING unnest($1::text[], $2::timestamptz[]) AS v(flow, tick) WHERE t.flow = v.flow AND t.scheduled_for = v.tick', [ran.map((entry) => entry.flow), ran.map((entry) => entry.tick)]);
    }
    if (skipped.length > 0) {
      await tx.query(
        `INSERT INTO flows.skipped_ticks (flow, scheduled_for, missed_count, reason, recorded_at)
         SELECT v.flow, v.tick, v.missed_count, v.reason, $6 FROM unnest($1::text[], $2::timestamptz[], $3::int[], $4::text[], $5::text[]) AS v(flow, tick, missed_count, reason, run_id)
         WHERE NOT EXISTS (SELECT FROM dbos.workflow_status ws WHERE ws.workflow_uuid = v.run_id) ON CONFLICT (flow, scheduled_for) DO NOTHING`,
        [skipped.map((entry) => entry.flow), skipped.map((entry) => at(entry.tick)), skipped.map((entry) => entry.missedCount), skipped.map((entry) => entry.reason), skipped.map((entry) => scheduledRunId(entry.flow, entry.tick)), at(now)],
      );
    }
  });
}

/** Remembers that the wall clock moved. */
export async function saveClockChange(db: Queryable, change: ClockChange): Promise<void> {
  await db.query(
    `WITH added AS (INSERT INTO flows.clock_changes (noticed_at, moved_ms, note) VALUES ($1, $2, $3) RETURNING id)
     DELETE FROM flows.clock_changes WHERE id <= (SELECT id FROM added) - $4::bigint`,
    [at(change.noticedAt), change.movedMs, change.note, CLOCK_CHANGES_KEPT],
  );
}

/** The newest change of the clock, null when none was noticed. */
export async function loadClockChange(db: Queryable): Promise<ClockChange | null> {
  const [row] = await db.query<ClockChange>('SELECT noticed_at AS "noticedAt", moved_ms AS "movedMs", note FROM flows.clock_changes ORDER BY id DESC LIMIT 1');
  return row ?? null;
}

/** A change of the clock in words: "The clock was set back by 60 min (noticed at ...)". */
export function describeClockChange(movedMs: number, noticedAt: number): string {
  const minutes = Math.abs(movedMs) / 60_000;
  const size = minutes >= 2_880 ? `${Math.round(minutes / 1_440)} days` : minutes >= 2 ? `${Math.round(minutes)} min` : `${Math.round(Math.abs(movedMs) / 1_000)} s`;
  const when = toRfc3339(noticedAt as EpochMs).slice(0, 19);
  return movedMs < 0
    ? `The clock was set back by ${size} (noticed at ${when}Z): schedules go on from the new time; a time that had its run does not run again`
    : `The clock went on by ${size} while no time passed here (noticed at ${when}Z): sleep, or a clock that was set forward; each flow made up for what it missed as it is set`;
}
