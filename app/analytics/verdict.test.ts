/** The verdict: samples whose truth is known, and one question at a time. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { honestSample, overfittedSample } from '../../tests/support/verdict-samples.ts';
import type { Evidence } from './evidence.ts';
import { concentration, gatherEvidence } from './evidence.ts';
import { verdict, verdictLines } from './verdict.ts';

const overfitted = overfittedSample();
const honest = honestSample();

describe('strategies whose truth is known', () => {
  it('the best of a thousand random rules on noise is not believed, however good it looks', () => {
    expect(overfitted.evidence.sharpe).toBeGreaterThan(1);
    expect(overfitted.evidence.probabilisticSharpe).toBeGreaterThan(0.99);
    const { belief, reasons } = verdict(overfitted.evidence);
    expect(belief).toBe('do_not_believe');
    expect(reasons.filter(({ grade }) => grade === 'bad').map(({ check }) => check)).toEqual(expect.arrayContaining(['luck', 'overfitting', 'history']));
  });
  it('a simple rule on planted trends, with a long history, is believed', () => {
    expect(verdict(honest.evidence)).toMatchObject({ belief: 'believe' });
  });
  it.each([1, 2, 3, 97])('not the wrong way round with other seeds, either (%d; docs/verdict.md counts 200)', (seed) => {
    expect(verdict(overfittedSample(seed).evidence).belief).not.toBe('believe');
    expect(verdict(honestSample(seed).evidence).belief).not.toBe('do_not_believe');
  });
  it('both stand in the documents as they come out', () => {
    const text = readFileSync(new URL('../../docs/verdict.md', import.meta.url), 'utf8');
    for (const { evidence } of [overfitted, honest]) expect(text).toContain(verdictLines(verdict(evidence)).join('\n'));
  });
});

describe('one question at a time', () => {
  const good = honest.evidence;
  const searched: Evidence = {
    ...good, search: { count: 50, variance: 0.0001 }, deflatedSharpe: 0.99, plateau: 0.8, overfitting: { probability: 0.05, chanceOfLoss: 0, slope: 0.5, medianRank: 0.9, splits: 252, blocks: 10, trials: 50 }, outOfSample: { inside: 1, outside: 0.8, days: 900 },
  };
  const variants = { variants: 20, base: 1, median: 0.9, p05: 0.5, worst: 0.4, shareAboveZero: 1, kept: 0.9 };
  it.each<[string, Evidence, string]>([
    ['a look into the future', { ...good, lookAhead: 'found' }, 'do_not_believe'],
    ['a look-ahead check that was not made', { ...good, lookAhead: null }, 'doubtful'],
    ['a loss', { ...good, totalReturn: -0.1 }, 'do_not_believe'],
    ['no return at all', { ...good, totalReturn: null }, 'doubtful'],
    ['luck', { ...good, probabilisticSharpe: 0.5 }, 'do_not_believe'],
    ['perhaps luck', { ...good, probabilisticSharpe: 0.9 }, 'doubtful'],
    ['too few days to tell', { ...good, probabilisticSharpe: null }, 'doubtful'],
    ['few trades', { ...good, trips: 12 }, 'doubtful'],
    ['costs that eat the gains', { ...good, costOfGains: 0.6 }, 'doubtful'],
    ['few trades and costs', { ...good, trips: 12, costOfGains: 0.6 }, 'do_not_believe'],
    ['one trip that made it all', { ...good, concentration: { bestTrip: 0.9, bestTwentieth: 1.2, bestDays: 0.1 } }, 'doubtful'],
    ['a search with good answers to all', searched, 'believe'],
    ['a search that luck explains', { ...searched, deflatedSharpe: 0.6 }, 'do_not_believe'],
    ['a search that was overfitted and lost outside', { ...searched, overfitting: { probability: 0.6, chanceOfLoss: 0.5, slope: -1, medianRank: 0.4, splits: 252, blocks: 10, trials: 50 }, outOfSample: { inside: 1, outside: -0.2, days: 900 } }, 'do_not_believe'],
    ['a search that found nothing, and a gain behind it that proves nothing', { ...searched, outOfSample: { inside: -0.1, outside: 0.9, days: 900 } }, 'doubtful'],
    ['a search whose best was below the median elsewhere more often than not', { ...searched, overfitting: { probability: 0.63, chanceOfLoss: 0.18, slope: -0.5, medianRank: 0.45, splits: 252, blocks: 10, trials: 50 } }, 'doubtful'],
    ['trials that are all alike: a rank that means nothing', { ...searched, overfitting: { probability: 0.55, chanceOfLoss: 0.02, slope: 0.1, medianRank: 0.45, splits: 252, blocks: 10, trials: 50 } }, 'believe'],
    ['a search that nobody looked behind', { ...searched, overfitting: null, outOfSample: null, plateau: null }, 'doubtful'],
    ['prices with a little noise that end it', { ...good, priceJitter: { ...variants, shareAboveZero: 0.2, kept: -0.5 } }, 'doubtful'],
    ['less than holding, beside which nothing is left', { ...good, benchmark: { totalReturn: 99, alpha: -0.02 } }, 'doubtful'],
    ['less than holding, with less risk', { ...good, benchmark: { totalReturn: 99, alpha: 0.02 } }, 'believe'],
    ['noise and parameters that end it, on few trades', { ...good, trips: 12, priceJitter: { ...variants, shareAboveZero: 0.2 }, parameterJitter: { ...variants, shareAboveZero: 0.1 } }, 'do_not_believe'],
  ])('%s', (_name, evidence, belief) => {
    expect(verdict(evidence).belief).toBe(belief);
  });
  it('tells of no part that is left where nothing was there before', () => {
    const found = verdict({ ...searched, outOfSample: { inside: -0.1, outside: 0.9, days: 900 } }).reasons.find(({ check }) => check === 'out_of_sample');
    expect(found).toMatchObject({ grade: 'weak', value: null, finding: 'On 900 days that the search had not seen, the Sharpe ratio was 0.90 after −0.10 before.' });
    expect(verdict({ ...searched, outOfSample: { inside: -0.1, outside: 0, days: 900 } }).reasons.find(({ check }) => check === 'out_of_sample')?.grade).toBe('bad');
  });
  it('says the length of a short history in days', () => {
    const said = (years: number) => verdict({ ...good, years, search: null }).reasons.find(({ check }) => check === 'history')?.finding;
    expect([0.002, 7 / 365.25, 0.99, 1, 19.25].map(said)).toEqual(['The history has 1 day.', 'The history has 7 days.', 'The history has 362 days.', 'The history has 1.0 years.', 'The history has 19.3 years.']);
  });
  it('names what was not looked at, and what would change the answer', () => {
    expect(verdict({ ...good, lookAhead: null, trips: 50 }).headline).toBe('Doubtful: nobody checked whether the strategy looks into the future.');
    const lines = verdictLines(verdict({ ...good, lookAhead: null, priceJitter: null, parameterJitter: null, tripOrders: null, dayBlocks: null, intervals: null, trips: 50, hasCosts: false, costOfGains: null }));
    expect(lines.join('\n')).toContain('? Nobody checked whether the strategy looks into the future. Run the look-ahead check.');
    expect(lines.join('\n')).toContain('~ It rests on 50 closed round trips. Would help: A longer history');
    expect(lines.join('\n')).toContain('~ No commission or fee was charged.');
    expect([-0.125, 0, 0.01].map((totalReturn) => verdict({ ...good, totalReturn }).reasons.find(({ check }) => check === 'profit')?.finding)).toEqual(['It lost 12.5 % after costs.', 'It earned nothing.', 'It made 1.0 % after costs.']);
  });
  it('puts what speaks against it first, by weight', () => {
    const { reasons } = verdict(overfitted.evidence);
    const rank = { bad: 0, weak: 1, unknown: 1, good: 2 };
    for (let n = 1; n < reasons.length; n += 1) {
      const [before, after] = [reasons[n - 1], reasons[n]];
      if (before && after) expect(rank[before.grade] * 100 - before.weight).toBeLessThanOrEqual(rank[after.grade] * 100 - after.weight);
    }
  });
});

describe('a search whose Sharpe ratios are not known', () => {
  it('is no single trial', () => {
    const overfitting = { probability: 0.1, chanceOfLoss: 0, slope: null, medianRank: 0.9, splits: 252, blocks: 10, trials: 40 };
    const evidence = gatherEvidence(honest.input, honest.sheet, 1, { overfitting });
    expect(evidence.search?.count).toBe(40);
    const luck = verdict(evidence).reasons.find(({ check }) => check === 'luck');
    expect(luck).toMatchObject({ grade: 'unknown', finding: 'It is the best of 40 trials whose Sharpe ratios are not known: luck cannot be told from skill.' });
  });
});

describe('what hangs on little', () => {
  it('is counted in parts of the profit (the worked number)', () => {
    expect(concentration(Float64Array.of(60, 50, -10), Float64Array.of(0.1, 0, 0))).toEqual({ bestTrip: 0.6, bestTwentieth: 0.6, bestDays: 1 });
    expect(concentration(Float64Array.of(-5, 1), Float64Array.of(-0.1))).toEqual({ bestTrip: null, bestTwentieth: null, bestDays: null });
  });
});
