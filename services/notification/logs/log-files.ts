/** The log files of the data folder: which there are, what they are known by, and reading a piece of one. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** How much of a file's beginning tells it from others. */
export const HEAD_BYTES = 1_024;
/** `execution.log` is written now; `execution.log.1` was rotated away before it, and so on. */
const NAME = /^([a-z][a-z0-9_]{0,39})\.log(?:\.([1-9]\d?))?$/;
const MAX_FILES = 400;

/** A log file. `generation` 0 = the one that is written now. */
export type LogFile = { readonly path: string; readonly name: string; readonly unit: string; readonly generation: number; readonly size: number; readonly mtimeMs: number; readonly inode: bigint };

function isGone(error: unknown): boolean {
  return error instanceof Error && (Reflect.get(error, 'code') === 'ENOENT' || Reflect.get(error, 'code') === 'ENOTDIR');
}

/** A file as it is now, null when it is gone, or is no plain file (links are not followed). */
async function look(folder: string, name: string): Promise<LogFile | null> {
  const match = NAME.exec(name);
  if (!match) return null;
  const path = join(folder, name);
  try {
    const stat = await lstat(path, { bigint: true });
    return stat.isFile() ? { path, name, unit: match[1] ?? '', generation: Number(match[2] ?? 0), size: Number(stat.size), mtimeMs: Number(stat.mtimeMs), inode: stat.ino } : null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The log files of a folder, per part the oldest first; none when the folder is missing. */
export async function listLogFiles(folder: string): Promise<LogFile[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
  const names = entries.filter((entry) => entry.isFile() && NAME.test(entry.name)).map((entry) => entry.name).slice(0, MAX_FILES);
  const files = (await Promise.all(names.map((name) => look(folder, name)))).filter((file) => file !== null);
  return files.sort((a, b) => (a.unit < b.unit ? -1 : a.unit > b.unit ? 1 : b.generation - a.generation));
}

/** Reads up to `length` bytes from a place. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Opens a file for reading; null when it is gone by now. @throws the system's error when it may not be read */
export async function openLogFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The fingerprint of a file's first `bytes` bytes. */
export function hashOf(head: Buffer, bytes: number): string {
  return createHash('sha256').update(head.subarray(0, bytes)).digest('hex').slice(0, 32);
}

/** How much of a head can be the fingerprint: all of it once the first line is whole; null while there is less. */
export function headLength(head: Buffer): number | null {
  return head.length >= HEAD_BYTES || head.includes(10) ? head.length : null;
}
