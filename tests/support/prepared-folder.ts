/** Folders that take long to make: made once for each recipe, kept in the system's temporary folder, copied for each test file. */
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Those of other recipes, and what ended runs left behind, are removed after a day: nobody copies from them any more. */
const REMOVED_AFTER_MS = 24 * 3_600_000;

/** Each user of the computer has prepared folders of his own. */
const place = (): string => join(tmpdir(), `mainspring-prepared-${process.getuid?.() ?? 'all'}`);

function removeOld(kept: string): void {
  for (const name of readdirSync(place())) {
    const folder = join(place(), name);
    const made = statSync(folder, { throwIfNoEntry: false });
    if (name !== kept && made !== undefined && Date.now() - made.mtimeMs > REMOVED_AFTER_MS) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The folder that `make` fills, from here or from an earlier run. `recipe`: everything that it is made of.
 * Test processes that come at once make one each, and the first to be ready is kept.
 */
export async function preparedFolder(recipe: string, make: (folder: string) => Promise<void>): Promise<string> {
  const name = createHash('sha256').update(recipe).digest('hex').slice(0, 20);
  const folder = join(place(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(place(), { recursive: true, mode: 0o755 });
  removeOld(name);
  const mine = mkdtempSync(join(place(), 'making-'));
  try {
    await make(mine);
    renameSync(mine, folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was first: what it has made is the same.
    if (!(existsSync(folder) && (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM'))) throw error;
  } finally {
    rmSync(mine, { recursive: true, force: true });
  }
  return folder;
}

/** Copies a folder. `owner`: to whom the copy belongs, where it is not ours. */
export function copyFolder(from: string, to: string, owner: { readonly uid?: number; readonly gid?: number } = {}): void {
  cpSync(from, to, { recursive: true });
  const { uid, gid } = owner;
  if (uid === undefined || gid === undefined) return;
  chownSync(to, uid, gid);
  for (const name of readdirSync(to, { recursive: true, encoding: 'utf8' })) chownSync(join(to, name), uid, gid);
}
