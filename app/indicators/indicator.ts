/** What an indicator is: one formula in two forms, whole columns and bar by bar, that agree to the last bit. */
import type * as z from 'zod';
import type { BarColumns, BarField } from '#app/domain/bar-columns.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { columnsByStep } from './columns-by-step.ts';

/** The shelves on which people look for an indicator. */
export const INDICATOR_GROUPS = ['overlap', 'trend', 'momentum', 'volatility', 'volume', 'statistics', 'pattern', 'channel'] as const;
/** One shelf. */
export type IndicatorGroup = (typeof INDICATOR_GROUPS)[number];

/** A number that an indicator takes. `isWhole`: bars, or another count. */
export type IndicatorParameter = { readonly name: string; readonly title: string; readonly default: number; readonly min: number; readonly max: number; readonly isWhole: boolean };

/** One closed bar in numbers: `time` = epoch ms of the open, dollars, shares. */
export type NumericBar = { readonly time: number; readonly open: number; readonly high: number; readonly low: number; readonly close: number; readonly volume: number };

/** A price that a one-price indicator is made of: a field, or a mean of fields (typical price = hlc3). */
export const PRICE_SOURCES = ['open', 'high', 'low', 'close', 'volume', 'hl2', 'hlc3', 'ohlc4'] as const;
/** One of the sources. */
export type PriceSource = (typeof PRICE_SOURCES)[number];

/**
 * One indicator. `values` are the parameters' numbers in their order. `O` names the outputs; an indicator with one output calls it `value`.
 * The two forms must give the same bits; before `lookback` all outputs are NaN. Bars are finite numbers: those who load them see to it. A price that is none (NaN)
 * throws nothing and changes nothing before it; it stays in sums and averages for good, so that they give none from then on rather than a wrong one, an extreme
 * may leave it out, and the running state cannot be stored any more.
 */
export type Indicator<O extends string = string, S = unknown> = {
  /** Name in the book and in formulas, upper case: `SMA`, `BBANDS`. */
  readonly id: string;
  readonly title: string;
  readonly group: IndicatorGroup;
  /** Formula in one line, and where it comes from: shown to people beside the number. */
  readonly formula: string;
  readonly source: string;
  readonly parameters: readonly IndicatorParameter[];
  /** Fields it looks at. One that is made of closes alone (`['close']`) can be asked for over any price source. */
  readonly inputs: readonly BarField[];
  readonly outputs: readonly O[];
  /** Unit of the outputs: `price` is drawn over the candles, others below. */
  readonly unit: 'price' | 'percent' | 'index' | 'shares' | 'ratio' | 'flag';
  /** Why these values do not go together (fast >= slow), null when they do. */
  check?(values: readonly number[]): string | null;
  /** Index of the first bar with a value in every output, 0-based. */
  lookback(values: readonly number[]): number;
  /** Bars after which the place where it began no longer shows (within a part in ten thousand); left out: `lookback` + 1, the memory of a window. */
  forgetting?(values: readonly number[]): number;
  /** It counts from its first bar on and never forgets (OBV): only its changes mean something, and two histories give two levels. */
  readonly isCumulative?: boolean;
  /** Whole columns, in the order of `outputs`; written into `out` when it is given. @throws AppError INVARIANT_BROKEN for parameters out of range or columns that do not fit */
  columns(bars: BarColumns, values: readonly number[], out?: readonly Float64Array[]): readonly Float64Array[];
  /** A fresh running state: plain JSON, changed in place by `next`. */
  start(values: readonly number[]): S;
  /** What a stored state must look like. */
  readonly state: z.ZodType<S>;
  /** Advances `state` by one bar and writes the outputs into `out`, NaN while there are too few bars. O(1) a bar (for extremes over a window: amortised, or O(window)). */
  next(state: S, bar: NumericBar, out: Float64Array): void;
};

/** What an author writes. Left out, `columns` are made of `next`, bar by bar: right for those that are no bottleneck. */
export type IndicatorSpec<O extends string, S> = Omit<Indicator<O, S>, 'columns'> & Partial<Pick<Indicator<O, S>, 'columns'>>;

/** An indicator whose state is hidden: catalogues and engines hold these. Only its own `start` and `state` make what its `next` takes. */
export type AnyIndicator<O extends string = string> = Omit<Indicator<O>, 'start' | 'state' | 'next'> & {
  start(values: readonly number[]): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this indicator. */
  readState(raw: unknown): unknown;
  next(state: unknown, bar: NumericBar, out: Float64Array): void;
};

/** A whole number of bars as a parameter, 1..5,000 unless told: the least, or the least and the most. */
export function period(name: string, title: string, normal: number, range: number | readonly [min: number, max: number] = 1): IndicatorParameter {
  const [min, max] = typeof range === 'number' ? [range, 5_000] : range;
  return { name, title, default: normal, min, max, isWhole: true };
}

/** Any number as a parameter. */
export function factor(name: string, title: string, normal: number, [min, max]: readonly [min: number, max: number]): IndicatorParameter {
  return { name, title, default: normal, min, max, isWhole: false };
}

/** Makes an indicator ready for catalogues: its parameters are checked at each door, its state is read back through its schema. */
export function defineIndicator<O extends string, S>(spec: IndicatorSpec<O, S>): AnyIndicator<O> {
  const columns = spec.columns ?? ((bars, values, out) => columnsByStep(spec, { bars, values, out }));
  const checked = (values: readonly number[]): readonly number[] => {
    const defect = parameterDefect(spec, values);
    invariant(defect === null, `${spec.id}: ${defect ?? ''}`, { values: values.join(',') });
    return values;
  };
  return {
    ...spec,
    lookback: (values) => spec.lookback(values),
    columns: (bars, values, out) => columns(bars, checked(values), out),
    start: (values) => spec.start(checked(values)),
    readState(raw) {
      const state = spec.state.safeParse(raw);
      invariant(state.success, 'The stored state is not one of this indicator', { id: spec.id });
      return state.data;
    },
    next: (state, bar, out) => spec.next(state as S, bar, out),
  };
}

/** What is wrong with the values of an indicator's parameters, null when nothing is. */
export function parameterDefect(indicator: Pick<Indicator, 'parameters' | 'check'>, values: readonly number[]): string | null {
  const { parameters } = indicator;
  if (values.length !== parameters.length) return `takes ${parameters.length} numbers (${parameters.map((parameter) => parameter.name).join(', ')}), not ${values.length}`;
  for (const [at, parameter] of parameters.entries()) {
    const value = values[at] ?? NaN;
    if (!(value >= parameter.min && value <= parameter.max)) return `${parameter.name} must lie within ${parameter.min} and ${parameter.max}`;
    if (parameter.isWhole && !Number.isInteger(value)) return `${parameter.name} must be a whole number`;
  }
  return indicator.check?.(values) ?? null;
}

/** An indicator with its numbers, as a strategy, a screen or a chart asks for it. `timeframe` null: that of the bars; a wider one is made of closed wide bars alone. */
export type IndicatorUse<O extends string = string> = {
  readonly indicator: AnyIndicator<O>;
  readonly values: readonly number[];
  readonly source: PriceSource;
  readonly timeframe: Timeframe | null;
};

/** Where and of what an indicator is made, beside its numbers. */
export type UseOptions = { readonly source?: PriceSource; readonly timeframe?: Timeframe };

/** Asks for an indicator. What `values` leaves out has its default. @throws AppError INPUT_INVALID for numbers that it does not take */
export function use<O extends string>(indicator: AnyIndicator<O>, values: readonly number[] = [], options: UseOptions = {}): IndicatorUse<O> {
  const filled = indicator.parameters.map((parameter, at) => values[at] ?? parameter.default);
  const defect = values.length > filled.length ? `takes at most ${filled.length} numbers` : parameterDefect(indicator, filled);
  if (defect !== null) throw new AppError('INPUT_INVALID', `${indicator.id}: ${defect}`);
  const { source = 'close', timeframe = null } = options;
  if (source !== 'close' && (indicator.inputs.length !== 1 || indicator.inputs[0] !== 'close')) throw new AppError('INPUT_INVALID', `${indicator.id} is made of ${indicator.inputs.join(', ')}: it cannot be made of ${source}`);
  return { indicator, values: filled, source, timeframe };
}
