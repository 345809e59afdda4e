/** New rows of the book of orders: what risk approved, and what was found at the broker (legs that it made, orders placed elsewhere). */
import type { Payload } from '#app/contracts/events.ts';
import { toText, type Decimal } from '#app/domain/numeric.ts';
import { adoptedOrderState, newOrderState, type OrderRole, type OrderSource, type Side } from '#app/domain/order.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { SizedTerms } from '#app/execution/normalise.ts';
import { at, type Tx } from '#chassis/db.ts';
import { emitOrder, type MoveSource, type Order } from './orders.ts';

const text = (value: Decimal | null | undefined): string | null => (value === null || value === undefined ? null : toText(value));

type Beside = { readonly referencePrice: string; readonly approvedSeq: number; readonly source: MoveSource; readonly event: 'initialized' | 'adopted'; readonly detail: Readonly<Record<string, unknown>> };

async function insert(tx: Tx, order: Order, beside: Beside): Promise<void> {
  const { terms, state } = order;
  await tx.query(
    `WITH stored AS (
       INSERT INTO execution.orders (order_id, client_order_id, decision_id, broker_order_id, source, strategy_id, signal_id, symbol, side, type, time_in_force, order_class, extended_hours, qty, limit_price, stop_price,
         trail_price, trail_percent, take_profit_limit, stop_loss_stop, stop_loss_limit, role, parent_order_id, replaces_order_id, is_reducing, reference_price, status, version, ts_market, ts_bar_seen, approved_seq)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, 1, $28, $29, $30) RETURNING order_id)
     INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, source, detail)
     SELECT order_id, 1, $31, $27, 0, $28, $32, $33 FROM stored`,
    [order.orderId, order.clientOrderId, order.decisionId, order.brokerOrderId, order.source, order.strategyId, order.signalId, order.symbol, order.side, terms.type, terms.timeInForce, terms.orderClass,
      terms.extendedHours, toText(state.qty), text(terms.limitPrice), text(terms.stopPrice), text(terms.trailPrice), text(terms.trailPercent), text(terms.takeProfit?.limitPrice),
      text(terms.stopLoss?.stopPrice), text(terms.stopLoss?.limitPrice), order.role, order.parentOrderId, order.replacesOrderId, order.isReducing, beside.referencePrice, state.status,
      at(order.tsMarket), order.tsBarSeen === null ? null : at(order.tsBarSeen), beside.approvedSeq, beside.event, beside.source, JSON.stringify(beside.detail)],
  );
  emitOrder(tx, null, order, { event: { kind: beside.event }, tsEvent: order.tsMarket, source: beside.source, detail: beside.detail });
}

/** Writes an approved order down, not yet sent. Its id is the decision's: one decision, one order. `replacesOrderId`: the order whose place it takes. */
export async function insertApproved(tx: Tx, approved: Payload<'order.approved'>, terms: SizedTerms, more: { readonly approvedSeq: number; readonly replacesOrderId: string | null; /** When risk wrote the decision, wall clock. */ readonly decidedAt?: number }): Promise<Order> {
  const { qty, ...rest } = terms;
  const order: Order = {
    orderId: approved.decisionId, clientOrderId: approved.clientOrderId, decisionId: approved.decisionId, brokerOrderId: null, source: approved.source, strategyId: approved.strategyId,
    signalId: approved.signalId, symbol: approved.symbol, side: approved.side, terms: rest, role: 'order', parentOrderId: null, replacesOrderId: more.replacesOrderId, isReducing: approved.isReducing,
    state: newOrderState(qty), denialCode: null, reason: null, tsMarket: approved.tsMarket as EpochMs, tsBarSeen: approved.tsBarSeen as EpochMs | null, unknownSince: null,
  };
  const detail = { approvedQty: approved.qty, approvedLimitPrice: approved.limitPrice, replacedFilledQty: approved.replacedFilledQty, tradingStateVersion: approved.tradingStateVersion, decidedAt: more.decidedAt };
  await insert(tx, order, { referencePrice: approved.referencePrice, approvedSeq: more.approvedSeq, source: 'local', event: 'initialized', detail });
  return order;
}

/** An order that the broker has and our book has not. `referencePrice`: decimal text, dollars per share; `tsMarket`: when the broker took it. */
export type FoundOrder = {
  readonly orderId: string; readonly decisionId: string; readonly clientOrderId: string; readonly brokerOrderId: string; readonly source: OrderSource; readonly strategyId: string | null; readonly signalId: string | null;
  readonly symbol: string; readonly side: Side; readonly terms: SizedTerms; readonly role: OrderRole; readonly parentOrderId: string | null; readonly replacesOrderId: string | null;
  readonly isReducing: boolean; readonly referencePrice: string; readonly tsMarket: EpochMs; readonly approvedSeq: number;
};

/** Writes down an order that was found at the broker; what the broker says of it is booked next, in the same transaction. */
export async function insertFound(tx: Tx, found: FoundOrder, source: MoveSource, detail: Readonly<Record<string, unknown>> = {}): Promise<Order> {
  const { referencePrice, approvedSeq, terms: { qty, ...rest }, ...facts } = found;
  const terms: OrderTerms = rest;
  const order: Order = { ...facts, terms, state: adoptedOrderState(qty), denialCode: null, reason: null, tsBarSeen: null, unknownSince: null };
  await insert(tx, order, { referencePrice, approvedSeq, source, event: 'adopted', detail: { brokerOrderId: found.brokerOrderId, ...detail } });
  return order;
}
