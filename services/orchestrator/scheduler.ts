/** Turns schedules into runs: what fell due since the last look is decided once, whoever looks, however late. */
import type { MarketOfSchedules } from '#app/contracts/flow-schedules.ts';
import { describeError } from '#app/domain/errors.ts';
import { toRfc3339, type Clock, type EpochMs } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import { scheduledRunId } from '#chassis/flows-wire.ts';
import type { Logger } from '#chassis/log.ts';
import { decideTicks, dueTicks, MISSED_AFTER_MS, type TickDecision } from './decide.ts';
import type { Engine } from './engine.ts';
import { describeClockChange, loadSchedules, loadTicksWithRun, saveClockChange, saveDecisions, type DecidedFlow, type ScheduledFlow } from './schedule-store.ts';
import { readSchedule } from './triggers.ts';

/** What the scheduler works with. `onClockChange` hears that the clock was found to be set back, in words. */
export type SchedulerParts = {
  readonly db: Db;
  readonly engine: Pick<Engine, 'start'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly market: MarketOfSchedules;
  readonly onClockChange?: (note: string) => void;
};

/** A decision that has to be carried out. `decision` is null for a schedule that only has to be remembered: paused, or none. */
type Plan = { readonly entry: ScheduledFlow; readonly until: EpochMs; readonly setBackMs: number; readonly decision: TickDecision | null };

/**
 * Looks at every schedule once: starts what is due, makes up for what was missed as each flow wants it, and remembers how far it has decided.
 * The memory is written after the runs, so a crash in between starts the same ids again, and the engine keeps one run per id.
 */
export async function sweep(parts: SchedulerParts): Promise<void> {
  const now = parts.clock.now();
  const flows = await loadSchedules(parts.db, (error) => parts.log.warn({ error: describeError(error) }, 'A deployment of an older version cannot be read; its schedule rests until its service has announced it again'));
  const decided = await Promise.all(flows.map((entry) => serve(parts, entry, now)));
  await saveDecisions(parts.db, decided.filter((entry) => entry !== null), now);
  await noteSetBack(parts, decided, now);
}

type Served = DecidedFlow & { readonly setBackMs: number };

async function serve(parts: SchedulerParts, entry: ScheduledFlow, now: EpochMs): Promise<Served | null> {
  const flow = entry.deployment.name;
  try {
    const plan = await planOf(parts, entry, now);
    if (!plan) return null;
    const { until, setBackMs, decision } = plan;
    for (const tick of decision?.run ?? []) await start(parts, entry, tick);
    for (const { missedCount, newest, reason } of decision?.skipped ?? []) parts.log.info({ flow, missedCount, newest: toRfc3339(newest), reason }, 'Scheduled times get no run');
    return { flow, until, setBackMs, isRewound: setBackMs > 0, schedule: entry.settings.schedule, ran: decision?.run ?? [], skipped: decision?.skipped ?? [] };
  } catch (error) {
    // One flow's trouble must not stop the others; the next look takes its ticks up again.
    parts.log.error({ flow, error: describeError(error) }, 'A schedule could not be served');
    return null;
  }
}

async function planOf(parts: SchedulerParts, entry: ScheduledFlow, now: EpochMs): Promise<Plan | null> {
  const { schedule, onMissed, overlap } = entry.settings;
  // Paused or without schedule, nothing is decided; that the schedule is another one now is remembered, so that nothing before counts later.
  if (!schedule || entry.isPaused) return entry.begins === null ? null : { entry, until: entry.decidedUntil, setBackMs: 0, decision: null };
  const { ticks, until, setBackMs } = dueTicks(readSchedule(schedule), parts.market, entry, now);
  if (until <= entry.decidedUntil && entry.begins === null && setBackMs === 0) return null;
  const flow = entry.deployment.name;
  const missed = ticks.filter((tick) => now - tick > MISSED_AFTER_MS);
  // A decision that was carried out and not written down, or under another clock: what has its run is not missed.
  const hasRun = missed.length > 0 ? await loadTicksWithRun(parts.db, flow, missed) : new Set<EpochMs>();
  const isBusy = (tick: EpochMs): boolean => entry.active > 1 || (entry.active === 1 && entry.activeRunId !== scheduledRunId(flow, tick));
  return { entry, until, setBackMs, decision: decideTicks(ticks.filter((tick) => !hasRun.has(tick)), now, { onMissed, overlap, isBusy }) };
}

async function start(parts: SchedulerParts, { deployment, settings }: ScheduledFlow, tick: EpochMs): Promise<void> {
  const { input, retries, timeoutMs } = settings;
  const call = { input, scheduledFor: tick, ...(retries === deployment.retries ? {} : { retries }) };
  await parts.engine.start({ flow: deployment.name, runId: scheduledRunId(deployment.name, tick), call, trigger: 'schedule', timeoutMs });
  parts.log.debug({ flow: deployment.name, scheduledFor: toRfc3339(tick) }, 'Run scheduled');
}

/** A clock that was set back is news for people, once for all schedules. */
async function noteSetBack(parts: SchedulerParts, decided: readonly (Served | null)[], now: EpochMs): Promise<void> {
  const setBackMs = Math.max(0, ...decided.map((entry) => entry?.setBackMs ?? 0));
  if (setBackMs === 0) return;
  const note = describeClockChange(-setBackMs, now);
  parts.log.warn({ setBackMs }, note);
  await saveClockChange(parts.db, { noticedAt: now, movedMs: -setBackMs, note });
  parts.onClockChange?.(note);
}
