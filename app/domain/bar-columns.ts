/** Bars of one symbol as columns: what research reads, one number per bar in each. */
import { invariant } from './errors.ts';

/** The fields of a bar that indicators may look at. */
export const BAR_FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;
/** One of the fields. */
export type BarField = (typeof BAR_FIELDS)[number];

/**
 * Columns of equal length, oldest bar first, no two of one time. `time`: epoch ms of the open, whole numbers; prices in dollars, volume in shares.
 * Float64: a price of at most six digits after the point comes back exactly through `Math.round(price * 1e6)`. 48 bytes a bar.
 */
export type BarColumns = Readonly<Record<BarField, Float64Array>> & { readonly time: Float64Array };

/** Columns for `length` bars, all 0. `shared`: on memory that worker threads can read without a copy. */
export function barColumns(length: number, shared = false): BarColumns {
  const bytes = length * Float64Array.BYTES_PER_ELEMENT;
  const column = (): Float64Array => new Float64Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  return { time: column(), open: column(), high: column(), low: column(), close: column(), volume: column() };
}

/** A stretch of the columns, bars [from, to), on the same memory. */
export function sliceColumns(bars: BarColumns, from: number, to: number): BarColumns {
  const cut = (column: Float64Array): Float64Array => column.subarray(from, to);
  return { time: cut(bars.time), open: cut(bars.open), high: cut(bars.high), low: cut(bars.low), close: cut(bars.close), volume: cut(bars.volume) };
}

/** Index of the first number that is not below `at`; the length when there is none. `column` rises. */
export function firstAtOrAfter(column: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((column[middle] ?? Infinity) >= at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Number of bars. @throws AppError INVARIANT_BROKEN when the columns have different lengths. */
export function barCount(bars: BarColumns): number {
  const { length } = bars.time;
  invariant(BAR_FIELDS.every((field) => bars[field].length === length), 'The columns of the bars have different lengths');
  return length;
}
