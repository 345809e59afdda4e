/** Daily bars of the whole universe: wished for as long as a day is missing, so that screens are current. */
import { createHash } from 'node:crypto';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Queryable } from '#chassis/db.ts';
import { newestComplete, wantBackfill } from './backfill.ts';

/** How far a series that is not stored yet reaches back: five years and the year before them that yearly figures look at. */
const FIRST_DAYS = 6 * 365;
/** Series that lack no more than this are read together; what lacks more would make everyone's question long. */
const RECENT_MS = 20 * DAY_MS;
/** A symbol of which the broker had no days is asked for again after this long. */
const EMPTY_DAYS = 7;

/** What was wished. `symbols`: of the universe; `upToDate`: those whose newest complete day is stored. */
export type DaysWish = { readonly symbols: number; readonly upToDate: number; readonly wished: number; readonly day: string };

/** The universe: followed symbols, and listed ones of which a sector is known (the built-in list, or a person's). */
const OF_UNIVERSE = `
  FROM data_ingestion.symbols s LEFT JOIN data_ingestion.ingestion_status i ON i.symbol = s.symbol AND i.timeframe = '1Day'
  WHERE s.status = 'active' AND s.is_tradable AND s.asset_id IS NOT NULL AND (s.is_watched OR s.sector IS NOT NULL)`;
/** Its symbols, and of each whether a back-fill is busy with it, and whether the broker has no days of it. */
const SYMBOLS = `
  SELECT s.symbol, i.last_open_time AS newest,
    EXISTS (SELECT FROM data_ingestion.backfill_series b JOIN data_ingestion.backfills f USING (backfill_id) WHERE b.symbol = s.symbol AND f.timeframe = '1Day' AND b.state = 'waiting' AND f.state IN ('waiting', 'running', 'paused')) AS is_busy,
    i.symbol IS NULL AND EXISTS (SELECT FROM data_ingestion.backfill_series b JOIN data_ingestion.backfills f USING (backfill_id)
      WHERE b.symbol = s.symbol AND f.timeframe = '1Day' AND b.state IN ('empty', 'unknown', 'refused') AND f.created_at > clock_timestamp() - make_interval(days => ${EMPTY_DAYS})) AS is_empty
  ${OF_UNIVERSE} ORDER BY s.symbol COLLATE "C"`;

type Row = { symbol: string; newest: number | null; is_busy: boolean; is_empty: boolean };

/** Writes down which days are to be read. Wished again before they are there: nothing happens. */
export async function wantDays(book: Queryable, marketNow: EpochMs): Promise<DaysWish> {
  const to = newestComplete(marketNow, '1Day');
  const rows = await book.query<Row>(SYMBOLS);
  const isCurrent = (row: Row): boolean => row.newest !== null && row.newest >= to;
  const lacking = rows.filter((row) => !isCurrent(row) && !row.is_busy && !row.is_empty);
  const first = (to - FIRST_DAYS * DAY_MS) as EpochMs;
  const groups = [
    { why: 'the first years of days of the universe', members: lacking.filter((row) => row.newest === null), from: first },
    { why: 'new days of the universe', members: lacking.filter((row) => row.newest !== null && row.newest >= to - RECENT_MS), from: null },
    { why: 'days of the universe that were missed', members: lacking.filter((row) => row.newest !== null && row.newest < to - RECENT_MS), from: null },
  ];
  let wished = 0;
  for (const { why, members, from } of groups) {
    if (members.length === 0) continue;
    const symbols = members.map((row) => row.symbol);
    const begin = from ?? ((Math.min(...members.map((row) => row.newest ?? to)) + 1) as EpochMs);
    const key = `days-${exchangeDay(to)}-${createHash('sha256').update(`${begin} ${symbols.join(' ')}`).digest('hex').slice(0, 12)}`;
    const { isNew } = await wantBackfill(book, { key, wantedBy: 'universe', why, symbols, timeframe: '1Day', from: begin, to });
    if (isNew) wished += symbols.length;
  }
  return { symbols: rows.length, upToDate: rows.filter(isCurrent).length, wished, day: exchangeDay(to) };
}

/** How current the days of the universe are: symbols, those that have the newest day of them all, and that day. */
export async function readDays(book: Queryable): Promise<{ readonly symbols: number; readonly upToDate: number; readonly newestDay: string | null }> {
  const rows = await book.query<Pick<Row, 'newest'>>(`SELECT i.last_open_time AS newest ${OF_UNIVERSE}`);
  const newest = Math.max(...rows.map((row) => row.newest ?? -Infinity));
  return { symbols: rows.length, upToDate: rows.filter((row) => row.newest === newest).length, newestDay: Number.isFinite(newest) ? exchangeDay(newest as EpochMs) : null };
}
