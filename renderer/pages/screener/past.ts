/** Days of the exchange as the screener speaks of them. Pure. */
import { fromNewYork, sessionOn } from '#app/market/calendar.ts';

const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;
/** The longest the exchange was ever closed in the years of the calendar is a week; twice that ends every search. */
const STEPS_MAX = 14;
/** Days that can be looked at: those of the exchange's calendar. */
export const FIRST_DAY = '1998-01-02';

const words = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });
const weekday = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const noon = (day: string): number => Date.parse(`${day}T12:00:00Z`);
const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Is this a day, YYYY-MM-DD, that the exchange's calendar covers? isDay('2025-02-30') = false */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && Number.isFinite(noon(text)) && textOf(noon(text)) === text && text >= FIRST_DAY && text < '2100-01-01';
}
/** dayWords('2025-03-12') = '12 Mar 2025' */
export function dayWords(day: string): string {
  return words.format(noon(day));
}
/** weekdayWords('2025-03-12') = 'Wed, 12 Mar 2025' */
export function weekdayWords(day: string): string {
  return weekday.format(noon(day));
}

/** The instant at which a day ends in New York: bars that open before it may be looked at. dayEnd('2025-03-12') = 2025-03-13T04:00:00Z */
export function dayEnd(day: string): number {
  return fromNewYork(day, DAY_MINUTES);
}

/** The session so many steps away; the day itself where the calendar ends. stepDay('2025-04-17', 1) = '2025-04-21', over Good Friday and a weekend. */
export function stepDay(day: string, by: 1 | -1): string {
  for (let n = 1; n <= STEPS_MAX; n += 1) {
    const next = textOf(noon(day) + n * by * DAY_MS);
    if (!isDay(next)) return day;
    if (sessionOn(next) !== null) return next;
  }
  return day;
}

/** A day of trading: itself, or the session before it. */
export function onSession(day: string): string {
  return sessionOn(day) === null ? stepDay(day, -1) : day;
}

/** Spans before a day, by the calendar. */
export const AGO = { '1w': '1 week ago', '1m': '1 month ago', '3m': '3 months ago', '1y': '1 year ago', '5y': '5 years ago' } as const;
/** The session that long before a day. dayAgo('2025-03-12', '1y') = '2024-03-12'; a date that a month does not have is its last one. */
export function dayAgo(today: string, ago: keyof typeof AGO): string {
  if (ago === '1w') return onSession(textOf(noon(today) - 7 * DAY_MS));
  const months = { '1m': 1, '3m': 3, '1y': 12, '5y': 60 }[ago];
  const [year = 0, month = 1, date = 1] = today.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return onSession(textOf(first.getTime() + (Math.min(date, length) - 1) * DAY_MS));
}
