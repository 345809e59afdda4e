/** Makes an approved order acceptable to the exchange: ticks, lot, time in force. It may shrink an order, never enlarge it. */
import { fail, ok, type Result } from '#app/domain/errors.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import { Decimal, floorToLot, roundToTick, type Price, type Quantity } from '#app/domain/numeric.ts';
import { pricesOf, type OrderTerms } from '#app/domain/order-terms.ts';

/** What is sent, as far as normalising changes it: the terms and the quantity in shares. */
export type SizedTerms = OrderTerms & { readonly qty: Quantity };

/** Why there is nothing left to send. */
export type Unsendable = { readonly code: DenialCode; readonly message: string };

const WHOLE_SHARE = new Decimal(1);
const SMALLEST_FRACTION = new Decimal('1e-9');

/** The broker takes parts of shares in plain orders only; an order for an auction, or at once, would become another one if it were made good for the day. */
function takesFractions(terms: OrderTerms): boolean {
  return terms.orderClass === 'simple' && terms.type !== 'trailing_stop' && (terms.timeInForce === 'day' || terms.timeInForce === 'gtc');
}

const onTick = (value: Price | null): Price | null => (value === null ? null : roundToTick(value));

/**
 * Every price to the tick (Rule 612: a cent from $1, a hundredth of a cent below), quantity down to the lot, fractions of shares good for the day only
 * (Alpaca takes no other). Quantity 0 after that is QUANTITY_ZERO. 2.7 whole shares at 10.006 gtc = 2 shares at 10.01 gtc.
 * The distance of a trailing stop is a distance, not a price, and stays; what else no broker takes of the terms is `termsIssues`' to say.
 */
export function normaliseOrder(order: SizedTerms, isFractionable: boolean): Result<SizedTerms, Unsendable> {
  const qty = floorToLot(order.qty, isFractionable && takesFractions(order) ? SMALLEST_FRACTION : WHOLE_SHARE);
  if (!qty.gt(0)) return fail({ code: 'QUANTITY_ZERO', message: 'Nothing is left of the quantity after rounding it down to whole shares' });
  const { takeProfit, stopLoss } = order;
  const vanished = pricesOf(order).find((one) => roundToTick(one.price).lte(0));
  if (vanished) return fail({ code: 'SUB_PENNY', message: `${vanished.field} is less than the smallest price of the exchange` });
  return ok({
    ...order, qty, timeInForce: qty.isInteger() ? order.timeInForce : 'day', limitPrice: onTick(order.limitPrice), stopPrice: onTick(order.stopPrice),
    takeProfit: takeProfit === null ? null : { limitPrice: roundToTick(takeProfit.limitPrice) },
    stopLoss: stopLoss === null ? null : { stopPrice: roundToTick(stopLoss.stopPrice), limitPrice: onTick(stopLoss.limitPrice) },
  });
}
