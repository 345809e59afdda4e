/** Mean and variance of a window of prices without cancellation: sums of ticks and of their squares, kept as whole numbers. */
import * as z from 'zod';
import { ringSchema } from './cells.ts';
import { checkPeriod, ROUNDER, TICKS_PER_DOLLAR, ticksOf } from './period.ts';

/**
 * A price in ticks is split into `h` x 2^20 + `l`, so that the three sums of products stay below 2^53: exact for
 * 5,000 prices of up to $1,099,511. The variance is then a difference of exact sums in each part, so prices near
 * 100,000 that move by a cent, and a window that has become flat, come out right.
 */
const SPLIT = 1_048_576;

/** Running sums, plain JSON: of `h`, `l`, `h` x `h`, `h` x `l` and `l` x `l`. */
export const momentsSchema = z.object({ ...ringSchema.shape, h: z.number(), l: z.number(), hh: z.number(), hl: z.number(), ll: z.number() });
export type Moments = z.infer<typeof momentsSchema>;

/** No prices yet. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function moments(period: number): Moments {
  checkPeriod(period);
  return { period, window: [], next: 0, h: 0, l: 0, hh: 0, hl: 0, ll: 0 };
}

const upperPart = (ticks: number): number => ticks * (1 / SPLIT) + ROUNDER - ROUNDER;

/** Adds a price, dollars. True when there are `period` of them. */
export function momentsPush(cell: Moments, price: number): boolean {
  const { period, window, next } = cell;
  const ticks = ticksOf(price);
  const isFilling = window.length < period;
  const gone = isFilling ? 0 : (window[next] as number);
  const inH = upperPart(ticks);
  const inL = ticks - inH * SPLIT;
  const outH = upperPart(gone);
  const outL = gone - outH * SPLIT;
  cell.h += inH - outH;
  cell.l += inL - outL;
  cell.hh += inH * inH - outH * outH;
  cell.hl += inH * inL - outH * outL;
  cell.ll += inL * inL - outL * outL;
  if (isFilling) {
    window.push(ticks);
  } else {
    window[next] = ticks;
    cell.next = next + 1 === period ? 0 : next + 1;
  }
  return window.length === period;
}

/** Mean of the window, dollars; the same bits as the simple moving average. */
export function meanOf(cell: Moments): number {
  return (cell.h * SPLIT + cell.l) / (cell.period * TICKS_PER_DOLLAR);
}

/** Population variance of the window, dollars squared, never negative. Of 1, 2, 3, 6 it is 3.5. */
export function varianceOf(cell: Moments): number {
  const { period } = cell;
  return spread(cell) / (period * TICKS_PER_DOLLAR) / (period * TICKS_PER_DOLLAR);
}

/** Population standard deviation of the window, dollars. */
export function deviationOf(cell: Moments): number {
  return Math.sqrt(spread(cell)) / (cell.period * TICKS_PER_DOLLAR);
}

/** period^2 x variance in ticks squared: n x sum of squares - square of the sum, part by part. */
function spread({ period: n, h, l, hh, hl, ll }: Moments): number {
  const sum = (n * hh - h * h) * SPLIT * SPLIT + (n * hl - h * l) * 2 * SPLIT + (n * ll - l * l);
  return sum > 0 ? sum : 0;
}

/** Columns to write into. */
export type DeviationOut = { readonly mean: Float64Array; readonly deviation: Float64Array };

/** Mean and population standard deviation as columns, dollars, NaN before index `n` - 1: the running sums in local numbers. */
export function deviationColumns(prices: Float64Array, n: number, { mean, deviation }: DeviationOut): void {
  checkPeriod(n);
  const { length } = prices;
  const unit = n * TICKS_PER_DOLLAR;
  let [h, l, hh, hl, ll] = [0, 0, 0, 0, 0];
  for (let i = 0; i < length; i += 1) {
    const ticks = (prices[i] as number) * TICKS_PER_DOLLAR + ROUNDER - ROUNDER;
    const gone = i < n ? 0 : (prices[i - n] as number) * TICKS_PER_DOLLAR + ROUNDER - ROUNDER;
    const inH = ticks * (1 / SPLIT) + ROUNDER - ROUNDER;
    const outH = gone * (1 / SPLIT) + ROUNDER - ROUNDER;
    const inL = ticks - inH * SPLIT;
    const outL = gone - outH * SPLIT;
    h += inH - outH;
    l += inL - outL;
    hh += inH * inH - outH * outH;
    hl += inH * inL - outH * outL;
    ll += inL * inL - outL * outL;
    const sum = (n * hh - h * h) * SPLIT * SPLIT + (n * hl - h * l) * 2 * SPLIT + (n * ll - l * l);
    mean[i] = (h * SPLIT + l) / unit;
    deviation[i] = Math.sqrt(sum > 0 ? sum : 0) / unit;
  }
  const filling = Math.min(n - 1, length);
  mean.fill(NaN, 0, filling);
  deviation.fill(NaN, 0, filling);
}
