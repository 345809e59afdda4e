/** Deflated Sharpe ratio: what is left of the best of many trials. */
import { deviation, mean } from './moments.ts';
import { EULER_MASCHERONI, normalQuantile } from './normal.ts';
import { probabilisticSharpe, type SharpeTest } from './probabilistic-sharpe.ts';
import { TRADING_DAYS_PER_YEAR } from './returns.ts';

/** A search in two numbers: how many independent trials there were, and the variance of their Sharpe ratios **per period** (a yearly ratio's variance / periods a year). */
export type TrialsFacts = { readonly count: number; readonly variance: number };

/**
 * The facts of a search out of the yearly Sharpe ratios of its trials. `correlation`: mean correlation between the trials' returns, 0 when it is not known (the strictest); trials
 * that do the same count as one: N = rho + (1 - rho) x trials (Bailey and Lopez de Prado, 2014, appendix 3). Null with fewer than two ratios.
 * trialsOf([0, 2], 1, 0.5) = 1.5 trials of variance 2.
 */
export function trialsOf(yearlySharpes: ArrayLike<number>, periodsPerYear: number = TRADING_DAYS_PER_YEAR, correlation = 0): TrialsFacts | null {
  const spread = deviation(yearlySharpes);
  if (spread === null) return null;
  const shared = Math.max(0, Math.min(1, correlation));
  return { count: shared + (1 - shared) * yearlySharpes.length, variance: spread ** 2 / periodsPerYear };
}

/**
 * Mean correlation between the returns of all pairs of trials, without looking at the pairs: of N standardised columns it is (variance of their sum - N) / (N (N - 1)). Trials that never
 * vary are left out. Null with fewer than two others. Columns of one length. meanCorrelation([[1, 2, 3], [2, 4, 6], [3, 2, 1]]) = (1 - 1 - 1) / 3 = -0.333333.
 */
export function meanCorrelation(trials: readonly ArrayLike<number>[]): number | null {
  const length = trials[0]?.length ?? 0;
  const sum = new Float64Array(length);
  let count = 0;
  for (const returns of trials) {
    const [average, spread] = [mean(returns), deviation(returns)];
    if (average === null || spread === null || spread === 0) continue;
    count += 1;
    for (let n = 0; n < length; n += 1) sum[n] = (sum[n] ?? 0) + ((returns[n] ?? 0) - average) / spread;
  }
  const together = deviation(sum);
  return count < 2 || together === null ? null : (together ** 2 - count) / (count * (count - 1));
}

/**
 * The Sharpe ratio per period that the best of N trials without any skill is expected to show: sqrt(V) ((1 - g) z(1 - 1/N) + g z(1 - 1/(N e))), g = 0.5772, z the normal quantile
 * (Bailey and Lopez de Prado, 2014, equation 1). 0 for one trial or none. expectedBestSharpe({ count: 10, variance: 1 }) = 1.574598.
 */
export function expectedBestSharpe({ count, variance }: TrialsFacts): number {
  if (!(count > 1)) return 0;
  const high = (1 - EULER_MASCHERONI) * normalQuantile(1 - 1 / count) + EULER_MASCHERONI * normalQuantile(1 - 1 / (count * Math.E));
  return Math.sqrt(variance) * Math.max(0, high);
}

/**
 * Probability that the true Sharpe ratio is above 0 after the search: the probabilistic Sharpe ratio against `expectedBestSharpe` (D. Bailey, M. Lopez de Prado, "The Deflated
 * Sharpe Ratio", Journal of Portfolio Management 40(5), 2014). Null where there is no probabilistic one. One trial = the probabilistic Sharpe ratio itself.
 * deflatedSharpe([0.01, -0.01, 0.03, 0.01], { count: 10, variance: 0.01 }) = Phi((0.612372 - 0.157460) sqrt(3) / 1.045825) = 0.774397.
 */
export function deflatedSharpe(returns: ArrayLike<number>, trials: TrialsFacts, options: Omit<SharpeTest, 'threshold'> = {}): number | null {
  return probabilisticSharpe(returns, { ...options, threshold: expectedBestSharpe(trials) });
}
