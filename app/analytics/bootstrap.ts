/** Stationary block bootstrap of returns: how different the same history could have come out. */
import { randomOf, type Random } from '#app/domain/random.ts';
import { blockLengthOfReturns } from './block-length.ts';
import { ascending, quantile } from './quantile.ts';
import { TRADING_DAYS_PER_YEAR } from './returns.ts';

/** `seed` decides everything; 1,000 samples, blocks by Politis and White and 95 % when they are not given. */
export type BootstrapOptions = { readonly seed: number; readonly samples?: number; readonly block?: number; readonly confidence?: number; readonly periodsPerYear?: number };

/** The middle `confidence` of the samples, and their median. */
export type Interval = { readonly low: number; readonly median: number; readonly high: number };

/** Fractions; `sharpe` and `cagr` per year (cagr by trading days), null where the returns do not vary. `chanceOfLoss`: part of the samples that ended below their start. `block` in periods. */
export type BootstrapIntervals = {
  readonly samples: number; readonly block: number; readonly confidence: number; readonly sharpe: Interval | null; readonly cagr: Interval; readonly totalReturn: Interval; readonly maxDrawdown: Interval; readonly chanceOfLoss: number;
};

/** One history as the samples see it. */
export type PathFigures = { readonly growth: number; readonly deepest: number; readonly mean: number; readonly variance: number };

/** Fewer samples than these say nothing about a tail. */
const DEFAULT_SAMPLES = 1_000;
const FEWEST_RETURNS = 20;

/**
 * Draws one history of the same length: blocks that begin anywhere, wrap around the end, and have geometric lengths with the given mean (D. Politis, J. Romano, "The Stationary
 * Bootstrap", Journal of the American Statistical Association 89(428), 1994). `visit` gets the indices in order.
 */
export function drawBlocks(random: Random, length: number, block: number, visit: (index: number) => void): void {
  const goesOn = block > 1 ? Math.log(1 - 1 / block) : -Infinity;
  for (let done = 0; done < length; ) {
    let index = Math.floor(random.next() * length);
    const size = goesOn === -Infinity ? 1 : 1 + Math.floor(Math.log(1 - random.next()) / goesOn);
    const end = Math.min(length, done + size);
    for (; done < end; done += 1) {
      visit(index);
      index = index + 1 === length ? 0 : index + 1;
    }
  }
}

/** Growth, deepest fall, mean and sample variance of returns met one by one. */
export function pathOf(length: number, walk: (take: (value: number) => void) => void): PathFigures {
  let [growth, peak, deepest, sum, squares] = [1, 1, 0, 0, 0];
  walk((value) => {
    growth *= 1 + value;
    sum += value;
    squares += value * value;
    if (growth > peak) peak = growth;
    else if (growth < peak * (1 + deepest)) deepest = growth / peak - 1;
  });
  const mean = sum / length;
  return { growth, deepest, mean, variance: length < 2 ? 0 : Math.max(0, (squares - sum * mean) / (length - 1)) };
}

/** The middle part of values. Null of nothing. */
export function intervalOf(values: ArrayLike<number>, confidence: number): Interval | null {
  const sorted = ascending(values);
  const [low, median, high] = [quantile(sorted, (1 - confidence) / 2), quantile(sorted, 0.5), quantile(sorted, (1 + confidence) / 2)];
  return low === null || median === null || high === null ? null : { low, median, high };
}

/**
 * Percentile intervals (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13) of Sharpe ratio (risk-free rate 0), CAGR, total return and maximum drawdown
 * over stationary block bootstraps of simple returns. The same seed and returns give the same numbers. Null with fewer than 20 returns.
 */
export function bootstrapIntervals(returns: Float64Array, options: BootstrapOptions): BootstrapIntervals | null {
  const { length } = returns;
  if (length < FEWEST_RETURNS) return null;
  const { seed, samples = DEFAULT_SAMPLES, confidence = 0.95, periodsPerYear = TRADING_DAYS_PER_YEAR } = options;
  const block = options.block ?? blockLengthOfReturns(returns);
  const random = randomOf(seed, 'bootstrap');
  const paths = Array.from({ length: samples }, () => pathOf(length, (take) => drawBlocks(random, length, block, (index) => take(returns[index] ?? 0))));
  const over = (of: (path: PathFigures) => number): Interval | null => intervalOf(paths.map(of), confidence);
  const [cagr, totalReturn, maxDrawdown] = [over(({ growth }) => (growth > 0 ? growth ** (periodsPerYear / length) : 0) - 1), over(({ growth }) => growth - 1), over(({ deepest }) => deepest)];
  const varying = paths.filter(({ variance }) => variance > 0);
  if (cagr === null || totalReturn === null || maxDrawdown === null) return null;
  return {
    samples, block, confidence, cagr, totalReturn, maxDrawdown, sharpe: intervalOf(varying.map(({ mean, variance }) => (mean / Math.sqrt(variance)) * Math.sqrt(periodsPerYear)), confidence),
    chanceOfLoss: paths.filter(({ growth }) => growth < 1).length / paths.length,
  };
}
