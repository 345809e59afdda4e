/** The story of the units on a real disk: the step from schema 1, its bounds, and reading it while nothing runs, also after a kill. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LastExit } from '#app/contracts/health.ts';
import { UnitIncidentSchema } from '#app/contracts/health.ts';
import { openControlStore } from './control-store.ts';
import { EVENT_TABLE, readHistory } from './unit-history.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ms-history-'));
  file = path.join(folder, 'control.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const exitAt = (at: number, more: Partial<LastExit> = {}): LastExit => ({ at, code: 70, signal: null, reason: 'an invariant broke', firstLines: ['first'], lastLines: ['last'], ...more });

/** A store as version 0.1.0 left it. */
function writeSchema1(): void {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.exec(`CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE port (unit TEXT PRIMARY KEY, port INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE login (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID; ${EVENT_TABLE}`);
  db.exec("INSERT INTO setting VALUES ('instanceId', 'the-same'); INSERT INTO port VALUES ('gateway', 23456); INSERT INTO unit_event (at, unit, state, reason) VALUES (1, 'gateway', 'ready', '')");
  db.pragma('user_version = 1');
  db.close();
}

describe('the story', () => {
  it('tells changes and exits in one list, newest first, of one unit or of all', () => {
    const { store } = openControlStore(file, 1);
    store.record({ at: 1, unit: 'execution', state: 'ready', reason: '' });
    store.record({ at: 2, unit: 'gateway', state: 'ready', reason: '' });
    store.record({ at: 3, unit: 'execution', state: 'backoff', reason: 'an invariant broke', exit: exitAt(3) });
    const all = store.history({ unitId: null, limit: 10 });
    expect(all.map(({ at, unit, state }) => [at, unit, state])).toEqual([[3, 'execution', 'backoff'], [2, 'gateway', 'ready'], [1, 'execution', 'ready']]);
    expect(all[0]?.exit).toEqual(exitAt(3));
    expect(all.map((incident) => UnitIncidentSchema.safeParse(incident).success)).toEqual([true, true, true]);
    expect(store.history({ unitId: 'gateway', limit: 10 }).map(({ at }) => at)).toEqual([2]);
    expect(store.history({ unitId: null, limit: 1 })).toHaveLength(1);
    store.close();
  });

  it('keeps 500 exits, ten first and fifty last lines of each, and no line longer than 400 letters', () => {
    const { store } = openControlStore(file, 1);
    const long = exitAt(0, { firstLines: Array.from({ length: 30 }, (_, index) => `f${index}`), lastLines: Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(5_000)}`) });
    for (let at = 1; at <= 520; at += 1) store.record({ at, unit: 'execution', state: 'backoff', reason: 'r', exit: { ...long, at } });
    const told = store.history({ unitId: 'execution', limit: 1_000 });
    expect(told).toHaveLength(520);
    expect(told.filter(({ exit }) => exit !== null)).toHaveLength(500);
    const exit = told[0]?.exit;
    expect([exit?.firstLines.length, exit?.lastLines.length, exit?.lastLines[0]?.slice(0, 4)]).toEqual([10, 50, '150 ']);
    expect(Math.max(...(exit?.lastLines ?? []).map((line) => line.length))).toBe(401);
    store.close();
  });

  it('steps up from schema 1 in place, and loses nothing', () => {
    writeSchema1();
    const { store, replaced } = openControlStore(file, 1);
    expect([replaced, store.instanceId, store.rememberedPort('gateway')]).toEqual([null, 'the-same', 23456]);
    store.record({ at: 2, unit: 'gateway', state: 'failed', reason: 'r', exit: exitAt(2, { code: null, signal: 'SIGKILL' }) });
    expect(store.history({ unitId: null, limit: 5 }).map(({ at, exit }) => [at, exit?.signal ?? null])).toEqual([[2, 'SIGKILL'], [1, null]]);
    store.close();
    const again = openControlStore(file, 1).store;
    expect(again.history({ unitId: null, limit: 5 })).toHaveLength(2);
    again.close();
  });

  it('refuses a store of a newer version', () => {
    const db = new Database(file);
    db.pragma('user_version = 3');
    db.close();
    expect(() => openControlStore(file, 1)).toThrow('newer version');
  });
});

describe('reading while nothing runs', () => {
  const question = { unitId: null, limit: 10 } as const;

  it('works on a closed store and on one of schema 1, and leaves nothing behind', () => {
    writeSchema1();
    expect(readHistory(file, question)).toEqual([{ at: 1, unit: 'gateway', state: 'ready', reason: '', exit: null }]);
    const { store } = openControlStore(file, 1);
    store.record({ at: 2, unit: 'execution', state: 'failed', reason: 'r', exit: exitAt(2) });
    store.close();
    expect(readHistory(file, question).map(({ at }) => at)).toEqual([2, 1]);
    expect(readdirSync(folder)).toEqual(['control.sqlite']);
  });

  it('works after the owner was killed in the middle of its work', () => {
    const script = `import { openControlStore } from ${JSON.stringify(path.join(import.meta.dirname, 'control-store.ts'))};
      const { store } = openControlStore(${JSON.stringify(file)}, 1);
      store.record({ at: 7, unit: 'redis', state: 'ready', reason: '' });
      process.kill(process.pid, 'SIGKILL');`;
    const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: path.resolve(import.meta.dirname, '..', '..'), encoding: 'utf8' });
    expect([run.signal, run.stderr]).toEqual(['SIGKILL', '']);
    expect(readHistory(file, question).map(({ at }) => at)).toEqual([7]);
    const { store } = openControlStore(file, 1);
    expect(store.history(question)).toHaveLength(1);
    store.close();
  });

  it('says who has it while it is open, and finds no story where there is none', () => {
    expect(readHistory(file, question)).toEqual([]);
    const { store } = openControlStore(file, 1);
    expect(() => readHistory(file, question)).toThrow('Another Mainspring uses this data folder');
    store.close();
    writeFileSync(file, 'this is no database, only text that is long enough to be read as one'.repeat(200));
    expect(readHistory(file, question)).toEqual([]);
  });
});
