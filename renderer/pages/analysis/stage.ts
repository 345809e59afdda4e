/** What all layers over the chart share: where it is, what it shows, and the bar under the pointer. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { XRange } from '../../charts/bar-groups.ts';
import type { DrawnChart } from '../../charts/price-figure.ts';
import { plotWidth, MARGIN, pxToX, xToPx, yToPx, pxToY } from '../../charts/scale.ts';
import type { Pane } from '../../charts/scale.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import type { Store } from '../../data/external-store.ts';
import type { FactorAt } from './raw-prices.ts';
import { barOf } from './series.ts';

/** The chart as it is drawn now. `viewport`: what is visible, also while a hand moves it. */
export type Stage = { readonly drawn: DrawnChart; readonly bars: BarColumns; readonly origin: number; readonly viewport: Store<XRange>; readonly factorAt: FactorAt };

/** Where the pointer (or the arrow keys) stand: a bar by its number, and px of the pointer (null: by key). */
export type Hover = { readonly index: number; readonly px: { readonly x: number; readonly y: number } | null };
const hover = createStore<Hover | null>(null);
/** Watches the pointer. */
export function useHover(): Hover | null {
  return useStore(hover);
}
/** Watches the bar under the pointer alone: its number, null when there is none. */
export function useHoverIndex(): number | null {
  return useStore(hover, (now) => now?.index ?? null);
}
/** The pointer now, outside React. */
export function hoverNow(): Hover | null {
  return hover.get();
}
/** Moves it. */
export function setHover(next: Hover | null): void {
  hover.set(next);
}

const STEP_BARS = 50;

/** Usual time between two bars, ms: over the last fifty. */
export function barStep(time: Float64Array): number {
  const last = time.length - 1;
  const from = Math.max(0, last - STEP_BARS);
  const step = ((time[last] ?? 0) - (time[from] ?? 0)) / Math.max(1, last - from);
  return step > 0 ? step : 86_400_000;
}

/** Bar number (x) of an instant: of the bar that holds it; before the first and after the last by the usual step. */
export function timeToX(time: Float64Array, origin: number, at: number): number {
  const last = time.length - 1;
  const [first, end] = [time[0] ?? 0, time[last] ?? 0];
  if (at < first) return (at - first) / barStep(time) - origin;
  const index = barOf(time, at);
  // Times in the future stand whole steps behind the last bar; those within its width belong to it.
  return index === last ? last + Math.max(0, Math.round((at - end) / barStep(time) - 0.499)) - origin : index - origin;
}

/** The instant of a bar number: the open of that bar, or whole steps beyond the ends. */
export function xToTime(time: Float64Array, origin: number, x: number): number {
  const index = Math.round(x + origin);
  const last = time.length - 1;
  if (index < 0) return Math.round((time[0] ?? 0) + index * barStep(time));
  return index > last ? Math.round((time[last] ?? 0) + (index - last) * barStep(time)) : (time[index] ?? 0);
}

/** The price pane. */
export function pricePane(stage: Stage): Pane {
  return stage.drawn.frame.panes[0] ?? { id: 'price', top: 0, height: 1, range: [0, 1], isLog: false };
}

/** A raw price at an instant in pixels. */
export function toPx(stage: Stage, view: XRange, point: { readonly time: number; readonly price: number }): { x: number; y: number } {
  return { x: xToPx(stage.drawn.frame, view, timeToX(stage.bars.time, stage.origin, point.time)), y: yToPx(pricePane(stage), point.price * stage.factorAt(point.time)) };
}

/** Edges of what can be seen of the price pane, px. */
export function pricePlot(stage: Stage): { left: number; right: number; top: number; bottom: number } {
  const pane = pricePane(stage);
  return { left: MARGIN.left, right: MARGIN.left + plotWidth(stage.drawn.frame), top: pane.top, bottom: pane.top + pane.height };
}

const MAGNET_PX = 6;

/** A pixel as a raw price at a bar; near an open, high, low or close it is that one. */
export function fromPx(stage: Stage, view: XRange, px: { readonly x: number; readonly y: number }): { time: number; price: number } {
  const { bars, origin } = stage;
  const pane = pricePane(stage);
  const x = pxToX(stage.drawn.frame, view, px.x);
  const time = xToTime(bars.time, origin, x);
  const index = Math.round(x + origin);
  let shown = pxToY(pane, Math.min(pane.top + pane.height, Math.max(pane.top, px.y)));
  let nearest = MAGNET_PX;
  for (const field of ['open', 'high', 'low', 'close'] as const) {
    const value = bars[field][index];
    const away = value === undefined ? Infinity : Math.abs(yToPx(pane, value) - px.y);
    if (value !== undefined && away < nearest) [nearest, shown] = [away, value];
  }
  return { time, price: Math.max(1e-9, shown / stage.factorAt(time)) };
}
