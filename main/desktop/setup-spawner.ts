/** Starts the Setup of an update: it outlives us, and replaces us silently. */
import { spawn } from 'node:child_process';

/** What our installer understands: it replaces an installation, asks nothing, and starts the new version. */
const SETUP_ARGUMENTS = ['--updated', '/S', '--force-run'];

/**
 * Starts the Setup, detached from this process, and tells it which data folder was asked for (null = the usual one), so that the new version opens the same; resolves once it runs.
 * @throws Error (ENOENT, EACCES, ...) when the system did not start it
 */
export function startSetup(file: string, dataDir: string | null): Promise<void> {
  const args = dataDir === null ? SETUP_ARGUMENTS : [...SETUP_ARGUMENTS, `--data=${dataDir}`];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { detached: true, stdio: 'ignore' });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
