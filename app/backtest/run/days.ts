/** What happens between bars: the end of a session, interest and borrow fees, splits and dividends. */
import { invariant } from '#app/domain/errors.ts';
import { Decimal } from '#app/domain/numeric.ts';
import { DAY_MS } from '#app/domain/time.ts';
import { figuresOf } from './admit.ts';
import { worth, type Core, type MarketState } from './core.ts';
import { lookBack, splitTrip } from './book.ts';
import type { Matcher } from './match.ts';
import type { Order } from './order.ts';
import type { DatedAction } from './types.ts';
import { MICRO, NANO, toTick } from './units.ts';

const DAYS_OF_A_YEAR = 360;
const PERCENT = 100;
const CENT = 1e4;

/** Values every position at its market's newest close. */
export function markAll(core: Core): void {
  for (const m of core.markets) if (m.qty !== 0) m.value = worth(m.qty, m.last);
}

/** The end of a session: what counts from yesterday for the margin of today; interest on what is owed and the fee for what is borrowed, for each night until `nextOpen`, by 360 days a year. */
export function endSession(core: Core, close: number, nextOpen: number): void {
  const { marginInterestPercent, borrowPercent } = core.config.account;
  const nights = Math.round((nextOpen - close) / DAY_MS + 0.5);
  let short = 0;
  for (const m of core.markets) if (m.value < 0) short -= m.value;
  // What short sales bring in is held against them: it pays for no shares.
  const debit = Math.max(0, short - core.cash);
  const due = Math.round(((debit * marginInterestPercent + short * borrowPercent) / PERCENT / DAYS_OF_A_YEAR) * nights);
  if (due > 0) {
    core.beforeChange();
    core.pay(-due, 0);
    core.carry -= due;
  }
  const figures = figuresOf(core);
  if (figures.multiplier === 4 && figures.initial > figures.equity && Number.isNaN(core.overnightCallAt)) core.overnightCallAt = close;
  core.lastEquity = figures.equity;
  core.lastMaintenance = figures.maintenance;
  core.lastGross = figures.gross;
}

/** Carries out a corporate action before the first trade of its day: the rules of corporate.ts of the exact venue. */
export function act(core: Core, matcher: Matcher, m: MarketState, dated: DatedAction): void {
  const { action } = dated;
  core.beforeChange();
  if (action.kind === 'split') {
    const ratio = new Decimal(action.newRate).div(action.oldRate);
    invariant(ratio.gt(0) && ratio.isFinite(), 'A split needs two rates greater than zero', { ...action });
    for (const order of [...m.orders]) if (order.state !== 'closed') splitOrder(matcher, order, ratio, core.openTime);
    // What the position went through so far, it went through in old shares.
    lookBack(m, m.cursor.i + 1);
    if (m.qty !== 0) splitPosition(core, m, ratio);
    return;
  }
  const rate = new Decimal(action.rate).times(MICRO).toNumber();
  invariant(rate > 0, 'A dividend must be greater than zero', { ...action });
  if (m.qty !== 0) {
    const exact = new Decimal(m.qty).div(NANO).times(rate).div(CENT).toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN);
    core.owed = [...core.owed, { at: action.payableAt, micro: exact.toNumber() * CENT }];
  }
  for (const order of m.orders) lowerForDividend(order, rate);
}

/** Pays the dividends that are due by now. */
export function payDue(core: Core, now: number): void {
  if (core.owed.length === 0 || !core.owed.some((due) => due.at <= now)) return;
  core.beforeChange();
  for (const due of core.owed) {
    if (due.at > now) continue;
    core.pay(due.micro, 0);
    core.dividends += due.micro;
  }
  core.owed = core.owed.filter((due) => due.at > now);
}

/** Open orders follow a forward split that whole shares can follow; in every other split the broker takes them back. */
function splitOrder(matcher: Matcher, order: Order, ratio: Decimal, at: number): void {
  const whole = (qty: number): boolean => new Decimal(qty).times(ratio).mod(NANO).isZero();
  if (ratio.lt(1) || !whole(order.qty) || !whole(order.filled)) {
    matcher.end(order, 'canceled', at);
    return;
  }
  const shares = (qty: number): number => new Decimal(qty).times(ratio).toNumber();
  const down = (price: number): number => (Number.isNaN(price) ? NaN : toTick(new Decimal(price).div(ratio).toNumber()));
  order.qty = shares(order.qty);
  order.filled = shares(order.filled);
  order.limit = down(order.limit);
  order.stop = down(order.stop);
  order.trail = down(order.trail);
  order.best = down(order.best);
  order.band = down(order.band);
  order.reserve = Number.isNaN(order.reserve) ? NaN : order.reserve / ratio.toNumber();
}

/** A position after a split; a part of a share that whole shares would leave behind is paid in cash at the last price. */
function splitPosition(core: Core, m: MarketState, ratio: Decimal): void {
  const exact = new Decimal(m.qty).times(ratio);
  const lot = m.qty % NANO === 0 ? NANO : 1;
  const qty = exact.abs().div(lot).floor().times(lot).times(exact.s).toNumber();
  const left = exact.minus(qty);
  const by = ratio.toNumber();
  // The mark as it stands: of two splits on one day the second begins where the first one ended. Billionths of a dollar.
  const mark = new Decimal(m.value).div(new Decimal(m.qty).div(NANO)).div(ratio).toDecimalPlaces(3, Decimal.ROUND_HALF_EVEN);
  const isPaid = !left.isZero() && lot === NANO;
  if (isPaid) {
    // Shares x micro-dollars, to a billionth of a dollar, half to even.
    const paid = left.div(NANO).times(mark).times(1_000).toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN);
    const micro = paid.div(1_000).floor();
    core.pay(micro.toNumber(), paid.minus(micro.times(1_000)).toNumber());
  }
  m.qty = qty;
  m.average /= by;
  m.value = worth(qty, mark.toNumber());
  splitTrip(core, m, { ratio: by, left: isPaid ? left.abs().div(NANO).toNumber() : 0, price: mark.toNumber() });
}

/** Resting gtc limits to buy and stops to sell fall by the dividend; exits of a group do not. */
function lowerForDividend(order: Order, rate: number): void {
  if (order.timeInForce !== 'gtc' || order.orderClass !== 'simple') return;
  const lower = (price: number): number => {
    if (!(price > rate)) return price;
    const tick = price >= MICRO ? CENT : PERCENT;
    return Math.floor((price - rate) / tick) * tick;
  };
  const isBuyLimit = order.side > 0 && order.type === 'limit';
  const isSellStop = order.side < 0 && (order.type === 'stop' || order.type === 'stop_limit');
  if (!isBuyLimit && !isSellStop) return;
  order.limit = lower(order.limit);
  order.stop = lower(order.stop);
}

