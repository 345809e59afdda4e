/** Up and down capture. */
import { expectedReturn } from './expected-return.ts';

function capture(returns: ArrayLike<number>, benchmark: ArrayLike<number>, isCounted: (benchmark: number) => boolean): number | null {
  const counted = Array.from(benchmark, (_value, n) => n).filter((n) => isCounted(benchmark[n] ?? 0));
  const own = expectedReturn(counted.map((n) => returns[n] ?? 0));
  const its = expectedReturn(counted.map((n) => benchmark[n] ?? 0));
  return own === null || its === null || its === 0 ? null : own / its;
}

/** Geometric mean return over the periods in which the benchmark rose / that of the benchmark, without unit (Morningstar, "Upside and Downside Capture Ratio"; months). Null without such a period. upCapture([0.02, -0.01], [0.01, -0.02]) = 2. */
export function upCapture(returns: ArrayLike<number>, benchmark: ArrayLike<number>): number | null {
  return capture(returns, benchmark, (value) => value > 0);
}

/** The same over the periods in which the benchmark fell: below 1 less was lost than by the benchmark. downCapture([0.02, -0.01], [0.01, -0.02]) = 0.5. */
export function downCapture(returns: ArrayLike<number>, benchmark: ArrayLike<number>): number | null {
  return capture(returns, benchmark, (value) => value < 0);
}
