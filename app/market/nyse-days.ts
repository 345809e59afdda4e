/** The days on which the New York Stock Exchange is closed, closes early or opens late, by rule and by exception. */
import { AppError } from '#app/domain/errors.ts';
import { daysFromCivil, parseDate } from '#app/domain/time.ts';
import { lastWeekday, nthWeekday, weekdayOf } from './nyse-zone.ts';

/**
 * First year of the rules below: Martin Luther King Jr. Day became an exchange holiday in 1998. Source of what is to come: NYSE Group, "NYSE Group
 * Announces 2026, 2027 and 2028 Holiday and Early Closings Calendar" (23 December 2025), which the tests repeat day by day; later years by the same rules (NYSE Rule 7.2).
 */
export const CALENDAR_FIRST_YEAR = 1998;
/** Years after the published calendar (NYSE publishes three ahead) follow the rules in force today. */
export const CALENDAR_LAST_YEAR = 2100;

/** A day that differs from the ordinary 09:30-16:00. Minutes count from midnight in New York. */
export type SpecialDay =
  | { readonly kind: 'closed'; readonly name: string }
  | { readonly kind: 'early'; readonly name: string; readonly closeMinute: number }
  | { readonly kind: 'late'; readonly name: string; readonly openMinute: number };

/** 13:00, the close of a half day. */
const EARLY_CLOSE_MINUTE = 13 * 60;
const FRIDAY = 5;

/**
 * Days that no rule gives. Source: NYSE, "NYSE Closings and Special Closings" (historical closings list) and NYSE press
 * releases on each day; checked day by day against the sessions present in recorded SPY and IBM bars, 1998-2021.
 */
const EXCEPTIONS: Readonly<Record<string, SpecialDay>> = {
  '1999-12-31': { kind: 'early', name: 'Eve of the year 2000', closeMinute: EARLY_CLOSE_MINUTE },
  '2001-09-11': { kind: 'closed', name: 'Attacks of 11 September' },
  '2001-09-12': { kind: 'closed', name: 'Attacks of 11 September' },
  '2001-09-13': { kind: 'closed', name: 'Attacks of 11 September' },
  '2001-09-14': { kind: 'closed', name: 'Attacks of 11 September' },
  '2002-09-11': { kind: 'late', name: 'Anniversary of 11 September', openMinute: 12 * 60 },
  '2003-12-26': { kind: 'early', name: 'Day after Christmas', closeMinute: EARLY_CLOSE_MINUTE },
  '2004-06-11': { kind: 'closed', name: 'Mourning for President Reagan' },
  '2007-01-02': { kind: 'closed', name: 'Mourning for President Ford' },
  '2012-10-29': { kind: 'closed', name: 'Hurricane Sandy' },
  '2012-10-30': { kind: 'closed', name: 'Hurricane Sandy' },
  '2018-12-05': { kind: 'closed', name: 'Mourning for President G. H. W. Bush' },
  '2025-01-09': { kind: 'closed', name: 'Mourning for President Carter' },
};

/** Day number of Easter Sunday (Meeus, Astronomical Algorithms, 1991, ch. 8). easterSunday(2024) = 31 March 2024. */
export function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const i = Math.floor(c / 4);
  const l = (32 + 2 * (b % 4) + 2 * i - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return daysFromCivil({ year, month: Math.floor(n / 31), day: (n % 31) + 1 });
}

/** NYSE Rule 7.2: a holiday on Saturday is kept on Friday, one on Sunday on Monday. */
function observed(dayNumber: number): number {
  const weekday = weekdayOf(dayNumber);
  if (weekday === 6) return dayNumber - 1;
  return weekday === 0 ? dayNumber + 1 : dayNumber;
}

function holidays(year: number): [number, string][] {
  const newYear = daysFromCivil({ year, month: 1, day: 1 });
  const days: [number, string][] = [
    [nthWeekday(year, 1, 1, 3), 'Martin Luther King Jr. Day'],
    [nthWeekday(year, 2, 1, 3), "Washington's Birthday"],
    [easterSunday(year) - 2, 'Good Friday'],
    [lastWeekday(year, 5, 1), 'Memorial Day'],
    [observed(daysFromCivil({ year, month: 7, day: 4 })), 'Independence Day'],
    [nthWeekday(year, 9, 1, 1), 'Labor Day'],
    [nthWeekday(year, 11, 4, 4), 'Thanksgiving Day'],
    [observed(daysFromCivil({ year, month: 12, day: 25 })), 'Christmas Day'],
  ];
  // A New Year's Day on Saturday is not kept on Friday: that is the last day of the accounting year.
  if (weekdayOf(newYear) !== 6) days.push([observed(newYear), "New Year's Day"]);
  if (year >= 2022) days.push([observed(daysFromCivil({ year, month: 6, day: 19 })), 'Juneteenth']);
  return days;
}

/** 13:00 closes: the Friday after Thanksgiving, Christmas Eve, and the eve of Independence Day (until 2012 the Friday after it, when the 4th was a Thursday). */
function earlyCloses(year: number): [number, string][] {
  const days: [number, string][] = [[nthWeekday(year, 11, 4, 4) + 1, 'Day after Thanksgiving'], [daysFromCivil({ year, month: 12, day: 24 }), 'Christmas Eve']];
  const fourth = daysFromCivil({ year, month: 7, day: 4 });
  if (weekdayOf(fourth) === 4 && year < 2013) days.push([fourth + 1, 'Day after Independence Day']);
  else days.push([fourth - 1, 'Eve of Independence Day']);
  return days;
}

const years = new Map<number, ReadonlyMap<number, SpecialDay>>();

/**
 * The special weekdays of a year by day number (days since 1970-01-01).
 * @throws AppError INPUT_INVALID outside 1998..2100.
 */
export function specialDaysOf(year: number): ReadonlyMap<number, SpecialDay> {
  const known = years.get(year);
  if (known) return known;
  if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR) {
    throw new AppError('INPUT_INVALID', `The exchange calendar covers the years ${CALENDAR_FIRST_YEAR} to ${CALENDAR_LAST_YEAR}, not ${year}`);
  }
  const days = new Map<number, SpecialDay>();
  for (const [day, name] of earlyCloses(year)) {
    const weekday = weekdayOf(day);
    if (weekday >= 1 && weekday <= FRIDAY) days.set(day, { kind: 'early', name, closeMinute: EARLY_CLOSE_MINUTE });
  }
  // Holidays after half days: an eve that is itself the day kept (Friday 24 December) is closed.
  for (const [day, name] of holidays(year)) days.set(day, { kind: 'closed', name });
  for (const [date, special] of Object.entries(EXCEPTIONS)) {
    const civil = parseDate(date);
    if (civil.year === year) days.set(daysFromCivil(civil), special);
  }
  years.set(year, days);
  return days;
}
