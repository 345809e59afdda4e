/** Indicators by name (`SMA_20`, `MACD_12_26_9.signal`, `SMA_20@high`): how a stored series of values is named, continued bar by bar, and warmed up. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { indicatorById } from './catalogue.ts';
import { streamOf } from './columns-of.ts';
import { type AnyIndicator, type IndicatorUse, type NumericBar, parameterDefect, PRICE_SOURCES, type PriceSource, use } from './indicator.ts';
import { MAX_PERIOD } from './period.ts';

/** One output of an indicator that runs over the closed bars of one series. */
export type NamedIndicator = {
  readonly name: string;
  readonly use: IndicatorUse;
  /** Which of its outputs. */
  readonly output: string;
  /** Bars after which what it began with no longer shows: exact for averages of a window, within a part in ten thousand for those that only fade; 5,000 at most. */
  readonly warmUpBars: number;
  start(): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this indicator. */
  readState(raw: unknown): unknown;
  /** Advances `state`, in place, by one bar; NaN while there are too few bars. */
  next(state: unknown, bar: NumericBar): number;
};

/** What is kept of every watched symbol, whatever the strategies use. */
export const STANDARD_INDICATORS = ['SMA_20', 'SMA_50', 'SMA_200', 'EMA_20', 'RSI_14', 'ATR_14'] as const;

/** Id, numbers, output, price. No output is called by a number, so that decimals stay numbers. */
const NAME = /^([A-Z][A-Z0-9]*(?:_[A-Z][A-Z0-9]*)*)((?:_-?\d{1,9}(?:\.\d{1,9})?)*)(?:\.([a-z][A-Za-z0-9]*))?(?:@([a-z0-9]+))?$/;

/** The name of one output of a use in the book; the wide timeframe is no part of it, as series are kept by timeframe. nameOf(sma(20, { source: 'high' })) = `SMA_20@high`. */
export function nameOf(asked: IndicatorUse, output = 'value'): string {
  const { indicator, values, source } = asked;
  invariant(indicator.outputs.includes(output), 'The indicator has no such output', { id: indicator.id, output });
  return `${[indicator.id, ...values].join('_')}${output === 'value' ? '' : `.${output}`}${source === 'close' ? '' : `@${source}`}`;
}

/** The names of all outputs of a use, in their order. */
export function namesOf(asked: IndicatorUse): readonly string[] {
  return asked.indicator.outputs.map((output) => nameOf(asked, output));
}

/** Bars to warm an indicator up on: 5,000 at most. */
export function warmUpBars(indicator: AnyIndicator, values: readonly number[]): number {
  return Math.min(MAX_PERIOD, indicator.forgetting?.(values) ?? indicator.lookback(values) + 1);
}

function unknown(name: string, why: string): AppError {
  return new AppError('INPUT_INVALID', `"${name.slice(0, 60)}" names no indicator: ${why}`);
}

/** What a name asks for. @throws AppError INPUT_INVALID for a name that says nothing, with the reason */
export function parseName(name: string): { readonly use: IndicatorUse; readonly output: string } {
  const [, id, numbers, output = 'value', source = 'close'] = NAME.exec(name) ?? [];
  if (id === undefined || numbers === undefined) throw unknown(name, 'a name is an id with its numbers, like SMA_20 or MACD_12_26_9.signal');
  const indicator = indicatorById(id);
  if (!indicator) throw unknown(name, `${id} is not in the catalogue`);
  const values = numbers.split('_').slice(1).map(Number);
  const defect = parameterDefect(indicator, values);
  if (defect !== null) throw unknown(name, `${id} ${defect}`);
  if (!indicator.outputs.includes(output)) throw unknown(name, `${id} gives ${indicator.outputs.join(', ')}`);
  const isSource = (word: string): word is PriceSource => (PRICE_SOURCES as readonly string[]).includes(word);
  if (!isSource(source)) throw unknown(name, `prices are ${PRICE_SOURCES.join(', ')}`);
  const asked = use(indicator, values, { source });
  // One series has one name: SMA_020 and SMA_20@close would be stored twice.
  if (nameOf(asked, output) !== name) throw unknown(name, `it is written ${nameOf(asked, output)}`);
  return { use: asked, output };
}

/** The indicator of that name. @throws AppError INPUT_INVALID for a name that says nothing */
export function namedIndicator(name: string): NamedIndicator {
  const { use: asked, output } = parseName(name);
  const stream = streamOf(asked);
  const row = new Float64Array(stream.outputs);
  const at = asked.indicator.outputs.indexOf(output);
  return {
    name, use: asked, output, warmUpBars: warmUpBars(asked.indicator, asked.values),
    start: () => stream.start(),
    readState: (raw) => stream.readState(raw),
    next(state, bar) {
      stream.next(state, bar, row);
      return row[at] ?? NaN;
    },
  };
}
