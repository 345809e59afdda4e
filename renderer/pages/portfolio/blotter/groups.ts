/** Orders as people think of them: an entry with its exits, a changed order with what it was before. Pure. */
import type { OrderView } from '#app/contracts/views.ts';

/** An order with its legs, newest change first in `past`. */
export type OrderGroup = { readonly order: OrderView; readonly legs: readonly OrderGroup[]; /** Orders whose place it took, newest first. */ readonly past: readonly OrderView[] };

/** A line of the blotter. `depth` 0 = head, 1 = beneath it. */
export type BlotterRow = { readonly order: OrderView; readonly kind: 'head' | 'leg' | 'past'; readonly isLast: boolean; /** Lines beneath it; 0 = nothing to unfold. */ readonly beneath: number; readonly isUnfolded: boolean };

/** One row per order: of two, the later version. */
export function mergeOrders(...lists: readonly (readonly OrderView[])[]): OrderView[] {
  const byId = new Map<string, OrderView>();
  for (const order of lists.flat()) if ((byId.get(order.orderId)?.version ?? -1) < order.version) byId.set(order.orderId, order);
  return [...byId.values()].sort((a, b) => b.createdAt - a.createdAt);
}

/** A changed exit is still its entry's exit, also where only the order that it replaced says so. */
function withKinship(orders: readonly OrderView[]): OrderView[] {
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return orders.map((order) => {
    const seen = new Set([order.orderId]);
    let kin = order;
    while (kin.parentOrderId === null && kin.replacesOrderId !== null && !seen.has(kin.replacesOrderId)) {
      seen.add(kin.replacesOrderId);
      const before = byId.get(kin.replacesOrderId);
      if (before === undefined) break;
      kin = before;
    }
    return kin === order || kin.parentOrderId === null ? order : { ...order, role: kin.role, parentOrderId: kin.parentOrderId };
  });
}

/** Groups in the order of their heads. A leg or an earlier order whose head is not among the rows stands for itself. */
export function groupOrders(known: readonly OrderView[]): OrderGroup[] {
  const orders = withKinship(known);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  const successor = new Map<string, string>();
  for (const order of orders) {
    if (order.replacesOrderId !== null && order.status !== 'rejected' && order.status !== 'denied') successor.set(order.replacesOrderId, order.orderId);
    if (order.replacedByOrderId !== null && byId.has(order.replacedByOrderId)) successor.set(order.orderId, order.replacedByOrderId);
  }
  const newestOf = (orderId: string): string => {
    const seen = new Set([orderId]);
    let at = orderId;
    for (let next = successor.get(at); next !== undefined; next = successor.get(at)) {
      // A chain that bites its tail is broken data; nothing of it may vanish from sight.
      if (seen.has(next)) return orderId;
      seen.add(next);
      at = next;
    }
    return at;
  };
  const legsOf = new Map<string, OrderView[]>();
  const pastOf = new Map<string, OrderView[]>();
  const add = (map: Map<string, OrderView[]>, key: string, order: OrderView): void => void map.set(key, [...(map.get(key) ?? []), order]);
  const heads: OrderView[] = [];
  for (const order of orders) {
    const newest = newestOf(order.orderId);
    const parent = order.parentOrderId === null ? null : newestOf(order.parentOrderId);
    if (newest !== order.orderId && byId.has(newest)) add(pastOf, newest, order);
    else if (parent !== null && byId.has(parent)) add(legsOf, parent, order);
    else heads.push(order);
  }
  const rank = (order: OrderView): number => (order.role === 'take_profit' ? 0 : 1);
  const group = (order: OrderView): OrderGroup => ({ order, legs: (legsOf.get(order.orderId) ?? []).sort((a, b) => rank(a) - rank(b)).map(group), past: pastOf.get(order.orderId) ?? [] });
  return heads.map(group);
}

/** Every order of a group, the head first. */
export function membersOf(group: OrderGroup): OrderView[] {
  return [group.order, ...group.past, ...group.legs.flatMap(membersOf)];
}

/** Unfolded by itself: a group in which something beneath the head still lives. */
export function isLively(group: OrderGroup): boolean {
  return membersOf(group).slice(1).some((order) => !order.isClosed);
}

/** The lines to draw. `choice`: what the reader folded (false) or unfolded (true) by hand. */
export function rowsOf(groups: readonly OrderGroup[], choice: ReadonlyMap<string, boolean>): BlotterRow[] {
  return groups.flatMap((group) => {
    const beneath = membersOf(group).length - 1;
    const isUnfolded = beneath > 0 && (choice.get(group.order.orderId) ?? isLively(group));
    const head: BlotterRow = { order: group.order, kind: 'head', isLast: false, beneath, isUnfolded };
    if (!isUnfolded) return [head];
    const line = (kind: 'leg' | 'past', order: OrderView): BlotterRow => ({ order, kind, isLast: false, beneath: 0, isUnfolded: false });
    const lines = [...group.legs.flatMap((leg) => [line('leg', leg.order), ...membersOf(leg).slice(1).map((order) => line('past', order))]), ...group.past.map((order) => line('past', order))];
    return [head, ...lines.map((row, n) => (n === lines.length - 1 ? { ...row, isLast: true } : row))];
  });
}
