/** Invariants of the ledger, recomputed from its fills with the same arithmetic that booked them: I1, I2, I3. */
import { addMoney, money, price, quantity, toText, ZERO_MONEY, type Money, type Price } from '#app/domain/numeric.ts';
import { applyFillToPosition, cashDelta, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import type { Side } from '#app/domain/order.ts';
import type { Query, Violation } from './types.ts';

type TradeRow = { fill_id: string; order_id: string; strategy_id: string | null; symbol: string; side: Side; qty: string; price: string; fee: string };
type OrderRow = { order_id: string; qty: string; filled_qty: string; fills: string };
type PositionRow = { strategy_id: string; symbol: string; qty: string; avg_price: string | null; realized_pnl: string };

/** NUMERIC(24,9) prints trailing zeros; people need none. */
function shown(text: string | null): string {
  return text === null ? 'none' : toText(money(text));
}

function isSamePrice(stored: string | null, computed: Price | null): boolean {
  return stored === null || computed === null ? stored === computed : price(stored).eq(computed);
}

/** I1: the fills of an order add up to its filled quantity, which is at most its quantity. */
export async function checkFilledQuantities(query: Query): Promise<Violation[]> {
  const rows = await query<OrderRow>(`
    SELECT o.order_id, o.qty, o.filled_qty, coalesce(sum(t.qty), 0) AS fills FROM execution.orders o LEFT JOIN execution.trades t USING (order_id)
    GROUP BY o.order_id HAVING coalesce(sum(t.qty), 0) <> o.filled_qty OR o.filled_qty > o.qty`);
  return rows.map((row) => ({ id: 'I1', subject: row.order_id, detail: `fills add up to ${shown(row.fills)}, the order says ${shown(row.filled_qty)} of ${shown(row.qty)}` }));
}

function fillOf(trade: TradeRow): Fill {
  return { symbol: trade.symbol, side: trade.side, qty: quantity(trade.qty), price: price(trade.price), fee: money(trade.fee) };
}

function fold(trades: readonly TradeRow[], keyOf: (trade: TradeRow) => string, opening: ReadonlyMap<string, Position>): Map<string, Position> {
  const positions = new Map(opening);
  for (const trade of trades) {
    const key = keyOf(trade);
    positions.set(key, applyFillToPosition(positions.get(key) ?? flatPosition(trade.symbol), fillOf(trade)));
  }
  return positions;
}

function compare(stored: readonly PositionRow[], computed: ReadonlyMap<string, Position>, keyOf: (row: PositionRow) => string): Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  for (const row of stored) {
    const key = keyOf(row);
    seen.add(key);
    const position = computed.get(key) ?? flatPosition(row.symbol);
    const isSame = position.qty.eq(quantity(row.qty)) && isSamePrice(row.avg_price, position.avgPrice) && position.realizedPnl.eq(money(row.realized_pnl));
    if (!isSame) violations.push({ id: 'I2', subject: key, detail: `the fills give ${toText(position.qty)} at ${position.avgPrice === null ? 'none' : toText(position.avgPrice)}, the book says ${shown(row.qty)} at ${shown(row.avg_price)}` });
  }
  for (const key of computed.keys()) if (!seen.has(key)) violations.push({ id: 'I2', subject: key, detail: 'there are fills but no position row' });
  return violations;
}

/** I2 and I3: positions, the strategies' shares of them, and cash equal the fold of all fills. */
export async function checkPositionsAndCash(query: Query): Promise<Violation[]> {
  const trades = await query<TradeRow>('SELECT fill_id, order_id, strategy_id, symbol, side, qty, price, fee FROM execution.trades ORDER BY ledger_seq');
  const positions = await query<PositionRow>(`SELECT '' AS strategy_id, symbol, qty, avg_price, realized_pnl FROM execution.positions`);
  const shares = await query<PositionRow>('SELECT strategy_id, symbol, qty, avg_price, realized_pnl FROM execution.strategy_positions');
  const opening = (await query<{ symbol: string; qty: string; avg_price: string }>('SELECT symbol, qty, avg_price FROM execution.opening_positions'))
    .map((row): Position => ({ symbol: row.symbol, qty: quantity(row.qty), avgPrice: price(row.avg_price), realizedPnl: ZERO_MONEY }));
  const violations = [
    ...compare(positions, fold(trades, (trade) => trade.symbol, new Map(opening.map((position) => [position.symbol, position]))), (row) => row.symbol),
    ...compare(shares, fold(trades, (trade) => `${trade.strategy_id ?? ''}/${trade.symbol}`, new Map(opening.map((position) => [`/${position.symbol}`, position]))), (row) => `${row.strategy_id}/${row.symbol}`),
  ];
  const [ledger] = await query<{ opening_cash: string; cash: string; ledger_seq: number }>('SELECT opening_cash, cash, ledger_seq FROM execution.account_ledger');
  if (!ledger) return trades.length === 0 ? violations : [...violations, { id: 'I3', subject: 'account', detail: 'there are fills but no ledger account' }];
  let cash: Money = money(ledger.opening_cash);
  for (const trade of trades) cash = addMoney(cash, cashDelta(fillOf(trade)));
  if (!cash.eq(money(ledger.cash))) violations.push({ id: 'I3', subject: 'account', detail: `opening cash and fills give ${toText(cash)}, the ledger says ${shown(ledger.cash)}` });
  if (ledger.ledger_seq !== trades.length) violations.push({ id: 'I3', subject: 'account', detail: `the ledger counted ${ledger.ledger_seq} fills, there are ${trades.length}` });
  return violations;
}
