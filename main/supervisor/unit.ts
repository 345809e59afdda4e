/** What the supervisor knows of a unit: its description, and a driver that starts, probes and stops it. */
import type { Beat, ControlVerb, ToWorker } from '#app/contracts/control.ts';
import type { UnitId, UnitKind } from '#app/contracts/health.ts';
import type { UnitExit } from './state.ts';
import type { SilenceLimits } from './watchdog.ts';

/** The fixed description of a unit. */
export type UnitSpec = {
  readonly id: UnitId;
  readonly title: string;
  readonly kind: UnitKind;
  readonly needs: readonly UnitId[];
  readonly after: readonly UnitId[];
  readonly startLimitMs: number;
  readonly stopLimitMs: number;
  readonly silence: SilenceLimits;
  readonly port: number | null;
};

/** A request of a worker, to be answered once. */
export type WorkerRequest = {
  readonly verb: ControlVerb;
  readonly args: unknown;
  reply(answer: { ok: true; result: unknown } | { ok: false; error: { code: string; message: string } }): void;
};

/** What a driver tells about one process of its unit. After `exited` nothing more is said. */
export type UnitSignals = {
  started(pid: number): void;
  ready(port?: number): void;
  degraded(reasons: readonly string[]): void;
  recovered(): void;
  /** A sign of life; workers add figures, databases the time their round trip took. */
  beat(beat: Beat | null, latencyMs?: number): void;
  latency(ms: number): void;
  /** More time for a start that makes progress or waits for something outside; `reason` is shown to people. */
  extend(deadlineMs: number, reason: string): void;
  request(request: WorkerRequest): void;
  /** The kill switch with this key holds there; `isStored`: the book has it. */
  latched(key: string, isStored: boolean): void;
  exited(exit: UnitExit): void;
};

/** One running process of a unit, seen from the supervisor. */
export type RunningUnit = {
  /** Asks it to end; the driver follows its own ladder of milder and harder means. `isUrgent`: its need is gone, be quick. */
  stop(reason: string, isUrgent: boolean): void;
  /** Ends it by force. */
  kill(): void;
  /** Sends a control message; ignored by units without a channel, and by workers before they have their configuration: that one says what holds. */
  send(message: ToWorker): void;
};

/** A unit that can be started again and again, one process at a time. */
export type UnitDriver = {
  readonly spec: UnitSpec;
  /** Starts a process. Never throws: a failure is reported through `exited`. */
  start(signals: UnitSignals): RunningUnit;
  /** Begins what may be done before the needs are ready (load the program). */
  prepare?(): void;
  /** Ends what was prepared and not used; resolves when it is gone. */
  discard?(): Promise<void>;
};
