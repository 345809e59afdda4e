/** The life of one unit as a pure table: state + event -> state + effects. */
import type { ToWorker } from '#app/contracts/control.ts';
import { EXIT } from '#app/contracts/control.ts';
import type { UnitState } from '#app/contracts/health.ts';
import { unreachable } from '#app/domain/errors.ts';
import { HALF_OPEN_AFTER_MS, LOSS_CAP_MS, STABLE_AFTER_MS, backoffDelayMs, countEnd, isOverLimit } from './restart-policy.ts';

/** How a process ended. `code` null = by `signal`, or it never came to life. `reason` is for people. */
export type UnitExit = { readonly code: number | null; readonly signal: string | null; readonly reason: string };

/** What the table knows about a unit. Times are monotonic milliseconds. */
export type UnitStatus = {
  readonly state: UnitState;
  readonly since: number;
  /** Somebody wants it to run; false means that an end of the process is the end. */
  readonly isWanted: boolean;
  /** In `stopping`: go to `waiting` after the end instead of `stopped`. */
  readonly isReturning: boolean;
  /** Counted ends within the intensity window. */
  readonly ends: readonly number[];
  /** Ends in a row because a dependency was lost: never counted, only spaced. */
  readonly losses: number;
  /** The one try of a unit that had been given up. */
  readonly isProbation: boolean;
  /** Why it is degraded, failed or waiting; for people. */
  readonly reasons: readonly string[];
  readonly restarts: number;
};

/** What differs between units in this table. */
export type UnitPolicy = {
  /** Runs to its end; exit 0 is success. */
  readonly isOneshot: boolean;
  /** How long a start may take, in milliseconds. */
  readonly startLimitMs: number;
  /** After how long a stop that did not end is ended by force, in milliseconds. */
  readonly stopLimitMs: number;
};

/** Everything that can happen to a unit. */
export type UnitEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop'; readonly reason: string }
  | { readonly type: 'restart'; readonly reason: string }
  | { readonly type: 'needsReady' }
  | { readonly type: 'needsLost'; readonly need: string }
  | { readonly type: 'ready' }
  | { readonly type: 'degraded'; readonly reasons: readonly string[] }
  | { readonly type: 'recovered' }
  | { readonly type: 'extended'; readonly deadlineMs: number; readonly reason: string }
  | { readonly type: 'beat' }
  | { readonly type: 'silent' }
  | { readonly type: 'hung' }
  | { readonly type: 'timer' }
  | { readonly type: 'exited'; readonly exit: UnitExit };

/** What to do about it, as data. `timer` replaces the unit's one timer; leaving a state clears it. */
export type UnitEffect =
  | { readonly type: 'spawn' }
  | { readonly type: 'askStop'; readonly reason: string; readonly isUrgent: boolean }
  | { readonly type: 'kill'; readonly reason: string }
  | { readonly type: 'timer'; readonly ms: number }
  | { readonly type: 'notice'; readonly level: 'info' | 'warn' | 'error'; readonly text: string };

/** The result of one step. */
export type Step = { readonly status: UnitStatus; readonly effects: readonly UnitEffect[] };

/** Now (monotonic milliseconds) and a uniform random number in [0, 1) for the jitter. */
export type StepContext = { readonly now: number; readonly random: number };

const WITH_PROCESS: ReadonlySet<UnitState> = new Set(['starting', 'ready', 'degraded', 'unresponsive', 'stopping']);
const ALWAYS_HEARD: ReadonlySet<ToWorker['type']> = new Set(['arming', 'latch', 'unlatch']);
const SERVING: ReadonlySet<UnitState> = new Set(['ready', 'degraded', 'done']);
const KEEPING: ReadonlySet<UnitState> = new Set(['ready', 'degraded', 'done', 'unresponsive']);

/** True in the states in which a process of the unit may be alive. */
export function hasProcess(state: UnitState): boolean {
  return WITH_PROCESS.has(state);
}

/** True when units that need this one may be started. */
export function isServing(state: UnitState): boolean {
  return SERVING.has(state);
}

/** Is this message for a unit in this state? Arming and kill switch concern everything that has a process. */
export function mayHear(state: UnitState, type: ToWorker['type']): boolean {
  return ALWAYS_HEARD.has(type) ? hasProcess(state) : isKeeping(state);
}

/** True when units that need this one may go on running. */
export function isKeeping(state: UnitState): boolean {
  return KEEPING.has(state);
}

/** A unit that nobody has asked for yet. */
export function initialStatus(now: number): UnitStatus {
  return {
    state: 'stopped',
    since: now,
    isWanted: false,
    isReturning: false,
    ends: [],
    losses: 0,
    isProbation: false,
    reasons: [],
    restarts: 0,
  };
}

type Change = Partial<Omit<UnitStatus, 'since'>>;

/** Applies one event. Events that mean nothing in the present state change nothing. */
export function step(policy: UnitPolicy, status: UnitStatus, event: UnitEvent, context: StepContext): Step {
  const to = (change: Change, ...effects: UnitEffect[]): Step => {
    const isMoved = change.state !== undefined && change.state !== status.state;
    return { status: { ...status, ...change, since: isMoved ? context.now : status.since }, effects };
  };
  const same: Step = { status, effects: [] };
  switch (status.state) {
    case 'stopped':
      return event.type === 'start' || event.type === 'restart' ? to(FRESH_WAIT) : same;
    case 'waiting':
      if (event.type === 'stop') return to(STOPPED);
      if (event.type === 'needsReady') return to({ state: 'starting', reasons: [] }, { type: 'spawn' }, { type: 'timer', ms: policy.startLimitMs });
      return same;
    case 'starting':
      return whileStarting({ policy, status, context, to }, event);
    case 'ready':
    case 'degraded':
    case 'unresponsive':
      return whileUp({ policy, status, context, to }, event);
    case 'stopping':
      return whileStopping(status, event, to);
    case 'backoff':
      if (event.type === 'timer') return to({ state: 'waiting' });
      if (event.type === 'stop') return to(STOPPED);
      return event.type === 'start' || event.type === 'restart' ? to(FRESH_WAIT) : same;
    case 'failed':
      if (event.type === 'timer') return to({ state: 'waiting', isProbation: true });
      if (event.type === 'stop') return to(STOPPED);
      return event.type === 'start' || event.type === 'restart' ? to(FRESH_WAIT) : same;
    case 'done':
      if (event.type === 'needsLost' || event.type === 'restart') return to({ state: 'waiting' });
      return event.type === 'stop' ? to(STOPPED) : same;
    default:
      return unreachable(status.state);
  }
}

/** A start that takes longer than this, in milliseconds, tells people what it waits for. */
const PATIENCE_MS = 3_000;

const FRESH_WAIT: Change = { state: 'waiting', isWanted: true, ends: [], losses: 0, isProbation: false, reasons: [] };
const STOPPED: Change = { state: 'stopped', isWanted: false, isReturning: false, reasons: [] };

type To = (change: Change, ...effects: UnitEffect[]) => Step;

/** One unit in one state, and the way to say what comes next. */
type Situation = { readonly policy: UnitPolicy; readonly status: UnitStatus; readonly context: StepContext; readonly to: To };

/** Stops that are the same wherever a process runs; null when the event is another one. */
function leave({ policy, status, to }: Situation, event: UnitEvent): Step | null {
  const limit: UnitEffect = { type: 'timer', ms: policy.stopLimitMs };
  if (event.type === 'stop') {
    return to({ state: 'stopping', isWanted: false, isReturning: false, reasons: [event.reason] }, { type: 'askStop', reason: event.reason, isUrgent: false }, limit);
  }
  if (event.type === 'restart') {
    return to({ state: 'stopping', isReturning: true, ends: [], isProbation: false, reasons: [event.reason] }, { type: 'askStop', reason: event.reason, isUrgent: false }, limit);
  }
  if (event.type === 'needsLost') {
    const reason = `${event.need} is not there`;
    return to({ state: 'stopping', isReturning: status.isWanted, reasons: [reason] }, { type: 'askStop', reason, isUrgent: true }, limit);
  }
  return null;
}

function whileStarting(situation: Situation, event: UnitEvent): Step {
  const { policy, status, context, to } = situation;
  const left = leave(situation, event);
  if (left) return left;
  switch (event.type) {
    case 'ready':
      return policy.isOneshot ? to({}) : to({ state: 'ready', reasons: [] }, { type: 'timer', ms: STABLE_AFTER_MS });
    case 'degraded':
      return to({ state: 'degraded', reasons: event.reasons });
    case 'extended': {
      const timer: UnitEffect = { type: 'timer', ms: event.deadlineMs };
      const isNews = context.now - status.since >= PATIENCE_MS && status.reasons[0] !== event.reason;
      return isNews ? to({ reasons: [event.reason] }, timer, { type: 'notice', level: 'warn', text: event.reason }) : to({}, timer);
    }
    case 'timer':
      return to({}, { type: 'kill', reason: `was not ready within ${Math.round(policy.startLimitMs / 1_000)} s` });
    case 'hung':
      return to({}, { type: 'kill', reason: 'gave no sign of life while starting' });
    case 'exited':
      return afterExit(situation, event.exit);
    default:
      return to({});
  }
}

function whileUp(situation: Situation, event: UnitEvent): Step {
  const { status, to } = situation;
  const left = leave(situation, event);
  if (left) return left;
  switch (event.type) {
    case 'degraded':
      return to({ state: status.state === 'unresponsive' ? 'unresponsive' : 'degraded', reasons: event.reasons });
    case 'ready':
    case 'recovered':
      return status.state === 'degraded' ? to({ state: 'ready', reasons: [] }, { type: 'timer', ms: STABLE_AFTER_MS }) : to({ reasons: [] });
    case 'beat':
      if (status.state !== 'unresponsive') return to({});
      if (status.reasons.length > 0) return to({ state: 'degraded' });
      return to({ state: 'ready' }, { type: 'timer', ms: STABLE_AFTER_MS });
    case 'silent':
      return status.state === 'unresponsive' ? to({}) : to({ state: 'unresponsive' });
    case 'hung':
      return to({ state: 'unresponsive' }, { type: 'kill', reason: 'gave no sign of life' });
    case 'timer':
      return status.state === 'ready' ? to({ ends: [], losses: 0, isProbation: false }) : to({});
    case 'exited':
      return afterExit(situation, event.exit);
    default:
      return to({});
  }
}

function whileStopping(status: UnitStatus, event: UnitEvent, to: To): Step {
  switch (event.type) {
    case 'start':
    case 'restart':
      return to({ isWanted: true, isReturning: true });
    case 'stop':
      return to({ isWanted: false, isReturning: false });
    case 'timer':
      return to({}, { type: 'kill', reason: 'did not stop in time' });
    case 'exited':
      return status.isReturning && status.isWanted ? to({ state: 'waiting', isReturning: false, restarts: status.restarts + 1 }) : to(STOPPED);
    default:
      return to({});
  }
}

function afterExit({ policy, status, context, to }: Situation, exit: UnitExit): Step {
  if (policy.isOneshot && exit.code === EXIT.ok) return to({ state: 'done', ends: [], losses: 0, isProbation: false, reasons: [] });
  const restarts = status.restarts + 1;
  const reasons = [exit.reason];
  if (exit.code === EXIT.config) {
    return to({ state: 'failed', restarts, reasons }, { type: 'notice', level: 'error', text: exit.reason });
  }
  if (exit.code === EXIT.dependency) {
    const ms = Math.min(LOSS_CAP_MS, backoffDelayMs(status.losses, context.random));
    return to({ state: 'backoff', losses: status.losses + 1, restarts, reasons }, { type: 'timer', ms });
  }
  const ends = countEnd(status.ends, context.now);
  if (status.isProbation || isOverLimit(ends)) {
    const text = `given up after ${status.isProbation ? 'another try' : `${ends.length} ends within a minute`}: ${exit.reason}`;
    return to({ state: 'failed', ends, restarts, reasons }, { type: 'notice', level: 'error', text }, { type: 'timer', ms: HALF_OPEN_AFTER_MS });
  }
  const ms = backoffDelayMs(ends.length - 1, context.random);
  return to({ state: 'backoff', ends, restarts, reasons }, { type: 'notice', level: 'warn', text: exit.reason }, { type: 'timer', ms });
}
