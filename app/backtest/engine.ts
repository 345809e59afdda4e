/** The back-test: closed bars to the strategy, its signals through the live risk rules, orders filled at the open of the next bar. */
import { invariant } from '#app/domain/errors.ts';
import { signalId } from '#app/domain/ids.ts';
import { toFloat, toText, type Money } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { Side } from '#app/domain/order.ts';
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, isRegularBar, sessionOn } from '#app/market/calendar.ts';
import type { ExactLimits } from '#app/risk/book.ts';
import type { Sizing } from '#app/risk/sizing.ts';
import { advance, startRun, type Strategy, type StrategyRun } from '#app/strategy/strategy.ts';
import { openDesk } from './desk.ts';
import { startEquityTrack, type EquityPoint } from './equity-track.ts';
import type { FeeSchedule } from './fees.ts';
import { openVenue, venueEquity } from './venue.ts';
import { DEFAULT_VENUE_CONFIG, type VenueBar, type VenueEvent } from './venue-types.ts';

/** A bar of the tape: exact text, opened at `openTime` (epoch ms). */
export type BacktestBar = VenueBar & { readonly openTime: number };

/** How to run. `note`: hears the canonical line of each order, fill and denial, in order; a hash over them names the run's outcome. */
export type BacktestConfig = {
  readonly strategy: Strategy;
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

class Run implements Backtest {
  private readonly config: BacktestConfig;
  private readonly venue;
  private readonly desk;
  private readonly track;
  private readonly runs = new Map<string, StrategyRun>();
  private readonly closes = new Map<string, string>();
  /** The closes before the bars of `shown`, which are those of the moment. */
  private readonly earlier = new Map<string, string>();
  private shown: readonly BacktestBar[] = [];
  private readonly marks = new Map<string, number>();
  private group: BacktestBar[] = [];
  private fills: BacktestFill[] = [];
  private holdings: readonly (readonly [symbol: string, qty: number])[] = [];
  private cash: number;
  private day = '';
  private dayOpen: Money;
  private from: number | null = null;
  private to: number | null = null;
  private counts = { seen: 0, leftOut: 0, signals: 0, fills: 0 };

  constructor(config: BacktestConfig) {
    this.config = config;
    this.venue = openVenue({ ...DEFAULT_VENUE_CONFIG, startingCash: config.startingCash, slippageBps: config.slippageBps, volumeCap: config.volumeCap, fees: config.fees });
    this.dayOpen = this.venue.figures().equity;
    this.cash = toFloat(this.venue.state.account.cash);
    this.track = startEquityTrack(config.maxEquityPoints);
    this.desk = openDesk(config, {
      venue: this.venue, closes: this.closes, earlier: this.earlier, note: config.note, day: () => this.day, dayOpenEquity: () => this.dayOpen,
    });
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
    this.mark(close, day);
    this.desk.followUp(close);
    for (const bar of bars) this.show(bar, close);
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
    }
    this.day = day;
    this.dayOpen = this.venue.figures().equity;
  }

  private hear(events: readonly VenueEvent[]): void {
    this.desk.hear(events);
    let hasFilled = false;
    for (const { order, fill, at } of events) {
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
    this.holdings = this.venue.positions().map((position) => [position.symbol, toFloat(position.qty)] as const);
  }

  /** Marks everything at the closes, in float64: a statistic, made anew for each bar. */
  private mark(at: number, day: string): void {
    let equity = this.cash;
    for (const [symbol, qty] of this.holdings) equity += qty * (this.marks.get(symbol) ?? 0);
    this.track.add(at, equity, day);
  }

  private show(bar: BacktestBar, close: EpochMs): void {
    const { strategy, versionId } = this.config;
    const run = this.runs.get(bar.symbol) ?? startRun(strategy);
    this.runs.set(bar.symbol, run);
    const signal = advance(strategy, run, { open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) }, 'live');
    if (!signal) return;
    this.counts.signals += 1;
    this.desk.take({ signalId: signalId(versionId, bar.symbol, bar.openTime as EpochMs, 0), symbol: bar.symbol, close: bar.close, at: close, signal });
  }
}
