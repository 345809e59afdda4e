/** Stretches of stored bars, newest first and in pieces, from the hot cache, the book and the files of the archive: whichever has them. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { isMonthWithin, monthStart, readArchivedSeries } from '../research/archived-bars.ts';
import { TEXT_SHIFT_MS, joined, merged, unshifted } from '../research/book-rows.ts';
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
  WITH newest AS MATERIALIZED (SELECT open_time, open, high, low, close, volume, source ${OF_SERIES} ORDER BY open_time DESC LIMIT $5)
  SELECT (SELECT string_agg(concat_ws(',', (extract(epoch FROM open_time) * 1000)::bigint + ${TEXT_SHIFT_MS}, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume)), E'\\n' ORDER BY open_time) FROM newest) AS rows,
    ARRAY(SELECT DISTINCT source FROM newest ORDER BY source) AS sources`;
const HEADER = 'time,open,high,low,close,volume\n';
/** Bars of one piece: some milliseconds of this thread, which takes in the live ones between two pieces. */
const PIECE_BARS = 6_000;

const breath = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Rows as columns, null when the text is none of ours. */
function parsed(rows: string): BarColumns | null {
  if (rows === '') return barColumns(0);
  const { series, defects } = parseCsv(Buffer.from(`${HEADER}${rows}\n`), { areInstants: true });
  return defects.length > 0 ? null : unshifted(series[0]?.bars ?? barColumns(0));
}

type Span = { readonly from: number; readonly to: number };
type BookPiece = { readonly bars: BarColumns; readonly sources: readonly string[] };

async function* bookPieces(parts: RowsParts, series: RowsSeries, { from, to }: Span): AsyncGenerator<BookPiece> {
  const { symbol, timeframe, state } = series;
  // A stretch that ends with the newest bar is what everybody looks at.
  const isNewest = to > state.last;
  const known = isNewest ? await parts.hot.get(series, { source: sourceOf(state), from }) : null;
  const cached = known === null ? null : parsed(known.rows);
  if (known !== null && cached !== null) {
    yield { bars: barsBetween(cached, from, to), sources: known.sources };
    return;
  }
  for (let end = to; ; ) {
    const [row] = await parts.db.query<{ rows: string | null; sources: string[] }>(ROWS, [symbol, timeframe, from, end, PIECE_BARS]);
    const { rows, sources } = { rows: row?.rows ?? '', sources: row?.sources ?? [] };
    const bars = parsed(rows);
    invariant(bars !== null, 'The book holds bars that cannot be true', { symbol, timeframe });
    const isAll = bars.time.length < PIECE_BARS;
    // The state was asked before the rows: rows beyond it are of a newer one, and not kept under its name.
    if (isNewest && isAll && end === to && (bars.time.at(-1) ?? 0) <= state.last) await parts.hot.set(series, { source: sourceOf(state), from, rows, sources });
    yield { bars, sources };
    if (isAll) return;
    end = bars.time[0] ?? from;
    await breath();
  }
}

/** A month of which bars lie in a file, with what the book has of it. */
async function monthPiece(parts: RowsParts, series: RowsSeries, { month, span }: { readonly month: string; readonly span: Span }): Promise<RowsFound> {
  const archived = await readArchivedSeries(parts.archiveFolder, series.state.archives.filter((one) => one.month === month), series);
  const old = barsBetween(archived.bars, span.from, span.to);
  const book: BookPiece[] = [];
  for await (const piece of bookPieces(parts, series, span)) book.unshift(piece);
  const sources = new Set([...(old.time.length > 0 ? archived.sources : []), ...book.flatMap((piece) => piece.sources)]);
  return { bars: merged(joined(book.map(({ bars }) => bars)), old), sources: [...sources], isFromArchive: old.time.length > 0, missing: archived.missing.map(({ why }) => why) };
}

/** The stored bars that open in [from, to), epoch ms: newest piece first, so that whoever has enough can stop. Between two pieces others have their turn. */
export async function* storedPieces(parts: RowsParts, series: RowsSeries, { from, to }: Span): AsyncGenerator<RowsFound> {
  const inFiles = series.state.archives.filter((one) => !one.isInBook && isMonthWithin(one.month, from, to));
  let end = to;
  const fromBook = async function* (since: number): AsyncGenerator<RowsFound> {
    if (since < end) for await (const piece of bookPieces(parts, series, { from: since, to: end })) yield { ...piece, isFromArchive: false, missing: [] };
  };
  for (const month of [...new Set(inFiles.map((one) => one.month))].sort().reverse()) {
    const next = Math.min(end, monthStart(month, 1));
    yield* fromBook(next);
    end = Math.max(from, monthStart(month));
    yield await monthPiece(parts, series, { month, span: { from: end, to: next } });
    await breath();
  }
  yield* fromBook(from);
}
