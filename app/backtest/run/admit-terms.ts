/** The terms of an order against the rules that need neither account nor position: admission-terms.ts of the exact venue in whole numbers, with its codes. */
import type { OrderTermsIn } from './order.ts';
import { NANO, tickAt } from './units.ts';

const MALFORMED = 40_010_001;
const INVALID = 42_210_000;
const OK = 0;
const CENT = 1e4;

/** What the terms are held against. `last`: micro-dollars. */
export type TermsWorld = { readonly last: number; readonly isStrict: boolean; readonly isFractionable: boolean; readonly isAuctionShut: boolean };

const has = (price: number): boolean => !Number.isNaN(price);

function isMalformed({ qty, type, limit, stop, trail, trailPercent }: OrderTermsIn): boolean {
  if (!(qty > 0) || !Number.isFinite(qty)) return true;
  const needsLimit = type === 'limit' || type === 'stop_limit';
  const needsStop = type === 'stop' || type === 'stop_limit';
  if (has(limit) !== needsLimit || has(stop) !== needsStop) return true;
  if ((needsLimit && !(limit > 0)) || (needsStop && !(stop > 0))) return true;
  if (type !== 'trailing_stop') return has(trail) || has(trailPercent);
  if (has(trail) === has(trailPercent)) return true;
  return has(trail) ? !(trail > 0) : !(trailPercent > 0 && trailPercent < 100);
}

/** Rule 612: a cent from $1, a hundredth of a cent below. */
function isSubPenny(price: number): boolean {
  return has(price) && price % tickAt(price) !== 0;
}

function timeRefusal({ type, timeInForce: tif }: OrderTermsIn, world: TermsWorld): number {
  const isLongLived = tif === 'day' || tif === 'gtc';
  if (!isLongLived && type !== 'market' && type !== 'limit') return INVALID;
  return world.isAuctionShut ? INVALID : OK;
}

function fractionRefusal(terms: OrderTermsIn, world: TermsWorld): number {
  if (terms.qty % NANO === 0) return OK;
  if (terms.orderClass !== 'simple' || terms.type === 'trailing_stop' || terms.timeInForce !== 'day') return INVALID;
  return world.isFractionable ? OK : INVALID;
}

function classRefusal({ orderClass, timeInForce: tif, type, takeProfit, stopLoss }: OrderTermsIn): number {
  const [hasProfit, hasStop] = [has(takeProfit), has(stopLoss)];
  if (orderClass === 'simple') return hasProfit || hasStop ? INVALID : OK;
  if (tif !== 'day' && tif !== 'gtc') return INVALID;
  if (orderClass === 'bracket') {
    if (type !== 'market' && type !== 'limit') return INVALID;
    return hasProfit && hasStop ? OK : MALFORMED;
  }
  if (orderClass === 'oto') return hasProfit === hasStop ? MALFORMED : OK;
  if (type !== 'limit') return INVALID;
  return hasStop ? OK : MALFORMED;
}

/** A stop must lie beyond the market: above it for a buy, below it for a sell, by a cent at least. */
function isStopInside(side: number, stop: number, last: number): boolean {
  return has(stop) && (stop - last) * side < CENT;
}

/** Where stops and exits lie: to each other, to the price they start from, and to the market. */
function isGeometryWrong(terms: OrderTermsIn, last: number): boolean {
  const { side, orderClass, takeProfit, stopLoss, stopLossLimit } = terms;
  if (isStopInside(side, terms.stop, last)) return true;
  if (orderClass === 'simple') return false;
  const exitSide = orderClass === 'oco' ? side : -side;
  const base = has(terms.limit) ? terms.limit : last;
  const sign = -exitSide;
  for (const one of [takeProfit, stopLoss, stopLossLimit]) if (has(one) && !(one > 0)) return true;
  if (has(takeProfit) && has(stopLoss) && !((takeProfit - stopLoss) * sign > 0)) return true;
  if (has(takeProfit) && (takeProfit - base) * sign < CENT) return true;
  if (has(stopLoss) && (base - stopLoss) * sign < CENT) return true;
  if (has(stopLoss) && has(stopLossLimit) && (stopLossLimit - stopLoss) * sign > 0) return true;
  return isStopInside(exitSide, stopLoss, last);
}

/** The broker's code for what is wrong with the terms, 0 for nothing. */
export function orderTermsDefect(terms: OrderTermsIn, world: TermsWorld): number {
  if (isMalformed(terms)) return MALFORMED;
  const { isStrict, last } = world;
  if (isStrict && (isSubPenny(terms.limit) || isSubPenny(terms.stop) || isSubPenny(terms.takeProfit) || isSubPenny(terms.stopLoss) || isSubPenny(terms.stopLossLimit) || isSubPenny(terms.trail))) return INVALID;
  const time = timeRefusal(terms, world);
  if (time !== OK) return time;
  const fraction = fractionRefusal(terms, world);
  if (fraction !== OK) return fraction;
  const byClass = classRefusal(terms);
  if (byClass !== OK) return byClass;
  if (!has(last)) return INVALID;
  return isStrict && isGeometryWrong(terms, last) ? INVALID : OK;
}
