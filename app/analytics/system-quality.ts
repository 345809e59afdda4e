/** System quality number. */
import { deviation, mean } from './moments.ts';

/** Tharp compares systems as if they had made a hundred trades at most. */
const MOST_TRADES = 100;

/**
 * sqrt(min(n, 100)) x mean(R) / sample deviation(R), without unit (V. K. Tharp, "The Definitive Guide to Position Sizing", 2008); R = profit / dollars at risk, or plain dollars where
 * the risk was the same each time or is not known. 1.6 to 2 is average, above 3 excellent (Tharp). backtesting.py does not cap n. Null with fewer than two, or when they do not vary.
 * systemQuality(1, -1, 3) = sqrt(3) x 1 / 2 = 0.866025.
 */
export function systemQuality(multiples: ArrayLike<number>): number | null {
  const [average, spread] = [mean(multiples), deviation(multiples)];
  return average === null || spread === null || spread === 0 ? null : (Math.sqrt(Math.min(multiples.length, MOST_TRADES)) * average) / spread;
}
