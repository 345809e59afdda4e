/** Win rate. */

/** Winners / (winners + losers) over closed round trips, a fraction; those that broke even count on neither side. Null without either. winRate(5, -1, 0, 2) = 2/3. */
export function winRate(profits: ArrayLike<number>): number | null {
  let wins = 0;
  let losses = 0;
  for (let n = 0; n < profits.length; n += 1) {
    const profit = profits[n] ?? 0;
    if (profit > 0) wins += 1;
    else if (profit < 0) losses += 1;
  }
  return wins + losses === 0 ? null : wins / (wins + losses);
}
