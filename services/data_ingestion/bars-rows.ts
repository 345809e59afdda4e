/** Stretches of stored bars, from the hot cache, the book and the files of the archive: whichever has them. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { monthStart, readArchivedSeries } from '../research/archived-bars.ts';
import { merged } from '../research/book-rows.ts';
import { barsBetween } from '../research/cache.ts';
import { sourceOf, type BookState } from '../research/cache-state.ts';
import type { HotBars } from './hot-bars.ts';

/** What reading works with. `archiveFolder`: where old months lie. */
export type RowsParts = { readonly db: Queryable; readonly hot: HotBars; readonly archiveFolder: string };
/** A series with its state. */
export type RowsSeries = { readonly symbol: string; readonly timeframe: Timeframe; readonly state: BookState };
/** Raw bars, what brought them, and what of them came from files. */
export type RowsFound = { readonly bars: BarColumns; readonly sources: readonly string[]; readonly isFromArchive: boolean; readonly missing: readonly string[] };

/** One text for all rows: a thousand objects cost more than their bars. Months outside the stretch are left out before anything is read. */
const ROWS = `
  SELECT coalesce(string_agg(concat_ws(',', (extract(epoch FROM open_time) * 1000)::bigint, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume)), E'\\n' ORDER BY open_time), '') AS rows,
    coalesce(array_agg(DISTINCT source), '{}') AS sources
  FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time >= to_timestamp($3::bigint / 1000.0) AND open_time < to_timestamp($4::bigint / 1000.0)`;

function parsed(rows: string): BarColumns {
  const lines = rows === '' ? [] : rows.split('\n');
  const bars = barColumns(lines.length);
  lines.forEach((line, n) => {
    const fields = line.split(',');
    for (const [f, name] of (['time', 'open', 'high', 'low', 'close', 'volume'] as const).entries()) bars[name][n] = Number(fields[f]);
  });
  return bars;
}

async function fromBook(parts: RowsParts, series: RowsSeries, from: number, to: number): Promise<{ bars: BarColumns; sources: readonly string[] }> {
  const { symbol, timeframe, state } = series;
  // A stretch that ends with the newest bar is what everybody looks at.
  const isNewest = to > state.last;
  const known = isNewest ? await parts.hot.get(series, { source: sourceOf(state), from }) : null;
  if (known !== null) return { bars: barsBetween(parsed(known.rows), from, to), sources: known.sources };
  const [row = { rows: '', sources: [] }] = await parts.db.query<{ rows: string; sources: string[] }>(ROWS, [symbol, timeframe, from, to]);
  const bars = parsed(row.rows);
  // The state was asked before the rows: rows beyond it are of a newer one, and not kept under its name.
  if (isNewest && (bars.time.at(-1) ?? 0) <= state.last) await parts.hot.set(series, { source: sourceOf(state), from, rows: row.rows, sources: row.sources });
  return { bars, sources: row.sources };
}

/** The stored bars that open in [from, to), epoch ms. */
export async function readStoredBars(parts: RowsParts, series: RowsSeries, span: { readonly from: number; readonly to: number }): Promise<RowsFound> {
  const { from, to } = span;
  const inFiles = series.state.archives.filter((one) => !one.isInBook && monthStart(one.month, 1) > from && monthStart(one.month) < to);
  const book = await fromBook(parts, series, from, to);
  if (inFiles.length === 0) return { ...book, isFromArchive: false, missing: [] };
  const archived = await readArchivedSeries(parts.archiveFolder, inFiles, series);
  const old = barsBetween(archived.bars, from, to);
  return {
    bars: merged(book.bars, old), sources: [...new Set([...archived.sources, ...book.sources])].sort(), isFromArchive: old.time.length > 0, missing: archived.missing.map(({ why }) => why),
  };
}
