/** Wakes the scheduler on every whole minute of the wall clock, and by the monotonic clock when the wall clock is changed under it. */
import { createTask } from 'node-cron';
import { MINUTE_MS, type Clock } from '#app/domain/time.ts';

const CHECK_EVERY_MS = 15_000;
/** The two clocks run apart by less than this within a check, unless one was set. */
const DRIFT_MS = 2_000;
/** Waking this much before the minute is waking for it: timers and clocks are not the same thing. */
const EARLY_MS = 1_000;

/** What the alarm works with. `wake`: look at the schedules, dealing with its own failures; `onClockChange`: the wall clock moved by so many milliseconds more (or less) than time went by. */
export type AlarmParts = {
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly checkEveryMs?: number;
  wake(): Promise<void>;
  onClockChange(movedMs: number): void;
};

/**
 * One clock for all schedules, instead of a timer each: the scheduler asks what fell due since it last looked, so a wake that comes late, twice or not
 * at all (sleep, a changed clock, an hour that does not exist) loses and doubles nothing. Wakes do not overlap; one that comes meanwhile follows.
 */
export function openAlarm(parts: AlarmParts): { start(): void; stop(): Promise<void>; look(): Promise<void> } {
  let busy: Promise<void> | null = null;
  let isAskedAgain = false;
  let lookedAtMinute = -1;
  let last = { wall: parts.clock.now() as number, monotonic: parts.monotonicMs() };
  let check: NodeJS.Timeout | null = null;
  let early: NodeJS.Timeout | null = null;

  const work = async (): Promise<void> => {
    do {
      isAskedAgain = false;
      lookedAtMinute = Math.floor(parts.clock.now() / MINUTE_MS);
      await parts.wake();
    } while (isAskedAgain);
  };
  const look = (): Promise<void> => {
    if (busy) isAskedAgain = true;
    else busy = work().finally(() => (busy = null));
    return busy;
  };
  const onMinute = (): void => {
    const missingMs = MINUTE_MS - (parts.clock.now() % MINUTE_MS);
    if (missingMs > EARLY_MS) return void look();
    early ??= setTimeout(() => {
      early = null;
      void look();
    }, missingMs + 1);
  };
  const onCheck = (): void => {
    const present = { wall: parts.clock.now() as number, monotonic: parts.monotonicMs() };
    const movedMs = Math.round(present.wall - last.wall - (present.monotonic - last.monotonic));
    last = present;
    if (Math.abs(movedMs) >= DRIFT_MS) parts.onClockChange(movedMs);
    // The minute's own wake has a moment to come first.
    const isOverdue = Math.floor(present.wall / MINUTE_MS) !== lookedAtMinute && present.wall % MINUTE_MS > EARLY_MS;
    if (isOverdue || Math.abs(movedMs) >= DRIFT_MS) void look();
  };
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
  const task = createTask('* * * * *', onMinute, { name: 'scheduler', noOverlap: true, suppressMissedWarning: true, unref: true, logger: silent });
  return {
    look,
    start() {
      last = { wall: parts.clock.now(), monotonic: parts.monotonicMs() };
      void task.start();
      check = setInterval(onCheck, parts.checkEveryMs ?? CHECK_EVERY_MS);
      check.unref();
    },
    async stop() {
      if (check) clearInterval(check);
      if (early) clearTimeout(early);
      await task.destroy();
      await busy;
    },
  };
}
