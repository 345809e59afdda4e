/** What a search has finished, in a file that survives a crash: no point is run twice. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { AppError } from '#app/domain/errors.ts';
import type { Span } from './work.ts';

/** `identity`: everything that a point's numbers depend on, as a hash; `width`: how many there are of each. */
export type JournalOptions = { readonly identity: string; readonly width: number };

/** An open journal. One process at a time. */
export type Journal = Disposable & {
  /** Points that were known when it was opened. */
  readonly known: number;
  find(span: Span, point: number): Float64Array | null;
  /** Keeps the figures of points. They are with the operating system when this returns: the end of the process does not lose them. */
  keep(span: Span, rows: readonly { readonly point: number; readonly values: Float64Array }[]): void;
};

const FORMAT = 'mainspring search 1';
/** Doubles before the figures: from, to, point. */
const KEYS = 3;
const CRC_BYTES = 4;

const keyOf = (span: Span, point: number): string => `${span.from} ${span.to} ${point}`;

function record(span: Span, point: number, values: Float64Array): Buffer {
  const doubles = Float64Array.of(span.from, span.to, point, ...values);
  const bytes = Buffer.alloc(doubles.byteLength + CRC_BYTES);
  doubles.forEach((value, at) => bytes.writeDoubleLE(value, at * Float64Array.BYTES_PER_ELEMENT));
  bytes.writeUInt32LE(crc32(bytes.subarray(0, doubles.byteLength)), doubles.byteLength);
  return bytes;
}

/** Reads the whole records from `begin` on; the first that is torn or damaged ends the reading. @returns where the good part ends */
function readRecords(bytes: Buffer, { begin, width }: { readonly begin: number; readonly width: number }, tell: (span: Span, point: number, values: Float64Array) => void): number {
  const size = (KEYS + width) * Float64Array.BYTES_PER_ELEMENT;
  let at = begin;
  for (; at + size + CRC_BYTES <= bytes.length; at += size + CRC_BYTES) {
    if (crc32(bytes.subarray(at, at + size)) !== bytes.readUInt32LE(at + size)) break;
    const double = (n: number): number => bytes.readDoubleLE(at + n * Float64Array.BYTES_PER_ELEMENT);
    tell({ from: double(0), to: double(1) }, double(2), Float64Array.from({ length: width }, (_none, n) => double(KEYS + n)));
  }
  return at;
}

/**
 * Opens the journal of a search, or begins one. A tail that a crash has torn is cut off. @throws AppError INPUT_INVALID when the file belongs to another search (other data, rules, strategy or
 * figures): it is left as it is; file errors as they come.
 */
export function openJournal(path: string, { identity, width }: JournalOptions): Journal {
  const head = Buffer.from(`${JSON.stringify({ format: FORMAT, identity, width })}\n`);
  const rows = new Map<string, Float64Array>();
  const file = openSync(path, 'a+');
  try {
    const bytes = readFileSync(file);
    const isWhole = bytes.subarray(0, head.length).equals(head);
    // A part of the head, or nothing: a crash came before the first point.
    if (!isWhole && !head.subarray(0, bytes.length).equals(bytes)) throw new AppError('INPUT_INVALID', `${path} belongs to another search (other bars, rules, strategy or program version): name another file, or remove it`);
    if (isWhole) ftruncateSync(file, readRecords(bytes, { begin: head.length, width }, (span, point, values) => rows.set(keyOf(span, point), values)));
    else {
      ftruncateSync(file, 0);
      writeSync(file, head);
    }
  } catch (error) {
    closeSync(file);
    throw error;
  }
  const known = rows.size;
  return {
    known,
    find: (span, point) => rows.get(keyOf(span, point)) ?? null,
    keep(span, fresh) {
      for (const { point, values } of fresh) rows.set(keyOf(span, point), values);
      if (fresh.length > 0) writeSync(file, Buffer.concat(fresh.map(({ point, values }) => record(span, point, values))));
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
