/** The story of the units in the control store: every change of state, and with it how a process ended. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { LastExit, UnitId, UnitIncident, UnitState } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';

const MAX_EVENTS = 10_000;
const TRIM_EVERY = 500;
const MAX_EXITS = 500;
const MAX_FIRST_LINES = 10;
const MAX_LAST_LINES = 50;
const MAX_LINE_LENGTH = 400;

/** One change of a unit's state. `at` is EpochMs; `exit` where it changed because its process ended. */
export type UnitChange = { readonly at: number; readonly unit: UnitId; readonly state: UnitState; readonly reason: string; readonly exit?: LastExit | null };

/** Whose story, and how many incidents of it. */
export type HistoryQuestion = { readonly unitId: UnitId | null; readonly limit: number };

/** The tables of schema 1. */
export const EVENT_TABLE = 'CREATE TABLE unit_event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, unit TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL) STRICT;';
/** What schema 2 added. Lines are JSON lists. */
export const EXIT_TABLE = `
CREATE TABLE unit_exit (
  event_id INTEGER PRIMARY KEY REFERENCES unit_event (id) ON DELETE CASCADE,
  at INTEGER NOT NULL, code INTEGER, signal TEXT, reason TEXT NOT NULL, first_lines TEXT NOT NULL, last_lines TEXT NOT NULL
) STRICT;
CREATE INDEX unit_event_unit ON unit_event (unit, id);
`;

/** Writes and reads the story. */
export type UnitHistory = { record(change: UnitChange): void; read(question: HistoryQuestion): UnitIncident[] };

type EventRow = { readonly at: number; readonly unit: UnitId; readonly state: UnitState; readonly reason: string };
type ExitRow = {
  readonly exitAt: number | null; readonly code: number | null; readonly signal: string | null; readonly exitReason: string | null;
  readonly firstLines: string | null; readonly lastLines: string | null;
};

const WITH_EXITS = `
SELECT e.at, e.unit, e.state, e.reason, x.at AS exitAt, x.code, x.signal, x.reason AS exitReason, x.first_lines AS firstLines, x.last_lines AS lastLines
FROM unit_event e LEFT JOIN unit_exit x ON x.event_id = e.id`;
const WITHOUT_EXITS = 'SELECT e.at, e.unit, e.state, e.reason FROM unit_event e';
const NEWEST = 'WHERE (@unitId IS NULL OR e.unit = @unitId) ORDER BY e.id DESC LIMIT @limit';

const bounded = (lines: readonly string[]): string => JSON.stringify(lines.map((line) => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line)));

function incidentOf(row: EventRow & Partial<ExitRow>): UnitIncident {
  const { at, unit, state, reason, exitAt } = row;
  if (exitAt === undefined || exitAt === null) return { at, unit, state, reason, exit: null };
  const linesOf = (text: string | null | undefined): string[] => JSON.parse(text ?? '[]') as string[];
  const exit = { at: exitAt, code: row.code ?? null, signal: row.signal ?? null, reason: row.exitReason ?? '', firstLines: linesOf(row.firstLines), lastLines: linesOf(row.lastLines) };
  return { at, unit, state, reason, exit };
}

/** The story in an open store of the present schema. */
export function historyOver(db: Database.Database): UnitHistory {
  const addEvent = db.prepare('INSERT INTO unit_event (at, unit, state, reason) VALUES (@at, @unit, @state, @reason)');
  const addExit = db.prepare('INSERT INTO unit_exit (event_id, at, code, signal, reason, first_lines, last_lines) VALUES (@id, @at, @code, @signal, @reason, @first, @last)');
  const trimEvents = db.prepare('DELETE FROM unit_event WHERE id <= (SELECT max(id) FROM unit_event) - ?');
  const trimExits = db.prepare('DELETE FROM unit_exit WHERE event_id <= (SELECT event_id FROM unit_exit ORDER BY event_id DESC LIMIT 1 OFFSET ?)');
  const newest = db.prepare<[HistoryQuestion], EventRow & ExitRow>(`${WITH_EXITS} ${NEWEST}`);
  let added = 0;
  const record = db.transaction(({ at, unit, state, reason, exit }: UnitChange) => {
    const { lastInsertRowid: id } = addEvent.run({ at, unit, state, reason });
    added += 1;
    if (added % TRIM_EVERY === 0) trimEvents.run(MAX_EVENTS);
    if (!exit) return;
    const { code, signal } = exit;
    addExit.run({ id, at: exit.at, code, signal, reason: exit.reason, first: bounded(exit.firstLines.slice(0, MAX_FIRST_LINES)), last: bounded(exit.lastLines.slice(-MAX_LAST_LINES)) });
    trimExits.run(MAX_EXITS);
  });
  return { record: (change) => void record(change), read: (question) => newest.all(question).map(incidentOf) };
}

/**
 * Reads the story while nothing runs: the store is opened to look, and nothing in it is changed. A store that is missing or damaged has no story.
 * @throws AppError DATA_FOLDER_IN_USE (operator) while a Mainspring runs there, which then has to be asked.
 */
export function readHistory(file: string, question: HistoryQuestion): UnitIncident[] {
  if (!existsSync(file)) return [];
  let db: Database.Database | null = null;
  try {
    db = new Database(file, { fileMustExist: true, timeout: 200 });
    // Without shared memory beside it: nobody else reads it, and nothing is left behind.
    db.pragma('locking_mode = EXCLUSIVE');
    const has = db.prepare<[string], { n: number }>("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name = ?");
    if (has.get('unit_event')?.n !== 1) return [];
    const columns = has.get('unit_exit')?.n === 1 ? WITH_EXITS : WITHOUT_EXITS;
    return db.prepare<[HistoryQuestion], EventRow & Partial<ExitRow>>(`${columns} ${NEWEST}`).all(question).map(incidentOf);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') throw new AppError('DATA_FOLDER_IN_USE', 'Another Mainspring uses this data folder', { cause: error });
    // The next start sets it aside, and says so.
    if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return [];
    throw error;
  } finally {
    db?.close();
  }
}
