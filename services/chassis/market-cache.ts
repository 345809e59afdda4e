/** Names of what lies in the market-data cache (Redis, logical database 1) and on the live channels (5): written by data_ingestion, read by everyone. */

/** Where the last quote and trade of a symbol lie. */
export function quoteKey(symbol: string): string {
  return `quote:${symbol}`;
}

/** Quotes that moved, as an array of `liveQuoteSchema`. */
export const QUOTES_CHANNEL = 'market:quotes';
/** Bars that were corrected after they were stored, as an array of `liveBarSchema`. */
export const REVISIONS_CHANNEL = 'market:revised-bars';
