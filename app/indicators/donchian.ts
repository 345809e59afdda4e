/** R. Donchian's channel: highest high and lowest low of a period, with the bar itself and without it. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { extreme, extremeSchema, highestPush, lowestPush } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { outputColumns } from './period.ts';
import { rangeColumns } from './range-extremes.ts';

const donchianSchema = z.object({ high: extremeSchema, low: extremeSchema, upper: z.number().nullable(), lower: z.number().nullable() });
type Outputs = 'upper' | 'middle' | 'lower' | 'upperBefore' | 'lowerBefore';

/**
 * Donchian channel, dollars. `upper` and `lower` include the current bar, so no close can lie beyond them; a breakout is
 * measured against `upperBefore` and `lowerBefore`, the channel of the bar before. Highs 3, 5, 4 over period 2: upper 5, upperBefore 5 at the third.
 */
export const DONCHIAN = defineIndicator<Outputs, z.infer<typeof donchianSchema>>({
  id: 'DONCHIAN', title: 'Donchian channel', group: 'channel', unit: 'price', formula: 'highest high and lowest low of the period, their mean, and both as they stood one bar ago', source: 'R. Donchian, High Finance in Copper, Financial Analysts Journal 16:6 (1960)',
  parameters: [period('period', 'Period', 20)], inputs: ['high', 'low'], outputs: ['upper', 'middle', 'lower', 'upperBefore', 'lowerBefore'], lookback: ([n = 0]) => n, forgetting: ([n = 0]) => n + 1, state: donchianSchema,
  columns(bars, values, out) {
    const [n = 0] = values;
    const length = barCount(bars);
    const columns = outputColumns(length, 5, out);
    const [upper, middle, lower, upperBefore, lowerBefore] = columns as readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    rangeColumns(bars, n, { top: upper, bottom: lower });
    for (let i = 0; i < length; i += 1) {
      middle[i] = ((upper[i] as number) + (lower[i] as number)) / 2;
      upperBefore[i] = i === 0 ? NaN : (upper[i - 1] as number);
      lowerBefore[i] = i === 0 ? NaN : (lower[i - 1] as number);
    }
    if (n <= length) for (const column of [upper, middle, lower]) column[n - 1] = NaN;
    return columns;
  },
  start: ([n = 0]) => ({ high: extreme(n), low: extreme(n), upper: null, lower: null }),
  next(state, bar, out) {
    const high = highestPush(state.high, bar.high);
    const low = lowestPush(state.low, bar.low);
    const { upper, lower } = state;
    if (!Number.isNaN(high)) {
      state.upper = high;
      state.lower = low;
    }
    const isReady = upper !== null && lower !== null;
    out[0] = isReady ? high : NaN;
    out[1] = isReady ? (high + low) / 2 : NaN;
    out[2] = isReady ? low : NaN;
    out[3] = upper ?? NaN;
    out[4] = lower ?? NaN;
  },
});
/** Donchian channel of `length` bars. */
export const donchian = (length = 20, options: UseOptions = {}): IndicatorUse<Outputs> => use(DONCHIAN, [length], options);
