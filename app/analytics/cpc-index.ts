/** CPC index. */

/** Profit factor x win rate x payoff ratio, without unit (as QuantStats; above 1.2 is held to be good). Null where one of the three is. cpcIndex(2, 0.5, 1.5) = 1.5. */
export function cpcIndex(factor: number | null, winners: number | null, payoff: number | null): number | null {
  return factor === null || winners === null || payoff === null ? null : factor * winners * payoff;
}
