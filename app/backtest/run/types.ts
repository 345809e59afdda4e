/** A back-test over columns: what is run, by which rules, and what comes of it. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { IndicatorUse } from '#app/indicators/indicator.ts';
import type { ExactLimits, StrategyTerms } from '#app/risk/book.ts';
import type { Sizing } from '#app/domain/sizing.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import type { FeeSchedule } from '../fees.ts';
import type { CorporateAction } from '../venue-types.ts';

/** A corporate action with the moment from which it counts (epoch ms: the first bar at or after it). */
export type DatedAction = { readonly at: number; readonly action: CorporateAction };

/** The bars of one symbol, all of one timeframe, of regular trading only, and what else is known of it. */
export type Market = {
  readonly symbol: string;
  readonly bars: BarColumns;
  /** Bars of a finer timeframe over the same time: where they are given, the order of highs and lows within a bar is known. */
  readonly detail: BarColumns | null;
  readonly actions: readonly DatedAction[];
  readonly isShortable: boolean;
  readonly isFractionable: boolean;
};

/** What the broker takes for an order, beside the regulatory fees. Dollars; `percent` of the fill's value (0.2 = 0.2 %). */
export type Commission = {
  readonly perOrder: number; readonly perShare: number; readonly percent: number; readonly minimum: number;
  /** Only what opens a position pays: no broker does so; for comparisons with engines that put the commission into the entry's price. */
  readonly isEntryOnly?: boolean;
};

/**
 * How much worse than the reference price an order that takes liquidity fills; prices go to the tick, half to even, as at the exact venue.
 * `spread`: half of a spread of `bps`. `volume_share`: price x `impact` x (share of the bar's volume)^2 (Zipline). `atr`: `multiple` average true ranges over `period` bars.
 * `square_root`: price x `coefficient` x daily volatility x sqrt(shares / volume of the bar) (Almgren et al., Risk, July 2005).
 */
export type Slippage =
  | { readonly kind: 'none' }
  | { readonly kind: 'bps'; readonly bps: number }
  | { readonly kind: 'spread'; readonly bps: number }
  | { readonly kind: 'volume_share'; readonly impact: number }
  | { readonly kind: 'atr'; readonly multiple: number; readonly period: number }
  | { readonly kind: 'square_root'; readonly coefficient: number };

/** The rules of filling; what a bar does not tell is taken for the worse unless it is asked otherwise. */
export type FillRules = {
  /** Market orders fill at the open of the next bar; `this_close` is a wish that no market grants, for comparisons alone. */
  readonly marketAt: 'next_open' | 'this_close';
  /** When a target becomes shares: at the close that gave the signal (left out), or at its fill, costs counted in: a wish too, for comparisons with engines that size so. */
  readonly sizedAt?: 'signal' | 'fill';
  /** A limit order fills when the market trades through its price, or when it touches it. */
  readonly limit: 'through' | 'touch';
  /** Of stop and target in one bar: `pessimistic` = the stop; else by the way the bar is thought to have gone (`adaptive`: the extreme nearer to the open first). */
  readonly intrabar: 'pessimistic' | 'open_high_low_close' | 'open_low_high_close' | 'adaptive';
  /** Part of a bar's volume that may be traded, 0..1; null = no cap. The rest waits for the next bars. */
  readonly volumeCap: number | null;
};

/** The account. Yearly rates in percent. */
export type AccountRules = {
  readonly cash: number;
  /** 1 = cash account, 2 = Regulation T margin. */
  readonly multiplier: 1 | 2 | 4;
  readonly canShort: boolean;
  readonly borrowPercent: number;
  readonly marginInterestPercent: number;
};

/** Who turns a strategy's targets into orders: `plain` = sizing alone; `house` = the live risk rules with these limits (and those of the strategy alone), to the same decisions as live. */
export type DeskRules = { readonly kind: 'plain' } | { readonly kind: 'house'; readonly limits: ExactLimits; readonly strategyLimits?: StrategyTerms['limits'] | undefined; readonly strategyId: string; readonly versionId: string };

/** What to run. Everything that the outcome depends on is in here. */
export type RunConfig = {
  readonly strategy: BoundStrategy;
  /** In the order of their symbols. */
  readonly markets: readonly Market[];
  readonly timeframe: Timeframe;
  readonly sizing: Sizing;
  readonly account: AccountRules;
  readonly fills: FillRules;
  readonly slippage: Slippage;
  readonly commission: Commission;
  readonly fees: FeeSchedule | null;
  readonly desk: DeskRules;
  /** Orders refused in the broker's words where the broker would: wash trades, sub-penny prices, parts of shares. */
  readonly isBrokerStrict: boolean;
};

/** One row per execution, in order. `step` = index into `RunResult.time`. */
export type FillTable = {
  readonly length: number;
  readonly step: Int32Array; readonly market: Int32Array; readonly order: Int32Array;
  /** 1 = bought, -1 = sold. */ readonly side: Int8Array;
  readonly qty: Float64Array; /** Dollars a share. */ readonly price: Float64Array; /** Commission and fees, dollars. */ readonly cost: Float64Array;
};

/**
 * One row per round trip, from flat to flat of a symbol, and one for what is open at the end (`isOpen` 1, closed at the last close). `side`: 1 long, -1 short.
 * `profit`: dollars after costs. `mae` and `mfe`: furthest fall and rise of the open profit, dollars, over the highs and lows while it was held (J. Sweeney, 1996), mae <= 0 <= mfe.
 * `risk`: dollars at risk at the entry by its stop, NaN without one.
 */
export type TripTable = {
  readonly length: number;
  readonly market: Int32Array; readonly side: Int8Array; readonly isOpen: Int8Array;
  readonly openStep: Int32Array; readonly closeStep: Int32Array;
  /** Largest number of shares held. */ readonly qty: Float64Array; readonly entryPrice: Float64Array; readonly exitPrice: Float64Array;
  readonly profit: Float64Array; readonly cost: Float64Array; readonly mae: Float64Array; readonly mfe: Float64Array; readonly risk: Float64Array;
};

/** What came of it. A step is one moment of the clock: a bar of at least one symbol. */
export type RunResult = {
  /** Close of the step, epoch ms. Runs over the same bars share it: it must not be written, nor handed over to another thread. */
  readonly time: Float64Array;
  /** Dollars at the closes of each step. */
  readonly equity: Float64Array;
  /** Value of what is held at the closes, gross, dollars: exposure = gross / equity. */
  readonly gross: Float64Array;
  readonly fills: FillTable;
  readonly trips: TripTable;
  readonly cash: number;
  /** Dollars: commissions and fees; dividends less those owed; interest and borrow fees. */
  readonly costs: number;
  readonly dividends: number;
  readonly carry: number;
  readonly orders: number;
  readonly signals: number;
  /** Refused orders by code: those of the risk rules, `VENUE_` and the broker's own code. */
  readonly denied: Readonly<Record<string, number>>;
  /** Canonical lines of orders, fills and refusals, in order: the identity of the run. Made only when asked for. */
  readonly lines: readonly string[];
  /** What a reader should know: bars left out, splits that look unadjusted. */
  readonly warnings: readonly string[];
};

/** What a run may be asked for beside its result. */
export type RunOptions = {
  /** Keep `lines`. Costs time: for hashes and comparisons. */
  readonly hasLines?: boolean;
  /** Where `lines` are put as they come, for who looks at them while it runs; an empty list. */
  readonly lines?: string[];
  /** Columns of a declared indicator that were made before, in the order of its outputs; null = make them. For searches: of the bars of regular trading (sessions.ts `timedBars`). */
  readonly columns?: (market: number, use: IndicatorUse) => readonly Float64Array[] | null;
  /** Called now and then with the share that is done, 0..1; return false to stop. @returns whether to go on */
  readonly progress?: (done: number) => boolean;
};
