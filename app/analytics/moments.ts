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

/** Mean and the central moments with divisor n, in powers of the unit of the values. */
export type CentralMoments = { readonly count: number; readonly mean: number; readonly second: number; readonly third: number; readonly fourth: number };

/** Everything that skewness, kurtosis and the probabilistic Sharpe ratio need, in one walk after the mean. Null with fewer than two values, or when they do not vary. */
export function centralMoments(values: ArrayLike<number>): CentralMoments | null {
  const average = mean(values);
  const { length } = values;
  if (average === null || length < 2) return null;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let n = 0; n < length; n += 1) {
    const away = (values[n] ?? 0) - average;
    const square = away * away;
    second += square;
    third += square * away;
    fourth += square * square;
  }
  if (Math.sqrt(second / (length - 1)) <= NOISE * Math.abs(average)) return null;
  return { count: length, mean: average, second: second / length, third: third / length, fourth: fourth / length };
}

/** Sample covariance (divisor n - 1) of two columns of one length, in the product of their units. Null with fewer than two pairs. covariance([1, 2, 3], [2, 4, 9]) = 3.5. */
export function covariance(one: ArrayLike<number>, other: ArrayLike<number>): number | null {
  const [a, b] = [mean(one), mean(other)];
  if (a === null || b === null || one.length < 2) return null;
  let sum = 0;
  for (let n = 0; n < one.length; n += 1) sum += ((one[n] ?? 0) - a) * ((other[n] ?? 0) - b);
  return sum / (one.length - 1);
}
