/** The fill rules: whether and at what price one bar elects and fills one order. */
import { Decimal, floorToLot, roundToTick, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { VenueOrder } from './venue-types.ts';

/** A bar in exact numbers. */
export type MatchBar = { readonly open: Price; readonly high: Price; readonly low: Price; readonly close: Price; readonly volume: Quantity };

/** A price, and whether it is the bar's open (else it came later inside the bar). */
export type FillPrice = { readonly price: Price; readonly isAtOpen: boolean };

/** What a bar does to an order: the moment at which it reached the stop, the fill, how far a trailing stop followed. */
export type Look = {
  readonly elected: 'open' | 'inside' | null;
  readonly fill: FillPrice | null;
  readonly trail: { readonly hwm: Price; readonly stopPrice: Price } | null;
};

/** The terms by which a bar decides. */
export type MatchTerms = Pick<VenueOrder, 'type' | 'side' | 'limitPrice' | 'stopPrice' | 'trailPrice' | 'trailPercent' | 'hwm' | 'bandPrice' | 'triggeredAt'>;

const NANO_SHARE = new Decimal('0.000000001');
const WHOLE_SHARE = new Decimal(1);
const BPS = 10_000;
const NARROW_BAND_FROM = 50;

/** The hidden limit of a buy stop (or of a market order that waits for the open): 4 % above the price, from $50 on 2.5 %. */
export function bandAbove(price: Price): Price {
  return roundToTick(price.times(price.lt(NARROW_BAND_FROM) ? '1.04' : '1.025'));
}

/** Where a trailing stop stands for its best price. A sell at 100 that trails by 5 % stands at 95. */
export function trailingStop(order: Pick<VenueOrder, 'side' | 'trailPrice' | 'trailPercent'>, hwm: Price): Price {
  const distance = order.trailPrice ?? hwm.times(order.trailPercent ?? 0).div(100);
  return roundToTick(order.side === 'sell' ? hwm.minus(distance) : hwm.plus(distance));
}

/** Whether an order of this type waits for its stop first. */
export function isStopType(type: VenueOrder['type']): boolean {
  return type === 'stop' || type === 'stop_limit' || type === 'trailing_stop';
}

const isReached = (side: VenueOrder['side'], price: Decimal, stop: Price): boolean => (side === 'buy' ? price.gte(stop) : price.lte(stop));
/** At the limit or better. */
const isWithin = (side: VenueOrder['side'], price: Decimal, limit: Price): boolean => (side === 'buy' ? price.lte(limit) : price.gte(limit));
const worst = (side: VenueOrder['side'], bar: MatchBar): Price => (side === 'buy' ? bar.high : bar.low);
const best = (side: VenueOrder['side'], bar: MatchBar): Price => (side === 'buy' ? bar.low : bar.high);

function slipped(side: VenueOrder['side'], price: Price, slippageBps: number): Price {
  if (slippageBps === 0) return price;
  return roundToTick(price.times(side === 'buy' ? BPS + slippageBps : BPS - slippageBps).div(BPS));
}

/** At market, within the band where there is one. */
function atMarket(order: MatchTerms, price: Price, slippageBps: number): Price {
  const worse = slipped(order.side, price, slippageBps);
  return order.bandPrice === null || isWithin(order.side, worse, order.bandPrice) ? worse : order.bandPrice;
}

/**
 * The fill of an order that is worked from before the bar on. Market: the open, `slippageBps` worse, rounded to the tick. Limit: the open when it is better
 * than the limit; else the limit when the bar traded through it (a touch is not enough: others were in the queue before us).
 */
function worked(order: MatchTerms, bar: MatchBar, slippageBps: number): FillPrice | null {
  const { side } = order;
  const isLimit = order.type === 'limit' || order.type === 'stop_limit';
  const limit = isLimit ? order.limitPrice : order.bandPrice;
  if (limit === null) return { price: slipped(side, bar.open, slippageBps), isAtOpen: true };
  if (!isLimit && isWithin(side, bar.open, limit)) return { price: atMarket(order, bar.open, slippageBps), isAtOpen: true };
  if (isWithin(side, bar.open, limit) && !bar.open.eq(limit)) return { price: bar.open, isAtOpen: true };
  const extreme = best(side, bar);
  return isWithin(side, extreme, limit) && !extreme.eq(limit) ? { price: limit, isAtOpen: false } : null;
}

/** The fill of an order that was elected inside the bar at its stop. Only the close is known to come later. */
function afterElection(order: MatchTerms, stop: Price, bar: MatchBar, slippageBps: number): FillPrice | null {
  if (order.type !== 'stop_limit' || order.limitPrice === null) return { price: atMarket(order, stop, slippageBps), isAtOpen: false };
  if (isWithin(order.side, stop, order.limitPrice)) return { price: stop, isAtOpen: false };
  return isWithin(order.side, bar.close, order.limitPrice) && !bar.close.eq(order.limitPrice) ? { price: order.limitPrice, isAtOpen: false } : null;
}

function electedAtOpen(order: MatchTerms, bar: MatchBar, slippageBps: number): FillPrice | null {
  if (order.type !== 'stop_limit' || order.limitPrice === null) return worked(order, bar, slippageBps);
  return isWithin(order.side, bar.open, order.limitPrice) ? { price: bar.open, isAtOpen: true } : worked(order, bar, slippageBps);
}

/** A trailing stop follows the open, then the best price; each of them counts for the prices that are known to come after it. */
function trailed(order: MatchTerms & { readonly hwm: Price }, bar: MatchBar, slippageBps: number): Look {
  const { side } = order;
  const better = (a: Price, b: Price): Price => (side === 'sell' ? (Decimal.max(a, b) as Price) : (Decimal.min(a, b) as Price));
  const stand = (hwm: Price): { hwm: Price; stopPrice: Price } => ({ hwm, stopPrice: trailingStop(order, hwm) });
  const before = stand(order.hwm);
  if (isReached(side, bar.open, before.stopPrice)) return { elected: 'open', fill: electedAtOpen(order, bar, slippageBps), trail: before };
  const atOpen = stand(better(order.hwm, bar.open));
  if (isReached(side, worst(side, bar), atOpen.stopPrice)) return { elected: 'inside', fill: afterElection(order, atOpen.stopPrice, bar, slippageBps), trail: atOpen };
  const after = stand(better(atOpen.hwm, best(side, bar)));
  if (isReached(side, bar.close, after.stopPrice)) return { elected: 'inside', fill: afterElection(order, after.stopPrice, bar, slippageBps), trail: after };
  return { elected: null, fill: null, trail: after };
}

/** What the bar does to the order. A sell stop at 95 in a bar that opens at 97 and falls to 94 is elected inside and sold at 95; one that opens at 93 sells at 93. */
export function lookAt(order: MatchTerms, bar: MatchBar, slippageBps: number): Look {
  if (!isStopType(order.type) || order.triggeredAt !== null) return { elected: null, fill: worked(order, bar, slippageBps), trail: null };
  if (order.type === 'trailing_stop') return order.hwm === null ? { elected: null, fill: null, trail: null } : trailed({ ...order, hwm: order.hwm }, bar, slippageBps);
  const stop = order.stopPrice;
  if (stop === null) return { elected: null, fill: null, trail: null };
  if (isReached(order.side, bar.open, stop)) return { elected: 'open', fill: electedAtOpen(order, bar, slippageBps), trail: null };
  if (!isReached(order.side, worst(order.side, bar), stop)) return { elected: null, fill: null, trail: null };
  return { elected: 'inside', fill: afterElection(order, stop, bar, slippageBps), trail: null };
}

/** The fill of an order that trades at one price or not at all: an auction, or at once. Limits count when they are met. */
export function fillAt(order: Pick<VenueOrder, 'type' | 'side' | 'limitPrice'>, at: Price, slippageBps: number): Price | null {
  if (order.limitPrice === null) return slipped(order.side, at, slippageBps);
  return isWithin(order.side, at, order.limitPrice) ? at : null;
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
  return order.notional === null ? ZERO_QUANTITY : floorToLot(order.notional.div(price), NANO_SHARE);
}
