/** Turns schedules into runs: what fell due since the last look is decided once, whoever looks, however late. */
import { describeError } from '#app/domain/errors.ts';
import { MINUTE_MS, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { scheduledRunId } from '#chassis/flows-wire.ts';
import type { Logger } from '#chassis/log.ts';
import { decideTicks, LOOK_BACK_MS } from './decide.ts';
import type { DeploymentParts } from './deployments.ts';
import { loadDeployments, saveDecidedUntil, saveSkipped, type StoredDeployment } from './store.ts';
import { calendarAgrees, ticksBetween } from './ticks.ts';
import { readCron } from './triggers.ts';

/** What the scheduler works with. */
export type SchedulerParts = DeploymentParts & { readonly log: Logger };

/**
 * Looks at every schedule once: fires what is due, makes up for what was missed as each flow wants it, and remembers how far it has decided.
 * The memory is written after the runs, so a crash in between fires the same ids again, and the engine keeps one run per id.
 */
export async function sweep(parts: SchedulerParts): Promise<void> {
  const now = parts.clock.now();
  for (const stored of await loadDeployments(parts.db)) {
    if (!stored.deployment.schedule || stored.isPaused) continue;
    try {
      await decideOne(parts, stored, now);
    } catch (error) {
      // One flow's trouble must not stop the others; the next look takes its ticks up again.
      parts.log.error({ flow: stored.deployment.name, error: describeError(error) }, 'A schedule could not be served');
    }
  }
}

async function decideOne(parts: SchedulerParts, stored: StoredDeployment, now: EpochMs): Promise<void> {
  const { deployment, decidedUntil } = stored;
  const { schedule, name } = deployment;
  if (!schedule) return;
  const until = (Math.floor(now / MINUTE_MS) * MINUTE_MS) as EpochMs;
  const after = Math.max(decidedUntil, now - LOOK_BACK_MS) as EpochMs;
  if (until <= after) return;
  const ticks = ticksBetween(readCron(schedule.cron), after, until).filter((tick) => calendarAgrees(schedule.only, parts.market, tick));
  const decision = decideTicks(ticks, now, deployment.onMissed);
  for (const tick of decision.run) {
    await parts.engine.enqueue({ flow: name, runId: scheduledRunId(name, tick), call: { input: {}, scheduledFor: tick }, trigger: 'schedule', timeoutMs: deployment.timeoutMs });
    parts.log.debug({ flow: name, scheduledFor: toRfc3339(tick) }, 'Run scheduled');
  }
  if (decision.skipped) {
    const { newest, missedCount, reason } = decision.skipped;
    await saveSkipped(parts.db, { flow: name, scheduledFor: newest, missedCount, reason, recordedAt: now });
    parts.log.info({ flow: name, missedCount, newest: toRfc3339(newest) }, 'Scheduled times were missed');
  }
  await saveDecidedUntil(parts.db, name, until);
}
