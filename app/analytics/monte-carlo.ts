/** Monte Carlo over what has happened: round trips in another order, days in other blocks. */
import { randomOf } from '#app/domain/random.ts';
import { blockLengthOfReturns } from './block-length.ts';
import { drawBlocks, pathOf, type PathFigures } from './bootstrap.ts';
import { ascending, quantile } from './quantile.ts';

/** `seed` decides everything; 1,000 paths when they are not given. */
export type MonteCarloOptions = { readonly seed: number; readonly paths?: number };

/** Five quantiles of the paths. */
export type Spread = { readonly p05: number; readonly p25: number; readonly p50: number; readonly p75: number; readonly p95: number };

/** What the paths came to. Fractions. `chanceOfLoss`: part of the paths that ended below their start; `chanceOfDeeper`: part with a deeper fall than what happened, `observed`. */
export type MonteCarlo = { readonly paths: number; readonly totalReturn: Spread; readonly maxDrawdown: Spread; readonly chanceOfLoss: number; readonly chanceOfDeeper: number; readonly observed: { readonly totalReturn: number; readonly maxDrawdown: number } };

const DEFAULT_PATHS = 1_000;

function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  const at = (p: number): number => quantile(sorted, p) ?? 0;
  return { p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) };
}

function summarise(paths: readonly PathFigures[], observed: PathFigures): MonteCarlo {
  const share = (of: (path: PathFigures) => boolean): number => paths.filter(of).length / paths.length;
  return {
    paths: paths.length, totalReturn: spreadOf(paths.map(({ growth }) => growth - 1)), maxDrawdown: spreadOf(paths.map(({ deepest }) => deepest)),
    chanceOfLoss: share(({ growth }) => growth < 1), chanceOfDeeper: share(({ deepest }) => deepest < observed.deepest), observed: { totalReturn: observed.growth - 1, maxDrawdown: observed.deepest },
  };
}

/** What each round trip did to the equity that it began with: profit / equity before its entry. `equityBefore` > 0 in dollars. tripReturns([50, -10], [1000, 500]) = 0.05, -0.02. */
export function tripReturns(profits: ArrayLike<number>, equityBefore: ArrayLike<number>): Float64Array {
  return Float64Array.from(profits, (profit, n) => ((equityBefore[n] ?? 0) > 0 ? profit / (equityBefore[n] ?? 1) : 0));
}

function asItWas(returns: Float64Array): PathFigures {
  return pathOf(returns.length, (take) => returns.forEach(take));
}

/**
 * The same round trips in random orders, compounded as returns (never as dollars, which would let late profits pay for early losses). `shuffle`: each trip once, so that only the way
 * differs, never the end (R. Fisher and F. Yates, 1938); `draw`: trips drawn with replacement, as if the next ones came from the same urn. Trips that overlapped are taken one after
 * the other. Null with fewer than two.
 */
export function reorderTrips(returns: Float64Array, kind: 'shuffle' | 'draw', { seed, paths = DEFAULT_PATHS }: MonteCarloOptions): MonteCarlo | null {
  const { length } = returns;
  if (length < 2) return null;
  const random = randomOf(seed, 'trips', kind);
  const deck = Float64Array.from(returns);
  const shuffle = (take: (value: number) => void): void => {
    for (let n = length - 1; n >= 0; n -= 1) {
      const other = Math.floor(random.next() * (n + 1));
      const drawn = deck[other] ?? 0;
      deck[other] = deck[n] ?? 0;
      deck[n] = drawn;
      take(drawn);
    }
  };
  const draw = (take: (value: number) => void): void => {
    for (let n = 0; n < length; n += 1) take(returns[Math.floor(random.next() * length)] ?? 0);
  };
  return summarise(Array.from({ length: paths }, () => pathOf(length, kind === 'shuffle' ? shuffle : draw)), asItWas(returns));
}

/** Days in blocks (the stationary bootstrap of bootstrap.ts), as paths. `block`: mean length in days, by Politis and White when it is not given. Null with fewer than two days. */
export function resampleDays(returns: Float64Array, { seed, paths = DEFAULT_PATHS, block }: MonteCarloOptions & { readonly block?: number }): MonteCarlo | null {
  const { length } = returns;
  if (length < 2) return null;
  const random = randomOf(seed, 'days');
  const mean = block ?? blockLengthOfReturns(returns);
  return summarise(Array.from({ length: paths }, () => pathOf(length, (take) => drawBlocks(random, length, mean, (index) => take(returns[index] ?? 0)))), asItWas(returns));
}
