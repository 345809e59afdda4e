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

/** One compare a step: the end of a day is looked up once a day. @throws AppError INVARIANT_BROKEN when time does not go forward. */
export function dayEnds(time: Float64Array, offsetMs: OffsetOf): DayEnds {
  const days: number[] = [];
  const steps: number[] = [];
  let [until, before, isForward] = [-Infinity, -Infinity, true];
  for (let n = 0; n < time.length; n += 1) {
    const at = time[n] ?? 0;
    isForward = isForward && at > before;
    before = at;
    if (at <= until) continue;
    if (n > 0) steps.push(n - 1);
    const day = dayOfEnd(at, offsetMs);
    days.push(day);
    // Midnight is never within an hour that the clocks skip or repeat, so the offset there is found in two steps.
    const roughly = (day + 1) * DAY_MS - offsetMs(epochMs(at - 1));
    until = (day + 1) * DAY_MS - offsetMs(epochMs(roughly));
  }
  invariant(isForward, 'The steps of a curve are in order of time');
  if (time.length > 0) steps.push(time.length - 1);
  return { days: Int32Array.from(days), steps: Int32Array.from(steps) };
}
