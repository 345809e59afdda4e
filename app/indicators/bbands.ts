/** J. Bollinger's bands, how wide they are and where the price stands in them. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { defineIndicator, factor, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { bandColumns, deviationOf, meanOf, moments, momentsPush, momentsSchema } from './moments.ts';
import { outputColumns } from './period.ts';

const BOLLINGER = 'J. Bollinger, Bollinger on Bollinger Bands (2002), chapter 7; sigma of the whole window (TA-Lib)';
const sigmas = factor('deviations', 'Standard deviations', 2, [0, 20]);
const bandsSchema = momentsSchema.extend({ deviations: z.number() });
type Bands = z.infer<typeof bandsSchema>;
const windowLookback = ([n = 1]: readonly number[]): number => n - 1;

/** Bollinger's bands, dollars: mean of the window and `deviations` population sigmas above and below. BBANDS 4, 2 of 1, 2, 3, 6: 6.7417, 3, -0.7417. */
export const BBANDS = defineIndicator<'upper' | 'middle' | 'lower', Bands>({
  id: 'BBANDS', title: 'Bollinger bands', group: 'channel', unit: 'price', formula: 'mean ± deviations × σ (population) over the period', source: BOLLINGER,
  parameters: [period('period', 'Period', 20, 2), sigmas], inputs: ['close'], outputs: ['upper', 'middle', 'lower'], lookback: windowLookback, state: bandsSchema,
  columns(bars, values, out) {
    const [n = 0, deviations = 0] = values;
    const columns = outputColumns(barCount(bars), 3, out);
    const [upper, middle, lower] = columns as readonly [Float64Array, Float64Array, Float64Array];
    bandColumns(bars.close, [n, deviations], { upper, middle, lower });
    return columns;
  },
  start: ([n = 0, deviations = 0]) => ({ ...moments(n), deviations }),
  next(state, bar, out) {
    const isReady = momentsPush(state, bar.close);
    const centre = isReady ? meanOf(state) : NaN;
    const width = isReady ? deviationOf(state, state.deviations) : NaN;
    out[0] = centre + width;
    out[1] = centre;
    out[2] = centre - width;
  },
});
/** Bollinger's bands of `length` bars and `deviations` sigmas. */
export const bbands = (length = 20, deviations = 2, options: UseOptions = {}): IndicatorUse<'upper' | 'middle' | 'lower'> => use(BBANDS, [length, deviations], options);

/** Width of Bollinger's bands in percent of their middle: 100 x (upper - lower) / middle. BBWIDTH 4, 2 of 1, 2, 3, 6 is 249.44. */
export const BBWIDTH = defineIndicator<'value', Bands>({
  id: 'BBWIDTH', title: 'Bollinger band width', group: 'volatility', unit: 'percent', formula: '100 × (upper - lower) / middle of the Bollinger bands', source: BOLLINGER,
  parameters: [period('period', 'Period', 20, 2), sigmas], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: bandsSchema,
  start: ([n = 0, deviations = 0]) => ({ ...moments(n), deviations }),
  next(state, bar, out) {
    const isReady = momentsPush(state, bar.close);
    out[0] = isReady ? (200 * deviationOf(state, state.deviations)) / meanOf(state) : NaN;
  },
});
/** BBWIDTH of `length` bars and `deviations` sigmas. */
export const bbwidth = (length = 20, deviations = 2, options: UseOptions = {}): IndicatorUse<'value'> => use(BBWIDTH, [length, deviations], options);

/** Where the price stands in Bollinger's bands: 0 at the lower, 1 at the upper; 0.5 when they lie on one another. PERCENTB 4, 2 of 1, 2, 3, 6 is 0.9009. */
export const PERCENTB = defineIndicator<'value', Bands>({
  id: 'PERCENTB', title: 'Bollinger %B', group: 'volatility', unit: 'ratio', formula: '(price - lower) / (upper - lower) of the Bollinger bands', source: BOLLINGER,
  parameters: [period('period', 'Period', 20, 2), sigmas], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: bandsSchema,
  start: ([n = 0, deviations = 0]) => ({ ...moments(n), deviations }),
  next(state, bar, out) {
    const isReady = momentsPush(state, bar.close);
    const half = deviationOf(state, state.deviations);
    out[0] = isReady ? 0.5 + (half === 0 ? 0 : (bar.close - meanOf(state)) / (2 * half)) : NaN;
  },
});
/** PERCENTB of `length` bars and `deviations` sigmas. */
export const percentB = (length = 20, deviations = 2, options: UseOptions = {}): IndicatorUse<'value'> => use(PERCENTB, [length, deviations], options);
