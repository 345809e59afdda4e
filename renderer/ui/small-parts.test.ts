/** The pure parts of pages: what the palette finds, how a log line reads, what is remembered. */
import { describe, expect, it } from 'vitest';
import type { StackHealth } from '#app/contracts/health.ts';
import { readUiState } from '../data/ui-state.ts';
import { matchEntries } from '../frame/palette.tsx';
import type { PaletteEntry } from '../frame/palette.tsx';
import { readLine } from '../health/log-view.tsx';
import { addSample, SAMPLES } from '../health/unit-history.ts';
import type { UnitHistory } from '../health/unit-history.ts';
import { thresholdWords, usedShare } from '../pages/portfolio/story/rules-list.tsx';
import { sparkPath } from './sparkline.tsx';

describe('the palette', () => {
  const entry = (group: PaletteEntry['group'], name: string, hint = ''): PaletteEntry => ({ id: name, group, name, hint, run: () => undefined });
  const entries = [entry('Pages', 'Portfolio'), entry('Pages', 'Health', 'g h'), entry('Actions', 'New order'), entry('Symbols', 'AAPL', 'Apple Inc.'), entry('Symbols', 'HON', 'Honeywell')];
  const found = (query: string): string[] => matchEntries(entries, query).map((row) => row.name);
  it('finds by the beginning of any word, symbols first, groups together', () => {
    expect(found('h')).toEqual(['HON', 'Health']);
    expect(found('app')).toEqual(['AAPL']);
    expect(found('order new')).toEqual(['New order']);
    expect(found('ealth')).toEqual([]);
  });
  it('shows pages first while nothing is typed', () => {
    expect(found('')[0]).toBe('Portfolio');
  });
});

describe('rules', () => {
  it('show a share for amounts and words for conditions', () => {
    const rule = { rule: 'r', passed: true, code: null, wouldPass: null };
    expect(usedShare({ ...rule, unit: 'USD', observed: '5000', threshold: '10000' })).toBe(0.5);
    expect(usedShare({ ...rule, unit: 'USD', observed: '50000', threshold: '10000' })).toBe(1);
    expect(usedShare({ ...rule, unit: 'state', observed: 'ACTIVE', threshold: 'ACTIVE' })).toBeNull();
    expect([thresholdWords({ unit: 'USD', threshold: '10000' }), thresholdWords({ unit: 'none', threshold: 'tradable' }), thresholdWords({ unit: 'USD', threshold: null })]).toEqual(['of 10,000.00 USD', 'needs tradable', '']);
    expect(thresholdWords({ ...rule, unit: 'shares', observed: '7', threshold: '0' })).toBe('more than 0 sh');
  });
});

describe('a log line', () => {
  it('is read as level, message and fields; a foreign one stays as it is', () => {
    expect(readLine({ stream: 'stdout', text: '{"level":"warn","ts":1,"unit":"x","msg":"Late","ageMs":7,"why":{"a":1}}' })).toEqual({ level: 'warn', text: 'Late  ageMs=7 why={"a":1}' });
    expect(readLine({ stream: 'stderr', text: 'plain words' })).toEqual({ level: 'warn', text: 'plain words' });
    expect(readLine({ stream: 'stdout', text: '{broken' })).toEqual({ level: 'info', text: '{broken' });
  });
});

describe('what is remembered', () => {
  it('survives what another version or a hand wrote into it', () => {
    const state = readUiState({ scheme: 'pink', tab: 'fills', range: 7, unknown: true });
    expect([state.scheme, state.tab, state.range, Object.hasOwn(state, 'unknown')]).toEqual(['system', 'fills', '1D', false]);
    for (const nonsense of [null, 'x', 3, []]) expect(readUiState(nonsense).tab).toBe('positions');
  });
});

describe('sparklines', () => {
  it('fill their box, lie flat when nothing moved, and wait for two points', () => {
    expect(sparkPath([1, 3], 10, 10)).toBe('M0.0 9.0 L10.0 1.0');
    expect(sparkPath([2, 2], 10, 10)).toBe('M0.0 5.0 L10.0 5.0');
    expect(sparkPath([1], 10, 10)).toBe('');
    expect(sparkPath([0, 1], 10, 10, [0, 20])).toBe('M0.0 9.0 L10.0 8.6');
  });
  it('keep the last minute of each unit', () => {
    const stack = { units: [{ id: 'redis', cpuPercent: 1 }] } as unknown as StackHealth;
    let history: UnitHistory = new Map();
    for (let n = 0; n < SAMPLES + 5; n += 1) history = addSample(history, stack);
    expect(history.get('redis')).toHaveLength(SAMPLES);
  });
});
