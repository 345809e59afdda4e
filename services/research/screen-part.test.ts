/** A part of a market screened by itself: which bar is looked at, what was seen on a past day, who is found, lacks bars, or fails. */
import { describe, expect, it } from 'vitest';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { asSeenThen, lastBefore, programsOf, screenSubjects, seenPrice } from './screen-part.ts';
import type { ScreenQuestion, ScreenSubject } from './screen-work.ts';

const DAY = 86_400_000;

/** Daily bars with the given closes; each opens at the close before, spans 1 % around, and trades 1,000 shares. */
function daily(closes: readonly number[]): BarColumns {
  const bars = barColumns(closes.length);
  for (const [n, close] of closes.entries()) {
    const open = closes[n - 1] ?? close;
    bars.time[n] = n * DAY;
    bars.open[n] = open;
    bars.high[n] = Math.max(open, close) * 1.01;
    bars.low[n] = Math.min(open, close) * 0.99;
    bars.close[n] = close;
    bars.volume[n] = 1_000;
  }
  return bars;
}

const subject = (n: number, symbol: string, closes: readonly number[]): ScreenSubject => ({
  n, bars: daily(closes), facts: { symbol, name: symbol, exchange: 'NYSE', sector: n === 0 ? 'Energy' : null, industry: null, isTradable: true, isShortable: true, isFractionable: true, isWatched: false },
});
const question = (more: Partial<ScreenQuestion>): ScreenQuestion => ({ filters: [], rank: null, columns: [], before: null, most: 100, ...more });
const rising = Array.from({ length: 30 }, (_none, n) => 10 + n);
const falling = Array.from({ length: 30 }, (_none, n) => 40 - n);
const market = [subject(0, 'UP', rising), subject(1, 'DOWN', falling), subject(2, 'NEW', [5, 6])];
const NONE: ReadonlyMap<number, number> = new Map();

describe('a screen over some symbols', () => {
  it('finds those for which all filters are true, with rank and columns at their newest bar', () => {
    const part = screenSubjects(market, question({ filters: ['close > sma(20)'], rank: { formula: 'change(1)', direction: 'desc' }, columns: ['close', 'sector'] }), NONE);
    expect(part.found).toEqual([{ n: 0, at: 29, rank: expect.closeTo(39 / 38 - 1, 12) as number, values: [39, 'Energy'] }]);
    expect(part).toMatchObject({ matched: 1, lacking: 1, empty: 0, failed: [], newest: 29 * DAY });
  });

  it('looks at nothing later than the day that is asked for', () => {
    const part = screenSubjects(market, question({ columns: ['close', 'highest(high, 5)'], before: 10 * DAY }), NONE);
    expect(part.found.map((one) => [one.n, one.at, one.values[0]])).toEqual([[0, 9, 19], [1, 9, 31], [2, 1, 6]]);
    expect(part.found[0]?.values[1]).toBeCloseTo(19 * 1.01, 12);
    expect(screenSubjects(market, question({ before: 0 }), NONE)).toMatchObject({ found: [], matched: 0, empty: 3, newest: null });
    // Nobody is found, and yet it is told how new the bars were that were looked at.
    expect(screenSubjects(market, question({ filters: ['close < 0'], before: 10 * DAY }), NONE)).toMatchObject({ found: [], matched: 0, empty: 0, newest: 9 * DAY });
  });

  it('shows prices and volumes of a past day as they were seen before later splits', () => {
    // Freed of a later split of 4:1 the day's price is a quarter of what was paid, and the volume four times what was traded.
    const splits = new Map([[0, 0.25]]);
    const part = screenSubjects(market, question({ filters: ['close < 100'], columns: ['close', 'volume', 'change(1)'], before: 10 * DAY }), splits);
    expect(part.found.find((one) => one.n === 0)?.values).toEqual([76, 250, expect.closeTo(19 / 18 - 1, 12) as number]);
    expect(screenSubjects(market, question({ filters: ['close > 70'], before: 10 * DAY }), splits).found.map((one) => one.n)).toEqual([0]);
    const seen = asSeenThen(daily([10, 20, 30]), 1, { factor: 0.5, most: 1 });
    expect([seen.time.length, seen.close[0], seen.volume[0]]).toEqual([1, 40, 500]);
  });

  it('brings prices before later splits back to the cent, whichever way the split went', () => {
    for (const factor of [1 / 28, 0.25, 1 / 3, 1.5, 50, 1 / 1.05]) {
      for (const price of [100, 19.99, 0.37, 7.125, 645.57]) expect(seenPrice(Math.round(price * factor * 1e6) / 1e6, factor)).toBe(price);
    }
    // One share became four, or fifty became one: $76 and 250 shares then.
    const splits = new Map([[0, 0.25], [1, 50]]);
    const part = screenSubjects(market, question({ columns: ['close', 'volume'], before: 10 * DAY }), splits);
    expect(part.found.slice(0, 2).map((one) => one.values)).toEqual([[76, 250], [0.62, 50_000]]);
  });

  it('gives the first rows by rank with their columns, and counts the others', () => {
    const many = Array.from({ length: 9 }, (_none, n) => subject(n, `S${n}`, [10, 10 + ((n * 4) % 9)]));
    const asked = question({ filters: ['close > 10.5'], rank: { formula: 'close', direction: 'desc' }, columns: ['close * 2'], most: 3 });
    expect(screenSubjects(many, asked, NONE)).toMatchObject({ matched: 8, found: [{ n: 2, rank: 18, values: [36] }, { n: 4, rank: 17, values: [34] }, { n: 6, rank: 16, values: [32] }] });
    expect(screenSubjects(many, question({ rank: { formula: 'sma(5)', direction: 'asc' }, most: 2 }), NONE).found.map((one) => [one.n, one.rank])).toEqual([[0, null], [1, null]]);
  });

  it('asks nothing of a formula that it cannot read, and says where', () => {
    expect(() => programsOf(question({ filters: ['close >'] }))).toThrow(/"close >" cannot be read at character/);
    expect(() => programsOf(question({ filters: ['close'] }))).toThrow(/must be true or false/);
    expect(() => programsOf(question({ rank: { formula: 'symbol', direction: 'asc' } }))).toThrow(/must be a number/);
  });

  it('finds the last bar before an instant', () => {
    const bars = daily([1, 2, 3]);
    expect([lastBefore(bars, null), lastBefore(bars, DAY), lastBefore(bars, DAY + 1), lastBefore(bars, 0), lastBefore(bars, 9 * DAY)]).toEqual([2, 0, 1, -1, 2]);
  });
});
