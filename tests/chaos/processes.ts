/** The processes of a stack as the system sees them: all descendants of one pid, stopped dead or killed together. */
import { readdirSync, readFileSync } from 'node:fs';
import { isAlive } from '../support/fake-stack.ts';
import { until } from '../support/servers.ts';

function parentOf(pid: number): number | null {
  try {
    // The name may hold blanks and brackets: what follows the last bracket counts.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** A process and everything below it. Linux alone. */
export function family(root: number): number[] {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), parentOf(Number(name))]));
  const found = [root];
  for (let grew = true; grew;) {
    grew = false;
    for (const [pid, parent] of parents) {
      if (parent === null || found.includes(pid) || !found.includes(parent)) continue;
      found.push(pid);
      grew = true;
    }
  }
  return found;
}

/** Sends a signal; whoever is gone already is no trouble. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Stops a whole family dead in its tracks, those included that are born meanwhile; gives the pids. */
export function freeze(root: number): number[] {
  let known: number[] = [];
  for (;;) {
    const now = family(root);
    if (now.every((pid) => known.includes(pid))) return known;
    signal(now, 'SIGSTOP');
    known = [...new Set([...known, ...now])];
  }
}

/** SIGKILL to all, and waits until they are gone. */
export async function killAll(pids: readonly number[]): Promise<void> {
  signal(pids, 'SIGKILL');
  await until(() => !pids.some(isAlive), 'killed processes to be gone');
}
