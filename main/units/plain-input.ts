/**
 * initdb hands the path of one of its input files to the server inside a statement, in the letters of the system's old code page; the server wants UTF-8
 * and refuses. A person called Jörg has that letter in the path of the installation: for the time of initdb the input lies where the path is plain.
 */
import { constants, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#app/domain/errors.ts';

const PLAIN = /^[\x20-\x7e]*$/;
/** Not allowed here, or not there: the next place is tried. */
const NOT_HERE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT', 'EROFS', 'ENOTDIR']);

/** Does a path have no letters that a code page could change? */
export function isPlainPath(file: string): boolean {
  return PLAIN.test(file);
}

/** Further arguments of initdb, and how to take the copy away again. */
export type PlainInput = { readonly args: readonly string[]; remove(): void };

/**
 * Copies initdb's input files to a plain place when theirs is not. `places` are folders to try in turn.
 * @throws AppError RUNTIME_MISSING (operator) when no place can be written.
 */
export function plainInput(share: string, places: readonly (string | undefined)[]): PlainInput {
  if (isPlainPath(share)) return { args: [], remove: () => undefined };
  for (const place of places) {
    const folder = place !== undefined && isPlainPath(place) ? makeIn(place) : null;
    if (folder === null) continue;
    const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    try {
      const names = readdirSync(share, { withFileTypes: true }).filter((entry) => entry.isFile());
      // Nobody else may have laid a file of this name there in the meantime: initdb runs what is in it.
      for (const { name } of names) copyFileSync(path.join(share, name), path.join(folder, name), constants.COPYFILE_EXCL);
    } catch (error) {
      remove();
      throw error;
    }
    return { args: ['-L', folder], remove };
  }
  throw new AppError('RUNTIME_MISSING', `PostgreSQL for Windows cannot be set up from ${share}: it only understands plain letters there. Install Mainspring in a folder such as C:\\Mainspring.`);
}

function makeIn(place: string): string | null {
  try {
    return mkdtempSync(path.join(place, 'mainspring-'));
  } catch (error) {
    if (NOT_HERE.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
