/** The universe of symbols, quotes, corporate actions: a part of the HTTP contract. */
import type { RouteContract } from './route.ts';

/** Its routes. */
export const FEED_ROUTES = {} as const satisfies Record<string, RouteContract>;
