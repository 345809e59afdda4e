/** What a run came to, read from the book: counts, equity, and a hash of the order list that two runs can be compared by. */
import { createHash } from 'node:crypto';
import { money, toText } from '#app/domain/numeric.ts';
import type { Query } from './types.ts';

/** The run in numbers. Amounts are dollars as decimal text. */
export type BookSummary = {
  readonly bars: number; readonly signals: number; readonly approved: number; readonly denied: number; readonly orders: number; readonly fills: number;
  readonly finalEquity: string; readonly orderList: string;
};

type OrderRow = { client_order_id: string; symbol: string; side: string; type: string; qty: string; limit_price: string | null; status: string; filled_qty: string; avg_fill_price: string | null; ts_market: number };

/**
 * One line for each order: what was sent, when in market time, what became of it; by market time, then id. The sequence within one instant is not
 * part of the list: exits that follow fills of the same minute do not depend on each other, and a kill may divide them differently.
 */
export async function orderList(query: Query): Promise<string[]> {
  const rows = await query<OrderRow>('SELECT client_order_id, symbol, side, type, qty, limit_price, status, filled_qty, avg_fill_price, ts_market FROM execution.orders ORDER BY ts_market, client_order_id COLLATE "C"');
  return rows.map((row) => [row.client_order_id, row.symbol, row.side, row.type, row.qty, row.limit_price ?? '-', row.status, row.filled_qty, row.avg_fill_price ?? '-', row.ts_market].join(' '));
}

/** Reads the summary. */
export async function bookSummary(query: Query): Promise<BookSummary> {
  const [counts] = await query<{ bars: number; signals: number; approved: number; denied: number; orders: number; fills: number }>(`
    SELECT (SELECT count(*) FROM data_ingestion.market_data) AS bars, (SELECT count(*) FROM strategy_engine.strategy_signals) AS signals,
      (SELECT count(*) FROM risk_management.risk_decisions WHERE outcome = 'approved') AS approved, (SELECT count(*) FROM risk_management.risk_decisions WHERE outcome = 'denied') AS denied,
      (SELECT count(*) FROM execution.orders) AS orders, (SELECT count(*) FROM execution.trades) AS fills`);
  const [equity] = await query<{ equity: string | null }>(`
    SELECT round((SELECT cash FROM execution.account_ledger) + coalesce((SELECT sum(p.qty * s.last_close) FROM execution.positions p JOIN data_ingestion.ingestion_status s ON s.symbol = p.symbol AND s.timeframe = '1Min'), 0), 2) AS equity`);
  const lines = await orderList(query);
  return {
    bars: 0, signals: 0, approved: 0, denied: 0, orders: 0, fills: 0, ...counts,
    finalEquity: toText(money(equity?.equity ?? '0')), orderList: createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16),
  };
}
