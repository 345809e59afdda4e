/** PostgreSQL refuses to run as root: which unprivileged user takes its place, and what that user can reach. */
import { chmodSync, chownSync, lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#app/domain/errors.ts';

/** The user under which the databases run. */
export type RunAs = { readonly uid: number; readonly gid: number; readonly name: string };

const CANDIDATES = ['postgres', 'nobody'] as const;
const OTHERS_MAY_PASS = 0o001;
const GROUP_MAY_PASS = 0o010;
const OWNER_MAY_PASS = 0o100;

/**
 * Null when we are not root: the databases then run as we do.
 * @throws AppError RUNTIME_MISSING (operator) when root has neither a `postgres` nor a `nobody` to hand over to.
 */
export function findRunAs(passwdFile = '/etc/passwd'): RunAs | null {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return null;
  const users = new Map(
    readFileSync(passwdFile, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map((fields) => [fields[0], { uid: Number(fields[2]), gid: Number(fields[3]) }] as const),
  );
  for (const name of CANDIDATES) {
    const ids = users.get(name);
    if (ids && ids.uid > 0 && Number.isInteger(ids.gid)) return { ...ids, name };
  }
  throw new AppError('RUNTIME_MISSING', 'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it. Create one (adduser --system postgres), or start Mainspring as another user.');
}

/** The first folder on the way to `target` that the user cannot pass, or null. */
export function firstBarrier(target: string, user: RunAs): string | null {
  const parts = path.resolve(target).split(path.sep);
  for (let count = 1; count <= parts.length; count += 1) {
    const folder = parts.slice(0, count).join(path.sep) || path.sep;
    const { mode, uid, gid } = statSync(folder);
    let needed = OTHERS_MAY_PASS;
    if (uid === user.uid) needed = OWNER_MAY_PASS;
    else if (gid === user.gid) needed = GROUP_MAY_PASS;
    if ((mode & needed) === 0) return folder;
  }
  return null;
}

/**
 * Makes sure that the user can get to a data folder, before anything is made in it. `existing` is the nearest part of it that exists.
 * @throws AppError DATA_FOLDER_UNUSABLE (operator), naming the folder in the way.
 */
export function assertReach(user: RunAs | null, dataDir: string, existing: string): void {
  if (!user || !statSync(existing).isDirectory()) return;
  const barrier = firstBarrier(existing, user);
  // The data folder itself is opened for passing through when it is prepared.
  if (barrier === null || barrier === dataDir) return;
  throw new AppError(
    'DATA_FOLDER_UNUSABLE',
    `PostgreSQL does not run as root, and the user ${user.name} cannot enter ${barrier}. Choose a data folder elsewhere with --data or MAINSPRING_HOME (for example /var/lib/mainspring), or start Mainspring as another user.`,
  );
}

/** Gives a folder with everything in it to the user, and closes it to others. Links are not followed. */
export function giveTo(user: RunAs | null, folder: string): void {
  chmodSync(folder, 0o700);
  if (!user || statSync(folder).uid === user.uid) return;
  const give = (entry: string): void => {
    const stat = lstatSync(entry);
    if (stat.isSymbolicLink()) return;
    if (stat.isDirectory()) for (const name of readdirSync(entry)) give(path.join(entry, name));
    chownSync(entry, user.uid, user.gid);
  };
  give(folder);
}
