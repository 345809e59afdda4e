/** The fill rules in whole numbers: whether and at what price one bar elects and fills one order. The same rules as fills.ts of the exact venue, beside what a run may choose. */
import { MICRO, slippedByBps, toTick } from './units.ts';
import { waitsForStop, type Order } from './order.ts';

/** A stretch of trading in micro-dollars: a bar, or a part of one. */
export type Stretch = { open: number; high: number; low: number; close: number };

/** What a stretch does to an order. `elected`: 0 no, 1 at the open, 2 inside; `price` NaN for no fill; `best` and `stop`: how far a trailing stop followed, NaN when it does not trail. */
export type Look = { elected: 0 | 1 | 2; price: number; isAtOpen: boolean; best: number; stop: number };

/** How a run fills: price after slippage for an order that takes liquidity (`reference` before it), and whether a touch of a limit is enough. */
export type PriceRules = { slipped(order: Order, reference: number): number; readonly isTouchEnough: boolean };

const NARROW_BAND_FROM = 50 * MICRO;

/** The hidden limit of a buy stop: 4 % above the price, from $50 on 2.5 %. */
export function bandAbove(price: number): number {
  return slippedByBps(price, price < NARROW_BAND_FROM ? 400 : 250, 1);
}

/** Percent as basis points, to six digits. */
function percentInBps(percent: number): number {
  return Math.round(percent * 1e8) / 1e6;
}

/** Where a trailing stop stands for its best price. A sell at 100 that trails by 5 % stands at 95. */
export function trailingStop(order: Pick<Order, 'side' | 'trail' | 'trailPercent'>, best: number): number {
  return Number.isNaN(order.trail) ? slippedByBps(best, percentInBps(order.trailPercent), order.side) : toTick(best + order.side * order.trail);
}

const reached = (side: number, price: number, stop: number): boolean => (side > 0 ? price >= stop : price <= stop);
/** At the limit or better. */
const within = (side: number, price: number, limit: number): boolean => (side > 0 ? price <= limit : price >= limit);

/** At market, within the band where there is one. */
function atMarket(order: Order, price: number, rules: PriceRules): number {
  const worse = rules.slipped(order, price);
  return Number.isNaN(order.band) || within(order.side, worse, order.band) ? worse : order.band;
}

function fill(out: Look, price: number, isAtOpen: boolean): void {
  out.price = price;
  out.isAtOpen = isAtOpen;
}

/** The fill of an order that is worked from before the stretch on: the open when it is better than the limit; else the limit when it was traded through (or touched, where that is enough). */
function worked(order: Order, bar: Stretch, rules: PriceRules, out: Look): void {
  const { side } = order;
  const isLimit = order.type === 'limit' || order.type === 'stop_limit';
  const limit = isLimit ? order.limit : order.band;
  if (Number.isNaN(limit)) return fill(out, rules.slipped(order, bar.open), true);
  const isOpenWithin = within(side, bar.open, limit);
  if (!isLimit && isOpenWithin) return fill(out, atMarket(order, bar.open, rules), true);
  if (isOpenWithin && (bar.open !== limit || rules.isTouchEnough)) return fill(out, bar.open, true);
  const extreme = side > 0 ? bar.low : bar.high;
  if (within(side, extreme, limit) && (extreme !== limit || rules.isTouchEnough)) fill(out, limit, false);
}

/** The fill of an order that was elected inside at its stop. Only the close is known to come later. */
function afterElection(order: Order, bar: Stretch, rules: PriceRules, out: Look): void {
  const stop = Number.isNaN(out.best) ? order.stop : out.stop;
  if (order.type !== 'stop_limit') return fill(out, atMarket(order, stop, rules), false);
  if (within(order.side, stop, order.limit)) return fill(out, stop, false);
  if (within(order.side, bar.close, order.limit) && (bar.close !== order.limit || rules.isTouchEnough)) fill(out, order.limit, false);
}

function electedAtOpen(order: Order, bar: Stretch, rules: PriceRules, out: Look): void {
  if (order.type === 'stop_limit' && within(order.side, bar.open, order.limit)) fill(out, bar.open, true);
  else worked(order, bar, rules, out);
}

/** A trailing stop follows the open, then the best price; each of them counts for the prices that are known to come after it. */
function trailed(order: Order, bar: Stretch, rules: PriceRules, out: Look): void {
  const { side } = order;
  const stand = (best: number): number => {
    out.best = best;
    out.stop = trailingStop(order, best);
    return out.stop;
  };
  const better = (a: number, b: number): number => (side < 0 ? Math.max(a, b) : Math.min(a, b));
  if (reached(side, bar.open, stand(order.best))) {
    out.elected = 1;
    return electedAtOpen(order, bar, rules, out);
  }
  const atOpen = stand(better(order.best, bar.open));
  if (reached(side, side > 0 ? bar.high : bar.low, atOpen)) {
    out.elected = 2;
    return afterElection(order, bar, rules, out);
  }
  const after = stand(better(out.best, side > 0 ? bar.low : bar.high));
  if (!reached(side, bar.close, after)) return;
  out.elected = 2;
  afterElection(order, bar, rules, out);
}

/** What the stretch does to the order, into `out`. A sell stop at 95 in a bar that opens at 97 and falls to 94 is elected inside and sold at 95; one that opens at 93 sells at 93. */
export function lookAt(order: Order, bar: Stretch, rules: PriceRules, out: Look): void {
  out.elected = 0;
  out.price = NaN;
  out.best = NaN;
  if (!waitsForStop(order.type) || order.isTriggered) return worked(order, bar, rules, out);
  if (order.type === 'trailing_stop') return trailed(order, bar, rules, out);
  if (reached(order.side, bar.open, order.stop)) {
    out.elected = 1;
    return electedAtOpen(order, bar, rules, out);
  }
  if (!reached(order.side, order.side > 0 ? bar.high : bar.low, order.stop)) return;
  out.elected = 2;
  afterElection(order, bar, rules, out);
}

/** The fill of an order that trades at one price or not at all: an auction, or at once. Limits count when they are met. NaN = none. */
export function fillAt(order: Order, at: number, rules: PriceRules): number {
  if (Number.isNaN(order.limit)) return rules.slipped(order, at);
  return within(order.side, at, order.limit) ? at : NaN;
}
