/** Open orders that stand for the same shares or dollars count once: an order and the one that takes its place, and the two exits of one entry. */
import { Decimal, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from '#app/domain/numeric.ts';
import type { OpenOrder } from './book.ts';

const isExit = (order: OpenOrder): boolean => order.role !== 'order' || order.orderClass === 'oco';

/** Of orders of which one at most comes true in full, the largest counts. */
function keepLargest(orders: readonly OpenOrder[]): ReadonlyMap<string, Quantity> {
  const most = orders.reduce<Decimal>((largest, order) => Decimal.max(largest, order.countedQty), ZERO_QUANTITY);
  const first = orders.find((order) => order.countedQty.eq(most));
  return new Map(orders.map((order) => [order.clientOrderId, (order === first ? most : ZERO_QUANTITY) as Quantity]));
}

function countExits(orders: readonly OpenOrder[]): ReadonlyMap<string, Quantity> {
  const counted = new Map<string, Quantity>();
  const groups = new Map<string, OpenOrder[]>();
  for (const order of orders) if (isExit(order)) groups.set(order.decisionId, [...(groups.get(order.decisionId) ?? []), order]);
  for (const [decisionId, group] of groups) {
    // The exits of an entry that is still open wait for it: there is nothing yet that they could close.
    const isWaiting = orders.some((order) => order.decisionId === decisionId && order.role === 'order' && !isExit(order));
    for (const [id, qty] of isWaiting ? group.map((order) => [order.clientOrderId, ZERO_QUANTITY] as const) : keepLargest(group)) counted.set(id, qty);
  }
  return counted;
}

/**
 * Gives `countedQty` and `reserved` their places. A replace of 10 shares ($1,000) by 6 ($900): 10 shares and $1,000 count, on the old order, until one of the
 * two is closed. Take-profit and stop-loss of 50 shares each: 50 count. Idempotent.
 */
export function countOnce(orders: readonly OpenOrder[]): readonly OpenOrder[] {
  if (orders.every((order) => order.replaces === null && !isExit(order))) return orders;
  const exits = countExits(orders);
  const counted = new Map(orders.map((order) => [order.clientOrderId, { ...order, countedQty: exits.get(order.clientOrderId) ?? order.countedQty }]));
  for (const { clientOrderId, replaces } of orders) {
    const next = counted.get(clientOrderId);
    const old = replaces === null ? undefined : counted.get(replaces);
    if (next === undefined || old === undefined) continue;
    const isNextMore = next.countedQty.gt(old.countedQty);
    const isNextDearer = next.reserved.gt(old.reserved);
    counted.set(clientOrderId, { ...next, countedQty: (isNextMore ? next.countedQty : ZERO_QUANTITY) as Quantity, reserved: (isNextDearer ? next.reserved : ZERO_MONEY) as Money });
    counted.set(old.clientOrderId, { ...old, countedQty: (isNextMore ? ZERO_QUANTITY : old.countedQty) as Quantity, reserved: (isNextDearer ? ZERO_MONEY : old.reserved) as Money });
  }
  return [...counted.values()];
}
