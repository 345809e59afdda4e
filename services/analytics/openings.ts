/** Positions that were taken over with the account: they belong to the manual share and have no fill. */
import type { HeldBefore } from '#app/analytics/round-trips.ts';
import { price, quantity, ZERO_MONEY } from '#app/domain/numeric.ts';
import { epochMs } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';

/** All of them; empty before the account's first contact. */
export async function readOpenings(db: Queryable): Promise<HeldBefore[]> {
  const rows = await db.query<{ symbol: string; qty: string; average: string; openedAt: number }>(
    `SELECT symbol, qty::text AS qty, avg_price::text AS average, opened_at AS "openedAt" FROM execution.opening_positions ORDER BY symbol`,
  );
  return rows.map((row) => ({ strategyId: '', openedAt: epochMs(row.openedAt), position: { symbol: row.symbol, qty: quantity(row.qty), avgPrice: price(row.average), realizedPnl: ZERO_MONEY } }));
}
