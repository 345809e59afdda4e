/** Bars of many series out of the book in one COPY, as columns. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { BulkTx } from '#chassis/db-bulk.ts';
import { parseCsv } from './csv.ts';

/** What to read: rows of a symbol that open after an instant (epoch ms). */
export type RowsWanted = { readonly symbol: string; readonly after: number };

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
const HEADER = 'symbol,time,open,high,low,close,volume\n';
/** Rows are read in pieces of this size: a long series does not stand in memory as text, and whoever lives on this thread has a turn after some milliseconds. */
const PIECE_BYTES = 1024 * 1024;
/** So many rows are put together before others have their turn. */
const ROWS_PER_TURN = 100_000;
const NEWLINE = 0x0a;

/** Added to times (epoch ms) on their way as text: days before 1973 have other lengths as text, and before 1970 a sign, by which a file's clock is told. */
export const TEXT_SHIFT_MS = 1_000_000_000_000;

/** Takes the shift from times that were read of such a text, in place. */
export function unshifted(bars: BarColumns): BarColumns {
  for (let n = 0; n < bars.time.length; n += 1) bars.time[n] = (bars.time[n] as number) - TEXT_SHIFT_MS;
  return bars;
}

/** Symbols and timeframes go into the text of a COPY, which takes no parameters. */
function literal(text: string): string {
  invariant(/^[A-Za-z0-9./ -]{1,40}$/.test(text), 'This is no name of a series', { text: text.slice(0, 40) });
  return `'${text}'`;
}

/** Each series is read by its key, months that hold nothing of it are left out, and none is sorted: the order of its rows is that of the months' indexes. */
function copyText(timeframe: Timeframe, wanted: readonly RowsWanted[]): string {
  const names = wanted.map(({ symbol, after }) => `(${literal(symbol)}, ${invariantInteger(after)}::bigint)`).join(', ');
  return `COPY (SELECT w.symbol, m.* FROM (VALUES ${names}) AS w(symbol, after) CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM open_time) * 1000)::bigint + ${TEXT_SHIFT_MS}, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume) FROM data_ingestion.market_data
    WHERE symbol = w.symbol AND timeframe = ${literal(timeframe)} AND open_time > to_timestamp(w.after / 1000.0) ORDER BY open_time) AS m) TO STDOUT (FORMAT csv)`;
}

function invariantInteger(value: number): number {
  invariant(Number.isSafeInteger(value), 'An instant is a whole number', { value });
  return value;
}

/** Rows as the server writes them. The book's own checks let nothing in that is refused here. */
function addRows(text: Buffer, into: Map<string, BarColumns[]>): void {
  const { series, defects } = parseCsv(Buffer.concat([Buffer.from(HEADER), text]), { areInstants: true });
  invariant(defects.length === 0, 'The book holds bars that cannot be true', { defect: defects[0]?.reason, row: defects[0]?.text });
  for (const { symbol, bars } of series) {
    if (symbol === null) continue;
    const parts = into.get(symbol) ?? [];
    parts.push(unshifted(bars));
    into.set(symbol, parts);
  }
}

/** The wanted rows by symbol; a symbol without rows is left out. `isShared`: put together on memory that threads share, so that nobody has to copy them there. */
export async function readBookRows(tx: BulkTx, timeframe: Timeframe, wanted: readonly RowsWanted[], isShared = false): Promise<ReadonlyMap<string, BarColumns>> {
  const parts = new Map<string, BarColumns[]>();
  if (wanted.length === 0) return new Map();
  let held: Buffer[] = [];
  let bytes = 0;
  const flush = (isLast: boolean): void => {
    const text = Buffer.concat(held);
    const end = isLast ? text.length : text.lastIndexOf(NEWLINE) + 1;
    held = [text.subarray(end)];
    bytes = text.length - end;
    if (end > 0) addRows(text.subarray(0, end), parts);
  };
  for await (const chunk of tx.copyOut(copyText(timeframe, wanted)) as AsyncIterable<Buffer>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < PIECE_BYTES) continue;
    flush(false);
    await nextTurn();
  }
  flush(true);
  const whole = new Map<string, BarColumns>();
  let rows = 0;
  for (const [symbol, all] of parts) {
    const bars = joined(all, isShared);
    whole.set(symbol, bars);
    rows += bars.time.length;
    if (rows < ROWS_PER_TURN) continue;
    rows = 0;
    await nextTurn();
  }
  return whole;
}

/** Stretches of one series behind each other. @throws AppError INVARIANT_BROKEN when they do not follow each other */
export function joined(parts: readonly BarColumns[], isShared = false): BarColumns {
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && isShared === only.time.buffer instanceof SharedArrayBuffer) return only;
  const all = barColumns(parts.reduce((sum, part) => sum + part.time.length, 0), isShared);
  let at = 0;
  for (const part of parts) {
    invariant(at === 0 || part.time.length === 0 || (part.time[0] ?? NaN) > (all.time[at - 1] ?? NaN), 'Bars of the book came out of order');
    for (const name of FIELDS) all[name].set(part[name], at);
    at += part.time.length;
  }
  return all;
}

/** Two series as one by time; where both have a bar, that of `first` counts. */
export function merged(first: BarColumns, second: BarColumns, isShared = false): BarColumns {
  if (first.time.length === 0 || second.time.length === 0 || (second.time.at(-1) ?? NaN) < (first.time[0] ?? NaN)) return joined([second, first], isShared);
  const all = barColumns(timesIn(first.time, second.time), isShared);
  for (let n = 0, a = 0, b = 0; n < all.time.length; n += 1) {
    const [left, right] = [first.time[a] ?? Infinity, second.time[b] ?? Infinity];
    const [from, at] = left <= right ? [first, a] : [second, b];
    for (const name of FIELDS) all[name][n] = from[name][at] ?? NaN;
    if (left <= right) a += 1;
    if (right <= left) b += 1;
  }
  return all;
}

/** How many different times two rising columns have. timesIn([1, 2], [2, 3]) = 3. */
function timesIn(first: Float64Array, second: Float64Array): number {
  let common = 0;
  for (let a = 0, b = 0; a < first.length && b < second.length; ) {
    const [left, right] = [first[a] as number, second[b] as number];
    if (left === right) common += 1;
    if (left <= right) a += 1;
    if (right <= left) b += 1;
  }
  return first.length + second.length - common;
}
