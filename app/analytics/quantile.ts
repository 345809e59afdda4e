/** Quantiles of a sample. */

function isAscending(values: ArrayLike<number>): boolean {
  for (let n = 1; n < values.length; n += 1) if (!((values[n] ?? 0) >= (values[n - 1] ?? 0))) return false;
  return true;
}

/** The values in ascending order: a copy, or the column itself where it is in order already. */
export function ascending(values: ArrayLike<number>): Float64Array {
  if (values instanceof Float64Array) return isAscending(values) ? values : values.slice().sort();
  return Float64Array.from(values).sort();
}

/**
 * The p-quantile of ascending values, interpolated between neighbours (type 7 of R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages",
 * The American Statistician 50(4), 1996; the default of NumPy, pandas and R), in the unit of the values. p in 0..1; null of nothing. quantile([1, 2, 3, 4], 0.25) = 1.75.
 */
export function quantile(sorted: Float64Array, p: number): number | null {
  if (sorted.length === 0) return null;
  const place = Math.min(1, Math.max(0, p)) * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  // Between equal neighbours nothing is added, so that infinite values give no NaN.
  return low === high ? low : low + (high - low) * (place - below);
}
