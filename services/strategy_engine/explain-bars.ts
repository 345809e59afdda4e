/** Stored bars for an explanation, out of the book and out of the files of the archive, in pieces that never keep the engine from its own bars. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { barCount } from '#app/domain/bar-columns.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { barAt } from '#app/strategy/column-run.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { archivedFiles, monthStart, readArchivedSeries, type ArchivedFile } from '../research/archived-bars.ts';
import { barsBetween } from '../research/cache.ts';
import { isSeenByStrategies } from './apply-bars.ts';

/** Where bars lie. */
export type BarShelf = { readonly book: Queryable; readonly archiveFolder: string };
/** What to read back. `files`: of `monthsAway`; `until`: monotonic ms, after which it is given up. */
export type BackAsk = { readonly upTo: number; readonly count: number; readonly files: readonly ArchivedFile[]; readonly until: number };
type SeriesName = { readonly symbol: string; readonly timeframe: Timeframe };
/** A bar with where it came from. `tsSeen`: null of the archive, whose columns do not tell. */
export type SourcedBar = NumericBar & { readonly source: string; readonly tsSeen: number | null };
/** Bars, and in words which of them lie in files that cannot be read. */
type Shelved<B> = { readonly bars: B[]; readonly missing: string | null };

/** Rows of one query: some milliseconds of reading. */
const PAGE_ROWS = 1_000;
const COLUMNS = `open_time AS time, open::float8 AS open, high::float8 AS high, low::float8 AS low, close::float8 AS close, volume::float8 AS volume`;
const SERIES = 'FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2';

/** The months of a width that lie in files alone, newest first. */
export async function monthsAway(book: Queryable, timeframe: Timeframe): Promise<ArchivedFile[]> {
  return (await archivedFiles(book, [timeframe])).filter((file) => !file.isInBook).reverse();
}

async function readMonths(folder: string, files: readonly ArchivedFile[], series: SeriesName & { readonly from: number; readonly to: number }): Promise<Shelved<NumericBar> & { readonly sources: readonly string[] }> {
  const { bars, sources, missing } = await readArchivedSeries(folder, files, series);
  const wanted = barsBetween(bars, series.from, series.to);
  return { bars: Array.from({ length: barCount(wanted) }, (_none, n) => barAt(wanted, n)), sources, missing: missing.map(({ why }) => why).join('; ') || null };
}

/** The bars of a series that open in [from, to), oldest first: those of the book, and of months that were put away. Where both have one, the book's counts. */
export async function barsIn({ book, archiveFolder }: BarShelf, series: SeriesName, [from, to]: readonly [number, number]): Promise<Shelved<SourcedBar>> {
  const away = await readMonths(archiveFolder, await monthsAway(book, series.timeframe), { ...series, from, to });
  const found = new Map<number, SourcedBar>(away.bars.map((bar) => [bar.time, { ...bar, source: away.sources.join(', '), tsSeen: null }]));
  for (let after = from - 1; ; ) {
    const rows = await book.query<SourcedBar>(`SELECT ${COLUMNS}, source, ts_seen AS "tsSeen" ${SERIES} AND open_time > $3 AND open_time < $4 ORDER BY open_time LIMIT $5`, [series.symbol, series.timeframe, at(after), at(to), PAGE_ROWS]);
    for (const row of rows) found.set(row.time, row);
    after = rows.at(-1)?.time ?? after;
    if (rows.length < PAGE_ROWS) break;
  }
  return { bars: [...found.values()].sort((a, b) => a.time - b.time), missing: away.missing };
}

/** The newest `count` bars of regular trading up to `upTo` (this one included), oldest first. Stops at a month that cannot be read, or when it is late, and says so. */
export async function barsBack({ book, archiveFolder }: BarShelf, series: SeriesName, ask: BackAsk): Promise<Shelved<NumericBar>> {
  const newestFirst: NumericBar[] = [];
  const take = (bar: NumericBar): void => {
    if (newestFirst.length < ask.count && isSeenByStrategies({ openTime: bar.time, timeframe: series.timeframe })) newestFirst.push(bar);
  };
  let missing: string | null = null;
  let cursor = ask.upTo;
  for (const file of [...ask.files, null]) {
    const end = file === null ? 0 : monthStart(file.month, 1);
    if (file !== null && monthStart(file.month) > cursor) continue;
    // What lies in the book down to the month that does not.
    while (cursor >= end && newestFirst.length < ask.count) {
      if (monotonicMs() > ask.until) return { bars: newestFirst.reverse(), missing: 'reading them takes longer than a few seconds' };
      const rows = await book.query<NumericBar>(`SELECT ${COLUMNS} ${SERIES} AND open_time <= $3 AND open_time >= $4 ORDER BY open_time DESC LIMIT $5`, [series.symbol, series.timeframe, at(cursor), at(end), PAGE_ROWS]);
      rows.forEach(take);
      cursor = rows.length < PAGE_ROWS ? end - 1 : (rows.at(-1)?.time ?? end) - 1;
      await nextTurn();
    }
    if (file === null || newestFirst.length >= ask.count) break;
    if (monotonicMs() > ask.until) return { bars: newestFirst.reverse(), missing: 'reading them out of the archive takes longer than a few seconds' };
    const from = monthStart(file.month);
    const month = await barsIn({ book, archiveFolder }, series, [from, cursor + 1]);
    missing = month.missing;
    if (missing !== null) break;
    month.bars.reverse().forEach(take);
    cursor = from - 1;
    await nextTurn();
  }
  return { bars: newestFirst.reverse(), missing };
}
