/** Distribution of returns in bins, beside the normal one that has their mean and deviation. */
import { deviation, mean } from './moments.ts';
import { normalProbability } from './normal.ts';
import { ascending, quantile } from './quantile.ts';
import type { Distribution } from './tear-sheet-types.ts';

const FEWEST_BINS = 8;
const MOST_BINS = 60;

/**
 * Bins of width 2 x interquartile range / cube root of n (D. Freedman, P. Diaconis, "On the Histogram as a Density Estimator", 1981), between 8 and 60 of them; `expected`: n times the
 * normal probability of each. Null with fewer than two returns, or when they do not vary.
 */
export function distribution(returns: ArrayLike<number>): Distribution | null {
  const [average, spread, sorted] = [mean(returns), deviation(returns), ascending(returns)];
  const { length } = sorted;
  const [low, high, quarter, threeQuarters] = [sorted[0], sorted[length - 1], quantile(sorted, 0.25), quantile(sorted, 0.75)];
  if (average === null || spread === null || spread === 0 || low === undefined || high === undefined || quarter === null || threeQuarters === null) return null;
  const ideal = (2 * (threeQuarters - quarter)) / Math.cbrt(length);
  const bins = Math.min(MOST_BINS, Math.max(FEWEST_BINS, ideal > 0 ? Math.ceil((high - low) / ideal) : MOST_BINS));
  const width = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of sorted) {
    const bin = Math.min(bins - 1, Math.floor((value - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const below = (bin: number): number => normalProbability((low + bin * width - average) / spread);
  return { from: low, width, counts, expected: counts.map((_count, bin) => length * (below(bin + 1) - below(bin))), mean: average, deviation: spread };
}
