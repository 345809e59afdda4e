/** Downside deviation. */
import { ratePerPeriod, TRADING_DAYS_PER_YEAR } from './returns.ts';
import type { RatioOptions } from './sharpe.ts';

/** sqrt(sum(min(r - m, 0)^2) / N), N = all returns, m = the least acceptable return per period, in the unit of the returns; null without returns. downsideDeviationPerPeriod([0.02, -0.01, 0.02], 0) = 0.005774. */
export function downsideDeviationPerPeriod(returns: ArrayLike<number>, least: number): number | null {
  if (returns.length === 0) return null;
  let shortfall = 0;
  for (let n = 0; n < returns.length; n += 1) shortfall += Math.min((returns[n] ?? 0) - least, 0) ** 2;
  return Math.sqrt(shortfall / returns.length);
}

/**
 * The same x sqrt(periods a year), a fraction per year, against the risk-free rate (F. Sortino, R. van der Meer, "Downside Risk", Journal of Portfolio Management 17(4), 1991).
 * Null with fewer than two returns. downsideDeviation(0.02, -0.01, 0.02) = 0.01 / sqrt(3) x sqrt(252) = 0.091652.
 */
export function downsideDeviation(returns: ArrayLike<number>, options: RatioOptions = {}): number | null {
  const periods = options.periodsPerYear ?? TRADING_DAYS_PER_YEAR;
  const perPeriod = returns.length < 2 ? null : downsideDeviationPerPeriod(returns, ratePerPeriod(options.riskFree ?? 0, periods));
  return perPeriod === null ? null : perPeriod * Math.sqrt(periods);
}
