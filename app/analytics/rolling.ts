/** Rolling figures: the same ratios over the last half year, day after day. */
import { beta } from './beta.ts';
import { rolledOver, type RolledValues } from './rolling-window.ts';
import { sharpe, type RatioOptions } from './sharpe.ts';
import { sortino } from './sortino.ts';
import type { RollingLines } from './tear-sheet-types.ts';
import { volatility } from './volatility.ts';

/** Half a year of trading days. */
export const ROLLING_DAYS = 126;
const MOST_POINTS = 500;

/** Daily returns with the end of each day (epoch ms), and the benchmark's of the same days; NaN where it is not known. */
export type RollingInput = { readonly at: ArrayLike<number>; readonly returns: Float64Array; readonly benchmark: Float64Array | null };

/**
 * Sharpe, Sortino, volatility and beta over windows of 126 daily returns, each by its own function, at every day or every second, third ... so that 500 points are not exceeded; the
 * newest day is always one. The risk-free rate is de-annualised with the periods of a year, not with the window. Null with fewer days than a window.
 */
export function rollingLines({ at, returns, benchmark }: RollingInput, options: RatioOptions = {}): RollingLines | null {
  const over = (measure: (from: number, to: number) => number | null): RolledValues => rolledOver({ length: returns.length, window: ROLLING_DAYS, most: MOST_POINTS }, measure);
  const ratios = over((from, to) => sharpe(returns.subarray(from, to), options));
  if (ratios.ends.length === 0) return null;
  return {
    days: ROLLING_DAYS, at: ratios.ends.map((end) => at[end] ?? 0), sharpe: ratios.values,
    sortino: over((from, to) => sortino(returns.subarray(from, to), options)).values, volatility: over((from, to) => volatility(returns.subarray(from, to), options.periodsPerYear)).values,
    beta: benchmark === null ? null : over((from, to) => {
      const slope = beta(returns.subarray(from, to), benchmark.subarray(from, to));
      return slope !== null && Number.isFinite(slope) ? slope : null;
    }).values,
  };
}
