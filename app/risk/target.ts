/** What a strategy's target comes down to: the shares that it means, and the one step from what the share holds that can be taken now. */
import { Decimal, floorToLot, fromFloat, roundToLedger, toText, LEDGER_SCALE, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { SizingStep } from '#app/domain/limits.ts';
import type { Side } from '#app/domain/order.ts';
import type { RiskBook, Share } from './book.ts';
import type { OpenOrder } from './open-orders.ts';

/** Which side of a symbol is wanted. */
export type TargetSide = 'long' | 'short' | 'flat';

const ONE_SHARE = new Decimal(1);
/** Parts of shares are ordered in billionths, the finest that the broker takes. */
const FRACTION = new Decimal('1e-9');
/** Brokers take no order for a part of a share below this, dollars. */
const LEAST_FRACTION = new Decimal(1);

/** A weight as it goes over the wire and into the book: nine digits. weightOf(0.1 + 0.2) = 0.3. One that rounds to 0 means no share at all. */
export function weightOf(part: number): Decimal {
  return fromFloat(part, LEDGER_SCALE);
}

/** What a weight is worked out from: dollars, dollars a share, and whether parts of shares may be had. */
export type WeightFacts = { readonly equity: Money; readonly price: Price; readonly isFractionable: boolean };

/** Signed shares, the arithmetic in words and step by step. */
export type Desired = { readonly qty: Quantity; readonly why: string; readonly steps: readonly SizingStep[] };

/**
 * Shares that a weight means, always rounded towards nothing; short ones are whole. Equity 100000, price 30: 0.25 = 833 whole shares, or 833.333333333; -0.1 = -333 shares.
 */
export function desiredByWeight(weight: Decimal, { equity, price, isFractionable }: WeightFacts): Desired {
  const budget = roundToLedger(equity.times(weight.abs()));
  const lot = isFractionable && weight.gt(0) ? FRACTION : ONE_SHARE;
  const size = budget.gt(0) ? floorToLot(budget.div(price), lot) : ZERO_QUANTITY;
  const qty = (weight.isNegative() ? size.negated() : size) as Quantity;
  const percent = `${toText(weight.times(100).toDecimalPlaces(4))} % of $${toText(roundToLedger(equity))}`;
  const why = `${percent} / $${toText(price)} = ${toText(qty)} shares`;
  return {
    qty, why,
    steps: [
      { step: 'budget', how: percent, result: toText(budget), unit: 'USD' },
      { step: 'wanted', how: `$${toText(budget)} / $${toText(price)}, ${lot.eq(ONE_SHARE) ? 'whole shares' : 'billionths of shares'}`, result: toText(qty), unit: 'shares' },
    ],
  };
}

/** Open orders of a strategy's share of a symbol: its entries, its exits and what rests for it. */
export function ordersOfShare(book: RiskBook, strategyId: string | null, symbol: string): OpenOrder[] {
  return book.openOrders.filter((order) => order.symbol === symbol && order.strategyId === strategyId);
}

/** Whether an open order rests by a strategy's own wish, beside its targets: those are carried out at market, and their exits are legs. */
export function isOwnResting({ role, type }: OpenOrder): boolean {
  return role === 'order' && type !== 'market';
}

/** Whether an entry on the other side of what is wanted is still open. */
export function hasOppositeEntry(open: readonly OpenOrder[], side: Side): boolean {
  return open.some((order) => !order.isReducing && order.side !== side);
}

/**
 * One step towards `desired` signed shares: nothing passes through zero in one order. `close`: all of it, first; `reduce` and `grow`: by so many shares; `none`: it is held already.
 * Held 50, desired -20 = close (then grow by 20); held 50, desired 30 = reduce by 20; held 0, desired 30 = grow by 30 with a buy.
 */
export type Step = { readonly kind: 'close' } | { readonly kind: 'reduce' | 'grow' | 'none'; readonly side: Side; readonly qty: Quantity };

/** The step from what a share holds to what it shall hold. A change by a part of a share that is worth less than a dollar is none. */
export function stepTowards(desired: Quantity, { held }: Pick<Share, 'held'>, price: Price | null): Step {
  const isFlat = held.isZero();
  if (!isFlat && (desired.isZero() || desired.s !== held.s)) return { kind: 'close' };
  const change = desired.abs().minus(held.abs());
  const qty = change.abs() as Quantity;
  const grows: Side = desired.isNegative() ? 'sell' : 'buy';
  const isDust = !qty.isInteger() && price !== null && qty.times(price).lt(LEAST_FRACTION);
  if (change.isZero() || isDust) return { kind: 'none', side: grows, qty: ZERO_QUANTITY };
  return change.gt(0) ? { kind: 'grow', side: grows, qty } : { kind: 'reduce', side: grows === 'buy' ? 'sell' : 'buy', qty };
}
