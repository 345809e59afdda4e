/** Ends the leftovers of an earlier run before anything is started: never adopt, one path. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#app/domain/errors.ts';
import { identify } from './process-info.ts';
import type { RunFile, RunFiles } from './run-files.ts';

const POLL_MS = 20;

/** Signals of a leftover, mildest first, each with the time it gets in milliseconds. */
const LADDERS: Readonly<Record<string, readonly (readonly [NodeJS.Signals, number])[]>> = {
  postgres: [['SIGINT', 30_000], ['SIGQUIT', 10_000], ['SIGKILL', 5_000]],
  redis: [['SIGTERM', 10_000], ['SIGKILL', 5_000]],
};
const WORKER_LADDER: readonly (readonly [NodeJS.Signals, number])[] = [['SIGKILL', 5_000]];

/** True when the process of a run file is still the one that we started: same pid, same start, same program. */
export async function isOurs(file: RunFile): Promise<boolean> {
  const identity = await identify(file.pid);
  return identity !== null && file.startMark !== '' && identity.startMark === file.startMark && isSameImage(identity.image, file.image);
}

/** `setpriv` may have been noted in the moment before it became the program. */
function isSameImage(now: string, noted: string): boolean {
  return now === noted || noted === 'setpriv' || now === 'setpriv';
}

async function end(file: RunFile): Promise<void> {
  for (const [signal, limitMs] of LADDERS[file.unit] ?? WORKER_LADDER) {
    if (!(await isOurs(file))) return;
    try {
      process.kill(file.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new AppError('UNIT_START_FAILED', `A leftover ${file.unit} (process ${file.pid}) cannot be ended. End it by hand, then start again.`, { cause: error });
    }
    const deadline = performance.now() + limitMs;
    while (performance.now() < deadline) {
      if (!(await isOurs(file))) return;
      await sleep(POLL_MS);
    }
  }
  throw new AppError('UNIT_START_FAILED', `A leftover ${file.unit} (process ${file.pid}) does not end. End it by hand, then start again.`);
}

/** One leftover that was found and ended. */
export type Reaped = { readonly unit: string; readonly pid: number };

/**
 * Ends every process that a run file proves to be ours; workers first, so that nobody writes while the databases go down.
 * Processes that only share a pid with a run file are never touched.
 * @throws AppError UNIT_START_FAILED (operator) when one cannot be ended.
 */
export async function reapOrphans(runFiles: RunFiles): Promise<Reaped[]> {
  const files = runFiles.list();
  const reaped: Reaped[] = [];
  const isDatabase = (file: RunFile): boolean => file.unit in LADDERS;
  for (const group of [files.filter((file) => !isDatabase(file)), files.filter(isDatabase)]) {
    await Promise.all(
      group.map(async (file) => {
        if (await isOurs(file)) {
          await end(file);
          reaped.push({ unit: file.unit, pid: file.pid });
        }
        runFiles.remove(file.unit, file.pid);
      }),
    );
  }
  return reaped;
}
