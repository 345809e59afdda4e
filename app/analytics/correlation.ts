/** Correlation with a benchmark, and its square. */
import { covariance, deviation } from './moments.ts';

/** cov(r, b) / (sigma(r) sigma(b)) of the same periods, -1..1 (Pearson). Null with fewer than two pairs, or when one does not vary. correlation([1, 2, 3], [2, 4, 9]) = 3.5 / (1 x 3.605551) = 0.970725. */
export function correlation(returns: ArrayLike<number>, benchmark: ArrayLike<number>): number | null {
  const together = covariance(returns, benchmark);
  const [own, its] = [deviation(returns), deviation(benchmark)];
  if (together === null || own === null || its === null || own === 0 || its === 0) return null;
  return Math.max(-1, Math.min(1, together / (own * its)));
}

/** Correlation squared: the part of the variance that the benchmark explains, 0..1. Null where there is no correlation. rSquared([1, 2, 3], [2, 4, 9]) = 0.942308. */
export function rSquared(returns: ArrayLike<number>, benchmark: ArrayLike<number>): number | null {
  const value = correlation(returns, benchmark);
  return value === null ? null : value ** 2;
}
