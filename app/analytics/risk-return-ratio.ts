/** Return per risk, not annualised. */
import { deviation, mean } from './moments.ts';

/** mean / sample deviation of the returns, per period (as QuantStats' risk_return_ratio). Null with fewer than two returns, or when they do not vary. riskReturnRatio(0.01, -0.01, 0.03) = 0.5. */
export function riskReturnRatio(returns: ArrayLike<number>): number | null {
  const average = mean(returns);
  const spread = deviation(returns);
  return average === null || spread === null || spread === 0 ? null : average / spread;
}
