/** A lock between programs of one person over one file: held for the moment of a compare and replace, so that neither undoes the other's change. */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#app/domain/errors.ts';
import { isHeld } from './atomic-file.ts';

/** What is done under a lock takes milliseconds, two seconds with a virus scanner: an older lock was left by a crash. */
const STALE_MS = 10_000;
const PATIENCE_MS = 15_000;
/** For as long, a refusal of the system may be a virus scanner's. */
const HELD_PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 20;

/**
 * Does something while no other program does it with the same file; waits for as long as another one does. `act` does not wait itself, so the lock is short.
 * @throws AppError FILE_HELD (operator) when the lock cannot be had; every other system error (no space, no folder), and what `act` throws, as it is.
 */
export async function withFileLock<T>(file: string, act: () => T): Promise<T> {
  const lock = `${file}.lock`;
  const token = randomUUID();
  await take(lock, token);
  try {
    return act();
  } finally {
    release(lock, token);
  }
}

async function take(lock: string, token: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const obstacle = tryToTake(lock, token);
    if (obstacle === null) return;
    const waited = performance.now() - startedAt;
    if (waited > (isHeld(obstacle) ? HELD_PATIENCE_MS : PATIENCE_MS)) {
      throw new AppError('FILE_HELD', `${lock} could not be taken: another program holds it, or you may not write there. Close other windows and command lines of Mainspring, then try again; delete the file if it stays.`, { cause: obstacle });
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/** Null once the lock is ours; what stands in the way. */
function tryToTake(lock: string, token: string): Error | null {
  try {
    if (isStale(lock)) rmSync(lock, { force: true });
    const handle = openSync(lock, 'wx', 0o600);
    try {
      writeFileSync(handle, token);
    } catch (error) {
      rmSync(lock, { force: true });
      throw error;
    } finally {
      closeSync(handle);
    }
    return null;
  } catch (error) {
    if (error instanceof Error && ((error as NodeJS.ErrnoException).code === 'EEXIST' || isHeld(error))) return error;
    throw error;
  }
}

/** Also when the clock was set back meanwhile. */
function isStale(lock: string): boolean {
  const takenAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return takenAt !== undefined && Math.abs(Date.now() - takenAt) > STALE_MS;
}

/** What was done under the lock is done: one that a virus scanner holds stays until it is stale. */
function release(lock: string, token: string): void {
  try {
    // Whoever slept for long under his lock has lost it; it is somebody else's then.
    if (readFileSync(lock, 'utf8') === token) rmSync(lock, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && !isHeld(error)) throw error;
  }
}
