/** Normal distribution and quantiles: against tables, and against themselves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalDensity, normalProbability, normalQuantile } from './normal.ts';
import { ascending, quantile } from './quantile.ts';

describe('the normal distribution', () => {
  // Values of Abramowitz and Stegun, tables 26.1 and 26.2, and of Wolfram's series beyond them.
  it.each([[0, 0.5], [1, 0.841_344_746_068_543], [1.96, 0.975_002_104_851_780], [-3, 0.001_349_898_031_630], [-8, 6.220_960_574_271_8e-16], [40, 1], [-40, 0]])('lies below %d with probability %d', (x, p) => {
    expect(Math.abs(normalProbability(x) - p)).toBeLessThan(1e-14);
    if (x < 0 && p > 0) expect(normalProbability(x) / p).toBeCloseTo(1, 6);
  });
  it.each([[0.5, 0], [0.975, 1.959_963_984_540_054], [0.01, -2.326_347_874_040_841], [1e-9, -5.997_807_015_007_7], [0, -Infinity], [1, Infinity]])('has its %d quantile at %d', (p, x) => {
    if (Number.isFinite(x)) expect(Math.abs(normalQuantile(p) - x)).toBeLessThan(1e-9);
    else expect(normalQuantile(p)).toBe(x);
  });
  it('finds every quantile back, and is symmetric', () => {
    fc.assert(fc.property(fc.double({ min: 1e-10, max: 1 - 1e-10, noNaN: true }), (p) => {
      expect(Math.abs(normalProbability(normalQuantile(p)) - p)).toBeLessThan(1e-13);
      // 1 - p rounds, which moves a quantile of the tail.
      expect(Math.abs(normalQuantile(1 - p) + normalQuantile(p))).toBeLessThan(1e-5);
    }));
    expect(normalDensity(0)).toBeCloseTo(0.398942, 6);
    expect([normalProbability(Number.NaN), normalQuantile(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('quantiles', () => {
  it('are interpolated between neighbours (the worked number)', () => {
    expect(quantile(ascending([4, 2, 1, 3]), 0.25)).toBe(1.75);
    expect([quantile(ascending([5]), 0.3), quantile(ascending([]), 0.5), quantile(ascending([1, 9]), 2), quantile(ascending([-1, 1]), -1)]).toEqual([5, null, 9, -1]);
  });
});
