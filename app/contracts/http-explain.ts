/** Why a strategy did, or did not, trade at a bar: a part of the HTTP contract. */
import type { RouteContract } from './route.ts';

/** Its routes. */
export const EXPLAIN_ROUTES = {} as const satisfies Record<string, RouteContract>;
