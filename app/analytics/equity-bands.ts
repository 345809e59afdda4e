/** Bands of the equity that could have been: the same days drawn in other blocks, step by step. */
import { randomOf } from '#app/domain/random.ts';
import { blockLengthOfReturns } from './block-length.ts';
import { FEWEST_RETURNS, fillBlocks } from './bootstrap.ts';
import { ascending, quantile } from './quantile.ts';

/** `seed` decides everything. `start`: dollars at the beginning. `block`: mean length in days, by Politis and White when it is not given. */
export type BandOptions = { readonly seed: number; readonly start: number; readonly draws?: number; readonly block?: number };

/**
 * Dollars below which 5, 25, 50, 75 and 95 percent of the draws lie, at each of `at` (0 = the beginning, 1 = the end). `maxDrawdown`: fractions <= 0, `p5` the deepest. `lossPart`: draws that end
 * below the start; `ruinPart`: draws that fall by `ruinFall` of their peak at some time.
 */
export type EquityBands = {
  readonly draws: number; readonly block: number; readonly at: readonly number[]; readonly p5: readonly number[]; readonly p25: readonly number[]; readonly p50: readonly number[]; readonly p75: readonly number[]; readonly p95: readonly number[];
  readonly maxDrawdown: { readonly p5: number; readonly p50: number; readonly p95: number }; readonly lossPart: number; readonly ruinPart: number; readonly ruinFall: number;
};

const DRAWS = 1_000;
const FEWEST_DRAWS = 200;
const MOST_RETURNS_DRAWN = 4_000_000;
/** Steps of the picture, beside its beginning. */
const STEPS = 120;
/** Half of everything that it had: few go on after that. */
const RUIN_FALL = 0.5;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** The days after which the bands are told; the last day among them. */
function stepsOf(days: number): number[] {
  const count = Math.min(STEPS, days);
  return Array.from({ length: count }, (_none, n) => Math.round(((n + 1) * days) / count));
}

/** Writes the growth of one path at each step into its columns; returns its deepest fall, a fraction <= 0. What is lost stays lost. */
function walk(returns: Float64Array, steps: readonly number[], growths: readonly Float64Array[], draw: number): number {
  let [growth, peak, deepest, next] = [1, 1, 0, 0];
  for (let day = 0; day < returns.length; day += 1) {
    growth = Math.max(0, growth * (1 + (returns[day] ?? 0)));
    if (growth > peak) peak = growth;
    else if (growth / peak - 1 < deepest) deepest = growth / peak - 1;
    if (steps[next] !== day + 1) continue;
    const column = growths[next];
    if (column !== undefined) column[draw] = growth;
    next += 1;
  }
  return deepest;
}

/**
 * Draws paths by the stationary block bootstrap (D. Politis, J. Romano, "The Stationary Bootstrap", Journal of the American Statistical Association 89(428), 1994), which keeps what days next to each
 * other have to do with one another. `returns`: simple returns a day, fractions. Null with fewer than 20: five good days would never lose.
 * Worked: 20 days of 1 % each give 1.01^20 = 1.2202 times the start at the end, in each band; no draw loses.
 */
export function equityBands(returns: Float64Array, { seed, start, draws, block }: BandOptions): EquityBands | null {
  const { length } = returns;
  if (length < FEWEST_RETURNS) return null;
  const count = draws ?? Math.max(FEWEST_DRAWS, Math.min(DRAWS, Math.floor(MOST_RETURNS_DRAWN / length)));
  const mean = block ?? blockLengthOfReturns(returns);
  const random = randomOf(seed, 'bands');
  const steps = stepsOf(length);
  const growths = steps.map(() => new Float64Array(count));
  const falls = new Float64Array(count);
  const drawn = new Float64Array(length);
  for (let draw = 0; draw < count; draw += 1) {
    fillBlocks(random, returns, mean, drawn);
    falls[draw] = walk(drawn, steps, growths, draw);
  }
  const ends = growths.at(-1) ?? new Float64Array(0);
  const sorted = growths.map(ascending);
  const band = (part: number): number[] => [start, ...sorted.map((column) => (quantile(column, part) ?? 1) * start)];
  const [p5, p25, p50, p75, p95] = QUANTILES.map(band) as [number[], number[], number[], number[], number[]];
  const fallsSorted = ascending(falls);
  const fall = (part: number): number => quantile(fallsSorted, part) ?? 0;
  const share = (column: Float64Array, isMeant: (value: number) => boolean): number => column.filter(isMeant).length / count;
  return {
    draws: count, block: mean, at: [0, ...steps.map((day) => day / length)], p5, p25, p50, p75, p95, maxDrawdown: { p5: fall(0.05), p50: fall(0.5), p95: fall(0.95) },
    lossPart: share(ends, (growth) => growth < 1), ruinPart: share(falls, (value) => value <= -RUIN_FALL), ruinFall: RUIN_FALL,
  };
}
