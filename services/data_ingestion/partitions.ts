/** Monthly tables of bars, made before the first bar of their month comes: nobody waits for a table at the turn of a month. */
import type { Queryable } from '#chassis/db.ts';

/** So many months after the present one have their table. */
const MONTHS_AHEAD = 3;

const MISSING = `
  WITH present AS (SELECT to_timestamp($1::bigint / 1000.0) AS at UNION SELECT max(last_open_time) FROM data_ingestion.ingestion_status),
    wanted AS (SELECT DISTINCT (date_trunc('month', at AT TIME ZONE 'UTC') + n * interval '1 month')::date AS month FROM present, generate_series(0, $2::int) n WHERE at IS NOT NULL)
  SELECT to_char(month, 'YYYY-MM') AS month FROM wanted WHERE to_regclass('data_ingestion.market_data_' || to_char(month, 'YYYY_MM')) IS NULL ORDER BY 1`;

/**
 * Makes the tables of this month and the next three, by the clock (epoch ms) and by the newest stored bar: a replay has a present of its own. A bar of a month that has none
 * makes its table itself, as before. @returns the months that were made, `YYYY-MM`
 */
export async function keepMonthsAhead(book: Queryable, now: number): Promise<string[]> {
  const missing = await book.query<{ month: string }>(MISSING, [now, MONTHS_AHEAD]);
  for (const { month } of missing) await book.query('SELECT data_ingestion.ensure_month($1::date)', [`${month}-01`]);
  return missing.map(({ month }) => month);
}
