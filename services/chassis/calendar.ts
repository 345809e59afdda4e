/** The broker's calendar over the built-in one: read from the book at each worker's start and hourly; what cannot be read changes nothing. */
import { describeError } from '#app/domain/errors.ts';
import { amendCalendar } from '#app/market/calendar.ts';
import type { Queryable } from './db.ts';
import type { Logger } from './log.ts';

const READ_EVERY_MS = 3_600_000;
/** Days that lie further back have had their sessions. */
const MAX_ROWS = 20_000;
const MAX_REFUSED_LOGGED = 5;

/**
 * Takes over what the broker's calendar says (`data_ingestion.market_calendar`). Never throws: a table that cannot be read leaves the calendar as it
 * is, and a day that cannot be right leaves that day as the rules have it; both are logged as warnings.
 */
export async function readCalendar(db: Queryable, log: Logger): Promise<void> {
  try {
    const days = await db.query<{ date: string; open: string | null; close: string | null }>(
      'SELECT day AS date, open_time AS open, close_time AS close FROM data_ingestion.market_calendar ORDER BY day DESC LIMIT $1', [MAX_ROWS],
    );
    const { amended, refused } = amendCalendar(days);
    if (refused.length > 0) log.warn({ refused: refused.slice(0, MAX_REFUSED_LOGGED), count: refused.length }, "Days of the broker's calendar cannot be right and are ignored");
    if (amended.length > 0) log.info({ days: amended.length, newest: amended.at(-1) }, "The broker's calendar differs from the built-in one on some days");
  } catch (error) {
    log.warn({ error: describeError(error) }, "The broker's calendar cannot be read; the built-in one holds");
  }
}

/** Reads the calendar now and every hour until the signal aborts. */
export async function keepCalendar(db: Queryable, log: Logger, signal: AbortSignal): Promise<void> {
  const timer = setInterval(() => void readCalendar(db, log), READ_EVERY_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  await readCalendar(db, log);
}
