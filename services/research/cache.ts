/** Bars of the book as column files, one per symbol and timeframe: made again when the book knows more, told apart from it by a fingerprint. */
import { mkdirSync } from 'node:fs';
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { BulkTx } from '#chassis/db-bulk.ts';
import type { Queryable } from '#chassis/db.ts';
import { parseCsv } from './csv.ts';
import { columnFile, readColumns, sweepLeftovers, writeColumns, type StoredColumns } from './store.ts';

/** A symbol in one timeframe. */
export type SeriesName = { readonly symbol: string; readonly timeframe: Timeframe };

/** The book as the cache reads it. `db`: what it knows of a series; `bulk`: a transaction for many rows, `(fn) => withBulkTx(options, fn)`. */
export type BookAccess = { readonly db: Queryable; readonly bulk: <T>(fn: (tx: BulkTx) => Promise<T>) => Promise<T> };

/**
 * Bars as the book has them. `origin`: `file` = as stored; `extended` = newer bars were added to the stored ones; `book` = all read from the book. `source`: fingerprint of the book's state.
 * `complaint`: why the stored file was not used, or could not be written, in words; null when nothing was wrong. The bars are right in any case.
 */
export type CachedBars = { readonly bars: BarColumns; readonly source: string; readonly origin: 'file' | 'extended' | 'book'; readonly complaint: string | null };

/** What to load, and where to: `isShared` = on memory that worker threads read. */
export type CacheRequest = SeriesName & { readonly isShared?: boolean };

/** Column files in a folder. Any number of processes may use one folder. */
export type ColumnCache = {
  /** The bars of a series up to what the book holds now; no bars for a series that it does not know. @throws AppError DATABASE_UNREACHABLE; the server's own errors */
  load(book: BookAccess, request: CacheRequest): Promise<CachedBars>;
};

/** What the book says of a series. Rows are never changed: it grows by new bars (`bars` ever taken in), and whole months leave it or come back (`archives`). */
type BookState = { readonly bars: number; readonly last: number; readonly archives: string };

const STATE = `
  SELECT s.bars_total AS bars, s.last_open_time AS last,
    (SELECT coalesce(string_agg(to_char(a.month, 'YYYYMM') || CASE a.state WHEN 'archived' THEN '-' ELSE '+' END || extract(epoch FROM coalesce(a.restored_at, a.archived_at))::bigint, ',' ORDER BY a.month), '')
     FROM data_ingestion.archived_months a) AS archives
  FROM data_ingestion.ingestion_status s WHERE s.symbol = $1 AND s.timeframe = $2`;
/** Fewer archives than fit into the description of a file are told one by one. */
const MAX_ARCHIVES_TEXT = 400;

const HEADER = 'time,open,high,low,close,volume\n';
/** Rows are read in pieces of this size, so that a long series does not stand in memory as text. */
const PIECE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const NOTHING: CachedBars = { bars: barColumns(0), source: 'nothing', origin: 'book', complaint: null };

function sourceOf({ bars, last, archives }: BookState): string {
  // A long list is told by its hash: 53 bits of it (FNV-1a in two halves) tell any two states apart.
  const told = archives.length <= MAX_ARCHIVES_TEXT ? archives : `${archives.length}:${fnv(archives, 0x811c9dc5)}${fnv(archives, 0x050c5d1f)}`;
  return `book bars=${bars} last=${last} archives=${told}`;
}

/** FNV-1a, 32 bits, in hexadecimal (Fowler, Noll and Vo, 1991). */
function fnv(text: string, seed: number): string {
  let hash = seed;
  for (let n = 0; n < text.length; n += 1) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** How many bars a stored file may lack: the counters then and now, when nothing else has changed; null when it cannot be continued. */
function newBarsSince(source: string, now: BookState): number | null {
  const [, bars, archives] = /^book bars=(\d+) last=-?\d+ archives=(.*)$/.exec(source) ?? [];
  const then = sourceOf({ bars: 0, last: 0, archives: now.archives }).replace(/^.*archives=/, '');
  return bars !== undefined && archives === then && Number(bars) <= now.bars ? now.bars - Number(bars) : null;
}

async function stateOf(db: Queryable, { symbol, timeframe }: SeriesName): Promise<BookState | null> {
  const [row] = await db.query<BookState>(STATE, [symbol, timeframe]);
  return row ?? null;
}

/** Symbols and timeframes go into the text of a COPY, which takes no parameters. */
function literal(text: string): string {
  invariant(/^[A-Za-z0-9./ -]{1,40}$/.test(text), 'This is no name of a series', { text: text.slice(0, 40) });
  return `'${text}'`;
}

/** Rows of a series that open after an instant, as columns. */
async function readRows(tx: BulkTx, { symbol, timeframe }: SeriesName, after: number): Promise<BarColumns> {
  const stream = tx.copyOut(`COPY (SELECT (extract(epoch FROM open_time) * 1000)::bigint, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume) FROM data_ingestion.market_data
    WHERE symbol = ${literal(symbol)} AND timeframe = ${literal(timeframe)} AND open_time > to_timestamp(${after} / 1000.0) ORDER BY open_time) TO STDOUT (FORMAT csv)`);
  const parts: BarColumns[] = [];
  let held: Buffer[] = [];
  let bytes = 0;
  const flush = (isLast: boolean): void => {
    const text = Buffer.concat(held);
    const end = isLast ? text.length : text.lastIndexOf(NEWLINE) + 1;
    held = [text.subarray(end)];
    bytes = text.length - end;
    if (end > 0) parts.push(columnsOf(text.subarray(0, end)));
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes >= PIECE_BYTES) flush(false);
  }
  flush(true);
  return joined(parts);
}

/** Rows as the server writes them. The book's own checks let nothing in that is refused here. */
function columnsOf(rows: Buffer): BarColumns {
  const { series, defects } = parseCsv(Buffer.concat([Buffer.from(HEADER), rows]), { areInstants: true });
  const [first] = series;
  invariant(first !== undefined && defects.length === 0, 'The book holds bars that cannot be true', { defect: defects[0]?.reason, row: defects[0]?.text });
  return first.bars;
}

function joined(parts: readonly BarColumns[], isShared = false): BarColumns {
  const all = barColumns(parts.reduce((sum, part) => sum + part.time.length, 0), isShared);
  let at = 0;
  for (const part of parts) {
    invariant(at === 0 || part.time.length === 0 || (part.time[0] ?? NaN) > (all.time[at - 1] ?? NaN), 'Bars of the book came out of order');
    for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) all[name].set(part[name], at);
    at += part.time.length;
  }
  return all;
}

class Cache implements ColumnCache {
  private readonly folder: string;
  private readonly building = new Map<string, Promise<CachedBars>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async load(book: BookAccess, request: CacheRequest): Promise<CachedBars> {
    const state = await stateOf(book.db, request);
    if (state === null) return NOTHING;
    const { stored, complaint } = this.read(request);
    if (stored !== null && stored.header.label.source === sourceOf(state)) return { bars: stored.bars, source: stored.header.label.source, origin: 'file', complaint: null };
    return this.build(book, request, { stored, complaint });
  }

  /** The stored file, or why it cannot be used. */
  private read(request: CacheRequest): { stored: StoredColumns | null; complaint: string | null } {
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
  private async build(book: BookAccess, request: CacheRequest, before: { stored: StoredColumns | null; complaint: string | null }): Promise<CachedBars> {
    const key = `${request.symbol} ${request.timeframe} ${request.isShared ?? false}`;
    const running = this.building.get(key);
    if (running !== undefined) {
      // It may have begun before the bars that this one was asked for after.
      const built = await running;
      const state = await stateOf(book.db, request);
      return state === null || built.source === sourceOf(state) ? built : this.load(book, request);
    }
    const building = this.rebuild(book, request, before);
    this.building.set(key, building);
    try {
      return await building;
    } finally {
      this.building.delete(key);
    }
  }

  private async rebuild(book: BookAccess, request: CacheRequest, { stored, complaint }: { stored: StoredColumns | null; complaint: string | null }): Promise<CachedBars> {
    const found = await book.bulk(async (tx) => {
      // The counters and the rows must be of one moment.
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const state = await stateOf(tx, request);
      if (state === null) return null;
      const expected = stored === null ? null : newBarsSince(stored.header.label.source, state);
      if (stored !== null && expected !== null) {
        const newer = await readRows(tx, request, stored.header.last);
        // Otherwise some of the new bars are older than the newest: gaps were filled.
        if (newer.time.length === expected) return { state, parts: [stored.bars, newer], origin: 'extended' as const };
      }
      return { state, parts: [await readRows(tx, request, 0)], origin: 'book' as const };
    });
    if (found === null) return NOTHING;
    const bars = joined(found.parts, request.isShared);
    const source = sourceOf(found.state);
    return { bars, source, origin: found.origin, complaint: [complaint, this.write(request, source, bars)].filter((text) => text !== null).join('; ') || null };
  }

  /** Stores the bars; research goes on without a file when there is no room for one. @returns what went wrong */
  private write(request: CacheRequest, source: string, bars: BarColumns): string | null {
    try {
      writeColumns(columnFile(this.folder, request), { symbol: request.symbol, timeframe: request.timeframe, adjustment: 'raw', source }, bars);
      return null;
    } catch (error) {
      if (error instanceof AppError) throw error;
      return `The column file of ${request.symbol} could not be written (${describeError(error)}); the bars are read from the database each time`;
    }
  }
}

/** Opens the cache in a folder, which is made when it is missing. Everything in it can be deleted at any time. */
export function openColumnCache(folder: string): ColumnCache {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  sweepLeftovers(folder);
  return new Cache(folder);
}

/** The bars that open in [from, to): a view on the same memory. Epoch ms. */
export function barsBetween(bars: BarColumns, from: number, to: number): BarColumns {
  const first = (at: number): number => {
    let [low, high] = [0, bars.time.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bars.time[middle] ?? Infinity) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return sliceColumns(bars, first(from), Math.max(first(from), first(to)));
}
