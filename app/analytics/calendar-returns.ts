/** Returns of calendar months and years, compounded from days. */
import { civilFromDays } from '#app/domain/time.ts';

/** A month or year with its return as a fraction. `key`: year x 12 + month - 1 of a month, the year of a year. */
export type CalendarReturn = { readonly key: number; readonly value: number };

/** Local day numbers and the simple return of each day, of one length. */
export type DailyReturns = { readonly days: ArrayLike<number>; readonly returns: ArrayLike<number> };

function compound({ days, returns }: DailyReturns, keyOf: (day: number) => number): CalendarReturn[] {
  const parts: { key: number; value: number }[] = [];
  for (let n = 0; n < returns.length; n += 1) {
    const key = keyOf(days[n] ?? 0);
    const factor = 1 + (returns[n] ?? 0);
    const last = parts[parts.length - 1];
    if (last?.key === key) last.value *= factor;
    else parts.push({ key, value: factor });
  }
  return parts.map(({ key, value }) => ({ key, value: value - 1 }));
}

/** Product of (1 + r) - 1 over the days of each calendar month, oldest first; months without a day are left out. */
export function monthlyReturns(daily: DailyReturns): CalendarReturn[] {
  return compound(daily, (day) => {
    const { year, month } = civilFromDays(day);
    return year * 12 + month - 1;
  });
}

/** The same over each calendar year. 0.1 on a day of 2023 and 0.1 on one of 2024 = two years of 0.1. */
export function yearlyReturns(daily: DailyReturns): CalendarReturn[] {
  return compound(daily, (day) => civilFromDays(day).year);
}
