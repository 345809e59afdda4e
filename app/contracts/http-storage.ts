/** Stored bars: a part of the HTTP contract. */
import { barsAskSchema, barsViewSchema } from './market-data.ts';
import type { RouteContract } from './route.ts';

/** Its routes. */
export const STORAGE_ROUTES = {
  bars: { method: 'GET', path: '/api/bars', auth: 'session', movesMoney: false, summary: 'A stretch of bars of one symbol, in any width, raw or adjusted', input: barsAskSchema, output: barsViewSchema },
} as const satisfies Record<string, RouteContract>;
