/** The trading desk of a back-test: signals become decisions by the live rules, decisions become orders at the venue. */
import { clientOrderId, decisionId } from '#app/domain/ids.ts';
import { Decimal, fromFloat, LEDGER_SCALE, price, toText, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { normaliseOrder } from '#app/execution/normalise.ts';
import { isInSession, nextClose } from '#app/market/calendar.ts';
import { shareKey, type ExactLimits, type OpenOrder, type RiskBook, type RiskMarket } from '#app/risk/book.ts';
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
type Target = FlatTarget & { readonly followUps: number };

/** What the desk needs of the engine: the venue, the last closes, the equity with which the day began, and whether its loss limit was hit. */
export type DeskView = { readonly venue: Venue; readonly closes: ReadonlyMap<string, string>; dayOpenEquity(): Money; isDailyLossTripped(): boolean; note(line: string): void };

/** Opens the desk. */
export function openDesk(config: DeskConfig, view: DeskView): Desk {
  const open = new Map<string, Sent>();
  const signals = new Map<string, string | null>();
  const targets = new Map<string, Target>();
  const counts: DeskCounts = { orders: 0, denied: {} };
  let isUnsettled = false;

  const deny = (code: string): void => {
    counts.denied[code] = (counts.denied[code] ?? 0) + 1;
  };
  const book = (): RiskBook => bookOf(config, view, [...open.values()]);
  const market = (symbol: string): RiskMarket => marketOf(view, symbol);

  const submit = (decision: Decision, at: EpochMs): void => {
    const terms = normaliseOrder({ type: decision.type, timeInForce: decision.timeInForce, qty: decision.qty, limitPrice: decision.limitPrice }, true);
    if (!terms.ok) return deny(terms.error.code);
    const id = decision.clientOrderId ?? clientOrderId(decision.decisionId);
    const reply = view.venue.apply({
      op: 'submit',
      request: { clientOrderId: id, symbol: decision.symbol, side: decision.side, type: terms.value.type, timeInForce: terms.value.timeInForce, qty: toText(terms.value.qty), notional: null, limitPrice: terms.value.limitPrice === null ? null : toText(terms.value.limitPrice), extendedHours: false },
      context: { at, isOpen: isInSession(at), expiresAt: nextClose(at), lastPrice: view.closes.get(decision.symbol) ?? null, asset: { isTradable: true, isFractionable: true, isShortable: false } },
    });
    if (!reply.ok) return deny(`VENUE_${reply.error.code}`);
    counts.orders += 1;
    signals.set(id, decision.signalId);
    view.note(`order ${id} ${decision.side} ${toText(terms.value.qty)} ${decision.symbol} ${at}`);
    if (reply.value.reply) open.set(id, { decision, orderId: reply.value.reply.id, filled: ZERO_QUANTITY });
  };

  const act = (intent: Intent, at: EpochMs): void => {
    const decision = decide(book(), market(intent.symbol), intent);
    for (const cancel of decision.cancels) {
      const sent = open.get(cancel.clientOrderId);
      if (sent === undefined) continue;
      const result = view.venue.apply({ op: 'cancel', orderId: sent.orderId, at, isSlow: false });
      if (result.ok) hear(result.value.events);
    }
    if (decision.code !== null) {
      view.note(`denied ${decision.decisionId} ${decision.code}`);
      deny(decision.code);
    } else submit(decision, at);
  };

  const hear = (events: readonly VenueEvent[]): void => {
    for (const { kind, order, fill } of events) {
      const sent = open.get(order.clientOrderId);
      if (sent && fill) sent.filled = order.filledQty;
      if (kind !== 'fill' && kind !== 'canceled' && kind !== 'expired') continue;
      open.delete(order.clientOrderId);
      if (kind !== 'fill') {
        isUnsettled = true;
        view.note(`${kind} ${order.clientOrderId}`);
      }
    }
  };

  return {
    counts, hear,
    take({ signalId, symbol, close, at, signal }) {
      if (signal.target === 'long') targets.delete(symbol);
      else targets.set(symbol, { strategyId: config.strategyId, symbol, originId: signalId, followUps: 0 });
      const atr = signal.atr === null ? null : fromFloat(signal.atr, LEDGER_SCALE);
      act({
        kind: 'signal', signalId, strategyId: config.strategyId, symbol, target: signal.target, referencePrice: price(close), atr: atr?.gt(0) === true ? (atr as Price) : null,
        sizing: config.sizing, tsMarket: at, tsBarSeen: null,
      }, at);
      // An entry that was in the way is being cancelled, or the exit was denied: look again after the next bar.
      isUnsettled ||= signal.target === 'flat';
    },
    followUp(at) {
      if (!isUnsettled || targets.size === 0) return;
      isUnsettled = false;
      for (const target of followUps(book(), [...targets.values()]).due) {
        const attempt = target.followUps + 1;
        targets.set(target.symbol, { ...target, followUps: attempt });
        act({ kind: 'exit', decisionId: decisionId(target.originId, attempt), signalId: null, strategyId: config.strategyId, symbol: target.symbol, tsMarket: at }, at);
      }
    },
    signalOf: (id) => signals.get(id) ?? null,
  };
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

function marketOf(view: DeskView, symbol: string): RiskMarket {
  const prices = new Map<string, Price>();
  for (const known of [symbol, ...view.venue.positions().map((position) => position.symbol)]) {
    const close = view.closes.get(known);
    prices.set(known, close === undefined ? (new Decimal(0) as Price) : price(close));
  }
  return { prices, dayOpenEquity: view.dayOpenEquity(), isDailyLossTripped: view.isDailyLossTripped() };
}
