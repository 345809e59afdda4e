/** Smart Sharpe ratio: Sharpe after a penalty for returns that follow each other. */
import { mean } from './moments.ts';
import { sharpe, type RatioOptions } from './sharpe.ts';

/** Autocorrelation of the returns at a lag of one period, -1..1 (Pearson, both stretches around the common mean). Null with fewer than three returns, or when they do not vary. autocorrelation(1, 2, 3, 4) = 0.25. */
export function autocorrelation(returns: ArrayLike<number>): number | null {
  const average = mean(returns);
  if (average === null || returns.length < 3) return null;
  let together = 0;
  let own = 0;
  for (let n = 0; n < returns.length; n += 1) {
    const away = (returns[n] ?? 0) - average;
    own += away * away;
    if (n > 0) together += away * ((returns[n - 1] ?? 0) - average);
  }
  return own === 0 ? null : together / own;
}

/** Terms of a correlation below this part change no digit. */
const NEGLIGIBLE = 1e-17;

/** sqrt(1 + 2 sum over k = 1 .. n-1 of (1 - k/n) rho^k): by how much the deviation of a sum of n returns with autocorrelation rho^k exceeds that of independent ones. autocorrelationPenalty(0.5, 2) = sqrt(1.5) = 1.224745. */
export function autocorrelationPenalty(rho: number, count: number): number {
  let sum = 0;
  let power = 1;
  for (let k = 1; k < count; k += 1) {
    power *= rho;
    if (Math.abs(power) < NEGLIGIBLE) break;
    sum += (1 - k / count) * power;
  }
  return Math.sqrt(Math.max(0, 1 + 2 * sum));
}

/**
 * Sharpe / penalty with the signed autocorrelation of one period (A. Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58(4), 2002; QuantStats takes |rho|, which
 * also punishes returns that revert). Null where there is no Sharpe ratio. smartSharpe(0.01, -0.01, 0.03), rho = -0.5: 7.937254 / sqrt(1 + 2 (-1/3 + 1/12)) = 11.224972.
 */
export function smartSharpe(returns: ArrayLike<number>, options: RatioOptions = {}): number | null {
  const ratio = sharpe(returns, options);
  const rho = autocorrelation(returns);
  if (ratio === null || rho === null) return null;
  const penalty = autocorrelationPenalty(rho, returns.length);
  return penalty > 0 ? ratio / penalty : null;
}
