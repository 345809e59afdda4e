/** What a fill cost against the price that was decided on. Pure. */
import type { FillView } from '#app/contracts/views.ts';

/** Slippage as a fraction of the reference price; positive = worse than decided. null without a reference. slippageOf(buy at 101, 100) = 0.01 */
export function slippageOf(fill: Pick<FillView, 'side' | 'price'>, reference: string | null): number | null {
  if (reference === null || Number(reference) === 0) return null;
  return (Number(fill.price) / Number(reference) - 1) * (fill.side === 'buy' ? 1 : -1);
}
