/** Bars out of CSV files and folders of them, ready for research: checked, of regular trading, of one timeframe, with what was wrong said. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { TIMEFRAMES, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { splitWarnings } from '#app/backtest/run/check.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import { adjustColumns } from '#app/market/adjustment.ts';
import { calendarCovers, exchangeDay } from '#app/market/calendar.ts';
import { span } from '#chassis/page-figures.ts';
import { barsWhere, isOnGrid, missingSessions, timeframeOf } from './csv-checks.ts';
import { DEFECTS, padded, parseCsv, type CsvDefect, type CsvOptions, type DefectReason, type ParsedCsv } from './csv.ts';
import { parseFactors } from './load-factors.ts';

/**
 * How to load. `isLenient`: rows that cannot be used are dropped and counted; otherwise a file with one is refused. `hours`: regular trading (unless told) or everything.
 * `from`, `to`: days of New York, both included. `factors`: a factor file, or a folder with one per symbol; `adjustment`: what it frees the prices of (splits and dividends unless told).
 */
export type LoadOptions = CsvOptions & {
  readonly symbol?: string; readonly timeframe?: Timeframe; readonly isLenient?: boolean; readonly hours?: 'regular' | 'all'; readonly from?: string; readonly to?: string;
  readonly factors?: string; readonly adjustment?: 'split' | 'all';
};

/** The bars of one symbol. `defects`: rows that were dropped (at most 1,000 of them), `counts` all by reason. `warnings`: for a person. `sha256` of the file as it lies there. */
export type LoadedBars = {
  readonly symbol: string; readonly timeframe: Timeframe; readonly bars: BarColumns; readonly file: string; readonly sha256: string;
  readonly defects: readonly CsvDefect[]; readonly counts: ParsedCsv['counts']; readonly warnings: readonly string[];
};

const BAR_FILE = /^([a-z0-9.]+?)(?:\.trade)?\.(?:csv|txt)(?:\.gz)?$/i;
const OTHER_FILE = /\.(quote|tick)s?\.(csv|txt)(\.gz)?$/i;
const MAX_BYTES = 2_000_000_000;
const MAX_FILES = 5_000;
const MAX_TOLD = 10;
const COMMA = 0x2c;
/** A file that loses more of its rows than this is not what it seems. */
const MAX_DROPPED = 0.5;

function invalid(file: string, why: string, cause?: unknown): AppError {
  return new AppError('INPUT_INVALID', `${file}: ${why}`, { context: { file }, ...(cause === undefined ? {} : { cause }) });
}

function readBytes(file: string): { bytes: Uint8Array; sha256: string } {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw invalid(file, `it has ${size} bytes, more than ${MAX_BYTES}. Split it`);
    const raw = readFileSync(file);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    const isPacked = raw[0] === 0x1f && raw[1] === 0x8b;
    return { bytes: padded(isPacked ? gunzipSync(raw, { maxOutputLength: MAX_BYTES }) : raw), sha256 };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (code === 'ENOENT') throw invalid(file, 'there is no such file', error);
    if (code === 'EISDIR') throw invalid(file, 'it is a folder. Name one file', error);
    throw invalid(file, `it cannot be read (${describeError(error)})`, error);
  }
}

/** Ticker by the file's name. `spy.trade.csv.gz` = SPY */
function symbolByName(file: string): string {
  return (BAR_FILE.exec(path.basename(file))?.[1] ?? '').toUpperCase();
}

function checkedSymbol(file: string, symbol: string): string {
  if (!symbolSchema.safeParse(symbol).success) throw invalid(file, `"${symbol.slice(0, 40)}" is no ticker. Name the file after one, such as aapl.csv.gz`);
  return symbol;
}

/** The rows that cannot be used, for a person. */
export function defectText(defects: readonly CsvDefect[], counts: ParsedCsv['counts']): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const lines = defects.slice(0, MAX_TOLD).map(({ line, reason, text }) => `  line ${line} ${DEFECTS[reason]}: ${text}`);
  return `${total} row${total === 1 ? '' : 's'} cannot be used:\n${lines.join('\n')}${total > lines.length ? `\n  and ${total - lines.length} more` : ''}`;
}

function refuseDefects(file: string, parsed: ParsedCsv, isLenient: boolean): string[] {
  const dropped = Object.values(parsed.counts).reduce((sum, count) => sum + count, 0);
  if (dropped === 0) return [];
  const text = defectText(parsed.defects, parsed.counts);
  const hint = (parsed.counts.unsorted ?? 0) > parsed.rows / 2 ? '\nThe newest row seems to stand first: sort the file by time.' : '';
  const commas = parsed.layout.separator !== COMMA && parsed.defects.some(({ text: row }) => /\d,\d/.test(row)) ? '\nIts numbers seem to have decimal commas: write them with points.' : '';
  if (!isLenient) throw invalid(file, `${text}${hint}${commas}\nMend the file, or let such rows be dropped (--lenient).`);
  if (dropped > parsed.rows * MAX_DROPPED) throw invalid(file, `more than half of its rows would be dropped; ${text}${hint}${commas}`);
  const reasons = (Object.entries(parsed.counts) as [DefectReason, number][]).map(([reason, count]) => `${count} ${reason.replaceAll('_', ' ')}`);
  return [`${dropped} of ${parsed.rows} rows were dropped: ${reasons.join(', ')}`];
}

/** Sentences about what is odd, which may be as it should be. */
function oddities(symbol: string, bars: BarColumns): string[] {
  const gone = missingSessions(bars);
  const sessions = gone.reduce((sum, stretch) => sum + stretch.sessions, 0);
  const told = gone.slice(0, 3).map(({ first, last }) => (first === last ? first : `${first} to ${last}`)).join(', ');
  const missing = `${symbol}: ${sessions} session${sessions === 1 ? '' : 's'} of the exchange ${sessions === 1 ? 'has' : 'have'} no bar: ${told}${gone.length > 3 ? ` and ${gone.length - 3} more stretches` : ''}`;
  return [...(sessions === 0 ? [] : [missing]), ...splitWarnings({ symbol, bars, actions: [] })];
}

/** How far the nearest two bars are apart, in words. */
function nearestText({ time }: BarColumns): string {
  let nearest = Infinity;
  for (let n = 1; n < time.length; n += 1) nearest = Math.min(nearest, (time[n] ?? Infinity) - (time[n - 1] ?? 0));
  return span(nearest);
}

function frameOf(file: string, bars: BarColumns, isDaily: boolean, asked: Timeframe | undefined): Timeframe {
  const found = asked ?? timeframeOf(bars, isDaily);
  if (found === null) throw invalid(file, `its bars are of none of the timeframes ${TIMEFRAMES.join(', ')}, on the clock's grid${bars.time.length > 1 ? `: two of them are ${nearestText(bars)} apart` : ''}. If they are of one, and many are missing, say which one it is (--timeframe)`);
  if ((found === '1Day') !== isDaily || !isOnGrid(bars, found)) throw invalid(file, `its bars are not of ${found}`);
  return found;
}

/** A file of factors belongs to one symbol: those of another one would move its prices by splits that it never had. */
function checkFactors(places: readonly string[], symbols: readonly string[], { factors }: LoadOptions): void {
  if (factors === undefined || symbols.length < 2 || statSync(factors, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw invalid(factors, `a file holds the factors of one symbol, and ${places.join(', ')} ${places.length === 1 ? 'has' : 'have'} ${symbols.length}. Name a folder with a <symbol>.csv for each`);
}

/** The factors of a symbol; null when a folder has none for it. */
function factorsFor(symbol: string, place: string): ReturnType<typeof parseFactors> | null {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) throw invalid(place, 'there is no such file or folder of factors');
  const isFolder = stat.isDirectory();
  const file = isFolder ? path.join(place, `${symbol.toLowerCase()}.csv`) : place;
  if (isFolder && statSync(file, { throwIfNoEntry: false }) === undefined) return null;
  try {
    return parseFactors(readFileSync(file, 'utf8'));
  } catch (error) {
    throw invalid(file, error instanceof AppError ? error.message : `the factors of ${symbol} cannot be read (${describeError(error)})`, error);
  }
}

/** The bars of a symbol as they were asked for: none, when there are none at that time or all are left out, which the warnings tell. */
function finished(file: string, parsed: ParsedCsv, raw: { symbol: string; bars: BarColumns }, options: LoadOptions): Pick<LoadedBars, 'symbol' | 'timeframe' | 'bars' | 'warnings'> {
  const symbol = checkedSymbol(file, raw.symbol);
  const timeframe = frameOf(file, raw.bars, parsed.isDaily, options.timeframe);
  const warnings: string[] = [];
  let { bars } = raw;
  if (options.hours !== 'all') {
    bars = barsWhere(bars, (time) => calendarCovers(time as EpochMs));
    if (bars.time.length < raw.bars.time.length) warnings.push(`${symbol}: ${raw.bars.time.length - bars.time.length} bars before 1998 are left out: the sessions of that time are not known`);
    const regular = bars.time.length === 0 ? { bars, leftOut: 0 } : timedBars(bars, timeframe);
    if (regular.leftOut > 0) warnings.push(`${symbol}: ${regular.leftOut} bars outside of regular trading are left out`);
    ({ bars } = regular);
  }
  const { from, to } = options;
  if (from !== undefined || to !== undefined) {
    bars = barsWhere(bars, (time) => {
      const day = exchangeDay(time as EpochMs);
      return (from === undefined || day >= from) && (to === undefined || day <= to);
    });
  }
  if (bars.time.length === 0) return { symbol, timeframe, bars, warnings };
  const factors = options.factors === undefined ? undefined : factorsFor(symbol, options.factors);
  if (factors === null) warnings.push(`${symbol}: there is no file of factors for it: its prices are taken as they are`);
  if (factors) bars = adjustColumns(bars, factors, options.adjustment ?? 'all');
  return { symbol, timeframe, bars, warnings: [...warnings, ...oddities(symbol, bars)] };
}

/** Does something with a file, whose name is told when it cannot be done. */
function named<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof AppError && !('file' in error.context) ? invalid(file, error.message, error) : error;
  }
}

/** The symbols of a file, and those of them without a bar at the time that was asked for. `isOnly`: no other file is meant, so that `symbol` can be the name of what a file without symbols holds. */
function readFile(file: string, options: LoadOptions, isOnly = true): { readonly all: LoadedBars[]; readonly empty: string[] } {
  const { bytes, sha256 } = readBytes(file);
  const parsed = named(file, () => parseCsv(bytes, options));
  const told = [...refuseDefects(file, parsed, options.isLenient ?? false), ...curiosities(parsed)].map((text) => `${path.basename(file)}: ${text}`);
  const wanted = options.symbol?.toUpperCase();
  const meant = parsed.series.map(({ symbol, bars }) => ({ symbol: symbol ?? (isOnly ? wanted : undefined) ?? symbolByName(file), bars })).filter(({ symbol }) => wanted === undefined || symbol === wanted);
  if (meant.length === 0 && (isOnly || parsed.series.length === 0)) throw invalid(file, wanted === undefined || parsed.series.length === 0 ? 'it has no rows that can be used' : `it has no rows of ${wanted}`);
  const empty: string[] = [];
  const all = meant.flatMap((series) => {
    const done = named(file, () => finished(file, parsed, series, options));
    if (done.bars.time.length === 0) empty.push(`${series.symbol}${done.warnings.length === 0 ? '' : ` (${done.warnings.map((text) => text.replace(`${series.symbol}: `, '')).join(', ')})`}`);
    return done.bars.time.length === 0 ? [] : [{ ...done, file, sha256, defects: parsed.defects, counts: parsed.counts, warnings: [...told, ...done.warnings] }];
  });
  return { all, empty };
}

/** What a file lacks or has too much, without being wrong. */
function curiosities({ layout, zeroVolume: { rows, lines } }: ParsedCsv): string[] {
  return [
    ...(layout.hasVolume ? [] : ['it has no volume: every bar counts as one without a single share']),
    ...(rows === 0 ? [] : [`${rows} row${rows === 1 ? ' has' : 's have'} no volume: line ${lines.slice(0, 5).join(', ')}${rows > 5 ? ' …' : ''}`]),
    ...(layout.ignored.length === 0 ? [] : [`columns that are not used: ${layout.ignored.join(', ')}`]),
  ];
}

function periodText({ from, to }: LoadOptions): string {
  return from === undefined && to === undefined ? '' : ` between ${from ?? 'the beginning'} and ${to ?? 'the end'}`;
}

/** All symbols of a file: one, named by the file, or those of its column of symbols. @throws AppError INPUT_INVALID, naming file, line and reason */
export function loadCsvFile(file: string, options: LoadOptions = {}): LoadedBars[] {
  const { all, empty } = readFile(file, options);
  checkFactors([file], all.map(({ symbol }) => symbol), options);
  if (all.length === 0) throw invalid(file, `no bars of ${empty.join(', ')} are left${periodText(options)}`);
  return all;
}

/** The bars of a file with one symbol (or of the symbol that is asked for). @throws AppError INPUT_INVALID */
export function loadCsv(file: string, options: LoadOptions = {}): LoadedBars {
  const [first, ...others] = loadCsvFile(file, options);
  if (first === undefined || others.length > 0) throw invalid(file, `it holds ${others.length + 1} symbols. Say which one is meant`);
  return first;
}

/** The files that are meant, those of folders in the order of their names. */
function filesOf(places: readonly string[]): string[] {
  const files = places.flatMap((place) => {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat === undefined) throw invalid(place, 'there is no such file or folder');
    if (!stat.isDirectory()) return [place];
    const names = readdirSync(place).filter((name) => BAR_FILE.test(name) && !OTHER_FILE.test(name)).sort();
    if (names.length === 0) throw invalid(place, 'the folder holds no files named <symbol>.csv or <symbol>.csv.gz');
    return names.map((name) => path.join(place, name));
  });
  if (files.length > MAX_FILES) throw invalid(places.join(', '), `${files.length} files are more than ${MAX_FILES}`);
  return files;
}

/**
 * Bars of files and folders together, in the order of their symbols, all of one timeframe. Of several, those without a bar at the time that was asked for are left out, which the first one tells.
 * @throws AppError INPUT_INVALID also for a symbol that comes twice
 */
export function loadPaths(places: readonly string[], options: LoadOptions = {}): LoadedBars[] {
  const files = filesOf(places);
  const read = files.map((file) => readFile(file, options, files.length === 1));
  const all = read.flatMap((one) => one.all).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  const empty = read.flatMap((one) => one.empty).sort();
  checkFactors(places, all.map(({ symbol }) => symbol), options);
  const [first, ...others] = all;
  if (first === undefined) throw invalid(places.join(', '), empty.length === 0 ? `there is no such symbol: ${options.symbol ?? ''}` : `no bars of ${empty.join(', ')} are left${periodText(options)}`);
  for (const [n, one] of others.entries()) {
    const before = all[n] ?? first;
    if (before.symbol === one.symbol) throw invalid(one.file, `${one.symbol} is in ${before.file}, too`);
    if (before.timeframe !== one.timeframe) throw invalid(one.file, `its bars are of ${one.timeframe}, those of ${before.file} of ${before.timeframe}`);
  }
  return empty.length === 0 ? all : [{ ...first, warnings: [...first.warnings, `Left out, for they have no bars${periodText(options)}: ${empty.join(', ')}`] }, ...others];
}
