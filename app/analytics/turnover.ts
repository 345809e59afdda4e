/** Turnover. */

/** (bought + sold) / 2 / mean equity / years: how often a year the capital is traded once in and out (halved as in the SEC's Form N-1A, which takes the lesser of the two). Null without time or equity. turnover(400000, 100000, 2) = 1. */
export function turnover(tradedValue: number, meanEquity: number, years: number): number | null {
  return years > 0 && meanEquity > 0 ? tradedValue / 2 / meanEquity / years : null;
}
