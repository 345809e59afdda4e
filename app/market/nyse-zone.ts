/** New York's clock: the offset of America/New_York from UTC by rule, without a time-zone library. */
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, daysFromCivil, epochMs, formatDate, parseDate, DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';

/** First year of the rules below (Uniform Time Act of 1966). */
export const ZONE_FIRST_YEAR = 1967;
const ZONE_LAST_YEAR = 2200;
const STANDARD_OFFSET_MS = -5 * HOUR_MS;
const DAYLIGHT_OFFSET_MS = -4 * HOUR_MS;

/** Wall-clock parts in New York. */
export type NewYorkTime = {
  /** Civil day, `YYYY-MM-DD`. */
  readonly date: string;
  /** Days since 1970-01-01 of the civil day. */
  readonly dayNumber: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Whole minutes since local midnight, 0..1439. */
  readonly minuteOfDay: number;
  /** 0 = Sunday .. 6 = Saturday. */
  readonly weekday: number;
  /** Local minus UTC: -300 (standard) or -240 (daylight). */
  readonly offsetMinutes: number;
};

/** Weekday of a day number: 0 = Sunday .. 6 = Saturday. weekdayOf(0) = 4, a Thursday. */
export function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 4) % 7) + 7) % 7;
}

/** Day number of the n-th (1..5) given weekday of a month. nthWeekday(2024, 11, 4, 4) = 28 November 2024. */
export function nthWeekday(year: number, month: number, weekday: number, n: number): number {
  const first = daysFromCivil({ year, month, day: 1 });
  return first + ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7;
}

/** Day number of the last given weekday of a month. */
export function lastWeekday(year: number, month: number, weekday: number): number {
  const last = daysFromCivil(month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 }) - 1;
  return last - ((weekdayOf(last) - weekday + 7) % 7);
}

/** Day on which daylight saving begins, at 02:00 standard time. 1974 and 1975 are the energy-crisis years. */
function daylightStartDay(year: number): number {
  if (year >= 2007) return nthWeekday(year, 3, 0, 2);
  if (year >= 1987) return nthWeekday(year, 4, 0, 1);
  if (year === 1974) return daysFromCivil({ year, month: 1, day: 6 });
  if (year === 1975) return daysFromCivil({ year, month: 2, day: 23 });
  return lastWeekday(year, 4, 0);
}

/** Day on which daylight saving ends, at 02:00 daylight time. */
function daylightEndDay(year: number): number {
  return year >= 2007 ? nthWeekday(year, 11, 0, 1) : lastWeekday(year, 10, 0);
}

type DaylightSpan = { readonly start: number; readonly end: number };
const spans = new Map<number, DaylightSpan>();

function daylightSpan(year: number): DaylightSpan {
  const known = spans.get(year);
  if (known) return known;
  if (year < ZONE_FIRST_YEAR || year > ZONE_LAST_YEAR) {
    throw new AppError('INPUT_INVALID', `New York time is known for the years ${ZONE_FIRST_YEAR} to ${ZONE_LAST_YEAR}, not for ${year}`);
  }
  const span = {
    start: daylightStartDay(year) * DAY_MS + 2 * HOUR_MS - STANDARD_OFFSET_MS,
    end: daylightEndDay(year) * DAY_MS + 2 * HOUR_MS - DAYLIGHT_OFFSET_MS,
  };
  spans.set(year, span);
  return span;
}

/** Local minus UTC in milliseconds at an instant. @throws AppError INPUT_INVALID outside 1967..2200. */
export function newYorkOffsetMs(at: EpochMs): number {
  // Neither transition is near a year's end, so the UTC year finds the right rule.
  const span = daylightSpan(civilFromDays(Math.floor(at / DAY_MS)).year);
  return at >= span.start && at < span.end ? DAYLIGHT_OFFSET_MS : STANDARD_OFFSET_MS;
}

/** Day number of the civil day in New York at an instant. @throws AppError INPUT_INVALID outside 1967..2200. */
export function newYorkDayNumber(at: EpochMs): number {
  return Math.floor((at + newYorkOffsetMs(at)) / DAY_MS);
}

/**
 * What a clock on a wall in New York shows at an instant. toNewYork(2024-07-01T13:30:00Z) = 2024-07-01 09:30, offset -240.
 * @throws AppError INPUT_INVALID outside 1967..2200.
 */
export function toNewYork(at: EpochMs): NewYorkTime {
  const offsetMs = newYorkOffsetMs(at);
  const dayNumber = Math.floor((at + offsetMs) / DAY_MS);
  const inDay = at + offsetMs - dayNumber * DAY_MS;
  const minuteOfDay = Math.floor(inDay / MINUTE_MS);
  return {
    date: formatDate(civilFromDays(dayNumber)), dayNumber, hour: Math.floor(minuteOfDay / 60), minute: minuteOfDay % 60, second: Math.floor(inDay / 1000) % 60,
    minuteOfDay, weekday: weekdayOf(dayNumber), offsetMinutes: offsetMs / MINUTE_MS,
  };
}

/** The same as fromNewYork, for a day number. */
export function fromNewYorkDay(dayNumber: number, minuteOfDay: number): EpochMs {
  const local = dayNumber * DAY_MS + minuteOfDay * MINUTE_MS;
  const asDaylight = epochMs(local - DAYLIGHT_OFFSET_MS);
  return newYorkOffsetMs(asDaylight) === DAYLIGHT_OFFSET_MS ? asDaylight : epochMs(local - STANDARD_OFFSET_MS);
}

/**
 * The instant of a wall-clock time in New York. `minuteOfDay` counts from local midnight and may exceed a day.
 * An hour that happens twice (autumn) is read as the first; one that is skipped (spring) as the hour after it.
 * fromNewYork('2024-07-01', 570) = 2024-07-01T13:30:00Z.
 * @throws AppError INPUT_INVALID for a day that does not exist or lies outside 1967..2200.
 */
export function fromNewYork(date: string, minuteOfDay: number): EpochMs {
  return fromNewYorkDay(daysFromCivil(parseDate(date)), minuteOfDay);
}
