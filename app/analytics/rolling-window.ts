/** A measure over the last so many values, again and again. */

/** Where the windows end, oldest first, and what the measure gives of each. */
export type RolledValues = { readonly ends: readonly number[]; readonly values: readonly (number | null)[] };

/** How to roll: `length` values, `window` of them at a time, at every end or every second, third ... so that `most` points are not exceeded; the newest end is always one. */
export type RollOptions = { readonly length: number; readonly window: number; readonly most: number };

/**
 * The measure of values [end - window + 1, end] at each end. Nothing with fewer values than a window. Of five values, windows of 3 and at most 2 points: ends 2 and 4.
 * `measure` is given [from, to): the place of the first value and the place behind the last.
 */
export function rolledOver({ length, window, most }: RollOptions, measure: (from: number, to: number) => number | null): RolledValues {
  const windows = length - window + 1;
  if (windows < 1 || window < 1) return { ends: [], values: [] };
  const stride = Math.ceil(windows / Math.max(1, most));
  const ends = Array.from({ length: Math.ceil(windows / stride) }, (_none, n) => length - 1 - n * stride).reverse();
  return { ends, values: ends.map((end) => measure(end - window + 1, end + 1)) };
}
