/** Profit factor. */

/** Dollars won / dollars lost over closed round trips, after fees. Null when nothing was lost (the factor has no upper end; show "no losses"). profitFactor(30, -10, 5, -4) = 2.5. */
export function profitFactor(profits: ArrayLike<number>): number | null {
  let won = 0;
  let lost = 0;
  for (let n = 0; n < profits.length; n += 1) {
    const profit = profits[n] ?? 0;
    if (profit > 0) won += profit;
    else lost -= profit;
  }
  return lost > 0 ? won / lost : null;
}
