/** Our own worker processes: started early, configured over the control channel, stopped by a message. */
import { FromWorkerSchema } from '#app/contracts/control.ts';
import type { FromWorker, ToWorker } from '#app/contracts/control.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { WorkerId } from '#app/contracts/health.ts';
import { tryRead } from '#app/contracts/read.ts';
import type { UnitLog } from '../supervisor/logs.ts';
import type { Reservation } from '../supervisor/ports.ts';
import type { RunFiles } from '../supervisor/run-files.ts';
import type { UnitExit } from '../supervisor/state.ts';
import type { Child, Spawner, WorkerSpec } from '../supervisor/spawner.ts';
import type { RunningUnit, UnitDriver, UnitSignals, UnitSpec } from '../supervisor/unit.ts';
import { exitOf } from './exit-reason.ts';
import { climb } from './ladder.ts';

const FORCE_MS = 5_000;
/** A worker whose need is gone has nothing to finish: it gets this long, in milliseconds. */
const URGENT_STOP_MS = 3_000;

/** One worker: what it is, how it is started, and what it is told. */
export type WorkerOptions = {
  readonly spec: UnitSpec & { readonly id: WorkerId };
  /** How long a graceful stop may take, in milliseconds. */
  readonly stopMs: number;
  readonly spawn: WorkerSpec;
  readonly spawner: Spawner;
  readonly reservation: Reservation;
  readonly runFiles: RunFiles;
  readonly log: UnitLog;
  readonly config: () => RuntimeConfig;
};

type Prepared = { readonly child: Child; hasSaidHello: boolean; hasEnded: boolean; listener: ((message: FromWorker) => void) | null; complaint: string | null };

/** The unit for one worker. */
export function workerUnit(options: WorkerOptions): UnitDriver {
  let prepared: Prepared | null = null;
  const take = (): Prepared => {
    const early = prepared;
    prepared = null;
    return early && !early.hasEnded ? early : launch(options);
  };
  return {
    spec: options.spec,
    prepare: () => {
      if (prepared && !prepared.hasEnded) return;
      const early = launch(options);
      prepared = early;
      early.child.onStarted((pid) => {
        options.runFiles.write(options.spec.id, pid, null).catch((error: unknown) => options.log.line('supervisor', `run file: ${String(error)}`));
        early.child.onEnd(() => options.runFiles.remove(options.spec.id, pid));
      });
    },
    discard: () => {
      const early = prepared;
      prepared = null;
      if (!early || early.hasEnded) return Promise.resolve();
      return new Promise((resolve) => {
        early.child.onEnd(() => resolve());
        early.child.signal('SIGKILL');
      });
    },
    start: (signals) => run(options, take(), signals),
  };
}

/** Starts the process; until it is given a configuration it only loads its program. */
function launch(options: WorkerOptions): Prepared {
  const child = options.spawner.start(options.spawn);
  const state: Prepared = { child, hasSaidHello: false, hasEnded: false, listener: null, complaint: null };
  options.log.capture('stdout', child.stdout);
  options.log.capture('stderr', child.stderr);
  child.onEnd(() => {
    state.hasEnded = true;
  });
  child.onMessage((raw) => {
    const parsed = tryRead(FromWorkerSchema, raw);
    if (!parsed.success) {
      // Both ends come from one build: a worker that speaks otherwise is broken.
      state.complaint = `sent an unknown message: ${parsed.error.issues[0]?.message ?? ''}`;
      options.log.line('supervisor', state.complaint);
      child.signal('SIGKILL');
      return;
    }
    if (parsed.data.type === 'hello') state.hasSaidHello = true;
    state.listener?.(parsed.data);
  });
  return state;
}

function run(options: WorkerOptions, state: Prepared, signals: UnitSignals): RunningUnit {
  const { child } = state;
  const pings = new Map<number, number>();
  let words: string | null = null;
  let isOver = false;
  let isConfigured = false;
  let skip: (() => void) | null = null;

  const send = (message: ToWorker): void => {
    if (message.type === 'ping') {
      // At most one is open: a worker that does not answer would otherwise collect them.
      pings.clear();
      pings.set(message.nonce, performance.now());
    }
    child.send(message);
  };
  const configure = (): void => {
    void options.reservation.release().then(() => {
      if (isOver) return;
      // Made at this moment: what changes from here on follows as a message of its own, behind this one.
      const config = options.config();
      isConfigured = true;
      send({ type: 'init', config });
    });
  };
  const onMessage = (message: FromWorker): void => {
    if (message.type === 'hello') configure();
    else if (message.type === 'exiting') words = message.reason;
    else if (message.type === 'pong') {
      const sentAt = pings.get(message.nonce);
      if (sentAt !== undefined) signals.latency(performance.now() - sentAt);
    } else passOn(message, signals, send);
  };
  const end = (exit: UnitExit): void => {
    isOver = true;
    signals.exited(exit);
  };

  state.listener = onMessage;
  child.onStarted((pid) => signals.started(pid));
  child.onEnd((how) => setImmediate(() => end(exitOf(how, state.complaint ?? words))));
  if (state.hasSaidHello) configure();

  return {
    send: (message) => {
      if (isConfigured) send(message);
    },
    stop: (reason, isUrgent) => {
      isOver = true;
      const deadlineMs = isUrgent ? Math.min(URGENT_STOP_MS, options.stopMs) : options.stopMs;
      const ask = (): void => {
        // Before its configuration it has done nothing yet, and nobody listens to `stop`.
        if (isConfigured) send({ type: 'stop', deadlineMs, reason });
        else child.signal('SIGKILL');
      };
      skip = climb(child, [
        { act: ask, waitMs: deadlineMs },
        { act: () => void child.signal('SIGKILL'), waitMs: FORCE_MS },
      ]);
    },
    kill: () => {
      if (skip) skip();
      else child.signal('SIGKILL');
    },
  };
}

type Passed = Exclude<FromWorker, { type: 'hello' | 'exiting' | 'pong' }>;

function passOn(message: Passed, signals: UnitSignals, send: (message: ToWorker) => void): void {
  switch (message.type) {
    case 'ready':
      signals.ready(message.port);
      return;
    case 'beat':
      signals.beat(message.beat);
      return;
    case 'degraded':
      signals.degraded(message.reasons);
      return;
    case 'recovered':
      signals.recovered();
      return;
    case 'extend':
      signals.extend(message.deadlineMs, message.reason);
      return;
    case 'latched':
      signals.latched(message.key, message.isStored);
      return;
    case 'request':
      signals.request({
        verb: message.verb,
        args: message.args,
        reply: (answer) => send({ type: 'reply', requestId: message.requestId, ...answer }),
      });
      return;
  }
}
