/** Gain-to-pain ratio. */

/** sum(r) / |sum of the returns below 0|, without unit, over days or months (J. Schwager, "Hedge Fund Market Wizards", 2012, appendix A; his are months). Null when none is below 0. gainToPain(0.02, -0.01, 0.01) = 2. */
export function gainToPain(returns: ArrayLike<number>): number | null {
  let sum = 0;
  let pain = 0;
  for (let n = 0; n < returns.length; n += 1) {
    const value = returns[n] ?? 0;
    sum += value;
    if (value < 0) pain -= value;
  }
  return pain > 0 ? sum / pain : null;
}
