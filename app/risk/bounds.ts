/** How large an entry may be by each limit on its own: what is left of the limit, and the most whole shares that fit into it. */
import { Decimal, floorToLot, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { grossExposure, netExposure, positionNotional, reservedOn, strategyNotional, type RiskBook, type RiskMarket } from './book.ts';
import { freePower, MARKET_ORDER_MARGIN } from './margin.ts';

/** One limit: `rule` as the pre-trade rules name it, dollars that it leaves (>= 0), and the most whole shares of a market order. */
export type EntryBound = { readonly rule: 'buying_power' | 'max_order_notional' | 'max_order_qty' | 'max_position_notional' | 'max_gross_exposure' | 'max_net_exposure' | 'strategy_notional'; readonly leaves: Money; readonly mostQty: Quantity };

const ONE_SHARE = new Decimal(1);

function bound(rule: EntryBound['rule'], left: Decimal, perShare: Decimal): EntryBound {
  const leaves = (left.gt(0) ? left : ZERO_MONEY) as Money;
  return { rule, leaves, mostQty: leaves.gt(0) ? floorToLot(leaves.div(perShare), ONE_SHARE) : ZERO_QUANTITY };
}

/**
 * The bounds of an entry at market in the order in which the rules are asked; an entry that keeps to all of them passes those rules.
 * Free cash 10000, price 50, nothing held, limits 4000 / 3000 / 100000 = 196 (2 % are kept for the next price), 80, 60 and 2000 shares beside the bounds on shares and net exposure, and that of the strategy where it has limits of its own.
 */
export function entryBounds(book: RiskBook, market: RiskMarket, { strategyId, symbol, price }: { readonly strategyId: string | null; readonly symbol: string; readonly price: Price }): EntryBound[] {
  const { limits } = book;
  const own = strategyId === null ? null : (book.strategies.get(strategyId)?.limits ?? null);
  const position = positionNotional(book, market, symbol, price).plus(reservedOn(book, symbol));
  return [
    bound('buying_power', freePower(book, market), price.times(MARKET_ORDER_MARGIN)),
    bound('max_order_notional', limits.maxOrderNotional, price),
    { rule: 'max_order_qty', leaves: limits.maxOrderQty.times(price) as Money, mostQty: floorToLot(limits.maxOrderQty, ONE_SHARE) },
    bound('max_position_notional', limits.maxPositionNotional.minus(position), price),
    bound('max_gross_exposure', limits.maxGrossExposure.minus(grossExposure(book, market, { symbol, price })), price),
    bound('max_net_exposure', limits.maxNetExposure.minus(netExposure(book, market, { symbol, price })), price),
    ...(own === null || strategyId === null ? [] : [bound('strategy_notional', own.maxNotional.minus(strategyNotional(book, market, strategyId, { symbol, price })), price)]),
  ];
}

/** The tightest bound; the first of equals. */
export function tightest(bounds: readonly EntryBound[]): EntryBound | null {
  return bounds.reduce<EntryBound | null>((least, one) => (least === null || one.mostQty.lt(least.mostQty) ? one : least), null);
}

/** A bound as it is shown and stored: dollars and shares as decimal text. */
export function boundInWords({ rule, leaves, mostQty }: EntryBound): { readonly rule: string; readonly leavesDollars: string; readonly mostShares: string } {
  return { rule, leavesDollars: toText(leaves), mostShares: toText(mostQty) };
}
