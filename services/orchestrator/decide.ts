/** Which of the ticks since the last look get a run, and which are passed over: the missed-run policy, pure. */
import type { Deployment } from '#app/contracts/flows.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';

/** A tick older than this has been missed: the system was off, asleep or overloaded. */
export const MISSED_AFTER_MS = 90_000;
/** Ticks older than this are not looked for. */
export const LOOK_BACK_MS = 7 * DAY_MS;
/** Most missed ticks that `run_all` runs again. */
export const MAX_CATCH_UP = 24;

/** What to do: `run` in order of time; `skipped` stands for `missedCount` ticks, of which `newest` is the last. */
export type TickDecision = { readonly run: readonly EpochMs[]; readonly skipped: { readonly newest: EpochMs; readonly missedCount: number; readonly reason: string } | null };

function skip(ticks: readonly EpochMs[], reason: string): TickDecision['skipped'] {
  const newest = ticks.at(-1);
  return newest === undefined ? null : { newest, missedCount: ticks.length, reason };
}

/**
 * Decides over the ticks (ascending) that fell due since the last decision.
 * `skip`: missed ticks get no run. `run_once`: one run for all of them, the newest, unless a tick is due right now and does the same.
 * `run_all`: a run each, the newest 24.
 */
export function decideTicks(ticks: readonly EpochMs[], now: EpochMs, onMissed: Deployment['onMissed']): TickDecision {
  const missed = ticks.filter((tick) => now - tick > MISSED_AFTER_MS);
  const due = ticks.slice(missed.length);
  const off = 'The system was not running at the scheduled time';
  if (missed.length === 0) return { run: due, skipped: null };
  if (onMissed === 'skip') return { run: due, skipped: skip(missed, off) };
  if (onMissed === 'run_all') {
    const caught = missed.slice(-MAX_CATCH_UP);
    return { run: [...caught, ...due], skipped: skip(missed.slice(0, -MAX_CATCH_UP), `${off}; only the newest ${MAX_CATCH_UP} missed runs are made up for`) };
  }
  if (due.length > 0) return { run: due, skipped: skip(missed, `${off}; the next run did its work`) };
  return { run: missed.slice(-1), skipped: skip(missed.slice(0, -1), `${off}; one run makes up for all missed ones`) };
}
