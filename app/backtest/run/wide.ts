/** Wide bars out of narrow ones for strategies: closed ones alone, of regular trading, the same for back-tests and live. */
import * as z from 'zod';
import { barColumns, BAR_FIELDS, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { IndicatorUse, NumericBar } from '#app/indicators/indicator.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { bucketOpen } from '#app/market/bar-aggregation.ts';
import { exchangeDay, sessionOn } from '#app/market/calendar.ts';
import type { WideBars } from '#app/strategy/tape.ts';

const barSchema = z.object({ time: z.number(), open: z.number(), high: z.number(), low: z.number(), close: z.number(), volume: z.number() });
const stateSchema = z.object({ timeframe: z.string(), open: barSchema.nullable(), end: z.number().nullable() });
type State = { timeframe: Timeframe; open: { -readonly [K in keyof NumericBar]: number } | null; /** From this instant on the open bar is complete. */ end: number | null };

/** End of the wide bar that begins at `open`: a day ends with its session, a bar of hours with its hour or the session. */
function endOf(open: number, timeframe: Timeframe): number {
  const session = sessionOn(exchangeDay(open as EpochMs));
  const width = timeframe === '1Day' ? Infinity : open + timeframeMs(timeframe);
  return Math.min(width, session?.close ?? width);
}

function begin(bar: NumericBar, time: number, timeframe: Timeframe): State['open'] {
  invariant(timeframe !== '1Min', 'A wide bar is wider than a minute', { timeframe });
  return { time, open: bar.open, high: bar.high, low: bar.low, close: bar.close, volume: bar.volume };
}

/** Adds a narrow bar; hands finished wide bars to `take`. */
function add(state: State, bar: NumericBar, closeTime: number, take: (wide: NumericBar) => void): void {
  const { open, end } = state;
  if (open !== null && end !== null && bar.time >= end) {
    take(open);
    state.open = null;
  }
  if (state.open === null) {
    const time = bucketOpen(bar.time as EpochMs, state.timeframe);
    state.open = begin(bar, time, state.timeframe);
    state.end = endOf(time, state.timeframe);
  } else {
    const wide = state.open;
    if (bar.high > wide.high) wide.high = bar.high;
    if (bar.low < wide.low) wide.low = bar.low;
    wide.close = bar.close;
    wide.volume += bar.volume;
  }
  if (state.open !== null && closeTime >= (state.end ?? Infinity)) {
    take(state.open);
    state.open = null;
  }
}

/** Makes wide bars bar by bar: for strategies that are live. */
export const REGULAR_WIDE_BARS: WideBars = {
  start: (timeframe) => ({ timeframe, open: null, end: null }) satisfies State,
  readState(timeframe, raw) {
    const state = stateSchema.safeParse(raw);
    invariant(state.success && state.data.timeframe === timeframe, 'The stored wide bar is not of this timeframe', { timeframe });
    return { ...state.data, timeframe } satisfies State;
  },
  add(state, bar, closeTime) {
    const closed: NumericBar[] = [];
    add(state as State, bar, closeTime, (wide) => closed.push({ ...wide }));
    return closed;
  },
};

/** Closed wide bars, and for each narrow bar the number of those that had closed with it. */
export type WideColumns = { readonly bars: BarColumns; readonly closed: Int32Array };

/** Puts narrow bars of regular trading together. `close`: close of each, epoch ms. */
export function wideColumns(bars: BarColumns, close: Float64Array, timeframe: Timeframe): WideColumns {
  const { length } = bars.time;
  const wide = barColumns(length);
  const closed = new Int32Array(length);
  const state: State = { timeframe, open: null, end: null };
  let count = 0;
  const take = (bar: NumericBar): void => {
    wide.time[count] = bar.time;
    for (const field of BAR_FIELDS) wide[field][count] = bar[field];
    count += 1;
  };
  const bar = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  for (let i = 0; i < length; i += 1) {
    bar.time = bars.time[i] ?? NaN;
    for (const field of BAR_FIELDS) bar[field] = bars[field][i] ?? NaN;
    add(state, bar, close[i] ?? NaN, take);
    closed[i] = count;
  }
  return { bars: sliceColumns(wide, 0, count), closed };
}

/** An indicator of a wide timeframe on the narrow bars: the value of the last wide bar that has closed, NaN before. `readyAt`: first narrow bar with a value in every output. */
export function wideIndicator(use: IndicatorUse, { bars, closed }: WideColumns): { readonly columns: readonly Float64Array[]; readonly readyAt: number } {
  const made: Readonly<Record<string, Float64Array>> = columnsOf(use, bars);
  const columns = use.indicator.outputs.map((name) => {
    const output = made[name] ?? new Float64Array(0);
    const column = new Float64Array(closed.length);
    for (let i = 0; i < column.length; i += 1) column[i] = (closed[i] ?? 0) === 0 ? NaN : (output[(closed[i] ?? 0) - 1] ?? NaN);
    return column;
  });
  const needed = use.indicator.lookback(use.values) + 1;
  const ready = closed.findIndex((count) => count >= needed);
  return { columns, readyAt: ready < 0 ? closed.length : ready };
}
