/** What a worker process owes its supervisor: a beat each second and an exit code that says what to do next. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BEAT_INTERVAL_MS, EXIT } from '#app/contracts/control.ts';
import type { Beat } from '#app/contracts/control.ts';
import type { ErrorFamily } from '#app/domain/errors.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Link } from './link.ts';

const DELAY_RESOLUTION_MS = 50;
const LAST_WORDS_MS = 300;

/** The parts of a beat that only the worker knows; each is asked once a second and must not block. */
export type BeatSource = {
  /** Messages and rows waiting to be worked on. */
  backlog(): number;
  /** Age of the oldest of them in milliseconds, null when there is none. */
  oldestPendingAgeMs(): number | null;
  /** Age of the last message from the broker in milliseconds, null for workers without a broker. */
  brokerMessageAgeMs(): number | null;
};

/** The beat of a worker with nothing to tell beyond being alive. */
export const QUIET_BEAT: BeatSource = {
  backlog: () => 0,
  oldestPendingAgeMs: () => null,
  brokerMessageAgeMs: () => null,
};

/** Starts the beat; returns the function that ends it. Start it before `recover()`, so that a long recovery is not taken for a hang. */
export function startBeat(link: Link, source: BeatSource = QUIET_BEAT): () => void {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  let cpuBefore = process.cpuUsage();
  let timeBefore = process.hrtime.bigint();
  const read = (): Beat => {
    const cpu = process.cpuUsage(cpuBefore);
    const now = process.hrtime.bigint();
    const elapsedMicros = Number(now - timeBefore) / 1_000;
    cpuBefore = process.cpuUsage();
    timeBefore = now;
    const p99Ms = delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS;
    delay.reset();
    return {
      eventLoopDelayP99Ms: Number.isFinite(p99Ms) ? Math.max(0, p99Ms) : 0,
      backlog: source.backlog(),
      oldestPendingAgeMs: source.oldestPendingAgeMs(),
      brokerMessageAgeMs: source.brokerMessageAgeMs(),
      memoryBytes: process.memoryUsage.rss(),
      cpuPercent: elapsedMicros > 0 ? ((cpu.user + cpu.system) / elapsedMicros) * 100 : 0,
    };
  };
  const timer = setInterval(() => link.send({ type: 'beat', beat: read() }), BEAT_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}

const EXIT_OF_FAMILY: Record<ErrorFamily, number> = {
  invalid: EXIT.bug,
  denied: EXIT.bug,
  conflict: EXIT.bug,
  temporary: EXIT.dependency,
  unknown: EXIT.dependency,
  operator: EXIT.config,
  bug: EXIT.bug,
};

/** The exit code for an error that a worker cannot go on with: by family, and 70 for anything unknown. */
export function exitCodeFor(error: unknown): number {
  return error instanceof AppError ? EXIT_OF_FAMILY[error.family] : EXIT.bug;
}

/** Tells the supervisor why, then ends the process. Standard output must be drained before by the caller. */
export async function exitWith(link: Link, code: number, reason: string): Promise<never> {
  const words = link.sendFlushed({ type: 'exiting', code, reason });
  const limit = new Promise<void>((resolve) => {
    setTimeout(resolve, LAST_WORDS_MS).unref();
  });
  await Promise.race([words, limit]);
  process.exit(code);
}
