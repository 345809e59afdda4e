/** Winners and losers in a row. */

/** Longest runs of profits above and below 0, in the order given; one that broke even ends a run. streaks(1, 2, -1, 0, -1, -1) = 2 winners, 2 losers. */
export function streaks(profits: ArrayLike<number>): { readonly wins: number; readonly losses: number } {
  let [wins, losses, run, side] = [0, 0, 0, 0];
  for (let n = 0; n < profits.length; n += 1) {
    const sign = Math.sign(profits[n] ?? 0);
    run = sign === side ? run + 1 : 1;
    side = sign;
    if (sign > 0 && run > wins) wins = run;
    else if (sign < 0 && run > losses) losses = run;
  }
  return { wins, losses };
}
