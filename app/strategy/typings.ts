/** What editors know of the module that strategies import: one declaration text, made of the interface and of the indicators there are. */
import { TIMEFRAMES } from '#app/domain/time.ts';
import { PRICE_SOURCES, type AnyIndicator } from '#app/indicators/indicator.ts';

/** The name under which strategies import their interface. */
export const STRATEGY_MODULE = 'mainspring';

/** `var` is a word of the language. */
const OTHER_NAMES: Readonly<Record<string, string>> = { VAR: 'variance' };

/** The function that stands for an indicator in strategies: `PLUS_DI` is asked for as `plusDi(14)`, `VAR` as `variance(5)`. */
export function indicatorFunction(id: string): string {
  return OTHER_NAMES[id] ?? id.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const words = (list: readonly string[]): string => list.map((word) => `'${word}'`).join(' | ');

/** The declarations of `mainspring` as text (`.d.ts`), for editors and checks. */
export function strategyTypings(indicators: readonly AnyIndicator[]): string {
  const functions = indicators.map(functionOf).join('\n').replaceAll(/^(?=.)/gm, '  ');
  return `declare module '${STRATEGY_MODULE}' {\n${INTERFACE}\n${functions}\n}\n`;
}

function functionOf({ id, title, formula, source, parameters, outputs }: AnyIndicator): string {
  const taken = parameters.map(({ name, default: normal, min, max, isWhole }) => `@param ${identifier(name)} ${isWhole ? 'whole, ' : ''}${min} to ${max}, ${normal} when left out`);
  const lines = [`${title}. ${formula}`, source, ...taken].filter((line) => line !== '').map((line) => ` * ${line.replaceAll('*/', '* /')}`);
  const given = [...parameters.map(({ name }) => `${identifier(name)}?: number`), 'options?: UseOptions'].join(', ');
  return ['/**', ...lines, ' */', `export function ${indicatorFunction(id)}(${given}): Use<${words(outputs)}>;`].join('\n');
}

/** A parameter's name as one word. */
function identifier(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_');
}

const INTERFACE = `  /** Prices that an indicator of one price can be made of. */
  export type PriceSource = ${words(PRICE_SOURCES)};
  /** Widths of bars. */
  export type Timeframe = ${words(TIMEFRAMES)};
  /** Where an indicator is made of: another price than the close, wider bars than those of the strategy (closed ones alone). */
  export type UseOptions = {
    /** Price that it is made of; the close when left out. */
    readonly source?: PriceSource;
    /** Wider bars that it is made of, closed ones alone; the strategy's own bars when left out. */
    readonly timeframe?: Timeframe;
  };
  /** An indicator that was asked for, by its outputs. */
  export type Use<O extends string> = { readonly __outputs: O };
  /** The indicators that a strategy declares, by the names it gives them. */
  export type Uses = Readonly<Record<string, Use<string>>>;

  /** Numbers over time: now, and so many bars ago. NaN while there are too few bars. */
  export interface Series {
    /** At the bar that has just closed. */
    readonly now: number;
    /** So many bars ago, at most as many as \`history\` says (1 when it says nothing). */
    ago(bars: number): number;
  }

  /** A number that a person or a search may change. Made by \`integer\` and \`real\`. */
  export type NumberParameter = { readonly kind: 'integer' | 'number'; readonly default: number; readonly min: number; readonly max: number; readonly step: number; readonly unit: string; readonly describe: string };
  /** One of a few words. Made by \`choice\`. */
  export type ChoiceParameter = { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[]; readonly describe: string };
  /** Yes or no. Made by \`flag\`. */
  export type FlagParameter = { readonly kind: 'flag'; readonly default: boolean; readonly describe: string };
  /** A parameter. Made by \`integer\`, \`real\`, \`choice\` and \`flag\`. */
  export type Parameter = NumberParameter | ChoiceParameter | FlagParameter;
  /** The parameters of a strategy, by their names. */
  export type ParameterSet = Readonly<Record<string, Parameter>>;
  /** Their values: numbers, words, flags. */
  export type ParameterValues<P extends ParameterSet> = { readonly [K in keyof P]: P[K] extends NumberParameter ? number : P[K] extends FlagParameter ? boolean : P[K] extends ChoiceParameter ? string : never };
  type Range = {
    /** Least value that is allowed, and where a search begins. */
    readonly min: number;
    /** Greatest value that is allowed, and where a search ends. */
    readonly max: number;
    /** Distance between two values of a search. */
    readonly step?: number;
    /** What it counts, such as 'bars' or 'percent': shown beside the field. */
    readonly unit?: string;
    /** What it does, for a person. */
    readonly describe: string;
  };
  /** A whole number; a search tries it from \`min\` to \`max\` in steps of \`step\`, 1 when left out. */
  export function integer(normal: number, range: Range): NumberParameter;
  /** Any number; steps of 0.1 when left out. */
  export function real(normal: number, range: Range): NumberParameter;
  /** One of a few words, the first when nothing is said. */
  export function choice(choices: readonly [string, ...string[]], describe: string): ChoiceParameter;
  /** Yes or no. */
  export function flag(normal: boolean, describe: string): FlagParameter;

  /**
   * Writes a line into the log of the run, with the close of its bar: texts as they are, errors by their message, anything else as JSON. At most 500 characters a line, 50 lines a bar and 5,000 lines a run
   * are kept; what comes beyond is counted. \`level\`: 'info' when left out. It changes nothing of what the strategy does.
   */
  export function log(value: unknown, level?: 'info' | 'warn' | 'error'): void;

  /** One condition behind a signal, in words and numbers, for "why did it trade here". */
  export type Reason = {
    /** What was looked at, such as 'RSI'. At most 200 characters. */
    readonly name: string;
    /** What it was, such as '27.4'. */
    readonly value: string;
    /** What it was compared with, such as 'below 30'; null for nothing. */
    readonly threshold: string | null;
  };
  /** Beside a target: why, and what the broker shall watch. Dollars a share. */
  export type TargetOptions = {
    /** Asked for only when a signal comes of it. */
    readonly reasons?: () => readonly Reason[];
    /** Average true range, dollars a share: for sizing by risk. */
    readonly atr?: number;
    /** Stop-loss at the broker, dollars a share. It works while your computer is off, and ends with the position. */
    readonly stopPrice?: number;
    /** Take-profit at the broker, dollars a share. */
    readonly takeProfitPrice?: number;
    /** Raise it although it is wished already: what has drifted from the weight is traded back. */
    readonly again?: boolean;
  };
  /** What was last asked for. \`weight\`: signed part of the equity, null when the deployment's sizing says how much. */
  export type Wish = {
    /** What shall be held. */
    readonly side: 'long' | 'short' | 'flat';
    /** Signed part of the equity, 0.25 = 25 %; null when the deployment's sizing says how much. */
    readonly weight: number | null;
  };
  /** What is held of a symbol for this strategy. \`qty\` is signed; NaN and -1 while flat. */
  export type Position = {
    /** Shares that are held, negative when they are owed, 0 while flat. */
    readonly qty: number;
    /** What a share cost on average, dollars; NaN while flat. */
    readonly averagePrice: number;
    /** Bars since the fill of the entry; -1 while flat. */
    readonly barsHeld: number;
    /** Dollars at the last close, fees not counted; 0 while flat. */
    readonly openProfit: number;
  };
  /** An order in the strategy's own words. */
  export type Order = {
    /** Buy or sell. */
    readonly side: 'buy' | 'sell';
    /** Shares. */
    readonly qty: number;
    /** 'market' when left out. */
    readonly type?: 'market' | 'limit' | 'stop' | 'stop_limit' | 'trailing_stop';
    /** The worst price of a limit or stop-limit order, dollars a share. */
    readonly limitPrice?: number;
    /** The price that wakes a stop or stop-limit order, dollars a share. */
    readonly stopPrice?: number;
    /** Distance of a trailing stop from the best price so far, dollars a share. */
    readonly trailPrice?: number;
    /** The same in percent: 2 = 2 %. */
    readonly trailPercent?: number;
    /** How long it may rest: 'day' when left out, 'gtc' until it is cancelled, 'opg' and 'cls' the auctions, 'ioc' and 'fok' at once or not at all. */
    readonly timeInForce?: 'day' | 'gtc' | 'opg' | 'cls' | 'ioc' | 'fok';
    /** 'bracket': an entry with both exits; 'oto': with one of them; 'oco': two exits of which one cancels the other. */
    readonly orderClass?: 'simple' | 'bracket' | 'oco' | 'oto';
    /** The exit with a profit, dollars a share. */
    readonly takeProfit?: { readonly limitPrice: number };
    /** The exit with a loss, dollars a share; with a limit it may stay unfilled. */
    readonly stopLoss?: { readonly stopPrice: number; readonly limitPrice?: number };
    /** Why: shown with the signal. */
    readonly reasons?: () => readonly Reason[];
  };

  /** The indicators that a strategy declared, as series; of several outputs one series each. */
  export type IndicatorSeries<I extends Uses> = { readonly [K in keyof I]: I[K] extends Use<infer O> ? ('value' extends O ? Series : { readonly [N in O]: Series }) : never };
  /** One symbol, at the close of its newest bar. */
  export type SymbolView<I extends Uses = Uses> = {
    /** Its name, such as 'AAPL'. */
    readonly symbol: string;
    /** Whether it has a bar at this moment; in a portfolio some symbols may not, and their series stand still. */
    readonly hasBar: boolean;
    /** First price of each bar, dollars a share. */
    readonly open: Series;
    /** Highest price of each bar, dollars a share. */
    readonly high: Series;
    /** Lowest price of each bar, dollars a share. */
    readonly low: Series;
    /** Last price of each bar, dollars a share: what is decided by, not what is got. */
    readonly close: Series;
    /** Shares traded in each bar. */
    readonly volume: Series;
    /** The declared indicators, by your names: \`on.indicators.average.now\`. */
    readonly indicators: IndicatorSeries<I>;
    /** What is really held for this strategy. Looking at it costs some speed in a back-test. */
    readonly position: Position;
    /** What was last asked for; it differs from the position while an order is open, or when a stop has closed it. */
    readonly wish: Wish;
    /**
     * Names a condition where it is asked, and gives \`isMet\` back, for "why did it (not) trade here": \`if (on.check('Buy: RSI below 30', strength < 30, strength, 30)) on.long()\`.
     * What stands before the colon says what it leads to. Costs next to nothing; keep names constant.
     */
    check(name: string, isMet: boolean, value?: number, threshold?: number): boolean;
    /** Hold it; how much is the deployment's business. */
    long(options?: TargetOptions): void;
    /** Owe it; only where the account may short. */
    short(options?: TargetOptions): void;
    /** Hold nothing. */
    flat(options?: TargetOptions): void;
    /** Hold this part of the equity: 0.25 = 25 % long, -0.1 = 10 % short, 0 = flat. */
    weight(part: number, options?: TargetOptions): void;
    /** An order of the strategy's own making; the number to cancel it by. */
    submit(order: Order): number;
    /** Asks for the end of an order; of no effect when it has ended. */
    cancel(orderId: number): void;
  };

  /** What \`onBar\` is given. */
  export type Context<P extends ParameterSet = ParameterSet, I extends Uses = Uses, S = unknown> = {
    /** The values of the parameters in this run. */
    readonly parameters: ParameterValues<P>;
    /** The strategy's own memory: plain JSON, kept over restarts. Change it in place. */
    readonly state: S;
    /** Close of the bar, milliseconds since 1970: now. */
    readonly time: number;
    /** The symbol of a strategy that is run for each symbol apart; the first one of a portfolio. */
    readonly on: SymbolView<I>;
    /** All symbols, in the order of their names. */
    readonly all: readonly SymbolView<I>[];
    /** What the account is worth at the last closes, dollars. Looking at it makes a back-test ask bar by bar. */
    readonly equity: number;
    /** Dollars that are not invested. Looking at it makes a back-test ask bar by bar. */
    readonly cash: number;
  };

  /** A kind of strategy. */
  export type Strategy<P extends ParameterSet, I extends Uses, S> = {
    /** Name in the book: small letters, digits and _. */
    readonly kind: string;
    /** Its name for people. */
    readonly title: string;
    /** What it does, for a person. */
    readonly description: string;
    /** \`symbol\`: run for each symbol apart. \`portfolio\`: once, over all of them. */
    readonly scope: 'symbol' | 'portfolio';
    /** Symbols that a portfolio needs at least and takes at most. */
    readonly symbols?: readonly [min: number, max: number];
    /** It may owe shares: only where the account may short. */
    readonly usesShorts?: boolean;
    /** It places orders of its own with \`submit\`. */
    readonly usesOrders?: boolean;
    /** What a person or a search may change, made by \`integer\`, \`real\`, \`choice\` and \`flag\`. */
    readonly parameters: P;
    /** Why these values do not go together, null when they do. */
    check?(parameters: ParameterValues<P>): string | null;
    /** Indicators of each symbol. */
    indicators(parameters: ParameterValues<P>): I;
    /** Bars that it looks back with \`ago\` at most; 1 when left out. */
    history?(parameters: ParameterValues<P>): number;
    /** Bars after which its own memory no longer shows where it began; 0 when left out. */
    forgetting?(parameters: ParameterValues<P>): number;
    /** Memory at the beginning: plain JSON. */
    initialState?(parameters: ParameterValues<P>): S;
    /** Called at the close of each bar. Depends on nothing but its context, and answers at once. */
    onBar(context: Context<P, I, S>): void;
  };
  /** Makes a strategy: \`export default strategy({ ... })\` in strategy.ts. */
  export function strategy<P extends ParameterSet, I extends Uses, S = Record<string, never>>(spec: Strategy<P, I, S>): Strategy<P, I, S>;
`;
