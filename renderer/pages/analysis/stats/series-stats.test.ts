/** Figures of a stretch of bars by worked numbers, and what the drawings are given. */
import { describe, expect, it } from 'vitest';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#app/domain/time.ts';
import { tokensOf } from '../../../theme.ts';
import { LAYOUT, layoutOf } from './drawer-layout.ts';
import { dailyReturns, deepestFalls, keyFigures, periodsOfYear, seasonsIn, stretchOf } from './series-stats.ts';
import { correlationFigure, distributionFigure, drawdownFigure, monthFigure, monthText, rollingFigure, seasonFigure, tailMarks } from './stats-figures.ts';

const tokens = tokensOf('light', 'standard');
function bars(rows: readonly (readonly [time: number, open: number, close: number])[]): BarColumns {
  const columns = barColumns(rows.length);
  rows.forEach(([time, open, close], n) => {
    [columns.time[n], columns.open[n], columns.high[n], columns.low[n], columns.close[n], columns.volume[n]] = [time, open, Math.max(open, close), Math.min(open, close), close, 1];
  });
  return columns;
}
/** Midnights in New York of the winter of 2024: Monday 1 January first. */
const winter = (closes: readonly number[]): BarColumns => bars(closes.map((close, n) => [Date.UTC(2024, 0, 1 + n, 5), closes[n - 1] ?? close, close]));
/** Two days of three hours each, from 09:30 in New York on. */
const HOURS = bars([[9.5, 100, 101], [10.5, 101, 102], [11.5, 102, 100], [33.5, 110, 121], [34.5, 121, 121], [35.5, 121, 121]].map(([hour = 0, open = 0, close = 0]) => [Date.UTC(2024, 0, 2, 5) + hour * HOUR_MS, open, close]));
const valueOf = (label: string, closes: readonly number[]): number | null | undefined => keyFigures(stretchOf(winter(closes), '1Day', 'All')).find((figure) => figure.label === label)?.value;

describe('key figures', () => {
  it('are those of the closes', () => {
    const closes = [100, 110, 99, 121];
    expect(valueOf('Return', closes)).toBeCloseTo(0.21, 12);
    expect(valueOf('Deepest fall', closes)).toBeCloseTo(-0.1, 12);
    expect(valueOf('Longest under water', closes)).toBe(2);
    expect(valueOf('Best', closes)).toBeCloseTo(121 / 99 - 1, 12);
    expect(valueOf('Up', closes)).toBeCloseTo(2 / 3, 12);
    expect(valueOf('Bars', closes)).toBe(4);
  });

  it('stay empty where they would be noise', () => {
    for (const label of ['Growth a year', 'Volatility a year', 'Sharpe', 'Skewness', 'Value at risk, 95 %']) expect(valueOf(label, [100, 110, 99, 121]), label).toBeNull();
    const month = Array.from({ length: 40 }, (_none, n) => 100 + (n % 3));
    for (const label of ['Growth a year', 'Volatility a year', 'Sharpe', 'Skewness', 'Value at risk, 95 %']) expect(valueOf(label, month), label).toEqual(expect.any(Number));
  });

  it('know how many bars a year has', () => {
    expect([periodsOfYear(HOURS, '1Day'), periodsOfYear(HOURS, '1Week'), periodsOfYear(HOURS, '1Month'), periodsOfYear(HOURS, '1Hour')]).toEqual([252, 52, 12, 756]);
    expect(stretchOf(winter([1, 2, 3, 4]), '1Day', '1M').bars.time).toHaveLength(4);
    expect(stretchOf(bars([[0, 1, 1], [90 * DAY_MS, 1, 2], [100 * DAY_MS, 2, 3]]), '1Day', '3M').bars.close).toEqual(Float64Array.of(2, 3));
  });

  it('name the deepest falls first', () => {
    expect(deepestFalls(winter([100, 95, 100, 80, 100]), 5).map((fall) => Math.round(fall.fall * 100))).toEqual([-20, -5]);
  });
});

describe('seasons', () => {
  it('add the bars of a day together, the first from its open', () => {
    const { days, returns } = dailyReturns(HOURS);
    expect(days).toHaveLength(2);
    expect(returns.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0, 0.21]);
  });

  it('give what the price did where bars are missing to no month and no weekday', () => {
    // Two days of January, and two of April at twice the price: April itself made 10 %, from its first open on.
    const torn = bars([[Date.UTC(2024, 0, 2, 5), 100, 100], [Date.UTC(2024, 0, 3, 5), 100, 102], [Date.UTC(2024, 3, 1, 4), 200, 210], [Date.UTC(2024, 3, 2, 4), 210, 220]]);
    const [row] = seasonsIn({ bars: torn, timeframe: '1Day' }).months;
    expect(row?.months.map((value) => (value === null ? null : Math.round(value * 1e6) / 1e6))).toEqual([0.02, null, null, 0.1, ...Array.from({ length: 8 }, () => null)]);
    expect(Math.max(...dailyReturns(torn).returns)).toBeLessThan(0.06);
    // A week a bar is no gap.
    const weeks = bars([[Date.UTC(2024, 0, 1, 5), 100, 100], [Date.UTC(2024, 0, 8, 5), 110, 121]]);
    expect(dailyReturns(weeks, '1Week').returns[1]).toBeCloseTo(0.21, 12);
  });

  it('count hours from their own open, so that the night belongs to none', () => {
    const { hours, weekdays, months } = seasonsIn({ bars: HOURS, timeframe: '1Hour' });
    expect(hours.map(({ key, mean, count }) => [key, Math.round(mean * 1e4) / 1e4, count])).toEqual([[9, 0.055, 2], [10, 0.005, 2], [11, -0.0098, 2]]);
    expect(weekdays.map(({ key }) => key)).toEqual([2, 3]);
    expect(months.map(({ year, months: row }) => [year, row[0]])).toEqual([[2024, expect.closeTo(0.21, 9)]]);
  });

  it('have no weekdays of weeks, and no hours of days', () => {
    expect(seasonsIn({ bars: winter([1, 2, 3]), timeframe: '1Week' }).weekdays).toEqual([]);
    expect(seasonsIn({ bars: winter([1, 2, 3]), timeframe: '1Day' }).hours).toEqual([]);
  });
});

describe('drawings', () => {
  const wave = Array.from({ length: 5_000 }, (_none, n) => 100 + 10 * Math.sin(n / 40) + (n === 2_345 ? -60 : 0));

  it('keep the deepest point of a long curve', () => {
    const figure = drawdownFigure(wave.map((_close, n) => n * MINUTE_MS), wave, tokens);
    const values = figure.data[0]?.['y'] as number[];
    expect(values.length).toBeLessThanOrEqual(2_000);
    expect(Math.min(...values)).toBeCloseTo((wave[2_345] ?? NaN) / Math.max(...wave.slice(0, 2_346)) - 1, 9);
  });

  it('mark the tail of a distribution, and draw nothing of too little', () => {
    const returns = Array.from({ length: 200 }, (_none, n) => (n - 100) / 1_000);
    expect(distributionFigure(returns, tokens)?.data).toHaveLength(2);
    expect(tailMarks(returns).shortfall ?? 0).toBeLessThan(tailMarks(returns).valueAtRisk ?? 0);
    expect(distributionFigure([0.1], tokens)).toBeNull();
  });

  it('write numbers into cells', () => {
    expect([monthText(-0.0471), monthText(0.1), monthText(-0.0001), monthText(null)]).toEqual(['−4.7', '+10.0', '0.0', '']);
    const [cells] = correlationFigure(['A', 'B'], [[{ value: 1, count: 3 }, { value: null, count: 1 }], [{ value: null, count: 1 }, { value: 1, count: 3 }]], tokens).data;
    expect(cells?.['text']).toEqual([['1.00', '–'], ['–', '1.00']]);
    expect(monthFigure([{ year: 2023, months: [0.1, null], total: 0.1 }, { year: 2024, months: [null, 0.2], total: 0.2 }], tokens).data[0]?.['y']).toEqual(['2024', '2023']);
  });

  it('draw lines and seasons with their words', () => {
    const line = rollingFigure({ times: [0, MINUTE_MS], values: [null, 0.2] }, tokens, { kind: 'share', level: null, colour: tokens.accent });
    expect((line.data[0]?.['customdata'] as string[][]).map((row) => row[1])).toEqual(['–', '20.00 %']);
    expect(rollingFigure({ times: [0], values: [1] }, tokens, { kind: 'ratio', level: 1, colour: tokens.accent }).layout['shapes']).toHaveLength(1);
    expect(seasonFigure([{ key: 1, mean: 0.001, upShare: 0.6, count: 10 }], tokens, String).data[0]?.['customdata']).toEqual([['+0.100 %', '60 %', 10]]);
  });
});

it('remembers the drawer within its limits, whatever was saved', () => {
  expect(layoutOf({ isOpen: true, tab: 'rolling', height: 9_999 })).toEqual({ isOpen: true, tab: 'rolling', height: LAYOUT.most });
  expect(layoutOf({ isOpen: 'yes', tab: 'nothing', height: 'tall' })).toEqual({ isOpen: false, tab: 'figures', height: LAYOUT.usual });
  expect(layoutOf(null).height).toBe(LAYOUT.usual);
});
