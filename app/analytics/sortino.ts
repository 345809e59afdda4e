/** Sortino ratio. */
import { downsideDeviationPerPeriod } from './downside-deviation.ts';
import { mean } from './moments.ts';
import { ratePerPeriod, TRADING_DAYS_PER_YEAR } from './returns.ts';
import type { RatioOptions } from './sharpe.ts';

/**
 * mean(r - m) / sqrt(sum(min(r - m, 0)^2) / N) x sqrt(periods a year), N = all returns, m = the risk-free rate per period (F. Sortino, R. van der Meer,
 * "Downside Risk", Journal of Portfolio Management 17(4), 1991). Null with fewer than two returns, or when none falls short of m.
 * sortino(0.02, -0.01, 0.02) = 0.01 / sqrt(0.0001 / 3) x sqrt(252) = 27.495454.
 */
export function sortino(returns: ArrayLike<number>, options: RatioOptions = {}): number | null {
  const periods = options.periodsPerYear ?? TRADING_DAYS_PER_YEAR;
  const average = mean(returns);
  const least = ratePerPeriod(options.riskFree ?? 0, periods);
  const shortfall = downsideDeviationPerPeriod(returns, least);
  if (average === null || returns.length < 2 || shortfall === null || shortfall === 0) return null;
  return ((average - least) / shortfall) * Math.sqrt(periods);
}

/**
 * Sortino ratio / sqrt(2): for returns that are symmetric around m the same number as the Sharpe ratio, so that the two may be compared (J. Schwager's
 * adjustment, as in QuantStats). Null where there is no Sortino ratio. adjustedSortino(0.02, -0.01, 0.02) = 27.495454 / sqrt(2) = 19.442222.
 */
export function adjustedSortino(returns: ArrayLike<number>, options: RatioOptions = {}): number | null {
  const ratio = sortino(returns, options);
  return ratio === null ? null : ratio / Math.SQRT2;
}
