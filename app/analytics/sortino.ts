/** Sortino ratio. */
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
  if (average === null || returns.length < 2) return null;
  const least = ratePerPeriod(options.riskFree ?? 0, periods);
  let shortfall = 0;
  for (let n = 0; n < returns.length; n += 1) shortfall += Math.min((returns[n] ?? 0) - least, 0) ** 2;
  if (shortfall === 0) return null;
  return ((average - least) / Math.sqrt(shortfall / returns.length)) * Math.sqrt(periods);
}
