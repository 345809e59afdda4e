/** Indicators whose columns are made by the running form itself: one formula, so both forms agree by construction. */
import { barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { type AnyIndicator, defineIndicator, type Indicator } from './indicator.ts';
import { outputColumn } from './period.ts';

type Stepped<O extends string, S> = Omit<Indicator<O, S>, 'columns'>;

/** Columns by stepping a fresh state over the bars; no object is made per bar. */
function stepColumns<O extends string, S>(spec: Stepped<O, S>, bars: BarColumns, values: readonly number[], out?: readonly Float64Array[]): Float64Array[] {
  const length = barCount(bars);
  const results = spec.outputs.map((_, at) => outputColumn(length, out?.[at]));
  const { time, open, high, low, close, volume } = bars;
  const state = spec.start(values);
  const bar = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  const now = new Float64Array(results.length);
  for (let i = 0; i < length; i += 1) {
    bar.time = time[i] as number;
    bar.open = open[i] as number;
    bar.high = high[i] as number;
    bar.low = low[i] as number;
    bar.close = close[i] as number;
    bar.volume = volume[i] as number;
    spec.next(state, bar, now);
    for (let at = 0; at < results.length; at += 1) (results[at] as Float64Array)[i] = now[at] as number;
  }
  return results;
}

/** Makes an indicator ready for catalogues out of its running form alone. For those on which the speed of a search hangs, write the columns too: `defineIndicator`. */
export function defineStepped<O extends string, S>(spec: Stepped<O, S>): AnyIndicator<O> {
  return defineIndicator<O, S>({ ...spec, columns: (bars, values, out) => stepColumns(spec, bars, values, out) });
}
