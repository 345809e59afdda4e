/** Minimum length of a back-test. */
import { expectedBestSharpe } from './deflated-sharpe.ts';

/**
 * Years of history below which the best of N trials without skill is expected to show this yearly Sharpe ratio by luck: (((1 - g) z(1 - 1/N) + g z(1 - 1/(N e))) / SR)^2, g = 0.5772
 * (D. Bailey, J. Borwein, M. Lopez de Prado, Q. J. Zhu, "Pseudo-Mathematics and Financial Charlatanism", Notices of the AMS 61(5), 2014, theorem 1). 0 for one trial.
 * Null when the ratio is not above 0. minimumBacktestYears(45, 1) = 4.998087: with five years of data no more than 45 trials should be made.
 */
export function minimumBacktestYears(trials: number, yearlySharpe: number): number | null {
  return yearlySharpe > 0 ? (expectedBestSharpe({ count: trials, variance: 1 }) / yearlySharpe) ** 2 : null;
}
