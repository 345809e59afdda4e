/** A day's lines in figures: how many, which errors, which parts started, what took longest. */
import type { Db, Queryable } from '#chassis/db.ts';

const TOP = 20;

/** What a day came to. Times in epoch ms, durations in ms. A part's `starts` beyond the first of a day are restarts. */
export type DaySummary = {
  readonly day: string; readonly lines: number;
  readonly units: readonly { readonly unit: string; readonly lines: number; readonly warnings: number; readonly errors: number; readonly starts: number }[];
  readonly errors: readonly { readonly unit: string; readonly level: string; readonly message: string; readonly count: number; readonly firstAt: number; readonly lastAt: number }[];
  readonly slowest: readonly { readonly unit: string; readonly name: string; readonly count: number; readonly maxMs: number; readonly meanMs: number }[];
};

const BOUNDS = `at >= $1::date::timestamp AT TIME ZONE 'America/New_York' AND at < ($1::date + 1)::timestamp AT TIME ZONE 'America/New_York'`;
const LINES = ['system_logs', 'trading_logs', 'performance_logs'].map((table) => `SELECT at, unit, level, severity, message FROM logging.${table} WHERE ${BOUNDS}`).join(' UNION ALL ');

const UNITS = `
  SELECT unit, count(*) AS lines, count(*) FILTER (WHERE severity = 40) AS warnings, count(*) FILTER (WHERE severity >= 50) AS errors, count(*) FILTER (WHERE message IN ('Ready', 'database system is ready to accept connections', 'Server initialized')) AS starts
  FROM (${LINES}) l GROUP BY unit ORDER BY unit`;
/** Errors first, then warnings; the same message with other numbers in it is the same trouble. */
const ERRORS = `
  SELECT unit, level, min(left(message, 300)) AS message, count(*) AS count, min(at) AS "firstAt", max(at) AS "lastAt"
  FROM (${LINES}) l WHERE severity >= 40 GROUP BY unit, level, severity, regexp_replace(left(message, 300), '[0-9]+', '#', 'g') ORDER BY severity DESC, count(*) DESC, unit LIMIT ${TOP}`;
const SLOWEST = `
  SELECT unit, name, count(*) AS count, max(value) AS "maxMs", round(avg(value)::numeric, 1)::float8 AS "meanMs" FROM logging.performance_logs WHERE ${BOUNDS} GROUP BY unit, name ORDER BY max(value) DESC, unit, name LIMIT ${TOP}`;

/** The day before an instant, in New York. */
export async function dayBefore(db: Queryable, at: string): Promise<string> {
  const [row] = await db.query<{ day: string }>(`SELECT (($1::timestamptz AT TIME ZONE 'America/New_York')::date - 1) AS day`, [at]);
  return row?.day ?? '';
}

/** Counts a day and keeps the result; counting it again replaces it. */
export async function summariseDay(db: Db, day: string, runId: string): Promise<DaySummary> {
  return db.tx(async (tx) => {
    // A busy day has many lines, and this runs at night.
    await tx.query(`SET LOCAL statement_timeout = '120s'`);
    const units = await tx.query<DaySummary['units'][number]>(UNITS, [day]);
    const errors = await tx.query<DaySummary['errors'][number]>(ERRORS, [day]);
    const slowest = await tx.query<DaySummary['slowest'][number]>(SLOWEST, [day]);
    const summary = { day, lines: units.reduce((sum, unit) => sum + unit.lines, 0), units, errors, slowest };
    await tx.query(
      `INSERT INTO logging.daily_summaries (day, run_id, lines, summary) VALUES ($1::date, $2, $3, $4::jsonb) ON CONFLICT (day) DO UPDATE SET run_id = excluded.run_id, lines = excluded.lines, summary = excluded.summary, made_at = clock_timestamp()`,
      [day, runId, summary.lines, JSON.stringify({ units, errors, slowest })],
    );
    return summary;
  });
}
