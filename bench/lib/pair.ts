/** The paired timer: two functions in turn (A B B A ...), so that whatever else the machine does is done to both. */
import { quantile } from './measure.ts';

/** What came of a pair. Times are milliseconds of one call, the best round of each; `best` = a / b by these, the others of the ratios round by round. */
export type Pair = { readonly a: number; readonly b: number; readonly best: number; readonly median: number; readonly p10: number; readonly p90: number; readonly ratios: readonly number[] };

/** `rounds`: pairs of rounds; `minMs`: least length of a round. */
export type PairOptions = { readonly rounds?: number; readonly minMs?: number };

const TEN_PERCENT = 0.1;

/** Milliseconds of one call, over so many calls. */
function round(run: () => unknown, calls: number): number {
  const start = performance.now();
  for (let n = 0; n < calls; n += 1) run();
  return (performance.now() - start) / calls;
}

/** Calls that fill a round, found after a warm-up. */
function callsFor(run: () => unknown, minMs: number): number {
  round(run, 2);
  const one = Math.max(1e-4, Math.min(round(run, 1), round(run, 1)));
  return Math.max(1, Math.ceil(minMs / one));
}

/** Times `a` against `b`. Gate on `best`: the least disturbed round of each. */
export function pair(a: () => unknown, b: () => unknown, { rounds = 9, minMs = 20 }: PairOptions = {}): Pair {
  const [callsA, callsB] = [callsFor(a, minMs), callsFor(b, minMs)];
  const timesA: number[] = [];
  const timesB: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    if (n % 2 === 0) timesA.push(round(a, callsA));
    timesB.push(round(b, callsB));
    if (n % 2 === 1) timesA.push(round(a, callsA));
  }
  const ratios = timesA.map((time, n) => time / (timesB[n] ?? NaN));
  const [bestA, bestB] = [Math.min(...timesA), Math.min(...timesB)];
  return { a: bestA, b: bestB, best: bestA / bestB, median: quantile(ratios, 0.5), p10: quantile(ratios, TEN_PERCENT), p90: quantile(ratios, 1 - TEN_PERCENT), ratios };
}
