/** The equity curve, thinned by time so that a long range costs as many index look-ups as it shows points. */
import { CURVE_POINTS_MAX, type CurveRange } from '#app/contracts/http.ts';
import type { EquityPoint } from '#app/contracts/views.ts';
import { at, type Queryable } from '#chassis/db.ts';

/** Where each range begins, seen from the newest point `newest` (a timestamptz expression). 1D = its exchange day, from the last point before it, so that the change is the day's. */
const STARTS: Readonly<Record<CurveRange, string>> = {
  '1D': `(SELECT coalesce((SELECT max(ts_market) FROM analytics.equity_curve WHERE ts_market < today), today) FROM (SELECT date_trunc('day', newest AT TIME ZONE 'America/New_York') AT TIME ZONE 'America/New_York' AS today) day_start)`,
  '1W': `newest - interval '7 days'`, '1M': `newest - interval '1 month'`, '3M': `newest - interval '3 months'`, '1Y': `newest - interval '1 year'`, ALL: `(SELECT min(ts_market) FROM analytics.equity_curve)`,
};
/** A benchmark's close counts for a point when its bar closed at most this long before. */
const BENCHMARK = `(SELECT m.close::float8 FROM data_ingestion.market_data m WHERE m.symbol = $3 AND m.timeframe = '1Min' AND m.open_time < p.ts_market AND m.open_time >= p.ts_market - interval '15 minutes' ORDER BY m.open_time DESC LIMIT 1)`;

type Row = { ts: number; equity: number; benchmark: number | null };

/** Points of a range, oldest first; `isThinned` when only the last point of each interval is given. */
export async function readCurve(db: Queryable, range: CurveRange, benchmark: string): Promise<{ points: EquityPoint[]; isThinned: boolean; benchmark: string | null }> {
  const [span] = await db.query<{ from: number | null; to: number | null; count: number }>(`
    WITH head AS (SELECT max(ts_market) AS newest FROM analytics.equity_curve), span AS (SELECT ${STARTS[range]} AS start, newest FROM head)
    SELECT start AS "from", newest AS "to", (SELECT count(*)::int FROM (SELECT 1 FROM analytics.equity_curve WHERE ts_market >= start LIMIT ${CURVE_POINTS_MAX + 1}) probe) AS count FROM span`);
  if (!span || span.from === null || span.to === null) return { points: [], isThinned: false, benchmark: null };
  const isThinned = span.count > CURVE_POINTS_MAX;
  const [from, to] = [at(span.from), at(span.to)];
  const picked = isThinned
    ? `SELECT c.ts_market, c.equity FROM generate_series($1::timestamptz, $2::timestamptz, ($2::timestamptz - $1::timestamptz) / ${CURVE_POINTS_MAX - 1}) WITH ORDINALITY AS slot(slot_start, n),
         LATERAL (SELECT ts_market, equity FROM analytics.equity_curve WHERE ts_market >= slot_start AND ts_market < slot_start + ($2::timestamptz - $1::timestamptz) / ${CURVE_POINTS_MAX - 1} ORDER BY ts_market DESC LIMIT 1) c`
    : 'SELECT ts_market, equity FROM analytics.equity_curve WHERE ts_market >= $1::timestamptz AND ts_market <= $2::timestamptz';
  const rows = await db.query<Row>(`SELECT p.ts_market AS ts, p.equity::float8 AS equity, ${BENCHMARK} AS benchmark FROM (${picked}) p ORDER BY p.ts_market LIMIT ${CURVE_POINTS_MAX + 1}`, [from, to, benchmark]);
  return { points: rows.map((row) => [row.ts, row.equity, row.benchmark]), isThinned, benchmark: rows.some((row) => row.benchmark !== null) ? benchmark : null };
}

/** Points after an instant, oldest first (for the live push). */
export async function readCurveAfter(db: Queryable, afterMs: number, limit: number): Promise<EquityPoint[]> {
  const rows = await db.query<Row>(`SELECT p.ts_market AS ts, p.equity::float8 AS equity, ${BENCHMARK} AS benchmark FROM (SELECT ts_market, equity FROM analytics.equity_curve WHERE ts_market > $1 ORDER BY ts_market LIMIT $2) p ORDER BY p.ts_market`, [at(afterMs), limit, 'SPY']);
  return rows.map((row) => [row.ts, row.equity, row.benchmark]);
}

/** Market time of the newest point, 0 before the first. */
export async function readCurveHead(db: Queryable): Promise<number> {
  const rows = await db.query<{ ts: number | null }>('SELECT max(ts_market) AS ts FROM analytics.equity_curve');
  return rows[0]?.ts ?? 0;
}
