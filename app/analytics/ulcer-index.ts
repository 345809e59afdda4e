/** Ulcer index and the Martin ratio made of it. */

/** equity / highest equity so far - 1 at each point, fractions <= 0; the first point is part of the curve. fallsOf(100, 120, 90) = 0, 0, -0.25. */
export function fallsOf(equity: ArrayLike<number>): Float64Array {
  const falls = new Float64Array(equity.length);
  let peak = -Infinity;
  for (let n = 0; n < equity.length; n += 1) {
    const value = equity[n] ?? 0;
    if (value > peak) peak = value;
    falls[n] = peak > 0 ? value / peak - 1 : 0;
  }
  return falls;
}

/** sqrt(sum(fall^2) / N) over falls, a fraction (P. Martin, B. McCann, "The Investor's Guide to Fidelity Funds", 1989; QuantStats divides by N - 1). Null of nothing. ulcerIndex(0, 0, -0.25, 0) = 0.125. */
export function ulcerIndex(falls: ArrayLike<number>): number | null {
  if (falls.length === 0) return null;
  let sum = 0;
  for (let n = 0; n < falls.length; n += 1) sum += (falls[n] ?? 0) ** 2;
  return Math.sqrt(sum / falls.length);
}

/** (growth per year - risk-free rate) / ulcer index, per year ("Ulcer performance index", Martin and McCann, 1989). Null when one is not known or nothing was ever lost. martinRatio(0.12, 0.02, 0.05) = 2. */
export function martinRatio(growth: number | null, riskFree: number, ulcer: number | null): number | null {
  return growth === null || ulcer === null || ulcer === 0 ? null : (growth - riskFree) / ulcer;
}
