/** Exponential moving average, seeded with the simple average of the first bars as TA-Lib does. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { checkPeriod, outputColumn, outputColumns, periodSchema } from './period.ts';

/** Running state, plain JSON. `value` is the sum of the first prices until `count` reaches `period`, then the average. */
export const emaStateSchema = z.object({ period: periodSchema, count: z.number().int().min(0), value: z.number() });
export type EmaState = z.infer<typeof emaStateSchema>;

/** An empty average with smoothing 2 / (period + 1). @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function emaStart(period: number): EmaState {
  checkPeriod(period);
  return { period, count: 0, value: 0 };
}

/**
 * Adds a price in dollars to `state`, in place, and gives the average; NaN until there are `period` prices.
 * emaNext over period 3 of 1, 2, 6, 5 gives NaN, NaN, 3, 4: seed (1+2+6)/3, then (5-3)/2 + 3.
 */
export function emaNext(state: EmaState, price: number): number {
  const { period } = state;
  if (state.count < period) {
    state.count += 1;
    state.value += price;
    if (state.count < period) return NaN;
    state.value /= period;
    return state.value;
  }
  state.value = (price - state.value) * (2 / (period + 1)) + state.value;
  return state.value;
}

/**
 * The same as a column, NaN before index `period` - 1. The recurrence is the streaming one, so both agree to the last bit.
 * @throws AppError INVARIANT_BROKEN for a period outside 1..5,000 or an `out` shorter than `prices`.
 */
export function emaColumn(prices: Float64Array, period: number, out?: Float64Array): Float64Array {
  checkPeriod(period);
  const result = outputColumn(prices.length, out);
  const { length } = prices;
  const k = 2 / (period + 1);
  let value = 0;
  for (let i = 0; i < period && i < length; i += 1) {
    value += prices[i] ?? NaN;
    if (i === period - 1) value /= period;
    result[i] = i < period - 1 ? NaN : value;
  }
  for (let i = period; i < length; i += 1) {
    value = ((prices[i] ?? NaN) - value) * k + value;
    result[i] = value;
  }
  return result;
}

/** Bars after which an exponential average no longer shows where it began: (1 - 2 / (n + 1))^(5 n) is less than a part in twenty thousand. */
export const emaForgetting = (period: number): number => 6 * period;

/** Exponential moving average, dollars: (price - before) x 2 / (period + 1) + before, seeded with the mean of the first `period` prices. EMA 3 of 1, 2, 6, 5 is NaN, NaN, 3, 4. TA-Lib EMA. */
export const EMA = defineIndicator<'value', EmaState>({
  id: 'EMA', title: 'Exponential moving average', group: 'overlap', unit: 'price', formula: '(price - EMA before) × 2 / (period + 1) + EMA before; first the mean of the first prices', source: 'TA-Lib EMA',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, forgetting: ([n = 1]) => emaForgetting(n), state: emaStateSchema,
  columns(bars, [n = 1], out) {
    const columns = outputColumns(barCount(bars), 1, out);
    emaColumn(bars.close, n, columns[0]);
    return columns;
  },
  start: ([n = 1]) => emaStart(n),
  next(state, bar, out) {
    out[0] = emaNext(state, bar.close);
  },
});
/** EMA over `length` bars. */
export const ema = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(EMA, [length], options);
