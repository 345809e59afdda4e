/** Which ticks fell due since the last decision, which of them get a run and which are passed over: missed-run policy, overlap rule, changed clocks. Pure. */
import type { FlowSettings } from '#app/contracts/flows.ts';
import type { MarketOfSchedules } from '#app/contracts/flow-schedules.ts';
import { DAY_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { ticksBetween, type ReadSchedule } from './ticks.ts';

/** A tick older than this has been missed: the system was off, asleep or overloaded. */
export const MISSED_AFTER_MS = 90_000;
/** Ticks older than this are not looked for. */
export const LOOK_BACK_MS = 7 * DAY_MS;
/** Most missed ticks that `run_all` runs again. */
export const MAX_CATCH_UP = 24;
/** Decisions that reach further into the future than this were made under a clock that has been set back since. */
export const CLOCK_TOLERANCE_MS = 2 * MINUTE_MS;

/** How far a schedule has been decided. `begins`: from when it holds, when it has been changed since the last decision; else null. */
export type DecisionState = { readonly decidedUntil: EpochMs; readonly begins: EpochMs | null };
/** What has to be decided: the ticks (ascending) in (`after`, `until`]. `setBackMs`: by how much the clock was set back since the last decision, 0 when it was not. */
export type DueTicks = { readonly ticks: readonly EpochMs[]; readonly until: EpochMs; readonly setBackMs: number };

/**
 * The ticks that fell due since the last decision. A changed schedule begins at its change. After a clock that was set back, decisions begin again
 * from the present: ids keep a time that had its run from having another, and times that come for the first time run.
 */
export function dueTicks(read: ReadSchedule, market: MarketOfSchedules, { decidedUntil, begins }: DecisionState, now: EpochMs): DueTicks {
  const until = (Math.floor(now / MINUTE_MS) * MINUTE_MS) as EpochMs;
  // The minute that runs is the one to begin with: whatever was to happen at its start may have been decided by the wrong clock.
  const setBackMs = begins === null && decidedUntil > now + CLOCK_TOLERANCE_MS ? decidedUntil - now : 0;
  const wanted = setBackMs > 0 ? until - 1 : Math.min(begins ?? decidedUntil, until);
  const after = Math.max(wanted, now - LOOK_BACK_MS) as EpochMs;
  return { ticks: ticksBetween(read, market, after, until), until, setBackMs };
}

/** Ticks that get no run: `missedCount` of them, of which `newest` is the last, and why. */
export type SkippedTicks = { readonly newest: EpochMs; readonly missedCount: number; readonly reason: string };
/** What to do: `run` in order of time. */
export type TickDecision = { readonly run: readonly EpochMs[]; readonly skipped: readonly SkippedTicks[] };
/** What a decision obeys. `isBusy`: does another run of the flow than that of this tick wait or run? */
export type TickPolicy = Pick<FlowSettings, 'onMissed' | 'overlap'> & { readonly isBusy: (tick: EpochMs) => boolean };

const OFF = 'The system was not running at the scheduled time';
const BUSY = 'An earlier run of this flow was still waiting or running';

function skip(ticks: readonly EpochMs[], reason: string): SkippedTicks[] {
  const newest = ticks.at(-1);
  return newest === undefined ? [] : [{ newest, missedCount: ticks.length, reason }];
}

function decideMissed(missed: readonly EpochMs[], isDueNow: boolean, onMissed: FlowSettings['onMissed']): TickDecision {
  if (onMissed === 'skip') return { run: [], skipped: skip(missed, OFF) };
  if (onMissed === 'run_all') return { run: missed.slice(-MAX_CATCH_UP), skipped: skip(missed.slice(0, -MAX_CATCH_UP), `${OFF}; only the newest ${MAX_CATCH_UP} missed runs are made up for`) };
  if (isDueNow) return { run: [], skipped: skip(missed, `${OFF}; the next run did its work`) };
  return { run: missed.slice(-1), skipped: skip(missed.slice(0, -1), `${OFF}; one run makes up for all missed ones`) };
}

/**
 * Decides over the ticks (ascending) that fell due since the last decision.
 * Missed ones: `skip` gives them no run; `run_once` one run for all, the newest, unless a tick is due right now and does the same; `run_all` a run each,
 * the newest 24, one after the other whatever the overlap rule, because each was asked for.
 * Overlap `skip`: a tick that would come while another run waits or runs is passed over; of several due at once the first runs.
 */
export function decideTicks(ticks: readonly EpochMs[], now: EpochMs, { onMissed, overlap, isBusy }: TickPolicy): TickDecision {
  const missed = ticks.filter((tick) => now - tick > MISSED_AFTER_MS);
  const due = ticks.slice(missed.length);
  const late = decideMissed(missed, due.length > 0, onMissed);
  if (overlap === 'queue') return { run: [...late.run, ...due], skipped: late.skipped };
  const isMadeUpInTurn = onMissed === 'run_all' && late.run.length > 0;
  const once = isMadeUpInTurn ? due : [...late.run, ...due];
  const first = isMadeUpInTurn ? undefined : once.find((tick) => !isBusy(tick));
  return {
    run: [...(isMadeUpInTurn ? late.run : []), ...(first === undefined ? [] : [first])],
    skipped: [...late.skipped, ...skip(once.filter((tick) => tick !== first), BUSY)],
  };
}
