/** Runs in words and tones: what a state is called and how it feels, how long things took, why a run began. */
import type { DeploymentHealth, FlowRun, RunState, RunTrigger } from '#app/contracts/flows.ts';
import { NOTHING } from '../../ui/format.ts';

/** How something feels; the tones of dots and tags. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'busy';

/** How a run's state feels. */
export const RUN_TONES: Readonly<Record<RunState, Tone>> = {
  SCHEDULED: 'idle', PENDING: 'busy', RUNNING: 'busy', RETRYING: 'warn', COMPLETED: 'good', FAILED: 'bad', CRASHED: 'bad', LATE: 'warn', CANCELLED: 'idle', PAUSED: 'idle', SKIPPED: 'idle',
};
/** What a run's state is called. */
export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  SCHEDULED: 'scheduled', PENDING: 'queued', RUNNING: 'running', RETRYING: 'retrying', COMPLETED: 'completed', FAILED: 'failed', CRASHED: 'crashed', LATE: 'late', CANCELLED: 'cancelled', PAUSED: 'paused', SKIPPED: 'skipped',
};
/** Why a run began. */
export const TRIGGER_WORDS: Readonly<Record<RunTrigger, string>> = { schedule: 'schedule', manual: 'by hand', event: 'event', parent: 'parent run', retry: 'retry' };
/** How a deployment fares. */
export const HEALTH_WORDS: Readonly<Record<DeploymentHealth, string>> = { ok: 'fine', paused: 'paused', late: 'late', failing: 'failing', exhausted: 'never runs again' };
/** How that feels. */
export const HEALTH_TONES: Readonly<Record<DeploymentHealth, Tone>> = { ok: 'good', paused: 'idle', late: 'warn', failing: 'bad', exhausted: 'warn' };

const STEP_ENDED: ReadonlySet<RunState> = new Set(['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED']);

/** Does this step go on no more? One that was cut short has no end of its own. */
export function isStepEnded(state: RunState): boolean {
  return STEP_ENDED.has(state);
}
/** Will this run change no more? A run that is CRASHED because its worker is gone has no end: it goes on when the worker is back. */
export function isEnded(run: Pick<FlowRun, 'endedAt'>): boolean {
  return run.endedAt !== null;
}
/** Ended without its result. */
export function isFailed(state: RunState): boolean {
  return state === 'FAILED' || state === 'CRASHED';
}

/** How long it took, or has taken until `now`; null before its start. */
export function tookMs(run: { readonly startedAt: number | null; readonly endedAt: number | null }, now: number | null = null): number | null {
  const end = run.endedAt ?? now;
  return run.startedAt === null || end === null ? null : Math.max(0, end - run.startedAt);
}

/** The moment a run belongs to: the one it was meant for, or asked for. */
export function momentOf(run: Pick<FlowRun, 'scheduledFor' | 'createdAt'>): number {
  return run.scheduledFor ?? run.createdAt;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A duration, exact where it is short. duration(43) = '43 ms', duration(1_250) = '1.25 s', duration(125_000) = '2 m 05 s' */
export function duration(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} m`;
  return `${Math.floor(seconds / 86_400)} d ${two(Math.floor((seconds % 86_400) / 3_600))} h`;
}

/** Time left, m:ss below an hour. untilWords(65_000) = '1:05', untilWords(-1) = 'now' */
export function untilWords(ms: number): string {
  if (ms <= 0) return 'now';
  const total = Math.ceil(ms / 1_000);
  if (total < 3_600) return `${Math.floor(total / 60)}:${two(total % 60)}`;
  if (total < 86_400) return `${Math.floor(total / 3_600)}:${two(Math.floor((total % 3_600) / 60))}:${two(total % 60)}`;
  return `${Math.floor(total / 86_400)} d ${Math.floor((total % 86_400) / 3_600)} h`;
}

/** "on time", "0.4 s late", or nothing for a run without a time. Below 250 ms is on time: what the schedule promises. */
export function latenessWords(latenessMs: number | null): string | null {
  if (latenessMs === null) return null;
  return latenessMs <= 250 ? 'on time' : `${duration(latenessMs)} late`;
}

/** A service's name for people. */
export function serviceName(owner: string): string {
  const words = owner.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
