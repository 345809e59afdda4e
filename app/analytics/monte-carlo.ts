/** Monte Carlo over what has happened: round trips in another order, days in other blocks. */
import { randomOf } from '#app/domain/random.ts';
import { FEWEST_RETURNS, pathOf, type Histories, type PathFigures } from './bootstrap.ts';
import { ascending, quantile } from './quantile.ts';

/** `seed` decides everything; 1,000 paths when they are not given, fewer of very many trips (four million draws, but 200 paths at least). */
export type MonteCarloOptions = { readonly seed: number; readonly paths?: number };

/** Five quantiles of the paths. */
export type Spread = { readonly p05: number; readonly p25: number; readonly p50: number; readonly p75: number; readonly p95: number };

/** What the paths came to. Fractions. `chanceOfLoss`: part of the paths that ended below their start; `chanceOfDeeper`: part with a deeper fall than what happened, `observed`. */
export type MonteCarlo = {
  readonly paths: number; readonly totalReturn: Spread; readonly maxDrawdown: Spread; readonly chanceOfLoss: number; readonly chanceOfDeeper: number; readonly observed: { readonly totalReturn: number; readonly maxDrawdown: number };
};

const DEFAULT_PATHS = 1_000;
const FEWEST_PATHS = 200;
const MOST_DRAWS = 4_000_000;

function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  const at = (p: number): number => quantile(sorted, p) ?? 0;
  return { p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) };
}

/** Rounding moves the fall of the very same order by this part. */
const SAME = 1e-12;

function summarise(paths: readonly PathFigures[], observed: PathFigures): MonteCarlo {
  const share = (of: (path: PathFigures) => boolean): number => paths.filter(of).length / paths.length;
  return {
    paths: paths.length, totalReturn: spreadOf(paths.map(({ growth }) => growth - 1)), maxDrawdown: spreadOf(paths.map(({ deepest }) => deepest)),
    chanceOfLoss: share(({ growth }) => growth < 1), chanceOfDeeper: share(({ deepest }) => deepest < observed.deepest - SAME), observed: { totalReturn: observed.growth - 1, maxDrawdown: observed.deepest },
  };
}

/** What each round trip did to the equity that it began with: profit / equity before its entry. `equityBefore` > 0 in dollars. tripReturns([50, -10], [1000, 500]) = 0.05, -0.02. */
export function tripReturns(profits: ArrayLike<number>, equityBefore: ArrayLike<number>): Float64Array {
  const returns = new Float64Array(profits.length);
  for (let n = 0; n < profits.length; n += 1) {
    const before = equityBefore[n] ?? 0;
    returns[n] = before > 0 ? (profits[n] ?? 0) / before : 0;
  }
  return returns;
}

/**
 * The same round trips in random orders, compounded as returns (never as dollars, which would let late profits pay for early losses). `shuffle`: each trip once, so that only the way
 * differs, never the end (R. Durstenfeld, "Algorithm 235: Random Permutation", Communications of the ACM 7(7), 1964); `draw`: trips drawn with replacement, as if the next ones came
 * from the same urn. Trips that overlapped are taken one after the other. Null with fewer than two.
 */
export function reorderTrips(returns: Float64Array, kind: 'shuffle' | 'draw', { seed, paths }: MonteCarloOptions): MonteCarlo | null {
  const { length } = returns;
  if (length < 2) return null;
  const random = randomOf(seed, 'trips', kind);
  const deck = Float64Array.from(returns);
  const shuffle = (): void => {
    for (let n = length - 1; n > 0; n -= 1) {
      const other = Math.floor(random.next() * (n + 1));
      const drawn = deck[other] ?? 0;
      deck[other] = deck[n] ?? 0;
      deck[n] = drawn;
    }
  };
  const draw = (): void => {
    for (let n = 0; n < length; n += 1) deck[n] = returns[Math.floor(random.next() * length)] ?? 0;
  };
  const count = paths ?? Math.max(FEWEST_PATHS, Math.min(DEFAULT_PATHS, Math.floor(MOST_DRAWS / length)));
  const found = Array.from({ length: count }, () => {
    if (kind === 'shuffle') shuffle();
    else draw();
    return pathOf(deck);
  });
  return summarise(found, pathOf(returns));
}

/** Days in blocks (drawn by bootstrap.ts), as paths beside the history that happened. Null with fewer than 20 days, as the intervals: five good days would never lose. */
export function resampleDays(returns: Float64Array, { paths }: Histories): MonteCarlo | null {
  return returns.length < FEWEST_RETURNS || paths.length === 0 ? null : summarise(paths, pathOf(returns));
}
