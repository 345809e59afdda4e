/** Windows' extremes without branches: exactly the numbers of the window, also where prices halve, double, vanish or fall below nothing. */
import { expect, it } from 'vitest';
import { highestPush, extreme, lowestPush } from './cells.ts';
import { rangeColumns } from './range-extremes.ts';

const LENGTH = 400;

/** Prices of all digits that now and then jump by a factor; `lowest` may be below 0. */
function market(seed: number, jump: number, shift: number): { high: Float64Array; low: Float64Array } {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 16_777_216;
  };
  const [high, low] = [new Float64Array(LENGTH), new Float64Array(LENGTH)];
  let price = 100;
  for (let i = 0; i < LENGTH; i += 1) {
    price *= next() < 0.05 ? (next() < 0.5 ? jump : 1 / jump) : 1 + (next() - 0.5) / 50;
    high[i] = price * (1 + next() / 100) - shift;
    low[i] = price * (1 - next() / 100) - shift;
  }
  return { high, low };
}

it.each([['a quiet market', 1, 0], ['one that halves and doubles', 2, 0], ['one that jumps by thousands', 3_000, 0], ['one below nothing', 3, 90]])('%s: the window read number by number', (_name, jump, shift) => {
  for (const size of [1, 2, 3, 14, 50, 399, 400, 401]) {
    const bars = market(size, jump, shift);
    const [top, bottom] = [new Float64Array(LENGTH), new Float64Array(LENGTH)];
    rangeColumns(bars, size, { top, bottom });
    const [highs, lows] = [extreme(size), extreme(size)];
    for (let i = 0; i < LENGTH; i += 1) {
      const isFull = i >= size - 1;
      expect(top[i]).toBe(isFull ? Math.max(...bars.high.subarray(i - size + 1, i + 1)) : NaN);
      expect(bottom[i]).toBe(isFull ? Math.min(...bars.low.subarray(i - size + 1, i + 1)) : NaN);
      expect(highestPush(highs, bars.high[i] ?? NaN)).toBe(top[i]);
      expect(lowestPush(lows, bars.low[i] ?? NaN)).toBe(bottom[i]);
    }
  }
});

it('gives the numbers of its comment, and refuses columns that do not fit', () => {
  const [top, bottom] = [new Float64Array(3), new Float64Array(3)];
  const source = { high: Float64Array.of(10, 12, 11), low: Float64Array.of(8, 9, 7) };
  rangeColumns(source, 2, { top, bottom });
  expect([[...top], [...bottom]]).toEqual([[NaN, 12, 12], [NaN, 8, 7]]);
  expect(() => rangeColumns(source, 2, { top, bottom: new Float64Array(2) })).toThrow(/do not fit/);
  expect(() => rangeColumns(source, 0, { top, bottom })).toThrow(/whole number/);
});
