/** Which orders the blotter shows. Pure. */
import type { OrderView } from '#app/contracts/views.ts';
import { marketDay } from '../../../ui/format.ts';
import { membersOf } from './groups.ts';
import type { OrderGroup } from './groups.ts';
import { sourceOf } from './words.ts';

/** Kinds of status that people ask for. */
export const STATUS_KINDS = ['any', 'working', 'filled', 'canceled', 'failed', 'unsure'] as const;
/** A kind of status. */
export type StatusKind = (typeof STATUS_KINDS)[number];

/** What is asked for; '' = any. */
export type OrderFilter = { readonly scope: 'open' | 'today' | 'all'; readonly symbol: string; readonly source: string; readonly status: StatusKind };

/** The kind that an order's status belongs to. */
export function statusKind(order: Pick<OrderView, 'status' | 'unknownSince' | 'isClosed'>): Exclude<StatusKind, 'any'> {
  if (!order.isClosed && order.unknownSince !== null) return 'unsure';
  switch (order.status) {
    case 'filled': return 'filled';
    case 'rejected': case 'denied': return 'failed';
    case 'canceled': case 'expired': case 'replaced': return 'canceled';
    case 'initialized': case 'submitted': return 'unsure';
    default: return 'working';
  }
}

/** Groups in which any order is asked for. `now` = the market's clock; null = not known, then no day is left out. */
export function filterGroups(groups: readonly OrderGroup[], filter: OrderFilter, now: number | null): OrderGroup[] {
  const symbol = filter.symbol.trim().toUpperCase();
  const today = now === null ? null : marketDay(now);
  const isAsked = (order: OrderView): boolean =>
    (filter.scope !== 'open' || !order.isClosed) && (filter.scope !== 'today' || today === null || !order.isClosed || marketDay(order.tsMarket) === today)
    && order.symbol.startsWith(symbol) && (filter.source === '' || sourceOf(order) === filter.source) && (filter.status === 'any' || statusKind(order) === filter.status);
  return groups.filter((group) => membersOf(group).some(isAsked));
}

/** Where the orders came from, each once, in alphabetical order. */
export function sourcesOf(orders: readonly OrderView[]): string[] {
  return [...new Set(orders.map(sourceOf))].sort();
}
