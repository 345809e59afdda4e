/** Sleep of the computer: told by the system, or noticed by a late tick, or both; whoever is first counts, once. */
import { LATE_AFTER_MS, pauseOf } from './watchdog.ts';

/** A system that announced sleep and then did not sleep is taken for awake after this many ticks on time. */
const AWAKE_TICKS = 60;
/** A resumption that names no real pause and follows another within this time, in milliseconds, is the same one told twice. */
const SAME_WITHIN_MS = 10_000;

/** Clocks: `monotonic` in milliseconds, `wall` EpochMs. */
export type Clocks = { readonly monotonic: () => number; readonly wall: () => number };

/** The end of a pause. `isNews`: the workers have not been told of it yet. */
export type Resumption = { readonly pausedMs: number; readonly isNews: boolean };

/** Keeps track of pauses. */
export type Pauses = {
  /** True between the announcement of sleep and the first sign of having woken: nobody is judged then. */
  readonly isSuspended: boolean;
  /** Forgets how long ago the last tick was: the ticks begin now. */
  begin(): void;
  /** Each tick: null when all is as it should be. */
  tick(): Resumption | null;
  /** The system says that it goes to sleep. */
  suspend(): void;
  /** The system says that it woke, after `pausedMs` by the caller's reckoning. */
  resume(pausedMs: number): Resumption;
};

/** Begins to watch. */
export function watchPauses({ monotonic, wall }: Clocks): Pauses {
  let last = { monotonic: monotonic(), wall: wall() };
  let resumedAt: number | null = null;
  let isSuspended = false;
  let awakeTicks = 0;

  /** The pause since the last look, 0 when there was none. */
  const look = (): number => {
    const now = { monotonic: monotonic(), wall: wall() };
    const pausedMs = pauseOf({ monotonicMs: now.monotonic - last.monotonic, wallMs: now.wall - last.wall });
    last = now;
    return pausedMs;
  };
  const endOf = (pausedMs: number): Resumption => {
    const now = wall();
    const isTold = resumedAt !== null && (resumedAt >= now - pausedMs || (pausedMs <= LATE_AFTER_MS && now - resumedAt < SAME_WITHIN_MS));
    isSuspended = false;
    if (!isTold) resumedAt = now;
    return { pausedMs, isNews: !isTold };
  };

  return {
    get isSuspended() {
      return isSuspended;
    },
    begin: () => void look(),
    tick: () => {
      const pausedMs = look();
      if (pausedMs > 0) return endOf(pausedMs);
      if (!isSuspended) return null;
      awakeTicks += 1;
      if (awakeTicks < AWAKE_TICKS) return null;
      isSuspended = false;
      return { pausedMs: 0, isNews: false };
    },
    suspend: () => {
      isSuspended = true;
      awakeTicks = 0;
    },
    resume: (pausedMs) => endOf(Math.max(pausedMs, look())),
  };
}
