/** Best and worst of values. */

/** Largest and smallest; null of nothing. extremes(0.01, -0.02, 0) = 0.01, -0.02. */
export function extremes(values: ArrayLike<number>): { readonly best: number; readonly worst: number } | null {
  if (values.length === 0) return null;
  let best = -Infinity;
  let worst = Infinity;
  for (let n = 0; n < values.length; n += 1) {
    const value = values[n] ?? 0;
    if (value > best) best = value;
    if (value < worst) worst = value;
  }
  return { best, worst };
}
