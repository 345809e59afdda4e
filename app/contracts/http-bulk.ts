/** Filling the book: back-fills, imports, exports: a part of the HTTP contract. */
import type { RouteContract } from './route.ts';

/** Its routes. */
export const BULK_ROUTES = {} as const satisfies Record<string, RouteContract>;
