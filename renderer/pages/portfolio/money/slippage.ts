/** What a fill cost against the price that was decided on. Pure. */
import type { FillView } from '#app/contracts/views.ts';

/** Slippage as a fraction of the reference price; positive = worse than decided. null without a reference. A buy at 101, decided at 100: 0.01 */
export function slippageOf({ side, price, referencePrice }: Pick<FillView, 'side' | 'price' | 'referencePrice'>): number | null {
  if (Number(referencePrice) === 0) return null;
  return (Number(price) / Number(referencePrice) - 1) * (side === 'buy' ? 1 : -1);
}
