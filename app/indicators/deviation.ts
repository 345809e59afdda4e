/** Standard deviation, variance and the z-score of a window, of the whole window (population) as TA-Lib has them. */
import { barCount } from '#app/domain/bar-columns.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { deviationColumn, deviationOf, meanOf, type Moments, moments, momentsPush, momentsSchema, varianceOf } from './moments.ts';
import { outputColumns } from './period.ts';

const windowLookback = ([n = 1]: readonly number[]): number => n - 1;

/** Standard deviation of the whole window, dollars: sqrt(mean((price - mean)^2)). STDDEV over 4 of 1, 2, 3, 6 is 1.8708 (sqrt 3.5). 0 in a flat market. TA-Lib STDDEV. */
export const STDDEV = defineIndicator<'value', Moments>({
  id: 'STDDEV', title: 'Standard deviation', group: 'volatility', unit: 'price', formula: 'sqrt(mean((price - mean)²)) over the period, population', source: 'TA-Lib STDDEV',
  parameters: [period('period', 'Period', 20, 2)], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: momentsSchema,
  columns(bars, values, out) {
    const [n = 0] = values;
    const columns = outputColumns(barCount(bars), 1, out);
    deviationColumn(bars.close, n, columns[0] as Float64Array);
    return columns;
  },
  start: ([n = 0]) => moments(n),
  next(state, bar, out) {
    out[0] = momentsPush(state, bar.close) ? deviationOf(state) : NaN;
  },
});
/** STDDEV of the last `length` bars. */
export const stddev = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(STDDEV, [length], options);

/** Variance of the whole window, dollars squared. VAR over 4 of 1, 2, 3, 6 is 3.5. TA-Lib VAR. */
export const VAR = defineIndicator<'value', Moments>({
  id: 'VAR', title: 'Variance', group: 'volatility', unit: 'ratio', formula: 'mean((price - mean)²) over the period, population', source: 'TA-Lib VAR',
  parameters: [period('period', 'Period', 20, 2)], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: momentsSchema,
  start: ([n = 0]) => moments(n),
  next(state, bar, out) {
    out[0] = momentsPush(state, bar.close) ? varianceOf(state) : NaN;
  },
});
/** VAR of the last `length` bars. */
export const variance = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(VAR, [length], options);

/** Population sigmas between the price and the mean of its window; 0 in a flat market. ZSCORE over 4 of 1, 2, 3, 6 is 1.6036: (6 - 3) / 1.8708. */
export const ZSCORE = defineIndicator<'value', Moments>({
  id: 'ZSCORE', title: 'Z-score', group: 'statistics', unit: 'ratio', formula: '(price - mean) / σ over the period, population', source: 'E. Kreyszig, Advanced Engineering Mathematics (1979), standardised variable',
  parameters: [period('period', 'Period', 20, 2)], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: momentsSchema,
  start: ([n = 0]) => moments(n),
  next(state, bar, out) {
    const isReady = momentsPush(state, bar.close);
    const deviation = deviationOf(state);
    out[0] = isReady ? (deviation === 0 ? 0 : (bar.close - meanOf(state)) / deviation) : NaN;
  },
});
/** ZSCORE of the last `length` bars. */
export const zscore = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(ZSCORE, [length], options);
