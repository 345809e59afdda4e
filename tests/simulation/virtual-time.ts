/** Virtual time: the process's clocks and timers stand still while anything can still run, then jump to the next timer. */
import { install, type Clock } from '@sinonjs/fake-timers';

// Taken before anything is replaced: the one way to let every pending continuation run.
const realSetImmediate = globalThis.setImmediate;

/** Lets everything run that waits for nothing but its turn. */
export function letRun(): Promise<void> {
  return new Promise((resolve) => {
    realSetImmediate(resolve);
  });
}

/** The clocks of the process, in our hands. */
export type VirtualTime = {
  /** Milliseconds since the start; never goes back, whatever the wall clock does. */
  elapsed(): number;
  /** Calls `fn` after so many milliseconds. */
  after(ms: number, fn: () => void): void;
  wait(ms: number): Promise<void>;
  /** Moves the wall clock, as a person or a time server would; timers keep their pace. */
  jumpWallClock(ms: number): void;
  /** Lets time pass until `isDone`, at most up to `limitMs` since the start. True when it was done. */
  runUntil(isDone: () => boolean, limitMs: number): Promise<boolean>;
  /** Forgets every timer and gives the real clocks back. */
  remove(): void;
};

/** Takes the clocks over; `startsAt` is the wall clock's first instant (epoch ms). */
export function takeOverTime(startsAt: number): VirtualTime {
  const clock: Clock = install({ now: startsAt, shouldClearNativeTimers: true, toFake: ['Date', 'performance', 'hrtime', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] });
  const began = performance.now();
  const elapsed = (): number => performance.now() - began;
  return {
    elapsed,
    after: (ms, fn) => void setTimeout(fn, ms),
    wait: (ms) => new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
    jumpWallClock: (ms) => clock.setSystemTime(Date.now() + ms),
    async runUntil(isDone, limitMs) {
      // Time stops at the limit itself, not at whatever timer comes behind it.
      setTimeout(() => undefined, Math.max(0, limitMs - elapsed()));
      for (;;) {
        await letRun();
        if (isDone()) return true;
        if (elapsed() >= limitMs || clock.countTimers() === 0) return false;
        clock.next();
      }
    },
    remove() {
      clock.reset();
      clock.uninstall();
    },
  };
}
