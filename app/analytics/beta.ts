/** Beta. */
import { covariance, deviation } from './moments.ts';

/**
 * cov(r, b) / var(b) of simple returns of the same periods, without unit (W. F. Sharpe, "Capital Asset Prices", Journal of Finance 19(3), 1964); a constant risk-free rate
 * taken from both changes nothing. Null with fewer than two pairs, or when the benchmark does not vary. beta([0.02, 0, 0.04], [0.01, 0, 0.02]) = 2.
 */
export function beta(returns: ArrayLike<number>, benchmark: ArrayLike<number>): number | null {
  const together = covariance(returns, benchmark);
  const spread = deviation(benchmark);
  return together === null || spread === null || spread === 0 ? null : together / spread ** 2;
}
