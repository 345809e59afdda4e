/** The plain desk: a strategy's targets by sizing alone, its own orders as they are. No limits but those of the account. */
import type { Sizing } from '#app/domain/sizing.ts';
import type { Reason, StrategyOrder, TargetOptions, Wish } from '#app/strategy/context.ts';
import { FLAT_WISH } from '#app/strategy/view.ts';
import type { Bookkeeper } from './book.ts';
import type { Core, MarketState } from './core.ts';
import type { Desk } from './desk.ts';
import type { Matcher } from './match.ts';
import type { Order, OrderTermsIn } from './order.ts';
import { place, readOrder } from './place.ts';
import { floorShares, percentBudget, shareBudget } from './size.ts';
import { MICRO, NANO, toTick } from './units.ts';

/** A target that is not carried out yet. */
type Goal = { readonly wish: Wish; readonly options: TargetOptions | null; /** Signed 1e-9 shares; null: sized when its time comes. */ readonly qty: number | null };

const BASE: Omit<OrderTermsIn, 'side' | 'qty'> = {
  type: 'market', timeInForce: 'day', orderClass: 'simple', limit: NaN, stop: NaN, trail: NaN, trailPercent: NaN, takeProfit: NaN, stopLoss: NaN, stopLossLimit: NaN,
};

/** Opens the desk. */
export function openPlainDesk(core: Core, matcher: Matcher, books: Bookkeeper): Desk {
  return new PlainDesk(core, matcher, books);
}

class PlainDesk implements Desk {
  private readonly core: Core;
  private readonly matcher: Matcher;
  private readonly books: Bookkeeper;
  /** Targets that are sized at the next open, and entries that wait until the other side is left. */
  private readonly goals: (Goal | null)[];
  private waiting = 0;

  constructor(core: Core, matcher: Matcher, books: Bookkeeper) {
    this.core = core;
    this.matcher = matcher;
    this.books = books;
    this.goals = core.markets.map(() => null);
  }

  hear(said: readonly MarketState[]): void {
    if (said.length === 1) for (const m of said) {
      if (m.view.isNews) this.take(m);
    } else this.takeAll(said.filter((m) => m.view.isNews));
    for (const m of said) {
      if (m.view.requests.length === 0) continue;
      for (const { id, order } of m.view.requests) {
        if (order === null) this.cancel(m, id);
        else this.submit(m, id, order);
      }
    }
  }

  /** What sets money free goes first, so that what needs it can be paid. */
  private takeAll(news: readonly MarketState[]): void {
    const sized = news.map((m) => ({ m, frees: this.sets(m) }));
    for (const { m, frees } of sized) if (frees) this.take(m);
    for (const { m, frees } of sized) if (!frees) this.take(m);
  }

  atOpen(m: MarketState, open: number): void {
    const goal = this.goals[m.index];
    if (goal?.qty !== null || this.core.config.fills.sizedAt !== 'fill') return;
    this.put(m, null);
    const sign = goal.wish.side === 'flat' ? 0 : goal.wish.side === 'long' ? 1 : -1;
    // From the other side through zero: what the entry may cost is known when the exit is paid.
    if (m.qty * sign < 0) this.wait(m, goal);
    this.trade(m, m.qty * sign < 0 ? 0 : this.sized(m, goal, open), goal, this.core.openTime);
  }

  afterSplit(m: MarketState): void {
    const goal = this.goals[m.index] ?? null;
    // Sized in old shares: anew when its time comes.
    if (goal !== null) this.put(m, { ...goal, qty: null });
  }

  afterMatch(m: MarketState, open: number, rematch: () => void): void {
    const goal = this.goals[m.index];
    if (goal === null || goal === undefined || m.qty !== 0 || m.orders.length > 0) return;
    this.put(m, null);
    m.isLeaving = false;
    const before = m.orders.length;
    this.trade(m, goal.qty ?? this.sized(m, goal, open), goal, this.core.openTime);
    if (m.orders.length > before) rematch();
  }

  atSessionEnd(): void {
    // What has expired is tried again at the next close.
  }

  atClose(): void {
    const { core } = this;
    core.isDeskWaiting = false;
    if (core.openCount > 0) this.matcher.expire(core.now);
    for (const m of core.markets) {
      if (!m.isLeaving) continue;
      // An exit that found no buyer in time (a cap on the volume, a day order that ended) is tried again.
      if (m.qty !== 0 && m.orders.length === 0) this.order(m, -m.qty, null, core.now);
      m.isLeaving = m.qty !== 0;
      core.isDeskWaiting ||= m.isLeaving;
    }
  }

  private put(m: MarketState, goal: Goal | null): void {
    const before = this.goals[m.index] ?? null;
    this.goals[m.index] = goal;
    this.waiting += Number(goal !== null) - Number(before !== null);
    this.core.hasGoals = this.waiting > 0;
  }

  /** Whether the new target is smaller than what is held. */
  private sets(m: MarketState): boolean {
    const { opinion, opinionWeight } = m.view;
    if (opinion === 'flat') return true;
    const now = Math.abs(m.value);
    return opinionWeight !== null && Math.abs(opinionWeight) * this.equity() < now && m.qty * opinionWeight > 0;
  }

  private take(m: MarketState): void {
    const { view } = m;
    const { core } = this;
    core.signals += 1;
    const wish: Wish = view.opinion === 'flat' ? FLAT_WISH : { side: view.opinion ?? 'flat', weight: view.opinionWeight };
    view.wish = wish;
    m.isLeaving = wish.side === 'flat';
    core.isDeskWaiting ||= m.isLeaving;
    this.note(m, view.options?.reasons);
    const goal: Goal = { wish, options: view.options, qty: null };
    this.put(m, null);
    if (core.config.fills.sizedAt === 'fill') {
      this.clear(m, false);
      this.put(m, goal);
      return;
    }
    const target = this.sized(m, goal, m.last);
    this.clear(m, target === m.qty);
    if (m.qty !== 0 && target !== 0 && m.qty > 0 !== target > 0) {
      this.wait(m, { ...goal, qty: target });
      this.trade(m, 0, goal, core.now);
    } else this.trade(m, target, goal, core.now);
  }

  /** A new target takes the place of what rests. Where it is held already, nothing follows, and the exits of what is held stay. */
  private clear(m: MarketState, isHeld: boolean): void {
    for (const order of [...m.orders]) if (order.state !== 'closed' && !(isHeld && order.isClosing && order.role !== 'order')) this.matcher.end(order, 'canceled');
  }

  /** An entry waits for the exit from the other side, which is tried again until it is done. */
  private wait(m: MarketState, goal: Goal): void {
    this.put(m, goal);
    m.isLeaving = true;
    this.core.isDeskWaiting = true;
  }

  private note(m: MarketState, reasons: (() => readonly Reason[]) | undefined): void {
    const { lines } = this.core;
    if (lines === null) return;
    const { side, weight } = m.view.wish;
    lines.push(`signal ${m.market.symbol} ${side}${weight === null ? '' : ` ${weight}`} ${this.core.now}${reasons === undefined ? '' : ` ${reasons().map((reason) => `${reason.name}=${reason.value}`).join(' ')}`}`);
  }

  private equity(): number {
    const { core } = this;
    let equity = core.cash + core.sub / 1_000;
    for (const m of core.markets) equity += m.value;
    return equity;
  }

  /** Signed 1e-9 shares of a target at a price. */
  private sized(m: MarketState, { wish, options }: Goal, price: number): number {
    const { core } = this;
    if (wish.side === 'flat') return 0;
    const sign = wish.side === 'long' ? 1 : -1;
    const isEntryPrice = core.config.commission.isEntryOnly === true;
    const at = core.config.fills.sizedAt === 'fill' ? price + (isEntryPrice ? sign : 1) * this.books.commissionFor(1, price) : price;
    if (wish.weight !== null) return sign * shareBudget(Math.abs(wish.weight) * this.equity(), at, m.market.isFractionable);
    return sign * sizeOf(core.config.sizing, { equity: this.equity(), price: at, atr: options?.atr ?? NaN }) * NANO;
  }

  /** Trades the difference to what is held. */
  private trade(m: MarketState, target: number, goal: Goal, at: number): void {
    const change = target - m.qty;
    if (change === 0) return;
    const isEntry = change * target > 0;
    this.order(m, change, isEntry ? goal.options : null, at);
  }

  private order(m: MarketState, change: number, options: TargetOptions | null, at: number): void {
    const { core } = this;
    const side = change > 0 ? 1 : -1;
    const exit = (dollars: number | undefined): number => (dollars !== undefined && dollars > 0 && Number.isFinite(dollars) ? toTick(dollars * MICRO) : NaN);
    const [stopLoss, takeProfit] = [exit(options?.stopPrice), exit(options?.takeProfitPrice)];
    const hasExits = !(Number.isNaN(stopLoss) && Number.isNaN(takeProfit));
    const isBracket = !Number.isNaN(stopLoss) && !Number.isNaN(takeProfit);
    const terms: OrderTermsIn = hasExits ? { ...BASE, side, qty: Math.floor(Math.abs(change) / NANO) * NANO, timeInForce: 'gtc', orderClass: isBracket ? 'bracket' : 'oto', stopLoss, takeProfit } : { ...BASE, side, qty: Math.abs(change) };
    if (terms.qty === 0) return;
    this.accept(m, place(core, m, terms, { tag: core.lines === null ? 0 : `t${core.seq + 1}`, at }));
  }

  private submit(m: MarketState, id: number, order: StrategyOrder): void {
    const { core } = this;
    core.signals += 1;
    this.accept(m, place(core, m, readOrder(order, core.config.isBrokerStrict), { tag: id }));
  }

  private accept(m: MarketState, placed: Order | number): void {
    const { core } = this;
    const { marketAt, sizedAt } = core.config.fills;
    if (typeof placed === 'number') {
      core.deny(`VENUE_${placed}`);
      core.lines?.push(`refused ${m.market.symbol} ${placed} ${core.now}`);
    } else if (marketAt === 'this_close' && sizedAt !== 'fill' && placed.type === 'market') this.matcher.fillNow(placed, m.last);
  }

  private cancel(m: MarketState, id: number): void {
    const open = m.orders.find((order) => (order.parent ?? order).tag === id);
    if (open !== undefined) this.matcher.end(open, 'canceled');
  }
}

type SizingFacts = { readonly equity: number; readonly price: number; readonly atr: number };

/** Whole shares of an entry: domain/sizing.ts `sizeEntry` in whole numbers. Micro-dollars, the range in dollars. */
function sizeOf(sizing: Sizing, { equity, price, atr }: SizingFacts): number {
  switch (sizing.method) {
    case 'fixed_notional':
      return floorShares(Math.round(Number(sizing.notional) * MICRO), price);
    case 'percent_of_equity':
      return floorShares(percentBudget(equity, sizing.percent), price);
    case 'atr_risk': {
      if (!(atr > 0)) return 0;
      const byRisk = Math.floor(percentBudget(equity, sizing.riskPercent) / (atr * Number(sizing.atrMultiple) * MICRO));
      return Math.min(byRisk, floorShares(percentBudget(equity, sizing.maxPercent), price));
    }
  }
}
