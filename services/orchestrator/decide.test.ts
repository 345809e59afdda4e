/** The missed-run policies: what runs, what is made up for, what is passed over. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { decideTicks, MAX_CATCH_UP, MISSED_AFTER_MS } from './decide.ts';

const NOW = 1_700_000_040_000 as EpochMs;
const ago = (minutes: number): EpochMs => (NOW - minutes * MINUTE_MS) as EpochMs;

describe('ticks since the last decision', () => {
  it('that are due run, whatever the policy', () => {
    for (const policy of ['skip', 'run_once', 'run_all'] as const) expect(decideTicks([ago(1), ago(0)], NOW, policy)).toEqual({ run: [ago(1), ago(0)], skipped: null });
    expect(decideTicks([], NOW, 'run_all')).toEqual({ run: [], skipped: null });
  });
  it('that were missed are skipped, and said so once', () => {
    expect(decideTicks([ago(30), ago(20), ago(10)], NOW, 'skip')).toMatchObject({ run: [], skipped: { newest: ago(10), missedCount: 3 } });
  });
  it('that were missed get one run, the newest', () => {
    expect(decideTicks([ago(30), ago(20), ago(10)], NOW, 'run_once')).toMatchObject({ run: [ago(10)], skipped: { newest: ago(20), missedCount: 2 } });
    expect(decideTicks([ago(10)], NOW, 'run_once')).toEqual({ run: [ago(10)], skipped: null });
  });
  it('that were missed need no run of their own when one is due now', () => {
    expect(decideTicks([ago(20), ago(10), ago(0)], NOW, 'run_once')).toMatchObject({ run: [ago(0)], skipped: { newest: ago(10), missedCount: 2 } });
  });
  it('that were missed all run, but not more than a day of hours', () => {
    const ticks = Array.from({ length: 30 }, (_, n) => ago(300 - n * 10));
    const decision = decideTicks(ticks, NOW, 'run_all');
    expect(decision.run).toEqual(ticks.slice(-MAX_CATCH_UP));
    expect(decision.skipped).toMatchObject({ newest: ticks[5], missedCount: 6 });
  });
  it('are each run or accounted for, under every policy', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 5_000 }), { maxLength: 80 });
    fc.assert(fc.property(minutes, fc.constantFrom('skip' as const, 'run_once' as const, 'run_all' as const), (ages, policy) => {
      const ticks = [...ages].sort((a, b) => b - a).map(ago);
      const { run, skipped } = decideTicks(ticks, NOW, policy);
      expect(run.length + (skipped?.missedCount ?? 0)).toBe(ticks.length);
      expect([...run].sort((a, b) => a - b)).toEqual(run);
      for (const tick of ticks.filter((due) => NOW - due <= MISSED_AFTER_MS)) expect(run).toContain(tick);
    }));
  });
});
