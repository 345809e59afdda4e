/** What was asked for, worked out: whole columns for research, a running form for the live pipeline. Both give the same bits. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { IndicatorUse, NumericBar } from './indicator.ts';
import { priceColumn, priceOf } from './price-sources.ts';

/**
 * The outputs over `bars`, which must be bars of the use's own timeframe; NaN before its lookback. `out`: columns to write into, in the order of the outputs.
 * @throws AppError INVARIANT_BROKEN for columns that do not fit
 */
export function columnsOf<O extends string>(asked: IndicatorUse<O>, bars: BarColumns, out?: readonly Float64Array[]): Readonly<Record<O, Float64Array>> {
  const { indicator, values, source } = asked;
  const columns = indicator.columns(source === 'close' ? bars : { ...bars, close: priceColumn(bars, source) }, values, out);
  return Object.fromEntries(indicator.outputs.map((output, at) => [output, columns[at]])) as Record<O, Float64Array>;
}

/** A use in its running form. */
export type IndicatorStream = {
  /** Length of the `out` that `next` writes, in the order of the outputs. */
  readonly outputs: number;
  /** A fresh state, plain JSON. */
  start(): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this indicator. */
  readState(raw: unknown): unknown;
  /** Advances `state`, in place, by one closed bar of the use's timeframe. */
  next(state: unknown, bar: NumericBar, out: Float64Array): void;
};

/** The running form of a use. */
export function streamOf(asked: IndicatorUse): IndicatorStream {
  const { indicator, values, source } = asked;
  const open = { outputs: indicator.outputs.length, start: () => indicator.start(values), readState: (raw: unknown) => indicator.readState(raw) };
  if (source === 'close') return { ...open, next: (state, bar, out) => indicator.next(state, bar, out) };
  const seen = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  return {
    ...open,
    next(state, bar, out) {
      Object.assign(seen, bar);
      seen.close = priceOf(bar, source);
      indicator.next(state, seen, out);
    },
  };
}
