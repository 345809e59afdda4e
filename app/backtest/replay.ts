/** The oracle of back-tests: closed bars one by one to the strategy's live host, its signals through the live risk rules, orders at the exact venue, all in exact decimals. */
import { invariant } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, isRegularBar } from '#app/market/calendar.ts';
import type { ExactLimits } from '#app/risk/book.ts';
import type { Sizing } from '#app/domain/sizing.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { openHost, type HostFacts, type StrategyHost } from '#app/strategy/host.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { startEquityTrack, type EquityPoint } from './equity-track.ts';
import { ExactFloor, type BacktestBar, type FloorFill, type FloorMoment } from './exact-floor.ts';
import type { FeeSchedule } from './fees.ts';
import { REGULAR_WIDE_BARS } from './run/wide.ts';
import { venueEquity } from './venue.ts';

export type { BacktestBar } from './exact-floor.ts';

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
export type BacktestFill = FloorFill;

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
  private readonly floor: ExactFloor;
  private readonly track;
  private readonly hosts = new Map<string, StrategyHost>();
  private group: BacktestBar[] = [];
  private from: number | null = null;
  private to: number | null = null;
  private counts = { seen: 0, leftOut: 0, signals: 0, fills: 0 };

  constructor(config: BacktestConfig) {
    this.config = config;
    this.floor = new ExactFloor({ ...config, account: config.account ?? { multiplier: 1, canShort: false } });
    this.track = startEquityTrack(config.maxEquityPoints);
    if (config.strategy.scope === 'portfolio') this.hosts.set('', openHost(config.strategy, config.symbols ?? [], { wide: REGULAR_WIDE_BARS }));
  }

  push(bars: readonly BacktestBar[]): BacktestFill[] {
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
    return this.takeFills();
  }

  finish(): { fills: BacktestFill[]; outcome: BacktestOutcome } {
    if (this.group.length > 0) this.settle();
    const fills = this.takeFills();
    const { floor: { venue, desk }, track, counts } = this;
    const end = venueEquity(venue);
    return {
      fills,
      outcome: {
        from: this.from, to: this.to, startEquity: this.config.startingCash, endEquity: toText(end), feesPaid: toText(venue.state.account.feesPaid),
        equity: track.points(), daily: track.days(), maxDrawdown: track.maxDrawdown(), openPositions: venue.positions(),
        signals: counts.signals, orders: desk.counts.orders, fills: counts.fills, denied: desk.counts.denied, barsSeen: counts.seen, barsLeftOut: counts.leftOut,
      },
    };
  }

  private takeFills(): BacktestFill[] {
    const { fills } = this.floor;
    this.floor.fills = [];
    this.counts.fills += fills.length;
    return fills;
  }

  /** One moment of the market, all its bars known: fills of what was ordered before, then the strategy's new word at the close. */
  private settle(): void {
    const bars = this.group;
    this.group = [];
    const [first] = bars;
    if (!first) return;
    const openTime = first.openTime as EpochMs;
    const day = exchangeDay(openTime);
    const moment = { openTime, closeTime: this.floor.closeOf(openTime, day), day };
    const facts = this.floor.move(bars, moment);
    this.from ??= openTime;
    this.to = moment.closeTime;
    this.track.add(moment.closeTime, facts.equity, day);
    this.show(bars, moment, facts);
    this.counts.seen += bars.length;
  }

  private show(bars: readonly BacktestBar[], moment: FloorMoment, facts: HostFacts): void {
    const { strategy } = this.config;
    const numbers = bars.map((bar): readonly [string, NumericBar] => [bar.symbol, { time: bar.openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) }]);
    const said = (host: StrategyHost, seen: ReadonlyMap<string, NumericBar>): void => {
      for (const signal of host.advance({ ...moment, bars: seen }, 'live', facts)) {
        if (signal.cancels === null) this.counts.signals += 1;
        this.floor.take(signal, moment);
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
