/** Calmar ratio. */

/**
 * CAGR / |maximum drawdown|, without unit (T. W. Young, "Calmar Ratio: A Smoother Tool", Futures, October 1991; his window is 36 months, here it is the
 * whole period). Null when one of the two is not known or nothing was ever lost. calmar(0.12, -0.08) = 1.5.
 */
export function calmar(growth: number | null, deepestFall: number | null): number | null {
  return growth === null || deepestFall === null || !(deepestFall < 0) ? null : growth / -deepestFall;
}
