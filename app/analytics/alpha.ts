/** Jensen's alpha. */
import { beta } from './beta.ts';
import { mean } from './moments.ts';
import { ratePerPeriod, TRADING_DAYS_PER_YEAR } from './returns.ts';
import type { RatioOptions } from './sharpe.ts';

/**
 * (mean(r - rf) - beta x mean(b - rf)) x periods a year, a fraction per year (M. C. Jensen, "The Performance of Mutual Funds in the Period 1945-1964", Journal of Finance
 * 23(2), 1968). Null where there is no beta. alpha([0.03, 0.01, 0.05], [0.01, 0, 0.02]) at 1 period a year = 0.03 - 2 x 0.01 = 0.01.
 */
export function alpha(returns: ArrayLike<number>, benchmark: ArrayLike<number>, options: RatioOptions = {}): number | null {
  const periods = options.periodsPerYear ?? TRADING_DAYS_PER_YEAR;
  const riskFree = ratePerPeriod(options.riskFree ?? 0, periods);
  const [slope, own, its] = [beta(returns, benchmark), mean(returns), mean(benchmark)];
  return slope === null || own === null || its === null ? null : (own - riskFree - slope * (its - riskFree)) * periods;
}
