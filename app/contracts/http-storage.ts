/** Stored bars: a part of the HTTP contract. */
import * as z from 'zod';
import { barsAskSchema, barsViewSchema } from './market-data.ts';
import type { RouteContract } from './route.ts';
import { storageViewSchema } from './storage.ts';

/** Its routes. */
export const STORAGE_ROUTES = {
  bars: { method: 'GET', path: '/api/bars', auth: 'session', movesMoney: false, summary: 'A stretch of bars of one symbol, in any width, raw or adjusted', input: barsAskSchema, output: barsViewSchema },
  storage: { method: 'GET', path: '/api/storage', auth: 'session', movesMoney: false, summary: 'Where bars lie: months in the database, files of the archive, room on the disk', input: z.object({}), output: storageViewSchema },
} as const satisfies Record<string, RouteContract>;
