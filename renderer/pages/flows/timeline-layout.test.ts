/** The timeline's arithmetic: lanes, rows, nesting, window and ticks. */
import { describe, expect, it } from 'vitest';
import { FLOW_NAMES, FLOW_OWNERS } from '#app/contracts/flows.ts';
import type { FlowName, FlowRun } from '#app/contracts/flows.ts';
import { mergeRuns, readingOf } from './timeline-data.ts';
import { familyOf, hit, lanesOf, layoutTimeline, pan, ticksOf, timeAt, WINDOW_MS, xOf, zoom } from './timeline-layout.ts';
import { processorMs } from '../../../tests/support/processor-time.ts';
import { zoneOffsetMs } from './zone.ts';

const MINUTE = 60_000;
const run = (flow: FlowName, runId: string, [from, to]: readonly [number | null, number | null], change: Partial<FlowRun> = {}): FlowRun => ({
  runId, flow, owner: FLOW_OWNERS[flow], state: to === null ? (from === null ? 'PENDING' : 'RUNNING') : 'COMPLETED', trigger: 'schedule', scheduledFor: null, parentRunId: null, createdAt: from ?? 0, startedAt: from, endedAt: to, error: null, progress: null, latenessMs: null, ...change,
});
const deployments = FLOW_NAMES.map((name) => ({ name, children: name === 'run_strategy' ? (['fetch_market_data', 'generate_signals'] as FlowName[]) : [] }));
const lay = (runs: FlowRun[], open: FlowName[] = [], now = 1_000): ReturnType<typeof layoutTimeline> => layoutTimeline({ lanes: lanesOf(deployments, new Set(open)), runs, now });

describe('lanes', () => {
  it('are one for each flow below its service, without a gap', () => {
    const { lanes, height } = lay([]);
    expect(lanes.filter((lane) => lane.kind === 'flow')).toHaveLength(FLOW_NAMES.length);
    expect(lanes.filter((lane) => lane.kind === 'heading').map((lane) => lane.id)).toEqual([...new Set(Object.values(FLOW_OWNERS))]);
    lanes.forEach((lane, n) => expect(lane.y).toBe(lanes.slice(0, n).reduce((sum, above) => sum + above.height, 0)));
    expect(height).toBe(lanes.reduce((sum, lane) => sum + lane.height, 0));
  });
  it('nest the runs of an open parent under it, and give them back when it closes', () => {
    const runs = [run('run_strategy', 'p', [0, 100]), run('fetch_market_data', 'p/f', [10, 20], { parentRunId: 'p' }), run('fetch_market_data', 'own', [30, 40])];
    const laneOf = (layout: ReturnType<typeof lay>, id: string): string | undefined => layout.lanes[layout.byId.get(id)?.lane ?? -1]?.id;
    const open = lay(runs, ['run_strategy']);
    expect([laneOf(open, 'p/f'), laneOf(open, 'own')]).toEqual(['run_strategy/fetch_market_data', 'fetch_market_data']);
    expect(laneOf(lay(runs), 'p/f')).toBe('fetch_market_data');
  });
});

describe('bars', () => {
  it('share the height of a lane while they overlap, and only then', () => {
    const { byId } = lay([run('manage_orders', 'a', [0, 10]), run('manage_orders', 'b', [5, 15]), run('manage_orders', 'c', [10, 12]), run('manage_orders', 'd', [20, 30])]);
    expect(['a', 'b', 'c', 'd'].map((id) => [byId.get(id)?.row, byId.get(id)?.rows])).toEqual([[0, 2], [1, 2], [0, 2], [0, 1]]);
  });
  it('grow to now while a run has no end, and show how long it waited', () => {
    const { byId } = lay([run('manage_orders', 'runs', [400, null], { createdAt: 300 }), run('execute_trades', 'waits', [null, null], { createdAt: 500 }), run('run_backtest', 'skipped', [null, null], { state: 'SKIPPED', scheduledFor: 200 })], [], 1_000);
    expect(byId.get('runs')).toMatchObject({ from: 400, to: 1_000, waitsFrom: 300 });
    expect(byId.get('waits')).toMatchObject({ from: 500, to: 1_000, waitsFrom: null });
    expect(byId.get('skipped')).toMatchObject({ from: 200, to: 200 });
  });
  it('are found under the pointer even where they are thin, the nearest first', () => {
    const layout = lay([run('manage_orders', 'thin', [50, 50]), run('manage_orders', 'far', [60, 70])]);
    const lane = layout.lanes[layout.byId.get('thin')?.lane ?? 0];
    const view = { from: 0, to: 100 };
    const y = (lane?.y ?? 0) + 12;
    expect(hit(layout, { x: 503, y }, view, 1_000)?.run.runId).toBe('thin');
    expect(hit(layout, { x: 550, y }, view, 1_000)).toBeNull();
    expect(hit(layout, { x: 598, y }, view, 1_000)?.run.runId).toBe('far');
    expect(hit(layout, { x: 503, y: 3 }, view, 1_000)).toBeNull();
  });
  it('of 2,000 runs are laid out within a frame', () => {
    const runs = Array.from({ length: 2_000 }, (_none, n) => run(FLOW_NAMES[n % FLOW_NAMES.length] ?? 'run_strategy', `r${n}`, [n * 500, n * 500 + 900]));
    lay(runs);
    const started = processorMs();
    expect(lay(runs).bars).toHaveLength(2_000);
    expect(processorMs() - started).toBeLessThan(50);
  });
});

describe('the window', () => {
  const view = { from: 1_000 * MINUTE, to: 1_060 * MINUTE };
  it('keeps the time under the pointer where it is while it zooms', () => {
    const around = timeAt(250, view, 1_000);
    const closer = zoom(view, 0.5, around);
    expect(xOf(around, closer, 1_000)).toBeCloseTo(250, 6);
    expect(closer.to - closer.from).toBe(30 * MINUTE);
  });
  it('has a smallest and a largest span', () => {
    const span = ({ from, to }: { from: number; to: number }): number => to - from;
    expect(span(zoom(view, 1e-9, view.from))).toBe(WINDOW_MS.min);
    expect(span(zoom(view, 1e9, view.from))).toBe(WINDOW_MS.max);
  });
  it('moves by a share of itself', () => {
    expect(pan(view, -0.5)).toEqual({ from: 970 * MINUTE, to: 1_030 * MINUTE });
  });
  it('asks for the same runs while it moves a little', () => {
    expect(readingOf(pan(view, 0.02))).toEqual(readingOf(view));
    const { from, to } = readingOf(view);
    expect(from).toBeLessThanOrEqual(view.from);
    expect(to).toBeGreaterThanOrEqual(view.to);
  });
});

describe('ticks', () => {
  it('stand on round times of New York, in summer and in winter', () => {
    for (const noon of [Date.UTC(2026, 0, 5, 17), Date.UTC(2026, 6, 6, 16)]) {
      const { at, stepMs } = ticksOf({ from: noon - 12 * 3_600_000, to: noon + 12 * 3_600_000 }, 800, 90, zoneOffsetMs(noon));
      expect(stepMs).toBe(3 * 3_600_000);
      expect(at.map((tick) => ((tick - noon) / 3_600_000 + 12 + 240) % 3)).toEqual(at.map(() => 0));
      expect(at.length).toBeLessThanOrEqual(9);
    }
  });
});

describe('what is known', () => {
  it('never takes an end back', () => {
    const ended = run('manage_orders', 'a', [1, 2]);
    expect(mergeRuns([ended], [run('manage_orders', 'a', [1, null])])).toEqual([ended]);
    expect(mergeRuns([run('manage_orders', 'a', [1, null])], [ended])).toEqual([ended]);
  });
  it('of a family is everything above and below', () => {
    const runs = [run('run_strategy', 'p', [0, 9]), run('generate_signals', 'c1', [1, 2], { parentRunId: 'p' }), run('fetch_market_data', 'c2', [2, 3], { parentRunId: 'p' }), run('fetch_market_data', 'c3', [2, 3], { parentRunId: 'c1' }), run('manage_orders', 'x', [1, 2])];
    expect([...familyOf('c3', runs)].sort()).toEqual(['c1', 'c2', 'c3', 'p']);
    expect([...familyOf('x', runs)]).toEqual(['x']);
  });
});
