/** Falls of a curve from peak to recovery: each with its dates, and their averages. */
import { DAY_MS } from '#app/domain/time.ts';

/** One fall. `fall` a fraction < 0; instants in epoch ms; `recoveredAt` null while the peak has not been reached again; `days`, `steps`: calendar days and steps of the curve (bars) from the peak to the recovery, or to the end of the curve. */
export type Drawdown = { readonly fall: number; readonly peakAt: number; readonly valleyAt: number; readonly recoveredAt: number | null; readonly days: number; readonly steps: number };

/** A fall by the steps of its curve; -1 = the start before the first step; `end` null while there is no recovery. */
export type FallSteps = { readonly fall: number; readonly peak: number; readonly valley: number; readonly end: number | null };

/** Gives a fall its dates. `from`: the instant of the start (step -1). */
export function datedFall({ fall, peak, valley, end }: FallSteps, time: ArrayLike<number>, from: number): Drawdown {
  const at = (step: number): number => (step < 0 ? from : (time[step] ?? from));
  const over = end ?? time.length - 1;
  return { fall, peakAt: at(peak), valleyAt: at(valley), recoveredAt: end === null ? null : at(end), days: (at(over) - at(peak)) / DAY_MS, steps: over - peak };
}

/**
 * All falls of a curve in order of time: from the last point at a peak to the first that reaches it again. `start`: the value before the first step.
 * fallsFrom(100, [120, 90, 120, 110]) = one of -0.25 from step 0 to step 2, one of -0.083 from step 2 that is open.
 */
export function fallsFrom(start: number, equity: ArrayLike<number>): FallSteps[] {
  const falls: FallSteps[] = [];
  let [peak, peakStep, trough, troughStep] = [start, -1, start, -1];
  for (let n = 0; n < equity.length; n += 1) {
    const value = equity[n] ?? 0;
    if (value >= peak) {
      if (trough < peak) falls.push({ fall: trough / peak - 1, peak: peakStep, valley: troughStep, end: n });
      [peak, peakStep, trough, troughStep] = [value, n, value, n];
    } else if (value < trough) [trough, troughStep] = [value, n];
  }
  if (trough < peak) falls.push({ fall: trough / peak - 1, peak: peakStep, valley: troughStep, end: null });
  return falls;
}

/** Means and maxima over falls: `averageFall` a fraction < 0, calendar days. Null where there was none. Falls of -0.25 over 10 days and -0.05 over 2: -0.15, 6 days, longest 10. */
export function summariseFalls(falls: readonly Drawdown[]): { readonly averageFall: number | null; readonly averageDays: number | null; readonly longestDays: number } {
  const { length } = falls;
  const sum = (of: (fall: Drawdown) => number): number => falls.reduce((total, fall) => total + of(fall), 0);
  return {
    averageFall: length === 0 ? null : sum((each) => each.fall) / length, averageDays: length === 0 ? null : sum((each) => each.days) / length,
    longestDays: falls.reduce((longest, each) => Math.max(longest, each.days), 0),
  };
}
