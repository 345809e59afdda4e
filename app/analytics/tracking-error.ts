/** Tracking error, and the information ratio made of it. */
import { deviation } from './moments.ts';
import { TRADING_DAYS_PER_YEAR } from './returns.ts';
import { sharpe } from './sharpe.ts';

/** r - b of each period. Fractions; the columns have one length. */
export function activeReturns(returns: ArrayLike<number>, benchmark: ArrayLike<number>): Float64Array {
  return Float64Array.from(returns, (value, n) => value - (benchmark[n] ?? 0));
}

/** Sample deviation(r - b) x sqrt(periods a year), a fraction per year (R. Grinold, R. Kahn, "Active Portfolio Management", 1999). Null with fewer than two pairs. trackingError([0.02, 0, 0.04], [0.01, 0.01, 0.01]) = 0.02 x sqrt(252) = 0.317490. */
export function trackingError(returns: ArrayLike<number>, benchmark: ArrayLike<number>, periodsPerYear: number = TRADING_DAYS_PER_YEAR): number | null {
  const spread = deviation(activeReturns(returns, benchmark));
  return spread === null ? null : spread * Math.sqrt(periodsPerYear);
}

/** mean(r - b) / sample deviation(r - b) x sqrt(periods a year), per year (Grinold and Kahn, 1999; QuantStats does not annualise). Null with fewer than two pairs, or when the difference does not vary. informationRatio([0.02, 0, 0.04], [0.01, 0.01, 0.01]) = 7.937254. */
export function informationRatio(returns: ArrayLike<number>, benchmark: ArrayLike<number>, periodsPerYear: number = TRADING_DAYS_PER_YEAR): number | null {
  return sharpe(activeReturns(returns, benchmark), { periodsPerYear });
}
