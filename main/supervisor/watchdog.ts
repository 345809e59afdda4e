/** Judges silence: pure arithmetic over beats, fair to a supervisor that was held up itself. */

/** No beat for this long: amber. */
export const SILENT_AFTER_MS = 5_000;
/** No beat for this long: killed. */
export const HUNG_AFTER_MS = 15_000;
/** How often the supervisor looks. */
export const TICK_MS = 500;
/** A tick that comes this much later than due means that we slept, not they. */
export const LATE_AFTER_MS = 3_000;

/** What the watchdog makes of one unit. */
export type Silence = 'alive' | 'silent' | 'hung';

/** Limits of one unit; databases get longer ones, because a full disk queue must not be answered with SIGKILL. */
export type SilenceLimits = { readonly silentAfterMs: number; readonly hungAfterMs: number };

/** The limits for workers. */
export const WORKER_SILENCE: SilenceLimits = { silentAfterMs: SILENT_AFTER_MS, hungAfterMs: HUNG_AFTER_MS };

/** Verdict over a unit whose last sign of life is `ageMs` old. */
export function judgeSilence(ageMs: number, limits: SilenceLimits = WORKER_SILENCE): Silence {
  if (ageMs >= limits.hungAfterMs) return 'hung';
  return ageMs >= limits.silentAfterMs ? 'silent' : 'alive';
}

/**
 * How long we were held up since the previous tick, in milliseconds; 0 when all is normal.
 * Both clocks are needed: during sleep some systems stop the monotonic clock, others do not.
 */
export function pauseOf(elapsed: { readonly monotonicMs: number; readonly wallMs: number }): number {
  const late = elapsed.monotonicMs - TICK_MS;
  const slept = elapsed.wallMs - elapsed.monotonicMs;
  const pause = Math.max(late, slept);
  return pause > LATE_AFTER_MS ? pause : 0;
}
