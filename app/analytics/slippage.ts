/** Slippage: what fills cost against the price that their orders were decided on. */
import type { Side } from '#app/domain/order.ts';

/** A fill against its order's reference price; `reference` null when it is not known. Dollars and shares as float64. */
export type PricedFill = { readonly side: Side; readonly qty: number; readonly price: number; readonly reference: number | null };

/** Dollars lost (> 0) or won (< 0) against the reference prices, and the same per reference value, basis points. Null when no fill has a reference. */
export type Slippage = { readonly dollars: number | null; readonly basisPoints: number | null };

/**
 * Sum of (price - reference) x shares, with the sign turned for sales; basis points of the sum of reference x shares (A. F. Perold, "The Implementation
 * Shortfall", Journal of Portfolio Management 14(3), 1988, without the part that was never filled). Buy 10 at 101 for 100, sell 10 at 99.5 for 100 = 15 dollars, 75 bp.
 */
export function slippage(fills: Iterable<PricedFill>): Slippage {
  let cost = 0;
  let value = 0;
  for (const { side, qty, price, reference } of fills) {
    if (reference === null || !(reference > 0)) continue;
    cost += (side === 'buy' ? price - reference : reference - price) * qty;
    value += reference * qty;
  }
  return value > 0 ? { dollars: cost, basisPoints: (cost / value) * 10_000 } : { dollars: null, basisPoints: null };
}
