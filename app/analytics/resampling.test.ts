/** Bootstraps, Monte Carlo and jitter: repeatable, honest about what they keep, and right where the truth is known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import { blockLength, blockLengthOfReturns } from './block-length.ts';
import { bootstrapIntervals, drawHistories, fillBlocks, intervalOf, pathOf } from './bootstrap.ts';
import { jitterBars, jitterParameters, summariseVariants } from './jitter.ts';
import { maxDrawdown } from './max-drawdown.ts';
import { reorderTrips, resampleDays, tripReturns } from './monte-carlo.ts';
import { sharpe } from './sharpe.ts';

/** Normal returns of which each carries `rho` of the one before. */
function returnsWith(seed: number, length: number, rho: number, mean = 0.0005): Float64Array {
  const random = randomOf(seed, 'returns');
  let before = 0;
  return Float64Array.from({ length }, () => {
    before = rho * before + 0.01 * random.normal();
    return mean + before;
  });
}

describe('block lengths', () => {
  it('come near the closed form of an autoregression (the worked number)', () => {
    const lengths = Array.from({ length: 20 }, (_none, seed) => blockLength(returnsWith(seed, 1_000, 0.5))).sort((a, b) => a - b);
    expect(Math.abs((lengths[10] ?? 0) - 12.1)).toBeLessThan(3);
  });
  it('are short where nothing follows anything, long where calm and wild times alternate', () => {
    expect(blockLength(returnsWith(3, 1_000, 0))).toBeLessThan(4);
    const noise = returnsWith(3, 1_000, 0, 0);
    expect(blockLengthOfReturns(noise.map((value, n) => (Math.floor(n / 50) % 2 === 0 ? value : value * 4)))).toBeGreaterThan(10);
    expect([blockLength([]), blockLength([1, 1]), blockLength([2, 2, 2, 2, 2, 2, 2, 2])]).toEqual([1, 1, 1]);
  });
});

describe('the stationary bootstrap', () => {
  it('draws as many indices as asked for, each as often as the others, in runs of the wanted mean', () => {
    const [seen, drawn] = [new Int32Array(50), new Float64Array(100_000).fill(Number.NaN)];
    fillBlocks(randomOf(1), Float64Array.from({ length: 100_000 }, (_none, n) => n), 8, drawn);
    let [runs, before] = [0, -2];
    for (const index of drawn) {
      seen[index % 50] = (seen[index % 50] ?? 0) + 1;
      if (index !== (before + 1) % 100_000) runs += 1;
      before = index;
    }
    expect(seen.reduce((sum, count) => sum + count, 0)).toBe(100_000);
    expect(100_000 / runs).toBeCloseTo(8, 0);
    for (const count of seen) expect(Math.abs(count - 2_000)).toBeLessThan(400);
  });
  it('gives the same numbers for the same seed, others for another', () => {
    const returns = returnsWith(1, 500, 0.1);
    expect(bootstrapIntervals(returns, { seed: 4, samples: 50 })).toEqual(bootstrapIntervals(returns, { seed: 4, samples: 50 }));
    expect(bootstrapIntervals(returns, { seed: 5, samples: 50 })?.sharpe).not.toEqual(bootstrapIntervals(returns, { seed: 4, samples: 50 })?.sharpe);
    expect(bootstrapIntervals(returns.subarray(0, 19), { seed: 1 })).toBeNull();
  });
  it('has an interval as wide as theory says of independent returns', () => {
    const returns = returnsWith(2, 1_000, 0);
    const interval = bootstrapIntervals(returns, { seed: 1, block: 1 })?.sharpe;
    // The standard error of a yearly Sharpe ratio is about sqrt((252 + SR^2 / 2) / n) (Lo, 2002).
    const width = 2 * 1.96 * Math.sqrt((252 + (sharpe(returns) ?? 0) ** 2 / 2) / 1_000);
    expect(((interval?.high ?? 0) - (interval?.low ?? 0)) / width).toBeCloseTo(1, 0);
    expect(Math.abs((interval?.median ?? 0) - (sharpe(returns) ?? 0))).toBeLessThan(0.15);
  });
  it('covers the truth about as often as it promises', () => {
    const truth = (0.0005 / 0.01) * Math.sqrt(252);
    const hits = Array.from({ length: 60 }, (_none, seed) => bootstrapIntervals(returnsWith(100 + seed, 400, 0), { seed, samples: 150, block: 1, confidence: 0.9 })?.sharpe)
      .filter((interval) => interval && interval.low <= truth && interval.high >= truth).length;
    expect(hits / 60).toBeGreaterThan(0.78);
  });
  it('says nothing of the Sharpe ratio of a curve that stands still', () => {
    expect(bootstrapIntervals(new Float64Array(30), { seed: 1, samples: 20 })).toMatchObject({ sharpe: null, cagr: { low: 0, high: 0 }, chanceOfLoss: 0 });
    expect(intervalOf([], 0.95)).toBeNull();
  });
  it('measures a path as the statistics do', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), { minLength: 2, maxLength: 50 }), (raw) => {
      const path = pathOf(raw);
      const equity = raw.reduce<number[]>((points, each) => [...points, (points.at(-1) ?? 1) * (1 + each)], [1]);
      expect(path.deepest).toBeCloseTo(maxDrawdown(equity) ?? 0, 12);
      expect(path.growth).toBeCloseTo(equity.at(-1) ?? 0, 12);
    }), { numRuns: 200 });
  });
});

describe('ruin', () => {
  it('is the end of a history, whatever follows', () => {
    expect(pathOf([0.5, -1.5, -1.5, 3])).toMatchObject({ deepest: -1 });
    // -0.5 x -0.5 would be a gain of 3/8 on the 3/2 of the first day.
    expect([pathOf([0.5, -1.5, -1.5, 3]).growth, pathOf([-1, 0.5]).growth].map((growth) => growth + 0)).toEqual([0, 0]);
    expect(pathOf([-1, 0.5]).deepest).toBe(-1);
  });
  it('of a trip is ruin in every order, and a loss of all', () => {
    expect(reorderTrips(Float64Array.of(0.1, -1.2, -1.2, 0.3), 'shuffle', { seed: 1, paths: 50 })).toMatchObject({ chanceOfLoss: 1, totalReturn: { p05: -1, p95: -1 }, maxDrawdown: { p05: -1, p95: -1 }, observed: { totalReturn: -1, maxDrawdown: -1 } });
  });
});

describe('Monte Carlo', () => {
  const trips = Float64Array.of(0.05, -0.02, 0.03, -0.04, 0.01, -0.01, 0.06, -0.03);
  it('shuffled trips end where they ended, by other ways', () => {
    const spread = reorderTrips(trips, 'shuffle', { seed: 3, paths: 300 });
    expect(spread?.totalReturn.p05).toBeCloseTo(spread?.observed.totalReturn ?? 0, 9);
    expect(spread?.totalReturn.p95).toBeCloseTo(spread?.observed.totalReturn ?? 0, 9);
    expect(spread?.maxDrawdown.p05).toBeLessThan(spread?.maxDrawdown.p95 ?? 0);
    // All losses in a row are the worst that an order can do.
    expect(spread?.maxDrawdown.p05).toBeGreaterThanOrEqual(0.98 * 0.96 * 0.99 * 0.97 - 1);
    expect(spread?.observed.maxDrawdown).toBeCloseTo(-0.04, 2);
  });
  it('drawn trips end elsewhere', () => {
    const spread = reorderTrips(trips, 'draw', { seed: 3, paths: 300 });
    expect(spread?.totalReturn.p05).toBeLessThan(spread?.totalReturn.p95 ?? 0);
    expect(spread?.chanceOfLoss).toBeGreaterThan(0.1);
  });
  it('is repeatable, and needs two of a kind', () => {
    expect(reorderTrips(trips, 'draw', { seed: 1, paths: 20 })).toEqual(reorderTrips(trips, 'draw', { seed: 1, paths: 20 }));
    expect([reorderTrips(Float64Array.of(0.1), 'draw', { seed: 1 }), resampleDays(Float64Array.of(0.1), drawHistories(Float64Array.of(0.1), { seed: 1 }))]).toEqual([null, null]);
    const returns = returnsWith(1, 200, 0);
    expect(resampleDays(returns.subarray(0, 19), drawHistories(returns.subarray(0, 19), { seed: 1 }))).toBeNull();
    expect(resampleDays(returns, drawHistories(returns, { seed: 1, samples: 40 }))).toMatchObject({ paths: 40 });
    // Very many trips are ordered less often.
    expect(reorderTrips(returnsWith(1, 8_000, 0), 'draw', { seed: 1 })).toMatchObject({ paths: 500 });
  });
  it('takes trips as returns on what was there before them', () => {
    expect([...tripReturns([50, -10, 5], [1000, 500, 0])]).toEqual([0.05, -0.02, 0]);
  });
});

describe('jitter', () => {
  it('moves prices a little and leaves bars that could have been', () => {
    const random = randomOf(1);
    const bars = barColumns(500);
    for (let n = 0; n < 500; n += 1) {
      const open = n % 2 === 0 ? 50 : 0.4;
      const close = open * (1 + 0.01 * random.normal());
      [bars.time[n], bars.open[n], bars.high[n], bars.low[n], bars.close[n], bars.volume[n]] = [n, open, Math.max(open, close), Math.min(open, close), close, 7];
    }
    const copy = jitterBars(bars, { seed: 1, variant: 0, basisPoints: 20 });
    let moved = 0;
    for (let n = 0; n < 500; n += 1) {
      const [open, high, low, close] = [copy.open, copy.high, copy.low, copy.close].map((column) => column[n] ?? 0) as [number, number, number, number];
      expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
      expect(low).toBeLessThanOrEqual(Math.min(open, close));
      expect(Math.abs(open * 10_000 - Math.round(open * 10_000))).toBeLessThan(1e-9);
      moved += Math.log(open / (bars.open[n] ?? 1)) ** 2;
    }
    expect(Math.sqrt(moved / 500) * 10_000).toBeCloseTo(20, -1);
    expect([copy.time, copy.volume]).toEqual([bars.time, bars.volume]);
    expect(jitterBars(bars, { seed: 1, variant: 0, basisPoints: 20 })).toEqual(copy);
    expect(jitterBars(bars, { seed: 1, variant: 1, basisPoints: 20 }).close).not.toEqual(copy.close);
  });
  it('moves parameters by steps within reach and range, each set once', () => {
    const sets = jitterParameters([{ name: 'fast', value: 10, min: 9, max: 50, step: 1 }, { name: 'k', value: 0.3, min: 0, max: 1, step: 0.1 }], { seed: 1, variants: 100 });
    expect(sets.length).toBe(4 * 5 - 1);
    for (const set of sets) {
      expect([9, 10, 11, 12]).toContain(set['fast']);
      expect([0.1, 0.2, 0.3, 0.4, 0.5]).toContain(set['k']);
      expect(set).not.toEqual({ fast: 10, k: 0.3 });
    }
    expect(jitterParameters([], { seed: 1, variants: 5 })).toEqual([]);
    expect(() => jitterParameters([{ name: 'x', value: 1, min: 0, max: 2, step: 0 }], { seed: 1, variants: 1 })).toThrow('step above 0');
  });
  it('sums variants up (the worked number)', () => {
    expect(summariseVariants(2, [1, 2, -1])).toMatchObject({ variants: 3, median: 1, worst: -1, shareAboveZero: 2 / 3, kept: 0.5 });
    expect([summariseVariants(1, []), summariseVariants(-1, [1])?.kept]).toEqual([null, null]);
  });
});
