/** Sum of the last numbers of any kind (flows, squares, logarithms), compensated: a window that was wild and is quiet leaves no trace. */
import * as z from 'zod';
import { isFull, ring, ringPush, ringSchema } from './cells.ts';

/** The window and its sum in two numbers: what `high` rounds off is in `low`. Plain JSON. */
export const windowSumSchema = z.object({ ...ringSchema.shape, high: z.number(), low: z.number() });
export type WindowSum = z.infer<typeof windowSumSchema>;

/** An empty sum of `period` numbers. @throws AppError INVARIANT_BROKEN for a period outside 1..5,000. */
export function windowSum(period: number): WindowSum {
  return { ...ring(period), high: 0, low: 0 };
}

/** O. Moller, Quasi double-precision in floating point addition, BIT 5 (1965). */
function add(cell: WindowSum, value: number): void {
  const { high } = cell;
  const total = high + value;
  const taken = total - high;
  cell.low += high - (total - taken) + (value - taken);
  cell.high = total;
}

/** Adds a number and gives the sum of the last `period`; NaN until there are that many. windowSumPush over 2 of 1e17, 1, 2 gives NaN, 1e17, 3. */
export function windowSumPush(cell: WindowSum, value: number): number {
  const gone = ringPush(cell, value);
  add(cell, value);
  if (!Number.isNaN(gone)) add(cell, -gone);
  return isFull(cell) ? cell.high + cell.low : NaN;
}

/** The sum as it stands; NaN while there are fewer numbers. */
export function windowSumOf(cell: WindowSum): number {
  return isFull(cell) ? cell.high + cell.low : NaN;
}
