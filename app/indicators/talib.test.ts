/** TA-Lib's C code and ours over one market: the same first bar, the same flags, the same numbers. */
import { describe, expect, it } from 'vitest';
import { INDICATORS } from './catalogue.ts';
import type { AnyIndicator } from './indicator.ts';
import { asColumns, walk } from './naive/markets.ts';
import { TALIB_FLAGS, TALIB_LENGTH, TALIB_VALUES } from './naive/talib.ts';

const bars = asColumns(walk(7, TALIB_LENGTH, { cents: 10_000, move: 60, still: 1 }));
const found = (id: string): AnyIndicator => INDICATORS.find((indicator) => indicator.id === id) ?? expect.fail(`${id} is not in the catalogue`);
const defaults = (indicator: AnyIndicator): number[] => indicator.parameters.map((parameter) => parameter.default);
const columnOf = (id: string): Float64Array => found(id).columns(bars, defaults(found(id)))[0] ?? expect.fail(`${id} has no output`);

describe('candle patterns', () => {
  it.each(Object.entries(TALIB_FLAGS))('%s is found where TA-Lib finds it', (id, { first, until, flags }) => {
    expect(found(id).lookback([])).toBe(first);
    expect([...columnOf(id)].flatMap((flag, i) => (i < first || i >= until || flag === 0 ? [] : [`${i}:${flag}`])).join(' ')).toBe(flags);
  });
});

describe('numbers', () => {
  it.each(Object.entries(TALIB_VALUES))('%s agrees to 1e-9 and begins at the same bar', (id, { first, last }) => {
    expect(found(id).lookback(defaults(found(id)))).toBe(first);
    const ours = columnOf(id).slice(-last.length);
    const largest = columnOf(id).subarray(first).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    last.forEach((value, i) => expect(Math.abs((ours[i] ?? NaN) - value)).toBeLessThanOrEqual(1e-9 * largest));
  });
});
