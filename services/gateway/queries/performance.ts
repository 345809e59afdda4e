/** P&L by day and by strategy. */
import type { StrategyView } from '#app/contracts/views.ts';
import type { Queryable } from '#chassis/db.ts';
import { LAST_PRICES, plain } from './rows.ts';
import { SUMS_COLUMNS, SUMS_OF, SUMS_WITH } from './strategy-sums.ts';

/** P&L of one exchange day; decimal text in dollars. */
export type DayPnl = { day: string; openEquity: string; closeEquity: string; pnl: string; pnlFraction: number | null; fills: number };

/** Each day's last point against the last point before it (for the first day: its own first point), by look-ups per day. */
const DAYS = `
  WITH head AS (SELECT (max(ts_market) AT TIME ZONE 'America/New_York')::date AS newest, (min(ts_market) AT TIME ZONE 'America/New_York')::date AS oldest FROM analytics.equity_curve),
  days AS (
    SELECT d::date AS day, (d::date::timestamp AT TIME ZONE 'America/New_York') AS begins, ((d::date + 1)::timestamp AT TIME ZONE 'America/New_York') AS ends
    FROM head, generate_series(newest::timestamp, greatest(oldest, newest - ($1::int * 2 + 7))::timestamp, interval '-1 day') AS d
  )
  SELECT days.day::text AS day, ${plain('opening.equity')} AS "openEquity", ${plain('closing.equity')} AS "closeEquity", ${plain('closing.equity - opening.equity')} AS pnl,
    ((closing.equity - opening.equity) / nullif(opening.equity, 0))::float8 AS "pnlFraction",
    (SELECT count(*)::int FROM execution.trades t WHERE t.ts_event >= days.begins AND t.ts_event < days.ends) AS fills
  FROM days,
    LATERAL (SELECT equity FROM analytics.equity_curve WHERE ts_market >= begins AND ts_market < ends ORDER BY ts_market DESC LIMIT 1) closing,
    LATERAL (SELECT coalesce((SELECT equity FROM analytics.equity_curve WHERE ts_market < begins ORDER BY ts_market DESC LIMIT 1), (SELECT equity FROM analytics.equity_curve WHERE ts_market >= begins ORDER BY ts_market LIMIT 1)) AS equity) opening
  ORDER BY days.day DESC LIMIT $1`;

/** P&L by exchange day, newest first. */
export function readDays(db: Queryable, limit: number): Promise<DayPnl[]> {
  return db.query<DayPnl>(DAYS, [limit]);
}

const STRATEGIES = `
  WITH ${SUMS_WITH}
  SELECT s.strategy_id AS "strategyId", s.name, s.kind, s.symbols, s.timeframe, s.parameters, s.sizing, s.is_enabled AS "isEnabled", s.current_version_id AS "versionId", ${SUMS_COLUMNS}, said.ts_market AS "lastSignalAt"
  FROM strategy_engine.strategies s ${SUMS_OF}
  ORDER BY s.strategy_id LIMIT 500`;

const MANUAL = `
  WITH px AS (${LAST_PRICES})
  SELECT (SELECT count(*)::int FROM execution.trades WHERE strategy_id IS NULL OR strategy_id = '') AS fills, ${plain('coalesce(sum(p.realized_pnl), 0)')} AS "realizedPnl", ${plain('coalesce(sum(p.qty * (px.last_close - p.avg_price)), 0)')} AS "openPnl"
  FROM execution.strategy_positions p LEFT JOIN px USING (symbol) WHERE p.strategy_id = ''`;

/** Strategies with what they did, and the part that was traded by hand. */
export async function readStrategies(db: Queryable): Promise<{ strategies: StrategyView[]; manual: { fills: number; realizedPnl: string; openPnl: string } }> {
  const [strategies, manual] = await Promise.all([db.query<StrategyView>(STRATEGIES), db.query<{ fills: number; realizedPnl: string; openPnl: string }>(MANUAL)]);
  return { strategies, manual: manual[0] ?? { fills: 0, realizedPnl: '0', openPnl: '0' } };
}
