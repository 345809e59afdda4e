/** Invariants of the ledger, recomputed from its fills and entries with the same arithmetic that booked them: I1, I2, I3. */
import { addMoney, money, price, quantity, toText, ZERO_QUANTITY, type Price } from '#app/domain/numeric.ts';
import { sumOfLots } from '#app/domain/lots.ts';
import { openingBook, type EntryKind, type SymbolBook } from '#app/domain/position-book.ts';
import { foldLedger, type LedgerLine, type LedgerTotals } from '#app/domain/position-fold.ts';
import { flatPosition, type Position } from '#app/domain/position.ts';
import type { Side } from '#app/domain/order.ts';
import { epochMs } from '#app/domain/time.ts';
import type { Query, Violation } from './types.ts';

type TradeRow = { fill_id: string; strategy_id: string | null; symbol: string; side: Side; qty: string; price: string; fee: string; ts_event: number; ledger_seq: number };
type EntryRow = { entry_id: string; kind: EntryKind; symbol: string | null; strategy_id: string; to_strategy_id: string | null; cash_change: string; qty_change: string; share_qty: string; price: string | null; ts_event: number; ledger_seq: number };
type OrderRow = { order_id: string; qty: string; filled_qty: string; fills: string };
type PositionRow = { strategy_id: string; symbol: string; qty: string; avg_price: string | null; realized_pnl: string };
type LotRow = { lot_id: string; symbol: string; qty: string; price: string };

/** NUMERIC(24,9) prints trailing zeros; people need none. */
function shown(text: string | null): string {
  return text === null ? 'none' : toText(money(text));
}

/** A cost of zero is a price too (shares from a spin-off). */
function costOf(text: string): Price {
  return money(text) as unknown as Price;
}

function isSamePrice(stored: string | null, computed: Price | null): boolean {
  return stored === null || computed === null ? stored === computed : costOf(stored).eq(computed);
}

/** I1: the fills of an order add up to its filled quantity, which is at most its quantity, and all of it when the order is filled. */
export async function checkFilledQuantities(query: Query): Promise<Violation[]> {
  const rows = await query<OrderRow>(`
    SELECT o.order_id, o.qty, o.filled_qty, coalesce(sum(t.qty), 0) AS fills FROM execution.orders o LEFT JOIN execution.trades t USING (order_id)
    GROUP BY o.order_id HAVING coalesce(sum(t.qty), 0) <> o.filled_qty OR o.filled_qty > o.qty OR (o.status = 'filled' AND o.filled_qty < o.qty)`);
  return rows.map((row) => ({ id: 'I1', subject: row.order_id, detail: `fills add up to ${shown(row.fills)}, the order says ${shown(row.filled_qty)} of ${shown(row.qty)}` }));
}

function lineOfTrade(row: TradeRow): LedgerLine {
  return {
    line: 'fill', fill: { fillId: row.fill_id, seq: row.ledger_seq, at: epochMs(row.ts_event), strategyId: row.strategy_id ?? '', symbol: row.symbol, side: row.side, qty: quantity(row.qty), price: price(row.price), fee: money(row.fee) },
  };
}

function lineOfEntry(row: EntryRow): LedgerLine {
  return {
    line: 'entry', entry: {
      entryId: row.entry_id, seq: row.ledger_seq, at: epochMs(row.ts_event), kind: row.kind, symbol: row.symbol, strategyId: row.strategy_id, toStrategyId: row.to_strategy_id,
      cashChange: money(row.cash_change), qtyChange: quantity(row.qty_change), shareQty: quantity(row.share_qty), price: row.price === null ? null : price(row.price),
    },
  };
}

async function readLines(query: Query): Promise<LedgerLine[]> {
  const trades = await query<TradeRow>('SELECT fill_id, strategy_id, symbol, side, qty, price, fee, ts_event, ledger_seq FROM execution.trades ORDER BY ledger_seq');
  const entries = await query<EntryRow>('SELECT entry_id, kind, symbol, strategy_id, to_strategy_id, cash_change, qty_change, share_qty, price, ts_event, ledger_seq FROM execution.ledger_entries ORDER BY ledger_seq');
  return [...trades.map(lineOfTrade), ...entries.map(lineOfEntry)];
}

function comparePosition(id: string, row: PositionRow | undefined, { qty, avgPrice, realizedPnl }: Position): Violation[] {
  if (!row) return [{ id: 'I2', subject: id, detail: 'there are fills but no position row' }];
  const isSame = qty.eq(quantity(row.qty)) && isSamePrice(row.avg_price, avgPrice) && realizedPnl.eq(money(row.realized_pnl));
  return isSame ? [] : [{ id: 'I2', subject: id, detail: `the ledger gives ${toText(qty)} at ${avgPrice === null ? 'none' : toText(avgPrice)}, realized ${toText(realizedPnl)}; the book says ${shown(row.qty)} at ${shown(row.avg_price)}, realized ${shown(row.realized_pnl)}` }];
}

function compare(rows: readonly PositionRow[], computed: ReadonlyMap<string, Position>, keyOf: (row: PositionRow) => string): Violation[] {
  const stored = new Map(rows.map((row) => [keyOf(row), row]));
  return [...new Set([...stored.keys(), ...computed.keys()])].flatMap((key) => comparePosition(key, stored.get(key), computed.get(key) ?? flatPosition(stored.get(key)?.symbol ?? key)));
}

/** The shares add up to the account, in the book itself: whatever the fills say. */
function compareSums(positions: readonly PositionRow[], shares: readonly PositionRow[]): Violation[] {
  return positions.flatMap((row) => {
    const sum = shares.filter((share) => share.symbol === row.symbol).reduce((total, share) => total.plus(quantity(share.qty)), ZERO_QUANTITY.plus(0));
    return sum.eq(quantity(row.qty)) ? [] : [{ id: 'I2', subject: row.symbol, detail: `the shares of all holders add up to ${toText(sum)}, the position is ${shown(row.qty)}` }];
  });
}

/** The open lots are those of the fold, and add up to the position. */
function compareLots(rows: readonly LotRow[], positions: readonly PositionRow[], books: ReadonlyMap<string, SymbolBook>): Violation[] {
  const stored = new Map(rows.map((row) => [row.lot_id, row]));
  const wrong = [...books].flatMap(([symbol, book]) => book.lots.flatMap((lot) => {
    const row = stored.get(lot.lotId);
    stored.delete(lot.lotId);
    const isSame = row?.symbol === symbol && quantity(row.qty).eq(lot.qty) && costOf(row.price).eq(lot.price);
    return isSame ? [] : [{ id: 'I2', subject: `lot ${lot.lotId}`, detail: `the ledger gives ${toText(lot.qty)} ${symbol} at ${toText(lot.price)}, the book says ${shown(row?.qty ?? null)} at ${shown(row?.price ?? null)}` }];
  }));
  const extra = [...stored.values()].map((row) => ({ id: 'I2', subject: `lot ${row.lot_id}`, detail: `the book has an open lot of ${shown(row.qty)} ${row.symbol} that no fill opened` }));
  const sums = positions.filter((row) => !sumOfLots(books.get(row.symbol)?.lots ?? []).eq(quantity(row.qty))).map((row) => ({ id: 'I2', subject: row.symbol, detail: `the lots do not add up to the position of ${shown(row.qty)}` }));
  return [...wrong, ...extra, ...sums];
}

async function checkCash(query: Query, { cash, fees }: LedgerTotals, lines: number): Promise<Violation[]> {
  const [ledger] = await query<{ opening_cash: string; cash: string; fees_total: string; ledger_seq: number }>('SELECT opening_cash, cash, fees_total, ledger_seq FROM execution.account_ledger');
  if (!ledger) return lines === 0 ? [] : [{ id: 'I3', subject: 'account', detail: 'there are fills but no ledger account' }];
  const violations: Violation[] = [];
  const expected = addMoney(money(ledger.opening_cash), cash);
  if (!expected.eq(money(ledger.cash))) violations.push({ id: 'I3', subject: 'account', detail: `opening cash, fills and entries give ${toText(expected)}, the ledger says ${shown(ledger.cash)}` });
  if (!fees.eq(money(ledger.fees_total))) violations.push({ id: 'I3', subject: 'fees', detail: `fills and entries charge ${toText(fees)}, the ledger says ${shown(ledger.fees_total)}` });
  if (ledger.ledger_seq !== lines) violations.push({ id: 'I3', subject: 'account', detail: `the ledger counted ${ledger.ledger_seq} lines, there are ${lines}` });
  return violations;
}

/** I2 and I3: positions, the holders' shares of them, lots, cash and fees equal the fold of all fills and entries. */
export async function checkPositionsAndCash(query: Query): Promise<Violation[]> {
  const lines = await readLines(query);
  const positions = await query<PositionRow>(`SELECT '' AS strategy_id, symbol, qty, avg_price, realized_pnl FROM execution.positions`);
  const shares = await query<PositionRow>('SELECT strategy_id, symbol, qty, avg_price, realized_pnl FROM execution.strategy_positions');
  const lots = await query<LotRow>('SELECT lot_id, symbol, qty, price FROM execution.lots WHERE qty <> 0');
  const openings = await query<{ symbol: string; qty: string; avg_price: string; opened_at: number }>('SELECT symbol, qty, avg_price, opened_at FROM execution.opening_positions');
  const totals = foldLedger(openings.map((row) => openingBook({ symbol: row.symbol, qty: quantity(row.qty), avgPrice: costOf(row.avg_price), at: epochMs(row.opened_at) })), lines);
  const accounts = new Map([...totals.books].map(([symbol, book]) => [symbol, book.account]));
  const holders = new Map([...totals.books].flatMap(([symbol, book]) => [...book.shares].map(([strategyId, share]): [string, Position] => [`${strategyId}/${symbol}`, share])));
  return [
    ...compare(positions, accounts, (row) => row.symbol), ...compare(shares, holders, (row) => `${row.strategy_id}/${row.symbol}`), ...compareSums(positions, shares),
    ...compareLots(lots, positions, totals.books), ...(await checkCash(query, totals, lines.length)),
  ];
}
