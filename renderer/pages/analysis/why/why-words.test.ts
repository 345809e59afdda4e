/** Words and shapes of the card. */
import { describe, expect, it } from 'vitest';
import { VERDICTS, type BarStory, type ExplainedCheck, type StrategyStory } from '#app/contracts/explain.ts';
import type { RuleResult } from '#app/domain/limits.ts';
import { askAgainMs, conditionNumber, distanceWords, firstShown, groupsOf, nearestRules, scaleOf, VERDICT_TONES, VERDICT_WORDS, widthNote, wishWords } from './why-words.ts';

const check = (change: Partial<ExplainedCheck> = {}): ExplainedCheck => ({ symbol: 'AAA', leadsTo: 'Buy', name: 'x', isMet: false, value: 44.1, threshold: 30, ...change });
const story = (strategyId: string, verdict: StrategyStory['verdict']): StrategyStory => ({ explained: { strategyId }, verdict }) as StrategyStory;

describe('conditions', () => {
  it('say how far they are from being met', () => {
    expect(distanceWords(check())).toBe('14.1 away');
    expect(distanceWords(check({ isMet: true, value: 28.5 }))).toBe('by 1.5');
    expect([distanceWords(check({ value: 30 })), distanceWords(check({ value: 30, isMet: true })), distanceWords(check({ value: null }))]).toEqual(['exactly at it', 'just met', null]);
    expect([conditionNumber(10.32134), conditionNumber(12_345.678), conditionNumber(null)]).toEqual(['10.3213', '12,345.68', '–']);
  });

  it('stand on a line that keeps both within it, small distances near each other', () => {
    const far = scaleOf(check());
    expect([far?.value, far?.threshold]).toEqual([expect.closeTo(0.9, 9), expect.closeTo(0.1, 9)]);
    const near = scaleOf(check({ value: 100, threshold: 100.1 }));
    expect(Math.abs((near?.value ?? 0) - (near?.threshold ?? 1))).toBeLessThan(0.05);
    expect([scaleOf(check({ value: 3, threshold: 3 })), scaleOf(check({ threshold: null }))]).toEqual([{ value: 0.5, threshold: 0.5 }, null]);
  });

  it('come in groups, those of another symbol by its name', () => {
    const groups = groupsOf([check({ isMet: true }), check({ name: 'y' }), check({ leadsTo: 'Sell' }), check({ symbol: 'SPY', leadsTo: null })], 'AAA');
    expect(groups.map(({ leadsTo, symbol, met, checks }) => [leadsTo, symbol, met, checks.length])).toEqual([['Buy', null, 1, 2], ['Sell', null, 0, 1], [null, 'SPY', 0, 1]]);
  });
});

describe('a story', () => {
  it('has a tone and a word for every verdict', () => {
    for (const verdict of VERDICTS) expect([VERDICT_TONES[verdict], VERDICT_WORDS[verdict]].every((word) => word.length > 0)).toBe(true);
  });

  it('begins with who did something, and is asked for again soon while it goes on', () => {
    expect([firstShown([story('a', 'conditions_not_met'), story('b', 'denied')]), firstShown([story('a', 'no_bar')]), firstShown([])]).toEqual(['b', 'a', null]);
    expect([askAgainMs(undefined), askAgainMs({ strategies: [story('a', 'order_working')] } as unknown as BarStory), askAgainMs({ strategies: [story('a', 'order_filled')] } as unknown as BarStory)]).toEqual([60_000, 3_000, 60_000]);
  });

  it('says when bars of another width were looked at', () => {
    expect(widthNote({ timeframe: '1Min', barsInSpan: 1 }, '1Min', 0)).toBeNull();
    expect(widthNote({ timeframe: '1Min', barsInSpan: 390 }, '1Day', 2)).toBe('It looks at bars of 1Min: of 390 in here, the newest with a signal is shown. Choose 1Min to see each.');
    expect(widthNote({ timeframe: '1Day', barsInSpan: 1 }, '1Hour', 0)).toMatch(/the one that this moment lies in/);
  });

  it('knows which rules came nearest', () => {
    const rule = (name: string, passed = true): RuleResult => ({ rule: name, passed, threshold: '1', observed: '1', unit: 'USD', code: null, wouldPass: null });
    const shares: Record<string, number | null> = { a: 0.2, b: 0.9, c: null, d: 1, e: 0.5 };
    expect(nearestRules(['a', 'b', 'c', 'd', 'e'].map((name) => rule(name, name !== 'e')), ({ rule: name }) => shares[name] ?? null, 2).map(({ rule: name }) => name)).toEqual(['b', 'a']);
    expect([wishWords({ side: 'long', weight: 0.25 }), wishWords({ side: 'flat', weight: null }), wishWords({ side: 'short', weight: -0.5 })]).toEqual(['long 25 %', 'flat', 'short 50 %']);
  });
});
