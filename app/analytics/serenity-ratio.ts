/** Serenity ratio. */
import { ascending, quantile } from './quantile.ts';
import { ulcerIndex } from './ulcer-index.ts';
import { mean } from './moments.ts';

/** What the ratio is made of: growth per year, yearly risk-free rate and yearly volatility as fractions; falls from the peak at each day's close. */
export type SerenityParts = { readonly growth: number | null; readonly riskFree: number; readonly volatility: number | null; readonly falls: ArrayLike<number> };

/**
 * (growth - risk-free) / (ulcer index x pitfall), pitfall = |mean of the deepest 5 % of falls| / volatility, per year (KeyQuant, "Introducing the Serenity Ratio", 2015;
 * QuantStats takes the sum of returns and a daily deviation). Null when a part is not known or nothing was ever lost.
 * growth 0.10, riskFree 0.02, volatility 0.2, falls 0, 0, -0.25, 0: 0.08 / (0.125 x 0.25 / 0.2) = 0.512.
 */
export function serenityRatio({ growth, riskFree, volatility, falls }: SerenityParts): number | null {
  const ulcer = ulcerIndex(falls);
  const limit = quantile(ascending(falls), 0.05);
  if (growth === null || volatility === null || volatility === 0 || ulcer === null || ulcer === 0 || limit === null) return null;
  const deepest = mean(Array.from(falls).filter((fall) => fall <= limit));
  return deepest === null || !(deepest < 0) ? null : (growth - riskFree) / (ulcer * (-deepest / volatility));
}
