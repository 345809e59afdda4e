/** Where bars lie and how much room they take: from the catalogue and the ledgers, no table is counted. */
import { readdir, statfs } from 'node:fs/promises';
import type { StorageView } from '#app/contracts/storage.ts';
import { TIMEFRAMES, type Timeframe } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { DEFAULT_RETENTION } from './archive-ledger.ts';

/** What the view is made of. `hot`: reads of newest bars that Redis answered, and those it could not. */
export type StorageParts = { readonly db: Queryable; readonly archiveFolder: string; readonly dataFolder: string; readonly now: () => number; readonly hot: () => StorageView['hot'] };

type MonthRow = { month: string; rows: number; bytes: number; widths: string[] | null; freqs: number[] | null; is_ahead: boolean };

/** Tables of months with the server's own estimates. pg_stats tells which share of a table each width has, when the table was looked at. */
const MONTHS = `
  SELECT replace(substring(c.relname FROM 'market_data_(.*)$'), '_', '-') AS month, greatest(c.reltuples, -1)::bigint AS rows, pg_total_relation_size(c.oid) AS bytes,
    s.most_common_vals::text::text[] AS widths, s.most_common_freqs AS freqs,
    to_date(substring(c.relname FROM 'market_data_(.*)$'), 'YYYY_MM') > coalesce((SELECT max(last_open_time) FROM data_ingestion.ingestion_status), clock_timestamp()) AS is_ahead
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid LEFT JOIN pg_stats s ON s.schemaname = 'data_ingestion' AND s.tablename = c.relname AND s.attname = 'timeframe'
  WHERE i.inhparent = 'data_ingestion.market_data'::regclass AND c.relname ~ '^market_data_\\d{4}_\\d{2}$' ORDER BY 1`;
const WIDTHS = `
  SELECT timeframe, count(*) AS series, sum(bars_total)::bigint AS bars, min(first_open_time) AS "firstOpen", max(last_open_time) AS "lastOpen" FROM data_ingestion.ingestion_status WHERE bars_total > 0 GROUP BY timeframe`;
const FILES = `
  SELECT to_char(month, 'YYYY-MM') AS month, timeframe, file, rows, bytes, state, archived_at AS "archivedAt", restored_at AS "restoredAt", schema_version >= 2 AS "isParquet" FROM data_ingestion.archived_months ORDER BY month DESC, timeframe`;

function monthOf({ month, rows, bytes, widths, freqs, is_ahead: isAhead }: MonthRow): StorageView['months'][number] {
  const byTimeframe = rows < 0 ? [] : TIMEFRAMES.flatMap((timeframe) => {
    const share = freqs?.[widths?.indexOf(timeframe) ?? -1];
    return share === undefined ? [] : [{ timeframe, rows: Math.round(share * rows) }];
  });
  return { month, rows: rows < 0 ? null : rows, bytes, byTimeframe, isAhead: isAhead };
}

/** A folder that is not there yet holds nothing. */
async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return new Set();
    throw error;
  }
}

/** The view. @throws system errors when the disk cannot be asked */
export async function readStorage(parts: StorageParts): Promise<StorageView> {
  const began = performance.now();
  const { db, archiveFolder, dataFolder } = parts;
  type Width = { timeframe: Timeframe; series: number; bars: number; firstOpen: number | null; lastOpen: number | null };
  type File = Omit<StorageView['files'][number], 'isPresent'>;
  const [months, widths, files, names, disk] = await Promise.all([db.query<MonthRow>(MONTHS), db.query<Width>(WIDTHS), db.query<File>(FILES), namesIn(archiveFolder), statfs(dataFolder)]);
  const archived = files.filter(({ state }) => state === 'archived');
  const sum = <T>(rows: readonly T[], of: (row: T) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const known = months.filter(({ rows }) => rows >= 0);
  return {
    at: parts.now(), months: months.map(monthOf), files: files.map((file) => ({ ...file, isPresent: names.has(file.file) })),
    widths: TIMEFRAMES.map((timeframe) => {
      const own = archived.filter((file) => file.timeframe === timeframe);
      const { series = 0, bars = 0, firstOpen = null, lastOpen = null } = widths.find((width) => width.timeframe === timeframe) ?? {};
      return { timeframe, series, bars, firstOpen, lastOpen, archivedRows: sum(own, ({ rows }) => rows), archivedBytes: sum(own, ({ bytes }) => bytes), keepMonths: DEFAULT_RETENTION[timeframe] };
    }),
    book: { bytes: sum(months, ({ bytes }) => bytes), rows: known.length === 0 ? null : sum(known, ({ rows }) => rows) }, archive: { folder: archiveFolder, bytes: sum(files, ({ bytes }) => bytes), rows: sum(archived, ({ rows }) => rows) },
    disk: { freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize }, hot: parts.hot(), tookMs: performance.now() - began,
  };
}
