/** Simple moving average on whole ticks: sums are exact, so bar by bar and whole columns agree to the last bit. */
import * as z from 'zod';
import { checkPeriod, outputColumn, periodSchema, ticksOf, TICKS_PER_DOLLAR } from './period.ts';

/** Running state, plain JSON. `window` is a ring of the last `period` prices in ticks, `next` the place of the oldest. */
export const smaStateSchema = z.object({ period: periodSchema, window: z.array(z.number().int()), next: z.number().int().min(0), sum: z.number().int() });
export type SmaState = z.infer<typeof smaStateSchema>;

/** An empty average over `period` bars. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function smaStart(period: number): SmaState {
  checkPeriod(period);
  return { period, window: [], next: 0, sum: 0 };
}

/**
 * Adds a price in dollars to `state`, in place, and gives the mean of the last `period` prices; NaN until there are that many.
 * smaNext over period 3 of 1, 2, 4.5, 10 gives NaN, NaN, 2.5, 5.5.
 */
export function smaNext(state: SmaState, price: number): number {
  const ticks = ticksOf(price);
  const { period, window } = state;
  if (window.length < period) {
    window.push(ticks);
    state.sum += ticks;
    return window.length < period ? NaN : state.sum / (period * TICKS_PER_DOLLAR);
  }
  state.sum += ticks - (window[state.next] ?? 0);
  window[state.next] = ticks;
  state.next = state.next + 1 === period ? 0 : state.next + 1;
  return state.sum / (period * TICKS_PER_DOLLAR);
}

/**
 * The same as a column: the mean of the last `period` prices at each index, NaN before index `period` - 1.
 * @throws AppError INVARIANT_BROKEN for a period outside 1..5,000 or an `out` shorter than `prices`.
 */
export function smaColumn(prices: Float64Array, period: number, out?: Float64Array): Float64Array {
  checkPeriod(period);
  const result = outputColumn(prices.length, out);
  const divisor = period * TICKS_PER_DOLLAR;
  let sum = 0;
  for (let i = 0; i < prices.length; i += 1) {
    sum += ticksOf(prices[i] ?? NaN);
    if (i >= period) sum -= ticksOf(prices[i - period] ?? NaN);
    result[i] = i < period - 1 ? NaN : sum / divisor;
  }
  return result;
}
