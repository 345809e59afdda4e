/** Minutes of a made-up market, and the way in which they are told to a book that may have put their month away. */
import { MINUTE_MS } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import type { Db } from '#chassis/db.ts';
import { storeBars, type SeenBar } from '../../services/data_ingestion/store.ts';
import type { Book } from './servers.ts';

/** Every n-th minute of some sessions, around $100, on cents. */
export function minutesOf(symbol: string, from: string, to: string, every = 1): SeenBar[] {
  let [seed, close] = [symbol.length * 77, 10_000];
  const bars: SeenBar[] = [];
  const text = (cents: number): string => (cents / 100).toFixed(2);
  for (const session of sessionsBetween(from, to)) {
    for (let openTime: number = session.open; openTime < session.close; openTime += every * MINUTE_MS) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      const open = close;
      close = open + (seed % 21) - 10;
      bars.push({ symbol, timeframe: '1Min', openTime, open: text(open), high: text(Math.max(open, close) + 2), low: text(Math.min(open, close) - 2), close: text(close), volume: String(100 + (seed % 50)), tsSeen: openTime + MINUTE_MS });
    }
  }
  return bars;
}

/** Stores bars as a repair brings them. The same bars may be told anew after their month was put away: no repair reads so far back, but tests do. */
export async function storeAnew(book: Book, db: Db, bars: readonly SeenBar[]): Promise<void> {
  await book.sql('DELETE FROM data_ingestion.outbox');
  for (let start = 0; start < bars.length; start += 5_000) await db.tx((tx) => storeBars(tx, bars.slice(start, start + 5_000), { source: 'rest', isBackfill: true }));
}
