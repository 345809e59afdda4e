/** Waiting for the ends of other runs: one question for all who wait, often at first, then four times a second; none when nobody waits. */
import { sleep } from './clock.ts';

const FIRST_MS = 20;
const MOST_MS = 250;
const GROWTH = 1.3;

/** Waits for runs. `ended` says which of these ids have ended; `onTrouble` hears of its failures, after which it is asked again. */
export type RunWaiter = {
  /** Resolves true when the run has ended, false when the signal aborts. */
  wait(runId: string, signal: AbortSignal): Promise<boolean>;
};

/** Opens a waiter. */
export function openRunWaiter(ended: (runIds: readonly string[]) => Promise<readonly string[]>, onTrouble: (error: unknown) => void): RunWaiter {
  const waiting = new Map<string, Set<() => void>>();
  let isLooking = false;
  let pauseMs = FIRST_MS;
  let hurry = new AbortController();

  const look = async (): Promise<void> => {
    while (waiting.size > 0) {
      await sleep(pauseMs, hurry.signal);
      if (hurry.signal.aborted) hurry = new AbortController();
      pauseMs = Math.min(MOST_MS, pauseMs * GROWTH);
      try {
        for (const runId of await ended([...waiting.keys()])) for (const wake of waiting.get(runId) ?? []) wake();
      } catch (error) {
        onTrouble(error);
      }
    }
    isLooking = false;
  };

  return {
    async wait(runId, signal) {
      if (signal.aborted) return false;
      const isEnded = await new Promise<boolean>((resolve) => {
        const onAbort = (): void => settle(false);
        const wake = (): void => settle(true);
        const settle = (value: boolean): void => {
          signal.removeEventListener('abort', onAbort);
          const others = waiting.get(runId);
          others?.delete(wake);
          if (others?.size === 0) waiting.delete(runId);
          resolve(value);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.set(runId, (waiting.get(runId) ?? new Set()).add(wake));
        // Somebody new: look soon, whatever the pause has grown to.
        pauseMs = FIRST_MS;
        hurry.abort();
        if (isLooking) return;
        isLooking = true;
        void look();
      });
      return isEnded;
    },
  };
}
