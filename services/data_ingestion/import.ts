/** Imports as the book knows them: wanted, with their files. The lane that carries them out is import-lane.ts. */
import type { ImportPreview, ImportWish } from '#app/contracts/bulk.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import { collectSources, type ImportSource } from './import-files.ts';
import { previewSource } from './import-read.ts';

const SHOWN_FILES = 50;
/** Files that are looked into for a preview; of more it is said how many there are. */
const LOOKED_FILES = 200;

function checkWish(wish: ImportWish, sources: readonly ImportSource[]): void {
  if (wish.symbol !== undefined && sources.length > 1) throw new AppError('INPUT_INVALID', `${sources.length} files cannot all be of ${wish.symbol}. Name one file, or leave the symbol out`);
  if (wish.preset === 'custom' && wish.mapping === undefined) throw new AppError('INPUT_INVALID', 'The preset "custom" needs a mapping that says what the columns are');
}

/** How files would be read. Writes nothing. @throws AppError INPUT_INVALID for paths that cannot be read */
export async function previewImport(wish: ImportWish): Promise<ImportPreview> {
  const sources = await collectSources(wish.paths);
  checkWish(wish, sources);
  const files: ImportPreview['files'] = [];
  let usable = 0;
  for (const source of sources.slice(0, LOOKED_FILES)) {
    const file = await previewSource(source, wish);
    if (file.problem === null && file.kind !== 'other') usable += 1;
    files.push(file);
  }
  // What needs a person comes first.
  files.sort((a, b) => Number(b.problem !== null) - Number(a.problem !== null));
  return { files: files.slice(0, SHOWN_FILES), filesTotal: sources.length, bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0), usable };
}

/** Writes an import down with the files that there are now; the lane takes it up by itself. Asking twice under a key is asking once. @throws AppError INPUT_INVALID for paths that cannot be read */
export async function wantImport(db: Queryable, wish: ImportWish, asked: { readonly key: string; readonly wantedBy: string }): Promise<string> {
  const importId = `import-${asked.key}`;
  const [known] = await db.query('SELECT 1 FROM data_ingestion.imports WHERE import_id = $1', [importId]);
  if (known) return importId;
  const sources = await collectSources(wish.paths);
  checkWish(wish, sources);
  await db.query(
    `WITH wanted AS (INSERT INTO data_ingestion.imports (import_id, wanted_by, wish) VALUES ($1, $2, $3::jsonb) ON CONFLICT DO NOTHING RETURNING import_id)
     INSERT INTO data_ingestion.import_files (import_id, n, path, entry, kind, told_bytes, told_ms)
     SELECT wanted.import_id, f.n, f.path, f.entry, 'bars', f.bytes, f.ms FROM wanted, unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[]) WITH ORDINALITY AS f(path, entry, bytes, ms, n)`,
    [importId, asked.wantedBy, JSON.stringify(wish), sources.map((s) => s.path), sources.map((s) => s.entry), sources.map((s) => s.bytes), sources.map((s) => s.changedMs)],
  );
  return importId;
}
