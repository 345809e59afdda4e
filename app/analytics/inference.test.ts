/** Probabilistic and deflated Sharpe ratios: worked numbers, the published example, and what they promise on noise. */
import { describe, expect, it } from 'vitest';
import { randomOf } from '#app/domain/random.ts';
import { deflatedSharpe, expectedBestSharpe, meanCorrelation, trialsOf } from './deflated-sharpe.ts';
import { minimumTrackRecord, probabilisticSharpe } from './probabilistic-sharpe.ts';
import { riskReturnRatio } from './risk-return-ratio.ts';

const FOUR = [0.01, -0.01, 0.03, 0.01];

describe('the worked numbers of the doc comments', () => {
  it.each<[string, number | null, number]>([
    ['probabilistic sharpe', probabilisticSharpe(FOUR), 0.844753],
    ['minimum track record', minimumTrackRecord(FOUR), 8.891168],
    ['expected best of ten', expectedBestSharpe({ count: 10, variance: 1 }), 1.574598],
    ['deflated sharpe', deflatedSharpe(FOUR, { count: 10, variance: 0.01 }), 0.774397],
    ['trials that do the same', trialsOf([0, 2], 1, 0.5)?.count ?? null, 1.5],
    ['mean correlation', meanCorrelation([[1, 2, 3], [2, 4, 6], [3, 2, 1]]), -1 / 3],
    ['mean correlation of what never varies', meanCorrelation([[1, 2, 3], [5, 5, 5], [2, 4, 6]]), 1],
    ['their variance', trialsOf([0, 2], 1, 0.5)?.variance ?? null, 2],
    ['one trial deflates nothing', deflatedSharpe(FOUR, { count: 1, variance: 9 }), 0.844753],
  ])('%s', (_name, value, expected) => {
    expect(value).toBeCloseTo(expected, 6);
  });

  it('agree with the example of Bailey and Lopez de Prado (2014)', () => {
    // 100 trials with a variance of 1/2 of yearly ratios: the best is expected at 0.1132 a day.
    expect(expectedBestSharpe({ count: 100, variance: 0.5 / 250 })).toBeCloseTo(0.1132, 4);
  });

  it.each([['three returns', probabilisticSharpe([0.1, 0.2, 0.1])], ['a constant', probabilisticSharpe([0.1, 0.1, 0.1, 0.1])], ['a loser has no record to wait for', minimumTrackRecord([-0.01, 0.01, -0.03, -0.01])], ['one trial', trialsOf([1])], ['the correlation of one', meanCorrelation([[1, 2]])], ['the correlation of none', meanCorrelation([])]])('null: %s', (_name, value) => {
    expect(value).toBeNull();
  });
});

describe('on noise', () => {
  const random = randomOf(1, 'noise');
  const trials = Array.from({ length: 200 }, () => Float64Array.from({ length: 500 }, () => 0.01 * random.normal()));
  const ratios = trials.map((returns) => riskReturnRatio(returns) ?? 0);
  const best = trials[ratios.indexOf(Math.max(...ratios))] ?? FOUR;

  it('the best of 200 looks certain until it is deflated', () => {
    expect(probabilisticSharpe(best) ?? 0).toBeGreaterThan(0.99);
    const facts = trialsOf(ratios.map((ratio) => ratio * Math.sqrt(252)));
    expect(facts).not.toBeNull();
    expect(facts?.variance).toBeCloseTo(1 / 500, 3);
    expect(deflatedSharpe(best, facts ?? { count: 1, variance: 0 }) ?? 1).toBeLessThan(0.9);
    // What the formula expects of the best is what the best has.
    expect(expectedBestSharpe(facts ?? { count: 1, variance: 0 }) / Math.max(...ratios)).toBeCloseTo(1, 0);
  });

  it('a probability is as often below p as p says', () => {
    const below = (p: number): number => trials.filter((returns) => (probabilisticSharpe(returns) ?? 0) < p).length / trials.length;
    for (const p of [0.1, 0.5, 0.9]) expect(Math.abs(below(p) - p)).toBeLessThan(0.08);
  });
});
