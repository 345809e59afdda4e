/** What Prometheus hears of flows: how late runs start, how many wait and for how long, how runs end, how schedules fare. */
import type { DeploymentHealth, DeploymentView } from '#app/contracts/flows.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Metrics } from '#chassis/metrics.ts';
import { MISSED_AFTER_MS } from './decide.ts';
import { ALIVE_SQL, RUN_COLUMNS, RUN_SOURCE, type RunRow } from './states.ts';

const BUCKETS_MS = [5, 10, 25, 50, 100, 150, 250, 500, 1_000, 2_500, 10_000, 60_000] as const;
const HEALTHS: readonly DeploymentHealth[] = ['ok', 'paused', 'late', 'failing', 'exhausted'];
/** Most ended runs that one look takes up; the next goes on. */
const MAX_ENDED = 20_000;
/** The engine writes the end of a run by the database's clock, in transactions that may commit out of order: so far back a look begins again. */
const OVERLAP_MS = 10_000;
const MAX_SEEN = 50_000;

type Ended = Pick<RunRow, 'runId' | 'flow' | 'state' | 'trigger' | 'scheduledFor' | 'createdAt' | 'startedAt' | 'endedAt'>;

const ENDED_SQL = `WITH ${ALIVE_SQL} SELECT ${RUN_COLUMNS} FROM ${RUN_SOURCE} WHERE ws.completed_at > $2 ORDER BY ws.completed_at LIMIT ${MAX_ENDED}`;

/** The instruments. */
export type FlowMetrics = {
  /** Counts the runs that ended since the last look, and how late their schedules started them. */
  look(db: Queryable, now: EpochMs): Promise<void>;
  /** Takes over what the deployments show. */
  show(views: readonly DeploymentView[], now: EpochMs): void;
  clockChanged(): void;
};

/** Creates the instruments; what ended before `since` is not counted. */
export function createFlowMetrics(metrics: Metrics, since: EpochMs): FlowMetrics {
  const lateness = metrics.histogram('flow_start_lateness_ms', 'From the scheduled time to the start of the run; runs that make up for missed times are left out', ['flow'], BUCKETS_MS);
  const ended = metrics.counter('flow_runs_ended_total', 'Runs that ended, by state', ['flow', 'state']);
  const queued = metrics.gauge('flow_queue_depth', 'Runs that wait for their worker', ['flow']);
  const running = metrics.gauge('flow_runs_running', 'Runs under way', ['flow']);
  const oldest = metrics.gauge('flow_queue_oldest_age_seconds', 'How long the oldest waiting run has waited; 0 when none waits', ['flow']);
  const healths = metrics.gauge('flow_schedules', 'Flows by health', ['health']);
  const clockChanges = metrics.counter('clock_changes_total', 'Times the wall clock moved by itself: sleep, or a clock that was set');
  let cursor: number = since;
  let seen = new Set<string>();

  const count = (run: Ended): void => {
    ended.inc({ flow: run.flow, state: run.state });
    const isOnTime = run.trigger === 'schedule' && run.scheduledFor !== null && run.createdAt - run.scheduledFor <= MISSED_AFTER_MS;
    if (isOnTime && run.startedAt !== null) lateness.observe({ flow: run.flow }, Math.max(0, run.startedAt - (run.scheduledFor ?? 0)));
  };
  return {
    async look(db, now) {
      const rows = await db.query<Ended>(ENDED_SQL, [now, Math.min(cursor, now) - OVERLAP_MS]);
      for (const run of rows) if (!seen.has(run.runId) && (run.endedAt ?? 0) > since) count(run);
      const newest = Math.max(cursor, ...rows.map((run) => run.endedAt ?? 0));
      seen = new Set([...(newest - cursor > OVERLAP_MS ? [] : seen), ...rows.map((run) => run.runId)].slice(-MAX_SEEN));
      cursor = Math.min(newest, now);
    },
    show(views, now) {
      for (const view of views) {
        queued.set({ flow: view.name }, view.queued);
        running.set({ flow: view.name }, view.running);
        oldest.set({ flow: view.name }, view.oldestQueuedAt === null ? 0 : Math.max(0, now - view.oldestQueuedAt) / 1_000);
      }
      for (const health of HEALTHS) healths.set({ health }, views.filter((view) => view.health === health).length);
    },
    clockChanged: () => clockChanges.inc(),
  };
}
