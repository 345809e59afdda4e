/** The expectation band: worked by hand, the same for the same seed, wide where days are wild, and right about how often it is left. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomOf } from '#app/domain/random.ts';
import { dayDollars, expectationWords, expectedBand, MOST_EXPECTED_DAYS, standingOf } from './expectation.ts';

const normal = (seed: number, length: number, mean: number, deviation: number): Float64Array => {
  const random = randomOf(seed, 'days');
  return Float64Array.from({ length }, () => mean + deviation * random.normal());
};

describe('a day of the back-test at the scale of the deployment', () => {
  it('is its dollars times a factor, or its return on another equity (the worked numbers)', () => {
    expect([...dayDollars([100, 110, 99], { by: 'dollars', factor: 2 })]).toEqual([20, -22]);
    expect([...dayDollars([100, 110, 99], { by: 'equity', equity: 1_000 })].map((one) => Math.round(one))).toEqual([100, -100]);
    expect(dayDollars([100], { by: 'dollars', factor: 1 })).toHaveLength(0);
    expect([...dayDollars([0, 50], { by: 'equity', equity: 1_000 })], 'nothing grows out of nothing').toEqual([0]);
  });
});

describe('the band', () => {
  it('of days that are all the same is a line (the worked number), and there is none of too few', () => {
    expect(expectedBand(new Float64Array(30).fill(10), 3, 1)).toEqual([10, 20, 30].map((sum) => ({ low: sum, middle: sum, high: sum })));
    expect(expectedBand(new Float64Array(19).fill(10), 3, 1)).toBeNull();
    // A back-test without a fill is no promise of nothing.
    expect(expectedBand(new Float64Array(30), 3, 1)).toBeNull();
    expect(expectedBand(new Float64Array(30).fill(10), 10_000, 1)).toHaveLength(MOST_EXPECTED_DAYS);
  });

  it('comes near the closed form of independent normal days: mean n, 1.645 deviations by the root of n on either side', () => {
    const changes = normal(4, 4_000, 5, 100);
    const band = expectedBand(changes, 25, 1);
    const last = band?.[24] ?? { low: NaN, middle: NaN, high: NaN };
    expect(Math.abs((last.high - last.low) / 2 - 1.645 * 100 * 5)).toBeLessThan(90);
    expect(Math.abs(last.middle - 125)).toBeLessThan(90);
  });

  it('is the same for the same seed, ordered, and stands still when a sum is scaled', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 20, maxLength: 60 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 8 }), (days, count, factor) => {
      const band = expectedBand(Float64Array.from(days), count, 7);
      expect(band).toEqual(expectedBand(Float64Array.from(days), count, 7));
      for (const { low, middle, high } of band ?? []) expect(low <= middle && middle <= high).toBe(true);
      const larger = expectedBand(Float64Array.from(days, (one) => one * factor), count, 7);
      for (const [n, one] of (larger ?? []).entries()) expect(one.low).toBeCloseTo((band?.[n]?.low ?? NaN) * factor, 4);
      // No sum of n days lies outside of n times the worst and the best.
      const last = band?.at(-1);
      expect((last?.low ?? NaN) >= Math.min(...days) * count && (last?.high ?? NaN) <= Math.max(...days) * count).toBe(true);
    }), { numRuns: 40 });
  });

  it('is left by about one in ten of those who trade as the back-test did', () => {
    const band = expectedBand(normal(1, 1_000, 2, 50), 20, 1) ?? [];
    const outside = Array.from({ length: 400 }, (_none, seed) => normal(seed + 50, 20, 2, 50).reduce((sum, one) => sum + one, 0)).filter((sum) => standingOf(band, 20, sum) !== 'within').length;
    expect(outside / 400).toBeGreaterThan(0.05);
    expect(outside / 400).toBeLessThan(0.17);
  });
});

describe('the standing', () => {
  const band = Array.from({ length: 6 }, () => ({ low: -100, middle: 0, high: 100 }));
  it('is judged from five days on; on the bounds it lies within', () => {
    expect([standingOf(band, 4, -999), standingOf(band, 5, -100), standingOf(band, 5, 100), standingOf(band, 5, -100.01), standingOf(band, 5, 100.01), standingOf(band, 0, 0)]).toEqual(['too_early', 'within', 'within', 'below', 'above', 'too_early']);
  });

  it('is said in words with the numbers in them', () => {
    expect(expectationWords(band, 5, -1_234.5)).toBe("After 5 exchange days it has made -$1,234.50, less than nineteen of twenty draws; nine of ten draws from its back-test's days lie between -$100.00 and $100.00. It does worse than its back-test: look at its parity, its costs and its market before it goes on.");
    expect(expectationWords(band, 1, 0)).toContain('After 1 exchange day it has made $0.00; nine of ten');
    expect(expectationWords(band, 6, 20, 400)).toMatch(/^In the last 6 of its 400 exchange days it has made \$20\.00; nine of ten/);
    expect(expectationWords(band, 0, 0)).toBe('It has not run through an exchange day yet.');
    expect([expectationWords(band, 5, 50), expectationWords(band, 5, 500)].map((words) => words.slice(-30))).toEqual(['as the back-test lets expect.', 'the back-test has not seen.'].map((words) => expect.stringContaining(words) as string));
  });
});
