/** The trading desk of a back-test under the live rules: signals become decisions as risk makes them, decisions become orders at a venue, exact or over columns. */
import { clientOrderId, decisionId, signalId } from '#app/domain/ids.ts';
import { addMoney, addQuantity, fromFloat, LEDGER_SCALE, price, roundToTick, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderRole, OrderType, Side } from '#app/domain/order.ts';
import { MARKET_TERMS, type OrderTerms } from '#app/domain/order-terms.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import { normaliseOrder, type SizedTerms } from '#app/execution/normalise.ts';
import { dayLossOf, forOneDecision, NO_FACTS, shareKey, type Asset, type ExactLimits, type RiskBook, type RiskMarket, type StrategyTerms, type Valued } from '#app/risk/book.ts';
import { openOrderOf, rule, type Intent, type Protection, type Ruling } from '#app/risk/decide.ts';
import { followUps, isEntryMissed, type OwedSince, type OwedTarget } from '#app/risk/follow-up.ts';
import { countOnce, type OpenOrder } from '#app/risk/open-orders.ts';
import type { Sizing } from '#app/domain/sizing.ts';
import { weightOf } from '#app/risk/target.ts';
import type { StrategyOrder } from '#app/strategy/context.ts';
import type { HostSignal } from '#app/strategy/host.ts';

/** What the desk trades by. `strategyLimits`: the strategy's own, beside the account's. */
export type HouseRules = {
  readonly strategyId: string; readonly versionId: string; readonly sizing: Sizing; readonly limits: ExactLimits; readonly strategyLimits?: StrategyTerms['limits'] | undefined; readonly timeframe: Timeframe;
};

/** An open order of the venue: one that the desk sent under `root`, or an exit that the venue made of it. */
export type DeskOrder = { readonly id: string; readonly root: string; readonly role: OrderRole; readonly side: Side; readonly type: OrderType; readonly limitPrice: Price | null; readonly filledQty: Quantity; readonly leaves: Quantity };

/** Signed shares of a symbol. */
export type HeldHere = { readonly symbol: string; readonly qty: Quantity };

/**
 * What the desk needs of the venue and of the market: what is held and open; the newest closes, and the closes as they stood before the bars of this moment (by these live risk
 * values what is held: which bars of the moment are stored already is luck there); the exchange day and the equity with which it began.
 */
export type DeskVenue = {
  cash(): Money;
  /** The same list while nothing has changed, where the venue can tell. */
  positions(): readonly HeldHere[];
  /** The rest of an account that is shared: cash that others moved, what they hold. Left out: nobody else trades on it. */
  others?(): { readonly cash: Money; readonly positions: readonly HeldHere[] };
  /** Oldest first. */
  openOrders(): readonly DeskOrder[];
  close(symbol: string): Price | null;
  earlierClose(symbol: string): Price | null;
  /** What is held, added up at the closes or at the earlier ones; null where the sum cannot be known exactly. Left out: the desk adds it up. */
  valued?(isEarlier: boolean): Valued | null;
  assets(): ReadonlyMap<string, Asset>;
  day(): string;
  dayOpenEquity(): Money;
  /** Takes an order, or gives the broker's code of its refusal. */
  submit(order: { readonly id: string; readonly symbol: string; readonly side: Side; readonly terms: SizedTerms; readonly at: EpochMs }): number | null;
  cancel(id: string, at: EpochMs): void;
  note(line: string): void;
};

/** Counts of what the desk did. `denied` by code. */
export type DeskCounts = { orders: number; readonly denied: Record<string, number> };

/** A signal with the bar that raised it: `openTime` and `at`, its close. */
export type DeskSignal = { readonly signal: HostSignal; readonly openTime: EpochMs; readonly at: EpochMs };

const NOBODY = { cash: ZERO_MONEY, positions: [] } as const;
const NO_TIMES: RiskMarket['priceTimes'] = new Map();

type Owed = OwedTarget & OwedSince & { readonly strategyId: string; readonly protection: Protection | null };

/** The desk at work. */
export class HouseDesk {
  readonly counts: DeskCounts;
  private readonly rules: HouseRules;
  private readonly terms: ReadonlyMap<string, StrategyTerms>;
  private readonly venue: DeskVenue;
  private readonly sent = new Map<string, Ruling>();
  private readonly own = new Map<string, string>();
  private readonly targets = new Map<string, Owed>();
  /** The day whose loss limit was hit: as live, from the first signal that sees it. */
  private trippedDay = '';
  /** Entries approved on a day. */
  private entries = { day: '', count: 0 };
  /** What the book says of the positions, and of which list. */
  private held: { readonly own: readonly HeldHere[]; readonly others: readonly HeldHere[]; readonly positions: ReadonlyMap<string, Quantity>; readonly shares: ReadonlyMap<string, Quantity> } | null = null;
  /** Something has happened after which a step may be due. */
  private isUnsettled = false;

  /** `denied`: where refusals are counted. */
  constructor(rules: HouseRules, venue: DeskVenue, denied: Record<string, number> = {}) {
    this.counts = { orders: 0, denied };
    this.rules = rules;
    this.terms = new Map([[rules.strategyId, { limits: rules.strategyLimits ?? null, stoppedWhy: null }]]);
    this.venue = venue;
  }

  /** Takes what a strategy said. */
  take({ signal, openTime, at }: DeskSignal): void {
    const { strategyId, versionId, sizing, timeframe } = this.rules;
    const isDaily = timeframe === '1Day';
    const { symbol } = signal;
    if (signal.cancels !== null) {
      const id = this.own.get(`${symbol} ${signal.cancels}`);
      if (id !== undefined) this.cancel(id, at);
      return;
    }
    const reference = this.venue.close(symbol);
    if (reference === null) return;
    const head = { signalId: signalId(versionId, symbol, openTime, signal.n), strategyId, symbol, referencePrice: reference, isDaily, tsMarket: at, tsBarSeen: null };
    const [market, book] = this.trip(at);
    if (signal.order !== null) {
      const { order } = signal;
      const held = this.venue.positions().find((position) => position.symbol === symbol);
      const decision = this.act(market, { kind: 'order', ...head, side: order.side, qty: fromFloat(order.qty, LEDGER_SCALE) as Quantity, terms: termsOf(order) }, { book, at });
      if (decision.clientOrderId === null) return;
      this.own.set(`${symbol} ${signal.orderId}`, decision.clientOrderId);
      // As live: an order that opens a position takes back an earlier wish to be flat.
      if (!decision.isReducing && (held === undefined || held.qty.isZero()) && this.targets.get(symbol)?.desired.isZero() === true) this.targets.delete(symbol);
      return;
    }
    const atr = signal.atr === null ? null : fromFloat(signal.atr, LEDGER_SCALE);
    const protection = protectionOf(signal);
    this.act(market, {
      kind: 'signal', ...head, target: signal.target, weight: signal.weight === null ? null : weightOf(signal.weight), atr: atr?.gt(0) === true ? (atr as Price) : null, sizing, protection,
    }, { book, at }, { strategyId, symbol, originId: head.signalId, followUps: 0, desired: ZERO_QUANTITY, protection, tsMarket: at, timeframe });
    this.isUnsettled ||= this.targets.has(symbol);
  }

  /** An order has filled or ended. As live, where somebody looks all the time, an entry that was missed by then is missed. */
  stir(symbol: string, at: EpochMs): void {
    this.isUnsettled = true;
    const target = this.targets.get(symbol);
    if (target === undefined) return;
    if (!this.miss(target, at) && at > target.tsMarket) this.targets.set(symbol, { ...target, tsMarket: at });
  }

  /** Drops an entry that is missed: the exit from the other side is left, or nothing. Returns whether it was. */
  private miss(target: Owed, now: EpochMs): boolean {
    if (!isEntryMissed(target, now)) return false;
    const { symbol, desired } = target;
    const held = this.venue.positions().find((position) => position.symbol === symbol)?.qty;
    if (held === undefined || held.isZero() || held.s === desired.s) this.targets.delete(symbol);
    else this.targets.set(symbol, { ...target, desired: ZERO_QUANTITY });
    return true;
  }

  /** Takes the steps that are owed, as risk does when the pipeline is live. */
  followUp(at: EpochMs): void {
    if (!this.isUnsettled || this.targets.size === 0) return;
    this.isUnsettled = false;
    const { strategyId, timeframe } = this.rules;
    for (const target of [...this.targets.values()]) this.miss(target, at);
    for (const target of followUps(this.book(), [...this.targets.values()]).due) {
      const { symbol, originId, desired, protection } = target;
      const attempt = target.followUps + 1;
      const id = decisionId(originId, attempt);
      this.act(this.marketBy(at, false, symbol), desired.isZero()
        ? { kind: 'exit', decisionId: id, signalId: null, strategyId, symbol, tsMarket: at }
        : { kind: 'target', decisionId: id, signalId: originId, strategyId, symbol, desired, protection, isDaily: timeframe === '1Day', tsMarket: at }, { book: this.book(), at }, { ...target, followUps: attempt, tsMarket: at });
    }
  }

  /** The signal behind an order, null for a step that followed. */
  signalOf(id: string): string | null {
    return this.sent.get(id)?.signalId ?? null;
  }

  private book(): RiskBook {
    const { venue } = this;
    const { limits } = this.rules;
    const others = venue.others?.() ?? NOBODY;
    const { positions, shares } = this.holdings(others.positions);
    const open = venue.openOrders().flatMap((order) => {
      const decision = this.sent.get(order.root);
      return decision === undefined ? [] : [openOrderFor(decision, order)];
    });
    return {
      tradingState: 'ACTIVE', arming: 'not_needed', limits, cash: addMoney(venue.cash(), others.cash), margin: null, positions, brokerPositions: new Map(), openOrders: countOnce(open), strategies: this.terms, facts: NO_FACTS,
      shares, assets: venue.assets(),
    };
  }

  private holdings(others: readonly HeldHere[]): NonNullable<HouseDesk['held']> {
    const own = this.venue.positions();
    if (this.held?.own === own && this.held.others === others) return this.held;
    const { strategyId } = this.rules;
    const positions = new Map(own.map(({ symbol, qty }) => [symbol, qty]));
    for (const { symbol, qty } of others) positions.set(symbol, addQuantity(positions.get(symbol) ?? ZERO_QUANTITY, qty));
    const shares = new Map([...own.map(({ symbol, qty }) => [shareKey(strategyId, symbol), qty] as const), ...others.map(({ symbol, qty }) => [shareKey(null, symbol), qty] as const)]);
    this.held = { own, others, positions, shares };
    return this.held;
  }

  private deny(code: string): void {
    this.counts.denied[code] = (this.counts.denied[code] ?? 0) + 1;
  }

  /** `isEarlier`: what is held by the closes before the bars of this moment; `about`: a symbol that may not be held and is asked about. */
  private marketBy(now: EpochMs, isEarlier: boolean, about: string | null = null): RiskMarket {
    const { venue } = this;
    const { positions } = this.holdings((venue.others?.() ?? NOBODY).positions);
    // Most rules ask for no price but that of their own symbol.
    const get = (symbol: string): Price | undefined => {
      const asked = symbol === about ? venue.close(symbol) : null;
      if (asked !== null || !positions.has(symbol)) return asked ?? undefined;
      return (isEarlier ? venue.earlierClose(symbol) : null) ?? venue.close(symbol) ?? price('0');
    };
    const day = venue.day();
    const entriesToday = this.entries.day === day ? this.entries.count : 0;
    // The breaker of the trailing drawdown waits for a person; a back-test has none, and goes on.
    return {
      prices: { get }, valued: venue.others === undefined ? (venue.valued?.(isEarlier) ?? null) : null, priceTimes: NO_TIMES, now, dayOpenEquity: venue.dayOpenEquity(), isDailyLossTripped: this.trippedDay === day, entriesToday, entriesByStrategy: new Map([[this.rules.strategyId, entriesToday]]), peakEquity: null,
    };
  }

  /** The market of a signal, with the book by which it was looked at; the breaker of the day trips on the way. */
  private trip(at: EpochMs): readonly [RiskMarket, RiskBook] {
    const market = this.marketBy(at, true);
    const book = forOneDecision(this.book());
    if (market.isDailyLossTripped || dayLossOf(book, market).lt(this.rules.limits.maxDailyLoss)) return [market, book];
    this.trippedDay = this.venue.day();
    return [{ ...market, isDailyLossTripped: true }, book];
  }

  private act(market: RiskMarket, intent: Intent, { book, at }: { readonly book: RiskBook; readonly at: EpochMs }, aim: Owed | null = null): Ruling {
    const decision = rule(book, market, intent);
    if (aim !== null) this.aim(aim, decision.owes);
    const hasFreed = decision.cancels.length > 0 && this.hasExitsAmong(decision.cancels);
    for (const order of decision.cancels) this.cancel(order.clientOrderId, at);
    if (decision.code === null) {
      const day = this.venue.day();
      if (!decision.isReducing) this.entries = { day, count: this.entries.day === day ? this.entries.count + 1 : 1 };
      this.submit(decision, at);
      return decision;
    }
    this.venue.note(`denied ${decision.decisionId} ${decision.code}`);
    this.deny(decision.code);
    // The exits at the venue held the shares and have let them go: as live, what the signal wanted follows at once.
    if (hasFreed) this.followUp(at);
    return decision;
  }

  private hasExitsAmong(orders: readonly OpenOrder[]): boolean {
    const exits = new Set(this.venue.openOrders().filter((order) => order.role !== 'order').map((order) => order.id));
    return orders.some((order) => exits.has(order.clientOrderId));
  }

  private aim(aim: Owed, owes: Quantity | null): void {
    if (owes === null) this.targets.delete(aim.symbol);
    else this.targets.set(aim.symbol, { ...aim, desired: owes });
  }

  private cancel(id: string, at: EpochMs): void {
    this.venue.cancel(id, at);
    this.isUnsettled = true;
  }

  private submit(decision: Ruling, at: EpochMs): void {
    const { symbol, side } = decision;
    const terms = normaliseOrder(decision, this.venue.assets().get(symbol)?.isFractionable ?? false);
    if (!terms.ok) return this.deny(terms.error.code);
    const id = decision.clientOrderId ?? clientOrderId(decision.decisionId);
    this.sent.set(id, decision);
    const refused = this.venue.submit({ id, symbol, side, terms: terms.value, at });
    if (refused === null) this.counts.orders += 1;
    else this.deny(`VENUE_${refused}`);
  }
}

/** The exits that a strategy wants at the broker, on the exchange's ticks, as the live pipeline writes them down. */
function protectionOf({ exits }: HostSignal): Protection | null {
  if (exits === undefined) return null;
  return { stopPrice: tick(exits.stopPrice), takeProfitPrice: tick(exits.takeProfitPrice) };
}

function tick(value: number | null | undefined): Price | null {
  const exact = value === null || value === undefined ? null : roundToTick(fromFloat(value, LEDGER_SCALE));
  return exact?.gt(0) === true ? exact : null;
}

/** A strategy's own order as exact terms. */
function termsOf(order: Omit<StrategyOrder, 'reasons'>): OrderTerms {
  const { takeProfit, stopLoss } = order;
  return {
    ...MARKET_TERMS, type: order.type ?? 'market', timeInForce: order.timeInForce ?? 'day', orderClass: order.orderClass ?? 'simple', limitPrice: tick(order.limitPrice), stopPrice: tick(order.stopPrice),
    trailPrice: tick(order.trailPrice), trailPercent: order.trailPercent === undefined ? null : fromFloat(order.trailPercent, LEDGER_SCALE),
    takeProfit: takeProfit === undefined ? null : { limitPrice: tick(takeProfit.limitPrice) ?? price('0') },
    stopLoss: stopLoss === undefined ? null : { stopPrice: tick(stopLoss.stopPrice) ?? price('0'), limitPrice: tick(stopLoss.limitPrice) },
  };
}

/** As the book of risk has it: the order of a decision, or one of its exits. */
function openOrderFor(decision: Ruling, order: DeskOrder): OpenOrder {
  const open = openOrderOf(decision, order.filledQty);
  if (order.role === 'order') return open;
  const { id, side, type, role, limitPrice, leaves } = order;
  return { ...open, clientOrderId: id, side, type, role, limitPrice, isReducing: true, replaces: null, openQty: leaves, countedQty: leaves, reserved: ZERO_MONEY };
}
