/** How soon an ended unit is started again, and when to give up: pure numbers. */

/** First delay of the backoff, in milliseconds; doubles with each end. */
export const BACKOFF_FIRST_MS = 500;
/** The longest backoff, in milliseconds. */
export const BACKOFF_CAP_MS = 15_000;
/** The longest pause after a lost dependency, in milliseconds: it is no fault of the unit, which mostly waits for its needs anyway. */
export const LOSS_CAP_MS = 1_000;
/** Jitter of a delay: plus or minus this share. */
export const BACKOFF_JITTER = 0.2;
/** More counted ends than this within the window and the unit is given up. */
export const INTENSITY_LIMIT = 5;
/** The window of the intensity limit, in milliseconds. */
export const INTENSITY_WINDOW_MS = 60_000;
/** Time in `ready` after which earlier ends are forgotten, in milliseconds. */
export const STABLE_AFTER_MS = 60_000;
/** A unit that was given up gets one try after this long, in milliseconds. */
export const HALF_OPEN_AFTER_MS = 300_000;

const MAX_DOUBLINGS = 10;

/** Delay before start number `attempt` (0 = first restart), in milliseconds. `random` is uniform in [0, 1). */
export function backoffDelayMs(attempt: number, random: number): number {
  const plain = Math.min(BACKOFF_CAP_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, MAX_DOUBLINGS));
  return Math.round(plain * (1 - BACKOFF_JITTER + 2 * BACKOFF_JITTER * random));
}

/** The ends that still count at `now` (monotonic milliseconds), this one included. Never longer than the limit plus one. */
export function countEnd(earlier: readonly number[], now: number): readonly number[] {
  const kept = earlier.filter((at) => now - at < INTENSITY_WINDOW_MS);
  return [...kept, now].slice(-(INTENSITY_LIMIT + 1));
}

/** True when the ends within the window exceed the limit. */
export function isOverLimit(ends: readonly number[]): boolean {
  return ends.length > INTENSITY_LIMIT;
}
