/** Probability of backtest overfitting: on noise, on skill, against a naive count. */
import { describe, expect, it } from 'vitest';
import { randomOf } from '#app/domain/random.ts';
import { minimumBacktestYears } from './minimum-backtest-years.ts';
import { overfitting } from './pbo.ts';
import { riskReturnRatio } from './risk-return-ratio.ts';

function noise(seed: number, trials: number, length: number, drift: (trial: number) => number): Float64Array[] {
  const random = randomOf(seed, 'pbo');
  return Array.from({ length: trials }, (_none, trial) => Float64Array.from({ length }, () => drift(trial) + 0.01 * random.normal()));
}

/** The definition, word by word, without sums kept per block. */
function naive(trials: readonly Float64Array[], blocks: number): number {
  const length = trials[0]?.length ?? 0;
  let [splits, overfitted] = [0, 0];
  for (let mask = 0; mask < 2 ** blocks; mask += 1) {
    const chosen = Array.from({ length: blocks }, (_none, block) => (mask >> block) & 1);
    if (chosen.reduce((sum, bit) => sum + bit, 0) !== blocks / 2) continue;
    splits += 1;
    const blockOf = (n: number): number => Array.from({ length: blocks }, (_none, block) => Math.floor((block * length) / blocks)).filter((begin) => n >= begin).length - 1;
    const over = (wanted: number): number[] => trials.map((returns) => riskReturnRatio(Array.from(returns).filter((_value, n) => chosen[blockOf(n)] === wanted)) ?? 0);
    const [inside, outside] = [over(1), over(0)];
    const best = inside.indexOf(Math.max(...inside));
    const rank = outside.filter((value) => value <= (outside[best] ?? 0)).length / (trials.length + 1);
    if (Math.log(rank / (1 - rank)) <= 0) overfitted += 1;
  }
  return overfitted / splits;
}

describe('the probability of overfitting', () => {
  it('is what the definition says', () => {
    const trials = noise(2, 9, 60, () => 0);
    expect(overfitting(trials, 6)).toMatchObject({ splits: 20, blocks: 6, trials: 9, probability: naive(trials, 6) });
  });
  it('is about a half for rules without skill, and a better past is followed by nothing', () => {
    const found = Array.from({ length: 12 }, (_none, seed) => overfitting(noise(seed, 30, 400, () => 0), 8));
    const mean = found.reduce((sum, each) => sum + (each?.probability ?? 0), 0) / found.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.2);
    expect(found.filter((each) => (each?.slope ?? 0) < 0).length).toBeGreaterThan(6);
  });
  it('is near nothing where one rule has skill', () => {
    const found = overfitting(noise(1, 20, 1_000, (trial) => (trial === 7 ? 0.002 : 0)), 10);
    expect(Math.max(found?.probability ?? 1, found?.chanceOfLoss ?? 1)).toBeLessThan(0.02);
    expect(found?.medianRank).toBeGreaterThan(0.9);
  });
  it('needs trials, time, and an even number of blocks', () => {
    expect([overfitting([]), overfitting(noise(1, 1, 100, () => 0)), overfitting(noise(1, 5, 31, () => 0))]).toEqual([null, null, null]);
    expect(() => overfitting(noise(1, 3, 100, () => 0), 5)).toThrow('even number');
    expect(() => overfitting([new Float64Array(40), new Float64Array(41)], 4)).toThrow('different lengths');
    expect(() => overfitting([new Float64Array(40), new Float64Array(40).fill(Number.NaN, 7, 8)], 4)).toThrow('is a number');
  });
  it('judges rules that never trade without a number that is none', () => {
    expect(overfitting([new Float64Array(40), ...noise(1, 2, 40, () => -0.01)], 4)).toMatchObject({ probability: 0, chanceOfLoss: 0 });
  });
});

describe('the minimum length of a back-test', () => {
  it('is five years for 45 trials and a Sharpe ratio of 1 (the worked number, and the paper’s)', () => {
    expect(minimumBacktestYears(45, 1)).toBeCloseTo(4.998087, 6);
    expect([minimumBacktestYears(1, 1), minimumBacktestYears(10, 0)]).toEqual([0, null]);
  });
});
