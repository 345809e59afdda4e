/** Excess kurtosis. */
import { centralMoments } from './moments.ts';

/** m4 / m2^2 - 3 with moments of divisor n, without unit: 0 of a normal distribution, above 0 with fat tails. Null with fewer than four values, or when they do not vary. excessKurtosis(1, 2, 3, 10) = -0.7696. */
export function excessKurtosis(values: ArrayLike<number>): number | null {
  const moments = values.length < 4 ? null : centralMoments(values);
  return moments && moments.fourth / moments.second ** 2 - 3;
}
