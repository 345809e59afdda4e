/** What is searched and run, and batches of points on memory that the pool and its threads share. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { RunFigure } from '#app/backtest/search/figures.ts';
import type { Axis, AxisValue } from '#app/backtest/search/space.ts';
import type { ErrorCode } from '#app/domain/errors.ts';
import type { Job } from './job.ts';

/** Opens of the bars that count, epoch ms: from <= open < to. Indicators warm up on bars before. */
export type Span = { readonly from: number; readonly to: number };
/** All bars. */
export const WHOLE_SPAN: Span = { from: -Infinity, to: Infinity };

/** What all points of a search share. Plain data and shared columns: it is cloned into each thread. `periods`: returns over so many equal stretches of time follow the figures in each row; 0 = none. */
export type Study = { readonly id: string; readonly job: Job; readonly bars: ReadonlyMap<string, BarColumns>; readonly axes: readonly Axis[]; readonly fixed: Readonly<Record<string, AxisValue>>; readonly figures: readonly RunFigure[]; readonly periods: number };

/** State of a place of a batch: free, the number of the thread that works on it (from 1 on), done, failed. */
export const FREE = 0;
export const DONE = -1;
export const FAILED = -2;

/** Slots of the control words of a turn: the next place to take; whether to stop; how far a single run is, in thousandths. */
export const NEXT = 0;
export const CANCEL = 1;
export const PROGRESS = 2;
const CONTROL_WORDS = 3;

/** Numbers in a row: the figures, then the returns. */
export function rowWidth({ figures, periods }: Pick<Study, 'figures' | 'periods'>): number {
  return figures.length + periods;
}

/** A batch on shared memory. `states[n]` belongs to `points[n]`, its row begins at `values[n * width]`. */
export type Batch = { readonly span: Span; readonly points: Float64Array; readonly values: Float64Array; readonly states: Int32Array; readonly control: Int32Array };

/** A single back-test. `span`: left out, all bars; `hasLines`: with the canonical lines of its orders. */
export type SingleRun = { readonly job: Job; readonly bars: ReadonlyMap<string, BarColumns>; readonly span?: Span; readonly hasLines?: boolean };

/** An error on its way between threads. `context`: plain JSON. */
export type CarriedError = { readonly code: ErrorCode; readonly message: string; readonly context: Readonly<Record<string, unknown>> };

/** From a thread to the pool. `idle` and `single`: it has nothing left to do of that turn. */
export type Reply =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly turn: number; readonly place: number; readonly why: string }
  | { readonly type: 'single'; readonly turn: number; readonly outcome: { readonly answer: unknown } | { readonly error: CarriedError } }
  | { readonly type: 'idle'; readonly turn: number };

/** A control word block that threads share. */
export function sharedControl(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** A fresh batch for these points. */
export function sharedBatch(span: Span, points: readonly number[], width: number): Batch {
  const doubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
  const batch: Batch = { span, points: doubles(points.length), values: doubles(points.length * width), states: new Int32Array(new SharedArrayBuffer(points.length * Int32Array.BYTES_PER_ELEMENT)), control: sharedControl() };
  batch.points.set(points);
  return batch;
}

/** The columns on memory that threads share; those that lie there already are left where they are. */
export function sharedColumns(bars: BarColumns): BarColumns {
  const share = (column: Float64Array): Float64Array => {
    if (column.buffer instanceof SharedArrayBuffer) return column;
    const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
    copy.set(column);
    return copy;
  };
  const { time, open, high, low, close, volume } = bars;
  return { time: share(time), open: share(open), high: share(high), low: share(low), close: share(close), volume: share(volume) };
}
