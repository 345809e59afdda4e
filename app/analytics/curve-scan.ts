/** One walk over an equity curve of any length: what a picture of it needs, its deepest falls, its mean. */
import { invariant } from '#app/domain/errors.ts';
import type { FallSteps } from './drawdowns.ts';

/** What the walk found. Steps are indices into the curve. */
export type CurveScan = {
  /** Of every stretch the steps of its lowest and highest point, in order of time, and the last step. */ readonly line: readonly number[];
  /** Of every stretch its deepest fall and where that was. */ readonly fallSteps: readonly number[]; readonly falls: readonly number[];
  /** Deepest first. */ readonly deepest: readonly FallSteps[];
  /** Dollars. */ readonly meanEquity: number;
};

/** How many falls are kept, and into how many stretches a picture is cut. */
const KEPT_FALLS = 5;
const STRETCHES = 600;

function keep(deepest: FallSteps[], found: FallSteps): void {
  const place = deepest.findIndex((known) => found.fall < known.fall);
  if (place === -1 && deepest.length === KEPT_FALLS) return;
  deepest.splice(place === -1 ? deepest.length : place, 0, found);
  if (deepest.length > KEPT_FALLS) deepest.pop();
}

/** Walks over the curve. `start`: the value before its first step, above 0. @throws AppError INVARIANT_BROKEN when a point is not a number or the start is not above 0. */
export function scanCurve(equity: Float64Array, start: number): CurveScan {
  invariant(start > 0, 'A curve starts with an equity above 0', { start });
  const { length } = equity;
  const width = Math.max(1, Math.ceil(length / STRETCHES));
  const line: number[] = [];
  const fallSteps: number[] = [];
  const falls: number[] = [];
  const deepest: FallSteps[] = [];
  let [sum, peak, peakStep, trough, troughStep] = [0, start, -1, start, -1];
  for (let begin = 0; begin < length; begin += width) {
    const end = Math.min(length, begin + width);
    let [low, lowStep, high, highStep] = [Infinity, begin, -Infinity, begin];
    let [fall, fallStep, dip, dipStep] = [0, end - 1, Infinity, begin];
    for (let n = begin; n < end; n += 1) {
      const value = equity[n] ?? 0;
      sum += value;
      if (value >= peak) {
        if (dip < trough) [trough, troughStep] = [dip, dipStep];
        if (dip < peak && dip / peak - 1 < fall) [fall, fallStep] = [dip / peak - 1, dipStep];
        if (trough < peak) keep(deepest, { fall: trough / peak - 1, peak: peakStep, valley: troughStep, end: n });
        peak = value;
        peakStep = n;
        trough = value;
        dip = Infinity;
      } else if (value < dip) {
        dip = value;
        dipStep = n;
      }
      if (value > high) {
        high = value;
        highStep = n;
      }
      if (value < low) {
        low = value;
        lowStep = n;
      }
    }
    if (dip < trough) [trough, troughStep] = [dip, dipStep];
    if (dip < peak && dip / peak - 1 < fall) [fall, fallStep] = [dip / peak - 1, dipStep];
    line.push(Math.min(lowStep, highStep));
    if (lowStep !== highStep) line.push(Math.max(lowStep, highStep));
    fallSteps.push(fallStep);
    falls.push(fall);
  }
  if (trough < peak) keep(deepest, { fall: trough / peak - 1, peak: peakStep, valley: troughStep, end: null });
  if (length > 0 && line[line.length - 1] !== length - 1) line.push(length - 1);
  invariant(Number.isFinite(sum), 'Every point of a curve is a number');
  return { line, fallSteps, falls, deepest, meanEquity: length === 0 ? start : sum / length };
}
