/** The equity curve: one point per market minute with bars, computed out of the book alone, so that it can be computed again. */
import { toText, money } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { at, type Queryable, type Tx } from '#chassis/db.ts';

/** A point as it was written; dollars as decimal text. shortValue <= 0. */
export type EquityPoint = { readonly tsMarket: EpochMs; readonly equity: string; readonly cash: string; readonly longValue: string; readonly shortValue: string; readonly dayPnl: string };

const WIDTH = `CASE i.timeframe WHEN '1Min' THEN interval '1 minute' WHEN '5Min' THEN interval '5 minutes' WHEN '15Min' THEN interval '15 minutes' WHEN '1Hour' THEN interval '1 hour' ELSE interval '1 day' END`;

/**
 * Equity just before each instant $1: today's cash and positions with the fills and the other entries of the ledger from that instant on undone, at the newest closes complete by then
 * (average cost where no bar is known). The day's result counts from risk's opening equity, else from the
 * last point before the day, else (the account's first day) from its first point. $2 is the day, $3 its midnight.
 */
const RECORD = `
  WITH minutes AS (SELECT unnest($1::timestamptz[]) AS m),
  series AS (
    SELECT p.symbol, p.qty, p.avg_price, i.timeframe, i.last_open_time, i.last_close, i.width
    FROM execution.positions p
    LEFT JOIN LATERAL (SELECT i.timeframe, i.last_open_time, i.last_close, ${WIDTH} AS width FROM data_ingestion.ingestion_status i WHERE i.symbol = p.symbol ORDER BY 4 LIMIT 1) i ON true
  ),
  later AS MATERIALIZED (
    SELECT t.symbol, t.ts_event, CASE t.side WHEN 'buy' THEN t.qty ELSE -t.qty END AS qty, CASE t.side WHEN 'buy' THEN -t.qty * t.price ELSE t.qty * t.price END - t.fee AS cash, t.price
    FROM execution.positions p JOIN LATERAL (SELECT * FROM execution.trades t WHERE t.symbol = p.symbol AND t.ts_event >= (SELECT min(m) FROM minutes)) t ON true
    UNION ALL SELECT e.symbol, e.ts_event, e.qty_change, e.cash_change, NULL FROM execution.ledger_entries e WHERE e.ts_event >= (SELECT min(m) FROM minutes)
  ),
  held AS (
    SELECT minutes.m, s.*, s.qty - coalesce((SELECT sum(l.qty) FROM later l WHERE l.symbol = s.symbol AND l.ts_event >= minutes.m), 0) AS then_qty FROM minutes CROSS JOIN series s
  ),
  valued AS (
    SELECT h.m, h.then_qty * coalesce(
      CASE WHEN h.last_open_time <= h.m - h.width THEN h.last_close ELSE (
        SELECT b.close FROM data_ingestion.market_data b WHERE b.symbol = h.symbol AND b.timeframe = h.timeframe AND b.open_time <= h.m - h.width ORDER BY b.open_time DESC LIMIT 1) END,
      h.avg_price, (SELECT l.price FROM later l WHERE l.symbol = h.symbol AND l.price IS NOT NULL LIMIT 1)) AS value
    FROM held h WHERE h.then_qty <> 0
  ),
  points AS (
    SELECT minutes.m, a.cash - coalesce((SELECT sum(l.cash) FROM later l WHERE l.ts_event >= minutes.m), 0) AS cash,
      coalesce((SELECT sum(v.value) FROM valued v WHERE v.m = minutes.m AND v.value > 0), 0) AS long_value, coalesce((SELECT sum(v.value) FROM valued v WHERE v.m = minutes.m AND v.value < 0), 0) AS short_value
    FROM minutes, execution.account_ledger a
  ),
  opening AS (
    SELECT coalesce(
      (SELECT equity FROM risk_management.day_open_equity WHERE day = $2::date),
      (SELECT equity FROM analytics.equity_curve WHERE ts_market <= $3 ORDER BY ts_market DESC LIMIT 1),
      (SELECT first.equity FROM (
        (SELECT ts_market AS m, equity FROM analytics.equity_curve WHERE ts_market > $3 ORDER BY ts_market LIMIT 1) UNION ALL (SELECT m, cash + long_value + short_value FROM points ORDER BY m LIMIT 1)) first ORDER BY first.m LIMIT 1)
    ) AS equity
  )
  INSERT INTO analytics.equity_curve AS c (ts_market, equity, cash, long_value, short_value, day_pnl)
  SELECT m, cash + long_value + short_value, cash, long_value, short_value, cash + long_value + short_value - opening.equity FROM points, opening
  ON CONFLICT (ts_market) DO UPDATE SET equity = excluded.equity, cash = excluded.cash, long_value = excluded.long_value, short_value = excluded.short_value, day_pnl = excluded.day_pnl, recorded_at = clock_timestamp()
  RETURNING ts_market AS "tsMarket", equity::text AS equity, cash::text AS cash, long_value::text AS "longValue", short_value::text AS "shortValue", day_pnl::text AS "dayPnl"`;

function byDay(minutes: readonly EpochMs[]): Map<string, EpochMs[]> {
  const days = new Map<string, EpochMs[]>();
  for (const minute of [...new Set(minutes)].sort((a, b) => a - b)) {
    // The instant before the close belongs to the bar's own day, at midnight too.
    const day = exchangeDay(epochMs(minute - 1));
    days.set(day, [...(days.get(day) ?? []), minute]);
  }
  return days;
}

/** Writes (or corrects) the points of these instants and returns the newest; null when there are none, or no account yet. Days in order, because a day begins where the one before ended. */
export async function recordEquity(tx: Tx, minutes: readonly EpochMs[]): Promise<EquityPoint | null> {
  let newest: EquityPoint | null = null;
  for (const [day, instants] of byDay(minutes)) {
    for (const point of await tx.query<EquityPoint>(RECORD, [instants.map(at), day, at(fromNewYork(day, 0))])) {
      if (newest === null || point.tsMarket > newest.tsMarket) newest = point;
    }
  }
  return newest;
}

/** Points that one late fill can make us correct; older ones keep the day's small error rather than hold the lane up. */
const MAX_CORRECTED = 2_000;

/** Instants of the points that a fill at `tsEvent` makes wrong: those after it that were recorded without it, newest first. */
export async function pointsAfter(db: Queryable, tsEvent: EpochMs): Promise<EpochMs[]> {
  const rows = await db.query<{ tsMarket: number }>(`SELECT ts_market AS "tsMarket" FROM analytics.equity_curve WHERE ts_market > $1 ORDER BY ts_market DESC LIMIT ${MAX_CORRECTED}`, [at(tsEvent)]);
  return rows.map((row) => epochMs(row.tsMarket));
}

/** Tells the newest point. `key` must be new for each batch: the same minute is recorded again as more of its bars arrive. */
export function tellEquity(tx: Tx, point: EquityPoint, key: string): void {
  const exact = (text: string): string => toText(money(text));
  const gross = toText(money(point.longValue).minus(point.shortValue));
  tx.emit({ topic: 'equity.recorded', key: `${point.tsMarket}:${key}`, correlationId: key, payload: { tsMarket: point.tsMarket, equity: exact(point.equity), cash: exact(point.cash), grossExposure: gross, dayPnl: exact(point.dayPnl) } });
}
