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

/** 1.5 x 2^52: added to a number below 2^51 it leaves no room for a fraction; taken away again, a whole number remains (half to even). A third of the time of Math.round. */
export const ROUNDER = 6_755_399_441_055_744;

/** A price in dollars as whole ticks; digits beyond the sixth are rounded. ticksOf(10.25) = 10,250,000. */
export function ticksOf(price: number): number {
  return price * TICKS_PER_DOLLAR + ROUNDER - ROUNDER;
}

/** Grains in one, for sums of what is no price: percentages and ratios to within a ten-thousand-millionth. A power of two, so that scaling rounds nothing. */
export const GRAINS = 4_294_967_296;

/** A percentage or ratio as whole grains: sums of up to 5,000 percentages are exact. grainsOf(0.5) = 2,147,483,648. */
export function grainsOf(value: number): number {
  return value * GRAINS + ROUNDER - ROUNDER;
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

/** The columns to write into, one for each output: the caller's, or new ones. @throws AppError INVARIANT_BROKEN when there are too few or one is too short. */
export function outputColumns(length: number, count: number, out: readonly Float64Array[] | undefined): readonly Float64Array[] {
  invariant(out === undefined || out.length === count, 'There must be a column for each output', { count, given: out?.length });
  if (out === undefined) return Array.from({ length: count }, () => new Float64Array(length));
  for (const column of out) outputColumn(length, column);
  return out;
}
