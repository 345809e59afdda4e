/** Collected log lines: a page of them, and what came since. */
import type { LoggedLine, LogFilter, LogPage, LogQuery } from '#app/contracts/logs.ts';
import { severityOf } from '#app/contracts/logs.ts';
import type { LogLevel } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { readFacts, resolveMatter, type Matter } from './log-matter.ts';

const TABLES = ['system_logs', 'trading_logs', 'performance_logs'] as const;
const MAX_WORDS = 12;
const UNITS_MAX = 20;
/** So many of each table's newest lines tell whether a word is common. */
const NEAR_LINES = 10_000;
/** Most lines that one look of a live tail brings. */
export const TAIL_LINES_MAX = 500;

type Row = { at: number; fileId: number; position: number; seq: number; unit: string; level: LogLevel; message: string; fields: Record<string, unknown>; ids: string[] };

/** Conditions with their parameters; only those that are asked for are in the text, so that each kind of question is planned for itself. */
type Where = { readonly conditions: string[]; readonly params: unknown[]; readonly units: readonly string[] };

function add(where: Where, text: (placeholder: string) => string, value: unknown): void {
  where.params.push(value);
  where.conditions.push(text(`$${where.params.length}`));
}

/** Words as PostgreSQL's query for words that begin so; null without any. tsqueryOf("can't Open") = "'can':* & 't':* & 'open':*" */
export function tsqueryOf(search: string): string | null {
  const words = search.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length === 0 ? null : words.slice(0, MAX_WORDS).map((word) => `'${word}':*`).join(' & ');
}

/** What the filter asks of a line; the parts stay apart. */
function whereOf(filter: LogFilter, matter: Matter | null): Where {
  const where: Where = { conditions: [], params: [], units: filter.units === undefined ? [] : [...new Set(filter.units.split(','))].slice(0, UNITS_MAX) };
  const severity = severityOf(filter.level);
  // A number of ours, in the text: the index of grave lines serves a condition that the planner can read.
  if (severity > severityOf('trace')) where.conditions.push(`severity >= ${severity}`);
  const words = tsqueryOf(filter.search);
  if (words !== null) add(where, (p) => `words @@ ${p}::tsquery`, words);
  if (!matter) return where;
  if (matter.ids.length > 0) {
    add(where, (p) => `ids && ${p}::text[]`, matter.ids);
    return where;
  }
  where.params.push([filter.about]);
  const named = tsqueryOf(filter.about);
  const byId = `ids && $${where.params.length}::text[]`;
  if (named === null) where.conditions.push(byId);
  else add(where, (p) => `(${byId} OR words @@ ${p}::tsquery)`, named);
  return where;
}

const COLUMNS = 'at, file_id, position, seq, unit, level, message, fields, ids';
const NEWEST_FIRST = 'at DESC, file_id DESC, position DESC';

function conditionOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

function merged(branches: readonly string[], order: string, limit: number): string {
  return `SELECT at, file_id AS "fileId", position, seq, unit, level, message, fields, ids FROM (${branches.join(' UNION ALL ')}) l ORDER BY ${order} LIMIT ${limit}`;
}

/** Walks back from the newest line and stops at the limit: right for what many lines hold. One walk per table and part, each along its own index. */
function walk(db: Queryable, where: Where, order: string, limit: number): Promise<Row[]> {
  const params = [...where.params];
  const byUnit = where.units.length === 0 ? [''] : where.units.map((unit) => `unit = $${params.push(unit)} AND `);
  const branches = TABLES.flatMap((table) => byUnit.map((unit) => `(SELECT ${COLUMNS} FROM logging.${table} WHERE ${unit}${conditionOf(where.conditions)} ORDER BY ${order} LIMIT ${limit})`));
  return db.query<Row>(merged(branches, order, limit), params);
}

/** Gathers all lines that fit through the indexes of words and ids, then takes the newest: right for what few lines hold, where a walk would go to the end. */
function gather(db: Queryable, where: Where, limit: number): Promise<Row[]> {
  const params = [...where.params];
  const conditions = where.units.length === 0 ? where.conditions : [...where.conditions, `unit = ANY($${params.push(where.units)}::text[])`];
  const branches = TABLES.map((table) => `(WITH found AS MATERIALIZED (SELECT ${COLUMNS} FROM logging.${table} WHERE ${conditionOf(conditions)}) SELECT * FROM found ORDER BY ${NEWEST_FIRST} LIMIT ${limit})`);
  return db.query<Row>(merged(branches, NEWEST_FIRST, limit), params);
}

/** Words may be in every line or in none: the newest lines tell. A walk that finds a page among them is done; else the word is rare enough to gather. */
async function search(db: Queryable, where: Where, before: number | null, limit: number): Promise<Row[]> {
  const bound = before === null ? '' : 'WHERE at <= $1';
  const edges = TABLES.map((table) => `(SELECT at FROM logging.${table} ${bound} ORDER BY at DESC OFFSET ${NEAR_LINES} LIMIT 1)`);
  const [edge] = await db.query<{ at: number | null }>(`SELECT greatest(${edges.join(', ')}) AS at`, before === null ? [] : [at(before)]);
  // IS TRUE keeps the planner from the index of words here, which would gather what the walk is to sample.
  const near: Where = { ...where, conditions: where.conditions.map((condition) => (condition.startsWith('words @@') ? `(${condition}) IS TRUE` : condition)), params: [...where.params] };
  const from = edge?.at ?? null;
  if (from === null) return walk(db, where, NEWEST_FIRST, limit);
  add(near, (p) => `at >= ${p}`, at(from));
  const rows = await walk(db, near, NEWEST_FIRST, limit);
  return rows.length === limit ? rows : gather(db, where, limit);
}

function lineOf(row: Row): LoggedLine {
  return { id: `${row.fileId}.${row.position}`, at: row.at, unit: row.unit, level: row.level, message: row.message, fields: row.fields, ids: row.ids, source: 'log' };
}

type Cursor = { at: number; fileId: number; position: number };

function parseCursor(text: string): Cursor {
  const match = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (!match) throw new AppError('INPUT_INVALID', 'cursor: is not one that a page of lines gave');
  return { at: Number(match[1]), fileId: Number(match[2]), position: Number(match[3]) };
}

/** Facts hold what lines must hold. */
function isWanted(fact: LoggedLine, query: LogFilter & { from?: number | undefined; to?: number | undefined }): boolean {
  if (query.units !== undefined && !query.units.split(',').includes(fact.unit)) return false;
  if (severityOf(fact.level) < severityOf(query.level)) return false;
  if ((query.from !== undefined && fact.at < query.from) || (query.to !== undefined && fact.at >= query.to)) return false;
  const text = `${fact.message} ${JSON.stringify(fact.fields)}`.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return (query.search.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).every((word) => text.some((own) => own.startsWith(word)));
}

/** The newest line's number: where a live tail begins. */
export async function newestSeq(db: Queryable): Promise<number> {
  const rows = await db.query<{ seq: number | null }>(`SELECT greatest(${TABLES.map((table) => `(SELECT max(seq) FROM logging.${table})`).join(', ')}) AS seq`);
  return rows[0]?.seq ?? 0;
}

/** A page of lines, newest first; with `about` the book's facts stand between them. @throws AppError INPUT_INVALID for a cursor of another kind */
export async function readLogs(db: Queryable, query: LogQuery): Promise<LogPage> {
  const began = performance.now();
  const seq = await newestSeq(db);
  const matter = query.about === '' ? null : await resolveMatter(db, query.about);
  const where = whereOf(query, matter);
  if (query.from !== undefined) add(where, (p) => `at >= ${p}`, at(query.from));
  if (query.to !== undefined) add(where, (p) => `at < ${p}`, at(query.to));
  const cursor = query.cursor === undefined ? null : parseCursor(query.cursor);
  if (cursor) {
    where.params.push(at(cursor.at), cursor.fileId, cursor.position);
    const n = where.params.length;
    where.conditions.push(`(at, file_id, position) < ($${n - 2}::timestamptz, $${n - 1}::int8, $${n}::int8)`);
  }
  const before = cursor?.at ?? query.to ?? null;
  const [rows, facts] = await Promise.all([
    matter ? gather(db, where, query.limit) : tsqueryOf(query.search) === null ? walk(db, where, NEWEST_FIRST, query.limit) : search(db, where, before, query.limit),
    matter ? readFacts(db, matter) : [],
  ]);
  const last = rows.length === query.limit ? rows.at(-1) : undefined;
  const between = facts.filter((fact) => isWanted(fact, query) && (cursor === null || fact.at < cursor.at) && (last === undefined || fact.at >= last.at));
  const lines = [...rows.map(lineOf), ...between].sort((a, b) => b.at - a.at);
  return { lines, nextCursor: last ? `${last.at}.${last.fileId}.${last.position}` : null, matter: matter ? { ids: [...matter.ids], title: matter.title } : null, seq, tookMs: performance.now() - began };
}

/** Lines after a number, in the order of their coming, and the number that was looked up to. At most 500; there may be more. */
export async function readLogsAfter(db: Queryable, filter: LogFilter, options: { matter: Matter | null; afterSeq: number }): Promise<{ lines: LoggedLine[]; seq: number; isMore: boolean }> {
  const newest = await newestSeq(db);
  if (newest <= options.afterSeq) return { lines: [], seq: options.afterSeq, isMore: false };
  const where = whereOf(filter, options.matter);
  add(where, (p) => `seq > ${p}`, options.afterSeq);
  add(where, (p) => `seq <= ${p}`, newest);
  const rows = await walk(db, where, 'seq', TAIL_LINES_MAX);
  const isMore = rows.length === TAIL_LINES_MAX;
  return { lines: rows.map(lineOf), seq: isMore ? (rows.at(-1)?.seq ?? newest) : newest, isMore };
}
