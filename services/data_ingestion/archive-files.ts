/** Months of bars as files: Parquet with a manifest beside it, written whole or not at all, checked by reading back. Files of the first form (compressed CSV) can still be read. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';
import { TIMEFRAMES, type Timeframe } from '#app/domain/time.ts';
import { BAR_FILE_FIELDS, writeBarFile, type BarFileShape } from '../research/bar-parquet.ts';
import { measureBarFile, readBarFileRows } from '../research/bar-parquet-read.ts';

/** What a file is of: a month (`YYYY-MM`) in one width; `*`: all widths together, as the files of the first form have them. */
export type ArchiveUnit = { readonly month: string; readonly timeframe: Timeframe | '*' };

/** Counts the forms of the file: 1 = compressed CSV of a month with all widths, 2 = Parquet of one width. A file of another version is refused, never guessed at. */
export const ARCHIVE_SCHEMA_VERSION = 2;
/** Left free on the disk whatever is written: the book beside it needs room to work. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** What a file holds. `sha256` of the file, `contentSha256` of its rows as text; `rows` without a header. */
const manifestSchema = z.object({
  table: z.literal('market_data'), month: z.string().regex(/^\d{4}-\d{2}$/), timeframe: z.enum(['*', ...TIMEFRAMES]).default('*'), file: z.string().regex(/^market_data_[\w.]+$/), rows: z.number().int().min(0), bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/), contentSha256: z.string().regex(/^[0-9a-f]{64}$/).nullable().default(null), schemaVersion: z.number().int(), columns: z.array(z.string()),
});
/** What a file holds. */
export type ArchiveManifest = z.infer<typeof manifestSchema>;

/** Name of the file of a month in one width. */
export function archiveFileName({ month, timeframe }: ArchiveUnit): string {
  const name = `market_data_${month.replace('-', '_')}`;
  return timeframe === '*' ? `${name}.csv.gz` : `${name}_${timeframe}.parquet`;
}

/** Counts the lines and the digest of what passes. */
function meter(): { stream: Transform; bytes: () => number; lines: () => number; digest: () => string } {
  const hash = createHash('sha256');
  let [bytes, lines] = [0, 0];
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes, lines: () => lines, digest: () => hash.digest('hex') };
}

async function flush(path: string): Promise<void> {
  // A file that is to be flushed must be open for writing on Windows, and a folder cannot be opened there at all.
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws AppError DATA_FOLDER_FULL */
function asDiskError(error: unknown, folder: string): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new AppError('DATA_FOLDER_FULL', `There is no room left for the archive in ${folder}. Nothing was removed from the database; make room and run archive_old_data again.`, { cause: error });
}

/** Refuses to begin what the disk cannot hold. `expectedBytes` is an upper guess. @throws AppError DATA_FOLDER_FULL */
export async function checkRoom(folder: string, expectedBytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const disk = await statfs(folder);
  const free = disk.bavail * disk.bsize;
  if (free >= expectedBytes + RESERVE_BYTES) return;
  const megabytes = (bytes: number): number => Math.ceil(bytes / 1_048_576);
  throw new AppError('DATA_FOLDER_FULL', `The archive needs up to ${megabytes(expectedBytes)} MB and ${megabytes(RESERVE_BYTES)} MB to spare in ${folder}, where ${megabytes(free)} MB are free. Nothing was removed from the database.`);
}

async function place(folder: string, name: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = join(folder, `${name}.part`);
  try {
    const handle = await open(temporary, 'w');
    try {
      await write(handle);
    } finally {
      await handle.close();
    }
    await flush(temporary);
    await rename(temporary, join(folder, name));
    await flushFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asDiskError(error, folder);
  }
}

async function digestOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const packed = meter();
  await pipeline(createReadStream(path), packed.stream, new Writable({ write: (_chunk, _encoding, done) => done() }));
  return { sha256: packed.digest(), bytes: packed.bytes() };
}

/** Writes a month's rows (see writeBarFile; asked for once there is a file to take them) to its file and the manifest beside it. An earlier file of the month is replaced in one move. @throws AppError DATA_FOLDER_FULL */
export async function writeArchive(folder: string, unit: ArchiveUnit, content: { readonly rows: () => AsyncIterable<Buffer>; readonly shape: BarFileShape }): Promise<ArchiveManifest> {
  await mkdir(folder, { recursive: true });
  const file = archiveFileName(unit);
  let written = { rows: 0, contentSha256: '' };
  await place(folder, file, async (handle) => {
    written = await writeBarFile(handle, content.rows(), { shape: content.shape, label: unit });
  });
  const manifest: ArchiveManifest = { table: 'market_data', ...unit, file, ...written, ...(await digestOf(join(folder, file))), schemaVersion: ARCHIVE_SCHEMA_VERSION, columns: [...BAR_FILE_FIELDS] };
  await place(folder, `${file}.json`, (handle) => handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`));
  return manifest;
}

function damaged(file: string, why: string, cause?: unknown): AppError {
  return new AppError('ARCHIVE_DAMAGED', `The archive ${file} cannot be used: ${why}. Bring the file back from a backup of the data folder.`, cause === undefined ? {} : { cause });
}

/** What a file must be: as the ledger or its manifest has it. */
export type ArchiveClaim = Pick<ArchiveManifest, 'file' | 'rows' | 'sha256' | 'contentSha256' | 'schemaVersion'>;

/** Rows of a file of the first form, which had a header line. */
async function measureCsv(path: string, file: string): Promise<{ rows: number; contentSha256: null }> {
  const plain = meter();
  let head = '';
  const header = `${BAR_FILE_FIELDS.join(',')}\n`;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (head.length < header.length) head += chunk.toString('utf8', 0, header.length - head.length);
      done();
    },
  });
  await pipeline(createReadStream(path), createGunzip(), plain.stream, sink);
  if (head !== header) throw damaged(file, 'its columns are not the expected ones');
  return { rows: plain.lines() - 1, contentSha256: null };
}

/** Reads a file to its end and compares its digest, its rows and their digest with what they must be. @throws AppError ARCHIVE_DAMAGED */
export async function verifyArchive(folder: string, claim: ArchiveClaim): Promise<void> {
  const { file, schemaVersion } = claim;
  if (schemaVersion !== 1 && schemaVersion !== ARCHIVE_SCHEMA_VERSION) throw damaged(file, `it is of the form ${schemaVersion}, this program reads up to ${ARCHIVE_SCHEMA_VERSION}`);
  const path = join(folder, file);
  let found: { sha256: string; rows: number; contentSha256: string | null };
  try {
    const { sha256 } = await digestOf(path);
    if (sha256 !== claim.sha256) throw damaged(file, 'its contents have changed since it was written');
    found = { sha256, ...(schemaVersion === 1 ? await measureCsv(path, file) : await measureBarFile(path)) };
  } catch (error) {
    throw error instanceof AppError && error.code === 'ARCHIVE_DAMAGED' ? error : damaged(file, `it cannot be read (${describeError(error)})`, error);
  }
  if (found.rows !== claim.rows) throw damaged(file, `it holds ${found.rows} rows instead of ${claim.rows}`);
  if (claim.contentSha256 !== null && found.contentSha256 !== claim.contentSha256) throw damaged(file, 'its rows do not read as those that were written');
}

/** The rows of a file: CSV with a header line for the first form, else the text that writeBarFile takes. */
export async function readArchive(folder: string, claim: ArchiveClaim, into: Writable): Promise<void> {
  const path = join(folder, claim.file);
  if (claim.schemaVersion === 1) await pipeline(createReadStream(path), createGunzip(), into);
  else await pipeline(readBarFileRows(path), into);
}

/** The manifests that lie in the folder, of one month where it is named; none where there is no folder. @throws AppError ARCHIVE_DAMAGED when one cannot be read */
export async function readManifests(folder: string, month: string | null = null): Promise<ArchiveManifest[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return [];
    throw error;
  }
  const wanted = month === null ? /^market_data_\d{4}_\d{2}[\w.]*\.json$/ : new RegExp(`^market_data_${month.replace('-', '_')}[\\w.]*\\.json$`);
  const manifests: ArchiveManifest[] = [];
  for (const name of names.filter((one) => wanted.test(one)).sort()) {
    try {
      manifests.push(manifestSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8'))));
    } catch (error) {
      throw damaged(name.replace(/\.json$/, ''), 'its manifest cannot be read', error);
    }
  }
  return manifests;
}
