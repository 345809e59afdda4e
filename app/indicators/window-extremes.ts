/** Highest and lowest price of a window, and how long ago they were. */
import { barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { type Extreme, extreme, extremeSchema, highestPush, lowestPush } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { outputColumns } from './period.ts';
import { rangeColumns } from './range-extremes.ts';

const windowLookback = ([n = 1]: readonly number[]): number => n - 1;
const common = { group: 'statistics', inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: extremeSchema } as const;
const parameters = [period('period', 'Period', 30)];

/** One extreme of the closes as a column; the other one goes into a column that nobody sees. */
function extremeColumns(bars: BarColumns, n: number, side: 'top' | 'bottom', out: readonly Float64Array[] | undefined): readonly Float64Array[] {
  const length = barCount(bars);
  const { close } = bars;
  const columns = outputColumns(length, 1, out);
  const [column = close] = columns;
  const other = new Float64Array(length);
  rangeColumns({ high: close, low: close }, n, side === 'top' ? { top: column, bottom: other } : { top: other, bottom: column });
  return columns;
}

/** Highest price of the period, dollars. Over 2 of 3, 5, 4: 5 at the third. TA-Lib MAX. */
export const MAX = defineIndicator<'value', Extreme>({
  ...common, id: 'MAX', title: 'Highest price', unit: 'price', formula: 'highest price of the period', source: 'TA-Lib MAX', parameters,
  columns(bars, [n = 0], out) {
    return extremeColumns(bars, n, 'top', out);
  },
  start: ([n = 0]) => extreme(n),
  next(state, bar, out) {
    out[0] = highestPush(state, bar.close);
  },
});
/** Highest price of the last `bars`. */
export const highest = (bars = 30, options: UseOptions = {}): IndicatorUse<'value'> => use(MAX, [bars], options);

/** Lowest price of the period, dollars. Over 2 of 3, 5, 4: 4 at the third. TA-Lib MIN. */
export const MIN = defineIndicator<'value', Extreme>({
  ...common, id: 'MIN', title: 'Lowest price', unit: 'price', formula: 'lowest price of the period', source: 'TA-Lib MIN', parameters,
  columns(bars, [n = 0], out) {
    return extremeColumns(bars, n, 'bottom', out);
  },
  start: ([n = 0]) => extreme(n),
  next(state, bar, out) {
    out[0] = lowestPush(state, bar.close);
  },
});
/** Lowest price of the last `bars`. */
export const lowest = (bars = 30, options: UseOptions = {}): IndicatorUse<'value'> => use(MIN, [bars], options);

/** Bars since the highest price of the period, the newest of equal ones; 0 now. Over 3 of 3, 5, 4: 1. */
export const MAXAGO = defineIndicator<'value', Extreme>({
  ...common, id: 'MAXAGO', title: 'Bars since the highest', unit: 'index', formula: 'bars since the highest price of the period (TA-Lib MAXINDEX as an age)', source: 'TA-Lib MAXINDEX', parameters,
  start: ([n = 0]) => extreme(n),
  next(state, bar, out) {
    out[0] = Number.isNaN(highestPush(state, bar.close)) ? NaN : state.age;
  },
});
/** Bars since the highest of the last `bars` prices. */
export const highestAgo = (bars = 30, options: UseOptions = {}): IndicatorUse<'value'> => use(MAXAGO, [bars], options);

/** Bars since the lowest price of the period, the newest of equal ones; 0 now. Over 3 of 3, 5, 4: 2. */
export const MINAGO = defineIndicator<'value', Extreme>({
  ...common, id: 'MINAGO', title: 'Bars since the lowest', unit: 'index', formula: 'bars since the lowest price of the period (TA-Lib MININDEX as an age)', source: 'TA-Lib MININDEX', parameters,
  start: ([n = 0]) => extreme(n),
  next(state, bar, out) {
    out[0] = Number.isNaN(lowestPush(state, bar.close)) ? NaN : state.age;
  },
});
/** Bars since the lowest of the last `bars` prices. */
export const lowestAgo = (bars = 30, options: UseOptions = {}): IndicatorUse<'value'> => use(MINAGO, [bars], options);
