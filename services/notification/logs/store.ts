/** Lines and the position up to which their file is read, written in one transaction: each line is there exactly once. */
import { severityOf } from '#app/contracts/logs.ts';
import { AppError } from '#app/domain/errors.ts';
import { at, type Db, type Queryable, type Tx } from '#chassis/db.ts';
import { tableOf, type ParsedLine } from './parse.ts';
import { wordsOf } from './words.ts';

/** How far a file is read. `lastAt`: the time of its last line that told one (EpochMs). */
export type Position = { readonly fileId: number; readonly unit: string; readonly headBytes: number; readonly headHash: string; readonly position: number; readonly isMidLine: boolean; readonly lastAt: number | null };

/** A line with its place and its time. */
export type PlacedLine = ParsedLine & { readonly position: number; readonly at: number };

const POSITION = `file_id AS "fileId", unit, head_bytes AS "headBytes", head_hash AS "headHash", position, is_mid_line AS "isMidLine", last_at AS "lastAt"`;
const ID_BREAK = '\n';

const COLUMNS = 'at, file_id, position, seq, unit, level, severity, message, fields, ids, words';
const VALUES = `to_timestamp(l.at / 1000.0), $1, l.position, nextval('logging.line_seq'), $2, l.level, l.severity, l.message, l.fields::jsonb,
  CASE l.ids WHEN '' THEN '{}'::text[] ELSE string_to_array(l.ids, E'\\n') END, array_to_tsvector(string_to_array(l.words, ' '))`;
const FROM = 'unnest($3::float8[], $4::int8[], $5::text[], $6::int2[], $7::text[], $8::text[], $9::text[], $10::text[], $11::float8[]) WITH ORDINALITY AS l(at, position, level, severity, message, fields, ids, words, value, n) ORDER BY l.n';
const INSERTS = {
  system_logs: `INSERT INTO logging.system_logs (${COLUMNS}) SELECT ${VALUES} FROM ${FROM}`,
  trading_logs: `INSERT INTO logging.trading_logs (${COLUMNS}) SELECT ${VALUES} FROM ${FROM}`,
  performance_logs: `INSERT INTO logging.performance_logs (${COLUMNS}, name, value) SELECT ${VALUES}, left(l.message, 200), l.value FROM ${FROM}`,
} as const;
type Table = keyof typeof INSERTS;

/** Every file that was begun. */
export function loadPositions(db: Queryable): Promise<Position[]> {
  return db.query<Position>(`SELECT ${POSITION} FROM notification.log_positions ORDER BY file_id`);
}

/** Forgets files that are no more. */
export async function forgetPositions(db: Queryable, fileIds: readonly number[]): Promise<void> {
  if (fileIds.length > 0) await db.query('DELETE FROM notification.log_positions WHERE file_id = ANY($1::int8[])', [fileIds]);
}

/** Begins a file. */
export async function beginPosition(db: Queryable, file: Pick<Position, 'unit' | 'headBytes' | 'headHash'>): Promise<Position> {
  const [row] = await db.query<Position>(`INSERT INTO notification.log_positions (unit, head_bytes, head_hash) VALUES ($1, $2, $3) RETURNING ${POSITION}`, [file.unit, file.headBytes, file.headHash]);
  if (!row) throw new AppError('INVARIANT_BROKEN', 'An insert gave no row');
  return row;
}

/** A JSON text that jsonb takes: without escaped NULs and half characters. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/\\(u0000|ud[89a-f][0-9a-f]{2}|.)/gi, (all, escape: string) => (/^u(0000|d[89a-f])/i.test(escape) ? '\\ufffd' : all));
}

async function insert(tx: Tx, table: Table, file: Position, lines: readonly PlacedLine[]): Promise<void> {
  if (lines.length === 0) return;
  const texts = lines.map((line) => jsonText(line.fields));
  await tx.query(INSERTS[table], [
    file.fileId, file.unit, lines.map((line) => line.at), lines.map((line) => line.position), lines.map((line) => line.level), lines.map((line) => severityOf(line.level)), lines.map((line) => line.message), texts,
    lines.map((line) => line.ids.map((id) => id.replaceAll(ID_BREAK, ' ')).join(ID_BREAK)), lines.map((line, n) => wordsOf(line.message, texts[n] ?? '').join(' ')), lines.map((line) => line.durationMs ?? 0),
  ]);
}

/** Months that exist, so that the server is asked once for each. */
const monthsKnown = new WeakMap<object, Set<string>>();

async function ensureMonths(db: Queryable, lines: readonly PlacedLine[]): Promise<void> {
  const known = monthsKnown.get(db) ?? new Set<string>();
  monthsKnown.set(db, known);
  for (const month of new Set(lines.map((line) => at(line.at).slice(0, 7)))) {
    if (known.has(month)) continue;
    await db.query('SELECT logging.ensure_month($1::date)', [`${month}-01`]);
    known.add(month);
  }
}

/** Which months exist is not known any more: some were dropped. */
export function forgetMonths(db: Queryable): void {
  monthsKnown.delete(db);
}

/**
 * Writes lines and moves the position of their file, both or neither.
 * @throws AppError VERSION_CONFLICT when another process has moved the position: read it anew.
 */
export async function writeLines(db: Db, before: Position, after: Position, lines: readonly PlacedLine[]): Promise<void> {
  await ensureMonths(db, lines);
  const by = Map.groupBy(lines, tableOf);
  await db.tx(async (tx) => {
    const moved = await tx.query(
      `UPDATE notification.log_positions SET head_bytes = $3, head_hash = $4, position = $5, is_mid_line = $6, last_at = $7, updated_at = clock_timestamp() WHERE file_id = $1 AND position = $2 RETURNING file_id`,
      [before.fileId, before.position, after.headBytes, after.headHash, after.position, after.isMidLine, after.lastAt === null ? null : at(after.lastAt)],
    );
    if (moved.length === 0) throw new AppError('VERSION_CONFLICT', 'Another process reads the same log file');
    for (const table of Object.keys(INSERTS) as Table[]) await insert(tx, table, before, by.get(table) ?? []);
  }, 'soon');
}
