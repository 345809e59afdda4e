/** Legs: the orders that the broker makes of a bracket, a one-cancels-other or a one-triggers-other. They are written down as soon as they are seen, with the facts of their order. */
import { symbolSchema } from '#app/domain/ids.ts';
import { orderTypeSchema, timeInForceSchema, ORDER_CLASSES, type OrderRole } from '#app/domain/order.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import { invariant } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import type { SizedTerms } from '#app/execution/normalise.ts';
import type { Tx } from '#chassis/db.ts';
import type { BrokerOrder } from '../alpaca/ports.ts';
import { insertFound } from './order-insert.ts';
import { lockOrders, type MoveSource, type Order } from './orders.ts';

/** The terms of an order as the broker tells it; null when our book has no words for them (an order by dollars, a kind that we do not know). */
export function termsAtBroker(theirs: BrokerOrder): SizedTerms | null {
  const [type, timeInForce] = [orderTypeSchema.safeParse(theirs.type), timeInForceSchema.safeParse(theirs.timeInForce)];
  if (!type.success || !timeInForce.success || theirs.qty === null || !symbolSchema.safeParse(theirs.symbol).success) return null;
  const isLimit = type.data === 'limit' || type.data === 'stop_limit';
  const isStop = type.data === 'stop' || type.data === 'stop_limit';
  const isTrailing = type.data === 'trailing_stop';
  if (isLimit !== (theirs.limitPrice !== null) || (isStop && theirs.stopPrice === null)) return null;
  if (isTrailing && (theirs.trailPrice === null) === (theirs.trailPercent === null)) return null;
  const terms: OrderTerms = {
    type: type.data, timeInForce: timeInForce.data, orderClass: ORDER_CLASSES.find((one) => one === theirs.orderClass) ?? 'simple', extendedHours: theirs.extendedHours,
    limitPrice: theirs.limitPrice, stopPrice: isStop ? theirs.stopPrice : null, trailPrice: isTrailing ? theirs.trailPrice : null, trailPercent: isTrailing ? theirs.trailPercent : null, takeProfit: null, stopLoss: null,
  };
  return { ...terms, qty: theirs.qty };
}

/** A leg with a stop is the stop-loss, one with only a limit the take-profit. */
function roleOf(leg: BrokerOrder): Exclude<OrderRole, 'order'> {
  return leg.type === 'limit' ? 'take_profit' : 'stop_loss';
}

/** The order's legs in our book after the broker has shown them: new ones are written down, known ones found (by the broker's id, or by ours when it took a leg's place). All are locked. */
export async function attachLegs(tx: Tx, parent: Order, legs: readonly BrokerOrder[], source: MoveSource): Promise<ReadonlyMap<string, Order>> {
  const byBrokerId = new Map((await lockOrders(tx, { by: 'broker_order_id', ids: legs.map((leg) => leg.id) })).map((order) => [order.brokerOrderId, order]));
  const byClientId = new Map((await lockOrders(tx, { by: 'client_order_id', ids: legs.map((leg) => leg.clientOrderId) })).map((order) => [order.clientOrderId, order]));
  const attached = new Map<string, Order>();
  for (const leg of legs) {
    const known = byBrokerId.get(leg.id) ?? byClientId.get(leg.clientOrderId) ?? (await insertLeg(tx, parent, leg, source));
    if (known !== null) attached.set(leg.id, known);
  }
  return attached;
}

/** Writes down a leg that our book has not; null when it has no words for it. */
export async function insertLeg(tx: Tx, parent: Order, leg: BrokerOrder, source: MoveSource): Promise<Order | null> {
  const terms = termsAtBroker(leg);
  if (terms === null) return null;
  const role = roleOf(leg);
  const siblings = (await lockOrders(tx, { by: 'parent_order_id', ids: [parent.orderId] })).filter((order) => order.role === role);
  const replaced = siblings.find((order) => leg.replaces !== null && order.brokerOrderId === leg.replaces);
  const [row] = await tx.query<{ approved_seq: number; reference_price: string }>('SELECT approved_seq, reference_price FROM execution.orders WHERE order_id = $1', [parent.orderId]);
  invariant(row, 'A leg hangs on an order of the book', { orderId: parent.orderId });
  const price = terms.stopPrice ?? terms.limitPrice;
  return insertFound(tx, {
    orderId: siblings.length === 0 ? `${parent.orderId}:${role}` : `${parent.orderId}:${role}:${siblings.length + 1}`, decisionId: parent.decisionId, clientOrderId: leg.clientOrderId, brokerOrderId: leg.id,
    source: parent.source, strategyId: parent.strategyId, signalId: parent.signalId, symbol: parent.symbol, side: leg.side, terms, role, parentOrderId: parent.orderId, replacesOrderId: replaced?.orderId ?? null,
    isReducing: true, referencePrice: price === null ? row.reference_price : toText(price), tsMarket: leg.submittedAt ?? parent.tsMarket, approvedSeq: row.approved_seq,
  }, source);
}
