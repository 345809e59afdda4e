/** Walk-forward: parameters are chosen on one stretch of time and tried on the next, which they have not seen. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { coordinatesOf, type AxisValue, type Space } from './space.ts';

/**
 * `anchored`: the first stretch always begins at the beginning and grows; `rolling`: it moves along. By share: so many windows, of which `outPart` of a rolling one (in-sample and out-of-sample) is out
 * of sample. By bars: as many windows as fit, the last one ending with the last bar.
 */
export type WalkForwardPlan = { readonly kind: 'anchored' | 'rolling' } & ({ readonly folds: number; readonly outPart: number } | { readonly inBars: number; readonly outBars: number });

/** One window. `inFrom` <= bars of the choice < `outFrom` <= bars of the trial < `outTo`: epoch ms of opens; what an indicator needs to warm up is taken from before the window. */
export type Fold = { readonly inFrom: number; readonly outFrom: number; readonly outTo: number; readonly inBars: number; readonly outBars: number };

const MAX_FOLDS = 200;
/** Fewer bars tell nothing. */
const MIN_BARS = 20;

type Sizes = { readonly folds: number; readonly inBars: number; readonly outBars: number };

/** Bars of each out-of-sample stretch, of the first in-sample one, and how many windows there are. */
function sizesOf(plan: WalkForwardPlan, bars: number): Sizes {
  const refuse = (what: string): never => {
    throw new AppError('INPUT_INVALID', `The walk-forward cannot be made: ${what}`);
  };
  const isWithin = (count: number): boolean => Number.isInteger(count) && count >= MIN_BARS;
  if ('inBars' in plan) {
    const { inBars, outBars } = plan;
    if (!isWithin(inBars) || !isWithin(outBars)) refuse(`each stretch has at least ${MIN_BARS} bars, a whole number`);
    const folds = Math.floor((bars - inBars) / outBars);
    return folds >= 1 && folds <= MAX_FOLDS ? { folds, inBars, outBars } : refuse(`${bars} bars make ${Math.max(0, folds)} windows of ${inBars} and ${outBars} bars, not 1 to ${MAX_FOLDS}`);
  }
  const { folds, outPart } = plan;
  if (!Number.isInteger(folds) || folds < 1 || folds > MAX_FOLDS) refuse(`1 to ${MAX_FOLDS} windows, not ${folds}`);
  if (!(outPart > 0 && outPart < 1)) refuse('the part out of sample lies between 0 and 1');
  const outBars = Math.floor(bars / (folds + (1 - outPart) / outPart));
  const inBars = bars - folds * outBars;
  return isWithin(outBars) && isWithin(inBars) ? { folds, inBars, outBars } : refuse(`${bars} bars are too few for ${folds} windows: at least ${MIN_BARS} in each stretch`);
}

/** How many windows a plan makes of so many bars. @throws AppError INPUT_INVALID as `foldsOf` */
export function foldCount(plan: WalkForwardPlan, bars: number): number {
  return sizesOf(plan, bars).folds;
}

/**
 * Windows over the bars of a clock (opens, epoch ms, rising). Out-of-sample stretches are of equal length L = floor(n / (folds + (1 - p) / p)), follow on each other and end with the last bar;
 * the first in-sample stretch has what is left, at least L (1 - p) / p bars (by bars: its own number, counted back from the first out-of-sample bar). Worked: 1,000 bars, 5 folds, p = 0.25: L = floor(1000 / 8) = 125; the first choice is made on 375 bars.
 * @throws AppError INPUT_INVALID for a plan that is none, or bars too few for it
 */
export function foldsOf(opens: Float64Array, plan: WalkForwardPlan): readonly Fold[] {
  const bars = opens.length;
  const { folds, outBars, inBars } = sizesOf(plan, bars);
  const first = bars - folds * outBars;
  const openAt = (bar: number): number => {
    const open = opens[bar];
    invariant(open !== undefined, 'A window lies outside of the bars', { bar });
    return open;
  };
  return Array.from({ length: folds }, (_none, fold): Fold => {
    const out = first + fold * outBars;
    const begin = plan.kind === 'anchored' ? 0 : out - inBars;
    const end = out + outBars;
    return { inFrom: openAt(begin), outFrom: openAt(out), outTo: end === bars ? openAt(bars - 1) + 1 : openAt(end), inBars: out - begin, outBars };
  });
}

/** A stretch out of sample: closes of its steps (epoch ms) and equity at them, dollars; `cash` at its beginning. */
export type OutOfSample = { readonly time: Float64Array; readonly equity: Float64Array; readonly cash: number };

/**
 * The stretches as one curve: each begins with what the one before ended with, so returns are chained and dollars are not added up. Begins with the cash of the first, at its first step's value.
 * What is open at the end of a stretch is marked at its last close and not carried over. Nothing grows out of nothing: where a stretch ends
 * at 0 or below, all that follow stay there. @throws AppError INVARIANT_BROKEN when time goes backwards
 */
export function chain(parts: readonly OutOfSample[]): OutOfSample {
  const length = parts.reduce((sum, part) => sum + part.time.length, 0);
  const time = new Float64Array(length);
  const equity = new Float64Array(length);
  const cash = parts[0]?.cash ?? 0;
  let scale = 1;
  let at = 0;
  let ruin: number | null = null;
  for (const part of parts) {
    const grown = (scale * cash) / part.cash;
    for (let step = 0; step < part.time.length; step += 1) {
      invariant(at === 0 || (part.time[step] ?? NaN) > (time[at - 1] ?? NaN), 'The windows of a walk-forward overlap', { at });
      time[at] = part.time[step] ?? NaN;
      equity[at] = ruin ?? (part.equity[step] ?? NaN) * grown;
      at += 1;
    }
    scale *= (part.equity[part.equity.length - 1] ?? part.cash) / part.cash;
    if (scale <= 0) ruin ??= scale * cash;
  }
  return { time, equity, cash };
}

/**
 * Mean figure out of sample / mean figure in sample (R. Pardo, "The Evaluation and Optimization of Trading Strategies", 2nd ed. 2008, p. 239, of yearly returns): 1 = nothing was lost, below 0.5 the
 * choice was mostly luck. Windows where one of the two is not known, or has no end (a profit factor without a loss), are left out. Null when none is left or the mean in sample is not above 0.
 * Worked: in sample 0.3 and 0.1, out of sample 0.15 and 0.05: 0.1 / 0.2 = 0.5.
 */
export function efficiency(pairs: readonly (readonly [inSample: number, outOfSample: number])[]): number | null {
  const known = pairs.filter(([inside, outside]) => Number.isFinite(inside) && Number.isFinite(outside));
  const inside = known.reduce((sum, [value]) => sum + value, 0);
  const outside = known.reduce((sum, [, value]) => sum + value, 0);
  return known.length === 0 || !(inside > 0) ? null : outside / inside;
}

/** How a parameter moved over the windows. `values`: what was chosen, in order; `stability`: 1 = always the same; `isAtEdge`: chosen at an end of its range in at least half of the windows: the range is too narrow. */
export type ParameterPath = { readonly name: string; readonly values: readonly AxisValue[]; readonly stability: number; readonly isAtEdge: boolean };

/**
 * The paths of all searched parameters. Stability of an ordered axis of m values: 1 - mean |step from one window to the next| / (m - 1); of words: share of windows that keep the word of the one before.
 * Worked: places 2, 4, 3 among 5: 1 - ((2 + 1) / 2) / 4 = 0.625. One window, or one value: 1.
 */
export function parameterPaths(space: Space, chosen: readonly number[]): readonly ParameterPath[] {
  const places = chosen.map((point) => coordinatesOf(space, point));
  return space.axes.map((axis, at): ParameterPath => {
    const path = places.map((coordinates) => coordinates[at] ?? 0);
    const last = axis.values.length - 1;
    const moves = path.slice(1).map((place, n) => (axis.isOrdered ? Math.abs(place - (path[n] ?? 0)) / Math.max(1, last) : place === path[n] ? 0 : 1));
    const moved = moves.length === 0 ? 0 : moves.reduce((sum, move) => sum + move, 0) / moves.length;
    const atEdge = path.filter((place) => place === 0 || place === last).length;
    return { name: axis.name, values: path.map((place) => axis.values[place] ?? NaN), stability: 1 - moved, isAtEdge: axis.isOrdered && last > 1 && path.length > 0 && 2 * atEdge >= path.length };
  });
}
