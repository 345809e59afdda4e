/** Omega ratio. */

/** sum(max(r - L, 0)) / sum(max(L - r, 0)), without unit; L = the threshold per period (C. Keating, W. Shadwick, "A Universal Performance Measure", Journal of Performance Measurement 6(3), 2002). Null when nothing falls short of L. omega(0.02, -0.01, 0.01) = 3. */
export function omega(returns: ArrayLike<number>, threshold = 0): number | null {
  let above = 0;
  let below = 0;
  for (let n = 0; n < returns.length; n += 1) {
    const away = (returns[n] ?? 0) - threshold;
    if (away > 0) above += away;
    else below -= away;
  }
  return below > 0 ? above / below : null;
}
