/** Whole columns out of the bar-by-bar form: equal to the last bit by construction. */
import { barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { outputColumns } from './period.ts';

/** What the columns are made of: bars, parameters, and columns to write into. */
export type StepJob = { readonly bars: BarColumns; readonly values: readonly number[]; readonly out: readonly Float64Array[] | undefined };

/** The running form of an indicator, as far as it takes part here. */
export type Steps<S> = {
  readonly outputs: readonly string[];
  start(values: readonly number[]): S;
  next(state: S, bar: Readonly<Record<keyof BarColumns, number>>, out: Float64Array): void;
};

/** Runs `next` over the bars, one bar object for all of them. @throws AppError INVARIANT_BROKEN for columns that do not fit */
export function columnsByStep<S>(spec: Steps<S>, { bars, values, out }: StepJob): readonly Float64Array[] {
  const length = barCount(bars);
  const columns = outputColumns(length, spec.outputs.length, out);
  const { time, open, high, low, close, volume } = bars;
  const bar = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  const row = new Float64Array(spec.outputs.length);
  const state = spec.start(values);
  for (let i = 0; i < length; i += 1) {
    bar.time = time[i] ?? NaN;
    bar.open = open[i] ?? NaN;
    bar.high = high[i] ?? NaN;
    bar.low = low[i] ?? NaN;
    bar.close = close[i] ?? NaN;
    bar.volume = volume[i] ?? NaN;
    spec.next(state, bar, row);
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at];
      if (column !== undefined) column[i] = row[at] ?? NaN;
    }
  }
  return columns;
}
