/** Rolling figures: the same ratios over the last half year, day after day. */
import { beta } from './beta.ts';
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
  const windows = returns.length - ROLLING_DAYS + 1;
  if (windows < 1) return null;
  const stride = Math.ceil(windows / MOST_POINTS);
  const ends = Array.from({ length: Math.ceil(windows / stride) }, (_none, n) => returns.length - 1 - n * stride).reverse();
  const windowOf = (column: Float64Array, end: number): Float64Array => column.subarray(end - ROLLING_DAYS + 1, end + 1);
  const over = (measure: (window: Float64Array) => number | null): (number | null)[] => ends.map((end) => measure(windowOf(returns, end)));
  return {
    days: ROLLING_DAYS, at: ends.map((end) => at[end] ?? 0),
    sharpe: over((window) => sharpe(window, options)), sortino: over((window) => sortino(window, options)), volatility: over((window) => volatility(window, options.periodsPerYear)),
    beta: benchmark === null ? null : ends.map((end) => {
      const slope = beta(windowOf(returns, end), windowOf(benchmark, end));
      return slope !== null && Number.isFinite(slope) ? slope : null;
    }),
  };
}
