/** Asking every part how it is: workers over their own /health, the databases by a round trip, the disk by its free space. */
import { statfs } from 'node:fs/promises';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { WORKER_IDS, WorkerHealthSchema, type WorkerHealth, type WorkerId } from '#app/contracts/health.ts';
import { describeError } from '#app/domain/errors.ts';
import type { Bus } from '#chassis/bus.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';

/** How a part is. `reasons`: why it is not well, or what it does worse than usual although it serves. */
export type PartHealth = { readonly part: string; readonly isHealthy: boolean; readonly latencyMs: number | null; readonly reasons: readonly string[] };

/** What the probes reach for. */
export type ProbeParts = { readonly config: Pick<RuntimeConfig, 'units' | 'dataDir'>; readonly db: Queryable; readonly bus: Bus };

const TIMEOUT_MS = 3_000;
/** Free space below which data_ingestion will soon have to pause. */
const MIN_FREE_BYTES = 1_000_000_000;

async function timed(part: string, probe: (signal: AbortSignal) => Promise<readonly string[] | null>): Promise<PartHealth> {
  const began = monotonicMs();
  try {
    const reasons = await probe(AbortSignal.timeout(TIMEOUT_MS));
    const latencyMs = monotonicMs() - began;
    return reasons === null ? { part, isHealthy: true, latencyMs, reasons: [] } : { part, isHealthy: false, latencyMs, reasons };
  } catch (error) {
    return { part, isHealthy: false, latencyMs: null, reasons: [describeError(error)] };
  }
}

/** Asks twice: a connection that was lost on the way says nothing about the part. */
async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw error;
    return fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  }
}

/** The schedules as the orchestrator sees them: a part of its own, for it may be well while a flow fails night after night. */
function schedulesOf({ detail }: WorkerHealth): PartHealth[] {
  const { schedules } = detail;
  return schedules === undefined ? [] : [{ part: 'schedules', isHealthy: schedules.ok, latencyMs: schedules.latencyMs ?? null, reasons: schedules.message === undefined ? [] : [schedules.message] }];
}

async function worker(id: WorkerId, endpoint: { host: string; port: number }): Promise<PartHealth[]> {
  const began = monotonicMs();
  try {
    const response = await ask(`http://${endpoint.host}:${endpoint.port}/health`);
    const parsed = WorkerHealthSchema.safeParse(await response.json());
    const latencyMs = monotonicMs() - began;
    if (!parsed.success) return [{ part: id, isHealthy: false, latencyMs, reasons: [`its answer (${response.status}) is not a health report`] }];
    const { live, ready, reasons, unit } = parsed.data;
    if (unit !== id) return [{ part: id, isHealthy: false, latencyMs, reasons: [`${unit} answers on its port`] }];
    return [{ part: id, isHealthy: live && ready, latencyMs, reasons: ready ? reasons : ['not ready', ...reasons] }, ...(id === 'orchestrator' ? schedulesOf(parsed.data) : [])];
  } catch (error) {
    return [{ part: id, isHealthy: false, latencyMs: null, reasons: [`does not answer: ${describeError(error)}`] }];
  }
}

/** Free space of the data folder; reasons when it is scarce. */
async function disk(folder: string): Promise<readonly string[] | null> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  return free < MIN_FREE_BYTES ? [`only ${Math.floor(free / 1e6)} MB are free where the data lies; ${MIN_FREE_BYTES / 1e6} MB are needed`] : null;
}

/** Asks all parts at once. A part that does not answer within 3 s is not well; nothing is thrown. */
export async function askAllParts({ config, db, bus }: ProbeParts): Promise<PartHealth[]> {
  const workers = WORKER_IDS.flatMap((id) => {
    const endpoint = config.units[id];
    return endpoint ? [worker(id, endpoint)] : [];
  });
  const parts = await Promise.all([
    timed('postgres', async () => {
      await db.query('SELECT 1');
      return null;
    }),
    timed('redis', async () => {
      await bus.ping();
      return null;
    }),
    timed('disk', () => disk(config.dataDir)),
    ...workers,
  ]);
  return parts.flat();
}
