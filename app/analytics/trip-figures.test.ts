/** Figures of round trips: worked numbers, and a hand-counted book of eight trips. */
import { describe, expect, it } from 'vitest';
import { multiplesOfRisk } from './expectancy.ts';
import { exposure } from './exposure.ts';
import { kelly } from './kelly.ts';
import { riskOfRuin } from './risk-of-ruin.ts';
import { streaks } from './streaks.ts';
import { systemQuality } from './system-quality.ts';
import { tripFigures } from './trip-figures.ts';
import { turnover } from './turnover.ts';
import { randomOf } from '#app/domain/random.ts';

describe('the worked numbers of the doc comments', () => {
  it.each<[string, number | null, number]>([
    ['kelly', kelly(0.6, 1.5), 0.333333], ['risk of ruin', riskOfRuin([210, -190], 4_000), 0.367879], ['system quality', systemQuality([1, -1, 3]), 0.866025], ['turnover', turnover(400_000, 100_000, 2), 1],
    ['time in the market', exposure(Float64Array.of(0, 50), Float64Array.of(100, 100))?.time ?? null, 0.5], ['gross exposure', exposure(Float64Array.of(0, 50), Float64Array.of(100, 100))?.gross ?? null, 0.25],
    ['system quality of more than a hundred trades counts a hundred', systemQuality(Array.from({ length: 400 }, (_none, n) => (n % 2 === 0 ? 3 : -1))), 10 / Math.sqrt(4 * 400 / 399)],
    ['losing systems are ruined for certain', riskOfRuin([-1, 0.5], 100), 1], ['winning without risk never is', riskOfRuin([5, 5], 100), 0],
  ])('%s', (_name, value, expected) => {
    expect(value).toBeCloseTo(expected, 6);
  });
  it('streaks and multiples', () => {
    expect(streaks([1, 2, -1, 0, -1, -1])).toEqual({ wins: 2, losses: 2 });
    expect([...multiplesOfRisk([20, -10, 5], [10, 10, Number.NaN])]).toEqual([2, -1]);
  });
  it.each([['kelly without a payoff', kelly(0.5, null)], ['kelly of a payoff of nothing', kelly(0.5, 0)], ['ruin of one', riskOfRuin([1], 10)], ['ruin without capital', riskOfRuin([1, 2], 0)], ['quality of one', systemQuality([1])], ['turnover without time', turnover(1, 1, 0)], ['exposure of nothing', exposure(new Float64Array(0), new Float64Array(0))]])('null: %s', (_name, value) => {
    expect(value).toBeNull();
  });
});

describe('ruin', () => {
  it('comes as often as the formula says to walks that are long enough', () => {
    const random = randomOf(4, 'ruin');
    let ruined = 0;
    for (let walk = 0; walk < 400; walk += 1) {
      let capital = 30;
      for (let trip = 0; trip < 3_000 && capital > 0; trip += 1) capital += 0.1 + 3 * random.normal();
      if (capital <= 0) ruined += 1;
    }
    // Profits of exactly this mean and deviation: 0.1 and 3. A walk in steps overshoots zero, so it is ruined a little less often than the formula says.
    const spread = 3 / Math.SQRT2;
    expect(Math.abs(ruined / 400 - (riskOfRuin([0.1 - spread, 0.1 + spread], 30) ?? 0))).toBeLessThan(0.06);
  });
});

describe('a hand-counted book', () => {
  const trips = {
    profit: Float64Array.of(100, -50, 0, 30, 20, -10, -40, 50), cost: new Float64Array(8).fill(2.5), side: Int8Array.of(1, 1, 1, -1, -1, 1, -1, 1), holdingMs: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 20),
    mae: Float64Array.of(-10, -60, -5, -5, -5, -15, -50, -10), mfe: Float64Array.of(120, 0, 10, 40, 30, 10, 0, 70), risk: Float64Array.of(50, 50, Number.NaN, 20, Number.NaN, 10, 20, 25),
  };
  it('has every figure', () => {
    const found = tripFigures(trips, 1_000);
    expect(found).toMatchObject({
      round_trips: 8, break_even_trips: 1, win_rate: 4 / 7, average_win: 50, average_loss: -100 / 3, best_trip: 100, worst_trip: -50, payoff_ratio: 1.5, profit_factor: 2, expectancy: 12.5, winning_streak: 2, losing_streak: 2,
      average_holding: 6, longest_holding: 20, average_mae: -20, average_mfe: 35, long_trips: 5, long_profit: 90, long_win_rate: 0.5, short_trips: 3, short_profit: 10, short_win_rate: 2 / 3,
    });
    // R: 2, -1, 1.5, -1, -2, 2.
    expect(found.expectancy_r).toBeCloseTo(0.25, 12);
    expect(found.kelly).toBeCloseTo(4 / 7 - 3 / 7 / 1.5, 12);
    expect(found.half_kelly).toBeCloseTo((found.kelly ?? 0) / 2, 12);
    expect(found.cost_of_gains).toBeCloseTo(20 / 120, 12);
    // Not every trip had a stop, so the quality is of dollars: 12.5 / 49.2080 x sqrt(8).
    expect(found.system_quality).toBeCloseTo((Math.sqrt(8) * 12.5) / Math.sqrt((87.5 ** 2 + 62.5 ** 2 + 12.5 ** 2 + 17.5 ** 2 + 7.5 ** 2 + 22.5 ** 2 + 52.5 ** 2 + 37.5 ** 2) / 7), 9);
  });
  it('is ruined by parts of the equity where they are known', () => {
    expect(tripFigures({ profit: Float64Array.of(210, -190), onEquity: Float64Array.of(0.0525, -0.0475) }, 1).risk_of_ruin).toBeCloseTo(0.367879, 6);
  });
  it('knows what it does not know', () => {
    expect(tripFigures({ profit: Float64Array.of(1, 2) }, 1_000)).toMatchObject({ average_mae: null, average_holding: null, long_trips: null, expectancy_r: null, cost_of_gains: null, profit_factor: null });
    expect(tripFigures({ profit: new Float64Array(0), side: new Int8Array(0) }, 1_000)).toMatchObject({ round_trips: 0, best_trip: null, long_trips: 0, long_win_rate: null, winning_streak: 0 });
  });
});
