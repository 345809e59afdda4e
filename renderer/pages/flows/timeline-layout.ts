/** Where each run stands on the timeline: lanes, rows within a lane, nesting under parents; the window and its ticks. Pure. */
import type { DeploymentView, FlowName, FlowRun } from '#app/contracts/flows.ts';
import { FLOW_OWNERS } from '#app/contracts/flows.ts';
import { momentOf } from './run-words.ts';

/** What is seen, in epoch ms. */
export type Window = { readonly from: number; readonly to: number };

/** One horizontal strip. A heading has no flow; a nested lane shows a flow's runs under the parent that started them. */
export type Lane =
  | { readonly kind: 'heading'; readonly id: string; readonly owner: string; readonly y: number; readonly height: number }
  | { readonly kind: 'flow'; readonly id: string; readonly flow: FlowName; readonly parent: FlowName | null; readonly y: number; readonly height: number; /** It starts others: its lane opens and closes. */ readonly hasChildren: boolean; readonly isOpen: boolean };

/** A run in its lane. `row` of `rows`: runs at the same time share the lane's height. */
export type Bar = { readonly run: FlowRun; readonly lane: number; readonly from: number; readonly to: number; /** When its waiting began, if it waited. */ readonly waitsFrom: number | null; row: number; rows: number };

/** Everything that is drawn, in times and lane pixels; the window is applied while drawing. */
export type TimelineLayout = { readonly lanes: readonly Lane[]; readonly bars: readonly Bar[]; readonly byId: ReadonlyMap<string, Bar>; readonly height: number };

const LANE_PX = 22;
const NESTED_PX = 18;
const HEADING_PX = 20;
const ROWS_MAX = 4;

/** Runs of one lane: those that overlap share its height, as meetings share a day in a calendar. */
function stack(bars: Bar[]): void {
  bars.sort((a, b) => a.from - b.from || a.to - b.to);
  let cluster: Bar[] = [];
  let ends: number[] = [];
  const close = (): void => {
    for (const bar of cluster) bar.rows = Math.max(1, Math.min(ROWS_MAX, ends.length));
    cluster = [];
    ends = [];
  };
  for (const bar of bars) {
    if (cluster.length > 0 && ends.every((end) => end <= bar.from)) close();
    const free = ends.findIndex((end) => end <= bar.from);
    const row = free === -1 ? ends.length : free;
    ends[row] = bar.to;
    bar.row = row % ROWS_MAX;
    cluster.push(bar);
  }
  close();
}

function barOf(run: FlowRun, lane: number, now: number): Bar {
  const from = run.startedAt ?? momentOf(run);
  const isWaiting = run.startedAt === null && run.endedAt === null && run.state !== 'SKIPPED' && run.state !== 'CANCELLED';
  const to = isWaiting ? Math.max(now, from) : (run.endedAt ?? (run.startedAt === null ? from : Math.max(now, from)));
  const asked = Math.min(momentOf(run), run.createdAt);
  return { run, lane, from, to: Math.max(to, from), waitsFrom: run.startedAt !== null && asked < from ? asked : null, row: 0, rows: 1 };
}

/** Lanes in the order of mission M2 below their services; under an open parent, one lane for each flow that it may start. */
export function lanesOf(deployments: readonly Pick<DeploymentView, 'name' | 'children'>[], open: ReadonlySet<FlowName>): Lane[] {
  const lanes: Lane[] = [];
  let y = 0;
  let owner = '';
  for (const { name, children } of deployments) {
    if (FLOW_OWNERS[name] !== owner) {
      owner = FLOW_OWNERS[name];
      lanes.push({ kind: 'heading', id: owner, owner, y, height: HEADING_PX });
      y += HEADING_PX;
    }
    const isOpen = open.has(name) && children.length > 0;
    lanes.push({ kind: 'flow', id: name, flow: name, parent: null, y, height: LANE_PX, hasChildren: children.length > 0, isOpen });
    y += LANE_PX;
    for (const child of isOpen ? children : []) {
      lanes.push({ kind: 'flow', id: `${name}/${child}`, flow: child, parent: name, y, height: NESTED_PX, hasChildren: false, isOpen: false });
      y += NESTED_PX;
    }
  }
  return lanes;
}

/** Puts every run in its lane. Runs of flows that are not deployed any more are left out. */
export function layoutTimeline(input: { readonly lanes: readonly Lane[]; readonly runs: readonly FlowRun[]; readonly now: number }): TimelineLayout {
  const { lanes } = input;
  const laneById = new Map(lanes.map((lane, n) => [lane.id, n]));
  const runById = new Map(input.runs.map((run) => [run.runId, run]));
  const perLane = new Map<number, Bar[]>();
  for (const run of input.runs) {
    const parent = run.parentRunId === null ? undefined : runById.get(run.parentRunId);
    const lane = (parent ? laneById.get(`${parent.flow}/${run.flow}`) : undefined) ?? laneById.get(run.flow);
    if (lane === undefined) continue;
    const bars = perLane.get(lane) ?? [];
    bars.push(barOf(run, lane, input.now));
    perLane.set(lane, bars);
  }
  for (const bars of perLane.values()) stack(bars);
  const bars = [...perLane.values()].flat();
  const last = lanes.at(-1);
  return { lanes, bars, byId: new Map(bars.map((bar) => [bar.run.runId, bar])), height: last ? last.y + last.height : 0 };
}

/** Pixels on `width` of a time in the window. */
export function xOf(at: number, { from, to }: Window, width: number): number {
  return ((at - from) / (to - from)) * width;
}
/** The time under a pixel. */
export function timeAt(x: number, { from, to }: Window, width: number): number {
  return from + (x / width) * (to - from);
}

/** The shortest and the longest window. */
export const WINDOW_MS = { min: 5_000, max: 14 * 86_400_000 } as const;

/** The window after zooming by `factor` (below 1 = closer) around a time that stays where it is. */
export function zoom({ from, to }: Window, factor: number, around: number): Window {
  const span = Math.min(WINDOW_MS.max, Math.max(WINDOW_MS.min, (to - from) * factor));
  const share = (around - from) / (to - from);
  const start = around - share * span;
  return { from: start, to: start + span };
}
/** The window moved by a share of itself. */
export function pan({ from, to }: Window, share: number): Window {
  const by = (to - from) * share;
  return { from: from + by, to: to + by };
}

const STEPS_MS = [1, 2, 5, 10, 15, 30].map((s) => s * 1_000).concat([1, 2, 5, 10, 15, 30].map((m) => m * 60_000), [1, 2, 3, 6, 12].map((h) => h * 3_600_000), [1, 2, 7].map((d) => d * 86_400_000));

/** Times for the axis: at most one each `perTick` pixels, on round times of a zone that is `offsetMs` ahead of UTC. */
export function ticksOf({ from, to }: Window, width: number, perTick: number, offsetMs: number): { readonly stepMs: number; readonly at: readonly number[] } {
  const least = ((to - from) / Math.max(1, width)) * perTick;
  const stepMs = STEPS_MS.find((step) => step >= least) ?? 14 * 86_400_000;
  const first = Math.ceil((from + offsetMs) / stepMs) * stepMs - offsetMs;
  return { stepMs, at: Array.from({ length: Math.max(0, Math.floor((to - first) / stepMs) + 1) }, (_none, n) => first + n * stepMs) };
}

/** Height and place of a bar within its lane. */
export function boxOf(bar: Bar, lane: Lane): { readonly y: number; readonly height: number } {
  const inner = lane.height - 6;
  const height = Math.max(3, inner / bar.rows - (bar.rows > 1 ? 1 : 0));
  return { y: lane.y + 3 + (inner / bar.rows) * bar.row, height };
}

/** A bar is found this many pixels beside it, too: the shortest are three pixels wide. */
const NEAR_PX = 4;

/** The run under a point: the nearest within reach in the lane that the point is in; null = none. */
export function hit({ lanes, bars }: TimelineLayout, at: { readonly x: number; readonly y: number }, view: Window, width: number): Bar | null {
  const n = lanes.findIndex((lane) => at.y >= lane.y && at.y < lane.y + lane.height);
  const lane = lanes[n];
  if (!lane || lane.kind === 'heading') return null;
  let best: { bar: Bar; far: number } | null = null;
  for (const bar of bars) {
    if (bar.lane !== n) continue;
    const box = boxOf(bar, lane);
    const beside = Math.max(0, xOf(bar.from, view, width) - at.x, at.x - Math.max(xOf(bar.to, view, width), xOf(bar.from, view, width) + 3));
    if (beside > NEAR_PX) continue;
    const far = beside + Math.max(0, box.y - at.y, at.y - (box.y + box.height));
    if (!best || far <= best.far) best = { bar, far };
  }
  return best?.bar ?? null;
}

/** The run with everything above and below it: its ancestors, and all that they and it started. */
export function familyOf(runId: string, runs: readonly FlowRun[]): ReadonlySet<string> {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  let root = runId;
  const seen = new Set<string>([root]);
  for (let parent = byId.get(root)?.parentRunId ?? null; parent !== null && byId.has(parent) && !seen.has(parent); parent = byId.get(parent)?.parentRunId ?? null) {
    seen.add(parent);
    root = parent;
  }
  const family = new Set([root]);
  for (let grew = true; grew;) {
    const before = family.size;
    for (const run of runs) if (run.parentRunId !== null && family.has(run.parentRunId)) family.add(run.runId);
    grew = family.size > before;
  }
  return family;
}
