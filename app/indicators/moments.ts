/** Mean and variance of a window of prices without cancellation: sums of ticks and of their squares, kept as whole numbers. */
import * as z from 'zod';
import { ring, ringSchema } from './cells.ts';
import { ROUNDER, TICKS_PER_DOLLAR, ticksOf } from './period.ts';

/**
 * A price in ticks is split into a multiple of 2^20 (`upper`) and the rest (`lower`). The three sums of products are then whole
 * multiples of 2^40, 2^20 and 1 below 2^53 of them: exact for 5,000 prices of up to $1,099,511. The variance is a difference of exact
 * sums part by part, so prices near 100,000 that move by a cent, and a window that has become flat, come out right.
 */
const UPPER_ROUNDER = ROUNDER * 1_048_576;
/** Dollars per unit of the root of the spread. */
const scaleOf = (n: number): number => 1 / (n * TICKS_PER_DOLLAR);

/** Running sums, plain JSON: of the upper and lower parts, and of their products. */
export const momentsSchema = z.object({ ...ringSchema.shape, upper: z.number(), lower: z.number(), uppers: z.number(), cross: z.number(), lowers: z.number() });
export type Moments = z.infer<typeof momentsSchema>;

/** No prices yet. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function moments(period: number): Moments {
  return { ...ring(period), upper: 0, lower: 0, uppers: 0, cross: 0, lowers: 0 };
}

/** Adds a price, dollars. True when there are `period` of them. */
export function momentsPush(cell: Moments, price: number): boolean {
  const { period, window, next } = cell;
  const ticks = ticksOf(price);
  const isFilling = window.length < period;
  const gone = isFilling ? 0 : (window[next] as number);
  const u = ticks + UPPER_ROUNDER - UPPER_ROUNDER;
  const l = ticks - u;
  const goneU = gone + UPPER_ROUNDER - UPPER_ROUNDER;
  const goneL = gone - goneU;
  cell.upper += u - goneU;
  cell.lower += l - goneL;
  cell.uppers += u * u - goneU * goneU;
  cell.cross += u * l - goneU * goneL;
  cell.lowers += l * l - goneL * goneL;
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
  return (cell.upper + cell.lower) / (cell.period * TICKS_PER_DOLLAR);
}

/** Population variance of the window, dollars squared, never negative. Of 1, 2, 3, 6 it is 3.5. */
export function varianceOf(cell: Moments): number {
  const { period } = cell;
  return spreadOf(cell) / (period * TICKS_PER_DOLLAR) / (period * TICKS_PER_DOLLAR);
}

/** `times` population standard deviations of the window, dollars. */
export function deviationOf(cell: Moments, times = 1): number {
  return Math.sqrt(spreadOf(cell)) * (times * scaleOf(cell.period));
}

/** period^2 x variance in ticks squared: n x sum of squares - square of the sum, part by part. What is no number stays none. */
function spreadOf({ period: n, upper, lower, uppers, cross, lowers }: Moments): number {
  const spread = n * uppers - upper * upper + 2 * (n * cross - upper * lower) + (n * lowers - lower * lower);
  return spread < 0 ? 0 : spread;
}

/** Three columns to write into. */
export type BandsOut = { readonly upper: Float64Array; readonly middle: Float64Array; readonly lower: Float64Array };

/** `unit`: ticks summed up for one dollar of the middle. `scale`: dollars of the width per unit of the root of the spread. */
type BandsScale = { readonly unit: number; readonly scale: number };

/** Middle and width of a window as columns, NaN before index `n` - 1: the running sums in local numbers, the filling of the window in a loop of its own. */
function writeBands(prices: Float64Array, n: number, { unit, scale }: BandsScale, out: BandsOut): void {
  const { length } = prices;
  const { upper: above, middle, lower: below } = out;
  let [upper, lower, uppers, cross, lowers] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n && i < length; i += 1) {
    const ticks = ticksOf(prices[i] as number);
    const u = ticks + UPPER_ROUNDER - UPPER_ROUNDER;
    const l = ticks - u;
    upper += u;
    lower += l;
    uppers += u * u;
    cross += u * l;
    lowers += l * l;
    below[i] = middle[i] = above[i] = NaN;
  }
  for (let i = n; i <= length; i += 1) {
    const spread = n * uppers - upper * upper + 2 * (n * cross - upper * lower) + (n * lowers - lower * lower);
    const centre = (upper + lower) / unit;
    const width = Math.sqrt(spread > 0 ? spread : 0) * scale;
    below[i - 1] = centre - width;
    middle[i - 1] = centre;
    above[i - 1] = centre + width;
    if (i === length) break;
    const ticks = (prices[i] as number) * TICKS_PER_DOLLAR + ROUNDER - ROUNDER;
    const gone = (prices[i - n] as number) * TICKS_PER_DOLLAR + ROUNDER - ROUNDER;
    const u = ticks + UPPER_ROUNDER - UPPER_ROUNDER;
    const l = ticks - u;
    const goneU = gone + UPPER_ROUNDER - UPPER_ROUNDER;
    const goneL = gone - goneU;
    upper += u - goneU;
    lower += l - goneL;
    uppers += u * u - goneU * goneU;
    cross += u * l - goneU * goneL;
    lowers += l * l - goneL * goneL;
  }
}

/** The mean and `times` population standard deviations around it as columns, dollars, NaN before index `n` - 1. */
export function bandColumns(prices: Float64Array, [n, times]: readonly [n: number, times: number], out: BandsOut): void {
  writeBands(prices, n, { unit: n * TICKS_PER_DOLLAR, scale: times * scaleOf(n) }, out);
}

/** Population standard deviation as a column, dollars, NaN before index `n` - 1: the upper band around nothing, written last. */
export function deviationColumn(prices: Float64Array, n: number, out: Float64Array): void {
  writeBands(prices, n, { unit: Infinity, scale: scaleOf(n) }, { upper: out, middle: out, lower: out });
}
