/** What returns of the same season have in common: by month and year, by weekday, by hour. */
import type { CalendarReturn } from './calendar-returns.ts';

/** Returns of one kind: mean and the part of them above 0, fractions; how many there are. */
export type Season = { readonly key: number; readonly mean: number; readonly upShare: number; readonly count: number };

/** Mean return of each key, smallest key first. Returns 0.01, 0.03, -0.02 of keys 1, 1, 2: 0.02 of two, all up; -0.02 of one, none up. */
export function seasonsOf(returns: ArrayLike<number>, keys: ArrayLike<number>): Season[] {
  const sums = new Map<number, { sum: number; up: number; count: number }>();
  for (let n = 0; n < returns.length; n += 1) {
    const value = returns[n] ?? NaN;
    const key = keys[n] ?? NaN;
    if (!Number.isFinite(value) || !Number.isFinite(key)) continue;
    const before = sums.get(key) ?? { sum: 0, up: 0, count: 0 };
    sums.set(key, { sum: before.sum + value, up: before.up + (value > 0 ? 1 : 0), count: before.count + 1 });
  }
  return [...sums].map(([key, { sum, up, count }]) => ({ key, mean: sum / count, upShare: up / count, count })).sort((a, b) => a.key - b.key);
}

/** A year with the return of each of its months (null where there is none) and of all of them together, fractions. */
export type MonthRow = { readonly year: number; readonly months: readonly (number | null)[]; readonly total: number };

/** Months as a table, oldest year first; `key` of a month is year x 12 + month - 1. January 2024 +10 % and March 2024 +10 %: one row, of which all together is +21 %. */
export function monthTable(months: readonly CalendarReturn[]): MonthRow[] {
  const years = new Map<number, (number | null)[]>();
  for (const { key, value } of months) {
    const year = Math.floor(key / 12);
    const row = years.get(year) ?? Array.from({ length: 12 }, () => null);
    row[key - year * 12] = value;
    years.set(year, row);
  }
  return [...years].sort(([a], [b]) => a - b).map(([year, row]) => ({ year, months: row, total: row.reduce<number>((product, value) => product * (1 + (value ?? 0)), 1) - 1 }));
}
