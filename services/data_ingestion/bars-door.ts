/** readBars: a stretch of a symbol's bars as a chart shows it, in any width, freed of splits and dividends where that is wanted. */
import type { BarsView } from '#app/contracts/market-data.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { adjustColumns, type Factor } from '#app/market/adjustment.ts';
import { chartDays, chartEnd, chartOpen, chartPieces, regularColumns, storedPerBar, toChartBars, type StoredRange } from '#app/market/chart-bars.ts';
import type { Queryable } from '#chassis/db.ts';
import { monthStart, archivedFiles } from '../research/archived-bars.ts';
import { joined } from '../research/book-rows.ts';
import { factorsOfSymbols, revisionOf, type BookState } from '../research/cache-state.ts';
import { barsBetween } from '../research/cache.ts';
import { actionMarks } from './bars-actions.ts';
import { readStoredBars, type RowsFound, type RowsParts } from './bars-rows.ts';

/** What a chart asks for. */
export type BarsAsk = Pick<BarsView, 'symbol' | 'timeframe' | 'adjustment' | 'hours'> & { readonly before?: number | undefined; readonly limit: number };

/** Bars that one answer is put together from, at most: a page of weeks is not to be made of ten years of minutes, on the thread that takes in the live ones. */
const MAX_STORED_BARS = 150_000;
/** A first look that finds too little goes back so many times as far. */
const STRIDE = 4;

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

type Read = Omit<RowsFound, 'bars'> & { readonly columns: BarColumns };

/** What a chart shows of [from, to): pieces of stored bars, each without what lies outside of the wanted hours, put together. */
async function chartOf(parts: RowsParts, ask: BarsAsk, given: { stored: readonly Stored[]; factors: readonly Factor[]; from: number; to: number }): Promise<Read> {
  const found: RowsFound[] = [];
  const narrow: BarColumns[] = [];
  // Weeks and months may hold a split: their days are freed of it first. Within a day there is none.
  const isWide = ask.timeframe === '1Week' || ask.timeframe === '1Month';
  const freed = (bars: BarColumns): BarColumns => (ask.adjustment === 'raw' || given.factors.length === 0 ? bars : adjustColumns(bars, given.factors, ask.adjustment));
  for (const piece of chartPieces(given.stored, ask.timeframe, given)) {
    const state = given.stored.find(({ timeframe }) => timeframe === piece.timeframe)?.state;
    if (state === undefined) continue;
    const rows = await readStoredBars(parts, { symbol: ask.symbol, timeframe: piece.timeframe, state }, piece);
    found.push(rows);
    const kept = ask.hours === 'regular' ? regularColumns(rows.bars, piece.timeframe) : rows.bars;
    narrow.push(isWide ? freed(kept) : kept);
  }
  const columns = toChartBars(joined(narrow), ask.timeframe);
  return { columns: isWide ? columns : freed(columns), sources: [...new Set(found.flatMap(({ sources }) => sources))].sort(), isFromArchive: found.some(({ isFromArchive }) => isFromArchive), missing: found.flatMap(({ missing }) => missing) };
}

/** So many bars can be put together without reading too many stored ones: a page of weeks that must be made of minutes is a short one. */
function boundedLimit(ask: BarsAsk, stored: readonly Stored[]): number {
  const [widest] = [...stored].sort((a, b) => timeframeMs(b.timeframe) - timeframeMs(a.timeframe));
  return widest === undefined ? ask.limit : Math.max(1, Math.min(ask.limit, Math.floor(MAX_STORED_BARS / storedPerBar(ask.timeframe, widest.timeframe))));
}

function newestOf(columns: BarColumns, before: number, limit: number): BarColumns {
  const until = barsBetween(columns, -Infinity, before);
  return barsBetween(until, until.time.at(-limit) ?? until.time[0] ?? 0, Infinity);
}

/** Goes back until there are enough bars, or the series begins. */
async function search(parts: RowsParts, ask: BarsAsk, given: { stored: readonly Stored[]; factors: readonly Factor[] }): Promise<Read & { hasOlder: boolean }> {
  const pieces = chartPieces(given.stored, ask.timeframe, { from: -Infinity, to: Infinity });
  const [first, end] = [chartOpen((pieces[0]?.from ?? 0) as EpochMs, ask.timeframe), pieces.at(-1)?.to ?? 0];
  const limit = boundedLimit(ask, given.stored);
  // A bar that opens before the end of the page is shown whole.
  const before = Math.min(ask.before ?? end, end);
  const to = chartEnd((before - 1) as EpochMs, ask.timeframe);
  for (let days = chartDays(limit + 1, ask.timeframe, ask.hours); ; days *= STRIDE) {
    const from = chartOpen(Math.max(before - days * DAY_MS, first) as EpochMs, ask.timeframe);
    const read = await chartOf(parts, ask, { ...given, from, to });
    const shown = newestOf(read.columns, before, limit);
    const isAll = from <= first;
    if (isAll || shown.time.length >= limit) return { ...read, columns: shown, hasOlder: (read.columns.time[0] ?? Infinity) < (shown.time[0] ?? -Infinity) || (!isAll && shown.time.length > 0) };
  }
}

/** Numbers of a column as JSON has them. */
function told(columns: BarColumns): BarsView['columns'] {
  const list = (name: keyof BarColumns): number[] => Array.from(columns[name]);
  return { time: list('time'), open: list('open'), high: list('high'), low: list('low'), close: list('close'), volume: list('volume') };
}

/**
 * The newest bars before an instant. Stored bars are used as they are where their width is the wanted one; wider ones are put together on the exchange's days. Symbols without stored bars
 * have none. @throws AppError ARCHIVE_DAMAGED when bars of this stretch lie in files that cannot be read
 */
export async function readBars(parts: RowsParts, ask: BarsAsk): Promise<BarsView> {
  const began = performance.now();
  const { symbol, timeframe, adjustment, hours } = ask;
  const [all, factors] = await Promise.all([seriesOf(parts.db, symbol), factorsOfSymbols(parts.db, [symbol])]);
  const pieces = chartPieces(all, timeframe, { from: -Infinity, to: Infinity });
  const stored = all.filter((one) => pieces.some((piece) => piece.timeframe === one.timeframe));
  const own = factors.get(symbol) ?? [];
  const read = await search(parts, ask, { stored, factors: own });
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
