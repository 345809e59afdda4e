/** Risk of ruin. */
import { deviation, mean } from './moments.ts';

/**
 * Probability that profits like these, with sizes that stay as they are, ever eat up the capital: exp(-2 m C / s^2), a random walk with drift m and deviation s per round trip that is
 * absorbed at 0 (D. R. Cox, H. D. Miller, "The Theory of Stochastic Processes", 1965, section 5.7). 1 when the mean is not above 0. `capital` in the unit of the profits.
 * Null with fewer than two profits or without capital. Profits 210, -190 (m 10, s 282.842712) and a capital of 4,000: exp(-2 x 10 x 4000 / 80000) = 0.367879.
 */
export function riskOfRuin(profits: ArrayLike<number>, capital: number): number | null {
  const [drift, spread] = [mean(profits), deviation(profits)];
  if (drift === null || spread === null || !(capital > 0)) return null;
  if (!(drift > 0)) return 1;
  return spread === 0 ? 0 : Math.exp((-2 * drift * capital) / spread ** 2);
}
