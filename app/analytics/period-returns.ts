/** Returns of the newest stretches: this month, this year, the last so many months. */
import { civilFromDays, daysFromCivil } from '#app/domain/time.ts';

/** A curve by days: `daily` = the equity before the first day and at the end of each, dollars; `days` = local day numbers of the latter; `startDay` = the local day in which the curve begins. */
export type DailyCurve = { readonly daily: Float64Array; readonly days: ArrayLike<number>; readonly startDay: number };

/** Equity at the end of a day or the newest one before it; null when the curve begins later. */
function equityOn({ daily, days, startDay }: DailyCurve, day: number): number | null {
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((days[middle] ?? 0) <= day) low = middle + 1;
    else high = middle;
  }
  return low === 0 && day < startDay - 1 ? null : (daily[low] ?? null);
}

function growthSince(curve: DailyCurve, base: number | null): number | null {
  const last = curve.daily[curve.daily.length - 1];
  return base === null || last === undefined || !(base > 0) || curve.days.length === 0 ? null : last / base;
}

/** Number of days in a month. */
function monthLength(year: number, month: number): number {
  const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 };
  return daysFromCivil(next) - daysFromCivil({ year, month, day: 1 });
}

/** The day so many calendar months earlier; a day that the month does not have becomes its last. monthsBefore(2024-05-31, 3) = 2024-02-29. */
export function monthsBefore(dayNumber: number, months: number): number {
  const { year, month, day } = civilFromDays(dayNumber);
  const key = year * 12 + month - 1 - months;
  const [y, m] = [Math.floor(key / 12), (((key % 12) + 12) % 12) + 1];
  return daysFromCivil({ year: y, month: m, day: Math.min(day, monthLength(y, m)) });
}

/** last equity / equity at the end of the month (or year) before - 1, a fraction; of a curve that began later, since its start. Null without a day. */
export function returnToDate(curve: DailyCurve, part: 'month' | 'year'): number | null {
  const newest = curve.days[curve.days.length - 1];
  if (newest === undefined) return null;
  const { year, month } = civilFromDays(newest);
  const before = daysFromCivil({ year, month: part === 'year' ? 1 : month, day: 1 }) - 1;
  const growth = growthSince(curve, equityOn(curve, Math.max(before, curve.startDay - 1)));
  return growth === null ? null : growth - 1;
}

/** last equity / equity so many calendar months before - 1, a fraction. Null when the curve does not reach that far back. Equity 100 on 31 January, 110 on 30 April: 0.1 over 3 months. */
export function returnOverMonths(curve: DailyCurve, months: number): number | null {
  const newest = curve.days[curve.days.length - 1];
  const growth = newest === undefined ? null : growthSince(curve, equityOn(curve, monthsBefore(newest, months)));
  return growth === null ? null : growth - 1;
}

/** The same as a rate per year: (1 + return) ^ (12 / months) - 1. */
export function yearlyReturnOverMonths(curve: DailyCurve, months: number): number | null {
  const whole = returnOverMonths(curve, months);
  return whole === null || !(whole > -1) ? null : (1 + whole) ** (12 / months) - 1;
}
