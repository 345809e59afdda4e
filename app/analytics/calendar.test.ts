/** Days, months, years and newest stretches of a curve, in local time. */
import { describe, expect, it } from 'vitest';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import { exchangeDay, fromNewYork } from '#app/market/calendar.ts';
import { civilFromDays, DAY_MS, daysFromCivil, epochMs, formatDate, HOUR_MS, parseDate, parseRfc3339 } from '#app/domain/time.ts';
import { monthlyReturns, yearlyReturns } from './calendar-returns.ts';
import { dayEnds, dayOfEnd } from './daily-closes.ts';
import { monthsBefore, returnOverMonths, returnToDate, yearlyReturnOverMonths } from './period-returns.ts';

const dayOf = (text: string): number => daysFromCivil(parseDate(text));
const textOf = (day: number): string => formatDate(civilFromDays(day));

describe('ends of days', () => {
  it('are those of the exchange, through both changes of the clocks', () => {
    // Every hour of a year.
    const from = parseRfc3339('2024-01-01T05:00:00Z');
    const time = Float64Array.from({ length: 366 * 24 }, (_none, n) => from + (n + 1) * HOUR_MS);
    const { days, steps } = dayEnds(time, newYorkOffsetMs);
    expect(days.length).toBe(366);
    days.forEach((day, n) => {
      expect(textOf(day)).toBe(exchangeDay(epochMs((time[steps[n] ?? 0] ?? 0) - 1)));
      expect(time[steps[n] ?? 0]).toBe(fromNewYork(textOf(day + 1), 0));
    });
  });
  it('are found in sparse steps, too', () => {
    const time = Float64Array.of(...['2024-03-08T21:00:00Z', '2024-03-11T13:31:00Z', '2024-03-11T20:00:00Z', '2024-11-04T21:00:00Z'].map(parseRfc3339));
    const { days, steps } = dayEnds(time, newYorkOffsetMs);
    expect([...days].map(textOf)).toEqual(['2024-03-08', '2024-03-11', '2024-11-04']);
    expect([...steps]).toEqual([0, 2, 3]);
    expect(dayOfEnd(fromNewYork('2024-03-09', 0), newYorkOffsetMs)).toBe(dayOf('2024-03-08'));
    expect(dayEnds(new Float64Array(0), newYorkOffsetMs).days.length).toBe(0);
    expect(() => dayEnds(Float64Array.of(2 * DAY_MS, DAY_MS), () => 0)).toThrow('in order of time');
  });
});

describe('months and years', () => {
  it('compound their days', () => {
    const days = ['2023-12-28', '2023-12-29', '2024-01-02', '2024-01-03', '2024-03-01'].map(dayOf);
    const returns = [0.1, -0.1, 0.2, 0, 0.5];
    expect(monthlyReturns({ days, returns }).map(({ key, value }) => [Math.floor(key / 12), (key % 12) + 1, Number(value.toFixed(12))])).toEqual([[2023, 12, -0.01], [2024, 1, 0.2], [2024, 3, 0.5]]);
    expect(yearlyReturns({ days, returns }).map(({ key, value }) => [key, Number(value.toFixed(12))])).toEqual([[2023, -0.01], [2024, 0.8]]);
    expect(monthlyReturns({ days: [], returns: [] })).toEqual([]);
  });
});

describe('the newest stretches', () => {
  const dates = ['2023-12-29', '2024-01-31', '2024-02-29', '2024-04-29', '2024-04-30'];
  const curve = { daily: Float64Array.of(90, 95, 100, 105, 108, 110), days: dates.map(dayOf), startDay: dayOf('2023-12-29') };
  it('look up the equity of the day before them', () => {
    expect(returnToDate(curve, 'month')).toBeCloseTo(110 / 105 - 1, 12);
    expect(returnToDate(curve, 'year')).toBeCloseTo(110 / 95 - 1, 12);
    // 30 January: the newest point up to then is that of 29 December.
    expect(returnOverMonths(curve, 3)).toBeCloseTo(110 / 95 - 1, 12);
    expect(returnOverMonths(curve, 6)).toBeNull();
    expect(yearlyReturnOverMonths(curve, 3)).toBeCloseTo((110 / 95) ** 4 - 1, 12);
    expect(yearlyReturnOverMonths(curve, 36)).toBeNull();
  });
  it('of a curve that is younger, since its start', () => {
    const young = { daily: Float64Array.of(100, 101), days: [dayOf('2024-04-30')], startDay: dayOf('2024-04-30') };
    expect([returnToDate(young, 'month'), returnToDate(young, 'year'), returnOverMonths(young, 3)]).toEqual([0.010000000000000009, 0.010000000000000009, null]);
    expect([returnToDate({ ...young, daily: Float64Array.of(100), days: [] }, 'month'), returnOverMonths({ ...young, daily: Float64Array.of(100), days: [] }, 1)]).toEqual([null, null]);
  });
  it('count calendar months back to the end of a shorter one (the worked number)', () => {
    expect(['2024-05-31', '2024-03-31', '2024-01-15'].map((date, n) => textOf(monthsBefore(dayOf(date), [3, 13, 12][n] ?? 0)))).toEqual(['2024-02-29', '2023-02-28', '2023-01-15']);
  });
});
