/** The oracle of back-tests: closed bars one by one to the strategy's live host, its signals through the live risk rules, orders at the exact venue, all in exact decimals. */
import { invariant } from '#app/domain/errors.ts';
import { price, toFloat, toText, type Money, type Price } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { Side } from '#app/domain/order.ts';
import { writeTerms } from '#app/domain/order-terms.ts';
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, isRegularBar, sessionOn } from '#app/market/calendar.ts';
import type { ExactLimits } from '#app/risk/book.ts';
import type { Sizing } from '#app/risk/sizing.ts';
import type { PositionView } from '#app/strategy/context.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { openHost, type HostFacts, type StrategyHost } from '#app/strategy/host.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import { startEquityTrack, type EquityPoint } from './equity-track.ts';
import type { FeeSchedule } from './fees.ts';
import { HouseDesk, type DeskOrder, type DeskVenue } from './house-desk.ts';
import { leavesOf } from './open-orders.ts';
import { orderTimes } from './order-times.ts';
import { REGULAR_WIDE_BARS } from './run/wide.ts';
import { openVenue, venueEquity, type Venue } from './venue.ts';
import { DEFAULT_VENUE_CONFIG, isOpenStatus, PLAIN_ASSET, type VenueBar, type VenueEvent, type VenueOrder } from './venue-types.ts';

/** A bar of the tape: exact text, opened at `openTime` (epoch ms). */
export type BacktestBar = VenueBar & { readonly openTime: number };

/** How to run. `note`: hears the canonical line of each order, fill and denial, in order; a hash over them names the run's outcome. */
export type BacktestConfig = {
  readonly strategy: BoundStrategy;
  /** The symbols that a portfolio is run over; left out: a strategy for one symbol is run for each symbol that has bars. */
  readonly symbols?: readonly string[];
  readonly strategyId: string;
  readonly versionId: string;
  readonly timeframe: Timeframe;
  readonly sizing: Sizing;
  readonly limits: ExactLimits;
  /** Dollars as text. */
  readonly startingCash: string;
  readonly slippageBps: number;
  /** Part of a bar's volume that may be traded, 0..1; null = no cap. */
  readonly volumeCap: number | null;
  readonly fees: FeeSchedule | null;
  /** A cash account that may not short when left out. */
  readonly account?: { readonly multiplier: 1 | 2 | 4; readonly canShort: boolean };
  readonly maxEquityPoints: number;
  readonly note: (line: string) => void;
};

/** One execution. */
export type BacktestFill = { readonly symbol: string; readonly side: Side; readonly qty: string; readonly price: string; readonly fee: string; readonly tsMarket: number; readonly orderId: string; readonly signalId: string | null };

/** What came of it. Dollars: float64 in curves, exact text in the ledger's figures. */
export type BacktestOutcome = {
  readonly from: number | null; readonly to: number | null; readonly startEquity: string; readonly endEquity: string; readonly feesPaid: string;
  readonly equity: readonly EquityPoint[]; readonly daily: readonly (readonly [string, number])[]; readonly maxDrawdown: number;
  readonly openPositions: readonly Position[]; readonly signals: number; readonly orders: number; readonly fills: number; readonly denied: Readonly<Record<string, number>>; readonly barsSeen: number; readonly barsLeftOut: number;
};

/** A run. Bars come in the order of time, then of symbol; all bars of one moment may be spread over several calls. */
export type Backtest = {
  /** Returns the fills that these bars brought. @throws AppError INVARIANT_BROKEN for bars out of order or impossible ones. */
  push(bars: readonly BacktestBar[]): BacktestFill[];
  /** Closes the last bar and sums up. Call once. */
  finish(): { readonly fills: BacktestFill[]; readonly outcome: BacktestOutcome };
};

/** Begins a run. Pure: the same bars and configuration give the same result to the last digit. */
export function startBacktest(config: BacktestConfig): Backtest {
  return new Run(config);
}

type Held = { readonly qty: number; readonly averagePrice: number; readonly openedAt: number };

class Run implements Backtest {
  private readonly config: BacktestConfig;
  private readonly venue: Venue;
  private readonly desk: HouseDesk;
  private readonly track;
  private readonly hosts = new Map<string, StrategyHost>();
  private readonly closes = new Map<string, string>();
  /** The closes before the bars of `shown`, which are those of the moment. */
  private readonly earlier = new Map<string, string>();
  private shown: readonly BacktestBar[] = [];
  private readonly marks = new Map<string, number>();
  /** Bars that each symbol has had: what a position counts its age by. */
  private readonly ages = new Map<string, number>();
  /** Client ids of the orders that the desk sent, by the venue's id. */
  private readonly roots = new Map<string, string>();
  private group: BacktestBar[] = [];
  private fills: BacktestFill[] = [];
  private holdings = new Map<string, Held>();
  private cash: number;
  private day = '';
  private dayOpen: Money;
  private from: number | null = null;
  private to: number | null = null;
  private counts = { seen: 0, leftOut: 0, signals: 0, fills: 0 };

  constructor(config: BacktestConfig) {
    this.config = config;
    const { multiplier, canShort } = config.account ?? { multiplier: 1, canShort: false };
    this.venue = openVenue({
      ...DEFAULT_VENUE_CONFIG, startingCash: config.startingCash, slippageBps: config.slippageBps, volumeCap: config.volumeCap, fees: config.fees, multiplier, isShortingEnabled: canShort,
    });
    this.dayOpen = this.venue.figures().equity;
    this.cash = toFloat(this.venue.state.account.cash);
    this.track = startEquityTrack(config.maxEquityPoints);
    this.desk = new HouseDesk(config, this.port(canShort));
    if (config.strategy.scope === 'portfolio') this.hosts.set('', openHost(config.strategy, config.symbols ?? [], { wide: REGULAR_WIDE_BARS }));
  }

  push(bars: readonly BacktestBar[]): BacktestFill[] {
    this.fills = [];
    for (const bar of bars) {
      const at = bar.openTime as EpochMs;
      const last = this.group.at(-1);
      const isInOrder = last === undefined || bar.openTime > last.openTime || (bar.openTime === last.openTime && bar.symbol > last.symbol);
      invariant(isInOrder && (this.to === null || bar.openTime >= this.to || last !== undefined), 'Bars of a back-test must come in order', { symbol: bar.symbol, openTime: bar.openTime });
      if (!calendarCovers(at) || !isRegularBar(at, this.config.timeframe)) {
        this.counts.leftOut += 1;
        continue;
      }
      if (last !== undefined && last.openTime !== bar.openTime) this.settle();
      this.group.push(bar);
    }
    return this.fills;
  }

  finish(): { fills: BacktestFill[]; outcome: BacktestOutcome } {
    this.fills = [];
    if (this.group.length > 0) this.settle();
    const { venue, track, desk, counts } = this;
    const end = venueEquity(venue);
    return {
      fills: this.fills,
      outcome: {
        from: this.from, to: this.to, startEquity: this.config.startingCash, endEquity: toText(end), feesPaid: toText(venue.state.account.feesPaid),
        equity: track.points(), daily: track.days(), maxDrawdown: track.maxDrawdown(), openPositions: venue.positions(),
        signals: counts.signals, orders: desk.counts.orders, fills: counts.fills, denied: desk.counts.denied, barsSeen: counts.seen, barsLeftOut: counts.leftOut,
      },
    };
  }

  /** The exact venue as the desk sees it. */
  private port(canShort: boolean): DeskVenue {
    const { venue, closes, earlier, config } = this;
    const known = (symbol: string, from: ReadonlyMap<string, string>): Price | null => {
      const close = from.get(symbol);
      return close === undefined ? null : price(close);
    };
    return {
      cash: () => venue.state.account.cash, positions: () => venue.positions(), openOrders: () => this.deskOrders(), close: (symbol) => known(symbol, closes), earlierClose: (symbol) => known(symbol, earlier),
      // What has bars was tradable.
      assets: () => new Map([...closes.keys()].map((symbol) => [symbol, { isTradable: true, isFractionable: true, isShortable: canShort }])),
      day: () => this.day, dayOpenEquity: () => this.dayOpen, note: (line) => config.note(line),
      submit: ({ id, symbol, side, terms, at }) => {
        const outcome = venue.apply({
          op: 'submit', request: { ...writeTerms(terms), clientOrderId: id, symbol, side, qty: toText(terms.qty), notional: null, positionIntent: null },
          context: { ...orderTimes(terms, at), lastPrice: closes.get(symbol) ?? null, bid: null, ask: null, asset: { ...PLAIN_ASSET, isShortable: canShort } },
        });
        if (!outcome.ok) return outcome.error.code;
        config.note(`order ${id} ${side} ${toText(terms.qty)} ${symbol} ${at}`);
        this.hear(outcome.value.events);
        return null;
      },
      cancel: (id, at) => {
        const order = venue.openOrders().find((one) => one.clientOrderId === id);
        const result = order === undefined ? null : venue.apply({ op: 'cancel', orderId: order.id, at, isSlow: false });
        if (result?.ok === true) this.hear(result.value.events);
      },
    };
  }

  /** One moment of the market, all its bars known: fills of what was ordered before, then the strategy's new word at the close. */
  private settle(): void {
    const bars = this.group;
    this.group = [];
    const [first] = bars;
    if (!first) return;
    const at = first.openTime as EpochMs;
    const day = exchangeDay(at);
    const close = this.closeOf(at, day);
    if (day !== this.day) this.beginDay(day, at);
    for (const { symbol } of bars) this.ages.set(symbol, (this.ages.get(symbol) ?? 0) + 1);
    const live = this.venue.liveSymbols();
    const step = this.venue.apply({ op: 'step', at, barMs: close - at, isRegular: true, bars: bars.filter((bar) => live.has(bar.symbol)) });
    invariant(step.ok, 'The venue refused a bar', { at });
    this.hear(step.value.events);
    for (const bar of this.shown) this.earlier.set(bar.symbol, bar.close);
    this.shown = bars;
    for (const bar of bars) {
      this.closes.set(bar.symbol, bar.close);
      this.marks.set(bar.symbol, Number(bar.close));
    }
    this.from ??= at;
    this.to = close;
    const equity = this.mark();
    this.track.add(close, equity, day);
    this.desk.followUp(close);
    this.show(bars, { openTime: at, closeTime: close }, equity);
    this.counts.seen += bars.length;
  }

  /** A wide bar ends with its session at the latest. */
  private closeOf(at: EpochMs, day: string): EpochMs {
    const { timeframe } = this.config;
    const session = sessionOn(day);
    invariant(session, 'A regular bar needs a session', { day });
    return timeframe === '1Day' ? session.close : (Math.min(at + timeframeMs(timeframe), session.close) as EpochMs);
  }

  private beginDay(day: string, at: EpochMs): void {
    if (this.day !== '') {
      const ended = this.venue.apply({ op: 'advance', to: Math.max(this.venue.state.now, Math.min(at, sessionOn(this.day)?.close ?? at)) as EpochMs, isSessionEnd: true });
      invariant(ended.ok, 'The venue could not end its day', { day: this.day });
      this.hear(ended.value.events);
      // Live, what has expired with the session is followed up at once: its next order waits for the next open.
      this.desk.followUp(this.venue.state.now);
    }
    this.day = day;
    this.dayOpen = this.venue.figures().equity;
  }

  /** Open orders with the client id of the order that they hang on. */
  private deskOrders(): DeskOrder[] {
    return this.venue.openOrders().map((order) => ({
      id: order.clientOrderId, root: this.rootOf(order), role: order.role, side: order.side, type: order.type, limitPrice: order.limitPrice, filledQty: order.filledQty, leaves: leavesOf(order),
    }));
  }

  private rootOf({ parentId, clientOrderId }: VenueOrder): string {
    return parentId === null ? clientOrderId : (this.roots.get(parentId) ?? clientOrderId);
  }

  private hear(events: readonly VenueEvent[]): void {
    let hasFilled = false;
    for (const { kind, order, fill, at } of events) {
      if (order.parentId === null) this.roots.set(order.id, order.clientOrderId);
      if (!isOpenStatus(order.status)) {
        this.desk.stir(order.symbol, at);
        if (kind !== 'fill') this.config.note(`${kind} ${order.clientOrderId}`);
      }
      if (!fill) continue;
      hasFilled = true;
      this.counts.fills += 1;
      const trade: BacktestFill = {
        symbol: order.symbol, side: order.side, qty: toText(fill.qty), price: toText(fill.price), fee: toText(fill.fee), tsMarket: at, orderId: order.clientOrderId, signalId: this.desk.signalOf(order.clientOrderId),
      };
      this.fills.push(trade);
      this.config.note(`fill ${trade.orderId} ${trade.side} ${trade.qty} ${trade.symbol} ${trade.price} ${trade.fee} ${at}`);
    }
    if (!hasFilled) return;
    this.cash = toFloat(this.venue.state.account.cash);
    const before = this.holdings;
    this.holdings = new Map(this.venue.positions().map(({ symbol, qty, avgPrice }) => [
      symbol, { qty: toFloat(qty), averagePrice: avgPrice === null ? NaN : toFloat(avgPrice), openedAt: before.get(symbol)?.openedAt ?? this.ages.get(symbol) ?? 0 },
    ]));
  }

  /** Marks everything at the closes, in float64: a statistic, made anew for each bar. */
  private mark(): number {
    let equity = this.cash;
    for (const [symbol, { qty }] of this.holdings) equity += qty * (this.marks.get(symbol) ?? 0);
    return equity;
  }

  private positionOf(symbol: string): PositionView {
    const held = this.holdings.get(symbol);
    if (held === undefined) return FLAT_POSITION;
    const { qty, averagePrice, openedAt } = held;
    return { qty, averagePrice, barsHeld: (this.ages.get(symbol) ?? 0) - openedAt, openProfit: qty * ((this.marks.get(symbol) ?? NaN) - averagePrice) };
  }

  private show(bars: readonly BacktestBar[], moment: { readonly openTime: EpochMs; readonly closeTime: EpochMs }, equity: number): void {
    const { strategy } = this.config;
    const facts: HostFacts = { equity, cash: this.cash, positionOf: (symbol) => this.positionOf(symbol) };
    const numbers = bars.map((bar): readonly [string, NumericBar] => [bar.symbol, { time: bar.openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) }]);
    const said = (host: StrategyHost, seen: ReadonlyMap<string, NumericBar>): void => {
      for (const signal of host.advance({ ...moment, bars: seen }, 'live', facts)) {
        if (signal.cancels === null) this.counts.signals += 1;
        this.desk.take({ signal, openTime: moment.openTime, at: moment.closeTime });
      }
    };
    const all = this.hosts.get('');
    if (all !== undefined) return said(all, new Map(numbers));
    for (const [symbol, bar] of numbers) {
      const host = this.hosts.get(symbol) ?? openHost(strategy, [symbol], { wide: REGULAR_WIDE_BARS });
      this.hosts.set(symbol, host);
      said(host, new Map([[symbol, bar]]));
    }
  }
}
