/** How a live push changes what is known. Pure: old value and push in, new value out. */
import type { RouteOutput } from '#app/contracts/http.ts';
import type { LiveBody, LivePrice, LiveQuote } from '#app/contracts/live.ts';
import type { EquityPoint, FillView, NoticeView, OrderView } from '#app/contracts/views.ts';

/** Rows that a list keeps at most; older ones are asked for when needed. */
export const ROWS_KEPT = 500;
/** Points that a curve may grow beyond what was asked for. */
export const POINTS_KEPT = 4_000;

/** A list of orders as the gateway gave it for a scope. */
export type OrderList = { readonly orders: OrderView[]; readonly openTotal: number; readonly total: number };
/** Which orders a list holds. */
export type OrderScope = 'open' | 'closed' | 'all';

/** Puts moved orders into the list of a scope: newer versions replace, new ones come first, those that left the scope go. */
export function applyOrders(list: OrderList, moved: readonly OrderView[], scope: OrderScope): OrderList {
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

/** The newest of each symbol by market time: what is older than the known one (told late, or twice) changes nothing. */
export function applyNewest<Told extends LivePrice | LiveQuote>(known: ReadonlyMap<string, Told>, fresh: readonly Told[]): Map<string, Told> {
  const newest = new Map(known);
  for (const told of fresh) if ((newest.get(told.symbol)?.tsMarket ?? 0) <= told.tsMarket) newest.set(told.symbol, told);
  return newest;
}

/** Puts new notices in front, each once. */
export function applyNotices(known: readonly NoticeView[], fresh: readonly NoticeView[]): NoticeView[] {
  const ids = new Set(fresh.map((notice) => notice.id));
  return [...fresh, ...known.filter((notice) => !ids.has(notice.id))].slice(0, ROWS_KEPT);
}

/** What stands under the keys that pushes write to, by the first word of the key. */
type Pushed = {
  readonly account: RouteOutput<'account'>; readonly positions: RouteOutput<'positions'>; readonly orders: RouteOutput<'orders'>; readonly 'orders older': { readonly pages: RouteOutput<'orders'>[] };
  readonly fills: RouteOutput<'fills'>; readonly equity: RouteOutput<'equity'>; readonly notices: RouteOutput<'notices'>;
};
/** An answer after a push; the same object when the push does not concern it. */
export type Merge<Known> = (known: Known, body: LiveBody, key: readonly unknown[]) => Known;

const MERGES: { readonly [Name in keyof Pushed]: Merge<Pushed[Name]> } = {
  account: (known, body) => (body.type === 'account' ? body.account : known),
  positions: (known, body) => (body.type === 'positions' ? { positions: body.positions } : known),
  orders: (known, body, key) => (body.type === 'orders' ? applyOrders(known, body.orders, key[1] as OrderScope) : known),
  'orders older': (known, body) => (body.type === 'orders' ? { ...known, pages: applyToPages(known.pages, body.orders) } : known),
  fills: (known, body) => (body.type === 'fills' ? applyFills(known, body.fills) : known),
  equity: (known, body) => (body.type === 'equity' ? { ...known, points: applyEquity(known.points, body.points) } : known),
  notices: (known, body) => (body.type === 'notices' ? { notices: applyNotices(known.notices, body.notices) } : known),
};

/** How pushes change the answer under a key; null when they do not. */
export function mergeOf(key: readonly unknown[]): Merge<unknown> | null {
  const name = String(key[0]);
  return Object.hasOwn(MERGES, name) ? (MERGES[name as keyof Pushed] as Merge<unknown>) : null;
}
