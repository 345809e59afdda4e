/** Bars as Parquet files: exact decimals, instants to the microsecond, row groups by symbol; written from the rows that the book copies out. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { KeyValue, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { invariant } from '#app/domain/errors.ts';

/** Fields of a row, in the order of the rows as text and of the file's columns. */
export const BAR_FILE_FIELDS = ['symbol', 'timeframe', 'open_time', 'open', 'high', 'low', 'close', 'volume', 'source', 'ts_seen'] as const;
/** Those that are decimal numbers. */
export const BAR_FILE_NUMBERS = ['open', 'high', 'low', 'close', 'volume'] as const;
/** Name of the description in the file's footer. */
export const DESCRIPTION_KEY = 'mainspring';

/** What a column of decimals must hold: digits behind the point, and digits in all. 12.3400 has 2 and 4. */
export type NumberShape = { readonly scale: number; readonly digits: number };
/** The same for each of them. */
export type BarFileShape = Readonly<Record<(typeof BAR_FILE_NUMBERS)[number], NumberShape>>;

/** What a file is: its month (`YYYY-MM`) and width of bars. */
export type BarFileLabel = { readonly month: string; readonly timeframe: string };
/** What was written. `contentSha256`: of the rows as text, whatever the form of the file. */
export type WrittenBars = { readonly rows: number; readonly contentSha256: string };

/** Digits that fit the physical types; those between are for wider ones. 24 digits are what the book's numeric(24,9) holds, in 11 bytes. */
const [INT32_DIGITS, INT64_DIGITS, MOST_DIGITS, WIDE_BYTES] = [9, 18, 24, 11];
/** A group ends with its symbol once it has so many rows, and at the latest with so many: a symbol is read without decoding its neighbours. */
const [GROUP_ROWS, GROUP_ROWS_MAX] = [4_096, 65_536];
const NEWLINE = 0x0a;
const GZIP_LEVEL = 6;

type Group = Record<(typeof BAR_FILE_FIELDS)[number], (string | bigint)[]>;

/** The integer that a decimal is of, in units of its last digit. unscaled('1.5', 4) = 15000n. @throws AppError INVARIANT_BROKEN when it has more decimals */
export function unscaled(text: string, scale: number): bigint {
  const point = text.indexOf('.');
  if (point === -1) return BigInt(text + '0'.repeat(scale));
  invariant(text.length - point - 1 <= scale, 'A number has more decimals than its column', { text, scale });
  return BigInt(text.slice(0, point) + text.slice(point + 1).padEnd(scale, '0'));
}

/** The shortest text of an unscaled number, as PostgreSQL's trim_scale gives it. decimalText(15000n, 4) = '1.5'. Not for negative numbers. */
export function decimalText(value: bigint | number, scale: number): string {
  const digits = String(value);
  if (scale === 0) return digits;
  const padded = digits.padStart(scale + 1, '0');
  let end = padded.length;
  while (end > padded.length - scale && padded.charCodeAt(end - 1) === 0x30) end -= 1;
  const whole = padded.slice(0, padded.length - scale);
  return end === padded.length - scale ? whole : `${whole}.${padded.slice(padded.length - scale, end)}`;
}

/** A name as COPY writes it: names with a tab or a backslash are rare, but no reason to lose a bar. */
export function escapeText(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r') : text;
}

function unescapeText(text: string): string {
  const signs: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', v: '\v' };
  return text.includes('\\') ? text.replaceAll(/\\(.)/g, (_, sign: string) => signs[sign] ?? sign) : text;
}

function decimalColumn(name: string, { scale, digits }: NumberShape): SchemaElement {
  invariant(scale >= 0 && digits >= scale && digits <= MOST_DIGITS, 'A column of decimals does not fit', { name, scale, digits });
  const [type, precision] = digits <= INT32_DIGITS ? (['INT32', INT32_DIGITS] as const) : digits <= INT64_DIGITS ? (['INT64', INT64_DIGITS] as const) : (['FIXED_LEN_BYTE_ARRAY', MOST_DIGITS] as const);
  return { name, type, repetition_type: 'REQUIRED', converted_type: 'DECIMAL', scale, precision, logical_type: { type: 'DECIMAL', scale, precision }, ...(type === 'FIXED_LEN_BYTE_ARRAY' ? { type_length: WIDE_BYTES } : {}) };
}

function schemaOf(shape: BarFileShape): SchemaElement[] {
  const text = (name: string): SchemaElement => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' });
  const instant = (name: string): SchemaElement => ({ name, type: 'INT64', converted_type: 'TIMESTAMP_MICROS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' }, repetition_type: 'REQUIRED' });
  const columns = [text('symbol'), text('timeframe'), instant('open_time'), ...BAR_FILE_NUMBERS.map((name) => decimalColumn(name, shape[name])), text('source'), instant('ts_seen')];
  return [{ name: 'market_data', num_children: columns.length }, ...columns];
}

function emptyGroup(): Group {
  return { symbol: [], timeframe: [], open_time: [], open: [], high: [], low: [], close: [], volume: [], source: [], ts_seen: [] };
}

/** A file that is being written: rows come in, groups go out. */
class BarFileWriter {
  private readonly handle: FileHandle;
  private readonly shape: BarFileShape;
  private readonly label: BarFileLabel;
  private readonly bytes = new ByteWriter(1 << 20);
  private readonly footer: KeyValue[] = [];
  private readonly parquet: ParquetWriter;
  private readonly columns: readonly SchemaElement[];
  private readonly hash = createHash('sha256');
  private group = emptyGroup();
  private rows = 0;

  constructor(handle: FileHandle, shape: BarFileShape, label: BarFileLabel) {
    [this.handle, this.shape, this.label] = [handle, shape, label];
    const schema = schemaOf(shape);
    this.columns = schema.slice(1);
    this.parquet = new ParquetWriter({ writer: this.bytes, schema, codec: 'GZIP', compressors: { GZIP: (input) => gzipSync(input, { level: GZIP_LEVEL }) }, statisticsTruncateLength: Infinity, kvMetadata: this.footer, createdBy: 'Mainspring' });
  }

  /** Whole lines of tab-separated text. */
  async lines(chunk: Buffer): Promise<void> {
    this.hash.update(chunk);
    const text = chunk.toString('utf8');
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\n', at);
      if (this.take(text.slice(at, end).split('\t'))) await this.flush();
      at = end + 1;
    }
  }

  /** Adds a row. Returns whether the group before it is to be written first: it was, and the row begins a new one. */
  private take(fields: readonly string[]): boolean {
    invariant(fields.length === BAR_FILE_FIELDS.length, 'A row of bars has another number of fields', { fields: fields.length });
    const { group } = this;
    const symbol = unescapeText(fields[0] as string);
    const size = group.symbol.length;
    const isFull = size >= GROUP_ROWS_MAX || (size >= GROUP_ROWS && group.symbol[size - 1] !== symbol);
    if (isFull) this.encode();
    const into = this.group;
    into.symbol.push(symbol);
    into.timeframe.push(fields[1] as string);
    into.open_time.push(BigInt(fields[2] as string));
    BAR_FILE_NUMBERS.forEach((name, n) => into[name].push(unscaled(fields[3 + n] as string, this.shape[name].scale)));
    into.source.push(unescapeText(fields[8] as string));
    into.ts_seen.push(BigInt(fields[9] as string));
    this.rows += 1;
    return isFull;
  }

  private encode(): void {
    const { group } = this;
    if (group.symbol.length === 0) return;
    const encodingOf = (column: SchemaElement) => (column.type === 'BYTE_ARRAY' ? 'RLE_DICTIONARY' : column.type === 'FIXED_LEN_BYTE_ARRAY' ? 'PLAIN' : 'DELTA_BINARY_PACKED');
    const columnData = this.columns.map((column) => ({ name: column.name, data: group[column.name as keyof Group], encoding: encodingOf(column) }) as const);
    void this.parquet.write({ columnData, rowGroupSize: group.symbol.length });
    this.group = emptyGroup();
  }

  private async flush(): Promise<void> {
    const bytes = this.bytes.getBytes();
    await this.handle.writeFile(bytes);
    this.bytes.index = 0;
  }

  async finish(): Promise<WrittenBars> {
    this.encode();
    const written = { rows: this.rows, contentSha256: this.hash.digest('hex') };
    this.footer.push({ key: DESCRIPTION_KEY, value: JSON.stringify({ table: 'market_data', ...this.label, ...written }) });
    void this.parquet.finish();
    await this.flush();
    return written;
  }
}

/** Writes rows to an open, empty file. `rows`: text as `COPY ... TO STDOUT` gives it, sorted by symbol and open time; instants in microseconds, numbers without trailing zeros. */
export async function writeBarFile(handle: FileHandle, rows: AsyncIterable<Buffer>, what: { readonly shape: BarFileShape; readonly label: BarFileLabel }): Promise<WrittenBars> {
  const writer = new BarFileWriter(handle, what.shape, what.label);
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of rows) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) await writer.lines(held.length === 0 ? chunk.subarray(0, end) : Buffer.concat([held, chunk.subarray(0, end)]));
    held = end === 0 ? Buffer.concat([held, chunk]) : Buffer.from(chunk.subarray(end));
  }
  invariant(held.length === 0, 'The rows of bars end within a line');
  return writer.finish();
}
