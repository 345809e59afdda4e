/** readBars: a stretch of a symbol's bars as a chart shows it, in any width, freed of splits and dividends where that is wanted. */
import type { BarsView } from '#app/contracts/market-data.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { adjustColumns, type Factor } from '#app/market/adjustment.ts';
import { chartDays, chartEnd, chartOpen, chartPieces, regularColumns, toChartBars, type StoredRange } from '#app/market/chart-bars.ts';
import type { Queryable } from '#chassis/db.ts';
import { monthStart, archivedFiles } from '../research/archived-bars.ts';
import { joined } from '../research/book-rows.ts';
import { factorsOfSymbols, revisionOf, type BookState } from '../research/cache-state.ts';
import { barsBetween } from '../research/cache.ts';
import { actionMarks } from './bars-actions.ts';
import { storedPieces, type RowsFound, type RowsParts } from './bars-rows.ts';

/** What a chart asks for. */
export type BarsAsk = Pick<BarsView, 'symbol' | 'timeframe' | 'adjustment' | 'hours'> & { readonly before?: number | undefined; readonly limit: number };

/** Bars that one answer is put together from, at most: a page of weeks is not to be made of ten years of minutes. Such a page is a short one, and says that there is more. */
const MAX_STORED_BARS = 150_000;
/** A first look that finds too little goes back so many times as far. */
const STRIDE = 4;
const MAX_READS = 3;

type Stored = StoredRange & { readonly state: BookState };

const SERIES = `
  SELECT timeframe, bars_total AS bars, last_open_time AS last, first_open_time AS first, revisions FROM data_ingestion.ingestion_status WHERE symbol = $1`;

/** The stored series of a symbol with their states. */
async function seriesOf(book: Queryable, symbol: string): Promise<Stored[]> {
  const rows = await book.query<{ timeframe: Timeframe; bars: number; last: number; first: number | null; revisions: number }>(SERIES, [symbol]);
  const archived = await archivedFiles(book, rows.map((row) => row.timeframe));
  return rows.filter((row) => row.bars > 0).map(({ timeframe, first, last, bars, revisions }) => {
    const archives = archived.filter((one) => one.timeframe === timeframe || one.timeframe === '*');
    // A series whose beginning is not known reaches back to its oldest file, or as far as bars can.
    return { timeframe, last, first: first ?? (archives[0] === undefined ? 0 : monthStart(archives[0].month)), state: { bars, last, revisions, archives } };
  });
}

type Series = { readonly stored: readonly Stored[]; readonly factors: readonly Factor[] };
type Read = Omit<RowsFound, 'bars'> & { readonly columns: BarColumns; readonly hasOlder: boolean };

function newestOf(columns: BarColumns, before: number, limit: number): BarColumns {
  const until = barsBetween(columns, -Infinity, before);
  return barsBetween(until, until.time.at(-limit) ?? until.time[0] ?? 0, Infinity);
}

/** What was read so far, newest first: until there are bars enough for the page and one more, which may lack its beginning. */
class Page {
  private readonly ask: BarsAsk;
  private readonly factors: readonly Factor[];
  private readonly found: RowsFound[] = [];
  private readonly narrow: BarColumns[] = [];
  private stored = 0;
  private wide = 0;
  private oldest = Infinity;

  constructor(ask: BarsAsk, factors: readonly Factor[]) {
    [this.ask, this.factors] = [ask, factors];
  }

  /** Whether another piece is wanted after this one. */
  add(rows: RowsFound, stored: Timeframe): boolean {
    const { ask } = this;
    this.found.push(rows);
    const kept = ask.hours === 'regular' ? regularColumns(rows.bars, stored) : rows.bars;
    this.narrow.unshift(this.isWide ? this.freed(kept) : kept);
    this.stored += rows.bars.time.length;
    const own = toChartBars(kept, ask.timeframe).time;
    // A bar of the chart may begin in one piece and end in the next.
    this.wide += own.length - (own.at(-1) === this.oldest ? 1 : 0);
    this.oldest = own[0] ?? this.oldest;
    return this.wide <= ask.limit && this.stored < MAX_STORED_BARS;
  }

  /** `isAll`: the series begins here. */
  read(before: number, isAll: boolean): Read {
    const { found, ask } = this;
    const wide = toChartBars(joined(this.narrow), ask.timeframe);
    // Where reading stopped within a series, the oldest bar may lack its beginning.
    const whole = isAll ? wide : barsBetween(wide, wide.time[1] ?? Infinity, Infinity);
    const columns = newestOf(this.isWide ? whole : this.freed(whole), before, ask.limit);
    return {
      columns, hasOlder: columns.time.length > 0 && (wide.time[0] ?? Infinity) < (columns.time[0] ?? -Infinity), sources: [...new Set(found.flatMap(({ sources }) => sources))].sort(),
      isFromArchive: found.some(({ isFromArchive }) => isFromArchive), missing: found.flatMap(({ missing }) => missing),
    };
  }

  /** Weeks and months may hold a split: their days are freed of it first. Within a day there is none. */
  private get isWide(): boolean {
    return this.ask.timeframe === '1Week' || this.ask.timeframe === '1Month';
  }

  private freed(bars: BarColumns): BarColumns {
    return this.ask.adjustment === 'raw' || this.factors.length === 0 ? bars : adjustColumns(bars, this.factors, this.ask.adjustment);
  }
}

/** Goes back until there are enough bars, or the series begins. */
async function search(parts: RowsParts, ask: BarsAsk, { stored, factors }: Series): Promise<Read> {
  const pieces = chartPieces(stored, ask.timeframe, { from: -Infinity, to: Infinity });
  const [first, end] = [chartOpen((pieces[0]?.from ?? 0) as EpochMs, ask.timeframe), pieces.at(-1)?.to ?? 0];
  // A bar that opens before the end of the page is shown whole.
  const before = Math.min(ask.before ?? end, end);
  const page = new Page(ask, factors);
  let to: number = chartEnd((before - 1) as EpochMs, ask.timeframe);
  for (let days = chartDays(ask.limit + 1, ask.timeframe, ask.hours); ; days *= STRIDE) {
    const from = chartOpen(Math.max(before - days * DAY_MS, first) as EpochMs, ask.timeframe);
    for (const piece of chartPieces(stored, ask.timeframe, { from, to }).reverse()) {
      const state = stored.find(({ timeframe }) => timeframe === piece.timeframe)?.state;
      if (state === undefined) continue;
      for await (const rows of storedPieces(parts, { symbol: ask.symbol, timeframe: piece.timeframe, state }, piece)) if (!page.add(rows, piece.timeframe)) return page.read(before, false);
    }
    if (from <= first) return page.read(before, true);
    to = from;
  }
}

/** Numbers of a column as JSON has them. */
function told(columns: BarColumns): BarsView['columns'] {
  const list = (name: keyof BarColumns): number[] => Array.from(columns[name]);
  return { time: list('time'), open: list('open'), high: list('high'), low: list('low'), close: list('close'), volume: list('volume') };
}

/** Reads until no month has gone into a file, or come out of one, meanwhile: its bars would be in neither place. */
async function readSettled(parts: RowsParts, ask: BarsAsk): Promise<{ readonly stored: readonly Stored[]; readonly own: readonly Factor[]; readonly read: Read }> {
  const placesOf = (all: readonly Stored[]): string => JSON.stringify(all.map(({ timeframe, state }) => [timeframe, state.archives]));
  let all = await seriesOf(parts.db, ask.symbol);
  for (let attempt = 1; ; attempt += 1) {
    const own = (await factorsOfSymbols(parts.db, [ask.symbol])).get(ask.symbol) ?? [];
    const pieces = chartPieces(all, ask.timeframe, { from: -Infinity, to: Infinity });
    const stored = all.filter((one) => pieces.some((piece) => piece.timeframe === one.timeframe));
    const read = await search(parts, ask, { stored, factors: own });
    const now = await seriesOf(parts.db, ask.symbol);
    if (placesOf(now) === placesOf(all)) return { stored, own, read };
    if (attempt === MAX_READS) throw new AppError('VERSION_CONFLICT', 'Months of bars are being put away or brought back; try again in a moment');
    all = now;
  }
}

/**
 * The newest bars before an instant. Stored bars are used as they are where their width is the wanted one; wider ones are put together on the exchange's days. Symbols without stored bars
 * have none. @throws AppError ARCHIVE_DAMAGED when bars of this stretch lie in files that cannot be read
 */
export async function readBars(parts: RowsParts, ask: BarsAsk): Promise<BarsView> {
  const began = performance.now();
  const { symbol, timeframe, adjustment, hours } = ask;
  const { stored, own, read } = await readSettled(parts, ask);
  if (read.missing.length > 0) throw new AppError('ARCHIVE_DAMAGED', `Bars of ${symbol} are missing: ${read.missing.join('; ')}. Bring the files back from a backup of the data folder.`);
  const { columns } = read;
  const storedAs = [...stored].sort((a, b) => timeframeMs(b.timeframe) - timeframeMs(a.timeframe))[0]?.timeframe ?? null;
  const span = columns.time.length === 0 ? null : { from: columns.time[0] as number, to: chartEnd(columns.time.at(-1) as EpochMs, timeframe) };
  return {
    symbol, timeframe, adjustment, hours, columns: told(columns), hasOlder: read.hasOlder, storedAs, sources: [...read.sources], newest: stored.length === 0 ? null : Math.max(...stored.map((one) => one.last)),
    actions: span === null ? [] : await actionMarks(parts.db, symbol, { ...span, factors: own }), isFromArchive: read.isFromArchive,
    revision: revisionOf(stored.map((one) => one.state), adjustment === 'raw' ? [] : own), tookMs: performance.now() - began,
  };
}
