/** What was done in one symbol: fills, signals with what became of them, and the orders that are open now. */
import type { ChartMarks } from '#app/contracts/charts.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { plain } from './rows.ts';

/** Marks of one kind that a chart can carry; of more, the newest. */
const MARKS_MAX = 1_000;

/** Reads the marks of [from, to] (epoch ms); open orders whatever their time. */
export async function readMarks(db: Queryable, { symbol, from, to }: { symbol: string; from: number; to: number }): Promise<ChartMarks> {
  const span = [symbol, at(from), at(to), MARKS_MAX + 1];
  const [fills, signals, orders] = await Promise.all([
    db.query<ChartMarks['fills'][number]>(
      `SELECT t.fill_id AS "fillId", t.order_id AS "orderId", o.decision_id AS "decisionId", t.ts_event AS at, t.side, ${plain('t.qty')} AS qty, ${plain('t.price')} AS price, t.strategy_id AS "strategyId",
         (SELECT ${plain('sum(c.realized_pnl)')} FROM execution.lot_closures c WHERE c.closed_seq = t.ledger_seq) AS "realizedPnl"
       FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE t.symbol = $1 AND t.ts_event BETWEEN $2 AND $3 ORDER BY t.ts_event DESC, t.ledger_seq DESC LIMIT $4`, span,
    ),
    db.query<ChartMarks['signals'][number]>(
      `SELECT s.signal_id AS "signalId", s.ts_market AS at, s.bar_open_time AS "barOpenTime", s.timeframe, s.strategy_id AS "strategyId", s.target, ${plain('s.reference_price')} AS price,
         coalesce(d.outcome, 'pending') AS outcome, d.decision_id AS "decisionId", d.code, d.message
       FROM strategy_engine.strategy_signals s
       LEFT JOIN LATERAL (SELECT outcome, decision_id, code, message FROM risk_management.risk_decisions WHERE signal_id = s.signal_id ORDER BY decided_at DESC LIMIT 1) d ON true
       WHERE s.symbol = $1 AND s.bar_open_time BETWEEN $2 AND $3 ORDER BY s.bar_open_time DESC, s.signal_id LIMIT $4`, span,
    ),
    db.query<ChartMarks['orders'][number]>(
      `SELECT order_id AS "orderId", decision_id AS "decisionId", created_at AS at, side, type, ${plain('qty')} AS qty, ${plain('filled_qty')} AS "filledQty", ${plain('limit_price')} AS "limitPrice", ${plain('stop_price')} AS "stopPrice", status, strategy_id AS "strategyId"
       FROM execution.orders WHERE symbol = $1 AND NOT is_closed ORDER BY created_at DESC LIMIT $2`, [symbol, MARKS_MAX + 1],
    ),
  ]);
  const newest = <T>(rows: readonly T[]): T[] => rows.slice(0, MARKS_MAX).reverse();
  return { fills: newest(fills), signals: newest(signals), orders: newest(orders), isCut: [fills, signals, orders].some((rows) => rows.length > MARKS_MAX) };
}
