/** The universe of symbols, quotes, corporate actions: a part of the HTTP contract. */
import * as z from 'zod';
import type { RouteContract } from './route.ts';
import { corporateActionSchema, feedStateSchema, lastQuoteSchema, sectorReplySchema, sectorWishFields, symbolDetailSchema, universePageSchema, universeQuerySchema, watchReplySchema, WISH_MAX } from './universe.ts';
import { symbolSchema } from '#app/domain/ids.ts';

/** Symbols whose last quotes are asked for at once. */
const QUOTES_MAX = 100;
const symbolList = z.string().min(1).max(2_000).transform((text) => [...new Set(text.split(',').map((part) => part.trim().toUpperCase()))]).pipe(z.array(symbolSchema).min(1).max(QUOTES_MAX));

/** Its routes. */
export const FEED_ROUTES = {
  universe: { method: 'GET', path: '/api/universe', auth: 'session', movesMoney: false, summary: 'Symbols of the universe with sector, flags and what is stored of them, by symbol', input: universeQuerySchema, output: universePageSchema },
  symbolDetail: { method: 'GET', path: '/api/universe/:symbol', auth: 'session', movesMoney: false, summary: 'Everything about one symbol: flags, sector, stored series, last quote, corporate actions', input: z.object({ symbol: symbolSchema }), output: symbolDetailSchema },
  setWatched: { method: 'POST', path: '/api/universe/watched', auth: 'session', movesMoney: false, summary: 'Follow symbols, or let them go', input: z.object({ symbols: z.array(symbolSchema).min(1).max(WISH_MAX), isWatched: z.boolean() }), output: watchReplySchema },
  setSectors: { method: 'POST', path: '/api/universe/sectors', auth: 'session', movesMoney: false, summary: 'Give symbols a sector and an industry; null = back to the built-in list', input: z.object(sectorWishFields), output: sectorReplySchema },
  quotes: { method: 'GET', path: '/api/quotes', auth: 'session', movesMoney: false, summary: 'Last quotes and trades, with their ages', input: z.object({ symbols: symbolList.describe('Comma separated, at most 100') }), output: z.object({ quotes: z.array(lastQuoteSchema), at: z.number().int() }) },
  corporateActions: {
    method: 'GET', path: '/api/corporate-actions', auth: 'session', movesMoney: false, summary: 'Splits, dividends, renames and other corporate actions, newest ex-date first',
    input: z.object({ symbol: symbolSchema.optional(), kind: z.string().max(40).optional(), from: z.iso.date().optional(), to: z.iso.date().optional(), limit: z.coerce.number().int().min(1).max(1_000).default(200) }),
    output: z.object({ actions: z.array(corporateActionSchema), total: z.number().int() }),
  },
  feedState: { method: 'GET', path: '/api/feed', auth: 'session', movesMoney: false, summary: 'The market-data stream: what is followed, what the broker refuses, what was counted', input: z.object({}), output: feedStateSchema },
} as const satisfies Record<string, RouteContract>;
