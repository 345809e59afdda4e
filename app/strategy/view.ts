/** The context and the views that both engines, live and back-test, hand to `onBar`: they take down what the strategy says. */
import type { BarField } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { LEDGER_LIMIT } from '#app/domain/numeric.ts';
import type { Context, IndicatorSeries, PositionView, StrategyOrder, SymbolView, TargetOptions, Wish } from './context.ts';
import type { ParameterValues } from './parameters.ts';
import { Series, type Cursor } from './series.ts';
import type { BoundStrategy, IndicatorUses } from './spec.ts';

/** Nothing is wished. */
export const FLAT_WISH: Wish = { side: 'flat', weight: null };
/** Nothing is held. */
export const FLAT_POSITION: PositionView = { qty: 0, averagePrice: NaN, barsHeld: -1, openProfit: 0 };

/** The largest part of the equity that may be asked for, in either direction: a hundred times what any broker lends, and small enough that shares worked out of it can be written. */
export const MAX_WEIGHT = 1_000;

/** Whether a number can be a price or a number of shares: there is none that the book could not keep. */
const isAmount = (value: number): boolean => Math.abs(value) < LEDGER_LIMIT;

/** A condition as it was asked: NaN where the strategy told no number. */
export type HeardCheck = { readonly symbol: string; readonly name: string; readonly isMet: boolean; readonly value: number; readonly threshold: number };

/** Who listens while a bar is explained: to each condition, and to each target that is named, news or not. */
export type BarListener = { heard(check: HeardCheck): void; named(symbol: string, wish: Wish): void };

/** What the views of one context share: whether any of them was spoken to in this call, and the number of its last order. */
export type Slate = { hasSpoken: boolean; lastOrderId: number };

/** An order of the strategy's own, or the end of one (`order` null). */
export type OrderRequest = { readonly id: number; readonly order: StrategyOrder | null };

/** What a view is made of: columns of bars, and for each declared indicator its columns in the order of its outputs. */
export type ViewParts = {
  readonly symbol: string;
  readonly bars: Readonly<Record<BarField, Float64Array>>;
  readonly uses: IndicatorUses;
  readonly columns: Readonly<Record<string, readonly Float64Array[]>>;
  readonly cursor: Cursor;
  readonly slate: Slate;
};

/**
 * One symbol. An engine moves the cursor, sets `hasBar` and `position`, calls `onBar`, and looks at what was said only when the slate says that something was:
 * `isNews`, `opinion`, `requests`; then `settle`. The last target of a call is the one that counts.
 */
export class View implements SymbolView {
  readonly symbol: string;
  hasBar = true;
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly volume: Series;
  readonly indicators: IndicatorSeries<IndicatorUses>;
  position: PositionView = FLAT_POSITION;
  wish: Wish = FLAT_WISH;
  /** The target that was said in this call, null for none. */
  opinion: Wish['side'] | null = null;
  opinionWeight: number | null = null;
  options: TargetOptions | null = null;
  /** Orders and cancels of this call, in order. */
  readonly requests: OrderRequest[] = [];
  readonly slate: Slate;
  /** Null but while a bar is explained. */
  listener: BarListener | null = null;

  constructor({ symbol, bars, uses, columns, cursor, slate }: ViewParts) {
    this.symbol = symbol;
    this.open = new Series(bars.open, cursor);
    this.high = new Series(bars.high, cursor);
    this.low = new Series(bars.low, cursor);
    this.close = new Series(bars.close, cursor);
    this.volume = new Series(bars.volume, cursor);
    this.slate = slate;
    this.indicators = indicatorSeries(uses, columns, cursor);
  }

  /** Whether what was said differs from what is wished already, or shall be traded again. */
  get isNews(): boolean {
    const { opinion, wish } = this;
    return opinion !== null && (opinion !== wish.side || this.opinionWeight !== wish.weight || (opinion !== 'flat' && this.options?.again === true));
  }

  check(name: string, isMet: boolean, value = NaN, threshold = NaN): boolean {
    if (this.listener !== null) this.listener.heard({ symbol: this.symbol, name, isMet, value, threshold });
    return isMet;
  }

  long(options?: TargetOptions): void {
    this.say('long', null, options);
  }

  short(options?: TargetOptions): void {
    this.say('short', null, options);
  }

  flat(options?: TargetOptions): void {
    this.say('flat', null, options);
  }

  weight(part: number, options?: TargetOptions): void {
    if (!(Math.abs(part) <= MAX_WEIGHT)) throw new AppError('INPUT_INVALID', `weight(${part}) of ${this.symbol} is no part of the equity: check that every number behind it is known`);
    if (part === 0) this.say('flat', null, options);
    else this.say(part > 0 ? 'long' : 'short', part, options);
  }

  submit(order: StrategyOrder): number {
    const defect = numbersDefect(order);
    if (defect !== null) throw new AppError('INPUT_INVALID', `an order of ${this.symbol} has ${defect}: check that every number behind it is known`);
    this.slate.hasSpoken = true;
    this.slate.lastOrderId += 1;
    this.requests.push({ id: this.slate.lastOrderId, order });
    return this.slate.lastOrderId;
  }

  cancel(orderId: number): void {
    this.slate.hasSpoken = true;
    this.requests.push({ id: orderId, order: null });
  }

  /** Forgets what was said, before the next call. */
  settle(): void {
    this.opinion = null;
    this.options = null;
    this.requests.length = 0;
  }

  private say(side: Wish['side'], weight: number | null, options: TargetOptions | undefined): void {
    if (options !== undefined) this.checkExits(options);
    if (this.listener !== null) this.listener.named(this.symbol, { side, weight });
    this.opinion = side;
    this.opinionWeight = weight;
    this.options = options ?? null;
    this.slate.hasSpoken = true;
  }

  /** An exit that was asked for and is no number would be a position without its stop. One at or below nothing is left out: the range may be wider than the price. */
  private checkExits({ stopPrice = 0, takeProfitPrice = 0 }: TargetOptions): void {
    if (isAmount(stopPrice) && isAmount(takeProfitPrice)) return;
    const what = isAmount(stopPrice) ? `takeProfitPrice ${takeProfitPrice}` : `stopPrice ${stopPrice}`;
    throw new AppError('INPUT_INVALID', `${what} of ${this.symbol} is no price: leave it out for none, and check that every number behind it is known`);
  }
}

/** The first number of an order that is none, with its name; null when all that are given are prices and numbers of shares. */
function numbersDefect({ qty, limitPrice = 0, stopPrice = 0, trailPrice = 0, trailPercent = 0, takeProfit, stopLoss }: StrategyOrder): string | null {
  const largest = Math.max(...[qty, limitPrice, stopPrice, trailPrice, trailPercent, takeProfit?.limitPrice ?? 0, stopLoss?.stopPrice ?? 0, stopLoss?.limitPrice ?? 0].map(Math.abs));
  if (largest < LEDGER_LIMIT) return null;
  const numbers = { qty, limitPrice, stopPrice, trailPrice, trailPercent, 'takeProfit.limitPrice': takeProfit?.limitPrice ?? 0, 'stopLoss.stopPrice': stopLoss?.stopPrice ?? 0, 'stopLoss.limitPrice': stopLoss?.limitPrice ?? 0 };
  const [name, value] = Object.entries(numbers).find(([, number]) => !isAmount(number)) ?? ['a number', largest];
  return `${name} ${value}`;
}

function indicatorSeries(uses: IndicatorUses, columns: ViewParts['columns'], cursor: Cursor): IndicatorSeries<IndicatorUses> {
  const named = Object.entries(uses).map(([name, { indicator }]) => {
    const series = (columns[name] ?? []).map((column) => new Series(column, cursor));
    return [name, indicator.outputs.length === 1 ? series[0] : Object.fromEntries(indicator.outputs.map((output, at) => [output, series[at]]))] as const;
  });
  // One series or several by name, as the outputs of each use say: the type that the spec has of them, which engines cannot see.
  return Object.fromEntries(named) as unknown as IndicatorSeries<IndicatorUses>;
}

/** The context of a run: made once, moved on by its engine. `all` in the order of the symbols' names. */
export class StrategyContext implements Context {
  readonly parameters: ParameterValues;
  readonly state: unknown;
  readonly on: SymbolView;
  readonly all: readonly SymbolView[];
  time = NaN;
  equity = NaN;
  cash = NaN;

  constructor(strategy: Pick<BoundStrategy, 'parameters'>, state: unknown, [first, ...others]: readonly [View, ...View[]]) {
    this.parameters = strategy.parameters;
    this.state = state;
    this.on = first;
    this.all = [first, ...others];
  }
}

/** The error of a strategy that threw, with the moment at which it did. `at` = the close of the bar, RFC 3339; one that runs ahead of the bar that it is asked for names its own. */
export function strategyFailed(kind: string, { symbol, at: asked }: { readonly symbol: string; readonly at: string }, cause: unknown): AppError {
  const own = cause instanceof AppError ? cause.context['at'] : undefined;
  const at = typeof own === 'string' ? own : asked;
  return new AppError('STRATEGY_FAILED', `The strategy ${kind} failed on ${symbol} at the bar that closed ${at}: ${describeError(cause)}`, { cause, context: { kind, symbol, at } });
}
