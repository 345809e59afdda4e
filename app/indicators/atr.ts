/** True range and its Wilder average (J. W. Wilder, New Concepts in Technical Trading Systems, 1978, section III), as TA-Lib computes them. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { wilderForgetting, wilderKeep } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { checkPeriod, outputColumn, outputColumns, periodSchema } from './period.ts';

/** Running state, plain JSON. `value` is the sum of the first ranges until `count` bars exceed `period`, then the average, dollars. */
export const atrStateSchema = z.object({ period: periodSchema, count: z.number().int().min(0), previousClose: z.number(), value: z.number().min(0) });
export type AtrState = z.infer<typeof atrStateSchema>;

/** The three prices of a bar that a range needs, dollars. */
export type RangeBar = { readonly high: number; readonly low: number; readonly close: number };
/** The same as columns of equal length. */
export type RangeColumns = { readonly high: Float64Array; readonly low: Float64Array; readonly close: Float64Array };

/** An empty average. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function atrStart(period: number): AtrState {
  checkPeriod(period);
  return { period, count: 0, previousClose: 0, value: 0 };
}

/**
 * The largest of high - low, |high - previous close| and |low - previous close|, dollars. trueRange(11, 10, 9) = 2. Without a branch: the range, and what the previous close lies
 * outside of it. An indicator's columns and its running form must both use this very sum.
 */
export function trueRange(high: number, low: number, previousClose: number): number {
  const above = previousClose - high;
  const below = low - previousClose;
  return high - low + (above + Math.abs(above)) * 0.5 + (below + Math.abs(below)) * 0.5;
}

/**
 * Adds a bar to `state`, in place, and gives the average true range in dollars; NaN until there are `period` ranges
 * (the first bar has none). atrNext over period 2 of bars (high, low, close) 10/9/9.5, 11/10/10.5, 12/9/9, 10/9/10 gives NaN, NaN, 2.25, 1.625.
 */
export function atrNext(state: AtrState, bar: RangeBar): number {
  const { period } = state;
  const range = trueRange(bar.high, bar.low, state.previousClose);
  state.previousClose = bar.close;
  state.count = Math.min(state.count + 1, period + 2);
  if (state.count === 1) return NaN;
  if (state.count <= period + 1) {
    state.value += range;
    if (state.count <= period) return NaN;
    state.value /= period;
  } else {
    const keep = wilderKeep(period);
    state.value = state.value * keep + range * (1 - keep);
  }
  return state.value;
}

/**
 * The same as a column, NaN before index `period`. The recurrence is the streaming one, so both agree to the last bit.
 * @throws AppError INVARIANT_BROKEN for a period outside 1..5,000, columns of unequal length or an `out` that is too short.
 */
export function atrColumn(bars: RangeColumns, period: number, out?: Float64Array): Float64Array {
  checkPeriod(period);
  const { high, low, close } = bars;
  invariant(high.length === close.length && low.length === close.length, 'The columns of a bar have different lengths');
  const result = outputColumn(close.length, out);
  const { length } = close;
  const keep = wilderKeep(period);
  const take = 1 - keep;
  let previous = close[0] ?? NaN;
  let value = 0;
  for (let i = 0; i <= period && i < length; i += 1) {
    if (i > 0) value += trueRange(high[i] ?? NaN, low[i] ?? NaN, previous);
    previous = close[i] ?? NaN;
    result[i] = NaN;
  }
  if (length <= period) return result;
  value /= period;
  result[period] = value;
  for (let i = period + 1; i < length; i += 1) {
    value = value * keep + trueRange(high[i] ?? NaN, low[i] ?? NaN, previous) * take;
    previous = close[i] ?? NaN;
    result[i] = value;
  }
  return result;
}

/** Average true range, dollars: Wilder's average of the true ranges. ATR 2 of bars (high, low, close) 10/9/9.5, 11/10/10.5, 12/9/9, 10/9/10 is NaN, NaN, 2.25, 1.625. TA-Lib ATR. */
export const ATR = defineIndicator<'value', AtrState>({
  id: 'ATR', title: 'Average true range', group: 'volatility', unit: 'price', formula: "Wilder's average of max(high - low, |high - close before|, |low - close before|)", source: 'J. W. Wilder, New Concepts in Technical Trading Systems (1978), section III; TA-Lib ATR',
  parameters: [period('period', 'Period', 14)], inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 1]) => n, forgetting: ([n = 1]) => wilderForgetting(n), state: atrStateSchema,
  columns(bars, [n = 1], out) {
    const columns = outputColumns(barCount(bars), 1, out);
    atrColumn(bars, n, columns[0]);
    return columns;
  },
  start: ([n = 1]) => atrStart(n),
  next(state, bar, out) {
    out[0] = atrNext(state, bar);
  },
});
/** ATR over `length` ranges. */
export const atr = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(ATR, [length], options);
