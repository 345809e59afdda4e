/** Simple returns: what profit and every ratio here is made of (log returns are for volatility models only). */

/** Trading periods of a year of daily returns of US equities. */
export const TRADING_DAYS_PER_YEAR = 252;

/**
 * Simple returns of an equity curve, as fractions: equity[n] / equity[n-1] - 1. One fewer than the points; none when a point is not positive,
 * because a return on nothing has no meaning. simpleReturns(100, 110, 99) = 0.1, -0.1.
 */
export function simpleReturns(equity: ArrayLike<number>): Float64Array {
  const returns = new Float64Array(Math.max(0, equity.length - 1));
  for (let n = 1; n < equity.length; n += 1) {
    const before = equity[n - 1] ?? 0;
    if (!(before > 0)) return new Float64Array(0);
    returns[n - 1] = (equity[n] ?? 0) / before - 1;
  }
  return returns;
}

/** A yearly rate as a rate per period: (1 + yearly)^(1 / periods) - 1. ratePerPeriod(0.04, 252) = 0.000155650. */
export function ratePerPeriod(yearly: number, periodsPerYear: number): number {
  return (1 + yearly) ** (1 / periodsPerYear) - 1;
}
