/** Exposure: how much of the time, and how much of the equity, was in the market. */

/** `time`: steps with a position / steps; `gross`: mean of gross value / equity over all steps (steps without equity count 0). Fractions; null without steps. exposure([0, 50], [100, 100]) = 0.5 of the time, 0.25 of the equity. */
export function exposure(gross: Float64Array, equity: Float64Array): { readonly time: number; readonly gross: number } | null {
  const { length } = gross;
  if (length === 0) return null;
  let steps = 0;
  let sum = 0;
  for (let n = 0; n < length; n += 1) {
    const held = gross[n] ?? 0;
    if (held === 0) continue;
    const own = equity[n] ?? 0;
    steps += 1;
    if (own > 0) sum += held / own;
  }
  return { time: steps / length, gross: sum / length };
}
