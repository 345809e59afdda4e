/** Back-fills and imports as the book has them. */
import * as z from 'zod';
import { backfillSeriesSchema, backfillViewSchema, importFileViewSchema, importViewSchema, type BackfillView, type ImportFileView, type ImportView } from '#app/contracts/bulk.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db } from '#chassis/db.ts';

const NAMES_TOLD = 200;

const SELECT_BACKFILLS = `
  SELECT b.backfill_id AS "backfillId", b.wanted_by AS "wantedBy", b.why, b.timeframe, b.from_time AS "from", b.to_time AS "to", b.state, b.stored, b.known, b.refused, b.pages, b.problem, b.waits_for AS "waitsFor",
    b.created_at AS "createdAt", b.started_at AS "startedAt", b.updated_at AS "updatedAt", b.ended_at AS "endedAt", s.series, s.done AS "seriesDone", s.unknown_total AS "unknownTotal",
    coalesce((SELECT array_agg(symbol ORDER BY symbol) FROM (SELECT symbol FROM data_ingestion.backfill_series u WHERE u.backfill_id = b.backfill_id AND u.state IN ('unknown', 'refused') ORDER BY symbol LIMIT ${NAMES_TOLD}) few), '{}') AS unknown,
    coalesce(s.fraction, 1) AS fraction
  FROM data_ingestion.backfills b CROSS JOIN LATERAL (
    SELECT count(*) AS series, count(*) FILTER (WHERE state <> 'waiting') AS done, count(*) FILTER (WHERE state IN ('unknown', 'refused')) AS unknown_total,
      avg(CASE WHEN state <> 'waiting' OR b.to_time = b.from_time THEN 1 ELSE least(1, greatest(0, extract(epoch FROM next_time - b.from_time) / extract(epoch FROM b.to_time - b.from_time))) END)::float8 AS fraction
    FROM data_ingestion.backfill_series WHERE backfill_id = b.backfill_id) s`;

/** Back-fills, newest first. */
export async function readBackfills(db: Db, limit: number): Promise<BackfillView[]> {
  const rows = await db.query(`${SELECT_BACKFILLS} ORDER BY b.created_at DESC, b.backfill_id LIMIT $1`, [limit]);
  return rows.map((row) => backfillViewSchema.parse(row));
}

/** One back-fill with its symbols: those that wait first. @throws AppError INPUT_INVALID when there is none of this id */
export async function readBackfill(db: Db, backfillId: string, limit: number): Promise<{ backfill: BackfillView; series: z.infer<typeof backfillSeriesSchema>[] }> {
  const [row] = await db.query(`${SELECT_BACKFILLS} WHERE b.backfill_id = $1`, [backfillId]);
  if (!row) throw new AppError('INPUT_INVALID', 'There is no such back-fill; the list shows those that are kept');
  const series = await db.query(
    `SELECT symbol, state, next_time AS next, stored, problem FROM data_ingestion.backfill_series WHERE backfill_id = $1 ORDER BY state IN ('unknown', 'refused') DESC, state = 'waiting' DESC, symbol COLLATE "C" LIMIT $2`, [backfillId, limit],
  );
  return { backfill: backfillViewSchema.parse(row), series: z.array(backfillSeriesSchema).parse(series) };
}

const SELECT_IMPORTS = `
  SELECT i.import_id AS "importId", i.wanted_by AS "wantedBy", i.wish, i.state, i.problem, i.quality, i.created_at AS "createdAt", i.started_at AS "startedAt", i.updated_at AS "updatedAt", i.ended_at AS "endedAt", i.refused_bytes AS "refusedBytes", f.*,
    (SELECT count(DISTINCT symbol || ' ' || coalesce(dialect->>'timeframe', '')) FROM data_ingestion.import_files x, unnest(x.symbols) AS symbol WHERE x.import_id = i.import_id)::integer AS series
  FROM data_ingestion.imports i CROSS JOIN LATERAL (
    SELECT count(*) AS "filesTotal", count(*) FILTER (WHERE state IN ('done', 'skipped', 'failed')) AS "filesDone", coalesce(sum(told_bytes), 0)::bigint AS "bytesTotal",
      coalesce(sum(CASE WHEN state IN ('done', 'skipped', 'failed') THEN told_bytes ELSE packed_done END), 0)::bigint AS "bytesDone", min(path) FILTER (WHERE state = 'running') AS current,
      coalesce(sum(rows), 0)::bigint AS rows, coalesce(sum(stored), 0)::bigint AS stored, coalesce(sum(known), 0)::bigint AS known, coalesce(sum(differing), 0)::bigint AS differing,
      coalesce(sum(replaced), 0)::bigint AS replaced, coalesce(sum(refused), 0)::bigint AS refused, coalesce(sum(actions), 0)::bigint AS actions
    FROM data_ingestion.import_files WHERE import_id = i.import_id) f`;

function importOf(row: Record<string, unknown>): ImportView {
  return importViewSchema.parse({ ...row, refusedFile: Number(row['refusedBytes']) > 0 ? `imports/${String(row['importId'])}/refused.csv` : null });
}

/** Imports, newest first. */
export async function readImports(db: Db, limit: number): Promise<ImportView[]> {
  return (await db.query(`${SELECT_IMPORTS} ORDER BY i.created_at DESC, i.import_id LIMIT $1`, [limit])).map(importOf);
}

/** One import with its files in order. @throws AppError INPUT_INVALID when there is none of this id */
export async function readImport(db: Db, importId: string, limit: number): Promise<{ import: ImportView; files: ImportFileView[] }> {
  const [row] = await db.query(`${SELECT_IMPORTS} WHERE i.import_id = $1`, [importId]);
  if (!row) throw new AppError('INPUT_INVALID', 'There is no such import; the list shows those that are kept');
  const files = await db.query(
    `SELECT path || coalesce(' > ' || entry, '') AS path, kind, dialect->>'preset' AS preset, dialect->>'timeframe' AS timeframe, dialect->>'timeZone' AS "timeZone", symbols[1:${NAMES_TOLD}] AS symbols, cardinality(symbols) AS "symbolsTotal", state,
       told_bytes AS bytes, CASE WHEN state IN ('done', 'skipped', 'failed') THEN told_bytes ELSE packed_done END AS "bytesDone", rows, stored, known, differing, replaced, refused, actions, problem, bad
     FROM data_ingestion.import_files WHERE import_id = $1 ORDER BY n LIMIT $2`, [importId, limit],
  );
  return { import: importOf(row), files: z.array(importFileViewSchema).parse(files) };
}
