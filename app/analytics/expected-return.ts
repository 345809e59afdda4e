/** Expected return of a period. */

/** Geometric mean (product of (1 + r))^(1/n) - 1, a fraction per period: what each period would have had to return alike (as QuantStats). Null without returns, or after ruin. expectedReturn(0.21, 0) = 0.1. */
export function expectedReturn(returns: ArrayLike<number>): number | null {
  let logs = 0;
  for (let n = 0; n < returns.length; n += 1) logs += Math.log1p(returns[n] ?? 0);
  return returns.length === 0 || !Number.isFinite(logs) ? null : Math.expm1(logs / returns.length);
}
