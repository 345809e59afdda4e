/** The ledger: one fill moves the order, the trade list, two positions, the lots and the cash in one transaction, exactly once. */
import { feeOf, US_SELL_FEES } from '#app/backtest/fees.ts';
import { invariant } from '#app/domain/errors.ts';
import { changeLots, sumOfLots, type Lot } from '#app/domain/lots.ts';
import { quantity, toText, ZERO_MONEY, type Quantity } from '#app/domain/numeric.ts';
import { applyFillToPosition, cashDelta, signedQuantity, type Fill, type Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Execution } from '#app/execution/news.ts';
import { at, type Tx } from '#chassis/db.ts';
import { allocate, tellPosition } from './entries.ts';
import { positionColumns, positionOf, readLots, type PositionRow } from './ledger-book.ts';
import { fillDetail, moveOrder, type MoveSource, type Order, type Patch } from './orders.ts';

const LOTS_AT_ONCE = 100;

/** A fill to book on a locked order. `at` is the broker's time, `tsSeen` ours. */
export type FillToBook = { readonly execution: Execution; readonly at: EpochMs; readonly tsSeen: EpochMs; readonly source: MoveSource; readonly patch?: Patch };

/** The account's ledger row is locked first: it numbers the fills and makes positions change one at a time. */
async function moveCash(tx: Tx, fill: Fill): Promise<{ cash: string; ledgerSeq: number }> {
  const [row] = await tx.query<{ cash: string; ledger_seq: number }>(
    'UPDATE execution.account_ledger SET cash = cash + $1, fees_total = fees_total + $2, ledger_seq = ledger_seq + 1 RETURNING cash, ledger_seq', [toText(cashDelta(fill)), toText(fill.fee)],
  );
  invariant(row, 'The ledger must be opened before anything is booked');
  return { cash: row.cash, ledgerSeq: row.ledger_seq };
}

type Moved = { readonly before: Position; readonly account: Position; readonly version: number; readonly held: ReadonlyMap<string, Quantity> };

async function movePositions(tx: Tx, order: Order, fill: Fill, seenAt: string): Promise<Moved> {
  const strategyId = order.strategyId ?? '';
  const rows = await tx.query<PositionRow & { owner: string | null; version: number }>(
    `SELECT NULL AS owner, qty, avg_price, realized_pnl, version FROM execution.positions WHERE symbol = $1
     UNION ALL SELECT strategy_id, qty, avg_price, realized_pnl, 0 FROM execution.strategy_positions WHERE symbol = $1 AND (strategy_id = $2 OR $2 = '')`, [order.symbol, strategyId],
  );
  const accountRow = rows.find((row) => row.owner === null);
  const before = positionOf(order.symbol, accountRow);
  const account = applyFillToPosition(before, fill);
  const share = applyFillToPosition(positionOf(order.symbol, rows.find((row) => row.owner === strategyId)), fill);
  const version = (accountRow?.version ?? 0) + 1;
  await tx.query(
    `WITH account AS (
       INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ($1, $2, $3, $4, $5, $10)
       ON CONFLICT (symbol) DO UPDATE SET version = $2, qty = $3, avg_price = $4, realized_pnl = $5, updated_at = $10)
     INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($6, $1, $7, $8, $9, $10)
     ON CONFLICT (strategy_id, symbol) DO UPDATE SET qty = $7, avg_price = $8, realized_pnl = $9, updated_at = $10`,
    [order.symbol, version, ...positionColumns(account), strategyId, ...positionColumns(share), seenAt],
  );
  return { before, account, version, held: new Map(rows.flatMap((row): [string, Quantity][] => (row.owner === null ? [] : [[row.owner, quantity(row.qty)]]))) };
}

/** The open lots that a fill can reach: a long row of old ones is read only as far as it is needed. */
async function lotsFor(tx: Tx, fill: Fill, before: Position): Promise<readonly Lot[]> {
  if (before.qty.isZero() || before.qty.s === signedQuantity(fill.side, fill.qty).s) return [];
  const first = await readLots(tx, fill.symbol, LOTS_AT_ONCE);
  return first.length < LOTS_AT_ONCE || sumOfLots(first).abs().gte(fill.qty) ? first : readLots(tx, fill.symbol);
}

const STORE_FILL = `
  WITH trade AS (
    INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, fee_estimate, ts_event, ts_seen, source, ledger_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)),
  closed AS (
    INSERT INTO execution.lot_closures (lot_id, closed_seq, qty, open_price, close_price, realized_pnl, opened_at, closed_at)
    SELECT c.lot_id, $13, c.qty, c.open_price, $7, c.realized, c.opened_at, $10 FROM unnest($14::text[], $15::numeric[], $16::numeric[], $17::numeric[], $18::timestamptz[]) AS c(lot_id, qty, open_price, realized, opened_at)),
  reduced AS (
    UPDATE execution.lots l SET qty = l.qty - sign(l.qty) * c.qty FROM unnest($14::text[], $15::numeric[]) AS c(lot_id, qty) WHERE l.lot_id = c.lot_id)
  INSERT INTO execution.lots (lot_id, symbol, opened_seq, opened_at, qty_opened, qty, price) SELECT $1, $4, $13, $10, $19::numeric, $19::numeric, $7 WHERE $19::numeric IS NOT NULL`;

async function storeFill(tx: Tx, order: Order, fill: Fill, booked: FillToBook & { readonly ledgerSeq: number; readonly before: Position }): Promise<void> {
  const { execution, ledgerSeq } = booked;
  const { closures, opened } = changeLots(await lotsFor(tx, fill, booked.before), { id: execution.id, seq: ledgerSeq, at: booked.at, change: signedQuantity(fill.side, fill.qty), price: fill.price });
  const estimate = feeOf(US_SELL_FEES, { side: fill.side, qty: fill.qty, price: fill.price, at: booked.at });
  await tx.query(STORE_FILL, [
    execution.id, order.orderId, order.strategyId, order.symbol, order.side, toText(fill.qty), toText(fill.price), toText(fill.fee), toText(estimate), at(booked.at), at(booked.tsSeen), execution.source, ledgerSeq,
    closures.map((one) => one.lotId), closures.map((one) => toText(one.qty)), closures.map((one) => toText(one.openPrice)), closures.map((one) => toText(one.realizedPnl)), closures.map((one) => at(one.openedAt)),
    opened === null ? null : toText(opened.qty),
  ]);
}

/**
 * Books one execution on a locked order. The caller has made sure (under the lock) that it is new. Alpaca charges no commission; regulatory fees come as account
 * activities and are booked then: what they will be is kept beside the fill as an estimate and counts nowhere.
 */
export async function bookFill(tx: Tx, order: Order, booked: FillToBook): Promise<Order> {
  const { execution } = booked;
  const fill: Fill = { symbol: order.symbol, side: order.side, qty: execution.qty, price: execution.price, fee: ZERO_MONEY };
  const { cash, ledgerSeq } = await moveCash(tx, fill);
  const { before, account, version, held } = await movePositions(tx, order, fill, at(booked.at));
  await storeFill(tx, order, fill, { ...booked, ledgerSeq, before });
  const correlationId = order.signalId ?? order.decisionId;
  const isOrderComplete = order.state.filledQty.plus(execution.qty).eq(order.state.qty);
  tx.emit({
    topic: 'order.filled', key: execution.id, correlationId,
    payload: {
      fillId: execution.id, orderId: order.orderId, clientOrderId: order.clientOrderId, strategyId: order.strategyId, symbol: order.symbol, side: order.side,
      qty: toText(execution.qty), price: toText(execution.price), fee: toText(fill.fee), isOrderComplete, tsEvent: booked.at, tsSeen: booked.tsSeen,
    },
  });
  tellPosition(tx, account, { version, cash, at: booked.at, correlationId });
  if (order.strategyId === null && order.isReducing) await allocate(tx, { ...fill, fillId: execution.id, at: booked.at, tsSeen: booked.tsSeen }, held);
  return moveOrder(tx, order, {
    event: { kind: 'fill', qty: execution.qty, price: execution.price }, tsEvent: booked.at, source: booked.source, detail: fillDetail(execution), ...(booked.patch ? { patch: booked.patch } : {}),
  });
}
