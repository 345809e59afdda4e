/** Parquet files of bars, read where one symbol lies, or whole as the rows that they were written from. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { parquetMetadataAsync, parquetScan, type AsyncBuffer, type DecodedArray, type FileMetaData, type ParquetRowRange, type ParquetScan } from 'hyparquet';
import * as z from 'zod';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { BAR_FILE_FIELDS, BAR_FILE_NUMBERS, DESCRIPTION_KEY, decimalText, escapeText } from './bar-parquet.ts';

/** What a file says of itself. `contentSha256`: of its rows as text. */
export const barFileDescription = z.object({ table: z.literal('market_data'), month: z.string(), timeframe: z.string(), rows: z.number().int().min(0), contentSha256: z.string().regex(/^[0-9a-f]{64}$/) });
/** What a file says of itself. */
export type BarFileDescription = z.infer<typeof barFileDescription>;

/** Bars of one symbol, and where they came from. */
export type SeriesOfFile = { readonly bars: BarColumns; readonly sources: readonly string[] };

type Footer = { readonly metadata: FileMetaData; readonly description: BarFileDescription; readonly scales: Readonly<Record<string, number>> };

/** Footers of the files that were read last: a symbol over years is read from one file a month. The key names the file's state on disk. */
const footers = new Map<string, Footer>();
const MAX_FOOTERS = 256;
/** Milliseconds, the unit of columns, in microseconds. */
const MICROS = 1_000;

function bufferOf(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      invariant(bytesRead === bytes.length, 'The file became shorter while it was read');
      return bytes.buffer;
    },
  };
}

/** Takes from the schema what makes the library turn integers into floating numbers and dates: we keep the integers. */
function plainIntegers(metadata: FileMetaData): { readonly metadata: FileMetaData; readonly scales: Readonly<Record<string, number>> } {
  const scales: Record<string, number> = {};
  const schema = metadata.schema.map((element) => {
    if (element.type === undefined || element.type === 'BYTE_ARRAY') return element;
    scales[element.name] = element.scale ?? 0;
    const { name, type, type_length, repetition_type } = element;
    return { name, type, ...(type_length === undefined ? {} : { type_length }), ...(repetition_type === undefined ? {} : { repetition_type }) };
  });
  return { metadata: { ...metadata, schema }, scales };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

async function footerOf(handle: FileHandle, path: string, sha256?: string): Promise<{ footer: Footer; file: AsyncBuffer }> {
  const { size, mtimeMs, ino } = await handle.stat();
  const file = bufferOf(handle, size);
  const key = `${path} ${size} ${mtimeMs} ${ino} ${sha256 ?? ''}`;
  const known = footers.get(key);
  if (known !== undefined) return { footer: known, file };
  // Pages have checksums, the footer that says how to read them has none: a changed digit there would move a decimal point.
  invariant(sha256 === undefined || (await digestOf(path)) === sha256, 'The file is not the one that the ledger tells of');
  const told = await parquetMetadataAsync(file, { geoparquet: false });
  const description = barFileDescription.parse(JSON.parse(told.key_value_metadata?.find((one) => one.key === DESCRIPTION_KEY)?.value ?? 'null'));
  const missing = BAR_FILE_FIELDS.find((name) => !told.schema.some((element) => element.name === name));
  invariant(missing === undefined && Number(told.num_rows) === description.rows, 'The file does not hold what it says', { missing, rows: Number(told.num_rows) });
  const footer = { ...plainIntegers(told), description };
  if (footers.size >= MAX_FOOTERS) footers.delete(footers.keys().next().value ?? '');
  footers.set(key, footer);
  return { footer, file };
}

async function scanOf(file: AsyncBuffer, footer: Footer, symbol?: string): Promise<ParquetScan> {
  const compressors = { GZIP: (input: Uint8Array) => gunzipSync(input) };
  return parquetScan({ file, metadata: footer.metadata, compressors, geoparquet: false, ...(symbol === undefined ? {} : { pruningFilter: { symbol: { $eq: symbol } } }) });
}

/** Big-endian two's complement, as wide decimals lie in the file. */
function wide(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`));
}

function integerAt(column: DecodedArray, n: number): bigint | number {
  const value: unknown = column[n];
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  invariant(value instanceof Uint8Array, 'A column of decimals holds something else', { n });
  return wide(value);
}

/** The nearest float64: the quotient of two exact numbers is rounded once; what is not exact goes through its text. */
function numberAt(column: DecodedArray, n: number, scale: number): number {
  const value = Number(integerAt(column, n));
  return Number.isSafeInteger(value) ? value / 10 ** scale : Number(decimalText(integerAt(column, n), scale));
}

/** The rows of a symbol within a sorted range: [first, last). */
async function rowsOf(scan: ParquetScan, range: ParquetRowRange, symbol: string): Promise<ParquetRowRange | null> {
  const symbols = (await scan.readColumn({ column: 'symbol', ...range })) as readonly string[];
  const first = symbols.indexOf(symbol);
  return first === -1 ? null : { rowStart: range.rowStart + first, rowEnd: range.rowStart + symbols.lastIndexOf(symbol) + 1 };
}

/** Does something with an open file and its footer. @throws system errors; AppError INVARIANT_BROKEN, errors of the library for a file that is none of ours */
async function withFile<T>(path: string, sha256: string | undefined, work: (file: AsyncBuffer, footer: Footer) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r');
  try {
    const { file, footer } = await footerOf(handle, path, sha256);
    return await work(file, footer);
  } finally {
    await handle.close();
  }
}

/** What a file says of itself. @throws as withFile does */
export function describeBarFile(path: string): Promise<BarFileDescription> {
  return withFile(path, undefined, (_file, footer) => Promise.resolve(footer.description));
}

/** The bars of one symbol: of the groups that hold it alone, six columns and the source are decoded. `sha256`: what the file must be; it is read to its end once, and again when it has changed. @throws as withFile does */
export async function readBarFileSeries(path: string, symbol: string, sha256?: string): Promise<SeriesOfFile> {
  return withFile(path, sha256, async (file, footer) => {
    const scan = await scanOf(file, footer, symbol);
    const parts: { rows: ParquetRowRange; columns: readonly DecodedArray[] }[] = [];
    const sources = new Set<string>();
    for (const range of scan.ranges) {
      const rows = await rowsOf(scan, range, symbol);
      if (rows === null) continue;
      const columns: DecodedArray[] = [];
      for (const column of ['open_time', ...BAR_FILE_NUMBERS]) {
        columns.push(await scan.readColumn({ column, ...rows }));
        // A column takes a millisecond or two: whoever else lives on this thread has a turn after each.
        await new Promise((done) => setImmediate(done));
      }
      parts.push({ rows, columns });
      for (const source of (await scan.readColumn({ column: 'source', ...rows })) as readonly string[]) sources.add(source);
    }
    const bars = barColumns(parts.reduce((sum, { rows }) => sum + rows.rowEnd - rows.rowStart, 0));
    let at = 0;
    for (const { rows, columns } of parts) {
      const [time = [], ...numbers] = columns;
      for (let n = 0; n < rows.rowEnd - rows.rowStart; n += 1, at += 1) {
        bars.time[at] = Number(integerAt(time, n)) / MICROS;
        for (const [f, name] of BAR_FILE_NUMBERS.entries()) bars[name][at] = numberAt(numbers[f] ?? [], n, footer.scales[name] ?? 0);
      }
    }
    return { bars, sources: [...sources] };
  });
}

/** The rows of a file as the text that they were written from, a group at a time. @throws as withFile does */
export async function* readBarFileRows(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { file, footer } = await footerOf(handle, path);
    const scan = await scanOf(file, footer);
    for (const range of scan.ranges) {
      const columns = await Promise.all(BAR_FILE_FIELDS.map((column) => scan.readColumn({ column, ...range })));
      yield textOf(columns, range.rowEnd - range.rowStart, footer.scales);
    }
  } finally {
    await handle.close();
  }
}

function textOf(columns: readonly DecodedArray[], rows: number, scales: Readonly<Record<string, number>>): Buffer {
  const lines: string[] = [];
  const [symbols = [], timeframes = [], times = [], ...rest] = columns;
  const [sources = [], seen = []] = rest.slice(BAR_FILE_NUMBERS.length);
  for (let n = 0; n < rows; n += 1) {
    const numbers = BAR_FILE_NUMBERS.map((name, f) => decimalText(integerAt(rest[f] ?? [], n), scales[name] ?? 0));
    lines.push(`${escapeText(String(symbols[n]))}\t${String(timeframes[n])}\t${integerAt(times, n)}\t${numbers.join('\t')}\t${escapeText(String(sources[n]))}\t${integerAt(seen, n)}\n`);
  }
  return Buffer.from(lines.join(''), 'utf8');
}

/** Rows and digest of a file as it reads now: what it was written from, when both are what they were then. @throws as withFile does */
export async function measureBarFile(path: string): Promise<{ readonly rows: number; readonly contentSha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const text of readBarFileRows(path)) {
    hash.update(text);
    for (let at = text.indexOf(0x0a); at !== -1; at = text.indexOf(0x0a, at + 1)) rows += 1;
  }
  return { rows, contentSha256: hash.digest('hex'), bytes: (await stat(path)).size };
}
