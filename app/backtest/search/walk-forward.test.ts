/** Windows that never choose on what they try, chained curves, efficiency, paths of parameters. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxSpace } from './testing-space.ts';
import { chain, efficiency, foldsOf, parameterPaths } from './walk-forward.ts';

const clock = (bars: number): Float64Array => Float64Array.from({ length: bars }, (_none, n) => 1_000 + n * 60_000);

describe('the windows of a walk-forward', () => {
  it('follow on each other and end with the last bar', () => {
    const folds = foldsOf(clock(1_000), { kind: 'rolling', folds: 5, outPart: 0.25 });
    expect(folds.map(({ inBars, outBars }) => [inBars, outBars])).toEqual(Array.from({ length: 5 }, () => [375, 125]));
    expect(folds[0]?.inFrom).toBe(1_000);
    expect(folds.at(-1)?.outTo).toBe(1_000 + 999 * 60_000 + 1);
  });

  it('may be measured in bars', () => {
    const folds = foldsOf(clock(1_000), { kind: 'rolling', inBars: 300, outBars: 90 });
    expect(folds.map(({ inBars, outBars }) => [inBars, outBars])).toEqual(Array.from({ length: 7 }, () => [300, 90]));
    expect(folds.at(-1)?.outTo).toBe(1_000 + 999 * 60_000 + 1);
    // 1,000 - 7 x 90 = 370 bars before the first trial; anchored uses them all.
    expect(foldsOf(clock(1_000), { kind: 'anchored', inBars: 300, outBars: 90 })[0]?.inBars).toBe(370);
    expect(() => foldsOf(clock(300), { kind: 'rolling', inBars: 290, outBars: 20 })).toThrow(/make 0 windows/);
    expect(() => foldsOf(clock(300), { kind: 'rolling', inBars: 30, outBars: 5 })).toThrow(/at least 20 bars/);
  });

  it('never choose on a bar that is tried, and try each bar at most once', () => {
    fc.assert(fc.property(fc.integer({ min: 400, max: 5_000 }), fc.integer({ min: 1, max: 8 }), fc.double({ min: 0.15, max: 0.8, noNaN: true }), fc.constantFrom('anchored' as const, 'rolling' as const), (bars, count, outPart, kind) => {
      fc.pre(Math.floor(bars / (count + (1 - outPart) / outPart)) >= 20 && bars - count * Math.floor(bars / (count + (1 - outPart) / outPart)) >= 20);
      const opens = clock(bars);
      const folds = foldsOf(opens, { kind, folds: count, outPart });
      for (const [n, fold] of folds.entries()) {
        expect(fold.inFrom).toBeLessThan(fold.outFrom);
        expect(fold.outFrom).toBeLessThan(fold.outTo);
        expect(opens.filter((open) => open >= fold.inFrom && open < fold.outFrom).length).toBe(fold.inBars);
        expect(opens.filter((open) => open >= fold.outFrom && open < fold.outTo).length).toBe(fold.outBars);
        expect(folds[n + 1]?.outFrom ?? fold.outTo).toBe(fold.outTo);
        expect(kind === 'anchored' ? fold.inFrom : fold.inBars).toBe(kind === 'anchored' ? opens[0] : folds[0]?.inBars);
      }
    }), { numRuns: 100 });
  });

  it.each([[{ folds: 0 }, 1_000], [{ folds: 3.5 }, 1_000], [{ outPart: 1 }, 1_000], [{ outPart: 0 }, 1_000], [{}, 100], [{ folds: 60 }, 1_000]])('refuses %o over %d bars', (over, bars) => {
    expect(() => foldsOf(clock(bars), { kind: 'rolling', folds: 5, outPart: 0.25, ...over })).toThrow(/walk-forward cannot be made/);
  });
});

describe('the stretches out of sample', () => {
  it('are chained by their returns', () => {
    const part = (start: number, ...equity: number[]) => ({ time: Float64Array.from(equity, (_value, n) => start + n), equity: Float64Array.from(equity), cash: 100 });
    const whole = chain([part(0, 100, 110), part(10, 100, 90), part(20, 105, 120)]);
    expect([...whole.time]).toEqual([0, 1, 10, 11, 20, 21]);
    expect([...whole.equity].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([100, 110, 110, 99, 103.95, 118.8]);
    expect([...chain([part(0, 50, -20), part(10, 90, 80), part(20, 200)]).equity], 'what is lost stays lost').toEqual([50, -20, -20, -20, -20]);
    expect(() => chain([part(0, 1, 2), part(1, 1, 2)])).toThrow(/overlap/);
    expect(chain([]).time.length).toBe(0);
  });

  it('are worth this part of what was found in sample', () => {
    expect(efficiency([[0.3, 0.15], [0.1, 0.05]])).toBeCloseTo(0.5, 12);
    expect(efficiency([[0.3, -0.3], [NaN, 9]])).toBe(-1);
    expect(efficiency([[-0.1, 0.2]])).toBeNull();
    expect(efficiency([])).toBeNull();
    // Nothing was lost in one window: no number to divide by, and no NaN to show.
    expect(efficiency([[Infinity, 2]])).toBeNull();
    expect(efficiency([[Infinity, Infinity], [2, 1]])).toBe(0.5);
  });
});

describe('the paths of the parameters', () => {
  it('say how far the choice moved', () => {
    const [first, second] = parameterPaths(boxSpace(5, 3), [2 * 3, 4 * 3, 3 * 3]);
    expect(first).toEqual({ name: 'a', values: [2, 4, 3], stability: 0.625, isAtEdge: false });
    expect(second).toEqual({ name: 'b', values: [0, 0, 0], stability: 1, isAtEdge: true });
  });

  it('count words as kept or changed', () => {
    const space = { axes: [{ name: 'side', values: ['long', 'both', 'short'], isOrdered: false }], fixed: {}, size: 3 };
    expect(parameterPaths(space, [0, 2, 2])).toEqual([{ name: 'side', values: ['long', 'short', 'short'], stability: 0.5, isAtEdge: false }]);
    expect(parameterPaths(space, [])[0]?.stability).toBe(1);
  });
});
