/** Rows of a CSV file on their way into columns: they grow, and are parted by symbol in the end. */
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';

const MAX_SYMBOLS = 20_000;
/** More room than this beyond the rows is given back. */
const MAX_SLACK = 1.1;

/** The bars of one symbol. `symbol`: as a column of the file named it, null in a file without one. */
export type CsvSeries = { readonly symbol: string | null; readonly bars: BarColumns };

/** Rows in the order of the file. */
export class Rows {
  bars: BarColumns;
  length = 0;
  /** Symbols by their numbers, and the time of the newest row of each. */
  readonly names: string[] = [];
  readonly newest: number[] = [];
  private readonly numbers = new Map<string, number>();
  private groups: Uint16Array | null;

  constructor(capacity: number, hasSymbols: boolean) {
    this.bars = barColumns(capacity);
    this.groups = hasSymbols ? new Uint16Array(capacity) : null;
    if (!hasSymbols) this.numberOf('');
  }

  /** The number of a symbol. @throws AppError INPUT_TOO_LARGE */
  numberOf(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= MAX_SYMBOLS) throw new AppError('INPUT_TOO_LARGE', `The file holds more than ${MAX_SYMBOLS} symbols`);
    this.numbers.set(name, this.names.length);
    this.newest.push(-Infinity);
    return this.names.push(name) - 1;
  }

  /** Adds a row: open, high, low, close, volume. */
  add(time: number, row: Float64Array, group: number): void {
    if (this.length === this.bars.time.length) this.grow();
    const { bars, length: n } = this;
    bars.time[n] = time;
    bars.open[n] = row[0] as number;
    bars.high[n] = row[1] as number;
    bars.low[n] = row[2] as number;
    bars.close[n] = row[3] as number;
    bars.volume[n] = row[4] as number;
    if (this.groups !== null) this.groups[n] = group;
    this.newest[group] = time;
    this.length = n + 1;
  }

  /** Forgets the rows, keeps symbols and their newest times: what comes next follows what was before. */
  clear(): void {
    this.length = 0;
  }

  private grow(): void {
    const capacity = Math.ceil(this.length * 1.5) + 16;
    this.bars = copyOf(this.bars, capacity, false);
    if (this.groups === null) return;
    const groups = new Uint16Array(capacity);
    groups.set(this.groups);
    this.groups = groups;
  }

  /** The rows by symbol, in the order in which symbols appear. */
  series(isShared: boolean): CsvSeries[] {
    const all = sliceColumns(this.bars, 0, this.length);
    if (this.groups === null) {
      const isTight = !isShared && this.bars.time.length <= this.length * MAX_SLACK + 64;
      return [{ symbol: null, bars: isTight ? all : copyOf(all, this.length, isShared) }];
    }
    const groups = this.groups.subarray(0, this.length);
    const sizes = new Uint32Array(this.names.length);
    for (const group of groups) sizes[group] = (sizes[group] as number) + 1;
    const parts = this.names.map((symbol, at) => ({ symbol, bars: barColumns(sizes[at] as number, isShared) }));
    sizes.fill(0);
    for (let n = 0; n < this.length; n += 1) {
      const group = groups[n] as number;
      const at = sizes[group] as number;
      const part = parts[group];
      if (part !== undefined) copyRow(all, n, part.bars, at);
      sizes[group] = at + 1;
    }
    return parts.filter(({ bars }) => bars.time.length > 0);
  }
}

function copyRow(from: BarColumns, n: number, to: BarColumns, at: number): void {
  to.time[at] = from.time[n] as number;
  to.open[at] = from.open[n] as number;
  to.high[at] = from.high[n] as number;
  to.low[at] = from.low[n] as number;
  to.close[at] = from.close[n] as number;
  to.volume[at] = from.volume[n] as number;
}

/** The columns on memory of their own with room for `capacity` bars. */
function copyOf(bars: BarColumns, capacity: number, isShared: boolean): BarColumns {
  const copy = barColumns(capacity, isShared);
  for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) copy[name].set(bars[name]);
  return copy;
}
