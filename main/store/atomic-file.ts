/** Files that are whole at any moment: written beside, forced to disk, renamed; patient with virus scanners that hold a file for a moment. */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, fsyncSync, lstatSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#app/domain/errors.ts';

/** What a system says of a file that another program has open: sharing violations on Windows, a mount point elsewhere. */
const HELD: ReadonlySet<string> = new Set(['EBUSY', 'EPERM', 'EACCES']);
/** How the name of a file that is being written ends: the process, and something that no other write has. */
const LEFTOVER = /^\d+-[0-9a-f]{12}\.new$/;
const LEFTOVER_AGE_MS = 60_000;
const PATIENCE_MS = 2_000;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;
/** A scanner walks through a new folder file by file. */
const FOLDER_PATIENCE_MS = 20_000;

/** `mode` are the rights of the file (0600 unless told). `owner` gives it to another user before it appears under its name (as root only). */
export type AtomicOptions = { readonly mode?: number; readonly owner?: { readonly uid: number; readonly gid: number } | null };

/**
 * Replaces a file in one step: after a power cut there is the old one or the new one, never half of one. Blocks for up to two seconds while another program holds the file.
 * @throws AppError FILE_HELD (operator) when it is held for longer; every other system error (no space, no folder) as it is.
 */
export function writeFileAtomically(file: string, data: string | Uint8Array, options: AtomicOptions = {}): void {
  // Two programs may write at the same time: each has a name of its own.
  const beside = `${file}.${process.pid}-${randomBytes(6).toString('hex')}.new`;
  try {
    patiently(file, () => writeThrough(beside, data, options));
    renamePatiently(beside, file);
  } catch (error) {
    removeLeftover(beside);
    throw error;
  }
  syncFolder(path.dirname(file));
  sweepLeftovers(file);
}

/**
 * Renames a file or folder, waiting for up to two seconds while another program (a virus scanner) holds it.
 * @throws AppError FILE_HELD (operator) when it is held for longer; every other system error as it is.
 */
export function renamePatiently(from: string, to: string): void {
  patiently(to, () => renameSync(from, to));
}

/**
 * Renames a folder with many new files, waiting for up to twenty seconds while a virus scanner walks through it. Does not block.
 * @throws AppError FILE_HELD (operator) when it is held for longer; every other system error as it is.
 */
export async function renameFolder(from: string, to: string): Promise<void> {
  const deadline = performance.now() + FOLDER_PATIENCE_MS;
  for (;;) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (performance.now() > deadline) throw held(to, error);
      await sleep(LONGEST_WAIT_MS);
    }
  }
}

function writeThrough(file: string, data: string | Uint8Array, options: AtomicOptions): void {
  const mode = options.mode ?? 0o600;
  // An attempt before this one may have ended halfway.
  rmSync(file, { force: true });
  const handle = openSync(file, 'wx', mode);
  try {
    // The mask of the process has narrowed the mode.
    if (process.platform !== 'win32') fchmodSync(handle, mode);
    if (options.owner) fchownSync(handle, options.owner.uid, options.owner.gid);
    writeFileSync(handle, data);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The new name itself reaches the disk with its folder. Windows journals names and cannot open folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The first error is the one to tell; a leftover is removed by a later write. */
function removeLeftover(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    if (!isHeld(error)) throw error;
  }
}

/** What writers of the same file left beside it when they were killed. No write takes a minute. */
function sweepLeftovers(file: string): void {
  const folder = path.dirname(file);
  const beginning = `${path.basename(file)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(beginning) || !LEFTOVER.test(name.slice(beginning.length))) continue;
    const leftover = path.join(folder, name);
    const writtenAt = lstatSync(leftover, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - writtenAt > LEFTOVER_AGE_MS) removeLeftover(leftover);
  }
}

/** Does another program hold the file? Sharing violations on Windows, a mount point elsewhere. */
export function isHeld(error: unknown): boolean {
  return HELD.has((error as NodeJS.ErrnoException).code ?? '');
}

function patiently(file: string, act: () => void): void {
  const deadline = performance.now() + PATIENCE_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      act();
      return;
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (performance.now() + wait > deadline) throw held(file, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wait);
    }
  }
}

function held(file: string, cause: unknown): AppError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new AppError(
    'FILE_HELD',
    `${file} could not be replaced (${code}): another program holds it, or you may not write there. Exclude ${path.dirname(file)} from your virus scanner, close programs that show the file, then try again.`,
    { cause, context: { file, code } },
  );
}
