/** The fill rules: whether and at what price one bar fills one order. */
import { Decimal, floorToLot, quantity, roundToTick, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { VenueOrder } from './venue-types.ts';

/** A bar in exact numbers. */
export type MatchBar = { readonly open: Price; readonly high: Price; readonly low: Price; readonly volume: Quantity };

/** A price, and whether it is the bar's open (else it came later inside the bar). */
export type FillPrice = { readonly price: Price; readonly isAtOpen: boolean };

const NANO_SHARE = new Decimal('0.000000001');
const WHOLE_SHARE = new Decimal(1);
const BPS = 10_000;

/**
 * The price at which the bar fills the order, or null.
 * Market: the open, `slippageBps` worse, rounded to the tick. Limit: the open when it is better than the limit; else the limit when
 * the bar traded through it (a touch is not enough: others were in the queue before us).
 */
export function fillPrice(order: Pick<VenueOrder, 'type' | 'side' | 'limitPrice'>, bar: MatchBar, slippageBps: number): FillPrice | null {
  if (order.type === 'market' || order.limitPrice === null) {
    const factor = order.side === 'buy' ? BPS + slippageBps : BPS - slippageBps;
    return { price: slippageBps === 0 ? bar.open : roundToTick(bar.open.times(factor).div(BPS)), isAtOpen: true };
  }
  const limit = order.limitPrice;
  if (order.side === 'buy') {
    if (bar.open.lt(limit)) return { price: bar.open, isAtOpen: true };
    return bar.low.lt(limit) ? { price: limit, isAtOpen: false } : null;
  }
  if (bar.open.gt(limit)) return { price: bar.open, isAtOpen: true };
  return bar.high.gt(limit) ? { price: limit, isAtOpen: false } : null;
}

/** Shares of the bar that the account may still take under the cap, whole shares; `used` were taken by earlier orders of the same bar. */
export function availableUnderCap(volume: Quantity, cap: number | null, used: Quantity): Quantity | null {
  if (cap === null) return null;
  const left = floorToLot(volume.times(cap), WHOLE_SHARE).minus(used);
  return left.gt(0) ? (left as Quantity) : ZERO_QUANTITY;
}

/** Shares that an order still wants at this price; an order by dollars buys down to a billionth of a share, never more than its dollars. */
export function wantedQuantity(order: Pick<VenueOrder, 'qty' | 'notional' | 'filledQty'>, price: Price): Quantity {
  if (order.qty !== null) return order.qty.minus(order.filledQty) as Quantity;
  return order.notional === null ? quantity('0') : floorToLot(order.notional.div(price), NANO_SHARE);
}
