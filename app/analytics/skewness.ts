/** Skewness. */
import { centralMoments } from './moments.ts';

/** m3 / m2^1.5 with moments of divisor n, without unit: 0 of a symmetric distribution, below 0 where losses are the larger extremes. Null with fewer than three values, or when they do not vary. skewness(1, 2, 6) = 0.595170. */
export function skewness(values: ArrayLike<number>): number | null {
  const moments = values.length < 3 ? null : centralMoments(values);
  return moments && moments.third / moments.second ** 1.5;
}
