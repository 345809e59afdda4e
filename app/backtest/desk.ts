/** The trading desk of a back-test: signals become decisions by the live rules, decisions become orders at the venue. */
import { clientOrderId, decisionId } from '#app/domain/ids.ts';
import { Decimal, fromFloat, LEDGER_SCALE, price, roundToTick, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { writeTerms } from '#app/domain/order-terms.ts';
import { normaliseOrder } from '#app/execution/normalise.ts';
import { dayLossOf, NO_FACTS, shareKey, type ExactLimits, type RiskBook, type RiskMarket } from '#app/risk/book.ts';
import { decide, openOrderOf, type Decision, type Intent, type Protection } from '#app/risk/decide.ts';
import { followUps, type OwedTarget } from '#app/risk/follow-up.ts';
import { countOnce, type OpenOrder } from '#app/risk/open-orders.ts';
import type { Sizing } from '#app/risk/sizing.ts';
import type { StrategySignal } from '#app/strategy/strategy.ts';
import { leavesOf } from './open-orders.ts';
import { orderTimes } from './order-times.ts';
import type { Venue } from './venue.ts';
import { isOpenStatus, PLAIN_ASSET, type VenueEvent, type VenueOrder } from './venue-types.ts';

/** What the desk trades by. */
export type DeskConfig = { readonly strategyId: string; readonly sizing: Sizing; readonly limits: ExactLimits };

/** A signal with the bar that raised it; `close` as exact text, `at` = the bar's close. */
export type DeskSignal = { readonly signalId: string; readonly symbol: string; readonly close: string; readonly at: EpochMs; readonly signal: StrategySignal };

/** Counts of what the desk did, and the words it wrote down. `denied` by code. */
export type DeskCounts = { orders: number; readonly denied: Record<string, number> };

/** The desk at work. */
export type Desk = {
  readonly counts: DeskCounts;
  take(signal: DeskSignal): void;
  /** Hears what the venue did. */
  hear(events: readonly VenueEvent[]): void;
  /** Tries again to close what a strategy no longer wants, as risk does when the pipeline is live. */
  followUp(at: EpochMs): void;
  /** The signal behind an order, null for a follow-up. */
  signalOf(clientOrderId: string): string | null;
};

/** An open order with the decision behind it: a leg has that of its entry. */
type Sent = { readonly decision: Decision; order: VenueOrder };

/**
 * What the desk needs of the engine: the venue, the newest closes, the closes as they stood before the bars of this moment (by these live risk values what
 * is held: which bars of the moment are stored already is luck there), the exchange day and the equity with which it began.
 */
export type DeskView = { readonly venue: Venue; readonly closes: ReadonlyMap<string, string>; readonly earlier: ReadonlyMap<string, string>; day(): string; dayOpenEquity(): Money; note(line: string): void };

/** Opens the desk. */
export function openDesk(config: DeskConfig, view: DeskView): Desk {
  return new TradingDesk(config, view);
}

class TradingDesk implements Desk {
  readonly counts: DeskCounts = { orders: 0, denied: {} };
  private readonly config: DeskConfig;
  private readonly view: DeskView;
  private readonly open = new Map<string, Sent>();
  private readonly signals = new Map<string, string | null>();
  private readonly targets = new Map<string, OwedTarget>();
  /** The day whose loss limit was hit: as live, from the first signal that sees it. */
  private trippedDay = '';
  /** Entries approved on a day. */
  private entries = { day: '', count: 0 };
  /** Something has happened after which a follow-up may be due. */
  private isUnsettled = false;

  constructor(config: DeskConfig, view: DeskView) {
    this.config = config;
    this.view = view;
  }

  take({ signalId, symbol, close, at, signal }: DeskSignal): void {
    const { strategyId, sizing } = this.config;
    if (signal.target === 'long') this.targets.delete(symbol);
    else this.targets.set(symbol, { strategyId, symbol, originId: signalId, followUps: 0, desired: ZERO_QUANTITY });
    const atr = signal.atr === null ? null : fromFloat(signal.atr, LEDGER_SCALE);
    this.act(this.trip(at), {
      kind: 'signal', signalId, strategyId, symbol, target: signal.target, referencePrice: price(close), atr: atr?.gt(0) === true ? (atr as Price) : null, sizing, protection: protectionOf(signal),
      tsMarket: at, tsBarSeen: null,
    }, at);
    // An entry that was in the way is being cancelled, or the exit was denied: look again after the next bar.
    this.isUnsettled ||= signal.target === 'flat';
  }

  hear(events: readonly VenueEvent[]): void {
    for (const { kind, order } of events) {
      if (kind === 'held' && order.parentId !== null) this.adopt(order, order.parentId);
      const sent = this.open.get(order.clientOrderId);
      if (sent) sent.order = order;
      if (isOpenStatus(order.status)) continue;
      this.open.delete(order.clientOrderId);
      if (kind === 'fill') continue;
      this.isUnsettled = true;
      this.view.note(`${kind} ${order.clientOrderId}`);
    }
  }

  /** An exit that the venue made of an entry. */
  private adopt(leg: VenueOrder, parentId: string): void {
    const parent = [...this.open.values()].find((sent) => sent.order.id === parentId);
    if (parent) this.open.set(leg.clientOrderId, { decision: parent.decision, order: leg });
  }

  followUp(at: EpochMs): void {
    if (!this.isUnsettled || this.targets.size === 0) return;
    this.isUnsettled = false;
    for (const target of followUps(this.book(), [...this.targets.values()]).due) {
      const attempt = target.followUps + 1;
      this.targets.set(target.symbol, { ...target, followUps: attempt });
      this.act(this.marketBy(this.view.closes, at), { kind: 'exit', decisionId: decisionId(target.originId, attempt), signalId: null, strategyId: this.config.strategyId, symbol: target.symbol, tsMarket: at }, at);
    }
  }

  signalOf(id: string): string | null {
    return this.signals.get(id) ?? null;
  }

  private book(): RiskBook {
    return bookOf(this.config, this.view, [...this.open.values()]);
  }

  private deny(code: string): void {
    this.counts.denied[code] = (this.counts.denied[code] ?? 0) + 1;
  }

  private marketBy(closes: ReadonlyMap<string, string>, now: EpochMs): RiskMarket {
    const prices = new Map<string, Price>();
    for (const { symbol } of this.view.venue.positions()) {
      const close = closes.get(symbol) ?? this.view.closes.get(symbol);
      prices.set(symbol, close === undefined ? (new Decimal(0) as Price) : price(close));
    }
    const entriesToday = this.entries.day === this.view.day() ? this.entries.count : 0;
    // The breaker of the trailing drawdown waits for a person; a back-test has none, and goes on.
    return { prices, priceTimes: new Map(), now, dayOpenEquity: this.view.dayOpenEquity(), isDailyLossTripped: this.trippedDay === this.view.day(), entriesToday, peakEquity: null };
  }

  /** The market of a signal; the breaker of the day trips on the way. */
  private trip(at: EpochMs): RiskMarket {
    const market = this.marketBy(this.view.earlier, at);
    if (market.isDailyLossTripped || dayLossOf(this.book(), market).lt(this.config.limits.maxDailyLoss)) return market;
    this.trippedDay = this.view.day();
    return { ...market, isDailyLossTripped: true };
  }

  private act(market: RiskMarket, intent: Intent, at: EpochMs): void {
    const decision = decide(this.book(), market, intent);
    let hasFreed = false;
    for (const cancel of decision.cancels) {
      const sent = this.open.get(cancel.clientOrderId);
      if (sent === undefined) continue;
      hasFreed ||= sent.order.role !== 'order';
      const result = this.view.venue.apply({ op: 'cancel', orderId: sent.order.id, at, isSlow: false });
      if (result.ok) this.hear(result.value.events);
    }
    if (decision.code === null) {
      const day = this.view.day();
      if (!decision.isReducing) this.entries = { day, count: this.entries.day === day ? this.entries.count + 1 : 1 };
      return this.submit(decision, at);
    }
    this.view.note(`denied ${decision.decisionId} ${decision.code}`);
    this.deny(decision.code);
    // The exits at the venue held the shares and have let them go: as live, what the signal wanted follows at once.
    if (hasFreed) this.followUp(at);
  }

  private submit(decision: Decision, at: EpochMs): void {
    const { symbol, side } = decision;
    const terms = normaliseOrder(decision, true);
    if (!terms.ok) return this.deny(terms.error.code);
    const { qty } = terms.value;
    const id = decision.clientOrderId ?? clientOrderId(decision.decisionId);
    const outcome = this.view.venue.apply({
      op: 'submit',
      request: { ...writeTerms(terms.value), clientOrderId: id, symbol, side, qty: toText(qty), notional: null, positionIntent: null },
      context: { ...orderTimes(terms.value, at), lastPrice: this.view.closes.get(symbol) ?? null, bid: null, ask: null, asset: { ...PLAIN_ASSET, isShortable: false } },
    });
    if (!outcome.ok) return this.deny(`VENUE_${outcome.error.code}`);
    this.counts.orders += 1;
    this.signals.set(id, decision.signalId);
    this.view.note(`order ${id} ${side} ${toText(qty)} ${symbol} ${at}`);
    if (outcome.value.reply) this.open.set(id, { decision, order: outcome.value.reply });
    this.hear(outcome.value.events);
  }
}

/** The exits that a strategy wants at the broker, on the exchange's ticks, as the live pipeline writes them down. */
function protectionOf({ exits }: StrategySignal): Protection | null {
  if (exits === undefined) return null;
  const tick = (value: number | null): Price | null => {
    const exact = value === null ? null : roundToTick(fromFloat(value, LEDGER_SCALE));
    return exact?.gt(0) === true ? exact : null;
  };
  return { stopPrice: tick(exits.stopPrice), takeProfitPrice: tick(exits.takeProfitPrice) };
}

/** As the book of risk has it: the order of a decision, or one of its exits. */
function openOrderOfSent({ decision, order }: Sent): OpenOrder {
  const open = openOrderOf(decision, order.filledQty);
  if (order.role === 'order') return open;
  const { clientOrderId: id, side, type, role, limitPrice } = order;
  return { ...open, clientOrderId: id, side, type, role, limitPrice, isReducing: true, replaces: null, openQty: leavesOf(order), countedQty: leavesOf(order), reserved: ZERO_MONEY };
}

function bookOf(config: DeskConfig, { venue, closes }: DeskView, open: readonly Sent[]): RiskBook {
  const positions = new Map(venue.positions().map((position) => [position.symbol, position.qty]));
  const openOrders = countOnce(open.map(openOrderOfSent));
  return {
    tradingState: 'ACTIVE', arming: 'not_needed', limits: config.limits, cash: venue.state.account.cash, margin: null, positions, brokerPositions: new Map(), openOrders, facts: NO_FACTS,
    shares: new Map([...positions].map(([symbol, qty]) => [shareKey(config.strategyId, symbol), qty])), 
    // What has bars was tradable.
    assets: new Map([...closes.keys()].map((symbol) => [symbol, { isTradable: true, isFractionable: true, isShortable: false }])),
  };
}
