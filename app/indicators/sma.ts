/** Simple moving average on whole ticks: sums are exact, so bar by bar and whole columns agree to the last bit. */
import { barCount } from '#app/domain/bar-columns.ts';
import { type SlidingSum, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { checkPeriod, outputColumn, outputColumns, ROUNDER, ticksOf, TICKS_PER_DOLLAR } from './period.ts';

/**
 * Mean of the last `period` prices at each index, dollars, as the window has it in whole ticks; NaN before index `period` - 1.
 * @throws AppError INVARIANT_BROKEN for a period outside 1..5,000 or an `out` shorter than `prices`.
 */
export function smaColumn(prices: Float64Array, period: number, out?: Float64Array): Float64Array {
  checkPeriod(period);
  const result = outputColumn(prices.length, out);
  const divisor = period * TICKS_PER_DOLLAR;
  const { length } = prices;
  const seeded = Math.min(period, length);
  let sum = 0;
  for (let i = 0; i < seeded; i += 1) {
    sum += ticksOf(prices[i] ?? NaN);
    result[i] = i < period - 1 ? NaN : sum / divisor;
  }
  // The ticks that leave are made again: cheaper than to keep them.
  for (let i = period, gone = 0; i < length; i += 1, gone += 1) {
    sum += ((prices[i] ?? NaN) * TICKS_PER_DOLLAR + ROUNDER - ROUNDER) - ((prices[gone] ?? NaN) * TICKS_PER_DOLLAR + ROUNDER - ROUNDER);
    result[i] = sum / divisor;
  }
  return result;
}

/** Simple moving average, dollars: the mean of the last `period` prices. SMA 3 of 1, 2, 4.5, 10 is NaN, NaN, 2.5, 5.5. TA-Lib SMA. */
export const SMA = defineIndicator<'value', SlidingSum>({
  id: 'SMA', title: 'Simple moving average', group: 'overlap', unit: 'price', formula: 'mean of the last prices', source: 'TA-Lib SMA; on whole ticks, so that equal averages compare equal',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: slidingSumSchema,
  columns(bars, [n = 1], out) {
    const columns = outputColumns(barCount(bars), 1, out);
    smaColumn(bars.close, n, columns[0]);
    return columns;
  },
  start: ([n = 1]) => slidingSum(n),
  next(state, bar, out) {
    out[0] = sumPush(state, ticksOf(bar.close)) / (state.period * TICKS_PER_DOLLAR);
  },
});
/** SMA of the last `length` prices. */
export const sma = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(SMA, [length], options);
