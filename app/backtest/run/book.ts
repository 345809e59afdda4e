/** Booking an execution: cash, costs, the position at average cost, the round trip, the table of fills. */
import type { FeeSchedule } from '../fees.ts';
import { Decimal } from '#app/domain/numeric.ts';
import type { Core, MarketState, OpenTrip } from './core.ts';
import { nameOf, type Order } from './order.ts';
import type { Commission } from './types.ts';
import { ceilOfProduct, MICRO, NANO, valueOf, type Amount } from './units.ts';

const PERCENT_SCALE = 1e6;
const HUNDRED_SCALED = 1e8;
const CENT_MICRO = 1e4;

/** One execution. Price in micro-dollars, shares in 1e-9 (> 0). `isAtOpen`: at the open of the bar, so that all of the bar comes after it. */
export type Execution = { readonly order: Order; readonly qty: number; readonly price: number; readonly isAtOpen: boolean };

/** Percent of a value, micro-dollars to the nearest, half up; exact to six digits of the percentage. 0.1 % of $5,017.00 = $5.017. */
export function percentOf(micro: number, percent: number): number {
  const scaled = Math.round(percent * PERCENT_SCALE);
  const high = Math.floor(micro / HUNDRED_SCALED);
  const low = micro - high * HUNDRED_SCALED;
  return high * scaled + Math.floor((low * scaled) / HUNDRED_SCALED + 0.5);
}

/** Commission of an order that has traded so much, micro-dollars: reckoned on the whole order, so that parts of it pay what one execution would. */
function commissionOf(rules: Commission, shares: number, value: number): number {
  const own = Math.round(rules.perOrder * MICRO) + Math.floor(rules.perShare * MICRO * shares + 0.5) + (rules.percent === 0 ? 0 : percentOf(value, rules.percent));
  const least = rules.minimum * MICRO;
  return own < least ? Math.round(least) : own;
}

/** A rate of the schedule in whole numbers: 1e-9 dollars for a dollar, 1e-9 dollars for a share, cap in cents. */
type Rate = { readonly from: number; readonly sec: number; readonly taf: number; readonly cap: number };

/** Regulatory fees by date, in whole numbers; the figures of fees.ts `feeOf`. */
export class SaleFees {
  private readonly rates: readonly Rate[];

  constructor(schedule: FeeSchedule | null) {
    const nano = (text: string): number => new Decimal(text).times(NANO).toNumber();
    // The cap may lie within a cent: what is under it is rounded up to the cent, and so is the cap.
    this.rates = (schedule ?? []).map((rate) => ({ from: rate.effectiveFrom, sec: nano(rate.secPerDollar), taf: nano(rate.tafPerShare), cap: new Decimal(rate.tafCap).times(100).ceil().toNumber() }));
  }

  /** Micro-dollars for a sale; each of the two fees is rounded up to the cent. */
  of(qty: number, price: number, at: number): number {
    let rate: Rate | null = null;
    for (const candidate of this.rates) if (candidate.from <= at) rate = candidate;
    if (rate === null) return 0;
    const shares = qty / NANO;
    const isWhole = Number.isInteger(shares);
    // Whole shares: micro-dollars x 1e-9 is 1e-15 dollars, a cent is 1e13 of them. Parts: 1e-24 dollars over BigInt.
    const sec = isWhole && shares * price <= Number.MAX_SAFE_INTEGER ? ceilOfProduct(shares * price, rate.sec, 1e13) : ceilBig([qty, price, rate.sec], 10n ** 22n);
    const taf = isWhole ? ceilOfProduct(shares, rate.taf, 1e7) : ceilBig([qty, rate.taf], 10n ** 16n);
    return (sec + Math.min(taf, rate.cap)) * CENT_MICRO;
  }
}

function ceilBig(factors: readonly number[], by: bigint): number {
  const product = factors.reduce((all, factor) => all * BigInt(factor), 1n);
  return Number((product + by - 1n) / by);
}

const amount: Amount = { micro: 0, sub: 0 };

/** Books executions of a run. */
export class Bookkeeper {
  private readonly core: Core;
  private readonly fees: SaleFees;
  private readonly hasCommission: boolean;
  private readonly isEntryOnly: boolean;

  constructor(core: Core) {
    this.core = core;
    this.fees = new SaleFees(core.config.fees);
    const { perOrder, perShare, percent, minimum, isEntryOnly = false } = core.config.commission;
    this.isEntryOnly = isEntryOnly;
    this.hasCommission = perOrder > 0 || perShare > 0 || percent > 0 || minimum > 0;
  }

  /** What so many more shares of an order would cost, commission and all. Micro-dollars. */
  costOf(order: Order, shares: number, price: number): number {
    const value = shares * price;
    return value + (this.hasCommission ? commissionOf(this.core.config.commission, order.filled / NANO + shares, order.traded + value) - order.commission : 0);
  }

  /** Dollars of commission for shares at a price, were they one order alone: for sizing at the fill. Micro-dollars. */
  commissionFor(shares: number, price: number): number {
    return this.hasCommission ? commissionOf(this.core.config.commission, shares, shares * price) : 0;
  }

  book(m: MarketState, { order, qty, price, isAtOpen }: Execution, at: number): void {
    const { core } = this;
    core.beforeChange();
    valueOf(qty, price, amount);
    const { micro, sub } = amount;
    const fee = order.side < 0 ? this.fees.of(qty, price, at) : 0;
    const cost = fee + (this.hasCommission && !(order.isClosing && this.isEntryOnly) ? this.commission(order, qty, micro) : 0);
    if (order.side > 0) core.pay(-micro - cost, -sub);
    else core.pay(micro - cost, sub);
    core.costs += cost;
    order.filled += qty;
    const row = core.fills.next();
    const { values } = core.fills;
    values[row] = core.step;
    values[row + 1] = m.index;
    values[row + 2] = order.seq;
    values[row + 3] = order.side;
    values[row + 4] = qty / NANO;
    values[row + 5] = price / MICRO;
    values[row + 6] = cost / MICRO;
    move(core, m, { side: order.side, qty, price, cost, isAtOpen, stop: order.stopLoss });
    m.value = (m.qty / NANO) * price;
    core.lines?.push(`fill ${nameOf(order)} ${order.side > 0 ? 'buy' : 'sell'} ${textOf(qty, NANO)} ${m.market.symbol} ${textOf(price, MICRO)} ${textOf(cost, MICRO)} ${Math.floor(at)}`);
  }

  private commission(order: Order, qty: number, value: number): number {
    order.traded += value;
    const due = commissionOf(this.core.config.commission, (order.filled + qty) / NANO, order.traded) - order.commission;
    order.commission += due;
    return due;
  }
}

/** A whole number of parts as plain decimal text without trailing zeros. textOf(1500000, 1e6) = "1.5". */
export function textOf(parts: number, scale: number): string {
  const whole = Math.trunc(parts / scale);
  const rest = Math.abs(parts - whole * scale);
  if (rest === 0) return String(whole);
  const digits = String(rest).padStart(Math.round(Math.log10(scale)), '0').replace(/0+$/, '');
  return `${parts < 0 && whole === 0 ? '-' : ''}${whole}.${digits}`;
}

type Move = { readonly side: 1 | -1; readonly qty: number; readonly price: number; readonly cost: number; readonly isAtOpen: boolean; readonly stop: number };

/** Moves the position. What goes through zero ends one trip and begins another; costs are shared by shares. */
function move(core: Core, m: MarketState, given: Move): void {
  const { side, qty, price, cost } = given;
  const held = m.qty * side;
  if (held >= 0) return enter(core, m, given);
  const closing = Math.min(qty, -held);
  const share = closing === qty ? cost : cost * (closing / qty);
  leave(core, m, { ...given, qty: closing, cost: share });
  if (closing < qty) enter(core, m, { ...given, qty: qty - closing, cost: cost - share, price });
}

function enter(core: Core, m: MarketState, { side, qty, price, cost, isAtOpen, stop }: Move): void {
  const { i } = m.cursor;
  const shares = qty / NANO;
  if (m.trip === null) {
    const risk = Number.isNaN(stop) ? NaN : (Math.abs(price - stop) * shares) / MICRO;
    m.trip = { side, openStep: core.step, qty, entered: shares, entryValue: price * shares, left: 0, exitValue: 0, cost: cost / MICRO, mae: 0, mfe: 0, risk };
    m.average = price;
    m.entryBar = i;
  } else {
    const { trip } = m;
    lookBack(m, i);
    const before = Math.abs(m.qty);
    m.average = (m.average * before + price * qty) / (before + qty);
    trip.entered += shares;
    trip.entryValue += price * shares;
    trip.cost += cost / MICRO;
    if (!Number.isNaN(stop)) trip.risk = (Number.isNaN(trip.risk) ? 0 : trip.risk) + (Math.abs(price - stop) * shares) / MICRO;
  }
  m.lookedFrom = isAtOpen ? i : i + 1;
  m.isCloseAhead = !isAtOpen;
  m.qty += side * qty;
  if (m.trip.qty < Math.abs(m.qty)) m.trip.qty = Math.abs(m.qty);
}

function leave(core: Core, m: MarketState, { side, qty, price, cost, isAtOpen }: Move): void {
  const { trip } = m;
  if (trip === null) return;
  const { i } = m.cursor;
  lookBack(m, i);
  reach(m, trip, price);
  if (!isAtOpen && m.lookedFrom <= i) reach(m, trip, (m.bars.open[i] ?? NaN) * MICRO);
  const shares = qty / NANO;
  trip.left += shares;
  trip.exitValue += price * shares;
  trip.cost += cost / MICRO;
  m.qty += side * qty;
  m.lookedFrom = isAtOpen ? i : i + 1;
  m.isCloseAhead = !isAtOpen;
  if (m.qty === 0) closeTrip(core, m, trip, false);
}

/** Open profit at a price, dollars, with what was realized of the trip; into its furthest fall and rise. */
function reach(m: MarketState, trip: OpenTrip, price: number): void {
  const held = m.qty / NANO;
  const profit = (trip.side * (trip.exitValue - trip.entryValue) + held * price) / MICRO;
  if (profit < trip.mae) trip.mae = profit;
  if (profit > trip.mfe) trip.mfe = profit;
}

/** Takes the highs and lows of the bars before `until` into the trip. To be called before the position changes. */
export function lookBack(m: MarketState, until: number): void {
  const { trip, bars } = m;
  if (trip === null || m.lookedFrom > until) return;
  const { high, low, close } = bars;
  if (m.isCloseAhead) reach(m, trip, (close[m.lookedFrom - 1] ?? NaN) * MICRO);
  m.isCloseAhead = false;
  if (m.lookedFrom === until) return;
  let top = -Infinity;
  let bottom = Infinity;
  for (let i = m.lookedFrom; i < until; i += 1) {
    const above = high[i] ?? 0;
    const below = low[i] ?? 0;
    if (above > top) top = above;
    if (below < bottom) bottom = below;
  }
  reach(m, trip, top * MICRO);
  reach(m, trip, bottom * MICRO);
  m.lookedFrom = until;
}

/** A trip whose shares have become fewer by a split: what is left of whole shares was paid in cash at `price` (micro-dollars). `left`: shares >= 0. */
export function splitTrip(core: Core, m: MarketState, given: { readonly ratio: number; readonly left: number; readonly price: number }): void {
  const { trip } = m;
  if (trip === null) return;
  trip.qty *= given.ratio;
  trip.entered *= given.ratio;
  trip.left = trip.left * given.ratio + given.left;
  trip.exitValue += given.left * given.price;
  if (m.qty === 0) closeTrip(core, m, trip, false);
}

function closeTrip(core: Core, m: MarketState, trip: OpenTrip, isOpen: boolean): void {
  const profit = (trip.side * (trip.exitValue - trip.entryValue)) / MICRO - trip.cost;
  core.trips.add({
    market: m.index, side: trip.side, isOpen, openStep: trip.openStep, closeStep: core.step, qty: trip.qty / NANO, entryPrice: trip.entryValue / trip.entered / MICRO, exitPrice: trip.exitValue / trip.left / MICRO,
    profit, cost: trip.cost, mae: trip.mae, mfe: trip.mfe, risk: trip.risk,
  });
  m.trip = null;
  m.average = NaN;
  m.entryBar = -1;
}

/** Writes down what is open at the end of the run as if it were closed at the last close, without costs. */
export function markOpenTrip(core: Core, m: MarketState): void {
  const { trip } = m;
  if (trip === null) return;
  const { last } = m;
  lookBack(m, m.cursor.i + 1);
  const shares = Math.abs(m.qty) / NANO;
  closeTrip(core, m, { ...trip, left: trip.left + shares, exitValue: trip.exitValue + last * shares }, true);
}
