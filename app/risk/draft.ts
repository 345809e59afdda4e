/** The order that a wish comes down to: what is proposed, asked about by the rules, decided and told is this one shape. */
import { notional, roundToLedger, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { OpenOrder } from './open-orders.ts';
import { shortSalePrice } from './margin.ts';

/** An order before it has an id: shares (0 when there is nothing to order), terms, and what they were decided on. */
export type OrderDraft = OrderTerms & {
  /** Whose share it moves; null = the manual one. */
  readonly strategyId: string | null;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Quantity;
  /** Newest price of the symbol, null when none is known. */
  readonly referencePrice: Price | null;
  readonly isReducing: boolean;
  /** Client order id of the open order whose place it takes. */
  readonly replaces: string | null;
  /** Market time of the wish. */
  readonly tsMarket: EpochMs;
};

/** An open order that shall be changed, what it had filled when the change was worked out, and why that cannot be (null = it can). */
export type Replacing = { readonly order: OpenOrder; readonly filledQty: Quantity; readonly obstacle: string | null };

/**
 * A draft on its way to the rules. enter: a strategy wants to hold (or owe) more; exit: a share is to be closed, or a part of it; manual: a person's order, or a
 * strategy's own; replace: a person's change of an open order.
 */
export type Proposal = OrderDraft & {
  readonly purpose: 'enter' | 'exit' | 'manual' | 'replace';
  /** The arithmetic behind qty, in words. */
  readonly sizing: string | null;
  /** The bar that gave the signal is a whole day's. */
  readonly isDaily: boolean;
  /** Shares that were asked for, where somebody named them: a person, or a target's arithmetic. */
  readonly asked: Quantity | null;
  /** Signed shares that the share shall hold in the end, where the target says how many; null where the settings' sizing does, or nobody. */
  readonly desired: Quantity | null;
  readonly replacing: Replacing | null;
};

/** Dollars a share at which an order counts: its limit or stop; a trailing buy at its stop as it stands now; a short sale 3 % above the newest price at least; else the newest price. Null when it is not known. */
export function priceThatCounts(draft: OrderDraft): Price | null {
  const { side, isReducing, limitPrice, stopPrice, referencePrice, trailPrice, trailPercent } = draft;
  if (side === 'sell' && !isReducing) return referencePrice === null ? null : shortSalePrice(limitPrice, referencePrice);
  if (limitPrice !== null || stopPrice !== null) return limitPrice ?? stopPrice;
  if (referencePrice === null) return null;
  const trail = trailPrice ?? (trailPercent === null ? null : referencePrice.times(trailPercent).div(100));
  return roundToLedger(side === 'buy' && trail !== null ? referencePrice.plus(trail) : referencePrice) as Price;
}

/** Half of the rules ask for the dollars of the same draft; a draft does not change. */
const sizes = new WeakMap<OrderDraft, { readonly size: Money | null }>();

/** Dollars of the order at the price that counts; null when none is known. */
export function orderNotional(draft: OrderDraft): Money | null {
  const known = sizes.get(draft);
  if (known !== undefined) return known.size;
  const price = priceThatCounts(draft);
  const size = price === null ? null : notional(draft.qty, price);
  sizes.set(draft, { size });
  return size;
}

/** Dollars that the limits see: of an order that takes another's place the larger of the two, because until the broker has settled it either may fill. */
export function sizeThatCounts(proposal: Proposal): Money | null {
  const size = orderNotional(proposal);
  const before = proposal.replacing?.order.reserved ?? ZERO_MONEY;
  return size !== null && before.gt(size) ? before : size;
}

/** Whether the proposal comes of a strategy's bar, entry or order of its own: then it is as fresh as that bar. */
export function isOfBar({ purpose, strategyId }: Proposal): boolean {
  return purpose === 'enter' || (purpose === 'manual' && strategyId !== null);
}
