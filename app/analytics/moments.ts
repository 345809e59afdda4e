/** Mean and standard deviation as every other statistic uses them. */

/** Arithmetic mean; null of nothing. mean(1, 2, 6) = 3. */
export function mean(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (let n = 0; n < values.length; n += 1) sum += values[n] ?? 0;
  return sum / values.length;
}

/** Spread below this part of the mean is rounding, not variation. */
const NOISE = 1e-13;

/**
 * Sample standard deviation (divisor n - 1), in the unit of the values; two passes, so that a large mean costs no digits.
 * Null with fewer than two values; 0 when they do not vary. deviation(2, 4, 6) = 2.
 */
export function deviation(values: ArrayLike<number>): number | null {
  const average = mean(values);
  if (average === null || values.length < 2) return null;
  let sum = 0;
  for (let n = 0; n < values.length; n += 1) sum += ((values[n] ?? 0) - average) ** 2;
  const spread = Math.sqrt(sum / (values.length - 1));
  return spread <= NOISE * Math.abs(average) ? 0 : spread;
}
