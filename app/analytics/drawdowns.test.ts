/** Falls of a curve: dates, averages, and the fast walk against the plain one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '#app/domain/time.ts';
import { scanCurve } from './curve-scan.ts';
import { datedFall, fallsFrom, summariseFalls } from './drawdowns.ts';
import { maxDrawdown } from './max-drawdown.ts';

describe('falls', () => {
  it('go from the last point at a peak to the first that reaches it again (the worked number)', () => {
    expect(fallsFrom(100, [120, 90, 120, 110])).toEqual([{ fall: -0.25, peak: 0, valley: 1, end: 2 }, { fall: 110 / 120 - 1, peak: 2, valley: 3, end: null }]);
    expect(fallsFrom(100, [100, 101, 101])).toEqual([]);
    expect(fallsFrom(100, [])).toEqual([]);
  });
  it('have dates; one that is open lasts to the end', () => {
    const time = [1, 2, 3, 4].map((day) => day * DAY_MS);
    expect(datedFall({ fall: -0.25, peak: 0, valley: 1, end: 2 }, time, 0)).toEqual({ fall: -0.25, peakAt: DAY_MS, valleyAt: 2 * DAY_MS, recoveredAt: 3 * DAY_MS, days: 2, steps: 2 });
    expect(datedFall({ fall: -0.1, peak: -1, valley: 3, end: null }, time, 0)).toMatchObject({ peakAt: 0, recoveredAt: null, days: 4, steps: 4 });
  });
  it('are averaged (the worked number)', () => {
    const of = (fall: number, days: number) => ({ fall, days, steps: days, peakAt: 0, valleyAt: 0, recoveredAt: null });
    const summary = summariseFalls([of(-0.25, 10), of(-0.05, 2)]);
    expect(summary.averageFall).toBeCloseTo(-0.15, 12);
    expect(summary).toMatchObject({ averageDays: 6, longestDays: 10 });
    expect(summariseFalls([])).toEqual({ averageFall: null, averageDays: null, longestDays: 0 });
  });
});

describe('the walk over a curve', () => {
  const curves = fc.array(fc.double({ min: 0.7, max: 1.4, noNaN: true }), { minLength: 1, maxLength: 1_500 }).map((factors) => {
    let value = 100;
    return Float64Array.from(factors, (factor) => (value = Math.max(1e-3, Math.min(1e6, Math.round(value * factor * 4) / 4))));
  });
  it('finds the same deepest falls as the plain search', () => {
    fc.assert(fc.property(curves, (equity) => {
      const plain = fallsFrom(100, equity).sort((a, b) => a.fall - b.fall || a.peak - b.peak).slice(0, 5);
      expect(scanCurve(equity, 100).deepest.map(({ fall }) => fall)).toEqual(plain.map(({ fall }) => fall));
      expect(scanCurve(equity, 100).deepest[0] ?? null).toEqual(plain[0] ?? null);
      expect(scanCurve(equity, 100).deepest[0]?.fall ?? 0).toBeCloseTo(maxDrawdown([100, ...equity]) ?? 0, 12);
    }), { numRuns: 150 });
  });
  it('keeps every extreme of a long curve, and the end', () => {
    const equity = Float64Array.from({ length: 50_000 }, (_none, n) => 1_000 + (n % 100));
    [equity[12_345], equity[40_001]] = [5_000, 1];
    const { line, falls, fallSteps, meanEquity } = scanCurve(equity, 1_000);
    expect(line).toContain(12_345);
    expect(line).toContain(40_001);
    expect(line.at(-1)).toBe(49_999);
    expect(line.length).toBeLessThanOrEqual(1_201);
    expect([...line].sort((a, b) => a - b)).toEqual(line);
    expect(falls[fallSteps.indexOf(40_001)]).toBeCloseTo(1 / 5_000 - 1, 12);
    expect(Math.min(...falls)).toBeCloseTo(1 / 5_000 - 1, 12);
    expect(meanEquity).toBeCloseTo(equity.reduce((sum, value) => sum + value, 0) / 50_000, 9);
  });
  it('refuses what is no curve', () => {
    expect(() => scanCurve(Float64Array.of(1, Number.NaN), 1)).toThrow('is a number');
    expect(() => scanCurve(Float64Array.of(1), 0)).toThrow('above 0');
    expect(scanCurve(new Float64Array(0), 5)).toMatchObject({ line: [], deepest: [], meanEquity: 5 });
  });
});
