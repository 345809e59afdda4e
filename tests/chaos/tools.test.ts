/** The tools of the experiments: what counts as lost or doubled, percentiles, who may die when, and the table's verdicts. */
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../support/fake-stack.ts';
import { until } from '../support/servers.ts';
import { Drawing } from './campaign.ts';
import { isMet, isSound, percentile, surplus, timesWithin } from './experiment.ts';
import type { Outcome } from './experiment.ts';
import { EXPERIMENTS } from './experiments.ts';
import { family, freeze, killAll } from './processes.ts';
import { isProven, tableText } from './table.ts';

const FINE: Outcome = { runs: 1, faults: 2, orders: 3, fills: 4, lost: [], doubled: [], broken: [], measures: [{ what: 'ready again, p95', unit: 'ms', value: 900, most: 2_000 }] };

describe('what is counted', () => {
  it('is what is missing and what is there twice', () => {
    expect(surplus(['a', 'b'], ['a', 'a', 'b'])).toEqual(['a']);
    expect(surplus(['a', 'a', 'b'], ['a', 'b'])).toEqual([]);
  });

  it('is nothing where nothing was measured', () => {
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
    expect(percentile([], 0.5)).toBeNull();
    expect(isMet(timesWithin('x', [], 0.95, 10))).toBe(false);
    expect(isMet(timesWithin('x', [1, 2, 30], 0.5, 10))).toBe(true);
    expect(isMet(timesWithin('x', [1, 2, 30], 0.99, 10))).toBe(false);
  });
});

describe('who dies', () => {
  it('is not a part that has died three times within a minute', () => {
    const drawing = new Drawing(() => 0, ['redis']);
    for (const at of [0, 1, 2]) {
      expect(drawing.next(at)).toEqual(['redis']);
      drawing.note('redis', at);
    }
    expect(drawing.next(3)).toEqual([]);
    expect(drawing.next(60_001)).toEqual(['redis']);
  });

  const children: number[] = [];
  afterEach(() => killAll(children));
  it('is a whole family: stopped dead together, then gone', async () => {
    const parent = spawn('/bin/sh', ['-c', 'sleep 60 & wait'], { stdio: 'ignore' });
    children.push(parent.pid ?? 0);
    await until(() => family(parent.pid ?? 0).length === 2, 'the shell to have its child');
    const pids = freeze(parent.pid ?? 0);
    expect(pids).toHaveLength(2);
    await killAll(pids);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('the table', () => {
  const experiment = EXPERIMENTS[0];
  const rowOf = (outcome: Outcome | null) => ({ experiment: experiment ?? expect.fail('no experiment'), seconds: 1, outcome, failure: outcome === null ? 'it fell over' : null });

  it('has a name of its own for each experiment', () => {
    expect(new Set(EXPERIMENTS.map(({ id }) => id)).size).toBe(EXPERIMENTS.length);
  });

  it('calls proven what met every target and lost, doubled and broke nothing', () => {
    expect(isProven(rowOf(FINE))).toBe(true);
    expect(isProven(rowOf(null))).toBe(false);
    for (const flaw of [{ lost: ['x'] }, { doubled: ['x'] }, { broken: ['x'] }]) expect(isSound({ ...FINE, ...flaw })).toBe(false);
    expect(isProven(rowOf({ ...FINE, measures: [{ what: 'x', unit: 'ms', value: null, most: 1 }] }))).toBe(false);
  });

  it('says what is wrong in words', () => {
    const text = tableText([rowOf(FINE), rowOf({ ...FINE, lost: ['order 7'] }), rowOf(null)]);
    expect(text).toMatch(/ok {5}worker/);
    expect(text).toContain('lost     order 7');
    expect(text).toContain('it fell over');
    expect(text).toContain('1 of 3 experiments proven');
  });
});
