/** Old months of bars out of the book into files, and back: at any moment a bar is in the book or in a verified file. */
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions, type BulkTx } from '#chassis/db-bulk.ts';
import { BAR_FILE_NUMBERS, type BarFileShape } from '../research/bar-parquet.ts';
import { checkRoom, readArchive, readManifests, verifyArchive, writeArchive, type ArchiveClaim, type ArchiveManifest, type ArchiveUnit } from './archive-files.ts';
import { firstDay, inBook, ledgerOf, partitionOf, unitName, type LedgerRow } from './archive-ledger.ts';
import { forgetMonth } from './store.ts';

/** What archiving works with. `point`: named places between two effects, where a test may end it. */
export type ArchiveParts = { readonly db: Db; readonly bulk: BulkOptions; readonly folder: string; readonly point?: (name: string) => void | Promise<void> };

/** What became of a month in one width. `rows` and `bytes` of its file. Plain JSON. */
export type ArchivedMonth = ArchiveUnit & { readonly rows: number; readonly bytes: number; readonly sha256: string };
/** What bringing a month back came to: rows of its file, and how many of them the book lacked. */
export type RestoredMonth = ArchiveUnit & { readonly rows: number; readonly added: number };

/** A bar that comes, or is changed, between the export and the drop makes us export again; more than a few times means that somebody is filling the month. */
const MAX_EXPORTS = 3;

/** Rows as text that loses nothing: instants in microseconds, numbers without the zeros that their column adds. */
const ROWS = `symbol, timeframe, (extract(epoch FROM open_time) * 1000000)::bigint, trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume), source, (extract(epoch FROM ts_seen) * 1000000)::bigint`;
const COLUMNS = 'symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen';

async function sizeOf(book: Queryable, month: string): Promise<number> {
  const [row] = await book.query<{ bytes: number }>('SELECT pg_table_size($1::regclass) AS bytes', [partitionOf(month)]);
  return row?.bytes ?? 0;
}

/** The longest number of each column: what the file's columns must hold. */
async function shapeOf(tx: Queryable, month: string, timeframe: Timeframe): Promise<BarFileShape> {
  const columns = BAR_FILE_NUMBERS.map((name) => `coalesce(max(scale(trim_scale(${name}))), 0)::int AS ${name}_scale, length(trunc(coalesce(max(${name}), 0))::text) AS ${name}_whole`).join(', ');
  const [row = {}] = await tx.query<Record<string, number>>(`SELECT ${columns} FROM ${partitionOf(month)} WHERE timeframe = $1`, [timeframe]);
  const shape = (name: string): { scale: number; digits: number } => ({ scale: row[`${name}_scale`] ?? 0, digits: (row[`${name}_scale`] ?? 0) + (row[`${name}_whole`] ?? 1) });
  return { open: shape('open'), high: shape('high'), low: shape('low'), close: shape('close'), volume: shape('volume') };
}

/** Writes the file of one moment. `revisions`: changes of bars of this width up to that moment. */
async function exportUnit(parts: ArchiveParts, { month, timeframe }: { month: string; timeframe: Timeframe }): Promise<{ manifest: ArchiveManifest; revisions: number }> {
  return withBulkTx(parts.bulk, async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [counted] = await tx.query<{ revisions: number }>('SELECT coalesce(sum(revisions), 0)::bigint AS revisions FROM data_ingestion.ingestion_status WHERE timeframe = $1', [timeframe]);
    const shape = await shapeOf(tx, month, timeframe);
    const rows = (): AsyncIterable<Buffer> => tx.copyOut(`COPY (SELECT ${ROWS} FROM ${partitionOf(month)} WHERE timeframe = '${timeframe}' ORDER BY symbol COLLATE "C", open_time) TO STDOUT`);
    const manifest = await writeArchive(parts.folder, { month, timeframe }, { rows, shape });
    return { manifest, revisions: counted?.revisions ?? 0 };
  });
}

const NOTE_ARCHIVED = `
  INSERT INTO data_ingestion.archived_months (month, timeframe, file, rows, bytes, sha256, content_sha256, schema_version, state) VALUES ($1::date, $2, $3, $4, $5, $6, $7, $8, 'archived')
  ON CONFLICT (month, timeframe) DO UPDATE SET file = excluded.file, rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256, content_sha256 = excluded.content_sha256,
    schema_version = excluded.schema_version, state = 'archived', archived_at = clock_timestamp(), restored_at = NULL`;

function ledgerValues(unit: ArchiveUnit, claim: ArchiveClaim & { readonly bytes: number }): unknown[] {
  return [firstDay(unit.month), unit.timeframe, claim.file, claim.rows, claim.bytes, claim.sha256, claim.contentSha256, claim.schemaVersion];
}

/** Writes the ledger's row and takes the bars out of the book in one transaction. Returns the rows that were found there, -1 when some were changed meanwhile; other than those of the file: nothing was done. */
async function drop(parts: ArchiveParts, manifest: ArchiveManifest, revisions: number): Promise<number> {
  const outcome = { found: -1 };
  class Undo extends Error {}
  try {
    await withBulkTx(parts.bulk, async (tx) => {
      await tx.query(NOTE_ARCHIVED, ledgerValues(manifest, manifest));
      const [row] = await tx.query<{ found: number }>('SELECT data_ingestion.drop_bars($1::date, $2, $3::bigint, $4::bigint) AS found', [firstDay(manifest.month), manifest.timeframe, manifest.rows, revisions]);
      outcome.found = row?.found ?? -1;
      await parts.point?.('archive:before commit');
      if (outcome.found !== manifest.rows) throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return outcome.found;
}

/**
 * Puts a month in one width away: file, manifest, reading back, then ledger and drop together. Safe to repeat from any point.
 * @throws AppError DATA_FOLDER_FULL, ARCHIVE_DAMAGED; VERSION_CONFLICT (try again) while the month is being read or written
 */
export async function archiveUnit(given: ArchiveParts, unit: { readonly month: string; readonly timeframe: Timeframe }): Promise<ArchivedMonth> {
  const parts: Required<ArchiveParts> = { ...given, point: given.point ?? crashPoint };
  const { month, timeframe } = unit;
  const known = await ledgerOf(parts.db, unit);
  if (!(await inBook(parts.db, unit))) {
    if (known?.state === 'archived') return { month, timeframe, rows: known.rows, bytes: known.bytes, sha256: known.sha256 };
    throw new AppError('FLOW_INPUT_INVALID', `The book has no bars of ${unitName(unit)}`);
  }
  // Late bars came after the month had been put away: the file and they belong together before a new file takes its place.
  if (known?.state === 'archived') await restoreUnit(parts, unit);
  else if ((await ledgerOf(parts.db, { month, timeframe: '*' }))?.state === 'archived') await restoreUnit(parts, { month, timeframe: '*' });
  for (let attempt = 1; attempt <= MAX_EXPORTS; attempt += 1) {
    await checkRoom(parts.folder, await sizeOf(parts.db, month));
    const { manifest, revisions } = await exportUnit(parts, unit);
    await parts.point('archive:file written');
    await verifyArchive(parts.folder, manifest);
    await parts.point('archive:file verified');
    forgetMonth(month);
    const found = await drop(parts, manifest, revisions);
    // Bars that were known already may have named the month again while the drop waited for its lock.
    forgetMonth(month);
    if (found === manifest.rows) {
      await parts.point('archive:dropped');
      return { month, timeframe, rows: manifest.rows, bytes: manifest.bytes, sha256: manifest.sha256 };
    }
  }
  throw new AppError('VERSION_CONFLICT', `Bars of ${unitName(unit)} keep coming in while it is put away; it is tried again later`);
}

/**
 * The bars that the book lacks, and what its series are told of them. $1: whether they were counted when they came first: then those that came a second time while the month lay in its file
 * were counted twice, and are counted once again. A series that the book does not know begins with what came back. The order is everyone's: bars, then series by their names.
 */
const PUT = `
  WITH put AS (INSERT INTO data_ingestion.market_data (${COLUMNS}) SELECT ${COLUMNS} FROM incoming ON CONFLICT DO NOTHING RETURNING symbol, timeframe),
    added AS (SELECT symbol, timeframe, count(*) AS bars FROM put GROUP BY 1, 2),
    told AS (SELECT symbol, timeframe, count(*) AS bars, min(open_time) AS first, max(open_time) AS last, (array_agg(close ORDER BY open_time DESC))[1] AS close, max(ts_seen) AS seen FROM incoming GROUP BY 1, 2),
    noted AS (
      INSERT INTO data_ingestion.ingestion_status AS s (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time)
      SELECT t.symbol, t.timeframe, t.last, t.close, coalesce(a.bars, 0) - CASE WHEN $1 AND k.symbol IS NOT NULL THEN t.bars ELSE 0 END, t.seen, t.first
      FROM told t LEFT JOIN added a USING (symbol, timeframe) LEFT JOIN data_ingestion.ingestion_status k USING (symbol, timeframe) ORDER BY t.symbol COLLATE "C", t.timeframe
      ON CONFLICT (symbol, timeframe) DO UPDATE SET
        last_close = CASE WHEN excluded.last_open_time > s.last_open_time THEN excluded.last_close ELSE s.last_close END,
        last_open_time = greatest(s.last_open_time, excluded.last_open_time), first_open_time = least(s.first_open_time, excluded.first_open_time),
        bars_total = greatest(0, s.bars_total + excluded.bars_total))
  SELECT coalesce(sum(bars), 0)::bigint AS added FROM added`;
/** A bar that came again while its month lay in the file, and differs: the book's counts, for readers of the file too; what the file had is written down here. */
const NOTE_DIFFERING = `
  INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail)
  SELECT m.symbol, m.timeframe, m.open_time, 'bar_replaced', jsonb_build_object('file', $1::text,
      'before', jsonb_build_object('source', i.source, 'open', trim_scale(i.open)::text, 'high', trim_scale(i.high)::text, 'low', trim_scale(i.low)::text, 'close', trim_scale(i.close)::text, 'volume', trim_scale(i.volume)::text),
      'after', jsonb_build_object('source', m.source, 'open', trim_scale(m.open)::text, 'high', trim_scale(m.high)::text, 'low', trim_scale(m.low)::text, 'close', trim_scale(m.close)::text, 'volume', trim_scale(m.volume)::text))
  FROM incoming i JOIN data_ingestion.market_data m ON m.symbol = i.symbol AND m.timeframe = i.timeframe AND m.open_time = i.open_time
  WHERE m.open_time >= $2::date::timestamp AT TIME ZONE 'UTC' AND m.open_time < ($2::date + interval '1 month') AT TIME ZONE 'UTC' AND (m.open, m.high, m.low, m.close, m.volume) IS DISTINCT FROM (i.open, i.high, i.low, i.close, i.volume)`;

async function fill(tx: BulkTx, folder: string, { month, claim, isCounted }: { month: string; claim: ArchiveClaim; isCounted: boolean }): Promise<{ rows: number; added: number }> {
  await tx.query('SELECT data_ingestion.ensure_month($1::date)', [firstDay(month)]);
  if (claim.schemaVersion === 1) {
    await tx.query(`CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT ${COLUMNS} FROM data_ingestion.market_data WITH NO DATA`);
    await readArchive(folder, claim, tx.copyIn(`COPY incoming (${COLUMNS}) FROM STDIN WITH (FORMAT csv, HEADER match)`));
  } else {
    await tx.query('CREATE TEMPORARY TABLE told (symbol text, timeframe text, open_us bigint, open numeric, high numeric, low numeric, close numeric, volume numeric, source text, seen_us bigint) ON COMMIT DROP');
    await readArchive(folder, claim, tx.copyIn('COPY told FROM STDIN'));
    await tx.query(`CREATE TEMPORARY VIEW incoming AS SELECT symbol, timeframe, timestamptz 'epoch' + open_us * interval '1 microsecond' AS open_time, open, high, low, close, volume, source, timestamptz 'epoch' + seen_us * interval '1 microsecond' AS ts_seen FROM told`);
  }
  const [counted] = await tx.query<{ rows: number }>('SELECT count(*) AS rows FROM incoming');
  const [written] = await tx.query<{ added: number }>(PUT, [isCounted]);
  const { rows, added } = { rows: counted?.rows ?? 0, added: written?.added ?? 0 };
  if (added < rows) await tx.query(NOTE_DIFFERING, [claim.file, firstDay(month)]);
  return { rows, added };
}

/** What the ledger says, or the manifest beside the file where a book was set up anew and knows no archives. @throws AppError FLOW_INPUT_INVALID */
async function claimOf(parts: ArchiveParts, unit: ArchiveUnit, known: LedgerRow | null): Promise<ArchiveClaim & { readonly bytes: number }> {
  if (known) return { file: known.file, rows: known.rows, bytes: known.bytes, sha256: known.sha256, contentSha256: known.content_sha256, schemaVersion: known.schema_version };
  const manifest = (await readManifests(parts.folder, unit.month)).find((one) => one.timeframe === unit.timeframe);
  if (!manifest) throw new AppError('FLOW_INPUT_INVALID', `There is no archive of ${unitName(unit)}`);
  return manifest;
}

/**
 * Brings a month in one width back from its file (`*`: a file of the first form, with all widths): all of its rows in one transaction, beside those that are there.
 * Nothing is told to strategies: it is history. Safe to repeat. @throws AppError ARCHIVE_DAMAGED, FLOW_INPUT_INVALID when there is no file of the month
 */
export async function restoreUnit(given: ArchiveParts, unit: ArchiveUnit): Promise<RestoredMonth> {
  const parts: Required<ArchiveParts> = { ...given, point: given.point ?? crashPoint };
  const { month, timeframe } = unit;
  const known = await ledgerOf(parts.db, unit);
  if (known?.state === 'restored' && (await inBook(parts.db, unit))) return { month, timeframe, rows: known.rows, added: 0 };
  const claim = await claimOf(parts, unit, known);
  await verifyArchive(parts.folder, claim);
  return withBulkTx(parts.bulk, async (tx) => {
    const { rows, added } = await fill(tx, parts.folder, { month, claim, isCounted: known?.state === 'archived' });
    if (rows !== claim.rows) throw new AppError('ARCHIVE_DAMAGED', `The archive of ${unitName(unit)} gave ${rows} rows instead of ${claim.rows}; nothing was changed`);
    await tx.query(
      `INSERT INTO data_ingestion.archived_months (month, timeframe, file, rows, bytes, sha256, content_sha256, schema_version, state, restored_at) VALUES ($1::date, $2, $3, $4, $5, $6, $7, $8, 'restored', clock_timestamp())
       ON CONFLICT (month, timeframe) DO UPDATE SET state = 'restored', restored_at = clock_timestamp()`,
      ledgerValues(unit, claim),
    );
    await parts.point('restore:before commit');
    return { month, timeframe, rows, added };
  });
}

/** Which files there are of a month, by the ledger, else by the manifests. */
export async function filesOfMonth(parts: Pick<ArchiveParts, 'db' | 'folder'>, month: string): Promise<ArchiveUnit[]> {
  const rows = await parts.db.query<{ timeframe: ArchiveUnit['timeframe'] }>('SELECT timeframe FROM data_ingestion.archived_months WHERE month = $1::date ORDER BY 1', [firstDay(month)]);
  const found = new Set([...rows.map((row) => row.timeframe), ...(rows.length > 0 ? [] : (await readManifests(parts.folder, month)).map((manifest) => manifest.timeframe))]);
  // A file of the first form is older than those beside it: what they hold is put in first, and stays.
  return [...found].sort((a, b) => Number(a === '*') - Number(b === '*')).map((timeframe) => ({ month, timeframe }));
}
