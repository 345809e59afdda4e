/** Bars of the book as column files, one per symbol and timeframe: made again when the book knows more or otherwise, told apart from it by a fingerprint. */
import { mkdirSync } from 'node:fs';
import type { Adjustment } from '#app/columns/file-format.ts';
import { barColumns, firstAtOrAfter, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { adjustColumns, type Factor } from '#app/market/adjustment.ts';
import type { BulkTx } from '#chassis/db-bulk.ts';
import type { Queryable } from '#chassis/db.ts';
import { readArchivedSeries } from './archived-bars.ts';
import { joined, merged, readBookRows } from './book-rows.ts';
import { adjustedSource, factorsOfSymbols, newBarsSince, seriesKey, sourceOf, statesOf, type BookState, type SeriesName } from './cache-state.ts';
import { columnFile, readColumns, sweepLeftovers, writeColumns, type StoredColumns } from './store.ts';

/** The book as the cache reads it. `db`: what it knows of a series; `bulk`: a transaction for many rows, `(fn) => withBulkTx(options, fn)`. */
export type BookAccess = { readonly db: Queryable; readonly bulk: <T>(fn: (tx: BulkTx) => Promise<T>) => Promise<T> };

/**
 * Bars as the book and its archive have them. `origin`: `file` = as stored; `extended` = newer bars were added to the stored ones; `book` = all read anew. `source`: fingerprint of the
 * book's state. `complaint`: why the stored file was not used, or could not be written, or what is missing, in words; null when nothing was wrong. `missing`: months (`YYYY-MM`) that lie
 * in files which cannot be read; everything else is right in any case.
 */
export type CachedBars = { readonly bars: BarColumns; readonly source: string; readonly origin: 'file' | 'extended' | 'book'; readonly complaint: string | null; readonly missing: readonly string[] };

/** What to load, of what prices are freed (raw when left out), and where to: `isShared` = on memory that worker threads read. */
export type CacheRequest = SeriesName & { readonly isShared?: boolean; readonly adjustment?: Adjustment };

/** Column files in a folder. Any number of processes may use one folder. */
export type ColumnCache = {
  /** The bars of a series up to what the book holds now; no bars for a series that it does not know. @throws AppError DATABASE_UNREACHABLE; the server's own errors */
  load(book: BookAccess, request: CacheRequest): Promise<CachedBars>;
  /** The same for many series, in their order: the book is asked once for all states, and for the bars that files lack in batches. @throws as load does */
  loadMany(book: BookAccess, requests: readonly CacheRequest[]): Promise<CachedBars[]>;
};

const NOTHING: CachedBars = { bars: barColumns(0), source: 'nothing', origin: 'book', complaint: null, missing: [] };
/** Bars of one batch: some 150 MB of columns. */
const BATCH_BARS = 3_000_000;
/** Series of one batch: the text of its COPY names them all. */
const BATCH_SERIES = 500;
/** No bar is older: imported days go back behind 1970. */
const BEFORE_ALL = Date.UTC(1900, 0, 1);
/** Between two pauses so many files are read: others that live on this thread want their turn. */
const FILES_PER_TURN = 50;
/** A longer series is put together in one turn, and checked and encoded in the next. */
const BARS_PER_TURN = 100_000;

type Stored = { readonly stored: StoredColumns | null; readonly complaint: string | null };
type Wanted = Stored & { readonly request: CacheRequest };

const breath = (): Promise<void> => new Promise((done) => setImmediate(done));
const words = (parts: readonly (string | null)[]): string | null => parts.filter((text) => text !== null).join('; ') || null;

/** Batches of one timeframe each, of so many bars at most; a longer series is a batch by itself. */
function batches(wanted: readonly Wanted[], states: ReadonlyMap<string, BookState>): Wanted[][] {
  const found: Wanted[][] = [];
  let bars = 0;
  for (const one of [...wanted].sort((a, b) => (a.request.timeframe < b.request.timeframe ? -1 : a.request.timeframe > b.request.timeframe ? 1 : 0))) {
    const last = found.at(-1);
    const own = states.get(seriesKey(one.request))?.bars ?? 0;
    const fits = last !== undefined && last[0]?.request.timeframe === one.request.timeframe && bars + own <= BATCH_BARS && last.length < BATCH_SERIES;
    if (fits) last.push(one);
    else found.push([one]);
    bars = fits ? bars + own : own;
  }
  return found;
}

class Cache implements ColumnCache {
  private readonly folder: string;
  private readonly archiveFolder: string | null;
  private readonly building = new Map<string, Promise<CachedBars>>();

  constructor(folder: string, archiveFolder: string | null) {
    [this.folder, this.archiveFolder] = [folder, archiveFolder];
  }

  async load(book: BookAccess, request: CacheRequest): Promise<CachedBars> {
    const raw = await this.loadRaw(book, request);
    return (await this.adjusted(book, [request], [raw]))[0] ?? raw;
  }

  async loadMany(book: BookAccess, requests: readonly CacheRequest[]): Promise<CachedBars[]> {
    const states = await statesOf(book.db, requests);
    const raw = new Map<string, CachedBars>();
    const stale = new Map<string, Wanted>();
    for (const [n, request] of requests.entries()) {
      const [key, state] = [seriesKey(request), states.get(seriesKey(request))];
      if (state === undefined || raw.has(key) || stale.has(key)) continue;
      if (n % FILES_PER_TURN === FILES_PER_TURN - 1) await breath();
      const found = this.read(request);
      const fresh = asStored(found, state);
      if (fresh === null) stale.set(key, { request, ...found });
      else raw.set(key, fresh);
    }
    for (const batch of batches([...stale.values()], states)) {
      const built = await this.rebuild(book, batch, false);
      batch.forEach(({ request }, n) => raw.set(seriesKey(request), built[n] ?? NOTHING));
    }
    return this.adjusted(book, requests, requests.map((request) => raw.get(seriesKey(request)) ?? NOTHING));
  }

  /** Frees bars of what their requests say. */
  private async adjusted(book: BookAccess, requests: readonly CacheRequest[], raw: readonly CachedBars[]): Promise<CachedBars[]> {
    const wanted = requests.filter(({ adjustment = 'raw' }) => adjustment !== 'raw').map(({ symbol }) => symbol);
    const factors: ReadonlyMap<string, readonly Factor[]> = wanted.length === 0 ? new Map() : await factorsOfSymbols(book.db, wanted);
    return raw.map((cached, n) => {
      const { symbol = '', adjustment = 'raw' } = requests[n] ?? {};
      const own = factors.get(symbol) ?? [];
      if (adjustment === 'raw') return cached;
      return { ...cached, source: adjustedSource(cached.source, adjustment, own), bars: own.length === 0 ? cached.bars : adjustColumns(cached.bars, own, adjustment) };
    });
  }

  private async loadRaw(book: BookAccess, request: CacheRequest): Promise<CachedBars> {
    const state = (await statesOf(book.db, [request])).get(seriesKey(request));
    if (state === undefined) return NOTHING;
    const found = this.read(request);
    return asStored(found, state) ?? this.build(book, { request, ...found });
  }

  /** The stored file, or why it cannot be used. */
  private read(request: CacheRequest): Stored {
    try {
      const stored = readColumns(columnFile(this.folder, request), request.isShared);
      const label = stored?.header.label;
      if (label && (label.symbol !== request.symbol || label.timeframe !== request.timeframe || label.adjustment !== 'raw')) return { stored: null, complaint: `The column file of ${request.symbol} holds ${label.symbol}, ${label.timeframe}` };
      return { stored, complaint: null };
    } catch (error) {
      return { stored: null, complaint: error instanceof AppError && error.code === 'COLUMNS_DAMAGED' ? error.message : `The column file of ${request.symbol} could not be read (${describeError(error)})` };
    }
  }

  /** Builds a series once, however many ask for it at the same time. */
  private async build(book: BookAccess, wanted: Wanted): Promise<CachedBars> {
    const { request } = wanted;
    const key = `${seriesKey(request)} ${request.isShared ?? false}`;
    const running = this.building.get(key);
    if (running !== undefined) {
      // It may have begun before the bars that this one was asked for after.
      const built = await running;
      const state = (await statesOf(book.db, [request])).get(seriesKey(request));
      return state === undefined || built.source === sourceOf(state) ? built : this.loadRaw(book, request);
    }
    const building = this.rebuild(book, [wanted], true).then(([built = NOTHING]) => built);
    this.building.set(key, building);
    try {
      return await building;
    } finally {
      this.building.delete(key);
    }
  }

  /** Reads what the stored files of one timeframe lack, all of it as of one moment, and stores them anew. */
  private async rebuild(book: BookAccess, wanted: readonly Wanted[], isFlushed: boolean): Promise<CachedBars[]> {
    const [first] = wanted;
    if (first === undefined) return [];
    const { timeframe } = first.request;
    const found = await book.bulk(async (tx) => {
      // The counters and the rows must be of one moment.
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // Before that moment, so that no month goes into a file between what is said of it and its rows: they would be in neither.
      await tx.query('LOCK TABLE ONLY data_ingestion.market_data IN ACCESS SHARE MODE');
      const states = await statesOf(tx, wanted.map(({ request }) => request));
      const known = wanted.flatMap((one) => {
        const { request, stored } = one;
        const state = states.get(seriesKey(request));
        return state === undefined ? [] : [{ one, symbol: request.symbol, stored, state, newer: stored === null ? null : newBarsSince(stored.header.label.source, state) }];
      });
      const isShared = wanted.every(({ request }) => request.isShared === true);
      const rows = await readBookRows(tx, timeframe, known.map(({ symbol, stored, newer }) => ({ symbol, after: newer === null ? BEFORE_ALL : (stored?.bars.time.at(-1) ?? BEFORE_ALL) })), isShared);
      // Some of the new bars are older than the newest: gaps were filled, and the whole is read.
      const filled = new Set(known.filter(({ symbol, newer }) => newer !== null && newer !== (rows.get(symbol)?.time.length ?? 0)));
      const whole = await readBookRows(tx, timeframe, [...filled].map(({ symbol }) => ({ symbol, after: BEFORE_ALL })), isShared);
      return new Map(known.map((each) => [each.one, { state: each.state, isExtended: each.newer !== null && !filled.has(each), fromBook: (filled.has(each) ? whole : rows).get(each.symbol) ?? barColumns(0) }]));
    });
    const built: CachedBars[] = [];
    for (const one of wanted) {
      const its = found.get(one);
      built.push(its === undefined ? NOTHING : await this.keep(one, { ...its, isFlushed }));
    }
    return built;
  }

  /** Puts a series together and stores it; research goes on without a file when there is no room for one. */
  private async keep({ request, stored, complaint }: Wanted, found: { state: BookState; isFlushed: boolean; isExtended: boolean; fromBook: BarColumns }): Promise<CachedBars> {
    const source = sourceOf(found.state);
    if (found.isExtended && stored !== null) {
      const bars = joined([stored.bars, found.fromBook], request.isShared);
      return { bars, source, origin: 'extended', complaint: words([complaint, await this.write(request, { source, bars, isFlushed: found.isFlushed })]), missing: [] };
    }
    const archives = found.state.archives.filter((one) => !one.isInBook);
    const archived = this.archiveFolder === null || archives.length === 0 ? null : await readArchivedSeries(this.archiveFolder, archives, request);
    const bars = archived === null ? joined([found.fromBook], request.isShared) : merged(found.fromBook, archived.bars, request.isShared);
    const missing = archived?.missing ?? [];
    if (bars.time.length > BARS_PER_TURN) await breath();
    // What lacks a month is not kept: the file may be brought back from a backup tomorrow.
    const problem = missing.length > 0 ? missing.map(({ why }) => `${request.symbol}: ${why}`).join('; ') : await this.write(request, { source, bars, isFlushed: found.isFlushed });
    return { bars, source, origin: 'book', complaint: words([complaint, problem]), missing: missing.map(({ month }) => month) };
  }

  /** Stores the bars. @returns what went wrong */
  private async write(request: CacheRequest, { source, bars, isFlushed }: { source: string; bars: BarColumns; isFlushed: boolean }): Promise<string | null> {
    try {
      await writeColumns(columnFile(this.folder, request), { symbol: request.symbol, timeframe: request.timeframe, adjustment: 'raw', source }, bars, isFlushed);
      return null;
    } catch (error) {
      if (error instanceof AppError) throw error;
      return `The column file of ${request.symbol} could not be written (${describeError(error)}); the bars are read from the database each time`;
    }
  }
}

/** A stored file as it is, when it is of this state. */
function asStored({ stored }: Stored, state: BookState): CachedBars | null {
  if (stored === null || stored.header.label.source !== sourceOf(state)) return null;
  return { bars: stored.bars, source: stored.header.label.source, origin: 'file', complaint: null, missing: [] };
}

/** Opens the cache in a folder, which is made when it is missing. Everything in it can be deleted at any time. `archiveFolder`: where months lie that are not in the book; null: they are left out. */
export function openColumnCache(folder: string, archiveFolder: string | null = null): ColumnCache {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  sweepLeftovers(folder);
  return new Cache(folder, archiveFolder);
}

/** The bars that open in [from, to): a view on the same memory. Epoch ms. */
export function barsBetween(bars: BarColumns, from: number, to: number): BarColumns {
  const first = firstAtOrAfter(bars.time, from);
  return sliceColumns(bars, first, Math.max(first, firstAtOrAfter(bars.time, to)));
}
