/** Ends a process by mild means first, harder ones later. */
import type { Child } from '../supervisor/spawner.ts';

/** One rung: what to do, and how long to wait for the end before the next one, in milliseconds. */
export type Rung = { readonly act: () => void; readonly waitMs: number };

/** Climbs the rungs until the process has ended; returns the function that skips to the last rung at once. */
export function climb(child: Child, rungs: readonly Rung[]): () => void {
  let index = 0;
  let timer: NodeJS.Timeout | null = null;
  let hasEnded = false;
  const next = (): void => {
    const rung = rungs[index];
    if (hasEnded || !rung) return;
    index += 1;
    rung.act();
    timer = setTimeout(next, rung.waitMs);
  };
  child.onEnd(() => {
    hasEnded = true;
    if (timer) clearTimeout(timer);
  });
  next();
  return () => {
    if (timer) clearTimeout(timer);
    index = Math.max(index, rungs.length - 1);
    next();
  };
}
