/** Reading recorded minute bars from a folder: every file is checked to its last line before anything trades. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AppError, describeError } from '#app/domain/errors.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { DAY_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/calendar.ts';

/** One symbol's recorded bars in columns, ascending by time, one entry per minute that traded. */
export type RecordedSeries = {
  readonly symbol: string;
  readonly file: string;
  readonly openTimes: Float64Array;
  /** open, high, low, close, volume of bar n at 5n .. 5n+4. */
  readonly values: Float64Array;
};

/** A folder's content. `ignored` names the files that are not bars (quotes, other names), to be told to the user. */
export type RecordedFolder = { readonly series: readonly RecordedSeries[]; readonly ignored: readonly string[]; readonly fingerprint: string };

const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
const MAX_FILES = 5_000;
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_BARS = 50_000_000;
const BAR_FILE = /^([a-z0-9.]+?)(?:\.trade)?\.csv(?:\.gz)?$/i;
const QUOTE_FILE = /\.quote\.csv(?:\.gz)?$/i;
const TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.0+)?$/;
const NUMBER = /^\d{1,12}(?:\.\d{1,9})?$/;

function invalid(file: string, problem: string, remedy: string, cause?: unknown): AppError {
  return new AppError('REPLAY_FILE_INVALID', `${file}: ${problem}; ${remedy}`, { context: { file }, ...(cause === undefined ? {} : { cause }) });
}

/** Reads all bar files of a folder. @throws AppError REPLAY_FILE_INVALID naming file, line, column and remedy. */
export async function readReplayFolder(folder: string): Promise<RecordedFolder> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw invalid(folder, `cannot be read as a folder (${describeError(error)})`, 'give --replay the folder that holds <symbol>.trade.csv.gz or <symbol>.csv files', error);
  });
  const names = entries.filter((name) => BAR_FILE.test(name) && !QUOTE_FILE.test(name)).sort();
  const ignored = entries.filter((name) => !names.includes(name)).sort();
  if (names.length === 0) throw invalid(folder, 'holds no bar files', 'name them <symbol>.trade.csv.gz, <symbol>.csv.gz or <symbol>.csv');
  if (names.length > MAX_FILES) throw invalid(folder, `holds ${names.length} bar files`, `replay at most ${MAX_FILES} at a time`);
  const hash = createHash('sha256');
  const series: RecordedSeries[] = [];
  const fileOf = new Map<string, string>();
  let bars = 0;
  for (const name of names) {
    const text = await readText(path.join(folder, name), name);
    hash.update(name).update('\0').update(text).update('\0');
    const one = parseSeries(name, text);
    const twin = fileOf.get(one.symbol);
    if (twin !== undefined) throw invalid(name, `holds ${one.symbol}, which ${twin} holds too`, 'keep one file per symbol');
    fileOf.set(one.symbol, name);
    bars += one.openTimes.length;
    if (bars > MAX_BARS) throw invalid(name, `brings the folder above ${MAX_BARS} bars`, 'replay fewer files at a time');
    series.push(one);
  }
  return { series, ignored, fingerprint: `replay:${hash.digest('hex').slice(0, 32)}` };
}

async function readText(full: string, name: string): Promise<string> {
  try {
    const { size } = await stat(full);
    if (size > MAX_BYTES) throw invalid(name, `is ${size} bytes large`, `split it below ${MAX_BYTES} bytes`);
    const raw = await readFile(full);
    return (name.toLowerCase().endsWith('.gz') ? await promisify(gunzip)(raw, { maxOutputLength: MAX_BYTES }) : raw).toString('utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid(name, `cannot be read (${describeError(error)})`, 'check that the file is complete: a .gz file must be gzip, and readable by this user', error);
  }
}

function symbolOf(name: string): string {
  const symbol = (BAR_FILE.exec(name)?.[1] ?? '').toUpperCase();
  if (!symbolSchema.safeParse(symbol).success) throw invalid(name, `does not begin with a ticker ("${symbol}")`, 'name the file <symbol>.trade.csv.gz, for example aapl.trade.csv.gz');
  return symbol;
}

/** Parses the text of one file. Times are New York's, the start of the bar. @throws AppError REPLAY_FILE_INVALID */
export function parseSeries(name: string, text: string): RecordedSeries {
  const symbol = symbolOf(name);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const header = (lines[0] ?? '').replace(/\r$/, '').trim().toLowerCase();
  if (header !== COLUMNS.join(',')) throw invalid(`${name} line 1`, `the header is "${header.slice(0, 80)}"`, `it must read ${COLUMNS.join(',')}`);
  const openTimes = new Float64Array(lines.length - 1);
  const values = new Float64Array((lines.length - 1) * 5);
  const minuteOf = createTimeReader();
  for (let n = 1; n < lines.length; n += 1) {
    const where = `${name} line ${n + 1}`;
    const fields = (lines[n] ?? '').replace(/\r$/, '').split(',');
    if (fields.length !== COLUMNS.length) throw invalid(where, `has ${fields.length} columns`, `each line needs ${COLUMNS.length}: ${COLUMNS.join(',')}`);
    const openTime = minuteOf(fields[0] ?? '');
    if (openTime === null) throw invalid(`${where} column time`, `"${(fields[0] ?? '').slice(0, 40)}" is not the start of a minute`, 'write it as 2014-06-05 09:30:00, New York time, seconds zero');
    const before = openTimes[n - 2];
    if (before !== undefined && openTime <= before) throw invalid(`${where} column time`, `"${fields[0]}" does not come after the line before`, 'sort the lines by time and remove duplicates');
    openTimes[n - 1] = openTime;
    readNumbers(where, fields, values, (n - 1) * 5);
  }
  if (openTimes.length === 0) throw invalid(name, 'holds no bars', 'remove the file or give it at least one line of data');
  return { symbol, file: name, openTimes, values };
}

function readNumbers(where: string, fields: readonly string[], values: Float64Array, offset: number): void {
  for (let column = 1; column < COLUMNS.length; column += 1) {
    const text = fields[column] ?? '';
    const value = NUMBER.test(text) ? Number(text) : NaN;
    const isPrice = column < 5;
    if (Number.isNaN(value) || (isPrice && value === 0)) {
      throw invalid(`${where} column ${COLUMNS[column]}`, `"${text.slice(0, 40)}" is not a ${isPrice ? 'price above zero' : 'number of shares'}`, `write a plain decimal number such as ${isPrice ? '93.76' : '2067'}`);
    }
    values[offset + column - 1] = value;
  }
  const [open = 0, high = 0, low = 0, close = 0] = values.subarray(offset, offset + 4);
  if (high < Math.max(open, close)) throw invalid(`${where} column high`, `${high} is below the open or the close`, 'the high must be the highest price of the minute');
  if (low > Math.min(open, close)) throw invalid(`${where} column low`, `${low} is above the open or the close`, 'the low must be the lowest price of the minute');
}

/** Reads times; the day's offset is worked out once a day. Null when it is not the start of a minute of an existing day. */
function createTimeReader(): (text: string) => EpochMs | null {
  let day = '';
  let midnight = 0;
  let isPlain = false;
  return (text) => {
    const match = TIME.exec(text);
    const [, date, hour, minute, second] = match ?? [];
    if (date === undefined || Number(hour) > 23 || Number(minute) > 59 || second !== '00') return null;
    const minutes = Number(hour) * 60 + Number(minute);
    if (date !== day) {
      try {
        midnight = fromNewYork(date, 0);
        isPlain = fromNewYork(date, 24 * 60 - 1) - midnight === DAY_MS - MINUTE_MS;
      } catch (error) {
        if (error instanceof AppError) return null;
        throw error;
      }
      day = date;
    }
    return (isPlain ? midnight + minutes * MINUTE_MS : fromNewYork(date, minutes)) as EpochMs;
  };
}
