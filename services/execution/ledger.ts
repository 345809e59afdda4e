/** The ledger: one fill moves the order, the trade list, two positions and the cash in one transaction, exactly once. */
import { invariant } from '#app/domain/errors.ts';
import { price, quantity, money, toText, ZERO_MONEY } from '#app/domain/numeric.ts';
import { applyFillToPosition, cashDelta, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Execution } from '#app/execution/news.ts';
import { at, type Tx } from '#chassis/db.ts';
import { fillDetail, moveOrder, type MoveSource, type Order, type Patch } from './orders.ts';

/** A fill to book on a locked order. `at` is the broker's time, `tsSeen` ours. */
export type FillToBook = { readonly execution: Execution; readonly at: EpochMs; readonly tsSeen: EpochMs; readonly source: MoveSource; readonly patch?: Patch };

type PositionRow = { owner: 'account' | 'strategy'; qty: string; avg_price: string | null; realized_pnl: string; version: number };

function positionOf(symbol: string, row: PositionRow | undefined): Position {
  if (!row) return flatPosition(symbol);
  return { symbol, qty: quantity(row.qty), avgPrice: row.avg_price === null ? null : price(row.avg_price), realizedPnl: money(row.realized_pnl) };
}

/** The account's ledger row is locked first: it numbers the fills and makes positions change one at a time. */
async function moveCash(tx: Tx, fill: Fill): Promise<{ cash: string; ledgerSeq: number }> {
  const [row] = await tx.query<{ cash: string; ledger_seq: number }>(
    'UPDATE execution.account_ledger SET cash = cash + $1, fees_total = fees_total + $2, ledger_seq = ledger_seq + 1 RETURNING cash, ledger_seq', [toText(cashDelta(fill)), toText(fill.fee)],
  );
  invariant(row, 'The ledger must be opened before anything is booked');
  return { cash: row.cash, ledgerSeq: row.ledger_seq };
}

async function movePositions(tx: Tx, order: Order, fill: Fill, seenAt: string): Promise<{ account: Position; version: number }> {
  const strategyId = order.strategyId ?? '';
  const rows = await tx.query<PositionRow>(
    `SELECT 'account' AS owner, qty, avg_price, realized_pnl, version FROM execution.positions WHERE symbol = $1
     UNION ALL SELECT 'strategy', qty, avg_price, realized_pnl, 0 FROM execution.strategy_positions WHERE symbol = $1 AND strategy_id = $2`, [order.symbol, strategyId],
  );
  const accountRow = rows.find((row) => row.owner === 'account');
  const account = applyFillToPosition(positionOf(order.symbol, accountRow), fill);
  const share = applyFillToPosition(positionOf(order.symbol, rows.find((row) => row.owner === 'strategy')), fill);
  const version = (accountRow?.version ?? 0) + 1;
  const values = (position: Position): unknown[] => [toText(position.qty), position.avgPrice === null ? null : toText(position.avgPrice), toText(position.realizedPnl)];
  await tx.query(
    `WITH account AS (
       INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ($1, $2, $3, $4, $5, $10)
       ON CONFLICT (symbol) DO UPDATE SET version = $2, qty = $3, avg_price = $4, realized_pnl = $5, updated_at = $10)
     INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($6, $1, $7, $8, $9, $10)
     ON CONFLICT (strategy_id, symbol) DO UPDATE SET qty = $7, avg_price = $8, realized_pnl = $9, updated_at = $10`,
    [order.symbol, version, ...values(account), strategyId, ...values(share), seenAt],
  );
  return { account, version };
}

/** Books one execution on a locked order. The caller has made sure (under the lock) that it is new. Alpaca charges no commission; regulatory fees come as account activities. */
export async function bookFill(tx: Tx, order: Order, booked: FillToBook): Promise<Order> {
  const { execution } = booked;
  const fill: Fill = { symbol: order.symbol, side: order.side, qty: execution.qty, price: execution.price, fee: ZERO_MONEY };
  const { cash, ledgerSeq } = await moveCash(tx, fill);
  await tx.query(
    `INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, ts_event, ts_seen, source, ledger_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [execution.id, order.orderId, order.strategyId, order.symbol, order.side, toText(execution.qty), toText(execution.price), toText(fill.fee), at(booked.at), at(booked.tsSeen), execution.source, ledgerSeq],
  );
  const { account, version } = await movePositions(tx, order, fill, at(booked.at));
  const correlationId = order.signalId ?? order.decisionId;
  const isOrderComplete = order.state.filledQty.plus(execution.qty).eq(order.state.qty);
  tx.emit({
    topic: 'order.filled', key: execution.id, correlationId,
    payload: {
      fillId: execution.id, orderId: order.orderId, clientOrderId: order.clientOrderId, strategyId: order.strategyId, symbol: order.symbol, side: order.side,
      qty: toText(execution.qty), price: toText(execution.price), fee: toText(fill.fee), isOrderComplete, tsEvent: booked.at, tsSeen: booked.tsSeen,
    },
  });
  tx.emit({
    topic: 'position.changed', key: `${order.symbol}:${version}`, correlationId,
    payload: { symbol: order.symbol, version, qty: toText(account.qty), avgPrice: account.avgPrice === null ? null : toText(account.avgPrice), realizedPnl: toText(account.realizedPnl), cash: toText(money(cash)), tsEvent: booked.at },
  });
  return moveOrder(tx, order, {
    event: { kind: 'fill', qty: execution.qty, price: execution.price }, tsEvent: booked.at, source: booked.source, detail: fillDetail(execution), ...(booked.patch ? { patch: booked.patch } : {}),
  });
}
