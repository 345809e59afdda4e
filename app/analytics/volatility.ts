/** Volatility. */
import { deviation } from './moments.ts';
import { TRADING_DAYS_PER_YEAR } from './returns.ts';

/** Sample deviation of simple returns x sqrt(periods a year), a fraction per year; null with fewer than two. volatility(0.01, -0.01, 0.03) = 0.02 x sqrt(252) = 0.317490. */
export function volatility(returns: ArrayLike<number>, periodsPerYear: number = TRADING_DAYS_PER_YEAR): number | null {
  const spread = deviation(returns);
  return spread === null ? null : spread * Math.sqrt(periodsPerYear);
}
