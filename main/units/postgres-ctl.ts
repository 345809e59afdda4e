/** Asks a PostgreSQL on Windows to stop: a signal is a hard kill there, and pg_ctl knows how to ask. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import path from 'node:path';
import { programPath, windowsEnv } from './own-variables.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

const run = promisify(execFile);
/** Beyond what pg_ctl itself waits, in milliseconds. */
const GRACE_MS = 5_000;

/** The server of a data folder, and how it is to end: `fast` ends sessions and writes everything out, `immediate` leaves the recovery to the next start. */
export type StopWish = { readonly folder: string; readonly mode: 'fast' | 'immediate'; readonly seconds: number };

/** Resolves when the server has stopped. @throws Error with the words of pg_ctl when it has not within the time. */
export async function pgCtlStop(binaries: PostgresBinaries, { folder, mode, seconds }: StopWish): Promise<void> {
  // A name relative to the working folder: every letter of the path to it is then the system's business alone.
  await run(binaries.pgCtl, ['stop', '-D', path.basename(folder), '-m', mode, '-w', '-t', String(seconds)], {
    cwd: path.dirname(folder),
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: programPath(path.dirname(binaries.pgCtl)), ...windowsEnv() },
    timeout: seconds * 1_000 + GRACE_MS,
    windowsHide: true,
  });
}
