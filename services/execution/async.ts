/** Small tools of the loops: a queue for one, a bell, and a loop that survives what will pass. */
import { describeError } from '#app/domain/errors.ts';
import { backoffMs, isTransient, sleep } from '#chassis/clock.ts';
import type { Logger } from '#chassis/log.ts';

/** Runs functions one after another, in the order of the calls. A failure goes to its caller alone. */
export type Serial = { run<T>(fn: () => Promise<T>): Promise<T>; /** Resolves when everything queued until now is done. */ idle(): Promise<void> };

/** Creates a queue for one. */
export function createSerial(): Serial {
  let tail: Promise<unknown> = Promise.resolve();
  const run = <T>(fn: () => Promise<T>): Promise<T> => {
    const result = tail.then(fn);
    tail = result.catch(() => undefined);
    return result;
  };
  return { run, idle: () => run(() => Promise.resolve()) };
}

/** A bell that is not missed when it rings before anyone waits. */
export type Bell = { ring(): void; /** Resolves at the next ring (or at once when it rang since the last wait), at the latest after `ms`. */ wait(ms: number): Promise<void> };

/** Creates a bell. */
export function createBell(): Bell {
  let hasRung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      hasRung = true;
      wake?.();
    },
    async wait(ms) {
      if (!hasRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = null;
      hasRung = false;
    },
  };
}

/** A loop that runs until it is stopped. */
export type Loop = { stop(): Promise<void> };

/**
 * Repeats `turn` until stopped. What is temporary is tried again with backoff; anything else is a bug and ends the process through `fatal`.
 * `turn` must wait by itself when there is nothing to do; `wake` ends that waiting when the loop is to stop.
 */
export function startLoop(options: { readonly name: string; readonly log: Logger; readonly turn: () => Promise<void>; readonly wake: () => void; readonly fatal: (error: unknown) => void }): Loop {
  const abort = new AbortController();
  const loop = async (): Promise<void> => {
    for (let failures = 0; !abort.signal.aborted; ) {
      try {
        await options.turn();
        failures = 0;
      } catch (error) {
        if (!isTransient(error)) throw error;
        options.log.warn({ loop: options.name, error: describeError(error), failures }, 'A loop tries again');
        await sleep(backoffMs(failures, { baseMs: 50, capMs: 2_000 }), abort.signal);
        failures += 1;
      }
    }
  };
  const running = loop().catch((error: unknown) => {
    if (!abort.signal.aborted) options.fatal(error);
  });
  return {
    async stop() {
      abort.abort();
      options.wake();
      await running;
    },
  };
}
