/** Rows of market_data as PostgreSQL's binary COPY wants them: no text in between, nothing allocated for a row. */
import { invariant } from '#app/domain/errors.ts';

/** Rows are handed on in pieces of about this size, so that the event loop has its turn between them. */
const PIECE_BYTES = 262_144;
/** More than any row needs: ten fields, of which five are numbers of at most seven groups. */
const ROW_BYTES = 512;
/** The signature, no flags, no extension (PostgreSQL 18 documentation, COPY, "Binary Format"). */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\u00ff\r\n\u0000', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);
const FIELDS = 10;
/** 2000-01-01T00:00:00Z, from which PostgreSQL counts. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const MICROS_IN_MS = 1_000;
const TWO_32 = 4_294_967_296;
const GROUP = 10_000;
/** Digits after the point that numeric(24,9) keeps. */
const SCALE = 9;
const NANO = 1e9;
/** A float64 tells decimals of at most 15 digits apart: those before the point leave so many behind it. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 2 }, (_, n) => 10 ** n);
/** Whole parts that can be told exactly. */
const MAX_WHOLE = 1e15;

/** A decimal number that is not negative: its whole part, and its fraction in billionths. */
export type Exact = { whole: number; nano: number };

/** Reads a float64 as the decimal of at most 15 digits that it stands for, cut to nine behind the point. 645.57 = 645 and 570,000,000. */
export function exactOfNumber(value: number, into: Exact): void {
  const whole = Math.floor(value);
  let digits = 1;
  while (digits < EXACT_DIGITS && whole >= (POWERS[digits] as number)) digits += 1;
  const decimals = Math.min(SCALE, EXACT_DIGITS - digits);
  const scale = POWERS[decimals] as number;
  const part = Math.round((value - whole) * scale);
  into.whole = part === scale ? whole + 1 : whole;
  into.nano = part === scale ? 0 : part * (POWERS[SCALE - decimals] as number);
}

/** Reads decimal text such as `645.57`, at most 15 digits before and nine behind the point. */
export function exactOfText(text: string, into: Exact): void {
  const point = text.indexOf('.');
  into.whole = Number(point === -1 ? text : text.slice(0, point));
  into.nano = point === -1 ? 0 : Number(text.slice(point + 1).padEnd(SCALE, '0'));
}

const groups = new Uint16Array(7);

/** Writes a field of type numeric at `pos`; returns where it ends. */
function putNumeric(bytes: Buffer, pos: number, { whole, nano }: Exact): number {
  let rest = whole;
  for (let n = 3; n >= 0; n -= 1) {
    const high = Math.floor(rest / GROUP);
    groups[n] = rest - high * GROUP;
    rest = high;
  }
  const first = Math.floor(nano / 100_000);
  const later = nano - first * 100_000;
  const second = Math.floor(later / 10);
  groups[4] = first;
  groups[5] = second;
  groups[6] = (later - second * 10) * 1_000;
  let from = 0;
  while (from < 7 && groups[from] === 0) from += 1;
  let to = 7;
  while (to > from && groups[to - 1] === 0) to -= 1;
  const count = to - from;
  bytes.writeInt32BE(8 + count * 2, pos);
  bytes.writeInt16BE(count, pos + 4);
  bytes.writeInt16BE(count === 0 ? 0 : 3 - from, pos + 6);
  bytes.writeInt16BE(0, pos + 8);
  bytes.writeInt16BE(SCALE, pos + 10);
  let at = pos + 12;
  for (let n = from; n < to; n += 1) {
    const digit = groups[n] as number;
    bytes[at] = digit >>> 8;
    bytes[at + 1] = digit & 0xff;
    at += 2;
  }
  return at;
}

function putInstant(bytes: Buffer, pos: number, ms: number): number {
  const micros = (ms - POSTGRES_EPOCH_MS) * MICROS_IN_MS;
  const high = Math.floor(micros / TWO_32);
  bytes.writeInt32BE(8, pos);
  bytes.writeInt32BE(high, pos + 4);
  bytes.writeUInt32BE(micros - high * TWO_32, pos + 8);
  return pos + 12;
}

function textField(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const field = Buffer.alloc(4 + bytes.length);
  field.writeInt32BE(bytes.length);
  bytes.copy(field, 4);
  return field;
}

/** The columns in the order in which rows are written. */
export const COPY_COLUMNS = 'symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen';

/** Bars of one series for the encoder: `length` of them, read one by one. `read` puts the five numbers of a bar into `into` and gives its open time; null: the bar is left out. */
export type EncodableSeries = { readonly symbol: string; readonly timeframe: string; readonly length: number; read(n: number, into: readonly [Exact, Exact, Exact, Exact, Exact]): number | null };

const fresh = (): Exact => ({ whole: 0, nano: 0 });

/** The whole stream of a `COPY ... FROM STDIN WITH (FORMAT binary)` in pieces. `tsSeen` in epoch ms. */
export function* encodeRows(all: readonly EncodableSeries[], source: string, tsSeen: number): Generator<Buffer, void, undefined> {
  const tail = Buffer.alloc(ROW_BYTES);
  const sourceField = textField(source);
  sourceField.copy(tail);
  const tailBytes = putInstant(tail, sourceField.length, tsSeen);
  const cells = [fresh(), fresh(), fresh(), fresh(), fresh()] as const;
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let pos = HEADER.copy(piece);
  for (const series of all) {
    const count = Buffer.alloc(2);
    count.writeInt16BE(FIELDS);
    const head = Buffer.concat([count, textField(series.symbol), textField(series.timeframe)]);
    invariant(head.length + tailBytes < 300, 'The names of a series are too long for a row', { symbol: series.symbol, source });
    for (let n = 0; n < series.length; n += 1) {
      const time = series.read(n, cells);
      if (time === null) continue;
      if (pos + ROW_BYTES > PIECE_BYTES) {
        yield piece.subarray(0, pos);
        piece = Buffer.allocUnsafe(PIECE_BYTES);
        pos = 0;
      }
      pos += head.copy(piece, pos);
      pos = putInstant(piece, pos, time);
      for (const cell of cells) {
        invariant(cell.whole >= 0 && cell.whole < MAX_WHOLE && cell.nano >= 0 && cell.nano < NANO, 'A number of a bar cannot be written', { ...cell });
        pos = putNumeric(piece, pos, cell);
      }
      pos += tail.copy(piece, pos, 0, tailBytes);
    }
  }
  yield piece.subarray(0, pos);
  yield TRAILER;
}
