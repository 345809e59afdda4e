/** Spans of a back-test: counted back from the newest stored bar, or from day to day. Pure. */
import { civilFromDays, daysFromCivil, formatDate, parseDate } from '#app/domain/time.ts';

/** Spans as the bar offers them; `days` = from one day to another. */
export const SPANS = ['1M', '6M', '1Y', '5Y', '10Y', 'all', 'days'] as const;
/** One of them. */
export type Span = (typeof SPANS)[number];
/** First and last session day of which bars are stored. */
export type Stored = { readonly first: string; readonly last: string };

const MONTHS: Readonly<Record<Exclude<Span, 'all' | 'days'>, number>> = { '1M': 1, '6M': 6, '1Y': 12, '5Y': 60, '10Y': 120 };
/** Before any stock of today was traded on paper that is kept. */
const FIRST_DAY = '1970-01-02';
const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/** So many calendar months before a day; the end of a shorter month instead of a day that it lacks. monthsBefore('2026-03-31', 1) = '2026-02-28' */
export function monthsBefore(day: string, months: number): string {
  const { year, month, day: date } = parseDate(day);
  const index = year * 12 + (month - 1) - months;
  const monthAt = (n: number): { year: number; month: number } => ({ year: Math.floor(n / 12), month: (n % 12) + 1 });
  const end = civilFromDays(daysFromCivil({ ...monthAt(index + 1), day: 1 }) - 1);
  return formatDate({ ...end, day: Math.min(date, end.day) });
}

/** Is there such a day? */
function isDay(text: string): boolean {
  const [year, month, date] = text.split('-').map(Number);
  if (!DAY_PATTERN.test(text) || year === undefined || month === undefined || date === undefined) return false;
  return formatDate(civilFromDays(daysFromCivil({ year, month, day: date }))) === text;
}

/** What is wrong with two typed days; null when nothing is. */
export function checkDays(from: string, to: string, today: string): string | null {
  if (!isDay(from)) return 'The first day is missing: like 2021-03-01';
  if (to !== '' && !isDay(to)) return 'There is no such last day: like 2026-02-27';
  if (to !== '' && from > to) return 'The first day lies after the last';
  return from > today ? 'The first day lies in the future' : null;
}

/** First and last day of a span; `to` null = the newest stored. Without knowledge of what is stored it counts from today. */
export function daysOfSpan({ span, from, to }: { readonly span: Span; readonly from: string; readonly to: string }, stored: Stored | null, today: string): { readonly from: string; readonly to: string | null } {
  if (span === 'days') return { from, to: to === '' ? null : to };
  if (span === 'all') return { from: stored?.first ?? FIRST_DAY, to: null };
  return { from: monthsBefore(stored?.last ?? today, MONTHS[span]), to: null };
}
