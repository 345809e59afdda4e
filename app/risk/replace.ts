/** Changing an open order: the terms of the one that takes its place, and why a broker would not take the change. */
import type { OrderStatus } from '#app/domain/order.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import { toText, type Decimal, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OpenOrder } from './open-orders.ts';

/** What shall change; null = stays. `qty` is the whole order's, filled shares included. `trail` in the unit that the order has. */
export type OrderChange = { readonly qty: Quantity | null; readonly limitPrice: Price | null; readonly stopPrice: Price | null; readonly trail: Decimal | null };

/** The order that shall be changed, as execution has it. */
export type Changeable = { readonly order: OpenOrder; readonly status: OrderStatus; readonly qty: Quantity; readonly filledQty: Quantity; readonly terms: OrderTerms };

const REPLACEABLE: ReadonlySet<OrderStatus> = new Set(['held', 'accepted', 'partially_filled']);

/** The terms with the change applied. A leg that is changed is an order of its own kind without exits. */
export function changedTerms({ terms, order }: Changeable, change: OrderChange): OrderTerms {
  const isLeg = order.role !== 'order';
  return {
    ...terms, limitPrice: change.limitPrice ?? terms.limitPrice, stopPrice: change.stopPrice ?? terms.stopPrice,
    trailPrice: terms.trailPrice === null ? null : ((change.trail ?? terms.trailPrice) as Price), trailPercent: terms.trailPercent === null ? null : (change.trail ?? terms.trailPercent),
    ...(isLeg ? { orderClass: 'simple' as const, takeProfit: null, stopLoss: null } : {}),
  };
}

/** Unfilled shares after the change; not more than nothing when less is wanted than was filled. */
export function wantedQty({ qty, filledQty }: Changeable, change: OrderChange): Quantity {
  return (change.qty ?? qty).minus(filledQty) as Quantity;
}

/** Why the broker would not take the change, in a sentence; null = it would. */
export function replaceObstacle(old: Changeable, change: OrderChange): string | null {
  const { status, terms, order, filledQty, qty } = old;
  if (!REPLACEABLE.has(status)) return `The order is ${status.replaceAll('_', ' ')}; only an order that the broker works can be changed.`;
  if (terms.orderClass === 'oto') return 'An order that triggers another cannot be changed. Cancel it and place a new one.';
  if (change.qty !== null && !change.qty.eq(qty)) {
    if (!qty.isInteger() || !change.qty.isInteger()) return 'The quantity of an order with a part of a share cannot be changed. Cancel it and place a new one.';
    if (change.qty.lte(filledQty)) return `${toText(filledQty)} shares are filled already; to stop here cancel the order.`;
    if (order.role !== 'order' || terms.orderClass === 'bracket') return 'The quantity of an order with exits, and of such an exit, cannot be changed.';
  }
  if (change.limitPrice !== null && terms.limitPrice === null) return 'The order has no limit price that could be changed.';
  if (change.stopPrice !== null && (terms.stopPrice === null || terms.type === 'trailing_stop')) return 'The order has no stop price that could be changed.';
  if (change.trail !== null && terms.type !== 'trailing_stop') return 'The order does not trail.';
  const after = changedTerms(old, change);
  const same = (a: Decimal | null, b: Decimal | null): boolean => (a === null || b === null ? a === b : a.eq(b));
  const isSame = (change.qty?.eq(qty) ?? true) && same(after.limitPrice, terms.limitPrice) && same(after.stopPrice, terms.stopPrice) && same(after.trailPrice, terms.trailPrice) && same(after.trailPercent, terms.trailPercent);
  return isSame ? 'Nothing would change.' : null;
}
