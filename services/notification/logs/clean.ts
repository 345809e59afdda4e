/** Retention: old lines leave the book, old files leave the log folder. */
import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UNIT_IDS } from '#app/contracts/health.ts';
import { at, type Db, type Tx } from '#chassis/db.ts';
import { forgetMonths } from './store.ts';

const BATCH = 5_000;
const MAX_BATCHES = 10_000;
const MAX_FILES = 5_000;
const TABLES = ['system_logs', 'trading_logs', 'performance_logs'] as const;

/** Rotated files of any part, and the last file of a part that is no more. `audit.log` is the record of what a person did and stays. */
const ROTATED = /^(?!audit\.)[a-z][a-z0-9_]{0,39}\.log\.[1-9]\d?$/;
const CURRENT = /^([a-z][a-z0-9_]{0,39})\.log$/;
/** `2026-11-22T16-03-03.813Z-execution.log` */
const CRASH = /^\d{4}-\d\d-\d\dT[\d.-]+Z-[a-z0-9_]+\.log$/;

const LOGS = TABLES.map((table) => `logging.${table}`);
// The planner may look at the name of every relation first: only one that ends in a month is read as such.
const HAS_OLD_MONTHS = `
  SELECT EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ANY ($2::regclass[])
    AND (to_date(substring(c.relname FROM '_logs_([12][0-9]{3}_(0[1-9]|1[0-2]))$'), 'YYYY_MM') + interval '1 month')::timestamp AT TIME ZONE 'UTC' <= $1::timestamptz) AS found`;

/** Drops the months that ended before `oldest`; returns how many lines they had. */
async function dropOldMonths(tx: Tx, oldest: number): Promise<number> {
  const [old] = await tx.query<{ found: boolean }>(HAS_OLD_MONTHS, [at(oldest), LOGS]);
  if (old?.found !== true) return 0;
  // It counts what it drops, and a month may have tens of millions of lines.
  await tx.query(`SET LOCAL statement_timeout = '120s'`);
  await tx.query(`SET LOCAL lock_timeout = '5s'`);
  // In the order of whoever writes and reads: in another, they and we would wait for each other.
  await tx.query(`LOCK TABLE ${LOGS.map((table) => `ONLY ${table}`).join(', ')} IN ACCESS EXCLUSIVE MODE`);
  const [dropped] = await tx.query<{ lines: number }>('SELECT logging.drop_months_before($1::timestamptz) AS lines', [at(oldest)]);
  return dropped?.lines ?? 0;
}

/** Deletes lines before `oldest` (EpochMs): whole months at once, the rest in batches. Returns how many. @throws the signal's reason when it aborts */
export async function deleteOldLines(db: Db, oldest: number, signal: AbortSignal): Promise<number> {
  let deleted = await db.tx((tx) => dropOldMonths(tx, oldest));
  forgetMonths(db);
  for (const table of TABLES) {
    for (let n = 0; n < MAX_BATCHES; n += 1) {
      signal.throwIfAborted();
      const rows = await db.query<{ count: number }>(
        `WITH old AS (SELECT at, file_id, position FROM logging.${table} WHERE at < $1 ORDER BY at LIMIT ${BATCH}), gone AS (DELETE FROM logging.${table} t USING old WHERE t.at = old.at AND t.file_id = old.file_id AND t.position = old.position AND t.at < $1 RETURNING 1) SELECT count(*) AS count FROM gone`, [at(oldest)]);
      const count = rows[0]?.count ?? 0;
      deleted += count;
      if (count < BATCH) break;
    }
  }
  return deleted;
}

function isOurs(name: string, isCrash: boolean): boolean {
  if (isCrash) return CRASH.test(name);
  const unit = CURRENT.exec(name)?.[1];
  return ROTATED.test(name) || (unit !== undefined && unit !== 'audit' && !(UNIT_IDS as readonly string[]).includes(unit));
}

/** Deletes files that nobody has written to since `oldest` (EpochMs), in the log folder and its `crashes`; links are not followed. */
export async function deleteOldFiles(folder: string, oldest: number): Promise<{ files: number; bytes: number }> {
  let files = 0;
  let bytes = 0;
  for (const isCrash of [false, true]) {
    const place = isCrash ? join(folder, 'crashes') : folder;
    const names = await readdir(place).catch((error: unknown) => {
      if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return [];
      throw error;
    });
    // A `crashes` that leads out of the log folder is not ours to clean.
    if (isCrash && names.length > 0 && (await realpath(place)) !== join(await realpath(folder), 'crashes')) continue;
    for (const name of names.slice(0, MAX_FILES)) {
      if (!isOurs(name, isCrash)) continue;
      const path = join(place, name);
      const stat = await lstat(path);
      if (!stat.isFile() || stat.mtimeMs >= oldest) continue;
      await rm(path, { force: true });
      files += 1;
      bytes += stat.size;
    }
  }
  return { files, bytes };
}
