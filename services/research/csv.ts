/** CSV files of bars into columns: every row is checked, what is wrong is told by its line, nothing is repaired. */
import { timeframeMs, DAY_MS, MINUTE_MS, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { fromNewYorkDay, newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { readLayout, ROLE, type CsvLayout } from './csv-layout.ts';
import { Rows, type CsvSeries } from './csv-rows.ts';
import { PADDING_BYTES, Scanner } from './csv-scan.ts';
import { areDayLabels, fromExchangeClock, labelDays } from './csv-time.ts';

/** Why a row cannot be used, in words. */
export const DEFECTS = {
  unreadable: 'cannot be read: it has too few or too many fields, or one that is no number or time',
  missing: 'has an empty price or volume',
  not_positive: 'has a price that is not above zero',
  too_large: 'has a number that cannot be one of a market',
  high_below_low: 'has a high below its low',
  open_outside: 'opens outside of low..high',
  close_outside: 'closes outside of low..high',
  negative_volume: 'has a negative volume',
  duplicate: 'has the time of the row before',
  unsorted: 'is earlier than the row before',
  off_grid: 'does not stand where a bar of its timeframe begins',
  mixed_offsets: 'tells its offset from UTC where rows before it do not, or tells none where they do',
  no_ticker: 'names no ticker',
} as const;
/** One of the reasons. */
export type DefectReason = keyof typeof DEFECTS;

/** A row that is not used. `line` counts from 1, the header's. */
export type CsvDefect = { readonly line: number; readonly reason: DefectReason; readonly text: string };

/**
 * What a file holds. `isDaily`: its rows are days, not moments; their time is midnight in New York. `defects`: the first 1,000 in order, `counts` all of them.
 * `zeroVolume`: rows that tell no single share, which is no defect, and their first lines.
 */
export type ParsedCsv = {
  readonly series: readonly CsvSeries[]; readonly rows: number; readonly isDaily: boolean; readonly layout: CsvLayout;
  readonly defects: readonly CsvDefect[]; readonly counts: Readonly<Partial<Record<DefectReason, number>>>; readonly zeroVolume: { readonly rows: number; readonly lines: readonly number[] };
};

/**
 * `zone`: what clock a time without an offset is read from. `isShared`: columns on memory that worker threads read without a copy.
 * `areInstants`: times are moments whatever they look like; otherwise a file of midnights is one of days.
 */
export type CsvOptions = { readonly zone?: 'exchange' | 'utc'; readonly isShared?: boolean; readonly areInstants?: boolean };

/**
 * How a file is read in windows of whole lines. `barsOf`: their timeframe, known before; a row that stands on none of its places is refused. `toInstants` makes readings of the file's clock
 * into instants. `symbolOf` gives the ticker that a field names, null = it names none. `onDefect` hears every row that cannot be used, with its whole text.
 */
export type WindowOptions = {
  readonly barsOf?: Timeframe; readonly toInstants?: (times: Float64Array) => void; readonly symbolOf?: (field: string) => string | null; readonly firstLine?: number;
  readonly onDefect?: (defect: CsvDefect) => void;
};

const MAX_LISTED = 1_000;
const MAX_TEXT = 80;
/** A line that is longer is cut where it is kept aside. */
const MAX_LINE = 65_536;
/** Far above any price in dollars and any volume in shares. */
const MAX_PRICE = 1e9;
const MAX_VOLUME = 1e13;
const SAMPLE_BYTES = 262_144;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Room for the rows of a file, by the length of its first ones. */
function expectedRows(bytes: Uint8Array, from: number): number {
  const looked = Math.max(1, Math.min(bytes.length - from, SAMPLE_BYTES));
  let lines = 1;
  for (let n = from; n < from + looked; n += 1) if (bytes[n] === NEWLINE) lines += 1;
  return Math.ceil(((bytes.length - from) / looked) * lines * 1.02) + 16;
}

class Parser {
  readonly layout: CsvLayout;
  readonly rows: Rows;
  readonly defects: CsvDefect[] = [];
  readonly counts: Partial<Record<DefectReason, number>> = {};
  readonly zeroLines: number[] = [];
  zeroRows = 0;
  told = 0;
  isDaily: boolean;
  private line = 1;
  private scan: Scanner;
  private readonly scale: number;
  private readonly symbolOf: WindowOptions['symbolOf'];
  private readonly onDefect: WindowOptions['onDefect'];
  /** Width of the grid on which rows must stand: 0 = it is not known, a day has its own rule. */
  private readonly grid: number;
  /** By the number of a group: its rows name no ticker. */
  private readonly isNameless: boolean[] = [];
  private readonly row = new Float64Array(5);
  private readonly isUtc: boolean;
  private group = 0;
  /** Where the symbol of `group` was read, -1 for nowhere in these bytes: a row mostly names that of the row before, and no text is made of it again. */
  private symbolAt = -1;
  private local = NaN;
  /** Whether times tell their offset: all of them do, or none. */
  private hasOffset: boolean | null = null;

  constructor(bytes: Uint8Array, layout: CsvLayout, options: CsvOptions & WindowOptions) {
    this.layout = layout;
    this.scan = new Scanner(bytes, layout, layout.dataAt);
    this.scale = layout.priceScale ?? 1;
    this.isUtc = options.zone === 'utc';
    this.isDaily = options.barsOf === undefined ? options.areInstants !== true : options.barsOf === '1Day';
    this.grid = options.barsOf === undefined ? 0 : timeframeMs(options.barsOf);
    this.symbolOf = options.symbolOf;
    this.onDefect = options.onDefect;
    this.line = options.firstLine === undefined ? 1 : options.firstLine - 1;
    this.rows = new Rows(expectedRows(bytes, layout.dataAt), layout.hasSymbol);
  }

  /** Goes on with the next lines of the file. What was read before is forgotten, but for the newest time of each symbol. */
  next(bytes: Uint8Array): void {
    this.scan = new Scanner(bytes, this.layout, 0);
    this.rows.clear();
    this.symbolAt = -1;
    this.told = 0;
  }

  /** The line that was read last. */
  get lastLine(): number {
    return this.line;
  }

  private note(start: number, reason: DefectReason): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    if (this.onDefect) this.onDefect({ line: this.line, reason, text: this.textFrom(start, MAX_LINE) });
    else if (this.defects.length < MAX_LISTED) this.defects.push({ line: this.line, reason, text: this.textFrom(start, MAX_TEXT) });
  }

  private textFrom(start: number, most: number): string {
    const { bytes } = this.scan;
    let end = start;
    while (bytes[end] !== NEWLINE && end - start < most) end += 1;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trimEnd();
  }

  /** The group of a field that names a symbol. */
  private groupOf(field: string): number {
    const { symbolOf } = this;
    if (symbolOf === undefined) return this.rows.numberOf(field.toUpperCase());
    const ticker = symbolOf(field);
    const group = this.rows.numberOf(ticker ?? '');
    this.isNameless[group] ??= ticker === null;
    return group;
  }

  /** Reads the fields of a line into `row`, `local` and `group`. False when the line does not have the form of the header. */
  private fields(): boolean {
    const { scan, row } = this;
    const { roles, stamp } = this.layout;
    const last = roles.length - 1;
    let clock = 0;
    for (let n = 0; n <= last; n += 1) {
      scan.quote();
      const role = roles[n] as number;
      if (role < 5) row[role] = scan.number();
      else if (role === ROLE.time) {
        this.local = scan.stamp(stamp);
        if (Number.isNaN(this.local)) return false;
      } else if (role === ROLE.clock) clock = scan.clock();
      else if (role === ROLE.symbol) this.symbol();
      else scan.skip();
      if (n < last && !scan.step()) return false;
    }
    this.local += clock;
    return scan.atEnd() && !Number.isNaN(this.local);
  }

  private symbol(): void {
    const { scan } = this;
    const { pos } = scan;
    if (this.symbolAt >= 0 && scan.isSame(this.symbolAt)) return;
    this.group = this.groupOf(scan.text());
    this.symbolAt = pos;
  }

  /** Why the numbers of the row cannot be used. */
  private defect(): DefectReason {
    const [open = NaN, high = NaN, low = NaN, close = NaN, volume = NaN] = this.row;
    if (Number.isNaN(open + high + low + close + volume)) return 'missing';
    if (!(open > 0 && high > 0 && low > 0 && close > 0)) return 'not_positive';
    if (high < low) return 'high_below_low';
    if (open < low || open > high) return 'open_outside';
    if (close < low || close > high) return 'close_outside';
    return volume < 0 ? 'negative_volume' : 'too_large';
  }

  /** The instant of the row, still on its own clock where it tells no offset; NaN when it tells one and the rows before did not. */
  private instant(): number {
    const { offsetMinutes } = this.scan;
    const hasOffset = !Number.isNaN(offsetMinutes);
    this.hasOffset ??= hasOffset;
    if (hasOffset !== this.hasOffset) return NaN;
    return hasOffset ? this.local - offsetMinutes * MINUTE_MS : this.local;
  }

  private take(start: number): void {
    const { row, rows } = this;
    if (this.scale !== 1) for (let n = 0; n < 4; n += 1) row[n] = (row[n] as number) / this.scale;
    const [high, low, volume] = [row[1] as number, row[2] as number, row[4] as number];
    const open = row[0] as number;
    const close = row[3] as number;
    if (volume === 0 && this.layout.hasVolume) {
      this.zeroRows += 1;
      if (this.zeroLines.length < MAX_LISTED) this.zeroLines.push(this.line);
    }
    if (!(low > 0 && open >= low && open <= high && close >= low && close <= high && volume >= 0 && high <= MAX_PRICE && volume <= MAX_VOLUME)) return this.note(start, this.defect());
    if (this.isNameless[this.group] === true) return this.note(start, 'no_ticker');
    const time = this.instant();
    const newest = rows.newest[this.group] as number;
    if (!(time > newest)) return this.note(start, Number.isNaN(time) ? 'mixed_offsets' : time === newest ? 'duplicate' : 'unsorted');
    if (this.grid > 0) {
      if (!this.isOnGrid(time)) return this.note(start, 'off_grid');
    } else if (this.isDaily && this.local % DAY_MS !== 0) this.isDaily = false;
    rows.add(time, row, this.group);
  }

  /** Whether a bar of the known timeframe begins here. A day is written as a midnight of its own clock, or is the instant of New York's. */
  private isOnGrid(time: number): boolean {
    if (!this.isDaily) return (this.hasOffset === true ? time : this.local) % this.grid === 0;
    return this.local % DAY_MS === 0 || (this.hasOffset === true && fromNewYorkDay(newYorkDayNumber(time as EpochMs), 0) === time);
  }

  run(): void {
    const { scan } = this;
    const { bytes } = scan;
    const end = bytes.length - PADDING_BYTES;
    while (scan.pos < end) {
      this.line += 1;
      const start = scan.pos;
      const first = bytes[start];
      if (first === NEWLINE || first === RETURN) {
        scan.nextLine();
        continue;
      }
      this.told += 1;
      if (this.fields()) {
        scan.pos += 1;
        this.take(start);
      } else {
        scan.pos = start;
        scan.nextLine();
        this.note(start, 'unreadable');
      }
    }
  }

  /** Rows by symbol, their times made into instants. */
  finish(isShared: boolean, toInstants: (times: Float64Array) => void = fromExchangeClock): CsvSeries[] {
    const series = this.rows.series(isShared);
    for (const { bars } of series) {
      if (this.isDaily) labelDays(bars.time);
      else if (this.hasOffset === false && !this.isUtc) toInstants(bars.time);
    }
    if (this.grid === 0 && !this.isDaily && series.length > 0 && series.every(({ bars }) => areDayLabels(bars.time))) this.isDaily = true;
    return series;
  }
}

/** The bytes with the newlines behind them that the parser stops at; the same bytes when they are there already. */
export function padded(bytes: Uint8Array): Uint8Array {
  let newlines = 0;
  while (newlines < PADDING_BYTES && bytes[bytes.length - 1 - newlines] === NEWLINE) newlines += 1;
  if (newlines === PADDING_BYTES) return bytes;
  const copy = new Uint8Array(bytes.length + PADDING_BYTES);
  copy.set(bytes);
  return copy.fill(NEWLINE, bytes.length);
}

/**
 * Reads a whole file (unpacked). Rows that cannot be used are left out and told; the caller decides whether that is good enough.
 * @throws AppError INPUT_INVALID for a file without the columns of bars; INPUT_TOO_LARGE for more than 20,000 symbols
 */
export function parseCsv(bytes: Uint8Array, options: CsvOptions = {}): ParsedCsv {
  const file = padded(bytes);
  const parser = new Parser(file, readLayout(file), options);
  parser.run();
  const series = parser.finish(options.isShared ?? false);
  return {
    series, rows: parser.told, isDaily: parser.isDaily, layout: parser.layout, defects: parser.defects, counts: parser.counts,
    zeroVolume: { rows: parser.zeroRows, lines: parser.zeroLines },
  };
}

/** What a window of a file held. `rows`: read in it, blank lines not counted; `lastLine`: its last line. The columns are good until the next window is read. */
export type CsvWindow = { readonly series: readonly CsvSeries[]; readonly rows: number; readonly lastLine: number; readonly isDaily: boolean };

/**
 * Reads a file of any size in windows of whole lines, the header (when there is one) being part of the first one. Rows must go forward in time over all windows.
 * Windows are to be `padded`. @throws AppError INPUT_TOO_LARGE for more than 20,000 symbols; INPUT_INVALID where a clock is put forward
 */
export function readWindows(layout: CsvLayout, options: WindowOptions): (window: Uint8Array) => CsvWindow {
  let parser: Parser | null = null;
  return (window) => {
    if (parser === null) parser = new Parser(window, layout, options);
    else parser.next(window);
    parser.run();
    return { series: parser.finish(false, options.toInstants), rows: parser.told, lastLine: parser.lastLine, isDaily: parser.isDaily };
  };
}
