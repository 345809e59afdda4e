/** Between a chart's numbers and pixels: one x axis of bar numbers, panes one below the other. Pure. */
import type { XRange } from './bar-groups.ts';

/** Space around the plot, px. The scales stand on the right, time below. */
export const MARGIN = { left: 0, right: 68, top: 6, bottom: 24 } as const;
/** Space between panes, px. */
export const PANE_GAP = 8;

/** One pane: px from the chart's top, and the values at its lower and upper edge (of a log scale the values themselves, above 0). */
export type Pane = { readonly id: string; readonly top: number; readonly height: number; readonly range: readonly [number, number]; readonly isLog: boolean };

/** The chart's measures. */
export type Frame = { readonly width: number; readonly height: number; readonly panes: readonly Pane[] };

/** Width of the plot, px. */
export function plotWidth(frame: Pick<Frame, 'width'>): number {
  return Math.max(1, frame.width - MARGIN.left - MARGIN.right);
}

/** Pixel of a bar number. */
export function xToPx(frame: Pick<Frame, 'width'>, [from, to]: XRange, x: number): number {
  return MARGIN.left + ((x - from) / (to - from)) * plotWidth(frame);
}
/** Bar number of a pixel. */
export function pxToX(frame: Pick<Frame, 'width'>, [from, to]: XRange, px: number): number {
  return from + ((px - MARGIN.left) / plotWidth(frame)) * (to - from);
}

/** Pixel of a value in a pane. */
export function yToPx(pane: Pane, value: number): number {
  const [low, high] = pane.range;
  const part = pane.isLog ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low);
  return pane.top + (1 - part) * pane.height;
}
/** Value of a pixel in a pane. */
export function pxToY(pane: Pane, px: number): number {
  const [low, high] = pane.range;
  const part = 1 - (px - pane.top) / pane.height;
  return pane.isLog ? Math.exp(Math.log(low) + part * (Math.log(high) - Math.log(low))) : low + part * (high - low);
}
/** The pane under a pixel, null between panes. */
export function paneAt(frame: Frame, px: number): Pane | null {
  return frame.panes.find((pane) => px >= pane.top && px <= pane.top + pane.height) ?? null;
}

const USUAL_PART = 0.16;
/** The price keeps at least this part. */
const PRICE_LEAST = 0.3;

/** Where the panes stand: `heights` of those below the price as parts of the whole (null = usual); the price has the rest, and at least 30 %. */
export function layPanes(height: number, heights: readonly (number | null)[]): { top: number; height: number }[] {
  const inner = Math.max(60, height - MARGIN.top - MARGIN.bottom);
  const wanted = heights.map((part) => part ?? USUAL_PART);
  const sum = wanted.reduce((total, part) => total + part, 0);
  const shrink = sum > 1 - PRICE_LEAST ? (1 - PRICE_LEAST) / sum : 1;
  const below = wanted.map((part) => Math.max(24, part * shrink * inner));
  const gaps = heights.length * PANE_GAP;
  let top: number = MARGIN.top;
  const price = Math.max(40, inner - gaps - below.reduce((total, px) => total + px, 0));
  const places = [{ top, height: price }];
  top += price;
  for (const px of below) {
    top += PANE_GAP;
    places.push({ top, height: px });
    top += px;
  }
  return places;
}

/** The range of values with room above and below; a flat one gets some. On a log scale the room is a part of the ratio. */
export function padded([low, high]: readonly [number, number], isLog: boolean, part = 0.07): readonly [number, number] {
  if (isLog && low > 0) {
    const room = Math.max((high / low) ** part, 1.001);
    return [low / room, high * room];
  }
  const room = Math.max((high - low) * part, Math.abs(high) * 0.0005, 1e-9);
  return [low - room, high + room];
}

/** Digits after the point that tell values of a range apart: fractions of a cent for shares of a cent, none for half a million. */
export function digitsFor([low, high]: readonly [number, number]): number {
  const span = Math.abs(high - low);
  const top = Math.max(Math.abs(low), Math.abs(high));
  if (top < 0.1) return 5;
  if (top < 2) return 4;
  if (span >= 20_000 || top >= 200_000) return 0;
  return 2;
}
