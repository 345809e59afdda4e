/** The trading desk of a back-test: signals become decisions by the live rules, decisions become orders at the venue. */
import { clientOrderId, decisionId } from '#app/domain/ids.ts';
import { Decimal, fromFloat, LEDGER_SCALE, price, toText, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import { normaliseOrder } from '#app/execution/normalise.ts';
import { isInSession, nextClose } from '#app/market/calendar.ts';
import { dayLossOf, shareKey, type ExactLimits, type OpenOrder, type RiskBook, type RiskMarket } from '#app/risk/book.ts';
import { decide, reservationLeft, type Decision, type Intent } from '#app/risk/decide.ts';
import { followUps, type FlatTarget } from '#app/risk/follow-up.ts';
import type { Sizing } from '#app/risk/sizing.ts';
import type { StrategySignal } from '#app/strategy/strategy.ts';
import type { Venue } from './venue.ts';
import type { VenueEvent } from './venue-types.ts';

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

type Sent = { readonly decision: Decision; readonly orderId: string; filled: Quantity };

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
  private readonly targets = new Map<string, FlatTarget>();
  /** The day whose loss limit was hit: as live, from the first signal that sees it. */
  private trippedDay = '';
  /** Something has happened after which a follow-up may be due. */
  private isUnsettled = false;

  constructor(config: DeskConfig, view: DeskView) {
    this.config = config;
    this.view = view;
  }

  take({ signalId, symbol, close, at, signal }: DeskSignal): void {
    const { strategyId, sizing } = this.config;
    if (signal.target === 'long') this.targets.delete(symbol);
    else this.targets.set(symbol, { strategyId, symbol, originId: signalId, followUps: 0 });
    const atr = signal.atr === null ? null : fromFloat(signal.atr, LEDGER_SCALE);
    this.act(this.trip(), {
      kind: 'signal', signalId, strategyId, symbol, target: signal.target, referencePrice: price(close), atr: atr?.gt(0) === true ? (atr as Price) : null, sizing, tsMarket: at, tsBarSeen: null,
    }, at);
    // An entry that was in the way is being cancelled, or the exit was denied: look again after the next bar.
    this.isUnsettled ||= signal.target === 'flat';
  }

  hear(events: readonly VenueEvent[]): void {
    for (const { kind, order, fill } of events) {
      const sent = this.open.get(order.clientOrderId);
      if (sent && fill) sent.filled = order.filledQty;
      if (kind !== 'fill' && kind !== 'canceled' && kind !== 'expired') continue;
      this.open.delete(order.clientOrderId);
      if (kind === 'fill') continue;
      this.isUnsettled = true;
      this.view.note(`${kind} ${order.clientOrderId}`);
    }
  }

  followUp(at: EpochMs): void {
    if (!this.isUnsettled || this.targets.size === 0) return;
    this.isUnsettled = false;
    for (const target of followUps(this.book(), [...this.targets.values()]).due) {
      const attempt = target.followUps + 1;
      this.targets.set(target.symbol, { ...target, followUps: attempt });
      this.act(this.marketBy(this.view.closes), { kind: 'exit', decisionId: decisionId(target.originId, attempt), signalId: null, strategyId: this.config.strategyId, symbol: target.symbol, tsMarket: at }, at);
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

  private marketBy(closes: ReadonlyMap<string, string>): RiskMarket {
    const prices = new Map<string, Price>();
    for (const { symbol } of this.view.venue.positions()) {
      const close = closes.get(symbol) ?? this.view.closes.get(symbol);
      prices.set(symbol, close === undefined ? (new Decimal(0) as Price) : price(close));
    }
    return { prices, dayOpenEquity: this.view.dayOpenEquity(), isDailyLossTripped: this.trippedDay === this.view.day() };
  }

  /** The market of a signal; the breaker of the day trips on the way. */
  private trip(): RiskMarket {
    const market = this.marketBy(this.view.earlier);
    if (market.isDailyLossTripped || dayLossOf(this.book(), market).lt(this.config.limits.maxDailyLoss)) return market;
    this.trippedDay = this.view.day();
    return { ...market, isDailyLossTripped: true };
  }

  private act(market: RiskMarket, intent: Intent, at: EpochMs): void {
    const decision = decide(this.book(), market, intent);
    for (const cancel of decision.cancels) {
      const sent = this.open.get(cancel.clientOrderId);
      if (sent === undefined) continue;
      const result = this.view.venue.apply({ op: 'cancel', orderId: sent.orderId, at, isSlow: false });
      if (result.ok) this.hear(result.value.events);
    }
    if (decision.code === null) return this.submit(decision, at);
    this.view.note(`denied ${decision.decisionId} ${decision.code}`);
    this.deny(decision.code);
  }

  private submit(decision: Decision, at: EpochMs): void {
    const { symbol, side } = decision;
    const terms = normaliseOrder({ ...MARKET_TERMS, type: decision.type, timeInForce: decision.timeInForce, qty: decision.qty, limitPrice: decision.limitPrice }, true);
    if (!terms.ok) return this.deny(terms.error.code);
    const { type, timeInForce, qty, limitPrice } = terms.value;
    const id = decision.clientOrderId ?? clientOrderId(decision.decisionId);
    const outcome = this.view.venue.apply({
      op: 'submit',
      request: { clientOrderId: id, symbol, side, type, timeInForce, qty: toText(qty), notional: null, limitPrice: limitPrice === null ? null : toText(limitPrice), extendedHours: false },
      context: { at, isOpen: isInSession(at), expiresAt: nextClose(at), lastPrice: this.view.closes.get(symbol) ?? null, asset: { isTradable: true, isFractionable: true, isShortable: false } },
    });
    if (!outcome.ok) return this.deny(`VENUE_${outcome.error.code}`);
    this.counts.orders += 1;
    this.signals.set(id, decision.signalId);
    this.view.note(`order ${id} ${side} ${toText(qty)} ${symbol} ${at}`);
    if (outcome.value.reply) this.open.set(id, { decision, orderId: outcome.value.reply.id, filled: ZERO_QUANTITY });
  }
}

function bookOf(config: DeskConfig, { venue, closes }: DeskView, open: readonly Sent[]): RiskBook {
  const positions = new Map(venue.positions().map((position) => [position.symbol, position.qty]));
  const openOrders = open.map(({ decision, filled }): OpenOrder => ({
    decisionId: decision.decisionId, clientOrderId: decision.clientOrderId ?? clientOrderId(decision.decisionId), strategyId: decision.strategyId, symbol: decision.symbol, side: decision.side,
    limitPrice: decision.limitPrice, isReducing: decision.isReducing, openQty: decision.qty.minus(filled) as Quantity, reserved: reservationLeft(decision.reservedNotional, decision.qty, filled),
  }));
  return {
    tradingState: 'ACTIVE', arming: 'not_needed', limits: config.limits, cash: venue.state.account.cash, positions, openOrders,
    shares: new Map([...positions].map(([symbol, qty]) => [shareKey(config.strategyId, symbol), qty])), 
    // What has bars was tradable.
    assets: new Map([...closes.keys()].map((symbol) => [symbol, { isTradable: true, isFractionable: true }])),
  };
}
