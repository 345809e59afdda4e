/** Days out of steps: where each exchange day of a curve ends. */
import { invariant } from '#app/domain/errors.ts';
import { DAY_MS, epochMs, type EpochMs } from '#app/domain/time.ts';

/** Local time minus UTC at an instant, ms. */
export type OffsetOf = (at: EpochMs) => number;

/** Local day number (days since 1970-01-01) of what ends at an instant: the instant before it decides, so that a bar until midnight belongs to its own day. */
export function dayOfEnd(at: number, offsetMs: OffsetOf): number {
  const before = at - 1;
  return Math.floor((before + offsetMs(epochMs(before))) / DAY_MS);
}

/** Local day numbers, ascending, and the last step of each. */
export type DayEnds = { readonly days: Int32Array; readonly steps: Int32Array };

function isForward(time: Float64Array): boolean {
  let before = -Infinity;
  let isOrdered = true;
  for (let n = 0; n < time.length; n += 1) {
    const at = time[n] ?? 0;
    if (!(at > before)) isOrdered = false;
    before = at;
  }
  return isOrdered;
}

/** First step after `from` that ends later than `until`: in growing strides, then by halves, for a day has hundreds of steps. */
function firstAfter(time: Float64Array, from: number, until: number): number {
  let [low, stride] = [from, 1];
  while (low + stride < time.length && (time[low + stride] ?? 0) <= until) {
    low += stride;
    stride *= 2;
  }
  let high = Math.min(time.length, low + stride);
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((time[middle] ?? 0) <= until) low = middle;
    else high = middle;
  }
  return high;
}

/** Where the days of a curve end. @throws AppError INVARIANT_BROKEN when time does not go forward. */
export function dayEnds(time: Float64Array, offsetMs: OffsetOf): DayEnds {
  invariant(isForward(time), 'The steps of a curve are in order of time');
  const days: number[] = [];
  const steps: number[] = [];
  for (let n = 0; n < time.length; ) {
    const at = time[n] ?? 0;
    const day = dayOfEnd(at, offsetMs);
    // Midnight is never within an hour that the clocks skip or repeat, so the offset there is found in two steps.
    const roughly = (day + 1) * DAY_MS - offsetMs(epochMs(at - 1));
    const next = firstAfter(time, n, (day + 1) * DAY_MS - offsetMs(epochMs(roughly)));
    days.push(day);
    steps.push(next - 1);
    n = next;
  }
  return { days: Int32Array.from(days), steps: Int32Array.from(steps) };
}
