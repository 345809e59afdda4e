/** How a live push changes what is known. Pure: old value and push in, new value out. */
import type { EquityPoint, FillView, NoticeView, OrderView } from '#app/contracts/views.ts';
import type { LivePrice } from '#app/contracts/live.ts';

/** Rows that a list keeps at most; older ones are asked for when needed. */
export const ROWS_KEPT = 500;
/** Points that a curve may grow beyond what was asked for. */
export const POINTS_KEPT = 4_000;

/** A list of orders as the gateway gave it for a scope. */
export type OrderList = { readonly orders: OrderView[]; readonly openTotal: number; readonly total: number };

/** Puts moved orders into the list of a scope: newer versions replace, new ones come first, those that left the scope go. */
export function applyOrders(list: OrderList, moved: readonly OrderView[], scope: 'open' | 'closed' | 'all'): OrderList {
  const rows = new Map(list.orders.map((order) => [order.orderId, order]));
  let { openTotal, total } = list;
  const newest = list.orders[0]?.createdAt ?? 0;
  for (const order of moved) {
    const before = rows.get(order.orderId);
    if (before && before.version > order.version) continue;
    if (before) openTotal += Number(!order.isClosed) - Number(!before.isClosed);
    // Its first version may have been missed (an exit moves twice within a push); one that is younger than all that are known is new all the same.
    else if (order.version === 1 || order.createdAt >= newest) {
      total += 1;
      openTotal += Number(!order.isClosed);
    }
    const belongs = scope === 'all' || (scope === 'open') !== order.isClosed;
    if (belongs) rows.set(order.orderId, order);
    else rows.delete(order.orderId);
  }
  const orders = [...rows.values()].sort((a, b) => b.createdAt - a.createdAt).slice(0, ROWS_KEPT);
  return { orders, openTotal: Math.max(0, openTotal), total };
}

/** Puts newer versions of orders into pages that hold them; what no page holds is left to the list of the newest. */
export function applyToPages<Page extends { readonly orders: OrderView[] }>(pages: readonly Page[], moved: readonly OrderView[]): Page[] {
  const newer = new Map(moved.map((order) => [order.orderId, order]));
  const now = (order: OrderView): OrderView => {
    const next = newer.get(order.orderId);
    return next !== undefined && next.version >= order.version ? next : order;
  };
  return pages.map((page) => (page.orders.some((order) => newer.has(order.orderId)) ? { ...page, orders: page.orders.map(now) } : page));
}

/** Puts new fills in front, each once. */
export function applyFills(list: { readonly fills: FillView[]; readonly total: number }, fresh: readonly FillView[]): { fills: FillView[]; total: number } {
  const known = new Set(list.fills.map((fill) => fill.fillId));
  const added = fresh.filter((fill) => !known.has(fill.fillId));
  const fills = [...added, ...list.fills].sort((a, b) => b.ledgerSeq - a.ledgerSeq).slice(0, ROWS_KEPT);
  return { fills, total: list.total + added.length };
}

/** Appends points of the curve; a point at a known time replaces it. */
export function applyEquity(points: readonly EquityPoint[], fresh: readonly EquityPoint[]): EquityPoint[] {
  const first = fresh[0]?.[0];
  if (first === undefined) return [...points];
  const kept = points.filter((point) => point[0] < first);
  return [...kept, ...fresh].slice(-POINTS_KEPT);
}

/** Revalues nothing: shows the newest price beside a position until the gateway sends the position itself. */
export function applyPrices(known: ReadonlyMap<string, LivePrice>, fresh: readonly LivePrice[]): Map<string, LivePrice> {
  const prices = new Map(known);
  for (const price of fresh) if ((prices.get(price.symbol)?.tsMarket ?? 0) <= price.tsMarket) prices.set(price.symbol, price);
  return prices;
}

/** Puts new notices in front, each once. */
export function applyNotices(known: readonly NoticeView[], fresh: readonly NoticeView[]): NoticeView[] {
  const ids = new Set(fresh.map((notice) => notice.id));
  return [...fresh, ...known.filter((notice) => !ids.has(notice.id))].slice(0, ROWS_KEPT);
}
