/** Stretches of stored bars, from the hot cache, the book and the files of the archive: whichever has them. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { monthStart, readArchivedSeries } from '../research/archived-bars.ts';
import { merged } from '../research/book-rows.ts';
import { barsBetween } from '../research/cache.ts';
import { sourceOf, type BookState } from '../research/cache-state.ts';
import { parseCsv } from '../research/csv.ts';
import type { HotBars } from './hot-bars.ts';

/** What reading works with. `archiveFolder`: where old months lie. */
export type RowsParts = { readonly db: Queryable; readonly hot: HotBars; readonly archiveFolder: string };
/** A series with its state. */
export type RowsSeries = { readonly symbol: string; readonly timeframe: Timeframe; readonly state: BookState };
/** Raw bars, what brought them, and what of them came from files. */
export type RowsFound = { readonly bars: BarColumns; readonly sources: readonly string[]; readonly isFromArchive: boolean; readonly missing: readonly string[] };

const OF_SERIES = 'FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time >= to_timestamp($3::bigint / 1000.0) AND open_time < to_timestamp($4::bigint / 1000.0)';
/** One text for all rows: a thousand objects cost more than their bars. Months outside the stretch are left out before anything is read. */
const ROWS = `
  SELECT (SELECT string_agg(concat_ws(',', (extract(epoch FROM open_time) * 1000)::bigint, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume)), E'\\n' ORDER BY open_time) ${OF_SERIES}) AS rows,
    ARRAY(SELECT source ${OF_SERIES} GROUP BY source ORDER BY source) AS sources`;
const HEADER = 'time,open,high,low,close,volume\n';

/** Rows as columns, null when the text is none of ours. */
function parsed(rows: string): BarColumns | null {
  if (rows === '') return barColumns(0);
  const { series, defects } = parseCsv(Buffer.from(`${HEADER}${rows}\n`), { areInstants: true });
  return defects.length > 0 ? null : (series[0]?.bars ?? barColumns(0));
}

async function fromBook(parts: RowsParts, series: RowsSeries, from: number, to: number): Promise<{ bars: BarColumns; sources: readonly string[] }> {
  const { symbol, timeframe, state } = series;
  // A stretch that ends with the newest bar is what everybody looks at.
  const isNewest = to > state.last;
  const known = isNewest ? await parts.hot.get(series, { source: sourceOf(state), from }) : null;
  const cached = known === null ? null : parsed(known.rows);
  if (known !== null && cached !== null) return { bars: barsBetween(cached, from, to), sources: known.sources };
  const [row] = await parts.db.query<{ rows: string | null; sources: string[] }>(ROWS, [symbol, timeframe, from, to]);
  const { rows, sources } = { rows: row?.rows ?? '', sources: row?.sources ?? [] };
  const bars = parsed(rows);
  invariant(bars !== null, 'The book holds bars that cannot be true', { symbol, timeframe });
  // The state was asked before the rows: rows beyond it are of a newer one, and not kept under its name.
  if (isNewest && (bars.time.at(-1) ?? 0) <= state.last) await parts.hot.set(series, { source: sourceOf(state), from, rows, sources });
  return { bars, sources };
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
