/** Probabilistic Sharpe ratio, and the history that it takes to believe one. */
import { centralMoments } from './moments.ts';
import { normalProbability, normalQuantile } from './normal.ts';
import { ratePerPeriod } from './returns.ts';

/** What the inference rests on: the Sharpe ratio per period (not per year), the number of returns, and 1 - g3 SR + (g4 - 1)/4 SR^2 with non-excess kurtosis g4. */
type SharpeFacts = { readonly ratio: number; readonly count: number; readonly width: number };

/** Null with fewer than four returns, or when they do not vary. `riskFree` per period. */
function sharpeFacts(returns: ArrayLike<number>, riskFree: number): SharpeFacts | null {
  const moments = returns.length < 4 ? null : centralMoments(returns);
  if (moments === null) return null;
  const { count, second } = moments;
  const ratio = (moments.mean - riskFree) / Math.sqrt((second * count) / (count - 1));
  const skewness = moments.third / second ** 1.5;
  const kurtosis = moments.fourth / second ** 2;
  return { ratio, count, width: 1 - skewness * ratio + ((kurtosis - 1) / 4) * ratio ** 2 };
}

/** The Sharpe ratio per period to beat, 0 by default, and the yearly risk-free rate with its periods. */
export type SharpeTest = { readonly threshold?: number; readonly riskFree?: number; readonly periodsPerYear?: number };

/**
 * Probability that the true Sharpe ratio is above `threshold` (per period): Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)), SR per period, g4 not in excess
 * (D. Bailey, M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012, equation 8). Null with fewer than four returns, or when they do not vary.
 * probabilisticSharpe(0.01, -0.01, 0.03, 0.01): SR = 0.612372, g3 = 0, g4 = 2, width 1.09375, Phi(0.612372 x sqrt(3) / 1.045825) = Phi(1.014185) = 0.844753.
 */
export function probabilisticSharpe(returns: ArrayLike<number>, { threshold = 0, riskFree = 0, periodsPerYear = 252 }: SharpeTest = {}): number | null {
  const facts = sharpeFacts(returns, ratePerPeriod(riskFree, periodsPerYear));
  return facts === null || !(facts.width > 0) ? null : normalProbability(((facts.ratio - threshold) * Math.sqrt(facts.count - 1)) / Math.sqrt(facts.width));
}

/**
 * Number of returns from which on the Sharpe ratio is above `threshold` with the given confidence, were it to stay as it is: 1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (z / (SR - SR*))^2
 * (Bailey and Lopez de Prado, 2012, equation 11). Null with fewer than four returns, or when the ratio is not above the threshold.
 * minimumTrackRecord(0.01, -0.01, 0.03, 0.01) at 0.95 = 1 + 1.09375 x (1.644854 / 0.612372)^2 = 8.891168.
 */
export function minimumTrackRecord(returns: ArrayLike<number>, confidence = 0.95, { threshold = 0, riskFree = 0, periodsPerYear = 252 }: SharpeTest = {}): number | null {
  const facts = sharpeFacts(returns, ratePerPeriod(riskFree, periodsPerYear));
  if (facts === null || !(facts.width > 0) || !(facts.ratio > threshold)) return null;
  return 1 + facts.width * (normalQuantile(confidence) / (facts.ratio - threshold)) ** 2;
}
