/** Kelly's part of the capital. */

/**
 * W - (1 - W) / payoff, a fraction of the equity to risk on a bet that loses all or wins `payoff` times the stake (J. L. Kelly, "A New Interpretation of Information Rate", Bell
 * System Technical Journal 35(4), 1956). Below 0: do not bet. Half of it is what careful people take, for the win rate and the payoff are estimates. Null when one is not known.
 * kelly(0.6, 1.5) = 0.6 - 0.4 / 1.5 = 0.333333.
 */
export function kelly(winners: number | null, payoff: number | null): number | null {
  return winners === null || payoff === null || !(payoff > 0) ? null : winners - (1 - winners) / payoff;
}
