/** What a strategy sees and can do: the interface that people write against, the same in back-tests, demo, paper and live. */
import type { OrderClass, OrderType, Side, TimeInForce } from '#app/domain/order.ts';
import type { IndicatorUse } from '#app/indicators/indicator.ts';
import type { ParameterSet, ParameterValues } from './parameters.ts';
import type { Series } from './series.ts';

/** One condition behind a signal, in words and numbers, for "why did it trade here". */
export type Reason = { readonly name: string; readonly value: string; readonly threshold: string | null };

/** Beside the target: why, and exits that the broker shall watch. Prices in dollars a share. `reasons` is asked only when a signal comes of it. */
export type TargetOptions = {
  readonly reasons?: () => readonly Reason[];
  /** Average true range, dollars, for sizing by risk. */
  readonly atr?: number;
  readonly stopPrice?: number;
  readonly takeProfitPrice?: number;
  /** Raise it although it is wished already: what has drifted from the weight is traded back. */
  readonly again?: boolean;
};

/** What a strategy last wanted to hold of a symbol. `weight`: signed part of the equity, null when the deployment's sizing says how much. */
export type Wish = { readonly side: 'long' | 'short' | 'flat'; readonly weight: number | null };

/** An order in a strategy's own words. Shares and dollars; what is left out is not asked for. Types and classes are the broker's. */
export type StrategyOrder = {
  readonly side: Side;
  readonly qty: number;
  readonly type?: OrderType;
  readonly limitPrice?: number;
  readonly stopPrice?: number;
  readonly trailPrice?: number;
  readonly trailPercent?: number;
  readonly timeInForce?: TimeInForce;
  /** `bracket`, `oto` (one of the exits) and `oco` (both, for shares that are held already). */
  readonly orderClass?: OrderClass;
  readonly takeProfit?: { readonly limitPrice: number };
  readonly stopLoss?: { readonly stopPrice: number; readonly limitPrice?: number };
  readonly reasons?: () => readonly Reason[];
};

/** A strategy's share of a position. `qty` is signed; prices in dollars; NaN and -1 while flat. */
export type PositionView = { readonly qty: number; readonly averagePrice: number; /** Bars since the entry's fill; -1 while flat. */ readonly barsHeld: number; /** Dollars at the last close, fees not counted. */ readonly openProfit: number };

type SeriesOf<U> = U extends IndicatorUse<infer O> ? ('value' extends O ? Series : { readonly [K in O]: Series }) : never;
/** The indicators that a strategy declared, as series: of several outputs one series each. */
export type IndicatorSeries<I extends Readonly<Record<string, IndicatorUse>>> = { readonly [K in keyof I]: SeriesOf<I[K]> };

/** One symbol, at the close of its newest bar. */
export type SymbolView<I extends Readonly<Record<string, IndicatorUse>> = Readonly<Record<string, IndicatorUse>>> = {
  readonly symbol: string;
  /** Whether it has a bar at this moment; in a portfolio some symbols may not. */
  readonly hasBar: boolean;
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly volume: Series;
  readonly indicators: IndicatorSeries<I>;
  readonly position: PositionView;
  readonly wish: Wish;
  /**
   * Names a condition where it is asked, and gives `isMet` back: `if (on.check('Buy: RSI below the entry level', strength < 30, strength, 30)) on.long()`. "Why did it (not) trade here" shows each
   * with its number, its threshold and what is missing; nobody else listens, and it costs next to nothing. What stands before the colon says what the condition leads to. Keep names
   * constant: a name that is put together costs at every bar. Numbers that there are none of are left out. On the first symbol of a portfolio it is a condition of all.
   */
  check(name: string, isMet: boolean, value?: number, threshold?: number): boolean;
  /** Hold it; how much is the deployment's business. Says nothing new when that is wished already. */
  long(options?: TargetOptions): void;
  /** Owe it; back-tests and accounts that may short. */
  short(options?: TargetOptions): void;
  flat(options?: TargetOptions): void;
  /** Hold this part of the equity: 0.25 = 25 % long, -0.1 = 10 % short. 0 is flat. */
  weight(part: number, options?: TargetOptions): void;
  /** An order of the strategy's own making; the id to cancel it by. */
  submit(order: StrategyOrder): number;
  /** Asks for the end of an order; of no effect when it has ended. */
  cancel(orderId: number): void;
};

/** What `onBar` is given. */
export type Context<P extends ParameterSet = ParameterSet, I extends Readonly<Record<string, IndicatorUse>> = Readonly<Record<string, IndicatorUse>>, S = unknown> = {
  readonly parameters: ParameterValues<P>;
  /** The strategy's own memory: plain JSON, kept over restarts. Change it in place. */
  readonly state: S;
  /** Close of the bar, epoch ms: now. */
  readonly time: number;
  /** The symbol of a strategy that is run for each symbol apart; the first one of a portfolio. */
  readonly on: SymbolView<I>;
  /** All symbols, in the order of their names. */
  readonly all: readonly SymbolView<I>[];
  /** Dollars at the last closes. */
  readonly equity: number;
  readonly cash: number;
};
