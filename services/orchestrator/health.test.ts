/** Which flows are late, failing or at an end, and how that is said. */
import { describe, expect, it } from 'vitest';
import { parseRfc3339 } from '#app/domain/time.ts';
import { healthOf, reasonsOf, type EndedRun, type HealthFacts } from './health.ts';

const NOW = parseRfc3339('2026-11-20T15:00:00Z');
const MINUTE = 60_000;
const quiet: HealthFacts = { owner: 'notification', isPaused: false, running: 0, oldestQueuedAt: null, recent: [], lastError: null, never: null, settingsProblem: null };
const run = (state: EndedRun['state'], minutesAgo: number, trigger = 'schedule'): EndedRun => ({ state, trigger, endedAt: NOW - minutesAgo * MINUTE, createdAt: NOW - minutesAgo * MINUTE - 1_000 });
const health = (facts: Partial<HealthFacts>) => healthOf({ ...quiet, ...facts }, NOW);

describe('a flow', () => {
  it('is well when it has not run, or ran well', () => {
    expect(health({})).toEqual({ health: 'ok', healthSince: null, healthReason: null });
    expect(health({ recent: [run('COMPLETED', 5), run('FAILED', 10)] }).health).toBe('ok');
  });
  it('has been failing since the first failure of the last unbroken row', () => {
    expect(health({ recent: [run('FAILED', 5), run('CRASHED', 10), run('COMPLETED', 15), run('FAILED', 20)], lastError: 'No disk' })).toEqual({
      health: 'failing', healthSince: NOW - 10 * MINUTE, healthReason: 'Its last 2 runs failed, the first of them at 2026-11-20 09:50: No disk',
    });
    expect(health({ recent: [run('FAILED', 5)] }).healthReason).toBe('Its last run failed at 2026-11-20 09:55');
  });
  it('is not failing because a person tried something, stopped a run, or a tick was skipped', () => {
    expect(health({ recent: [run('FAILED', 5, 'manual'), run('COMPLETED', 10)] }).health).toBe('ok');
    expect(health({ recent: [run('CANCELLED', 5), run('SKIPPED', 6), run('FAILED', 10)] })).toMatchObject({ health: 'failing', healthSince: NOW - 10 * MINUTE });
    expect(health({ recent: [run('FAILED', 5, 'event')] }).health).toBe('failing');
  });
  it('is well again after any success, also that of a retry', () => {
    expect(health({ recent: [run('COMPLETED', 1, 'retry'), run('FAILED', 5)] }).health).toBe('ok');
  });
  it('is late when a run has waited for more than a minute, and says for what', () => {
    expect(health({ oldestQueuedAt: NOW - 59_000 }).health).toBe('ok');
    expect(health({ oldestQueuedAt: NOW - 120_000 })).toEqual({ health: 'late', healthSince: NOW - 120_000, healthReason: 'A run has waited since 2026-11-20 09:58 for its worker (notification)' });
    expect(health({ oldestQueuedAt: NOW - 120_000, running: 1, isPaused: true }).healthReason).toMatch(/behind the run that works now/);
  });
  it('that is paused is not blamed for failures or for its end', () => {
    expect(health({ isPaused: true, recent: [run('FAILED', 5)], never: 'It ended' })).toEqual({ health: 'paused', healthSince: null, healthReason: null });
  });
  it('is exhausted when its schedule never fires again', () => {
    expect(health({ never: 'It ended on 2026-11-01 at 05:00 UTC' })).toEqual({ health: 'exhausted', healthSince: null, healthReason: 'It ended on 2026-11-01 at 05:00 UTC' });
  });
  it('tells of settings that cannot be used, whatever else there is', () => {
    expect(health({ settingsProblem: 'Its stored settings cannot be used' })).toEqual({ health: 'ok', healthSince: null, healthReason: 'Its stored settings cannot be used' });
    expect(health({ settingsProblem: 'P', never: 'N' }).healthReason).toBe('N. P');
  });
});

describe('the orchestrator', () => {
  it('names what is wrong, and nothing when all is well', () => {
    const flow = (name: 'aggregate_logs' | 'run_backtest' | 'manage_orders' | 'generate_reports', facts: Partial<HealthFacts>) => ({ name, ...health(facts) });
    expect(reasonsOf([flow('aggregate_logs', {}), flow('run_backtest', { isPaused: true })])).toEqual([]);
    expect(reasonsOf([
      flow('aggregate_logs', { recent: [run('FAILED', 60)] }), flow('run_backtest', { never: 'x' }), flow('generate_reports', { never: 'x' }), flow('manage_orders', { oldestQueuedAt: NOW - 300_000 }),
      flow('run_backtest', { settingsProblem: 'Its stored settings cannot be used (x)' }),
    ])).toEqual([
      'aggregate_logs has failed since 2026-11-20 09:00', 'manage_orders has been late since 2026-11-20 09:55', '2 schedules never fire again: run_backtest, generate_reports', 'The settings of run_backtest cannot be used; its defaults hold',
    ]);
  });
});
