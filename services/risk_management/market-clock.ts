/** What time it is on the market: the newest bar's time in simulations and replays, the wall's where the market is a real one. */
import { DAY_MS, epochMs, type Clock, type EpochMs } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';

/** Length of a bar of the row `i` of ingestion_status, in SQL. */
export const BAR_WIDTH = `CASE i.timeframe WHEN '1Min' THEN interval '1 minute' WHEN '5Min' THEN interval '5 minutes' WHEN '15Min' THEN interval '15 minutes' WHEN '1Hour' THEN interval '1 hour' ELSE interval '1 day' END`;

/** The close of the newest bar in the book, in SQL. Bars of whole days end at midnight, long after their session: they count where there are no others. */
export const MARKET_NOW = `SELECT coalesce(max(i.last_open_time + ${BAR_WIDTH}) FILTER (WHERE i.timeframe <> '1Day'), max(i.last_open_time + ${BAR_WIDTH})) AS now FROM data_ingestion.ingestion_status i`;

/** The market's own time: the close of the newest bar in the book; null before the first. */
export async function marketNow(db: Queryable): Promise<EpochMs | null> {
  const [row] = await db.query<{ now: number | null }>(MARKET_NOW);
  return typeof row?.now === 'number' ? epochMs(row.now) : null;
}

/** Bars that were this old when they came are of another time than ours: somebody stands in for the broker with a market of the past. */
const OTHER_TIME_MS = 7 * DAY_MS;

/** The wall's time, moved to the market's where its bars are of another time. It goes on while no bars come: that is how a dead feed is noticed. */
export async function realMarketTime(db: Queryable, wall: EpochMs): Promise<EpochMs> {
  const [row] = await db.query<{ lag: number }>(
    `SELECT (extract(epoch FROM i.last_seen_at - (i.last_open_time + ${BAR_WIDTH})) * 1000)::bigint AS lag FROM data_ingestion.ingestion_status i WHERE i.timeframe <> '1Day' ORDER BY i.last_open_time + ${BAR_WIDTH} DESC LIMIT 1`,
  );
  return row !== undefined && Math.abs(row.lag) > OTHER_TIME_MS ? epochMs(wall - row.lag) : wall;
}

/** What time it is on the market; before the first bar the wall's. */
export async function marketTime(db: Queryable, { wall, clock }: { readonly wall?: () => EpochMs; readonly clock: Clock }): Promise<EpochMs> {
  return wall === undefined ? ((await marketNow(db)) ?? clock.now()) : realMarketTime(db, wall());
}
