/** Makes an approved order acceptable to the exchange: tick, lot, time in force. It may shrink an order, never enlarge it. */
import { fail, ok, type Result } from '#app/domain/errors.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import { Decimal, floorToLot, roundToTick, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderType, TimeInForce } from '#app/domain/order.ts';

/** What is sent, as far as normalising changes it. */
export type OrderTerms = { readonly type: OrderType; readonly timeInForce: TimeInForce; readonly qty: Quantity; readonly limitPrice: Price | null };

/** Why there is nothing left to send. */
export type Unsendable = { readonly code: DenialCode; readonly message: string };

const WHOLE_SHARE = new Decimal(1);
const SMALLEST_FRACTION = new Decimal('1e-9');

/**
 * Limit price to the tick (Rule 612: a cent from $1, a hundredth of a cent below), quantity down to the lot, fractions of shares good for the day only
 * (Alpaca takes no other). Quantity 0 after that is QUANTITY_ZERO. 2.7 whole shares at 10.006 gtc = 2 shares at 10.01 gtc.
 */
export function normaliseOrder(terms: OrderTerms, isFractionable: boolean): Result<OrderTerms, Unsendable> {
  const qty = floorToLot(terms.qty, isFractionable ? SMALLEST_FRACTION : WHOLE_SHARE);
  if (!qty.gt(0)) return fail({ code: 'QUANTITY_ZERO', message: 'Nothing is left of the quantity after rounding it down to whole shares' });
  const limitPrice = terms.limitPrice === null ? null : roundToTick(terms.limitPrice);
  return ok({ type: terms.type, timeInForce: qty.isInteger() ? terms.timeInForce : 'day', qty, limitPrice });
}
