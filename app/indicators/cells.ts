/** Small running states that indicators are built of, plain JSON: sums and extremes of a window, delays, smoothed averages. */
import * as z from 'zod';
import { checkPeriod, periodSchema } from './period.ts';

/** The last `period` numbers. `next` is the place of the oldest once there are that many. */
export const ringSchema = z.object({ period: periodSchema, window: z.array(z.number()), next: z.number().int().min(0) });
export type Ring = z.infer<typeof ringSchema>;

/** An empty ring. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function ring(period: number): Ring {
  checkPeriod(period);
  return { period, window: [], next: 0 };
}

/** Takes a number in and gives the one that it pushes out: the number `period` numbers ago. NaN while the ring fills. */
export function ringPush(cell: Ring, value: number): number {
  const { period, window, next } = cell;
  if (window.length < period) {
    window.push(value);
    return NaN;
  }
  const oldest = window[next] ?? NaN;
  window[next] = value;
  cell.next = next + 1 === period ? 0 : next + 1;
  return oldest;
}

/** Whether it holds `period` numbers. */
export function isFull(cell: Ring): boolean {
  return cell.window.length === cell.period;
}

/** A sum over the last `period` whole numbers (ticks, grains, shares): exact below 2^53, so the same wherever it began. */
export const slidingSumSchema = z.object({ ...ringSchema.shape, sum: z.number() });
export type SlidingSum = z.infer<typeof slidingSumSchema>;

/** An empty sum. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function slidingSum(period: number): SlidingSum {
  return { ...ring(period), sum: 0 };
}

/** Adds a whole number and gives the sum of the last `period`; NaN until there are that many. */
export function sumPush(cell: SlidingSum, whole: number): number {
  const { period, window, next } = cell;
  if (window.length < period) {
    window.push(whole);
    cell.sum += whole;
    return window.length < period ? NaN : cell.sum;
  }
  cell.sum += whole - (window[next] ?? NaN);
  window[next] = whole;
  cell.next = next + 1 === period ? 0 : next + 1;
  return cell.sum;
}

/** The largest of the last `period` numbers. `age`: how many numbers ago it came, the newest of equal ones. */
export const extremeSchema = z.object({ ...ringSchema.shape, best: z.number(), age: z.number().int().min(0) });
export type Extreme = z.infer<typeof extremeSchema>;

/** An empty window. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function extreme(period: number): Extreme {
  return { ...ring(period), best: 0, age: 0 };
}

function searchAgain(cell: Extreme): void {
  const { period, window, next } = cell;
  let best = window[next] ?? NaN;
  let age = period - 1;
  for (let step = 1, at = next; step < period; step += 1) {
    at = at + 1 === period ? 0 : at + 1;
    const value = window[at] ?? NaN;
    if (value >= best) {
      best = value;
      age = period - 1 - step;
    }
  }
  cell.best = best;
  cell.age = age;
}

/** Adds a number and gives the largest of the last `period`; NaN until there are that many. The window is read again only when its largest leaves it. */
export function highestPush(cell: Extreme, value: number): number {
  ringPush(cell, value);
  cell.age += 1;
  if (cell.window.length === 1 || value >= cell.best) {
    cell.best = value;
    cell.age = 0;
  } else if (cell.age >= cell.period) searchAgain(cell);
  return cell.window.length < cell.period ? NaN : cell.best;
}

/** Adds a number and gives the smallest of the last `period` (the cell keeps them with their signs changed); NaN until there are that many. */
export function lowestPush(cell: Extreme, value: number): number {
  return 0 - highestPush(cell, 0 - value);
}

/** J. W. Wilder's smoothing (1978): seeded with the mean of the first `period` numbers, then (average x (period - 1) + number) / period. */
export const wilderSchema = z.object({ period: periodSchema, count: z.number().int().min(0), value: z.number() });
export type Wilder = z.infer<typeof wilderSchema>;

/** An empty average. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function wilder(period: number): Wilder {
  checkPeriod(period);
  return { period, count: 0, value: 0 };
}

/** The part of an average that Wilder keeps at each bar; the newest number has the rest: 1 - keep, so that a constant stays what it is. */
export function wilderKeep(period: number): number {
  return (period - 1) / period;
}

/** Bars after which a Wilder average no longer shows where it began: (1 - 1 / n)^(10 n) is less than a part in twenty thousand. */
export const wilderForgetting = (period: number): number => 10 * period + 1;

/** Adds a number and gives the average; NaN until there are `period`. wilderPush over period 2 of 1, 3, 6 gives NaN, 2, 4. */
export function wilderPush(cell: Wilder, value: number): number {
  const { period } = cell;
  if (cell.count < period) {
    cell.count += 1;
    cell.value += value;
    if (cell.count < period) return NaN;
    cell.value /= period;
    return cell.value;
  }
  const keep = wilderKeep(period);
  cell.value = cell.value * keep + value * (1 - keep);
  return cell.value;
}
