/** What every indicator shares: the range of a period and prices as whole ticks. */
import * as z from 'zod';
import { invariant } from '#app/domain/errors.ts';

/** Longest period an indicator takes, bars. */
export const MAX_PERIOD = 5_000;
/** A number of bars that an indicator looks back. */
export const periodSchema = z.number().int().min(1).max(MAX_PERIOD);

/**
 * Ticks in a dollar: finer than the four digits in which US shares are quoted. A sum of 5,000 prices is exact up to
 * $1.8 million a share (below 2^53 ticks), so equal averages compare equal whatever the order of additions.
 */
export const TICKS_PER_DOLLAR = 1_000_000;

/** A price in dollars as whole ticks; digits beyond the sixth are rounded. ticksOf(10.25) = 10,250,000. */
export function ticksOf(price: number): number {
  return Math.round(price * TICKS_PER_DOLLAR);
}

/** @throws AppError INVARIANT_BROKEN when the period is not a whole number of 1..5,000 bars. */
export function checkPeriod(period: number): void {
  invariant(Number.isInteger(period) && period >= 1 && period <= MAX_PERIOD, 'A period must be a whole number of 1 to 5000 bars', { period });
}

/** The column to write into: the caller's, or a new one. @throws AppError INVARIANT_BROKEN when the caller's is too short. */
export function outputColumn(length: number, out: Float64Array | undefined): Float64Array {
  if (out === undefined) return new Float64Array(length);
  invariant(out.length >= length, 'The output column is shorter than the input', { length, given: out.length });
  return out;
}
