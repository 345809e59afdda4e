/** Stationary block bootstrap of returns: how different the same history could have come out. */
import { randomOf, type Random } from '#app/domain/random.ts';
import { blockLengthOfReturns } from './block-length.ts';
import { ascending, quantile } from './quantile.ts';
import { TRADING_DAYS_PER_YEAR } from './returns.ts';

/** `seed` decides everything; 1,000 samples and blocks by Politis and White when they are not given. */
export type DrawOptions = { readonly seed: number; readonly samples?: number; readonly block?: number };

/** `confidence` 95 % when it is not given. */
export type IntervalOptions = { readonly confidence?: number; readonly periodsPerYear?: number };

/** The middle `confidence` of the samples, and their median. */
export type Interval = { readonly low: number; readonly median: number; readonly high: number };

/** Fractions; `sharpe` and `cagr` per year (cagr by trading days), `sharpe` null where the returns do not vary. `chanceOfLoss`: part of the samples that ended below their start. `block` in periods. */
export type BootstrapIntervals = {
  readonly samples: number; readonly block: number; readonly confidence: number; readonly sharpe: Interval | null; readonly cagr: Interval; readonly totalReturn: Interval; readonly maxDrawdown: Interval; readonly chanceOfLoss: number;
};

/** One history: last / first equity, deepest fall (a fraction <= 0), mean and sample variance of its returns. */
export type PathFigures = { readonly growth: number; readonly deepest: number; readonly mean: number; readonly variance: number };

/** Histories drawn from one: `length` returns each. */
export type Histories = { readonly length: number; readonly block: number; readonly paths: readonly PathFigures[] };

const DEFAULT_SAMPLES = 1_000;
/** Fewer returns than these say nothing about a tail. */
export const FEWEST_RETURNS = 20;

/**
 * Fills `out` with blocks of `returns` that begin anywhere, wrap around the end, and have geometric lengths of the given mean (D. Politis, J. Romano, "The Stationary Bootstrap",
 * Journal of the American Statistical Association 89(428), 1994).
 */
export function fillBlocks(random: Random, returns: Float64Array, block: number, out: Float64Array): void {
  const { length } = returns;
  // One logarithm a block instead of one draw a day: half of the time for blocks of five days and more.
  const perLog = block > 1 ? 1 / Math.log(1 - 1 / block) : 0;
  for (let done = 0; done < out.length; ) {
    let index = Math.floor(random.next() * length);
    const size = perLog === 0 ? 1 : 1 + Math.floor(Math.log(1 - random.next()) * perLog);
    const end = Math.min(out.length, done + size);
    for (; done < end; done += 1) {
      out[done] = returns[index] ?? 0;
      index += 1;
      if (index === length) index = 0;
    }
  }
}

/** Growth, deepest fall, mean and variance of returns in their order. What is lost stays lost: after a return of -1 or less the growth is 0 and the fall -1, whatever follows. */
export function pathOf(returns: ArrayLike<number>): PathFigures {
  const { length } = returns;
  let growth = 1;
  let peak = 1;
  let deepest = 0;
  let floor = 1;
  let sum = 0;
  let squares = 0;
  for (let n = 0; n < length; n += 1) {
    const value = returns[n] ?? 0;
    growth *= 1 + value;
    sum += value;
    squares += value * value;
    if (growth > peak) {
      peak = growth;
      floor = peak * (1 + deepest);
    } else if (growth < floor) {
      // Ruin is the end: two losses of more than everything must not multiply to a gain.
      if (growth < 0) growth = 0;
      deepest = growth / peak - 1;
      floor = growth;
    }
  }
  const mean = length === 0 ? 0 : sum / length;
  return { growth, deepest, mean, variance: length < 2 ? 0 : Math.max(0, (squares - sum * mean) / (length - 1)) };
}

/** Draws histories as long as the given one. The same seed and returns give the same histories. */
export function drawHistories(returns: Float64Array, { seed, samples = DEFAULT_SAMPLES, block }: DrawOptions): Histories {
  const mean = block ?? blockLengthOfReturns(returns);
  const random = randomOf(seed, 'histories');
  const drawn = new Float64Array(returns.length);
  const paths = Array.from({ length: samples }, () => {
    fillBlocks(random, returns, mean, drawn);
    return pathOf(drawn);
  });
  return { length: returns.length, block: mean, paths };
}

/** The middle part of values. Null of nothing. */
export function intervalOf(values: ArrayLike<number>, confidence: number): Interval | null {
  const sorted = ascending(values);
  const [low, median, high] = [quantile(sorted, (1 - confidence) / 2), quantile(sorted, 0.5), quantile(sorted, (1 + confidence) / 2)];
  return low === null || median === null || high === null ? null : { low, median, high };
}

/** Below this part of the mean square, variance is rounding. */
const NOISE = 1e-18;

/**
 * Percentile intervals (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13) of Sharpe ratio (risk-free rate 0), CAGR, total return and maximum drawdown over
 * drawn histories. Null with fewer than 20 returns a history.
 */
export function intervalsOf({ length, block, paths }: Histories, { confidence = 0.95, periodsPerYear = TRADING_DAYS_PER_YEAR }: IntervalOptions = {}): BootstrapIntervals | null {
  if (length < FEWEST_RETURNS) return null;
  const over = (of: (path: PathFigures) => number): Interval | null => intervalOf(paths.map(of), confidence);
  const [cagr, totalReturn, maxDrawdown] = [over(({ growth }) => (growth > 0 ? growth ** (periodsPerYear / length) : 0) - 1), over(({ growth }) => growth - 1), over(({ deepest }) => deepest)];
  if (cagr === null || totalReturn === null || maxDrawdown === null) return null;
  const ratios = paths.filter(({ mean, variance }) => variance > NOISE * mean * mean).map(({ mean, variance }) => (mean / Math.sqrt(variance)) * Math.sqrt(periodsPerYear));
  return { samples: paths.length, block, confidence, cagr, totalReturn, maxDrawdown, sharpe: intervalOf(ratios, confidence), chanceOfLoss: paths.filter(({ growth }) => growth < 1).length / paths.length };
}

/** Draws histories and gives their intervals. */
export function bootstrapIntervals(returns: Float64Array, options: DrawOptions & IntervalOptions): BootstrapIntervals | null {
  return returns.length < FEWEST_RETURNS ? null : intervalsOf(drawHistories(returns, options), options);
}
