/** The line through two price paths, what is left beside it, and how fast that returns: the arithmetic of a pairs trade. */

/** Log prices of two symbols at the same moments, oldest first. */
export type Pair = { readonly left: readonly number[]; readonly right: readonly number[] };

/** left = alpha + beta x right + residual. `sigma`: standard deviation of the residuals (n - 2). `halfLife`: bars in which half of a residual is gone, Infinity when it does not return. */
export type PairFit = { readonly alpha: number; readonly beta: number; readonly sigma: number; readonly halfLife: number };

/**
 * Ordinary least squares of left on right over log prices (R. Engle and C. Granger, Econometrica 55(2), 1987, pages 251-276, step one): a move of 1 % in the right symbol goes with one of
 * beta % in the left. Null when the right price did not move, or there are fewer than three moments. fitPair of left 1, 2, 2, 3 and right 0, 1, 2, 3: beta 0.6, alpha 1.1, residuals -0.1, 0.3, -0.3, 0.1, sigma sqrt(0.2 / 2) = 0.316228.
 */
export function fitPair({ left, right }: Pair): PairFit | null {
  const n = Math.min(left.length, right.length);
  if (n < 3) return null;
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let [across, square] = [0, 0];
  for (let i = 0; i < n; i += 1) {
    const x = (right[i] ?? NaN) - rightMean;
    across += x * ((left[i] ?? NaN) - leftMean);
    square += x * x;
  }
  if (!(square > 0)) return null;
  const beta = across / square;
  const alpha = leftMean - beta * rightMean;
  const residuals = left.map((value, i) => value - alpha - beta * (right[i] ?? NaN));
  const sigma = Math.sqrt(residuals.reduce((sum, value) => sum + value * value, 0) / (n - 2));
  return { alpha, beta, sigma, halfLife: halfLife(residuals) };
}

/** What the pair is off the line at these log prices, in standard deviations. NaN when there were none. */
export function zScore(fit: Pick<PairFit, 'alpha' | 'beta' | 'sigma'>, left: number, right: number): number {
  return (left - fit.alpha - fit.beta * right) / fit.sigma;
}

/**
 * Bars in which half of a departure is gone: ln(1/2) / ln(phi), phi from the regression of a value on the one before it (an AR(1) process, discrete Ornstein-Uhlenbeck; E. Chan, Algorithmic
 * Trading, 2013, chapter 2, has the continuous form -ln(2) / (phi - 1)). Infinity when it does not return (phi >= 1), 0 when it turns at once (phi <= 0). halfLife(8, 4, 2, 1) = 1.
 */
export function halfLife(values: readonly number[]): number {
  const [before, after] = [values.slice(0, -1), values.slice(1)];
  const [beforeMean, afterMean] = [mean(before), mean(after)];
  let [across, square] = [0, 0];
  for (const [i, value] of before.entries()) {
    across += (value - beforeMean) * ((after[i] ?? NaN) - afterMean);
    square += (value - beforeMean) ** 2;
  }
  const phi = square > 0 ? across / square : 1;
  if (phi >= 1) return Infinity;
  return phi <= 0 ? 0 : Math.LN2 / -Math.log(phi);
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
