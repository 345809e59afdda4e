/** Recovery factor. */

/** Total return / |maximum drawdown|, without unit: how often the deepest fall was earned back (compounded return; QuantStats adds the returns up). Null when one is not known or nothing was ever lost. recoveryFactor(0.3, -0.1) = 3. */
export function recoveryFactor(total: number | null, deepestFall: number | null): number | null {
  return total === null || deepestFall === null || !(deepestFall < 0) ? null : total / -deepestFall;
}
