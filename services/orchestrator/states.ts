/** From what the engine knows of a run to the state that people see. */
import type { RunState } from '#app/contracts/flows.ts';
import { describeError, unreachable } from '#app/domain/errors.ts';

/** A run that has waited this long for its worker is late. */
const LATE_AFTER_MS = 60_000;

/** Statuses of the engine. */
export const ENGINE_STATUSES = ['ENQUEUED', 'DELAYED', 'PENDING', 'SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'] as const;
/** A status of the engine. */
export type EngineStatus = (typeof ENGINE_STATUSES)[number];

/** What a run's state depends on. Times in epoch ms. */
export type RunFacts = {
  readonly status: EngineStatus;
  readonly createdAt: number;
  readonly scheduledFor: number | null;
  readonly endedAt: number | null;
  readonly deadlineAt: number | null;
  /** How often a worker has taken it up. */
  readonly dispatches: number;
  readonly isCancelRequested: boolean;
  /** A step failed and waits for its next attempt. */
  readonly isWaitingForRetry: boolean;
  readonly isOwnerAlive: boolean;
};

/** Did the engine end the run because its time was up? */
function hasTimedOut(facts: RunFacts): boolean {
  return facts.status === 'CANCELLED' && !facts.isCancelRequested && facts.deadlineAt !== null && (facts.endedAt ?? 0) >= facts.deadlineAt;
}

/**
 * The state of a run. CRASHED: its worker is gone (it is taken up again when the worker is back), or died too often while running it.
 * RETRYING: a step waits for its next attempt, or the run waits to be taken up after a crash. LATE: queued for more than a minute past its time.
 */
export function stateOf(facts: RunFacts, now: number): RunState {
  switch (facts.status) {
    case 'DELAYED':
      return 'SCHEDULED';
    case 'ENQUEUED':
      if (facts.dispatches > 0) return 'RETRYING';
      return now - (facts.scheduledFor ?? facts.createdAt) > LATE_AFTER_MS ? 'LATE' : 'PENDING';
    case 'PENDING':
      if (!facts.isOwnerAlive) return 'CRASHED';
      return facts.isWaitingForRetry ? 'RETRYING' : 'RUNNING';
    case 'SUCCESS':
      return 'COMPLETED';
    case 'ERROR':
      return 'FAILED';
    case 'MAX_RECOVERY_ATTEMPTS_EXCEEDED':
      return 'CRASHED';
    case 'CANCELLED':
      return hasTimedOut(facts) ? 'FAILED' : 'CANCELLED';
    default:
      return unreachable(facts.status);
  }
}

/** The engine statuses among which runs of a state are found. PAUSED is a property of a schedule and SKIPPED of a tick: the engine has no such runs. */
export const STATUSES_OF: Readonly<Record<RunState, readonly EngineStatus[]>> = {
  SCHEDULED: ['DELAYED'], PENDING: ['ENQUEUED'], LATE: ['ENQUEUED'], RUNNING: ['PENDING'], RETRYING: ['PENDING', 'ENQUEUED'], COMPLETED: ['SUCCESS'],
  FAILED: ['ERROR', 'CANCELLED'], CRASHED: ['PENDING', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'], CANCELLED: ['CANCELLED'], PAUSED: [], SKIPPED: [],
};

/** Why the run did not complete, in words, null when there is nothing to explain. */
export function explain(facts: RunFacts, error: unknown, timeoutMs: number | null): string | null {
  if (facts.status === 'ERROR') return describeError(error);
  if (facts.status === 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') return `Its worker died ${Math.max(facts.dispatches - 1, 1)} times while running it; the run is given up`;
  if (hasTimedOut(facts)) return `It ran longer than its limit of ${Math.round((timeoutMs ?? 0) / 1000)} s`;
  if (facts.status === 'PENDING' && !facts.isOwnerAlive) return 'Its worker is gone; the run goes on when the worker is back';
  return null;
}
