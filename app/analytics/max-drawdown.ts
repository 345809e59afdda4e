/** Maximum drawdown, one point at a time, so that a curve of any length fits. */

/** What is known after some points: the highest equity so far and the deepest fall from it. */
export type DrawdownState = { readonly peak: number; readonly deepest: number };

/** Before the first point. */
export const NO_DRAWDOWN: DrawdownState = { peak: -Infinity, deepest: 0 };

/** The state after a further point. A fall is a fraction <= 0 of a positive peak. */
export function addToDrawdown(state: DrawdownState, equity: number): DrawdownState {
  const peak = Math.max(state.peak, equity);
  const fall = peak > 0 ? equity / peak - 1 : 0;
  return { peak, deepest: Math.min(state.deepest, fall) };
}

/** min(V / running maximum - 1), a fraction <= 0; the first point is part of the curve. Null without points. maxDrawdown(100, 120, 90, 130) = -0.25. */
export function maxDrawdown(equity: ArrayLike<number>): number | null {
  if (equity.length === 0) return null;
  let state = NO_DRAWDOWN;
  for (let n = 0; n < equity.length; n += 1) state = addToDrawdown(state, equity[n] ?? 0);
  return state.deepest;
}
