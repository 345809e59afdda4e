/** How long the blocks of a block bootstrap should be. */
import { mean } from './moments.ts';

/** Autocorrelations below this many of their standard errors count as none. */
const SIGNIFICANT = 2;
const LEAST_RUN = 5;

/** Autocovariances of lags 0 .. most, divisor n. */
function autocovariances(values: ArrayLike<number>, most: number): Float64Array {
  const average = mean(values) ?? 0;
  const { length } = values;
  return Float64Array.from({ length: most + 1 }, (_none, lag) => {
    let sum = 0;
    for (let n = lag; n < length; n += 1) sum += ((values[n] ?? 0) - average) * ((values[n - lag] ?? 0) - average);
    return sum / length;
  });
}

/**
 * Expected block length that minimises the error of the stationary bootstrap's variance of the mean (D. Politis, H. White, "Automatic Block-Length Selection for the Dependent
 * Bootstrap", Econometric Reviews 23(1), 2004, with the correction of A. Patton, D. Politis, H. White, Econometric Reviews 28(4), 2009), at least 1, at most min(3 sqrt(n), n / 3).
 * For a first-order autoregression it estimates ((2 rho / (1 - rho^2))^2 n)^(1/3): 12.1 for rho = 0.5 and n = 1,000.
 */
export function blockLength(values: ArrayLike<number>): number {
  const { length } = values;
  const longest = Math.min(3 * Math.sqrt(length), length / 3);
  if (longest < 1) return 1;
  const run = Math.max(LEAST_RUN, Math.ceil(Math.sqrt(Math.log10(length))));
  const lags = Math.min(length - 1, Math.ceil(Math.sqrt(length)) + run);
  const covariances = autocovariances(values, lags);
  const own = covariances[0] ?? 0;
  if (!(own > 0)) return 1;
  const noise = SIGNIFICANT * Math.sqrt(Math.log10(length) / length);
  const isNone = (lag: number): boolean => Math.abs((covariances[lag] ?? 0) / own) < noise;
  let last = 0;
  while (last < lags - run && !Array.from({ length: run }, (_none, k) => last + 1 + k).every(isNone)) last += 1;
  const window = Math.min(lags, 2 * Math.max(1, last));
  let [slope, level] = [0, own];
  for (let lag = 1; lag <= window; lag += 1) {
    const part = lag / window;
    const taper = part <= 0.5 ? 1 : 2 * (1 - part);
    slope += 2 * taper * lag * (covariances[lag] ?? 0);
    level += 2 * taper * (covariances[lag] ?? 0);
  }
  const ideal = level === 0 ? longest : Math.cbrt((slope / level) ** 2 * length);
  return Math.max(1, Math.min(longest, ideal));
}

/** For daily returns: the longer of the lengths that the returns and their sizes ask for, so that calm and wild times stay together. */
export function blockLengthOfReturns(returns: ArrayLike<number>): number {
  return Math.max(blockLength(returns), blockLength(Array.from(returns, Math.abs)));
}
