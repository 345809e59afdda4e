/** Migration files: read, checked against what a database has, and put into an order. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#app/domain/errors.ts';

/** From this version on a file is repeatable: it states grants and the like, and runs again whenever anything changed. */
export const REPEATABLE_FROM = 9_000;
const NAME_PATTERN = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** One file. `checksum` is the SHA-256 of its text with Unix line ends. */
export type Migration = { readonly version: number; readonly name: string; readonly sql: string; readonly checksum: string };

/** One row of `schema_migrations`. */
export type Applied = { readonly version: number; readonly name: string; readonly checksum: string };

/**
 * Reads a folder in version order; a missing folder holds nothing.
 * @throws AppError RUNTIME_MISSING (operator) for a misnamed file or two files of one version: the installation is damaged.
 */
export function readMigrations(folder: string): Migration[] {
  if (!existsSync(folder)) return [];
  const migrations: Migration[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.sql')).sort()) {
    const version = NAME_PATTERN.exec(name)?.[1];
    if (version === undefined) throw new AppError('RUNTIME_MISSING', `The migration ${path.join(folder, name)} is not named NNNN_name.sql. Install Mainspring again.`);
    const sql = readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n');
    migrations.push({ version: Number(version), name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
  }
  const twin = migrations.find((migration, index) => migrations[index + 1]?.version === migration.version);
  if (twin) throw new AppError('RUNTIME_MISSING', `Two migrations in ${folder} have the version ${twin.version}. Install Mainspring again.`);
  return migrations;
}

/**
 * The files that must run now, in order.
 * @throws AppError DATABASE_NEWER (operator) when the database was written by a newer program; DATABASE_DRIFTED (operator) when an applied file was changed since.
 */
export function planMigrations(database: string, files: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const byVersion = new Map(files.map((file) => [file.version, file]));
  for (const row of applied) {
    const file = byVersion.get(row.version);
    if (!file) {
      throw new AppError(
        'DATABASE_NEWER',
        `The database ${database} was last used by a newer version of Mainspring (it has the step ${row.name}, which this version does not know). Install that version again, or restore a backup made with this one.`,
        { context: { database, version: row.version } },
      );
    }
    if (row.version < REPEATABLE_FROM && file.checksum !== row.checksum) {
      throw new AppError(
        'DATABASE_DRIFTED',
        `The step ${row.name} of the database ${database} differs from the one that was applied. Restore the file as it was (reinstall Mainspring), or start with an empty data folder; changes belong into a new step.`,
        { context: { database, version: row.version, applied: row.checksum, found: file.checksum } },
      );
    }
  }
  const checksums = new Map(applied.map((row) => [row.version, row.checksum]));
  const once = files.filter((file) => file.version < REPEATABLE_FROM && !checksums.has(file.version));
  const again = files.filter((file) => file.version >= REPEATABLE_FROM && (once.length > 0 || checksums.get(file.version) !== file.checksum));
  return [...once, ...again];
}
