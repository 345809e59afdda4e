/** Pieces of SQL that several queries share. */

/** Newest close of each symbol over its timeframes: symbol, last_close, market_at (close of its bar), seen_at. */
export const LAST_PRICES = `
  SELECT DISTINCT ON (symbol) symbol, last_close,
    last_open_time + CASE timeframe WHEN '1Min' THEN interval '1 minute' WHEN '5Min' THEN interval '5 minutes' WHEN '15Min' THEN interval '15 minutes' WHEN '1Hour' THEN interval '1 hour' ELSE interval '1 day' END AS market_at,
    last_seen_at AS seen_at
  FROM data_ingestion.ingestion_status
  ORDER BY symbol, last_open_time DESC, timeframe`;

/** A numeric as decimal text with at most nine digits after the point and no trailing zeros. */
export function plain(expression: string): string {
  return `trim_scale(round(${expression}, 9))`;
}
