/** Named places where a test may kill the process; nothing at all outside of tests. */
import { closeSync, openSync } from 'node:fs';

const WISH = process.env['MAINSPRING_CRASH_AT'];

/** Creates the marker; false when it is there already, that is, when the crash has been had. */
function claim(marker: string): boolean {
  try {
    closeSync(openSync(marker, 'wx'));
    return true;
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Kills this process with SIGKILL when MAINSPRING_CRASH_AT is `name`, or, once in all, when it is `name@/path/of/a/marker/file`
 * (the file is created at the kill, so that the process that is started again lives).
 */
export function crashPoint(name: string): void {
  if (WISH === undefined) return;
  const [wished, marker] = WISH.split('@', 2);
  if (wished !== name || (marker !== undefined && !claim(marker))) return;
  process.kill(process.pid, 'SIGKILL');
}
