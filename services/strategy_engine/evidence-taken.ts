/** How much of an exchange day a deployment has taken live: bars that were shown to it as news, while a decision on them could still be acted upon. */
import { MINUTE_MS, timeframeMs, type Timeframe } from '#app/domain/time.ts';
import { fromNewYork, type Session } from '#app/market/calendar.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { FRESH_MS } from './catch-up.ts';

/** So near to the close a bar must have been heard in time. */
const LAST_MS = 15 * MINUTE_MS;
/** The part of a day's bars that is enough: a restart, or a minute that the broker told late, is no day lost. */
const LEAST_TAKEN = 0.9;
/** A day of each is some hundred bars, and each bar a look into the history of the book: thousands of symbols in one statement would be out of time. */
const SYMBOLS_AT_ONCE = 50;

/**
 * Instants at which the lane of authored strategies was told the bar `m` as news; no row for a bar that came as history. The book's number of an event is its number in the inbox. As a
 * sub-query for each bar: both tables are as long as the history of the book, and are looked into by their keys.
 */
const HEARD = `
  SELECT i.handled_at FROM data_ingestion.outbox o JOIN strategy_engine.inbox i ON i.producer = 'data_ingestion/authored' AND i.seq = o.seq
  WHERE o.topic = 'bar.closed' AND o.key = concat_ws(':', m.symbol, m.timeframe, (extract(epoch FROM m.open_time) * 1000)::bigint) AND NOT (o.payload->>'isBackfill')::boolean LIMIT 1`;

/** $1, $2: the last minutes before the close; $3: how long after its opening a minute is heard in time, ms. */
const TO_ITS_END = `
  SELECT EXISTS (
    SELECT FROM data_ingestion.symbols k JOIN data_ingestion.market_data m ON m.symbol = k.symbol AND m.timeframe = '1Min' AND m.open_time >= $1::timestamptz AND m.open_time < $2::timestamptz
    JOIN LATERAL (${HEARD}) h ON h.handled_at < m.open_time + $3::bigint * interval '1 millisecond'
    WHERE k.is_watched) AS "isHeard"`;

/**
 * Whether the lane heard the market until the close. Without that a day says nothing: of a computer that was switched off at noon the book holds the morning alone until the rest is read, and of that
 * morning every bar was taken. Any followed symbol will do: rarely traded ones have no bar in the last minutes.
 */
export async function heardToItsEnd(book: Queryable, { close }: Session): Promise<boolean> {
  const [row] = await book.query<{ isHeard: boolean }>(TO_ITS_END, [at(close - LAST_MS), at(close), timeframeMs('1Min') + FRESH_MS]);
  return row?.isHeard === true;
}

const SYMBOLS = `
  SELECT k.symbol FROM strategy_engine.strategies s JOIN data_ingestion.symbols k ON k.symbol = ANY(s.symbols) OR (k.is_watched AND '*' = ANY(s.symbols)) WHERE s.current_version_id = $1 ORDER BY k.symbol COLLATE "C"`;

/** $1: the version; $2: some symbols; $3: the width of its bars; those that opened after $4 and before $5; $6: how long after its opening a bar is heard in time, ms. A cell that is called * is a portfolio's. */
const TAKEN = `
  SELECT count(*)::integer AS stored, count(*) FILTER (WHERE CASE
      WHEN m.timeframe = '1Day' THEN t.last_open_time = m.open_time
      ELSE t.last_open_time >= m.open_time AND h.handled_at < m.open_time + $6::bigint * interval '1 millisecond' END)::integer AS taken
  FROM (
    SELECT k.symbol, (SELECT max(c.last_open_time) FROM strategy_engine.strategy_state c WHERE c.strategy_version_id = $1 AND c.symbol IN (k.symbol, '*')) AS last_open_time FROM unnest($2::text[]) AS k(symbol)
  ) t
  JOIN data_ingestion.market_data m ON m.symbol = t.symbol AND m.timeframe = $3 AND m.open_time > $4::timestamptz AND m.open_time < $5::timestamptz
  LEFT JOIN LATERAL (${HEARD}) h ON true`;

/**
 * Whether a deployment took the bars of a session live: nearly all that are stored of its symbols came to its lane as news within some minutes of their close, and its state has moved on over them.
 * What is read afterwards comes too late for a decision, whether it is told as history or as news.
 *
 * Bars of a whole day come over no wire: they are read after the close, and shown by the look for bars not seen, mostly in the first hour of the next session. That shows the newest day, and no
 * other, as one to act upon. So a state that stands on the day has taken it live, as long as it is asked before the next session is over; one that stands on a newer day says nothing of it.
 */
export async function tookLive(book: Queryable, { versionId, timeframe }: { readonly versionId: string; readonly timeframe: Timeframe }, { date, open, close }: Session): Promise<boolean> {
  const width = timeframeMs(timeframe);
  // A bar of a whole day opens at midnight; a wide one before the open is of the session when it ends in it.
  const after = timeframe === '1Day' ? fromNewYork(date, 0) - 1 : open - width;
  const symbols = (await book.query<{ symbol: string }>(SYMBOLS, [versionId])).map(({ symbol }) => symbol);
  const all = { stored: 0, taken: 0 };
  for (let start = 0; start < symbols.length; start += SYMBOLS_AT_ONCE) {
    const [row] = await book.query<{ stored: number; taken: number }>(TAKEN, [versionId, symbols.slice(start, start + SYMBOLS_AT_ONCE), timeframe, at(after), at(close), width + FRESH_MS]);
    all.stored += row?.stored ?? 0;
    all.taken += row?.taken ?? 0;
  }
  return all.taken > 0 && all.taken >= LEAST_TAKEN * all.stored;
}
