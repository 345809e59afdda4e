/** Keeps the history of runs bounded: ended runs that are older than the retention, or beyond the newest thousand of their flow, go. */
import { DAY_MS, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { LOOK_BACK_MS } from './decide.ts';
import type { RunParts } from './runs.ts';
import type { EngineStatus } from './states.ts';
import { deleteNotes, deleteSkipped, loadDeployments } from './store.ts';

const ENDED: readonly EngineStatus[] = ['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'];
const KEPT_PER_FLOW = 1_000;
const BATCH = 200;
/** Most batches in one sweep; the next sweep goes on. */
const MAX_BATCHES = 50;

/** Removes old runs with all that was reported about them; returns how many. `days`: how long runs are kept. */
export async function forgetOldRuns(parts: RunParts, days: number): Promise<number> {
  const now = parts.clock.now();
  const before = (now - days * DAY_MS) as EpochMs;
  let removed = 0;
  const remove = async (runIds: readonly string[]): Promise<void> => {
    await parts.engine.remove(runIds);
    await parts.db.tx((tx) => deleteNotes(tx, runIds));
    removed += runIds.length;
  };
  for (let n = 0; n < MAX_BATCHES; n += 1) {
    const old = await parts.engine.list({ statuses: ENDED, limit: BATCH, offset: 0, endedBefore: toRfc3339(before) });
    if (old.length === 0) break;
    await remove(old.map((run) => run.workflowID));
  }
  // A run's id is what keeps a tick from being fired twice: none goes before its tick is out of the scheduler's sight.
  const outOfSight = now - LOOK_BACK_MS;
  for (const { deployment } of await loadDeployments(parts.db)) {
    for (let n = 0; n < MAX_BATCHES; n += 1) {
      const beyond = await parts.engine.list({ flow: deployment.name, statuses: ENDED, limit: BATCH, offset: KEPT_PER_FLOW });
      const runIds = beyond.filter((run) => run.createdAt < outOfSight).map((run) => run.workflowID);
      if (runIds.length === 0) break;
      await remove(runIds);
    }
  }
  await deleteSkipped(parts.db, before);
  return removed;
}
