/** Column files on disk: read into one piece of memory, written whole or not at all, by any number of processes at once. */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { decodeColumns, encodeColumns, type FileHeader, type SeriesLabel } from '#app/columns/file-format.ts';

/** A stored series and what its file says of it. */
export type StoredColumns = { readonly header: FileHeader; readonly bars: BarColumns };

/** Longer than any file of ours: 100 M bars. */
const MAX_FILE_BYTES = 5_000_000_000;
/** One call moves at most this much: larger reads are refused by some systems. */
const CHUNK_BYTES = 1 << 30;
const LEFTOVER = /\.[0-9a-f]{12}\.new$/;
const LEFTOVER_AGE_MS = 3_600_000;
/** Windows refuses to replace a file that another process reads at this moment. */
const HELD = new Set(['EPERM', 'EACCES', 'EBUSY']);
const PATIENCE_MS = 1_000;
const RETRY_MS = 10;

/** Where a series lies. The beginning keeps tickers such as CON or AUX, which Windows takes for devices, from being the whole name; capitals are the same everywhere. */
export function columnFile(folder: string, series: { readonly symbol: string; readonly timeframe: Timeframe }): string {
  return path.join(folder, `bars-${series.symbol.replaceAll(/[^A-Z0-9.]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}-${series.timeframe}.columns`);
}

/** Reads a file, null when there is none. `isShared`: into memory that worker threads can read. @throws AppError COLUMNS_DAMAGED; system errors as they are */
export function readColumns(file: string, isShared = false): StoredColumns | null {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = fstatSync(handle);
    if (size > MAX_FILE_BYTES) throw new AppError('COLUMNS_DAMAGED', `${file} has ${size} bytes: it is no column file`);
    const memory = isShared ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
    const bytes = new Uint8Array(memory);
    for (let at = 0; at < size; ) {
      const read = readSync(handle, bytes, at, Math.min(CHUNK_BYTES, size - at), at);
      if (read === 0) throw new AppError('COLUMNS_DAMAGED', `${file} became shorter while it was read`);
      at += read;
    }
    return decodeColumns(memory, crc32);
  } finally {
    closeSync(handle);
  }
}

/**
 * Replaces a file in one step, after a power cut there is the old one or the new one. `isFlushed` false: thousands at once, of which a power cut may leave some empty or torn; their
 * checksums tell, and they are made again. The disk is waited for, not stood still for: strategies trade on the same thread. @throws system errors: no room, no rights
 */
export async function writeColumns(file: string, label: SeriesLabel, bars: BarColumns, isFlushed = true): Promise<void> {
  const bytes = encodeColumns(label, bars, crc32);
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const beside = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    await writeWhole(beside, bytes, isFlushed);
    await renameHeld(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  if (isFlushed) await flushFolder(folder);
}

async function writeWhole(file: string, bytes: Uint8Array, isFlushed: boolean): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at))).bytesWritten;
  if (isFlushed) await handle.sync();
}

async function renameHeld(from: string, to: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!(error instanceof Error) || !HELD.has(String(Reflect.get(error, 'code'))) || performance.now() > deadline) throw error;
      await after(RETRY_MS);
    }
  }
}

/** The new name reaches the disk with its folder. Windows journals names and cannot open folders. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Removes what writers that were killed left behind. No write takes an hour. */
export function sweepLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!LEFTOVER.test(name)) continue;
    const writtenAt = statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - writtenAt > LEFTOVER_AGE_MS) rmSync(path.join(folder, name), { force: true });
  }
}
