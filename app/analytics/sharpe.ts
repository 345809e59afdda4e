/** Sharpe ratio. */
import { deviation, mean } from './moments.ts';
import { ratePerPeriod, TRADING_DAYS_PER_YEAR } from './returns.ts';

/** `riskFree`: yearly rate as a fraction, default 0. */
export type RatioOptions = { readonly riskFree?: number; readonly periodsPerYear?: number };

/**
 * mean(r - rf) / sample deviation(r) x sqrt(periods a year), without unit (W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994);
 * rf per period = (1 + rf)^(1 / periods) - 1. Null with fewer than two returns, or when they do not vary. sharpe(0.01, -0.01, 0.03) = 0.01 / 0.02 x sqrt(252) = 7.937254.
 */
export function sharpe(returns: ArrayLike<number>, options: RatioOptions = {}): number | null {
  const periods = options.periodsPerYear ?? TRADING_DAYS_PER_YEAR;
  const average = mean(returns);
  const spread = deviation(returns);
  if (average === null || spread === null || spread === 0) return null;
  return ((average - ratePerPeriod(options.riskFree ?? 0, periods)) / spread) * Math.sqrt(periods);
}
