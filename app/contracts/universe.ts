/** The universe: every symbol the broker lists, what is known of it, and which of them the system follows. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { decimalText } from '#app/domain/numeric.ts';
import { timeframeSchema } from '#app/domain/time.ts';

/** The eleven sectors of the Global Industry Classification Standard, and funds, which have none. */
export const SECTORS = [
  'Communication Services', 'Consumer Discretionary', 'Consumer Staples', 'Energy', 'Financials', 'Health Care', 'Industrials', 'Information Technology', 'Materials', 'Real Estate', 'Utilities', 'Funds',
] as const;
/** One of them. */
export type Sector = (typeof SECTORS)[number];
export const sectorSchema = z.enum(SECTORS);

/** Most symbols in one wish of a person, and most rows of one page. */
export const WISH_MAX = 2_000;
export const UNIVERSE_PAGE_MAX = 500;

const ms = z.number().int();

/** One symbol. `sectorSource`: the built-in list, or a person; null = no sector is known. `renamedTo`: its history goes on under that name. `daily*`: open of its first and newest stored daily bar. */
export const universeRowSchema = z.object({
  symbol: symbolSchema, name: z.string(), exchange: z.string(), status: z.enum(['active', 'inactive']), isTradable: z.boolean(), isShortable: z.boolean(), isFractionable: z.boolean(), isEasyToBorrow: z.boolean(),
  sector: z.string().nullable(), industry: z.string().nullable(), sectorSource: z.string().nullable(), renamedTo: z.string().nullable(), isWatched: z.boolean(),
  lastPrice: decimalText.nullable(), priceMarketAt: ms.nullable(), priceSeenAt: ms.nullable(), dailyFrom: ms.nullable(), dailyTo: ms.nullable(), barsTotal: z.number().int(),
});
/** One symbol of the universe. */
export type UniverseRow = z.infer<typeof universeRowSchema>;

/** Which symbols to list, by symbol; `after` is the last symbol of the page before. `query` looks at the beginning of tickers and anywhere in names. */
export const universeQuerySchema = z.object({
  query: z.string().trim().max(80).default(''), sector: z.string().max(60).optional().describe('A sector, or "none" for symbols without one'), watched: z.enum(['all', 'yes', 'no']).default('all'),
  status: z.enum(['active', 'inactive', 'all']).default('active'), stored: z.enum(['all', 'yes', 'no']).default('all').describe('With or without stored bars'),
  after: symbolSchema.optional(), limit: z.coerce.number().int().min(1).max(UNIVERSE_PAGE_MAX).default(100),
});
/** Which symbols to list. */
export type UniverseQuery = z.output<typeof universeQuerySchema>;

/** A page of symbols. `total`: all that match; `sectors`: how many active symbols each sector has (null = unknown) and how many of them are followed. */
export const universePageSchema = z.object({
  rows: z.array(universeRowSchema), total: z.number().int(), nextAfter: z.string().nullable(), watchedTotal: z.number().int(),
  sectors: z.array(z.object({ sector: z.string().nullable(), symbols: z.number().int(), watched: z.number().int() })), updatedAt: ms.nullable(),
});

/** A corporate action. `terms`: what its kind needs (new_rate and old_rate, rate, new_symbol, ...), numbers as decimal text; `text`: in words. `source`: alpaca, or import. */
export const corporateActionSchema = z.object({
  actionId: z.string(), symbol: z.string(), kind: z.string(), exDate: z.string(), terms: z.record(z.string(), z.unknown()), text: z.string(), source: z.string(), seenAt: ms, changedAt: ms.nullable(),
});
/** A corporate action. */
export type CorporateActionView = z.infer<typeof corporateActionSchema>;

/** The last quote and trade of a symbol: dollars, shares; each with the market's time and ours. Null: none has been heard since the cache was emptied. */
export const lastQuoteSchema = z.object({
  symbol: symbolSchema,
  quote: z.object({ bid: z.number(), bidSize: z.number(), ask: z.number(), askSize: z.number(), tsMarket: ms, tsSeen: ms }).nullable(),
  trade: z.object({ price: z.number(), size: z.number(), tsMarket: ms, tsSeen: ms }).nullable(),
});
/** The last quote and trade of a symbol. */
export type LastQuote = z.infer<typeof lastQuoteSchema>;

/** One stored series. Times are bar opens; `revisions` counts bars that were changed or taken out after they were stored. */
export const storedSeriesSchema = z.object({ timeframe: timeframeSchema, from: ms.nullable(), to: ms, bars: z.number().int(), revisions: z.number().int(), lastSeenAt: ms });

/** Everything about one symbol. `note`: what a person must know first (delisted, renamed, not tradable), null when all is well. `formerNames`: its names before. */
export const symbolDetailSchema = z.object({
  row: universeRowSchema, note: z.string().nullable(), formerNames: z.array(z.object({ symbol: z.string(), until: z.string().nullable() })), series: z.array(storedSeriesSchema), last: lastQuoteSchema, actions: z.array(corporateActionSchema),
});

/** What became of a wish about many symbols. `changed`: as wished now; `refused`: left as they were, with the reason in words. */
const wishReply = { changed: z.array(z.string()), refused: z.array(z.object({ symbol: z.string(), reason: z.string() })) };
/** After watching or letting go. `note`: what the broker's plan does not allow for that many symbols, in words. */
export const watchReplySchema = z.object({ ...wishReply, watchedTotal: z.number().int(), quotesFor: z.number().int(), note: z.string().nullable() });
/** After giving symbols a sector. */
export const sectorReplySchema = z.object(wishReply);

/** A symbol with its sector as a person says it; null sector = back to the built-in list. */
export const sectorWishSchema = z.object({ symbol: symbolSchema, sector: sectorSchema.nullable(), industry: z.string().trim().max(80).nullable().default(null) });

/** Longest list of sectors as a file. */
const SECTOR_CSV_MAX = 200_000;
/** Sectors that a person says: rows, or lines of a file `symbol,sector,industry` (the industry may be left out; a first line of names is taken as such). */
export const sectorWishFields = {
  rows: z.array(sectorWishSchema).max(WISH_MAX).default([]), csv: z.string().max(SECTOR_CSV_MAX).optional().describe('Lines symbol,sector,industry; lines that cannot be read are told with their number'),
};

/**
 * The market-data stream: which channels are open for how many symbols, what the broker's plan allows, and what it refused.
 * `quotesLimit`: symbols with quotes and trades that the broker allows, null = no limit known. Counts are since the start of the service.
 */
export const feedStateSchema = z.object({
  state: z.string(), reason: z.string(), lastMessageAgeMs: z.number().nullable(), watched: z.number().int(), barsFor: z.number().int(), quotesFor: z.array(z.string()), quotesLimit: z.number().int().nullable(), notes: z.array(z.string()),
  counts: z.object({ bars: z.number().int(), updatedBars: z.number().int(), quotes: z.number().int(), trades: z.number().int(), corrections: z.number().int(), statuses: z.number().int(), troubles: z.number().int(), late: z.number().int(), duplicates: z.number().int() }),
  halts: z.array(z.object({ symbol: z.string(), code: z.string(), text: z.string(), tsMarket: ms })),
  daily: z.object({ symbols: z.number().int(), upToDate: z.number().int(), newestDay: z.string().nullable() }),
});
/** The market-data stream. */
export type FeedState = z.infer<typeof feedStateSchema>;
