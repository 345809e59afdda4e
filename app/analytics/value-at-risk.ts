/** Value at risk and expected shortfall, from the sample and from a normal distribution. Returns are fractions; losses come out below 0. */
import { deviation, mean } from './moments.ts';
import { normalDensity, normalQuantile } from './normal.ts';
import { ascending, quantile } from './quantile.ts';

/** The (1 - confidence) quantile of the returns, interpolated (P. Jorion, "Value at Risk", 3rd edition, 2007, chapter 10: historical simulation). Null without returns. valueAtRisk([-0.03, -0.01, 0, 0.01, 0.02], 0.75) = -0.01. */
export function valueAtRisk(returns: ArrayLike<number>, confidence: number): number | null {
  return quantile(ascending(returns), 1 - confidence);
}

/** Mean of the returns at or below that quantile (R. T. Rockafellar, S. Uryasev, "Optimization of Conditional Value-at-Risk", Journal of Risk 2(3), 2000). Null without returns. expectedShortfall([-0.03, -0.01, 0, 0.01, 0.02], 0.75) = -0.02. */
export function expectedShortfall(returns: ArrayLike<number>, confidence: number): number | null {
  const limit = valueAtRisk(returns, confidence);
  return limit === null ? null : mean(Array.from(returns).filter((value) => value <= limit));
}

/** mean + z x sample deviation, z the normal quantile of 1 - confidence. Null with fewer than two returns. normalValueAtRisk(0.01, -0.01, 0.03; 0.95) = 0.01 - 1.644854 x 0.02 = -0.022897. */
export function normalValueAtRisk(returns: ArrayLike<number>, confidence: number): number | null {
  const average = mean(returns);
  const spread = deviation(returns);
  return average === null || spread === null ? null : average + normalQuantile(1 - confidence) * spread;
}

/**
 * mean - sample deviation x density(z) / (1 - confidence) (A. McNeil, R. Frey, P. Embrechts, "Quantitative Risk Management", 2005, example 2.18).
 * Null with fewer than two returns. normalShortfall(0.01, -0.01, 0.03; 0.95) = 0.01 - 0.02 x 2.062713 = -0.031254.
 */
export function normalShortfall(returns: ArrayLike<number>, confidence: number): number | null {
  const average = mean(returns);
  const spread = deviation(returns);
  return average === null || spread === null ? null : average - (spread * normalDensity(normalQuantile(1 - confidence))) / (1 - confidence);
}
