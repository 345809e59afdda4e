/** Open positions at the last close, with the strategies that hold them. */
import type { PositionView } from '#app/contracts/views.ts';
import type { Queryable } from '#chassis/db.ts';
import { LAST_PRICES, plain } from './rows.ts';

const POSITIONS_MAX = 2_000;
const POSITIONS = `
  WITH px AS (${LAST_PRICES}),
  total AS (
    SELECT coalesce((SELECT cash FROM execution.account_ledger), 0) + coalesce((SELECT sum(p.qty * px.last_close) FROM execution.positions p JOIN px USING (symbol)), 0) AS equity
  )
  SELECT p.symbol, (SELECT ${plain('sum(l.qty * l.price) / nullif(sum(l.qty), 0)')} FROM execution.lots l WHERE l.symbol = p.symbol AND l.qty <> 0) AS "fifoPrice",
    (SELECT json_build_object(
        'stopQty', ${plain(`coalesce(sum(o.qty - o.filled_qty) FILTER (WHERE o.type IN ('stop', 'stop_limit', 'trailing_stop')), 0)`)}::text,
        'stopPrice', ${plain(`(array_agg(o.stop_price ORDER BY abs(o.stop_price - px.last_close)) FILTER (WHERE o.stop_price IS NOT NULL))[1]`)}::text,
        'targetQty', ${plain(`coalesce(sum(o.qty - o.filled_qty) FILTER (WHERE o.type = 'limit'), 0)`)}::text,
        'targetPrice', ${plain(`(array_agg(o.limit_price ORDER BY abs(o.limit_price - px.last_close)) FILTER (WHERE o.type = 'limit'))[1]`)}::text)
      FROM execution.orders o
      WHERE o.symbol = p.symbol AND NOT o.is_closed AND o.is_reducing AND o.side = CASE WHEN p.qty > 0 THEN 'sell' ELSE 'buy' END AND o.status NOT IN ('initialized', 'pending_cancel')
        AND (o.status <> 'held' OR o.parent_order_id IS NULL OR EXISTS (SELECT 1 FROM execution.orders e WHERE e.order_id = o.parent_order_id AND (e.is_closed OR e.is_reducing)))) AS protection,
    ${plain('p.qty')} AS qty, ${plain('p.avg_price')} AS "avgPrice", ${plain('px.last_close')} AS "lastPrice", ${plain('p.qty * px.last_close')} AS "marketValue",
    ${plain('p.qty * (px.last_close - p.avg_price)')} AS "openPnl", (sign(p.qty) * (px.last_close - p.avg_price) / nullif(p.avg_price, 0))::float8 AS "openPnlFraction", ${plain('p.realized_pnl')} AS "realizedPnl",
    (abs(p.qty * px.last_close) / nullif(total.equity, 0))::float8 AS weight, px.seen_at AS "priceSeenAt", px.market_at AS "priceMarketAt", p.updated_at AS "updatedAt",
    coalesce((SELECT json_agg(json_build_object('strategyId', s.strategy_id, 'qty', ${plain('s.qty')}::text) ORDER BY s.strategy_id) FROM execution.strategy_positions s WHERE s.symbol = p.symbol AND s.qty <> 0), '[]') AS holders
  FROM execution.positions p CROSS JOIN total LEFT JOIN px USING (symbol)
  WHERE p.qty <> 0
  ORDER BY abs(p.qty * px.last_close) DESC NULLS LAST, p.symbol
  LIMIT ${POSITIONS_MAX}`;

/** Reads the open positions, largest first. The exits of an entry that still waits protect nothing yet. */
export function readPositions(db: Queryable): Promise<PositionView[]> {
  return db.query<PositionView>(POSITIONS);
}
