/** Medians that single wrong bars do not move. */

/** How much larger than the median absolute deviation the standard deviation of normal values is (Hampel, 1974). */
const MAD_TO_DEVIATION = 1.4826;

/** Median; NaN of none. Of 4, 1, 2: 2; of 4, 1, 2, 3: 2.5. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The middle one of the values, of an even number the upper of the two: one that is there. Of 4, 1, 2, 3: 3. NaN of none. */
export function upperMedian(values: ArrayLike<number>): number {
  return Float64Array.from(values).sort()[values.length >> 1] ?? NaN;
}

/** How many robust deviations a return lies from the median of others. Worked: 5 after -1, 0, 1, 0, 2 (median 0, MAD 1) = 5 / 1.4826 = 3.3725. */
export function robustDistance(value: number, others: ArrayLike<number>): number {
  const center = median(others);
  const mad = median(Float64Array.from(others, (other) => Math.abs(other - center)));
  const distance = Math.abs(value - center);
  if (distance === 0) return 0;
  return mad === 0 ? Infinity : distance / (MAD_TO_DEVIATION * mad);
}

/** The size that this share of the values stays below. The 0.9 of 1..10 = 9. */
export function quantileOfSizes(values: ArrayLike<number>, share: number): number {
  const sizes = Float64Array.from(values, Math.abs).sort();
  return sizes[Math.floor(share * (sizes.length - 1))] ?? NaN;
}

/** The values around a position that it is compared with: `count` before it; at the beginning of a series those after it as well. The value itself is left out. */
export function around(values: Float64Array, at: number, count: number): Float64Array {
  const before = values.subarray(Math.max(0, at - count), at);
  if (before.length >= count / 2) return before;
  const after = values.subarray(at + 1, at + 1 + count - before.length);
  const both = new Float64Array(before.length + after.length);
  both.set(before);
  both.set(after, before.length);
  return both;
}
