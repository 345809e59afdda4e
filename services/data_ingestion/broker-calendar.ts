/** The broker's calendar against ours: what differs is written down, for every part that asks when the exchange is open. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween, toNewYork } from '#app/market/calendar.ts';
import type { Db } from '#chassis/db.ts';
import type { CalendarDay, MarketHistory } from '../alpaca/ports.ts';

/** How far ahead the broker is asked: eighteen months. */
const AHEAD_DAYS = 548;
/** The exchange changes a day or two a year. More at once says that the answer, not the calendar, is wrong. */
const MAX_DIFFERENCES = 12;

/** Hours of one day in New York, `HH:MM`; null = closed. */
type Hours = { readonly open: string; readonly close: string } | null;
/** A day on which the broker says something else than we. */
export type CalendarDifference = { readonly day: string; readonly ours: Hours; readonly theirs: Hours };

/** What a look at the broker's calendar came to. `problem`: why it was not used, null when it was. */
export type CalendarRefresh = { readonly days: number; readonly differences: readonly CalendarDifference[]; readonly written: number; readonly problem: string | null };

function clock(at: EpochMs): string {
  const { hour, minute } = toNewYork(at);
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function sameHours(a: Hours, b: Hours): boolean {
  return a === null || b === null ? a === b : a.open === b.open && a.close === b.close;
}

/** Every day of the range on which the broker's hours are not ours, oldest first. A day that the broker does not list is closed. */
export function calendarDifferences(theirs: readonly CalendarDay[], from: string, to: string): CalendarDifference[] {
  const told = new Map<string, Hours>(theirs.map((day) => [day.date, { open: day.open, close: day.close }]));
  const known = new Map<string, Hours>(sessionsBetween(from, to).map((session) => [session.date, { open: clock(session.open), close: clock(session.close) }]));
  const differences: CalendarDifference[] = [];
  for (const day of [...new Set([...told.keys(), ...known.keys()])].sort()) {
    if (day < from || day > to) continue;
    const [ours, hours] = [known.get(day) ?? null, told.get(day) ?? null];
    if (!sameHours(ours, hours)) differences.push({ day, ours, theirs: hours });
  }
  return differences;
}

/** @throws AppError BROKER_REPLY_INVALID when the answer cannot be a calendar: it would close or open the market for months. */
function checkAnswer(days: readonly CalendarDay[], differences: readonly CalendarDifference[]): void {
  const odd = days.find((day) => !/^\d{2}:\d{2}$/.test(day.open) || !/^\d{2}:\d{2}$/.test(day.close) || day.open >= day.close);
  if (odd) throw new AppError('BROKER_REPLY_INVALID', `The broker's calendar has impossible hours on ${odd.date}`, { context: { ...odd } });
  if (differences.length <= MAX_DIFFERENCES) return;
  throw new AppError('BROKER_REPLY_INVALID', `The broker's calendar differs from ours on ${differences.length} days, which cannot be right; ours stays in use`, { context: { days: days.length, differences: differences.length } });
}

const WRITE = `
  INSERT INTO data_ingestion.market_calendar AS known (day, open_time, close_time, source, seen_at)
  SELECT g.day, g.open_time, g.close_time, 'alpaca', clock_timestamp() FROM unnest($1::date[], $2::text[], $3::text[]) AS g(day, open_time, close_time)
  ON CONFLICT (day) DO UPDATE SET open_time = excluded.open_time, close_time = excluded.close_time, source = excluded.source, seen_at = excluded.seen_at`;

/**
 * Asks the broker for the next eighteen months and writes down the days that differ from ours, and those that once did, as the broker now has them.
 * A broker that cannot be reached or answers nonsense changes nothing: our calendar holds without it. @throws what the database throws
 */
export async function refreshCalendar(parts: { db: Db; history: Pick<MarketHistory, 'calendar'> }, now: EpochMs): Promise<CalendarRefresh> {
  const from = exchangeDay(now);
  const to = formatDate(civilFromDays(daysFromCivil(parseDate(from)) + AHEAD_DAYS));
  let days: readonly CalendarDay[];
  let differences: readonly CalendarDifference[];
  try {
    days = (await parts.history.calendar(from, to)).filter((day) => day.date >= from && day.date <= to);
    differences = calendarDifferences(days, from, to);
    checkAnswer(days, differences);
  } catch (error) {
    if (!(error instanceof AppError) || error.family === 'bug') throw error;
    return { days: 0, differences: [], written: 0, problem: describeError(error) };
  }
  const told = new Map(days.map((day) => [day.date, day]));
  const noted = await parts.db.query<{ day: string }>('SELECT day FROM data_ingestion.market_calendar WHERE day BETWEEN $1 AND $2', [from, to]);
  const wanted = [...new Set([...differences.map((difference) => difference.day), ...noted.map((row) => row.day)])].sort();
  if (wanted.length > 0) await parts.db.query(WRITE, [wanted, wanted.map((day) => told.get(day)?.open ?? null), wanted.map((day) => told.get(day)?.close ?? null)]);
  return { days: days.length, differences, written: wanted.length, problem: null };
}
