/** Relative strength index (J. W. Wilder, New Concepts in Technical Trading Systems, 1978, section VI), as TA-Lib computes it. */
import * as z from 'zod';
import { checkPeriod, outputColumn, periodSchema } from './period.ts';

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
  const up = change > 0 ? change : 0;
  const down = change < 0 ? -change : 0;
  if (state.count <= period + 1) {
    state.gain += up;
    state.loss += down;
    if (state.count <= period) return NaN;
    state.gain /= period;
    state.loss /= period;
  } else {
    state.gain = (state.gain * (period - 1) + up) / period;
    state.loss = (state.loss * (period - 1) + down) / period;
  }
  return strength(state.gain, state.loss);
}

/** Whether the index says anything: false while nothing has moved, when TA-Lib's value is an arbitrary 0. */
export function rsiHasMoved(state: RsiState): boolean {
  return state.gain + state.loss > 0;
}

/**
 * The same as a column, NaN before index `period`. The recurrence is the streaming one, so both agree to the last bit.
 * @throws AppError INVARIANT_BROKEN for a period outside 1..5,000 or an `out` shorter than `prices`.
 */
export function rsiColumn(prices: Float64Array, period: number, out?: Float64Array): Float64Array {
  checkPeriod(period);
  const result = outputColumn(prices.length, out);
  let gain = 0;
  let loss = 0;
  for (let i = 0; i < prices.length; i += 1) {
    const change = i === 0 ? 0 : (prices[i] ?? NaN) - (prices[i - 1] ?? NaN);
    const up = change > 0 ? change : 0;
    const down = change < 0 ? -change : 0;
    if (i <= period) {
      gain += up;
      loss += down;
      if (i === period) {
        gain /= period;
        loss /= period;
      }
      result[i] = i < period ? NaN : strength(gain, loss);
    } else {
      gain = (gain * (period - 1) + up) / period;
      loss = (loss * (period - 1) + down) / period;
      result[i] = strength(gain, loss);
    }
  }
  return result;
}
