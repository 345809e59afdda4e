/** The bars of a back-test as columns: from the column files that are kept beside the book, and from the book itself where those cannot be used. */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAX_BACKTEST_BARS } from '#app/contracts/backtest.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import type { Db } from '#chassis/db.ts';
import { isMonthWithin } from '../research/archived-bars.ts';
import { barsBetween, openColumnCache, type ColumnCache } from '../research/cache.ts';
import { sharedColumns } from '../research/work.ts';

/** Where bars come from. `cache` is opened at its first use. */
export type BarSource = { readonly db: Db; readonly bulk: BulkOptions; cache(): ColumnCache };

/** Opens it at its first use. `folder`: where research keeps what can be made again; the column files lie in it, and the archive of old months beside it. */
export function barSource({ db, bulk, folder }: { readonly db: Db; readonly bulk: BulkOptions; readonly folder: string }): BarSource {
  let cache: ColumnCache | null = null;
  return { db, bulk, cache: () => (cache ??= openColumnCache(path.join(folder, 'columns'), path.join(folder, '..', 'archive'))) };
}

/** Bars of regular trading of one symbol, on memory that threads share. `complaint`: why its column file was of no use; null when nothing was wrong. */
export type LoadedSeries = { readonly symbol: string; readonly bars: BarColumns; readonly leftOut: number; readonly complaint: string | null };

/** What to load: bars that open in [from, to), epoch ms. */
export type SeriesWanted = { readonly symbol: string; readonly timeframe: Timeframe; readonly from: number; readonly to: number };

/** Series that are asked for together: between two of these groups others have their turn, and too many bars are noticed. */
const GROUP = 25;

/** Loads one symbol. @throws AppError ARCHIVE_DAMAGED when months of this stretch lie in files that cannot be read: a test on less than was asked for says nothing */
export async function loadSeries(source: BarSource, { symbol, ...stretch }: SeriesWanted): Promise<LoadedSeries> {
  const [loaded] = await loadGroup(source, [symbol], stretch);
  invariant(loaded, 'A series that was asked for was not answered', { symbol });
  return loaded;
}

async function loadGroup(source: BarSource, symbols: readonly string[], { timeframe, from, to }: Omit<SeriesWanted, 'symbol'>): Promise<LoadedSeries[]> {
  const group = await source.cache().loadMany({ db: source.db, bulk: (fn) => withBulkTx(source.bulk, fn) }, symbols.map((symbol) => ({ symbol, timeframe, isShared: true })));
  const series: LoadedSeries[] = [];
  for (const [n, cached] of group.entries()) {
    const symbol = symbols[n] ?? '';
    const lost = cached.missing.filter((month) => isMonthWithin(month, from, to));
    if (lost.length > 0) throw new AppError('ARCHIVE_DAMAGED', `Bars of ${symbol} are missing: ${cached.complaint ?? lost.join(', ')}. Bring the files back from a backup of the data folder, or test on another stretch.`);
    const timed = timedBars(barsBetween(cached.bars, from, to), timeframe);
    series.push({ symbol, bars: sharedColumns(timed.bars), leftOut: timed.leftOut, complaint: cached.complaint });
    // The clock of a hundred thousand bars takes some milliseconds: strategies that trade do not wait for that of all symbols.
    await nextTurn();
  }
  return series;
}

/**
 * Loads symbols in the order of their names; those without a bar in the stretch are left out. Bars of the archive count as those of the database do.
 * @throws AppError INPUT_TOO_LARGE as soon as there are more than `most`; as loadSeries does
 */
export async function loadAll(source: BarSource, wanted: Omit<SeriesWanted, 'symbol'> & { readonly symbols: readonly string[] }, { signal, most = MAX_BACKTEST_BARS }: { readonly signal: AbortSignal; readonly most?: number }): Promise<LoadedSeries[]> {
  const { symbols, ...stretch } = wanted;
  const all: LoadedSeries[] = [];
  const ordered = [...symbols].sort();
  let bars = 0;
  for (let n = 0; n < ordered.length; n += GROUP) {
    signal.throwIfAborted();
    for (const loaded of await loadGroup(source, ordered.slice(n, n + GROUP), stretch)) {
      bars += loaded.bars.time.length;
      if (bars > most) throw new AppError('INPUT_TOO_LARGE', `The period holds more than ${most} bars, those of the archive included. Take fewer symbols or days, or wider bars`);
      if (loaded.bars.time.length > 0) all.push(loaded);
    }
  }
  return all;
}
