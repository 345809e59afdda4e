/** Old months of bars out of the book into files, and back: at any moment a bar is in the book or in a verified file. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions, type BulkTx } from '#chassis/db-bulk.ts';
import { ARCHIVE_COLUMNS, ARCHIVE_SCHEMA_VERSION, checkRoom, readArchive, readManifest, verifyArchive, writeArchive, type ArchiveClaim } from './archive-files.ts';
import { forgetMonth } from './store.ts';

/** What archiving works with. `point`: named places between two effects, where a test may end it. */
export type ArchiveParts = { readonly db: Db; readonly bulk: BulkOptions; readonly folder: string; readonly point?: (name: string) => void | Promise<void> };

/** What became of a month. `rows` and `bytes` of its file. Plain JSON. */
export type ArchivedMonth = { readonly month: string; readonly rows: number; readonly bytes: number; readonly sha256: string };
/** What bringing a month back came to: rows of its file, and how many of them the book lacked. */
export type RestoredMonth = { readonly month: string; readonly rows: number; readonly added: number };

type LedgerRow = { file: string; rows: number; bytes: number; sha256: string; schema_version: number; state: 'archived' | 'restored'; restored_at: number | null };

const COLUMNS = ARCHIVE_COLUMNS.join(', ');
/** A bar that comes between the export and the drop makes us export again; more than a few times means that somebody is filling the month. */
const MAX_EXPORTS = 3;
/** Whoever asks for a month by name may not take those on which strategies warm up. */
const YOUNGEST_MONTHS_KEPT = 2;

const firstDay = (month: string): string => `${month}-01`;
const partitionOf = (month: string): string => `data_ingestion.market_data_${month.replace('-', '_')}`;

/** Months since year 0, for arithmetic. monthIndex('2024-01') = 24288. */
function monthIndex(month: string): number {
  const [year = NaN, number = NaN] = month.split('-').map(Number);
  invariant(Number.isInteger(year) && number >= 1 && number <= 12, 'A month reads YYYY-MM', { month });
  return year * 12 + number - 1;
}

async function ledgerOf(book: Queryable, month: string): Promise<LedgerRow | null> {
  const [row] = await book.query<LedgerRow>('SELECT file, rows, bytes, sha256, schema_version, state, restored_at FROM data_ingestion.archived_months WHERE month = $1::date', [firstDay(month)]);
  return row ?? null;
}

async function isInBook(book: Queryable, month: string): Promise<boolean> {
  const [row] = await book.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [partitionOf(month)]);
  return row?.found === true;
}

/** Which months to put away. */
export type ArchiveWish = { readonly keepMonths: number; readonly keepRestoredDays: number; readonly months: readonly string[] | null };

/**
 * The months of the book that are due, oldest first: those that lie more than `keepMonths` before the newest stored bar and were not brought back in the
 * last `keepRestoredDays`; or the named ones. The newest bar, not the wall clock, is the present: a replay of old days is not put away at once.
 * @throws AppError FLOW_INPUT_INVALID when a named month is too young
 */
export async function monthsToArchive(book: Queryable, wish: ArchiveWish): Promise<string[]> {
  const [newest] = await book.query<{ month: string | null }>(`SELECT to_char(max(last_open_time), 'YYYY-MM') AS month FROM data_ingestion.ingestion_status`);
  if (!newest?.month) return [];
  const present = monthIndex(newest.month);
  if (wish.months !== null) {
    const young = wish.months.find((month) => present - monthIndex(month) < YOUNGEST_MONTHS_KEPT);
    if (young !== undefined) throw new AppError('FLOW_INPUT_INVALID', `${young} is too young to be archived: strategies and charts need the newest two months`);
    return [...new Set(wish.months)].sort();
  }
  const rows = await book.query<{ month: string; is_fresh: boolean }>(
    `SELECT replace(substring(c.relname FROM 'market_data_([12][0-9]{3}_(0[1-9]|1[0-2]))$'), '_', '-') AS month,
       coalesce(a.state = 'restored' AND a.restored_at > clock_timestamp() - make_interval(days => $1), false) AS is_fresh
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       LEFT JOIN data_ingestion.archived_months a ON a.month = to_date(substring(c.relname FROM 'market_data_([12][0-9]{3}_(0[1-9]|1[0-2]))$'), 'YYYY_MM')
     WHERE i.inhparent = 'data_ingestion.market_data'::regclass AND c.relname ~ '^market_data_\\d{4}_\\d{2}$' ORDER BY 1`, [wish.keepRestoredDays],
  );
  return rows.filter((row) => !row.is_fresh && present - monthIndex(row.month) > wish.keepMonths).map((row) => row.month);
}

/** The named months that are in files, or all of them. */
export async function monthsToRestore(book: Queryable, months: readonly string[] | null): Promise<string[]> {
  if (months !== null) return [...months].sort();
  const rows = await book.query<{ month: string }>(`SELECT to_char(month, 'YYYY-MM') AS month FROM data_ingestion.archived_months WHERE state = 'archived' ORDER BY 1`);
  return rows.map((row) => row.month);
}

async function sizeOf(book: Queryable, month: string): Promise<number> {
  const [row] = await book.query<{ bytes: number }>('SELECT pg_table_size($1::regclass) AS bytes', [partitionOf(month)]);
  return row?.bytes ?? 0;
}

/** Writes the ledger's row and takes the month out of the book in one transaction. Returns the rows that were found there; other than `claim.rows`: nothing was done. */
async function drop(parts: ArchiveParts, month: string, claim: ArchivedMonth & ArchiveClaim): Promise<number> {
  const outcome = { found: -1 };
  class Undo extends Error {}
  try {
    await withBulkTx(parts.bulk, async (tx) => {
      await tx.query(
        `INSERT INTO data_ingestion.archived_months (month, file, rows, bytes, sha256, schema_version, state) VALUES ($1::date, $2, $3, $4, $5, $6, 'archived')
         ON CONFLICT (month) DO UPDATE SET file = excluded.file, rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256,
           schema_version = excluded.schema_version, state = 'archived', archived_at = clock_timestamp(), restored_at = NULL`,
        [firstDay(month), claim.file, claim.rows, claim.bytes, claim.sha256, claim.schemaVersion],
      );
      const [row] = await tx.query<{ found: number }>('SELECT data_ingestion.drop_month($1::date, $2::bigint) AS found', [firstDay(month), claim.rows]);
      outcome.found = row?.found ?? -1;
      await parts.point?.('archive:before commit');
      if (outcome.found !== claim.rows) throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return outcome.found;
}

/**
 * Puts a month away: file, manifest, reading back, then ledger and drop together. Safe to repeat from any point.
 * @throws AppError DATA_FOLDER_FULL, ARCHIVE_DAMAGED; VERSION_CONFLICT (try again) while the month is being read or written
 */
export async function archiveMonth(given: ArchiveParts, month: string): Promise<ArchivedMonth> {
  const parts = { ...given, point: given.point ?? crashPoint };
  const known = await ledgerOf(parts.db, month);
  if (!(await isInBook(parts.db, month))) {
    if (known?.state === 'archived') return { month, rows: known.rows, bytes: known.bytes, sha256: known.sha256 };
    throw new AppError('FLOW_INPUT_INVALID', `The book has no bars of ${month}`);
  }
  // Late bars came after the month had been put away: the file and they belong together before a new file takes its place.
  if (known?.state === 'archived') await restoreMonth(parts, month);
  for (let attempt = 1; attempt <= MAX_EXPORTS; attempt += 1) {
    await checkRoom(parts.folder, await sizeOf(parts.db, month));
    const manifest = await withBulkTx(parts.bulk, (tx) => writeArchive(parts.folder, month, tx.copyOut(`COPY (SELECT ${COLUMNS} FROM ${partitionOf(month)} ORDER BY symbol, timeframe, open_time) TO STDOUT WITH (FORMAT csv, HEADER true)`)));
    await parts.point('archive:file written');
    await verifyArchive(parts.folder, manifest);
    await parts.point('archive:file verified');
    forgetMonth(month);
    const found = await drop(parts, month, manifest);
    // Bars that were known already may have named the month again while the drop waited for its lock.
    forgetMonth(month);
    if (found === manifest.rows) {
      await parts.point('archive:dropped');
      return { month, rows: manifest.rows, bytes: manifest.bytes, sha256: manifest.sha256 };
    }
  }
  throw new AppError('VERSION_CONFLICT', `Bars of ${month} keep coming in while it is put away; it is tried again later`);
}

async function fill(tx: BulkTx, folder: string, month: string, file: string): Promise<{ rows: number; added: number }> {
  await tx.query('SELECT data_ingestion.ensure_month($1::date)', [firstDay(month)]);
  await tx.query(`CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT ${COLUMNS} FROM data_ingestion.market_data WITH NO DATA`);
  await readArchive(folder, file, tx.copyIn(`COPY incoming (${COLUMNS}) FROM STDIN WITH (FORMAT csv, HEADER match)`));
  const [counted] = await tx.query<{ rows: number }>('SELECT count(*) AS rows FROM incoming');
  const [written] = await tx.query<{ added: number }>(`WITH put AS (INSERT INTO data_ingestion.market_data (${COLUMNS}) SELECT ${COLUMNS} FROM incoming ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) AS added FROM put`);
  return { rows: counted?.rows ?? 0, added: written?.added ?? 0 };
}

/**
 * Brings a month back from its file: all of its rows in one transaction, beside those that are there. Nothing is told to strategies: it is history. Safe to repeat.
 * @throws AppError ARCHIVE_DAMAGED, FLOW_INPUT_INVALID when there is no file of the month
 */
export async function restoreMonth(given: ArchiveParts, month: string): Promise<RestoredMonth> {
  const parts = { ...given, point: given.point ?? crashPoint };
  const known = await ledgerOf(parts.db, month);
  if (known?.state === 'restored' && (await isInBook(parts.db, month))) return { month, rows: known.rows, added: 0 };
  // A book that was set up anew knows no archives: the manifest beside the file speaks for it.
  const claim = known ? { file: known.file, rows: known.rows, bytes: known.bytes, sha256: known.sha256, schemaVersion: known.schema_version } : await readManifest(parts.folder, month);
  if (!claim) throw new AppError('FLOW_INPUT_INVALID', `There is no archive of ${month}`);
  await verifyArchive(parts.folder, claim);
  return withBulkTx(parts.bulk, async (tx) => {
    const { rows, added } = await fill(tx, parts.folder, month, claim.file);
    if (rows !== claim.rows) throw new AppError('ARCHIVE_DAMAGED', `The archive of ${month} gave ${rows} rows instead of ${claim.rows}; nothing was changed`);
    await tx.query(
      `INSERT INTO data_ingestion.archived_months (month, file, rows, bytes, sha256, schema_version, state, restored_at) VALUES ($1::date, $2, $3, $4, $5, $6, 'restored', clock_timestamp())
       ON CONFLICT (month) DO UPDATE SET state = 'restored', restored_at = clock_timestamp()`,
      [firstDay(month), claim.file, claim.rows, claim.bytes, claim.sha256, ARCHIVE_SCHEMA_VERSION],
    );
    await parts.point('restore:before commit');
    return { month, rows, added };
  });
}

const FORGET_BATCH = 10_000;
const MAX_FORGET_BATCHES = 100;

/** Removes findings and validations older than so many months, in batches. Returns how many rows went. */
export async function forgetFindings(db: Db, keepMonths: number, signal: AbortSignal): Promise<number> {
  let gone = 0;
  for (let round = 0; round < MAX_FORGET_BATCHES && !signal.aborted; round += 1) {
    const rows = await db.query(
      `DELETE FROM data_ingestion.data_quality_logs WHERE id IN (SELECT id FROM data_ingestion.data_quality_logs WHERE at < clock_timestamp() - make_interval(months => $1) ORDER BY at LIMIT $2) RETURNING 1`,
      [keepMonths, FORGET_BATCH],
    );
    gone += rows.length;
    if (rows.length < FORGET_BATCH) break;
  }
  await db.query('DELETE FROM data_ingestion.quality_runs WHERE at < clock_timestamp() - make_interval(months => $1)', [keepMonths]);
  return gone;
}
