/** What a round trip is worth on average, and how winners compare to losers. */
import { mean } from './moments.ts';

/** Mean profit of a closed round trip, dollars after fees; null without any. expectancy(30, -10, 5, -5) = 5. */
export function expectancy(profits: ArrayLike<number>): number | null {
  return mean(profits);
}

/** Mean winner / mean loser, without unit; null without a winner or without a loser. payoffRatio(30, -10, 10, -10) = 2. */
export function payoffRatio(profits: ArrayLike<number>): number | null {
  const all = Array.from(profits);
  const won = mean(all.filter((profit) => profit > 0));
  const lost = mean(all.filter((profit) => profit < 0));
  return won === null || lost === null ? null : won / -lost;
}
