/** Days on which the exchange keeps other hours than its rules say, as the broker tells them: read with suspicion, day by day. */
import { civilFromDays, daysFromCivil, formatDate, parseDate } from '#app/domain/time.ts';
import { CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR } from './nyse-days.ts';

/** A day's regular hours on New York's wall clock, `HH:MM`; both null = closed. */
export type CalendarAmendment = { readonly date: string; readonly open: string | null; readonly close: string | null };
/** An amendment that was not taken, and why, in words. */
export type RefusedAmendment = { readonly date: string; readonly reason: string };
/** Regular hours of a day in minutes from midnight in New York. */
export type SessionHours = { readonly openMinute: number; readonly closeMinute: number };

/** Most amendments in force; a broker's calendar has about 250 days a year, and only those that differ from the rules are kept. */
export const MAX_AMENDMENTS = 20_000;
/** A year less on both sides than the rules: the days around an amended one are looked at too. */
const FIRST_YEAR = CALENDAR_FIRST_YEAR + 1;
const LAST_YEAR = CALENDAR_LAST_YEAR - 1;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

function minuteOf(text: string): number | null {
  const [, hour, minute] = TIME.exec(text) ?? [];
  return hour === undefined ? null : Number(hour) * 60 + Number(minute);
}

/** Reads one amendment: the day's number with its hours (null = closed), or the reason why it cannot be right. */
export function readAmendment({ date, open, close }: CalendarAmendment): { readonly dayNumber: number; readonly hours: SessionHours | null } | string {
  const [, year = '0'] = /^(\d{4})-\d{2}-\d{2}$/.exec(date) ?? [];
  if (Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR) return `The day must read YYYY-MM-DD and lie in ${FIRST_YEAR} to ${LAST_YEAR}`;
  if (!exists(date)) return 'The day does not exist';
  const dayNumber = daysFromCivil(parseDate(date));
  if (open === null && close === null) return { dayNumber, hours: null };
  const [openMinute, closeMinute] = [minuteOf(open ?? ''), minuteOf(close ?? '')];
  if (openMinute === null || closeMinute === null) return 'Open and close must both read HH:MM, or both be null for a closed day';
  return openMinute < closeMinute ? { dayNumber, hours: { openMinute, closeMinute } } : 'The open must come before the close';
}

function exists(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return month >= 1 && month <= 12 && day >= 1 && formatDate(civilFromDays(daysFromCivil({ year, month, day }))) === date;
}
