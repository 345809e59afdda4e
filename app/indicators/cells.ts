/** Running parts that indicators are made of: plain JSON, changed in place. */
import * as z from 'zod';
import { ticksOf } from './period.ts';

/** The last `size` numbers; `at` is the place of the oldest once it is full. */
export const ringSchema = z.object({ size: z.number().int().min(1), at: z.number().int().min(0), items: z.array(z.number()) });
export type Ring = z.infer<typeof ringSchema>;

/** An empty ring. */
export function ring(size: number): Ring {
  return { size, at: 0, items: [] };
}

/** Whether as many numbers were put in as it holds. */
export function isFull(window: Ring): boolean {
  return window.items.length === window.size;
}

/** Puts a number in and gives the one that falls out: 0 while it is being filled, so that `sum += x - pushInto(window, x)` is a sum of the window. */
export function pushInto(window: Ring, value: number): number {
  const { items, at } = window;
  if (items.length < window.size) {
    items.push(value);
    return 0;
  }
  const gone = items[at] as number;
  items[at] = value;
  window.at = at + 1 === window.size ? 0 : at + 1;
  return gone;
}

/** The number of `place`, 0 = oldest; NaN beyond what is held. */
export function itemOf(window: Ring, place: number): number {
  const at = window.at + place;
  return window.items[at < window.size ? at : at - window.size] ?? NaN;
}

/** Sum of the last prices in whole ticks: exact, so it does not matter in which order it was made. */
export const tickSumSchema = z.object({ window: ringSchema, sum: z.number().int() });
export type TickSum = z.infer<typeof tickSumSchema>;

/** An empty sum of `size` prices. */
export function tickSum(size: number): TickSum {
  return { window: ring(size), sum: 0 };
}

/** Adds a price, dollars; the sum of the window in ticks, NaN while there are fewer. */
export function tickSumNext(state: TickSum, price: number): number {
  const ticks = ticksOf(price);
  state.sum += ticks - pushInto(state.window, ticks);
  return isFull(state.window) ? state.sum : NaN;
}

/** A sum kept in two numbers: what the larger one rounds off is in the smaller (O. Moller, Quasi double-precision in floating point addition, BIT 5, 1965). */
export const pairSchema = z.object({ high: z.number(), low: z.number() });
export type Pair = z.infer<typeof pairSchema>;

/** Adds to a sum in two numbers. Of numbers that come and go again nothing stays, as long as they lie within 31 orders of magnitude. */
export function addTo(sum: Pair, value: number): void {
  const { high } = sum;
  const total = high + value;
  const taken = total - high;
  sum.low += high - (total - taken) + (value - taken);
  sum.high = total;
}

/** Sum of the last numbers of any kind (flows, ranges, logarithms): compensated, so that a window that was wild and is quiet leaves no trace. */
export const windowSumSchema = z.object({ window: ringSchema, sum: pairSchema });
export type WindowSum = z.infer<typeof windowSumSchema>;

/** An empty sum of `size` numbers. */
export function windowSum(size: number): WindowSum {
  return { window: ring(size), sum: { high: 0, low: 0 } };
}

/** Adds a number; the sum of the window, NaN while there are fewer. windowSumNext over 2 of 1e17, 1, 2 gives NaN, 1e17, 3. */
export function windowSumNext(state: WindowSum, value: number): number {
  const gone = pushInto(state.window, value);
  addTo(state.sum, value);
  addTo(state.sum, -gone);
  return isFull(state.window) ? state.sum.high + state.sum.low : NaN;
}

/** An average that forgets: the sum of the first numbers until `count` reaches `period`, then the average. */
export const averageSchema = z.object({ period: z.number().int().min(1), count: z.number().int().min(0), value: z.number() });
export type Average = z.infer<typeof averageSchema>;

/** An empty average of `period`. */
export function average(period: number): Average {
  return { period, count: 0, value: 0 };
}

function isSeeding(state: Average, value: number): boolean {
  if (state.count >= state.period) return false;
  state.count += 1;
  state.value += value;
  if (state.count === state.period) state.value /= state.period;
  return true;
}

const seeded = (state: Average): number => (state.count < state.period ? NaN : state.value);

/** Adds to an exponential average, smoothing 2 / (period + 1), seeded with the mean of the first `period` numbers; NaN before. */
export function exponentialNext(state: Average, value: number): number {
  if (!isSeeding(state, value)) state.value = (value - state.value) * (2 / (state.period + 1)) + state.value;
  return seeded(state);
}

/** Adds to Wilder's average, (previous x (period - 1) + value) / period, seeded with the mean of the first `period` numbers; NaN before. */
export function wilderNext(state: Average, value: number): number {
  if (!isSeeding(state, value)) state.value = (state.value * (state.period - 1) + value) / state.period;
  return seeded(state);
}
