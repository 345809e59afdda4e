/** What a round trip is worth on average, and how winners compare to losers. */
import { mean } from './moments.ts';

/** Mean profit of a closed round trip, dollars after fees; null without any. expectancy(30, -10, 5, -5) = 5. */
export function expectancy(profits: ArrayLike<number>): number | null {
  return mean(profits);
}

/** Mean winner / mean loser, without unit; null without a winner or without a loser. payoffRatio(30, -10, 10, -10) = 2. */
export function payoffRatio(profits: ArrayLike<number>): number | null {
  let [won, wins, lost, losses] = [0, 0, 0, 0];
  for (let n = 0; n < profits.length; n += 1) {
    const profit = profits[n] ?? 0;
    if (profit > 0) {
      won += profit;
      wins += 1;
    } else if (profit < 0) {
      lost -= profit;
      losses += 1;
    }
  }
  return wins === 0 || losses === 0 ? null : won / wins / (lost / losses);
}

/** Profits as multiples of what was at risk at the entry by its stop (R); those without a stop (risk NaN or 0) are left out. multiplesOfRisk([20, -10, 5], [10, 10, NaN]) = 2, -1. */
export function multiplesOfRisk(profits: ArrayLike<number>, risks: ArrayLike<number>): Float64Array {
  const multiples: number[] = [];
  for (let n = 0; n < profits.length; n += 1) {
    const risk = risks[n] ?? Number.NaN;
    if (risk > 0) multiples.push((profits[n] ?? 0) / risk);
  }
  return Float64Array.from(multiples);
}
