/** Files of bar columns: a header that says what it is, then six columns of float64 that are read where they lie. */
import { BAR_FIELDS, barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { TIMEFRAMES, type Timeframe } from '#app/domain/time.ts';

/**
 * The file, all numbers little-endian:
 *
 *     0  8 bytes   magic: 0x89 'MSBARS' 0x0a; a transfer as text breaks it
 *     8  uint32    version, 1
 *    12  uint32    length of the header in bytes, a multiple of 64
 *    16  uint32    bars
 *    20  uint32    length of the description in bytes
 *    24  float64   time of the first bar, epoch ms (0 without bars)
 *    32  float64   time of the last bar
 *    40  uint32    checksum of the columns
 *    44  uint32    checksum of the header with this field 0
 *    48  description: JSON in ASCII, padded with spaces
 *     …  time, open, high, low, close, volume: `bars` float64 each
 */
const MAGIC = [0x89, 0x4d, 0x53, 0x42, 0x41, 0x52, 0x53, 0x0a] as const;
const VERSION = 1;
const FIXED_BYTES = 48;
const ALIGNMENT = 64;
const AT = { version: 8, headerBytes: 12, bars: 16, descriptionBytes: 20, first: 24, last: 32, columnsSum: 40, headerSum: 44 } as const;
const COLUMNS = ['time', ...BAR_FIELDS] as const;
const WORD = Float64Array.BYTES_PER_ELEMENT;
/** A description is a few names; more is not one of ours. */
const MAX_HEADER_BYTES = 4_096;
/** 100 years of minutes are 39 M bars; a file of more is a mistake. */
const MAX_FILE_BARS = 100_000_000;

/** Of what the prices were freed: nothing, splits, or splits and dividends. */
export const ADJUSTMENTS = ['raw', 'split', 'all'] as const;
/** One of them. */
export type Adjustment = (typeof ADJUSTMENTS)[number];

/** What the columns are and where they come from. `source`: the state of the source when they were made, in the maker's words: another state makes the file stale. */
export type SeriesLabel = { readonly symbol: string; readonly timeframe: Timeframe; readonly adjustment: Adjustment; readonly source: string };

/** CRC-32 (or another 32-bit sum) of bytes. The host hands in its fastest. */
export type Checksum = (bytes: Uint8Array) => number;

/** What a header tells. `headerBytes`: where the columns begin; `fileBytes`: how long the whole file must be. */
export type FileHeader = { readonly label: SeriesLabel; readonly bars: number; readonly headerBytes: number; readonly fileBytes: number; readonly columnsSum: number; readonly first: number; readonly last: number };

/** The file cannot be used; the reason in words. @throws AppError COLUMNS_DAMAGED */
function damaged(why: string): never {
  throw new AppError('COLUMNS_DAMAGED', `The column file cannot be used: ${why}. It is derived from the database: delete it, and it is made again.`);
}

/** Float64Array views are of the machine's order; the file's is little-endian, as is every machine that Node runs on but IBM Z. */
function requireLittleEndian(): void {
  invariant(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1, 'Column files need a little-endian machine');
}

function describe(label: SeriesLabel): string {
  const text = JSON.stringify({ symbol: label.symbol, timeframe: label.timeframe, adjustment: label.adjustment, source: label.source });
  invariant(/^[\x20-\x7e]*$/.test(text), 'Names in column files are ASCII', { symbol: label.symbol });
  return text;
}

/** Bytes of a file with `bars` bars under this label. */
export function fileBytes(label: SeriesLabel, bars: number): number {
  return headerBytesOf(describe(label).length) + COLUMNS.length * bars * WORD;
}

function headerBytesOf(descriptionBytes: number): number {
  return Math.ceil((FIXED_BYTES + descriptionBytes) / ALIGNMENT) * ALIGNMENT;
}

/** What makes columns unfit for a file: they must be what every reader may rely on, null when they are. */
function columnDefect(bars: BarColumns): string | null {
  const { time } = bars;
  for (let n = 0; n < time.length; n += 1) {
    const at = time[n] ?? NaN;
    if (!Number.isSafeInteger(at)) return `the time of bar ${n} is not a whole number of milliseconds`;
    if (n > 0 && at <= (time[n - 1] ?? NaN)) return `bar ${n} does not come after the bar before`;
  }
  const broken = BAR_FIELDS.find((field) => bars[field].some((value) => !Number.isFinite(value)));
  return broken === undefined ? null : `${broken} holds something that is not a number`;
}

/** The bytes of a file. @throws AppError INVARIANT_BROKEN when times do not rise or a number is not finite. */
export function encodeColumns(label: SeriesLabel, bars: BarColumns, checksum: Checksum): Uint8Array {
  requireLittleEndian();
  const count = barCount(bars);
  const defect = columnDefect(bars);
  invariant(defect === null && count <= MAX_FILE_BARS, `These columns cannot be stored: ${defect ?? 'too many bars'}`, { symbol: label.symbol, timeframe: label.timeframe });
  const description = describe(label);
  const headerBytes = headerBytesOf(description.length);
  invariant(headerBytes <= MAX_HEADER_BYTES, 'The description of a column file is too long', { length: description.length });
  const bytes = new Uint8Array(headerBytes + COLUMNS.length * count * WORD);
  COLUMNS.forEach((name, at) => new Float64Array(bytes.buffer, headerBytes + at * count * WORD, count).set(bars[name]));
  bytes.fill(0x20, FIXED_BYTES, headerBytes);
  bytes.set(MAGIC);
  for (let n = 0; n < description.length; n += 1) bytes[FIXED_BYTES + n] = description.charCodeAt(n);
  const view = new DataView(bytes.buffer);
  view.setUint32(AT.version, VERSION, true);
  view.setUint32(AT.headerBytes, headerBytes, true);
  view.setUint32(AT.bars, count, true);
  view.setUint32(AT.descriptionBytes, description.length, true);
  view.setFloat64(AT.first, bars.time[0] ?? 0, true);
  view.setFloat64(AT.last, bars.time[count - 1] ?? 0, true);
  view.setUint32(AT.columnsSum, checksum(bytes.subarray(headerBytes)), true);
  view.setUint32(AT.headerSum, checksum(bytes.subarray(0, headerBytes)), true);
  return bytes;
}

/**
 * Reads the header: the first bytes of a file, at least as many as it says it has (4,096 always suffice, fewer when the file is shorter).
 * @throws AppError COLUMNS_DAMAGED for a foreign, newer or damaged header
 */
export function readHeader(bytes: Uint8Array, checksum: Checksum): FileHeader {
  requireLittleEndian();
  if (bytes.length < FIXED_BYTES) damaged('it is too short to be one');
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) damaged('it does not begin like one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(AT.version, true);
  if (version !== VERSION) damaged(`it is of version ${version}, this program reads ${VERSION}`);
  const headerBytes = view.getUint32(AT.headerBytes, true);
  const descriptionBytes = view.getUint32(AT.descriptionBytes, true);
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > bytes.length || headerBytes !== headerBytesOf(descriptionBytes)) damaged('its header has an impossible length');
  const header = bytes.slice(0, headerBytes);
  new DataView(header.buffer).setUint32(AT.headerSum, 0, true);
  if (checksum(header) !== view.getUint32(AT.headerSum, true)) damaged('the checksum of its header is wrong');
  const bars = view.getUint32(AT.bars, true);
  if (bars > MAX_FILE_BARS) damaged('it claims more bars than there can be');
  return {
    label: readLabel(String.fromCharCode(...header.subarray(FIXED_BYTES, FIXED_BYTES + descriptionBytes))), bars, headerBytes, fileBytes: headerBytes + COLUMNS.length * bars * WORD,
    columnsSum: view.getUint32(AT.columnsSum, true), first: view.getFloat64(AT.first, true), last: view.getFloat64(AT.last, true),
  };
}

function readLabel(text: string): SeriesLabel {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new AppError('COLUMNS_DAMAGED', 'The column file cannot be used: its description is not readable. Delete it, and it is made again.', { cause: error });
  }
  const field = (name: string): unknown => (typeof raw === 'object' && raw !== null ? Reflect.get(raw, name) : undefined);
  const [symbol, source] = [field('symbol'), field('source')];
  const timeframe = TIMEFRAMES.find((known) => known === field('timeframe'));
  const adjustment = ADJUSTMENTS.find((known) => known === field('adjustment'));
  if (typeof symbol !== 'string' || typeof source !== 'string' || timeframe === undefined || adjustment === undefined) damaged('its description lacks what it must say');
  return { symbol, timeframe, adjustment, source };
}

/**
 * The columns of a whole file, as views on its memory: nothing is copied, and columns on shared memory stay there. `memory` holds the file from its first byte on.
 * @throws AppError COLUMNS_DAMAGED when it is cut short, too long, or not what its checksums say
 */
export function decodeColumns(memory: ArrayBuffer | SharedArrayBuffer, checksum: Checksum): { readonly header: FileHeader; readonly bars: BarColumns } {
  const bytes = new Uint8Array(memory);
  const header = readHeader(bytes, checksum);
  if (bytes.length !== header.fileBytes) damaged(`it has ${bytes.length} bytes, ${header.fileBytes} are told in its header`);
  if (checksum(bytes.subarray(header.headerBytes)) !== header.columnsSum) damaged('the checksum of its columns is wrong');
  const column = (at: number): Float64Array => new Float64Array(memory, header.headerBytes + at * header.bars * WORD, header.bars);
  const bars = { time: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
  if (header.bars > 0 && (bars.time[0] !== header.first || bars.time[header.bars - 1] !== header.last)) damaged('its first and last times are not those of its header');
  return { header, bars };
}
