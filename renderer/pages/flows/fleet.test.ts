/** The page's answer, the figures of a flow, what a settings form would change, and the arithmetic of steps. */
import { describe, expect, it } from 'vitest';
import { FLOW_OWNERS } from '#app/contracts/flows.ts';
import type { DeploymentView, FlowName, RunLogLine } from '#app/contracts/flows.ts';
import { barHeight, durationOf, fleetOf, successOf } from './fleet.ts';
import { readFlowsSearch } from './address.ts';
import { appendLines } from './run-log.tsx';
import { changesOf, draftSchedule, draftSettings, isSame, scheduleOf } from './schedule-draft.ts';
import { scaleOf, share } from './step-scale.ts';

const settings = { schedule: { kind: 'interval', everyMinutes: 120, only: 'always', until: null }, onMissed: 'skip', overlap: 'queue', input: {}, retries: 2, timeoutMs: 60_000 } as const;
const row = (name: FlowName, change: Partial<DeploymentView> = {}): DeploymentView => ({
  name, owner: FLOW_OWNERS[name], description: '', version: '1', retryDelayMs: 1_000, concurrency: 1, inputJsonSchema: {}, events: [], children: [], isShareable: false, isPaused: false, announcedAt: 0, defaults: settings, isCustom: false, scheduleText: 'every 2 hours',
  nextRunsAt: [], lastRun: null, recent: [], health: 'ok', healthSince: null, healthReason: null, queued: 0, running: 0, oldestQueuedAt: null, ...settings, ...change,
});
const recent = (took: (number | null)[], state: DeploymentView['recent'][number]['state'] = 'COMPLETED'): DeploymentView['recent'] => took.map((tookMs, n) => ({ runId: String(n), state, at: n, tookMs }));

describe('is everything that should have run, run?', () => {
  it('yes, with the next run of those that are not paused', () => {
    const fleet = fleetOf([row('run_strategy', { nextRunsAt: [50, 60], running: 1 }), row('manage_orders', { nextRunsAt: [10], isPaused: true, health: 'paused' }), row('execute_trades', { queued: 2, oldestQueuedAt: 5 })]);
    expect(fleet).toMatchObject({ tone: 'good', running: 1, queued: 2, oldestQueuedAt: 5, next: { flow: 'run_strategy', at: 50 } });
    expect(fleet.verdict).toMatch(/^Yes/);
    expect(fleet.paused).toHaveLength(1);
  });
  it('no, by name, when one fails; not yet when one is late', () => {
    expect(fleetOf([row('run_strategy', { health: 'failing' }), row('manage_orders', { health: 'late' })])).toMatchObject({ tone: 'bad', verdict: 'No: run_strategy fails, manage_orders is late' });
    expect(fleetOf([row('manage_orders', { health: 'late' })])).toMatchObject({ tone: 'warn', verdict: 'Not yet: manage_orders waits too long' });
    expect(fleetOf([row('manage_orders', { health: 'exhausted' })]).verdict).toContain('never run again');
    expect(fleetOf([row('run_strategy', { health: 'failing' }), row('manage_orders', { health: 'failing' }), row('execute_trades', { health: 'failing' })]).verdict).toBe('No: 3 flows fail');
  });
});

describe('figures of a flow', () => {
  it('count its days, or its last runs while there are none', () => {
    const day = { flow: 'run_strategy', day: '2026-01-02', completed: 9, failed: 1, other: 5, p50Ms: 1, p95Ms: 2, maxLatenessMs: 0 } as const;
    expect(successOf(row('run_strategy'), [day, { ...day, flow: 'manage_orders', failed: 100 }])).toEqual({ fraction: 0.9, completed: 9, failed: 1 });
    expect(successOf(row('run_strategy', { recent: [...recent([1, 1, 1]), ...recent([1], 'FAILED'), ...recent([null], 'SKIPPED')] }), [])?.fraction).toBe(0.75);
    expect(successOf(row('run_strategy'), [])).toBeNull();
  });
  it('tell a trend only where there is one', () => {
    expect(durationOf(recent([100, 100, 100, 100, 200, 200, 200, 200]))).toEqual({ medianMs: 150, change: 1 });
    expect(durationOf(recent([10, 10, 10, 10, 20, 20, 20, 20])).change).toBeNull();
    expect(durationOf(recent([100, 900])).change).toBeNull();
    expect(durationOf([])).toEqual({ medianMs: null, change: null });
  });
  it('draw a second beside an hour', () => {
    expect(barHeight(3_600_000, 3_600_000)).toBe(1);
    expect(barHeight(1_000, 3_600_000)).toBeGreaterThan(0.5);
    expect(barHeight(null, 0)).toBe(0.25);
  });
});

describe('the editor of schedules', () => {
  it('gives back every schedule as it was', () => {
    for (const schedule of [null, settings.schedule, { kind: 'interval', everyMinutes: 45, only: 'in_session', until: 5 }, { kind: 'cron', cron: '0 9 * * 1', timeZone: 'UTC', only: 'trading_days', until: null }, { kind: 'session', anchor: 'open', offsetMinutes: -30, until: null }, { kind: 'session', anchor: 'hour', offsetMinutes: 0, until: null }] as const) {
      expect(scheduleOf(draftSchedule(schedule))).toEqual(schedule);
    }
  });
  it('says what would change, and nothing when nothing would', () => {
    const deployed = row('run_strategy');
    expect(changesOf(deployed, draftSettings(deployed), null)).toEqual([]);
    const draft = { ...draftSettings(deployed), retries: 5, overlap: 'skip' as const, input: { days: 3 }, schedule: { ...draftSchedule(settings.schedule), every: '3' } };
    expect(changesOf(deployed, draft, 'every 3 hours')).toEqual([{ name: 'Schedule', from: 'every 2 hours', to: 'every 3 hours' }, { name: 'While one runs', from: 'wait behind it', to: 'skip the tick' }, { name: 'Retries', from: '2', to: '5' }, { name: 'Parameters', from: 'the flow’s defaults', to: '{"days":3}' }]);
  });
  it('compares by content', () => {
    expect([isSame({ a: [1, { b: 2 }], c: undefined }, { a: [1, { b: 2 }] }), isSame([1], { 0: 1 }), isSame([1], [1, 2])]).toEqual([true, false, false]);
  });
});

describe('steps on their time line', () => {
  it('stay inside it, even where clocks differ', () => {
    const scale = scaleOf({ startedAt: 100, endedAt: 200, createdAt: 90, steps: [{ startedAt: 95, endedAt: 210 }] }, 500);
    expect(scale).toEqual({ from: 95, to: 210 });
    expect(share({ startedAt: 95, endedAt: null }, scale, 500)).toEqual({ left: 0, width: 100 });
    expect(share({ startedAt: null, endedAt: null }, scale, 500)).toEqual({ left: 0, width: 0 });
  });
});

describe('the log', () => {
  const line = (seq: number): RunLogLine => ({ seq, at: seq, level: 'info', message: '', fields: null });
  it('takes each line once and keeps the newest', () => {
    const known = [line(1), line(2)];
    expect(appendLines(known, [line(1), line(2)])).toBe(known);
    expect(appendLines(known, [line(2), line(3)], 2).map((one) => one.seq)).toEqual([2, 3]);
  });
});

describe('the address', () => {
  it('opens a run and nothing else', () => {
    expect([readFlowsSearch({ run: 'a:1', x: 1 }), readFlowsSearch({ run: 7 }), readFlowsSearch({ run: '' })]).toEqual([{ run: 'a:1' }, {}, {}]);
  });
});
