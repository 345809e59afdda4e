/** Highest high and lowest low of a window as whole columns, without a branch that the processor could guess wrong: three comparisons a bar, whatever the window. */
import { invariant } from '#app/domain/errors.ts';
import { checkPeriod } from './period.ts';

/** Highs and lows to look at. */
export type RangeSource = { readonly high: Float64Array; readonly low: Float64Array };
/** Columns to write into, at least as long, and none of them one that is read. */
export type RangeOut = { readonly top: Float64Array; readonly bottom: Float64Array };

/**
 * The larger of a and b is a + (d + |d|) / 2 with d = b - a. That is b to the last bit when d is exact, and d is exact when neither number is more than twice the other
 * (P. H. Sterbenz, Floating-Point Computation, 1974, 4.3). Blocks in which prices lie further apart are done by comparing.
 */
const SAFE_RATIO = 1.9;

/**
 * Where the scan stands: `highs` and `lows` have the best from each place of the block before to its end (and, at `size`, a number that never wins); `most` and `least` are
 * the extremes of the block in hand.
 */
type Scan = { readonly source: RangeSource; readonly out: RangeOut; readonly highs: Float64Array; readonly lows: Float64Array; most: number; least: number };

/** The best so far of this block joined with what is left of the one before: the window of each bar. */
function forwardFast(scan: Scan, from: number, to: number): void {
  const { source: { high, low }, out: { top, bottom }, highs, lows } = scan;
  let most = high[from] ?? NaN;
  let least = low[from] ?? NaN;
  for (let i = from, rest = 1; i < to; i += 1, rest += 1) {
    const up = (high[i] ?? NaN) - most;
    most += (up + Math.abs(up)) * 0.5;
    const down = least - (low[i] ?? NaN);
    least -= (down + Math.abs(down)) * 0.5;
    const before = (highs[rest] ?? NaN) - most;
    top[i] = most + (before + Math.abs(before)) * 0.5;
    const below = least - (lows[rest] ?? NaN);
    bottom[i] = least - (below + Math.abs(below)) * 0.5;
  }
  scan.most = most;
  scan.least = least;
}

/** The best from each place to the end of the block, for the next one. */
function backwardFast({ source: { high, low }, highs, lows }: Scan, from: number, size: number): void {
  let most = high[from + size - 1] ?? NaN;
  let least = low[from + size - 1] ?? NaN;
  for (let place = size - 1, i = from + size - 1; place >= 0; place -= 1, i -= 1) {
    const up = (high[i] ?? NaN) - most;
    most += (up + Math.abs(up)) * 0.5;
    const down = least - (low[i] ?? NaN);
    least -= (down + Math.abs(down)) * 0.5;
    highs[place] = most;
    lows[place] = least;
  }
}

/** Both of the above by comparing. */
function forward({ source: { high, low }, out: { top, bottom }, highs, lows }: Scan, from: number, to: number): void {
  let most = -Infinity;
  let least = Infinity;
  for (let i = from, rest = 1; i < to; i += 1, rest += 1) {
    most = Math.max(most, high[i] ?? NaN);
    least = Math.min(least, low[i] ?? NaN);
    top[i] = Math.max(most, highs[rest] ?? NaN);
    bottom[i] = Math.min(least, lows[rest] ?? NaN);
  }
}

function backward({ source: { high, low }, highs, lows }: Scan, from: number, size: number): void {
  let most = -Infinity;
  let least = Infinity;
  for (let place = size - 1, i = from + size - 1; place >= 0; place -= 1, i -= 1) {
    highs[place] = most = Math.max(most, high[i] ?? NaN);
    lows[place] = least = Math.min(least, low[i] ?? NaN);
  }
}

/** Whether all prices of a block and of the one before lie close enough together; not when one is missing or not above 0. */
const isSafe = (most: number, least: number): boolean => least > 0 && most <= SAFE_RATIO * least;

/**
 * Writes the highest high and the lowest low of the last `size` bars, NaN before index `size` - 1 (M. van Herk, Pattern Recognition Letters 13:7, 1992: blocks of `size`, scanned
 * both ways). Over 2 of high 10, 12, 11, low 8, 9, 7 it gives top NaN, 12, 12 and bottom NaN, 8, 7.
 * @throws AppError INVARIANT_BROKEN for a size outside 1..5,000 or columns that do not fit
 */
export function rangeColumns(source: RangeSource, size: number, out: RangeOut): void {
  checkPeriod(size);
  const { length } = source.high;
  invariant(source.low.length === length && out.top.length >= length && out.bottom.length >= length, 'The columns of a range do not fit', { length });
  const [highs, lows] = [new Float64Array(size + 1).fill(source.high[0] ?? NaN), new Float64Array(size + 1).fill(source.low[0] ?? NaN)];
  const scan: Scan = { source, out, highs, lows, most: -Infinity, least: Infinity };
  for (let from = 0; from < length; from += size) {
    const to = Math.min(from + size, length);
    const [mostBefore, leastBefore] = [scan.most, scan.least];
    // Of a block that is done nothing is left after its last bar: a bar of this one is no more than this one's best.
    highs[size] = source.high[from] ?? NaN;
    lows[size] = source.low[from] ?? NaN;
    forwardFast(scan, from, to);
    // Both extremes are right to the last bit or nearly: enough to see whether the block, with the one before, was done rightly.
    const safe = isSafe(Math.max(scan.most, mostBefore), Math.min(scan.least, leastBefore));
    if (!safe) forward(scan, from, to);
    if (from === 0) {
      out.top.fill(NaN, 0, Math.min(size - 1, length));
      out.bottom.fill(NaN, 0, Math.min(size - 1, length));
    }
    if (to - from < size) return;
    if (safe) backwardFast(scan, from, size);
    else backward(scan, from, size);
  }
}
