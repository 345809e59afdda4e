/** Probability of backtest overfitting, by combinatorially symmetric cross-validation. */
import { invariant } from '#app/domain/errors.ts';
import { ascending, quantile } from './quantile.ts';

/**
 * What the cross-validation found. `probability`: part of the splits in which the best trial of one half was below the median of the other half. `chanceOfLoss`: part in which it had a
 * Sharpe ratio below 0 there. `slope`: of its Sharpe ratio in the other half over that in its own (below 0: the better it looked, the worse it went on). `medianRank`: 0 worst .. 1 best.
 */
export type Overfitting = { readonly probability: number; readonly chanceOfLoss: number; readonly slope: number | null; readonly medianRank: number; readonly splits: number; readonly blocks: number; readonly trials: number };

const DEFAULT_BLOCKS = 16;

/** Sums per trial and block, trial after trial, and of whole trials. */
type BlockSums = { readonly blocks: number; readonly sum: Float64Array; readonly squares: Float64Array; readonly wholeSum: Float64Array; readonly wholeSquares: Float64Array; readonly counts: readonly number[]; readonly length: number };

function blockSums(trials: readonly Float64Array[], blocks: number): BlockSums {
  const length = trials[0]?.length ?? 0;
  const bounds = Array.from({ length: blocks + 1 }, (_none, block) => Math.floor((block * length) / blocks));
  const [sum, squares] = [new Float64Array(trials.length * blocks), new Float64Array(trials.length * blocks)];
  const [wholeSum, wholeSquares] = [new Float64Array(trials.length), new Float64Array(trials.length)];
  trials.forEach((returns, trial) => {
    for (let block = 0; block < blocks; block += 1) {
      let [total, square] = [0, 0];
      for (let n = bounds[block] ?? 0; n < (bounds[block + 1] ?? 0); n += 1) {
        const value = returns[n] ?? 0;
        total += value;
        square += value * value;
      }
      sum[trial * blocks + block] = total;
      squares[trial * blocks + block] = square;
      wholeSum[trial] = (wholeSum[trial] ?? 0) + total;
      wholeSquares[trial] = (wholeSquares[trial] ?? 0) + square;
    }
  });
  return { blocks, sum, squares, wholeSum, wholeSquares, counts: Array.from({ length: blocks }, (_none, block) => (bounds[block + 1] ?? 0) - (bounds[block] ?? 0)), length };
}

/** Every choice of half of the blocks; the same array is given again and again. */
function* halves(blocks: number): Generator<readonly number[]> {
  const chosen = Array.from({ length: blocks / 2 }, (_none, n) => n);
  for (;;) {
    yield chosen;
    let place = chosen.length - 1;
    while (place >= 0 && (chosen[place] ?? 0) === blocks - chosen.length + place) place -= 1;
    if (place < 0) return;
    chosen[place] = (chosen[place] ?? 0) + 1;
    for (let n = place + 1; n < chosen.length; n += 1) chosen[n] = (chosen[n - 1] ?? 0) + 1;
  }
}

/** Variances below this are what rounding leaves of returns that do not vary. */
const NO_VARIANCE = 1e-18;

/** Sharpe ratio per period out of sums; 0 of returns that do not vary, which neither wins nor loses. */
function ratioOf(sum: number, squares: number, count: number): number {
  const variance = (squares - (sum * sum) / count) / (count - 1);
  return variance > NO_VARIANCE ? sum / count / Math.sqrt(variance) : 0;
}

/** Sharpe ratios of all trials over the chosen blocks, and over the others. */
function ratiosOver(sums: BlockSums, chosen: readonly number[], inside: Float64Array, outside: Float64Array): void {
  const { blocks, sum, squares, wholeSum, wholeSquares, counts, length } = sums;
  const count = chosen.reduce((total, block) => total + (counts[block] ?? 0), 0);
  for (let trial = 0; trial < inside.length; trial += 1) {
    let [total, square] = [0, 0];
    for (let n = 0; n < chosen.length; n += 1) {
      const place = trial * blocks + (chosen[n] ?? 0);
      total += sum[place] ?? 0;
      square += squares[place] ?? 0;
    }
    inside[trial] = ratioOf(total, square, count);
    outside[trial] = ratioOf((wholeSum[trial] ?? 0) - total, (wholeSquares[trial] ?? 0) - square, length - count);
  }
}

function bestOf(ratios: Float64Array): number {
  let best = 0;
  for (let trial = 1; trial < ratios.length; trial += 1) if ((ratios[trial] ?? 0) > (ratios[best] ?? 0)) best = trial;
  return best;
}

/** Relative rank of one among all, ties in the middle: (below + ties / 2 + 1) / (n + 1), between 0 and 1. */
function rankOf(ratios: Float64Array, one: number): number {
  const own = ratios[one] ?? 0;
  let [below, ties] = [0, 0];
  for (let trial = 0; trial < ratios.length; trial += 1) {
    if (trial === one) continue;
    if ((ratios[trial] ?? 0) < own) below += 1;
    else if (ratios[trial] === own) ties += 1;
  }
  return (below + ties / 2 + 1) / (ratios.length + 1);
}

function slopeOf(xs: readonly number[], ys: readonly number[]): number | null {
  const [x, y] = [xs, ys].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  let [together, own] = [0, 0];
  for (let n = 0; n < xs.length; n += 1) {
    const away = (xs[n] ?? 0) - (x ?? 0);
    together += away * ((ys[n] ?? 0) - (y ?? 0));
    own += away * away;
  }
  return own > 0 ? together / own : null;
}

/**
 * Probability of backtest overfitting of a search: the trials' returns (one column each, of the same periods) are cut into `blocks` stretches of time; for every way to choose half of
 * them the best trial there is looked up in the other half (D. Bailey, J. Borwein, M. Lopez de Prado, Q. J. Zhu, "The Probability of Backtest Overfitting", Journal of Computational
 * Finance 20(4), 2017; 2015 on SSRN). About 1/2 for rules without skill; near 0 where the best stays the best. Trials that are all equally good also give 1/2: read it with `chanceOfLoss`.
 * `blocks` even, 2 to 16. @throws AppError INVARIANT_BROKEN for other blocks, columns of several lengths, returns that are no numbers. Null with fewer than two trials or than two periods a block. 12,870 splits of 16 blocks; time grows with splits x trials.
 */
export function overfitting(trials: readonly Float64Array[], blocks: number = DEFAULT_BLOCKS): Overfitting | null {
  invariant(blocks % 2 === 0 && blocks >= 2 && blocks <= DEFAULT_BLOCKS, 'Cross-validation needs an even number of blocks, 2 to 16', { blocks });
  const length = trials[0]?.length ?? 0;
  invariant(trials.every((returns) => returns.length === length), 'The trials have different lengths');
  if (trials.length < 2 || length < 2 * blocks) return null;
  const sums = blockSums(trials, blocks);
  invariant(sums.wholeSquares.every(Number.isFinite), 'Every return of a trial is a number');
  const [inside, outside] = [new Float64Array(trials.length), new Float64Array(trials.length)];
  const [seen, went, ranks]: [number[], number[], number[]] = [[], [], []];
  for (const chosen of halves(blocks)) {
    ratiosOver(sums, chosen, inside, outside);
    const best = bestOf(inside);
    seen.push(inside[best] ?? 0);
    went.push(outside[best] ?? 0);
    ranks.push(rankOf(outside, best));
  }
  const share = (values: readonly number[], isCounted: (value: number) => boolean): number => values.filter(isCounted).length / values.length;
  // A rank of 1/2 is a logit of 0, which counts as overfitted.
  return {
    probability: share(ranks, (rank) => rank <= 0.5), chanceOfLoss: share(went, (ratio) => ratio < 0), slope: slopeOf(seen, went), medianRank: quantile(ascending(ranks), 0.5) ?? 0,
    splits: ranks.length, blocks, trials: trials.length,
  };
}
