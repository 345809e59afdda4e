/** One stretch of trading: which orders it elects and fills, in the order of time. The rules of matching.ts and groups.ts of the exact venue, in whole numbers. */
import type { Bookkeeper } from './book.ts';
import { marketOf, type Core, type MarketState } from './core.ts';
import { groupOf, nameOf, type Order } from './order.ts';
import { fillAt, lookAt, type Look, type PriceRules, type Stretch } from './prices.ts';
import { orderTimes } from '../order-times.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { NANO } from './units.ts';

/** A stretch at work: when it is, and whether a part of its bar lies before it. The shares of each market's bar that may still be taken are kept with the market. */
export type Moment = { readonly at: number; readonly ms: number; readonly isInside?: boolean };

/** Good-until-canceled orders live at least so long: the calendar is asked for their end only after it. */
const GTC_SURELY_MS = 80 * DAY_MS;

const NONE: readonly Order[] = [];

/** Matches orders of a run against its bars. */
export class Matcher {
  private readonly core: Core;
  private readonly books: Bookkeeper;
  private readonly rules: PriceRules;
  private readonly look: Look = { elected: 0, price: NaN, isAtOpen: false, best: NaN, stop: NaN };
  private readonly queue: Order[] = [];

  constructor(core: Core, books: Bookkeeper, rules: PriceRules) {
    this.core = core;
    this.books = books;
    this.rules = rules;
  }

  /** Ends what has outlived its time by now, oldest first; a group ends with its first member. */
  expire(now: number): void {
    for (const order of this.openOnes((one) => isOver(one, now))) if (order.state !== 'closed') this.end(order, endingOf(order), now);
  }

  /** Open orders of which something holds, oldest first. */
  private openOnes(holds: (order: Order) => boolean): readonly Order[] {
    let found: Order[] | null = null;
    for (const { orders } of this.core.markets) {
      for (const order of orders) {
        if (!holds(order)) continue;
        found ??= [];
        found.push(order);
      }
    }
    return found === null ? NONE : found.sort((a, b) => a.seq - b.seq);
  }

  /** Fills in the order of time: first everything at the open, then what the stretch reached later, then the closing auction. `stretches[n]` is that of `markets[n]`. */
  match(markets: readonly MarketState[], stretches: readonly Stretch[], moment: Moment): void {
    const { queue } = this;
    let count = 0;
    for (const m of markets) {
      for (const order of m.orders) {
        queue[count] = order;
        count += 1;
      }
    }
    queue.length = count;
    if (count > 1) queue.sort(byTurn);
    const stretchOf = (order: Order): Stretch | undefined => stretches[markets.length === 1 ? 0 : markets.findIndex((m) => m.index === order.market)];
    for (const order of queue) {
      const bar = stretchOf(order);
      if (bar !== undefined && isEligible(order, moment)) this.atOpen(order, bar, moment);
    }
    this.endImmediate(moment);
    if (this.core.openCount === 0) return;
    const inside = moment.at + moment.ms - 1;
    for (const order of queue) {
      const bar = stretchOf(order);
      if (bar !== undefined && isEligible(order, moment)) this.atLater(order, bar, inside);
    }
    for (const order of queue) {
      const bar = stretchOf(order);
      if (bar !== undefined && order.timeInForce === 'cls' && isEligible(order, moment)) this.atClose(order, bar, moment);
    }
  }

  /** The most common case by far: one market order, alone in the book, trades at the open (micro-dollars). Returns whether it was that. */
  matchPlain(m: MarketState, open: number, at: number): boolean {
    const [order] = m.orders;
    if (order === undefined || this.core.openCount !== 1 || order.type !== 'market' || order.orderClass !== 'simple' || (order.timeInForce !== 'day' && order.timeInForce !== 'gtc')) return false;
    if (order.since <= at) this.execute(order, this.rules.slipped(order, open), at, true);
    return true;
  }

  /** Fills an order at a price at once: for orders that trade at the close they were placed at. */
  fillNow(order: Order, price: number): void {
    this.execute(order, this.rules.slipped(order, price), this.core.now, false);
  }

  /** Ends an order and with it its group: when one of them goes, the others go. */
  end(order: Order, how: Ending, at = this.core.now): void {
    const mates = groupOf(order);
    this.endAlone(order, how, at);
    for (const mate of mates) this.endAlone(mate, isOver(mate, at) ? endingOf(mate) : 'canceled', at);
  }

  private endAlone(order: Order, how: Ending, at: number): void {
    if (order.state === 'closed') return;
    this.remove(order, at);
    this.core.lines?.push(`${how} ${nameOf(order)}`);
  }

  private remove(order: Order, at: number): void {
    order.state = 'closed';
    const { orders, market } = marketOf(this.core, order);
    const place = orders.indexOf(order);
    if (place === orders.length - 1) orders.pop();
    else orders.splice(place, 1);
    this.core.openCount -= 1;
    this.core.onEnd?.(market.symbol, at);
  }

  private atOpen(order: Order, bar: Stretch, moment: Moment): void {
    const { timeInForce: tif } = order;
    if (tif === 'ioc' || tif === 'fok' || tif === 'opg') {
      const price = tif === 'opg' && !isInMoment(moment, order.auctionAt) ? NaN : fillAt(order, bar.open, this.rules);
      if (!Number.isNaN(price)) this.execute(order, price, moment.at, moment.isInside !== true);
      return;
    }
    if (tif === 'cls') return;
    const { look } = this;
    lookAt(order, bar, this.rules, look);
    const { elected, price, isAtOpen } = look;
    if (elected === 1) {
      follow(order, look);
      this.elect(order, moment.at);
    }
    if (isAtOpen && !Number.isNaN(price)) this.execute(order, price, moment.at, moment.isInside !== true);
  }

  private atLater(order: Order, bar: Stretch, at: number): void {
    if (order.timeInForce === 'opg' || order.timeInForce === 'cls') return;
    const { look } = this;
    lookAt(order, bar, this.rules, look);
    const { elected, price, isAtOpen } = look;
    follow(order, look);
    if (elected === 2) this.elect(order, at);
    // What could not trade at the open waits for the next bar.
    if (!isAtOpen && !Number.isNaN(price)) this.execute(order, price, at, false);
  }

  private atClose(order: Order, bar: Stretch, moment: Moment): void {
    if (!isInMoment(moment, order.auctionAt - 1)) return;
    const price = fillAt(order, bar.close, this.rules);
    if (!Number.isNaN(price)) this.execute(order, price, moment.at + moment.ms - 1, false);
  }

  /** After the open nothing is left of orders that trade at once, and of those for an opening auction that is over. */
  private endImmediate(moment: Moment): void {
    const isSpent = (order: Order): boolean => {
      const { timeInForce: tif } = order;
      return (tif === 'ioc' || tif === 'fok' || (tif === 'opg' && order.auctionAt < moment.at + moment.ms)) && isEligible(order, moment);
    };
    for (const order of this.openOnes(isSpent)) if (order.state !== 'closed') this.end(order, 'canceled', moment.at);
  }

  /** The price has reached a stop: it is worked from now on, and the take-profit beside it is taken back so that never both can execute. */
  private elect(order: Order, at: number): void {
    const rival = rivalOf(order);
    if (rival !== undefined) this.endAlone(rival, 'canceled', at);
    order.isTriggered = true;
    order.state = 'open';
    if (order.since > at) order.since = at;
  }

  /** Shares that trade now: what is wanted, under the cap, never more than a closing order has to close. Fill-or-kill wants all. */
  private sharesNow(m: MarketState, order: Order): number {
    const { volumeCap } = this.core.config.fills;
    const all = order.leaves;
    let qty = order.isClosing ? Math.min(all, m.qty * -order.side) : all;
    if (volumeCap !== null) qty = Math.min(qty, Math.max(0, underCap(m.bars.volume[m.cursor.i] ?? 0, volumeCap) * NANO - m.taken));
    if (order.timeInForce === 'fok') return qty < all ? 0 : all;
    return qty > 0 ? qty : 0;
  }

  private execute(order: Order, price: number, at: number, isAtOpen: boolean): void {
    const { core } = this;
    const m = marketOf(core, order);
    const qty = this.affordable(m, order, price, this.sharesNow(m, order));
    if (!(qty > 0)) {
      if (order.isClosing && m.qty * -order.side <= 0) this.end(order, 'canceled', at);
      return;
    }
    m.taken += qty;
    this.books.book(m, { order, qty, price, isAtOpen }, at);
    const isFilled = order.filled === order.qty;
    if (isFilled) this.remove(order, at);
    this.followFill(order, isFilled, at);
  }

  /** Where the broker's checks at the order's door were left out, what the account cannot pay is cut off here: whole shares that it can, the rest ends. */
  private affordable(m: MarketState, order: Order, price: number, qty: number): number {
    const { core } = this;
    if (core.config.isBrokerStrict || order.isClosing || qty === 0) return qty;
    const most = this.affordableShares(m, order, price, qty / NANO);
    if (qty <= most * NANO) return qty;
    core.deny(INSUFFICIENT_CASH);
    core.lines?.push(`cut ${nameOf(order)} ${m.market.symbol} ${Math.max(0, most)}`);
    if (most <= 0) {
      this.end(order, 'canceled');
      return 0;
    }
    order.qty = order.filled + most * NANO;
    for (const leg of order.legs) leg.qty = order.qty;
    return most * NANO;
  }

  /** Whole shares that the account can pay; `wanted` when it can pay all of them. */
  private affordableShares(m: MarketState, order: Order, price: number, wanted: number): number {
    const { core } = this;
    const { multiplier } = core.config.account;
    if (multiplier === 1) return order.side > 0 ? this.payableShares(order, price, wanted) : Infinity;
    let [equity, gross] = [core.cash, 0];
    for (const other of core.markets) {
      const value = other === m ? (m.qty / NANO) * price : other.value;
      equity += value;
      gross += Math.abs(value);
    }
    return Math.floor((Math.max(0, equity) * multiplier - gross) / price);
  }

  private payableShares(order: Order, price: number, wanted: number): number {
    const { core: { cash }, books } = this;
    if (books.costOf(order, wanted, price) <= cash) return wanted;
    // Steps and minima of the commission bend the cost, but more shares never cost less.
    let [most, tooMany] = [0, Math.floor(wanted) + 1];
    while (tooMany - most > 1) {
      const middle = Math.floor((most + tooMany) / 2);
      if (books.costOf(order, middle, price) <= cash) most = middle;
      else tooMany = middle;
    }
    return most;
  }

  /** What a fill does to the rest of the group. */
  private followFill(order: Order, isFilled: boolean, at: number): void {
    if (order.role === 'order') {
      if (isFilled && order.orderClass !== 'simple') wakeLegs(order, at);
      return;
    }
    const rival = rivalOf(order);
    if (rival === undefined) return;
    if (isFilled || order.role === 'stop_loss') this.endAlone(rival, 'canceled', at);
    else rival.qty = order.leaves;
  }
}

/** How an order ends without a fill. */
export type Ending = 'canceled' | 'expired';

/** Day orders expire; what was good until canceled is canceled. */
function endingOf(order: Order): Ending {
  return order.timeInForce === 'day' ? 'expired' : 'canceled';
}

/** The code under which cut and refused entries are counted where the account could not pay. */
const INSUFFICIENT_CASH = 'VENUE_40310000';

/** Take-profits last (of two exits that share their shares the stop-loss counts), else oldest first. */
function byTurn(a: Order, b: Order): number {
  const isLast = Number(a.role === 'take_profit') - Number(b.role === 'take_profit');
  return isLast === 0 ? a.seq - b.seq : isLast;
}

/** Whether a stretch can trade an order: it was placed before, and if it is an exit, its entry is done. */
function isEligible(order: Order, { at }: Moment): boolean {
  if (order.state === 'closed' || order.since > at) return false;
  return order.state !== 'held' || order.parent === null || order.orderClass === 'oco' || order.parent.state === 'closed';
}

function isInMoment({ at, ms }: Moment, instant: number): boolean {
  return instant >= at && instant < at + ms;
}

function isOver(order: Order, now: number): boolean {
  if (!Number.isNaN(order.expiresAt)) return order.expiresAt <= now;
  return now - order.placedAt > GTC_SURELY_MS && orderTimes({ timeInForce: 'gtc', extendedHours: false }, order.placedAt as EpochMs).expiresAt <= now;
}

function follow(order: Order, look: Look): void {
  if (Number.isNaN(look.best)) return;
  order.best = look.best;
  order.stop = look.stop;
}

/** The exit that an exit shares its shares with, while both are open. */
function rivalOf(order: Order): Order | undefined {
  if (order.role === 'order') return undefined;
  const wanted = order.role === 'stop_loss' ? 'take_profit' : 'stop_loss';
  return groupOf(order).find((member) => member.role === wanted);
}

/** The entry has filled: the take-profit goes to market, a stop-loss beside it stays held (and watched) until the price reaches it. */
function wakeLegs(entry: Order, at: number): void {
  const legs = entry.legs.filter((leg) => leg.state !== 'closed');
  for (const leg of legs) {
    leg.since = at;
    if (leg.role !== 'stop_loss' || legs.length === 1) leg.state = 'open';
  }
}

/** Whole shares of a bar that may be traded under the cap. 10 % of 1,000 = 100. */
function underCap(volume: number, cap: number): number {
  const share = volume * cap;
  const near = Math.round(share);
  return Math.abs(share - near) < 1e-6 ? near : Math.floor(share);
}
