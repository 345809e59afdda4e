/** The figures of a run against hand-worked numbers and the definitions of the tear sheet. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxDrawdown } from '#app/analytics/max-drawdown.ts';
import { DAY_MS, HOUR_MS } from '#app/domain/time.ts';
import type { RunResult, TripTable } from '../run/types.ts';
import { dailyEquity, figuresOf, firstAfter, periodReturns, RUN_FIGURES, type RunFigure } from './figures.ts';

function trips(profits: readonly number[], open: readonly number[] = []): TripTable {
  const { length } = profits;
  const none = (): Float64Array => new Float64Array(length);
  return {
    length, market: new Int32Array(length), side: new Int8Array(length).fill(1), isOpen: Int8Array.from(profits, (_value, n) => (open.includes(n) ? 1 : 0)), openStep: new Int32Array(length), closeStep: new Int32Array(length),
    qty: none(), entryPrice: none(), exitPrice: none(), profit: Float64Array.from(profits), cost: none(), mae: none(), mfe: none(), risk: none(),
  };
}

function result(over: Partial<RunResult>): RunResult {
  const noFills = { length: 0, step: new Int32Array(0), market: new Int32Array(0), order: new Int32Array(0), side: new Int8Array(0), qty: new Float64Array(0), price: new Float64Array(0), cost: new Float64Array(0) };
  return { time: new Float64Array(0), equity: new Float64Array(0), gross: new Float64Array(0), fills: noFills, trips: trips([]), cash: 0, costs: 0, dividends: 0, carry: 0, orders: 0, signals: 0, denied: {}, lines: [], warnings: [], ...over };
}

/** 2024-03-04 21:00 UTC: a close in New York. */
const CLOSE = Date.UTC(2024, 2, 4, 21);
const curve = (...equity: number[]) => ({ time: Float64Array.from(equity, (_value, n) => CLOSE + n * DAY_MS), equity: Float64Array.from(equity), gross: Float64Array.from(equity, (value, n) => (n === 0 ? 0 : value)) });
const one = (name: RunFigure, of: RunResult, from?: number): number => figuresOf(of, 100, { names: [name], ...(from === undefined ? {} : { from }) })[0] ?? NaN;

describe('the figures of a run', () => {
  it('are made of the days of the exchange', () => {
    const time = Float64Array.from([0, 1, 2, 24, 25], (hours) => CLOSE - 2 * HOUR_MS + hours * HOUR_MS);
    expect([...dailyEquity({ time, equity: Float64Array.of(1, 2, 3, 4, 5) }, 100)]).toEqual([100, 3, 5]);
    expect([...dailyEquity({ time: new Float64Array(0), equity: new Float64Array(0) }, 100)]).toEqual([100]);
  });

  it('have the numbers that a hand finds', () => {
    const run = result({ ...curve(101, 100, 102.01), trips: trips([30, -10, 5, -4, 99], [4]) });
    expect(one('total_return', run)).toBeCloseTo(0.0201, 12);
    expect(one('max_drawdown', run)).toBeCloseTo(100 / 101 - 1, 12);
    expect(one('profit_factor', run)).toBe(2.5);
    expect(one('trades', run)).toBe(4);
    expect(one('win_rate', run)).toBe(0.5);
    expect(one('expectancy', run)).toBe(5.25);
    expect(one('exposure', run)).toBeCloseTo(2 / 3, 12);
    expect(one('days', run)).toBe(3);
    // Returns 0.01, 1/1.01 - 1, 0.0201: mean 0.0067, deviation 0.0153...
    const returns = [0.01, 100 / 101 - 1, 0.0201];
    const mean = returns.reduce((sum, value) => sum + value, 0) / 3;
    const spread = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    expect(one('sharpe', run)).toBeCloseTo((mean / spread) * Math.sqrt(252), 12);
  });

  it('fall as deep as the definition says', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -50, max: 500, noNaN: true }), { maxLength: 30 }), (equity) => {
      expect(one('max_drawdown', result(curve(...equity)))).toBe(maxDrawdown([100, ...equity]));
    }), { numRuns: 300 });
  });

  it('leave the warm-up out', () => {
    const run = result(curve(100, 100, 100, 110));
    expect(one('exposure', run, CLOSE + DAY_MS)).toBe(1);
    expect(one('days', run, CLOSE + DAY_MS)).toBe(2);
    expect(firstAfter(run.time, CLOSE + DAY_MS)).toBe(2);
  });

  it('have returns over equal stretches, that multiply to the whole', () => {
    const run = result(curve(110, 99, 99, 198, 220));
    const returns = periodReturns(run, 100, { periods: 2 });
    expect([...returns]).toEqual([99 / 100 - 1, 220 / 99 - 1]);
    expect(periodReturns(run, 100, { periods: 8 }).reduce((product, value) => product * (1 + value), 1)).toBeCloseTo(2.2, 12);
    expect([...periodReturns(run, 100, { periods: 1, from: CLOSE })]).toEqual([1]);
  });

  it('are not known where nothing happened', () => {
    const row = figuresOf(result({}), 100, { names: RUN_FIGURES });
    const known = RUN_FIGURES.filter((_name, at) => !Number.isNaN(row[at]));
    expect(known).toEqual(['final_equity', 'total_return', 'max_drawdown', 'trades', 'costs', 'days']);
    expect(one('profit_factor', result({ ...curve(100), trips: trips([5]) }))).toBe(Infinity);
  });
});
