/** One order in another's place: when it may go, what is sent, and how the old one comes back when it does not come about. */
import { invariant } from '#app/domain/errors.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import { quantity, toText, type Decimal, type Quantity } from '#app/domain/numeric.ts';
import { isClosed } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Tx } from '#chassis/db.ts';
import type { ReplaceTicket } from '../alpaca/ports.ts';
import { lockOrders, moveOrder, type Order } from './orders.ts';

/** patch: ask the broker to change. post: the old one never left and is closed; the new one goes as any other. wait: the old one's outcome is not known yet. */
export type Replaceability = { readonly kind: 'patch' | 'post' } | { readonly kind: 'wait'; readonly why: string } | { readonly kind: 'deny'; readonly code: DenialCode; readonly message: string };

const deny = (message: string): Replaceability => ({ kind: 'deny', code: 'ORDER_NOT_REPLACEABLE', message });

/**
 * May the new order take the old one's place now? `filledThen`: what the old one had filled when the new one's quantity (the unfilled part) was decided, null = not told.
 * With more filled by now the new order would fill beyond what was wanted: it is denied, never shrunk in silence.
 */
export function judgeReplace(order: Order, old: Order, filledThen: Quantity | null): Replaceability {
  const { status, filledQty, qty } = old.state;
  if (old.symbol !== order.symbol || old.side !== order.side || old.terms.type !== order.terms.type) return deny('An order can be changed only by one of the same symbol, side and type');
  // Closed in place of its successor, in an earlier try of this very order: it is posted like any other.
  if (status === 'canceled' && old.brokerOrderId === null && old.reason === replacedUnsent(order)) return { kind: 'post' };
  if (isClosed(status)) return deny(`The order to be changed is ${status} already`);
  if (status === 'initialized') return { kind: 'post' };
  if (status === 'submitted') return { kind: 'wait', why: 'It is not known yet whether the broker has the order that is to be changed' };
  if (status === 'pending_cancel') return deny('The order to be changed is being canceled');
  if (status === 'pending_replace') return deny('The order to be changed is being changed already');
  const isMore = filledThen === null ? filledQty.gt(0) && order.state.qty.gt(qty.minus(filledQty)) : filledQty.gt(filledThen);
  if (isMore) return deny(`The order to be changed has filled ${toText(filledQty)} meanwhile: the new one would fill more than was wanted`);
  return { kind: 'patch' };
}

const replacedUnsent = (order: Order): string => `replaced by ${order.clientOrderId} before it left`;

/** Fills that were booked so shortly before a decision was written may not have been seen by it. */
const UNSEEN_MS = 2_000;

/** What the decision knew of the old order's fills: as it says itself, else what was booked well before it was written. */
export async function filledAtDecision(tx: Tx, order: Order): Promise<Quantity | null> {
  const [row] = await tx.query<{ filled: string | null }>(
    `SELECT coalesce(n.detail->>'replacedFilledQty', (
       SELECT o.filled_qty::text FROM execution.order_events o
       WHERE o.order_id = $2 AND o.ts_seen <= to_timestamp(((n.detail->>'decidedAt')::double precision - $3) / 1000) ORDER BY o.version DESC LIMIT 1)) AS filled
     FROM execution.order_events n WHERE n.order_id = $1 AND n.version = 1`, [order.orderId, order.replacesOrderId, UNSEEN_MS],
  );
  return row?.filled === null || row?.filled === undefined ? null : quantity(row.filled);
}

/** Moves the old order in the transaction in which the new one becomes `submitted`; gives the old one back when the broker must be asked to change it. */
export async function beginReplace(tx: Tx, order: Order, old: Order, kind: 'patch' | 'post'): Promise<Order | null> {
  if (kind === 'patch') return moveOrder(tx, old, { event: { kind: 'replace_requested' }, tsEvent: order.tsMarket, source: 'local', detail: { by: order.orderId } });
  if (!isClosed(old.state.status)) await moveOrder(tx, old, { event: { kind: 'canceled' }, tsEvent: order.tsMarket, source: 'local', detail: { by: order.orderId }, patch: { reason: replacedUnsent(order) } });
  return null;
}

/** The replacement will not come about: the old order lives on. Whether the broker ended it meanwhile is its own news. */
export async function releaseReplaced(tx: Tx, order: Order, reason: string): Promise<void> {
  if (order.replacesOrderId === null) return;
  const [old] = await lockOrders(tx, { by: 'order_id', ids: [order.replacesOrderId] });
  if (old?.state.status !== 'pending_replace') return;
  await moveOrder(tx, old, { event: { kind: 'replace_rejected' }, tsEvent: old.tsMarket, source: 'local', detail: { by: order.orderId, reason } });
}

/** The broker works an order that our book believes to be changed, and nothing is on its way any more that could take its place: the word of the refusal was lost. */
export async function releaseUnreplaced(tx: Tx, old: Order, seen: { readonly status: string; readonly at: EpochMs }): Promise<void> {
  if (old.state.status !== 'pending_replace') return;
  const successors = await lockOrders(tx, { by: 'replaces_order_id', ids: [old.orderId] });
  const isRefused = ({ brokerOrderId, state: { status } }: Order): boolean => status === 'rejected' || status === 'denied' || (status === 'canceled' && brokerOrderId === null);
  if (!successors.every(isRefused)) return;
  await moveOrder(tx, old, { event: { kind: 'replace_rejected' }, tsEvent: seen.at, source: 'rest', detail: { status: seen.status } });
}

const changed = (now: Decimal | null, before: Decimal | null): Decimal | null => (now !== null && (before === null || !now.eq(before)) ? now : null);

/**
 * What goes to the broker. It wants the prices of an order that has them, changed or not; a quantity that stays is not sent (parts of shares cannot be changed),
 * after a part was filled it always is.
 */
export function replaceTicketOf(order: Order, old: Order): ReplaceTicket {
  const { terms } = order;
  invariant(old.brokerOrderId !== null, 'An order that is changed at the broker is known there', { orderId: old.orderId });
  const isQtySame = old.state.filledQty.isZero() && order.state.qty.eq(old.state.qty);
  return {
    brokerOrderId: old.brokerOrderId, clientOrderId: order.clientOrderId, qty: isQtySame ? null : order.state.qty, limitPrice: terms.limitPrice, stopPrice: terms.stopPrice,
    trail: changed(terms.trailPrice, old.terms.trailPrice) ?? changed(terms.trailPercent, old.terms.trailPercent), timeInForce: terms.timeInForce === old.terms.timeInForce ? null : terms.timeInForce,
  };
}

/** The order that has taken, or is to take, this one's place, locked: open, or replaced in its turn. */
export async function lockReplacement(tx: Tx, old: Order): Promise<Order | null> {
  const found = await lockOrders(tx, { by: 'replaces_order_id', ids: [old.orderId] });
  return found.find((order) => !isClosed(order.state.status)) ?? found.find((order) => order.state.status === 'replaced') ?? null;
}
