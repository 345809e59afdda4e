/** One set-up or build at a time in a clone: a file with the owner's pid. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { inRoot } from './places.mjs';
import { StepFailure } from './child.mjs';

const LOCK_FILE = inRoot('.setup.lock');
const LONGEST_WAIT_MS = 15 * 60_000;

/** @returns {boolean} false when someone else holds it */
function tryTake() {
  try {
    const file = openSync(LOCK_FILE, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new StepFailure(
      `Cannot write in ${inRoot()} (${codeOf(error)}). Remedy: make the folder writable for you, or clone it to a folder of yours.`,
    );
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');

/** @returns {boolean} is the lock's owner still running? An empty file is one that is just being written. */
function isOwnerAlive() {
  let text;
  try {
    text = readFileSync(LOCK_FILE, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true; // Just given back: try again.
    throw error;
  }
  if (text === '') return true;
  try {
    process.kill(Number(text), 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * Runs `work` while no other set-up or build runs in this clone.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSetupLock(work) {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  let isTold = false;
  while (!tryTake()) {
    if (!isOwnerAlive()) {
      rmSync(LOCK_FILE, { force: true });
      continue;
    }
    if (Date.now() > deadline) throw new StepFailure(`Another set-up still holds ${LOCK_FILE}. Remedy: end it, or remove the file.`);
    if (!isTold) process.stderr.write('Waiting for another set-up of this clone to end ...\n');
    isTold = true;
    await delay(250);
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK_FILE, { force: true });
  }
}
