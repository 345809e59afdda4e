/** Open orders as risk sees them. Those that stand for the same shares or dollars count once: an order and the one that takes its place, the two exits of one entry. */
import { Decimal, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderClass, OrderRole, OrderType, Side } from '#app/domain/order.ts';

/**
 * An approved order that is not closed, whether or not execution has written it down yet; a leg that the broker made of one; or one that was placed at the
 * broker beside us. `strategyId` null = a person's. `limitPrice` null = not limited.
 */
export type OpenOrder = {
  /** A leg has the decision of its entry. */ readonly decisionId: string; readonly clientOrderId: string; readonly strategyId: string | null; readonly symbol: string; readonly side: Side;
  readonly type: OrderType; readonly orderClass: OrderClass; readonly role: OrderRole; readonly limitPrice: Price | null; readonly isReducing: boolean;
  /** Client order id of the open order whose place it is to take. */ readonly replaces: string | null;
  /** Shares not filled yet. */ readonly openQty: Quantity;
  /** Shares that count: `openQty`, or 0 where another order stands for the same shares (`countOnce`). */ readonly countedQty: Quantity;
  /** Dollars that count as reserved for the open shares; 0 when the order reduces. */ readonly reserved: Money;
};

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
