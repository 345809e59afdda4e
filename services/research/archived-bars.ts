/** Bars of a series that lie in files of the archive, read where they lie. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { describeError, invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { merged } from './book-rows.ts';
import { readBarFileSeries } from './bar-parquet-read.ts';

/** What the ledger of archives says of a month (`YYYY-MM`) in one width; `*`: in all, in a file of the first form. `stamp`: when its state changed last, epoch seconds. */
export type ArchivedFile = {
  readonly month: string; readonly timeframe: Timeframe | '*'; readonly file: string; readonly sha256: string; readonly schemaVersion: number; readonly isInBook: boolean; readonly stamp: number;
};

/** What the files give of a series. `missing`: months of files that cannot be read, and why in words. */
export type ArchivedSeries = { readonly bars: BarColumns; readonly sources: readonly string[]; readonly missing: readonly { readonly month: string; readonly why: string }[] };

const LEDGER = `
  SELECT to_char(month, 'YYYY-MM') AS month, timeframe, file, sha256, schema_version AS "schemaVersion", state = 'restored' AS "isInBook", extract(epoch FROM coalesce(restored_at, archived_at))::bigint AS stamp
  FROM data_ingestion.archived_months WHERE timeframe = ANY($1::text[]) OR timeframe = '*' ORDER BY month, timeframe`;

/** The ledger's rows for some widths, oldest month first: those whose bars lie in a file, and those that were brought back. */
export function archivedFiles(book: Queryable, timeframes: readonly Timeframe[]): Promise<ArchivedFile[]> {
  return book.query<ArchivedFile & Record<string, unknown>>(LEDGER, [timeframes]);
}

const FIRST_FORM_FIELDS = 10;

/** A file of the first form holds a month in all widths as compressed text: it is read to the end of the series, which takes a second where a later one takes a millisecond. */
async function readFirstForm(file: string, { symbol, timeframe }: { readonly symbol: string; readonly timeframe: Timeframe }): Promise<{ bars: BarColumns; sources: string[] }> {
  const prefix = `${symbol},${timeframe},`;
  const rows: string[][] = [];
  let held = '';
  for await (const chunk of createReadStream(file).pipe(createGunzip()) as AsyncIterable<Buffer>) {
    const lines = (held + chunk.toString('utf8')).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith(prefix)) rows.push(line.split(','));
  }
  const bars = barColumns(rows.length);
  rows.forEach((fields, n) => {
    invariant(fields.length === FIRST_FORM_FIELDS, 'A row of the archive has another number of fields', { symbol });
    bars.time[n] = Date.parse(`${(fields[2] ?? '').replace(' ', 'T')}:00`);
    for (const [f, name] of (['open', 'high', 'low', 'close', 'volume'] as const).entries()) bars[name][n] = Number(fields[3 + f]);
  });
  return { bars, sources: [...new Set(rows.map((fields) => fields[8] ?? ''))] };
}

/** First instant of a month (UTC), epoch ms: months of bars are those of their tables. monthStart('1970-02') = 2678400000. */
export function monthStart(month: string, later = 0): number {
  const [year = NaN, number = NaN] = month.split('-').map(Number);
  return Date.UTC(year, number - 1 + later, 1);
}

/** Whether a month has a part in [from, to), epoch ms: bars that open then may lie in its file. */
export function isMonthWithin(month: string, from: number, to: number): boolean {
  return monthStart(month, 1) > from && monthStart(month) < to;
}

/** Reads a series out of the files of the archive, those that open in [from, to) where it is told (epoch ms; whole months). A file that cannot be read is told, and the others are read. */
export async function readArchivedSeries(folder: string, files: readonly ArchivedFile[], series: { readonly symbol: string; readonly timeframe: Timeframe; readonly from?: number; readonly to?: number }): Promise<ArchivedSeries> {
  let bars = barColumns(0);
  const sources = new Set<string>();
  const missing: { month: string; why: string }[] = [];
  const wanted = files.filter((one) => !one.isInBook && (one.timeframe === '*' || one.timeframe === series.timeframe) && isMonthWithin(one.month, series.from ?? -Infinity, series.to ?? Infinity));
  for (const { month, file, schemaVersion, sha256 } of wanted) {
    const place = path.join(folder, path.basename(file));
    try {
      const found = schemaVersion === 1 ? await readFirstForm(place, series) : await readBarFileSeries(place, series.symbol, sha256);
      if (found.bars.time.length > 0) bars = merged(found.bars, bars);
      for (const source of found.sources) sources.add(source);
    } catch (error) {
      missing.push({ month, why: `the archived bars of ${month} cannot be read (${describeError(error)})` });
    }
  }
  return { bars, sources: [...sources], missing };
}
