/** Where the days of a year stand on a calendar of weeks: columns are weeks, rows are Monday to Friday. */
import type { CoverageCalendar } from '#app/contracts/quality.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate } from '#app/domain/time.ts';

/** How whole a day is, in steps that a colour can tell. `none`: no bar at all; `thin`: less than 90 %; `part`: less than 99.5 %; `most`: not quite all. */
export type Fullness = 'none' | 'thin' | 'part' | 'most' | 'full';

/** The step of a fraction of expected bars. fullnessOf(0.97) = 'part' */
export function fullnessOf(fraction: number): Fullness {
  if (fraction <= 0) return 'none';
  if (fraction < 0.9) return 'thin';
  if (fraction < 0.995) return 'part';
  return fraction < 1 ? 'most' : 'full';
}

/** Bars of some days: those that are stored, counted up to what each day expects, those that are expected, and how many days lack any. */
export function sumOfDays(days: CoverageCalendar['days']): { readonly stored: number; readonly expected: number; readonly lacking: number } {
  return days.reduce((all, day) => ({ stored: all.stored + Math.min(day.stored, day.expected), expected: all.expected + day.expected, lacking: all.lacking + (day.fraction < 1 ? 1 : 0) }), { stored: 0, expected: 0, lacking: 0 });
}

/** A day's place: week column from 0, row 0 = Monday .. 4 = Friday. */
export type Place = { readonly column: number; readonly row: number };

const WEEK = 7;
/** 1970-01-01 was a Thursday: days since then plus 3 count from a Monday. */
const mondayOffset = 3;
const weekOf = (day: number): number => Math.floor((day + mondayOffset) / WEEK);

/** The place of a day (`YYYY-MM-DD`) within its year. placeOf('2024-01-01') = { column: 0, row: 0 } (a Monday) */
export function placeOf(date: string): Place {
  const civil = parseDate(date);
  const day = daysFromCivil(civil);
  return { column: weekOf(day) - weekOf(daysFromCivil({ ...civil, month: 1, day: 1 })), row: (day + mondayOffset) % WEEK };
}

/** Columns that a year takes: 53 or 54. */
export function columnsOfYear(year: number): number {
  return placeOf(`${year}-12-31`).column + 1;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** The names of the months over the column of their first weekday. */
export function monthMarks(year: number): readonly { readonly name: string; readonly column: number }[] {
  return MONTHS.map((name, n) => {
    const first = daysFromCivil({ year, month: n + 1, day: 1 });
    const weekday = (first + mondayOffset) % WEEK;
    return { name, column: placeOf(formatDate(civilFromDays(weekday > 4 ? first + WEEK - weekday : first))).column };
  });
}
