/** Relative strength index (J. W. Wilder, New Concepts in Technical Trading Systems, 1978, section VI), as TA-Lib computes it. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { wilderForgetting, wilderKeep } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { checkPeriod, outputColumn, outputColumns, periodSchema } from './period.ts';

/** Running state, plain JSON. `gain` and `loss` are sums of the first changes until `count` prices exceed `period`, then Wilder averages. */
export const rsiStateSchema = z.object({ period: periodSchema, count: z.number().int().min(0), previous: z.number(), gain: z.number().min(0), loss: z.number().min(0) });
export type RsiState = z.infer<typeof rsiStateSchema>;

/** An empty index. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function rsiStart(period: number): RsiState {
  checkPeriod(period);
  return { period, count: 0, previous: 0, gain: 0, loss: 0 };
}

/** 100 x gain / (gain + loss); 0 when nothing moved (TA-Lib; TradingView shows 100 there). */
function strength(gain: number, loss: number): number {
  const total = gain + loss;
  return total === 0 ? 0 : 100 * (gain / total);
}

/**
 * Adds a price in dollars to `state`, in place, and gives the index, 0..100; NaN until there are `period` changes.
 * rsiNext over period 2 of 10, 11, 10.5, 12 gives NaN, NaN, 66.67, 88.89: average gain and loss 0.5 and 0.25,
 * then (0.5 + 1.5) / 2 = 1 and (0.25 + 0) / 2 = 0.125.
 */
export function rsiNext(state: RsiState, price: number): number {
  const { period } = state;
  const change = price - state.previous;
  state.previous = price;
  state.count = Math.min(state.count + 1, period + 2);
  if (state.count === 1) return NaN;
  const size = Math.abs(change);
  if (state.count <= period + 1) {
    state.gain += (size + change) / 2;
    state.loss += (size - change) / 2;
    if (state.count <= period) return NaN;
    state.gain /= period;
    state.loss /= period;
  } else {
    const keep = wilderKeep(period);
    const take = (1 - keep) / 2;
    state.gain = state.gain * keep + (size + change) * take;
    state.loss = state.loss * keep + (size - change) * take;
  }
  return strength(state.gain, state.loss);
}

/**
 * The same as a column, NaN before index `period`. The recurrence is the streaming one, so both agree to the last bit.
 * @throws AppError INVARIANT_BROKEN for a period outside 1..5,000 or an `out` shorter than `prices`.
 */
export function rsiColumn(prices: Float64Array, period: number, out?: Float64Array): Float64Array {
  checkPeriod(period);
  const result = outputColumn(prices.length, out);
  const { length } = prices;
  const keep = wilderKeep(period);
  const take = (1 - keep) / 2;
  let previous = prices[0] ?? NaN;
  let gain = 0;
  let loss = 0;
  for (let i = 0; i <= period && i < length; i += 1) {
    const price = prices[i] ?? NaN;
    const change = price - previous;
    const size = Math.abs(change);
    previous = price;
    gain += (size + change) / 2;
    loss += (size - change) / 2;
    result[i] = NaN;
  }
  if (length <= period) return result;
  gain /= period;
  loss /= period;
  result[period] = strength(gain, loss);
  for (let i = period + 1; i < length; i += 1) {
    const price = prices[i] ?? NaN;
    const change = price - previous;
    // Up and down without a branch: |change| + change is twice the gain, |change| - change twice the loss.
    const size = Math.abs(change);
    previous = price;
    gain = gain * keep + (size + change) * take;
    loss = loss * keep + (size - change) * take;
    const total = gain + loss;
    result[i] = total === 0 ? 0 : 100 * (gain / total);
  }
  return result;
}

/** Relative strength index, 0..100: 100 x average gain / (average gain + average loss), Wilder's averages. RSI 2 of 10, 11, 10.5, 12 ends in 66.6667, 88.8889. 0 when nothing ever moved. TA-Lib RSI. */
export const RSI = defineIndicator<'value', RsiState>({
  id: 'RSI', title: 'Relative strength index', group: 'momentum', unit: 'index', formula: "100 × average gain / (average gain + average loss), Wilder's averages", source: 'J. W. Wilder, New Concepts in Technical Trading Systems (1978), section VI; TA-Lib RSI',
  parameters: [period('period', 'Period', 14)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n, forgetting: ([n = 1]) => wilderForgetting(n), state: rsiStateSchema,
  columns(bars, [n = 1], out) {
    const columns = outputColumns(barCount(bars), 1, out);
    rsiColumn(bars.close, n, columns[0]);
    return columns;
  },
  start: ([n = 1]) => rsiStart(n),
  next(state, bar, out) {
    out[0] = rsiNext(state, bar.close);
  },
});
/** RSI over `length` changes. */
export const rsi = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(RSI, [length], options);
