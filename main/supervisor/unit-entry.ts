/** The supervisor's record of one unit, and the unit as people see it. */
import type { Beat } from '#app/contracts/control.ts';
import type { LastExit, UnitHealth, UnitId } from '#app/contracts/health.ts';
import { usageOfTree } from './process-info.ts';
import { initialStatus } from './state.ts';
import type { UnitPolicy, UnitStatus } from './state.ts';
import type { RunningUnit, UnitDriver } from './unit.ts';

/** The record of one unit. `generation` tells a late word of an earlier process from one of the present process. */
export type Entry = {
  readonly driver: UnitDriver;
  status: UnitStatus;
  running: RunningUnit | null;
  generation: number;
  timer: { handle: NodeJS.Timeout; ms: number } | null;
  pid: number | null;
  port: number | null;
  sinceWall: number;
  upSince: number | null;
  lastBeatAt: number | null;
  beat: Beat | null;
  latencyMs: number | null;
  usage: { at: number; cpuMs: number; cpuPercent: number | null; memoryBytes: number } | null;
  lastExit: LastExit | null;
};

/** A unit before its first start. `now` is monotonic milliseconds, `wall` EpochMs. */
export function newEntry(driver: UnitDriver, now: number, wall: number): Entry {
  return {
    driver,
    status: initialStatus(now),
    running: null,
    generation: 0,
    timer: null,
    pid: null,
    port: driver.spec.port,
    sinceWall: wall,
    upSince: null,
    lastBeatAt: null,
    beat: null,
    latencyMs: null,
    usage: null,
    lastExit: null,
  };
}

/** What the unit table needs to know. */
export function policyOf(driver: UnitDriver): UnitPolicy {
  const { kind, startLimitMs, stopLimitMs } = driver.spec;
  return { isOneshot: kind === 'oneshot', startLimitMs, stopLimitMs };
}

/** The unit as people see it at `now` (monotonic milliseconds). */
export function healthOf(entry: Entry, now: number): UnitHealth {
  const { spec } = entry.driver;
  return {
    id: spec.id,
    title: spec.title,
    kind: spec.kind,
    state: entry.status.state,
    since: entry.sinceWall,
    pid: entry.pid,
    port: entry.port,
    uptimeMs: entry.upSince === null ? null : now - entry.upSince,
    restarts: entry.status.restarts,
    cpuPercent: entry.beat?.cpuPercent ?? entry.usage?.cpuPercent ?? null,
    memoryBytes: entry.beat?.memoryBytes ?? entry.usage?.memoryBytes ?? null,
    lastBeatAgeMs: entry.lastBeatAt === null || entry.running === null ? null : now - entry.lastBeatAt,
    latencyMs: entry.latencyMs,
    eventLoopDelayP99Ms: entry.beat?.eventLoopDelayP99Ms ?? null,
    backlog: entry.beat?.backlog ?? null,
    oldestPendingAgeMs: entry.beat?.oldestPendingAgeMs ?? null,
    brokerMessageAgeMs: entry.beat?.brokerMessageAgeMs ?? null,
    reasons: [...entry.status.reasons],
    lastExit: entry.lastExit,
  };
}

/** The process has ended: nothing that it says later counts. */
export function forgetProcess(entry: Entry): void {
  entry.running = null;
  entry.pid = null;
  entry.upSince = null;
  entry.latencyMs = null;
  // What it used, it uses no more.
  entry.beat = null;
  entry.usage = null;
  entry.generation += 1;
}

/** Reads what the databases and their children use; workers tell it themselves with each beat. Never rejects. */
export async function measureUsages(entries: readonly Entry[], monotonic: () => number, onFailure: (id: UnitId, error: unknown) => void): Promise<void> {
  for (const entry of entries) {
    try {
      await measureUsage(entry, monotonic);
    } catch (error) {
      onFailure(entry.driver.spec.id, error);
    }
  }
}

async function measureUsage(entry: Entry, monotonic: () => number): Promise<void> {
  const { pid } = entry;
  if (pid === null || entry.driver.spec.kind !== 'database') return;
  const usage = await usageOfTree(pid);
  if (!usage || entry.pid !== pid) return;
  const at = monotonic();
  const before = entry.usage;
  // Children come and go; a sum that shrank says nothing about the share.
  const isGrowing = before !== null && at > before.at && usage.cpuMs >= before.cpuMs;
  const cpuPercent = isGrowing ? ((usage.cpuMs - before.cpuMs) / (at - before.at)) * 100 : null;
  entry.usage = { at, cpuMs: usage.cpuMs, cpuPercent, memoryBytes: usage.memoryBytes };
}
