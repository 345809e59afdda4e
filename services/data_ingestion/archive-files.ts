/** Months of bars as files: compressed CSV with a manifest beside it, written whole or not at all, checked by reading back. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';

/** The columns of a file, in its order. A file of another version is refused, never guessed at. */
export const ARCHIVE_COLUMNS = ['symbol', 'timeframe', 'open_time', 'open', 'high', 'low', 'close', 'volume', 'source', 'ts_seen'] as const;
/** Counts the forms of the file. */
export const ARCHIVE_SCHEMA_VERSION = 1;
/** Left free on the disk whatever is written: the book beside it needs room to work. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** What a file holds. `month`: `YYYY-MM`; `sha256` of the compressed file; `rows` without the header. */
export const manifestSchema = z.object({
  table: z.literal('market_data'), month: z.string().regex(/^\d{4}-\d{2}$/), file: z.string(), rows: z.number().int().min(0), bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/), schemaVersion: z.number().int(), columns: z.array(z.string()),
});
/** What a file holds. */
export type ArchiveManifest = z.infer<typeof manifestSchema>;

/** Name of a month's file. */
export function archiveFileName(month: string): string {
  return `market_data_${month.replace('-', '_')}.csv.gz`;
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

async function place(folder: string, name: string, write: (path: string) => Promise<void>): Promise<void> {
  const temporary = join(folder, `${name}.part`);
  try {
    await write(temporary);
    await flush(temporary);
    await rename(temporary, join(folder, name));
    await flushFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asDiskError(error, folder);
  }
}

/** Writes a month's rows (CSV with a header line) to its file and the manifest beside it. An earlier file of the month is replaced in one move. @throws AppError DATA_FOLDER_FULL */
export async function writeArchive(folder: string, month: string, csv: Readable): Promise<ArchiveManifest> {
  await mkdir(folder, { recursive: true });
  const file = archiveFileName(month);
  const [plain, packed] = [meter(), meter()];
  await place(folder, file, (path) => pipeline(csv, plain.stream, createGzip({ level: 6 }), packed.stream, createWriteStream(path)));
  const manifest: ArchiveManifest = { table: 'market_data', month, file, rows: Math.max(0, plain.lines() - 1), bytes: packed.bytes(), sha256: packed.digest(), schemaVersion: ARCHIVE_SCHEMA_VERSION, columns: [...ARCHIVE_COLUMNS] };
  await place(folder, `${file}.json`, async (path) => {
    const handle = await open(path, 'w');
    try {
      await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    } finally {
      await handle.close();
    }
  });
  return manifest;
}

function damaged(file: string, why: string, cause?: unknown): AppError {
  return new AppError('ARCHIVE_DAMAGED', `The archive ${file} cannot be used: ${why}. Bring the file back from a backup of the data folder.`, cause === undefined ? {} : { cause });
}

/** What a file must be: as the ledger or its manifest has it. */
export type ArchiveClaim = Pick<ArchiveManifest, 'file' | 'rows' | 'sha256' | 'schemaVersion'>;

/** Reads a file to its end and compares digest and rows with what they must be. @throws AppError ARCHIVE_DAMAGED */
export async function verifyArchive(folder: string, claim: ArchiveClaim): Promise<void> {
  if (claim.schemaVersion !== ARCHIVE_SCHEMA_VERSION) throw damaged(claim.file, `it is of the form ${claim.schemaVersion}, this program reads ${ARCHIVE_SCHEMA_VERSION}`);
  const [packed, plain] = [meter(), meter()];
  let head = '';
  const header = `${ARCHIVE_COLUMNS.join(',')}\n`;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (head.length < header.length) head += chunk.toString('utf8', 0, header.length - head.length);
      done();
    },
  });
  try {
    await pipeline(createReadStream(join(folder, claim.file)), packed.stream, createGunzip(), plain.stream, sink);
  } catch (error) {
    throw damaged(claim.file, `it cannot be read (${describeError(error)})`, error);
  }
  if (packed.digest() !== claim.sha256) throw damaged(claim.file, 'its contents have changed since it was written');
  if (head !== header) throw damaged(claim.file, 'its columns are not the expected ones');
  if (plain.lines() - 1 !== claim.rows) throw damaged(claim.file, `it holds ${plain.lines() - 1} rows instead of ${claim.rows}`);
}

/** The rows of a file as CSV, header line first. */
export async function readArchive(folder: string, file: string, into: Writable): Promise<void> {
  await pipeline(createReadStream(join(folder, file)), createGunzip(), into);
}

/** The manifest beside a file, null when there is none. @throws AppError ARCHIVE_DAMAGED when it cannot be read */
export async function readManifest(folder: string, month: string): Promise<ArchiveManifest | null> {
  const path = join(folder, `${archiveFileName(month)}.json`);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return null;
    throw error;
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw damaged(archiveFileName(month), 'its manifest cannot be read', error);
  }
}
