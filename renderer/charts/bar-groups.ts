/** Bars as they are drawn: one each, or several in one when there are more than pixels. Pure. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount } from '#app/domain/bar-columns.ts';

/** Least width of a bar on the screen, px; below it bars are merged. */
const LEAST_PX = 1.6;
const GROUP_MAX = 4_096;

/** A stretch of the x axis: bar numbers, not whole. */
export type XRange = readonly [from: number, to: number];

/** Drawn bars. `x`: the middle of the group; `size`: bars in a group; `first`/`last`: indices into the columns, both included. */
export type BarGroups = { readonly size: number; readonly x: readonly number[]; readonly first: readonly number[]; readonly last: readonly number[]; readonly open: readonly number[]; readonly high: readonly number[]; readonly low: readonly number[]; readonly close: readonly number[]; readonly volume: readonly number[] };

/** Bars that go into one: a power of two, so that few scales follow each other. groupSize([0, 4000], 1000) = 8: 4000 bars on 1000 px are 4 a px, at 1.6 px each at least 6.4. */
export function groupSize([from, to]: XRange, widthPx: number): number {
  const perBar = widthPx / Math.max(1, to - from);
  let size = 1;
  while (perBar * size < LEAST_PX && size < GROUP_MAX) size *= 2;
  return size;
}

/** The bars of [from, to] in groups that begin at multiples of `size` (so that they do not change while the chart is moved): open of the first, highest high, lowest low, close of the last, sum of volumes. */
export function groupBars(bars: BarColumns, origin: number, [from, to]: XRange, size: number): BarGroups {
  const count = barCount(bars);
  const start = Math.max(0, Math.floor(from / size) * size + origin);
  const end = Math.min(count - 1, Math.ceil(to) + origin);
  const out = { size, x: [] as number[], first: [] as number[], last: [] as number[], open: [] as number[], high: [] as number[], low: [] as number[], close: [] as number[], volume: [] as number[] };
  for (let i = start; i <= end;) {
    const group = Math.floor((i - origin) / size);
    const next = Math.min((group + 1) * size + origin, count);
    let [high, low, volume] = [-Infinity, Infinity, 0];
    for (let k = i; k < next; k += 1) {
      high = Math.max(high, bars.high[k] ?? NaN);
      low = Math.min(low, bars.low[k] ?? NaN);
      volume += bars.volume[k] ?? 0;
    }
    out.x.push(group * size + (size - 1) / 2);
    out.first.push(i);
    out.last.push(next - 1);
    out.open.push(bars.open[i] ?? NaN);
    out.close.push(bars.close[next - 1] ?? NaN);
    out.high.push(high);
    out.low.push(low);
    out.volume.push(volume);
    i = next;
  }
  return out;
}

/** Lowest low and highest high over the visible part of the groups; null when none is visible. */
export function visibleRange(groups: BarGroups, [from, to]: XRange): readonly [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  groups.x.forEach((x, n) => {
    if (x < from - groups.size / 2 || x > to + groups.size / 2) return;
    low = Math.min(low, groups.low[n] ?? Infinity);
    high = Math.max(high, groups.high[n] ?? -Infinity);
  });
  return high >= low ? [low, high] : null;
}
