/** One exchange day out of the book: account, positions with what the day did to them, fills, and what went wrong. */
import type { Queryable } from '#chassis/db.ts';

/** Decimal text is dollars or shares; null = not known. */
export type AccountDay = { readonly equity: string; readonly cash: string; readonly opening: string; readonly pnl: string; readonly pnlFraction: number | null; readonly asOf: number };
/** A symbol on the day: held at its end or traded in it. `dayPnl` is after fees and includes what was closed. */
export type SymbolDay = { readonly symbol: string; readonly qty: string; readonly avgPrice: string | null; readonly lastPrice: string | null; readonly value: string | null; readonly dayPnl: string | null; readonly fills: number };
/** What was traded. */
export type TradeDay = { readonly fills: number; readonly bought: string; readonly sold: string; readonly fees: string };
/** Something that went wrong or needs to be known. */
export type Incident = { readonly at: number; readonly severity: 'info' | 'warning' | 'critical'; readonly what: string; readonly detail: string };
/** The day. */
export type Day = { readonly day: string; readonly account: AccountDay | null; readonly symbols: readonly SymbolDay[]; readonly trades: TradeDay; readonly incidents: readonly Incident[]; readonly incidentsTotal: number };

const INCIDENTS_MAX = 20;

/** The bounds of a civil day in New York. */
const BOUNDS = `SELECT ($1::date::timestamp AT TIME ZONE 'America/New_York') AS begins, (($1::date + 1)::timestamp AT TIME ZONE 'America/New_York') AS ends`;

/** The last point of the day against the last one before it; on the first day against its own first point. */
const ACCOUNT = `
  WITH bounds AS (${BOUNDS}),
  closing AS (SELECT c.* FROM bounds, LATERAL (SELECT equity, cash, ts_market FROM analytics.equity_curve WHERE ts_market >= begins AND ts_market < ends ORDER BY ts_market DESC LIMIT 1) c),
  opening AS (SELECT coalesce((SELECT equity FROM analytics.equity_curve, bounds WHERE ts_market < begins ORDER BY ts_market DESC LIMIT 1), (SELECT equity FROM analytics.equity_curve, bounds WHERE ts_market >= begins ORDER BY ts_market LIMIT 1)) AS equity)
  SELECT round(closing.equity, 2)::text AS equity, round(closing.cash, 2)::text AS cash, round(opening.equity, 2)::text AS opening, round(closing.equity - opening.equity, 2)::text AS pnl,
    ((closing.equity - opening.equity) / nullif(opening.equity, 0))::float8 AS "pnlFraction", closing.ts_market AS "asOf"
  FROM closing, opening`;

/** The newest close known at an instant; of one moment the finest bar counts. */
const priceAt = (instant: string): string => `
  (SELECT m.close FROM unnest(ARRAY['1Min', '5Min', '15Min', '1Hour', '1Day'], ARRAY[1, 5, 15, 60, 1440]) AS f(timeframe, minutes),
    LATERAL (SELECT b.close, b.open_time + f.minutes * interval '1 minute' AS closed_at FROM data_ingestion.market_data b WHERE b.symbol = s.symbol AND b.timeframe = f.timeframe AND b.open_time < ${instant} AND b.open_time >= ${instant} - interval '14 days' ORDER BY b.open_time DESC LIMIT 1) m
   ORDER BY m.closed_at DESC, f.minutes LIMIT 1)`;

/**
 * The day's profit of a symbol: what is held at the end at its last price, less what was held at the beginning at the last price before, plus the
 * cash that its fills brought, less fees. Positions of the day's end are today's less what was traded since.
 */
const SYMBOLS = `
  WITH bounds AS (${BOUNDS}),
  moves AS (
    SELECT symbol, count(*) FILTER (WHERE ts_event < ends)::int AS fills,
      coalesce(sum(CASE side WHEN 'buy' THEN qty ELSE -qty END) FILTER (WHERE ts_event < ends), 0) AS qty, coalesce(sum(CASE side WHEN 'buy' THEN -qty * price ELSE qty * price END - fee) FILTER (WHERE ts_event < ends), 0) AS cash,
      coalesce(sum(CASE side WHEN 'buy' THEN qty ELSE -qty END) FILTER (WHERE ts_event >= ends), 0) AS later_qty
    FROM execution.trades, bounds WHERE ts_event >= begins GROUP BY symbol
  ),
  s AS (
    SELECT symbol, coalesce(p.qty, 0) - coalesce(m.later_qty, 0) AS qty, coalesce(p.qty, 0) - coalesce(m.later_qty, 0) - coalesce(m.qty, 0) AS opening_qty, p.avg_price, coalesce(m.cash, 0) AS cash, coalesce(m.fills, 0) AS fills
    FROM execution.positions p FULL JOIN moves m USING (symbol)
  ),
  priced AS (SELECT s.*, ${priceAt('bounds.ends')} AS last_price, CASE WHEN s.opening_qty <> 0 THEN ${priceAt('bounds.begins')} ELSE 0 END AS first_price FROM s, bounds WHERE s.qty <> 0 OR s.fills > 0 OR s.opening_qty <> 0)
  SELECT symbol, trim_scale(qty)::text AS qty, trim_scale(round(avg_price, 4))::text AS "avgPrice", trim_scale(last_price)::text AS "lastPrice", round(qty * last_price, 2)::text AS value, fills,
    round(CASE WHEN qty = 0 THEN 0 ELSE qty * last_price END - opening_qty * first_price + cash, 2)::text AS "dayPnl"
  FROM priced ORDER BY abs(qty * last_price) DESC NULLS LAST, symbol`;

const TRADES = `
  WITH bounds AS (${BOUNDS})
  SELECT count(*)::int AS fills, round(coalesce(sum(qty * price) FILTER (WHERE side = 'buy'), 0), 2)::text AS bought, round(coalesce(sum(qty * price) FILTER (WHERE side = 'sell'), 0), 2)::text AS sold, round(coalesce(sum(fee), 0), 2)::text AS fees
  FROM execution.trades, bounds WHERE ts_event >= begins AND ts_event < ends`;

/** What people were warned of in the 24 hours before `$1`, by the computer's clock: notices other than fills, and parts that were not well. */
const INCIDENTS = `
  SELECT created_at AS at, severity, title AS what, body AS detail, count(*) OVER ()::int AS total FROM notification.notification_logs
  WHERE created_at > $1::timestamptz - interval '24 hours' AND created_at <= $1::timestamptz AND severity IN ('warning', 'critical')
  ORDER BY severity = 'critical' DESC, created_at DESC LIMIT ${INCIDENTS_MAX}`;

/** The exchange day of the newest point of the equity curve: the day of a market that has a clock of its own. Null before the first point. */
export async function newestMarketDay(db: Queryable): Promise<string | null> {
  const [row] = await db.query<{ day: string | null }>(`SELECT (max(ts_market) AT TIME ZONE 'America/New_York')::date AS day FROM analytics.equity_curve`);
  return row?.day ?? null;
}

/** Reads the day, by what the book says now; `until` (RFC 3339) is the end of the 24 hours of incidents. */
export async function readDay(db: Queryable, day: string, until: string): Promise<Day> {
  const [account = null] = await db.query<AccountDay>(ACCOUNT, [day]);
  const symbols = await db.query<SymbolDay>(SYMBOLS, [day]);
  const [trades = { fills: 0, bought: '0', sold: '0', fees: '0' }] = await db.query<TradeDay>(TRADES, [day]);
  const incidents = await db.query<Incident & { total: number }>(INCIDENTS, [until]);
  return { day, account, symbols, trades, incidents: incidents.map(({ total: _total, ...incident }) => incident), incidentsTotal: incidents[0]?.total ?? 0 };
}
