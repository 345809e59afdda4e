/** Paints the timeline on a canvas: lanes, grid, bars by state, links from parents to what they started, ticks to come, and now. */
import type { DeploymentView } from '#app/contracts/flows.ts';
import type { Tokens } from '../../theme.ts';
import { FONTS } from '../../theme.ts';
import { RUN_TONES } from './run-words.ts';
import type { Tone } from './run-words.ts';
import { boxOf, ticksOf, xOf } from './timeline-layout.ts';
import type { Bar, TimelineLayout, Window } from './timeline-layout.ts';

/** Height of the axis above the lanes. */
export const AXIS_PX = 26;
const BAR_MIN_PX = 3;
const TICK_PX = 84;
/** More links than this are a tangle: then only those of the run that is pointed at. */
const LINKS_MAX = 80;

/** What is painted. */
export type Scene = {
  readonly layout: TimelineLayout; readonly view: Window; readonly now: number; readonly width: number; readonly tokens: Tokens; readonly deployments: readonly Pick<DeploymentView, 'name' | 'nextRunsAt' | 'isPaused'>[];
  /** The run under the pointer or chosen by keys, and its family; the others step back. */ readonly chosen: string | null; readonly family: ReadonlySet<string> | null; readonly offsetMs: number;
};

const colourOf = (tone: Tone, tokens: Tokens): string => ({ good: tokens.gain, warn: tokens.warning, bad: tokens.loss, busy: tokens.accent, idle: tokens.muted })[tone];

function axisWords(at: number, stepMs: number, offsetMs: number): string {
  const local = new Date(at + offsetMs);
  const iso = local.toISOString();
  if (stepMs >= 86_400_000 || (stepMs >= 3_600_000 && local.getUTCHours() === 0)) return local.toLocaleDateString('en-GB', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short' });
  return stepMs < 60_000 ? iso.slice(11, 19) : iso.slice(11, 16);
}

function paintGrid(paint: CanvasRenderingContext2D, { layout, view, width, tokens, offsetMs }: Scene): void {
  paint.font = `500 11px ${FONTS.text}`;
  paint.textBaseline = 'middle';
  for (const lane of layout.lanes) {
    paint.fillStyle = lane.kind === 'heading' ? tokens.background : tokens.line;
    if (lane.kind === 'heading') paint.fillRect(0, AXIS_PX + lane.y, width, lane.height);
    else paint.globalAlpha = 0.5;
    paint.fillStyle = tokens.line;
    paint.fillRect(0, AXIS_PX + lane.y + lane.height - 1, width, 1);
    paint.globalAlpha = 1;
  }
  const { at, stepMs } = ticksOf(view, width, TICK_PX, offsetMs);
  for (const tick of at) {
    const x = Math.round(xOf(tick, view, width));
    paint.fillStyle = tokens.line;
    paint.fillRect(x, AXIS_PX, 1, layout.height);
    paint.fillRect(x, AXIS_PX - 5, 1, 5);
    paint.fillStyle = tokens.muted;
    paint.fillText(axisWords(tick, stepMs, offsetMs), x + 4, AXIS_PX / 2);
  }
  paint.fillStyle = tokens.line;
  paint.fillRect(0, AXIS_PX - 1, width, 1);
}

/** A bar by its state: filled when done, hollow when nothing ran, with a mark when it failed: shape says it as well as colour. */
function paintBar(paint: CanvasRenderingContext2D, bar: Bar, scene: Scene): void {
  const { view, width, tokens, layout } = scene;
  const lane = layout.lanes[bar.lane];
  if (!lane) return;
  const left = xOf(bar.from, view, width);
  const right = Math.max(xOf(bar.to, view, width), left + BAR_MIN_PX);
  const begun = bar.waitsFrom === null ? left : xOf(bar.waitsFrom, view, width);
  if (right < 0 || begun > width) return;
  const box = boxOf(bar, lane);
  const y = AXIS_PX + box.y;
  const { state } = bar.run;
  const colour = colourOf(RUN_TONES[state], tokens);
  paint.globalAlpha = scene.family !== null && !scene.family.has(bar.run.runId) ? 0.22 : 1;
  if (begun < left - 1) {
    paint.fillStyle = tokens.lineStrong;
    paint.fillRect(begun, y + box.height / 2 - 0.5, left - begun, 1);
    paint.fillRect(begun, y + box.height / 2 - 3, 1, 6);
  }
  const x = Math.max(left, -4);
  const w = Math.min(right, width + 4) - x;
  paint.beginPath();
  paint.roundRect(x, y, w, box.height, Math.min(3, w / 2));
  if (state === 'CANCELLED' || state === 'SKIPPED' || state === 'PENDING' || state === 'SCHEDULED') {
    paint.lineWidth = 1;
    paint.strokeStyle = colour;
    paint.stroke();
    if (state === 'PENDING') {
      paint.globalAlpha *= 0.25;
      paint.fillStyle = colour;
      paint.fill();
    }
  } else {
    paint.fillStyle = colour;
    const before = paint.globalAlpha;
    if (state === 'COMPLETED') paint.globalAlpha = before * 0.72;
    paint.fill();
    paint.globalAlpha = before;
  }
  if (RUN_TONES[state] === 'bad') {
    paint.fillStyle = tokens.loss;
    paint.beginPath();
    const middle = x + Math.min(w, BAR_MIN_PX) / 2;
    paint.moveTo(middle - 4, y - 3);
    paint.lineTo(middle + 4, y - 3);
    paint.lineTo(middle, y + 2.5);
    paint.fill();
  }
  if (bar.run.runId === scene.chosen) {
    paint.globalAlpha = 1;
    paint.lineWidth = 1.5;
    paint.strokeStyle = tokens.text;
    paint.beginPath();
    paint.roundRect(x - 2, y - 2, w + 4, box.height + 4, 4);
    paint.stroke();
  }
  paint.globalAlpha = 1;
}

/** From a parent's left edge down to the start of what it started. */
function paintLinks(paint: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, view, width, tokens, family } = scene;
  const links = layout.bars.filter((bar) => bar.run.parentRunId !== null && layout.byId.has(bar.run.parentRunId) && bar.to >= view.from && bar.from <= view.to && (family === null || family.has(bar.run.runId)));
  if (family === null && links.length > LINKS_MAX) return;
  paint.strokeStyle = family === null ? tokens.lineStrong : tokens.muted;
  paint.lineWidth = 1;
  for (const bar of links) {
    const parent = layout.byId.get(bar.run.parentRunId ?? '');
    const lane = layout.lanes[bar.lane];
    const above = parent && layout.lanes[parent.lane];
    if (!parent || !lane || !above) continue;
    const from = boxOf(parent, above);
    const to = boxOf(bar, lane);
    const x0 = xOf(parent.from, view, width) + 0.5;
    const x1 = xOf(bar.from, view, width);
    const y0 = AXIS_PX + (to.y > from.y ? from.y + from.height : from.y);
    const y1 = AXIS_PX + to.y + to.height / 2;
    paint.beginPath();
    paint.moveTo(x0, y0);
    paint.lineTo(x0, y1);
    paint.lineTo(Math.max(x0, x1), y1);
    paint.stroke();
  }
}

/** Times to come: hollow marks, and the line of now. */
function paintTime(paint: CanvasRenderingContext2D, { layout, view, width, tokens, deployments, now }: Scene): void {
  const nextByFlow = new Map(deployments.map((row) => [row.name, row.isPaused ? [] : row.nextRunsAt]));
  paint.strokeStyle = tokens.muted;
  paint.lineWidth = 1;
  for (const lane of layout.lanes) {
    if (lane.kind === 'heading' || lane.parent !== null) continue;
    for (const at of nextByFlow.get(lane.flow) ?? []) {
      const x = xOf(at, view, width);
      if (x < -6 || x > width + 6) continue;
      const y = AXIS_PX + lane.y + lane.height / 2;
      paint.beginPath();
      paint.arc(x, y, 3.5, 0, Math.PI * 2);
      paint.stroke();
    }
  }
  const x = Math.round(xOf(now, view, width));
  if (x < 0 || x > width) return;
  paint.fillStyle = tokens.accent;
  paint.fillRect(x, AXIS_PX - 6, 1, layout.height + 6);
  paint.beginPath();
  paint.arc(x + 0.5, AXIS_PX - 7, 3, 0, Math.PI * 2);
  paint.fill();
}

/** Everything, back to front. The context is scaled to CSS pixels. */
export function paintTimeline(paint: CanvasRenderingContext2D, scene: Scene): void {
  paint.clearRect(0, 0, scene.width, AXIS_PX + scene.layout.height);
  paintGrid(paint, scene);
  paint.save();
  paint.beginPath();
  paint.rect(0, AXIS_PX, scene.width, scene.layout.height);
  paint.clip();
  paintLinks(paint, scene);
  // What failed comes last: no neighbour may cover it.
  for (const isBad of [false, true]) for (const bar of scene.layout.bars) if ((RUN_TONES[bar.run.state] === 'bad') === isBad && bar.run.runId !== scene.chosen) paintBar(paint, bar, scene);
  const chosen = scene.chosen === null ? undefined : scene.layout.byId.get(scene.chosen);
  if (chosen) paintBar(paint, chosen, scene);
  paint.restore();
  paintTime(paint, scene);
}
