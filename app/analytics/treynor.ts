/** Treynor ratio. */
import { mean } from './moments.ts';
import { ratePerPeriod, TRADING_DAYS_PER_YEAR } from './returns.ts';
import type { RatioOptions } from './sharpe.ts';

/** mean(r - rf) x periods a year / beta, a fraction per year (J. L. Treynor, "How to Rate Management of Investment Funds", Harvard Business Review 43(1), 1965). Null without returns or beta, or when beta is 0. treynor([0.02, 0, 0.04], 2) at 1 period a year = 0.01. */
export function treynor(returns: ArrayLike<number>, slope: number | null, options: RatioOptions = {}): number | null {
  const periods = options.periodsPerYear ?? TRADING_DAYS_PER_YEAR;
  const average = mean(returns);
  return average === null || slope === null || slope === 0 ? null : ((average - ratePerPeriod(options.riskFree ?? 0, periods)) * periods) / slope;
}
