/** What must be known while PostgreSQL is down: identity, chosen ports, login tokens, history of the units. */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { chmodSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { UnitId, UnitIncident } from '#app/contracts/health.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { renamePatiently } from './atomic-file.ts';
import { EVENT_TABLE, EXIT_TABLE, historyOver } from './unit-history.ts';
import type { HistoryQuestion, UnitChange } from './unit-history.ts';

const LOGIN_LIFE_MS = 15 * 60_000;
const MAX_LOGINS = 25;

const SCHEMA_1 = `
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE port (unit TEXT PRIMARY KEY, port INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE login (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
${EVENT_TABLE}
`;
/** Step by step from an empty file to the present schema; step n leads to version n + 1. */
const STEPS = [SCHEMA_1, EXIT_TABLE] as const;
const SCHEMA_VERSION = STEPS.length;

/** The control store. While it is open no other process can open it: that is what makes us the only owner. */
export type ControlStore = {
  readonly instanceId: string;
  rememberedPort(unit: UnitId): number | null;
  /** Remembers a replacement port; null forgets it. */
  rememberPort(unit: UnitId, port: number | null): void;
  /** A new one-time login token, good for 15 minutes. Only its hash is kept. */
  createLogin(now: number): string;
  /** True once for each token that is known and not expired. */
  redeemLogin(token: string, now: number): boolean;
  /** What was kept under a name; null = nothing. */
  kept(name: string): string | null;
  /** Keeps a text under a name over restarts; null forgets it. On the disk when this returns. */
  keep(name: string, text: string | null): void;
  record(change: UnitChange): void;
  /** What happened, newest first. */
  history(question: HistoryQuestion): UnitIncident[];
  close(): void;
};

/** Result of opening: `replaced` names the copy of a damaged file that was set aside. */
export type OpenedStore = { readonly store: ControlStore; readonly replaced: string | null };

/**
 * Opens or creates the store and locks it.
 * @throws AppError DATA_FOLDER_IN_USE (operator) when another Mainspring has it; DATABASE_NEWER (operator) when a newer one wrote it.
 */
export function openControlStore(file: string, now: number): OpenedStore {
  try {
    return { store: open(file), replaced: null };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
      throw new AppError('DATA_FOLDER_IN_USE', 'Another Mainspring uses this data folder', { cause: error });
    }
    if (code !== 'SQLITE_CORRUPT' && code !== 'SQLITE_NOTADB') throw error;
    // Everything in it can be chosen again; secrets are elsewhere.
    const aside = `${file}.damaged-${now}`;
    renamePatiently(file, aside);
    return { store: open(file), replaced: aside };
  }
}

function open(file: string): ControlStore {
  const db = new Database(file, { timeout: 200 });
  try {
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // The first write takes the lock of the whole file, and keeps it.
    db.exec('BEGIN EXCLUSIVE; COMMIT');
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version > SCHEMA_VERSION) {
      throw new AppError('DATABASE_NEWER', `The data folder was last used by a newer version of Mainspring (control store ${version}, this one knows ${SCHEMA_VERSION}). Install that version again.`);
    }
    chmodSync(file, 0o600);
    for (let next = version; next < SCHEMA_VERSION; next += 1) take(db, next);
    return storeOver(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** One step of the schema, whole or not at all. */
function take(db: Database.Database, from: number): void {
  const step = STEPS[from];
  invariant(step !== undefined, 'The control store has no step from this version', { from });
  db.transaction(() => db.exec(step).pragma(`user_version = ${from + 1}`))();
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

function storeOver(db: Database.Database): ControlStore {
  const getSetting = db.prepare<[string], { value: string }>('SELECT value FROM setting WHERE name = ?');
  const putSetting = db.prepare('INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const dropSetting = db.prepare('DELETE FROM setting WHERE name = ?');
  const getPort = db.prepare<[string], { port: number }>('SELECT port FROM port WHERE unit = ?');
  const putPort = db.prepare('INSERT INTO port VALUES (?, ?) ON CONFLICT DO UPDATE SET port = excluded.port');
  const dropPort = db.prepare('DELETE FROM port WHERE unit = ?');
  const addLogin = db.prepare('INSERT INTO login VALUES (?, ?)');
  const expireLogins = db.prepare('DELETE FROM login WHERE expires_at <= ? OR hash NOT IN (SELECT hash FROM login ORDER BY expires_at DESC LIMIT ?)');
  const listLogins = db.prepare<[], { hash: Buffer }>('SELECT hash FROM login');
  const dropLogin = db.prepare('DELETE FROM login WHERE hash = ?');
  const history = historyOver(db);

  const known = getSetting.get('instanceId')?.value;
  const instanceId = known ?? randomUUID();
  if (known === undefined) putSetting.run('instanceId', instanceId);

  return {
    instanceId,
    rememberedPort: (unit) => getPort.get(unit)?.port ?? null,
    rememberPort: (unit, port) => void (port === null ? dropPort.run(unit) : putPort.run(unit, port)),
    createLogin: (now) => {
      const token = randomBytes(24).toString('base64url');
      expireLogins.run(now, MAX_LOGINS - 1);
      addLogin.run(hashOf(token), now + LOGIN_LIFE_MS);
      return token;
    },
    redeemLogin: (token, now) => {
      expireLogins.run(now, MAX_LOGINS);
      const given = hashOf(token);
      const match = listLogins.all().find((row) => timingSafeEqual(row.hash, given));
      if (match) dropLogin.run(match.hash);
      return match !== undefined;
    },
    kept: (name) => getSetting.get(`kept.${name}`)?.value ?? null,
    keep: (name, text) => void (text === null ? dropSetting.run(`kept.${name}`) : putSetting.run(`kept.${name}`, text)),
    record: (change) => history.record(change),
    history: (question) => history.read(question),
    close: () => db.close(),
  };
}
