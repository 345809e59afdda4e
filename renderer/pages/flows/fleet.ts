/** Is everything that should have run, run? The answer from all deployments, and figures of one flow. Pure. */
import type { DeploymentView, FlowDay, FlowName } from '#app/contracts/flows.ts';
import type { Tone } from './run-words.ts';

/** The next run of all flows. */
export type NextRun = { readonly flow: FlowName; readonly at: number };
/** How all flows fare together. */
export type Fleet = {
  readonly tone: Tone; readonly verdict: string; readonly flows: number; readonly running: number; readonly queued: number; readonly oldestQueuedAt: number | null;
  readonly failing: readonly DeploymentView[]; readonly late: readonly DeploymentView[]; readonly exhausted: readonly DeploymentView[]; readonly paused: readonly DeploymentView[]; readonly next: NextRun | null;
};

const names = (rows: readonly DeploymentView[]): string => (rows.length <= 2 ? rows.map((row) => row.name).join(' and ') : `${rows.length} flows`);
const verb = (rows: readonly DeploymentView[], one: string, more: string): string => (rows.length === 1 ? one : more);

function verdictOf({ failing, late, exhausted }: Pick<Fleet, 'failing' | 'late' | 'exhausted'>): string {
  if (failing.length > 0) return `No: ${names(failing)} ${verb(failing, 'fails', 'fail')}${late.length > 0 ? `, ${names(late)} ${verb(late, 'is', 'are')} late` : ''}`;
  if (late.length > 0) return `Not yet: ${names(late)} ${verb(late, 'waits', 'wait')} too long`;
  if (exhausted.length > 0) return `Yes, but ${names(exhausted)} will never run again by ${verb(exhausted, 'its schedule', 'their schedules')}`;
  return 'Yes: what should have run, has run';
}

/** The answer. */
export function fleetOf(rows: readonly DeploymentView[]): Fleet {
  const by = (health: DeploymentView['health']): DeploymentView[] => rows.filter((row) => row.health === health);
  const failing = by('failing');
  const late = by('late');
  const exhausted = by('exhausted');
  const waiting = rows.flatMap((row) => (row.oldestQueuedAt === null ? [] : [row.oldestQueuedAt]));
  const next = rows.filter((row) => !row.isPaused).flatMap((row) => row.nextRunsAt.slice(0, 1).map((at): NextRun => ({ flow: row.name, at }))).sort((a, b) => a.at - b.at)[0] ?? null;
  return {
    tone: failing.length > 0 ? 'bad' : late.length + exhausted.length > 0 ? 'warn' : 'good', verdict: verdictOf({ failing, late, exhausted }),
    flows: rows.length, running: rows.reduce((sum, row) => sum + row.running, 0), queued: rows.reduce((sum, row) => sum + row.queued, 0),
    oldestQueuedAt: waiting.length === 0 ? null : Math.min(...waiting), failing, late, exhausted, paused: rows.filter((row) => row.isPaused), next,
  };
}

/** How often a flow succeeded: over its last days, or over its last runs while there are none. Null = it never ended. */
export type Success = { readonly fraction: number; readonly completed: number; readonly failed: number };

/** Success of a flow; cancelled and skipped runs are neither. */
export function successOf(row: Pick<DeploymentView, 'name' | 'recent'>, days: readonly FlowDay[]): Success | null {
  const own = days.filter((day) => day.flow === row.name);
  const inDays = own.reduce((sum, day) => ({ completed: sum.completed + day.completed, failed: sum.failed + day.failed }), { completed: 0, failed: 0 });
  const { completed, failed } = inDays.completed + inDays.failed > 0 ? inDays : { completed: row.recent.filter((run) => run.state === 'COMPLETED').length, failed: row.recent.filter((run) => run.state === 'FAILED' || run.state === 'CRASHED').length };
  return completed + failed === 0 ? null : { fraction: completed / (completed + failed), completed, failed };
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? null) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Fewer runs than this tell nothing about a trend. */
const TREND_RUNS = 8;
/** Below this share, or this many milliseconds, a change is noise. */
const TREND_SHARE = 0.2;
const TREND_MS = 50;

/** Median duration of the completed among the last runs, and how its newer half differs from its older one; null = steady or unknown. */
export function durationOf(recent: DeploymentView['recent']): { readonly medianMs: number | null; readonly change: number | null } {
  const took = recent.flatMap((run) => (run.state === 'COMPLETED' && run.tookMs !== null ? [run.tookMs] : []));
  const half = Math.floor(took.length / 2);
  const before = median(took.slice(0, half));
  const after = median(took.slice(-half));
  const isTold = took.length >= TREND_RUNS && before !== null && after !== null && before > 0 && Math.abs(after - before) >= TREND_MS && Math.abs(after / before - 1) >= TREND_SHARE;
  return { medianMs: median(took), change: isTold ? after / before - 1 : null };
}

/** Height of a run's bar among its neighbours, 0..1, by the logarithm of its duration: a run of a minute beside one of a millisecond must not flatten it. */
export function barHeight(tookMs: number | null, longestMs: number): number {
  if (tookMs === null || longestMs <= 0) return 0.25;
  return 0.25 + 0.75 * (Math.log1p(tookMs) / Math.log1p(longestMs));
}
