/** Keeps the history of runs bounded: ended runs that are older than the retention, or beyond the newest twenty thousand of their flow, go. */
import { FLOW_NAMES } from '#app/contracts/flows.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { forgetOldChanges } from './changes.ts';
import { LOOK_BACK_MS } from './decide.ts';
import type { RunParts } from './runs.ts';
import { deleteNotes, deleteSkipped } from './store.ts';

/** Newest ended runs of a flow that are kept whatever their age: two weeks of a flow that runs every minute. */
const KEPT_PER_FLOW = 20_000;
const BATCH = 500;
/** Most batches of one kind in one sweep; the next sweep goes on. */
const MAX_BATCHES = 50;

const OLD_SQL = 'SELECT workflow_uuid AS id FROM dbos.workflow_status WHERE completed_at < $1 ORDER BY completed_at LIMIT $2';
const BEYOND_SQL = `SELECT workflow_uuid AS id FROM (SELECT workflow_uuid, created_at FROM dbos.workflow_status WHERE name = $1 AND completed_at IS NOT NULL ORDER BY completed_at DESC OFFSET ${KEPT_PER_FLOW}) AS beyond
  WHERE created_at < $2 LIMIT $3`;

/** Removes old runs with all that was reported about them; returns how many. `days`: how long runs are kept. */
export async function forgetOldRuns(parts: RunParts, days: number): Promise<number> {
  const now = parts.clock.now();
  // A run's id is what keeps a tick from being fired twice: none goes before its tick is out of the scheduler's sight.
  const outOfSight = (now - LOOK_BACK_MS) as EpochMs;
  const before = Math.min(now - days * DAY_MS, outOfSight) as EpochMs;
  let removed = 0;
  const removeAll = async (text: string, params: readonly unknown[]): Promise<void> => {
    for (let n = 0; n < MAX_BATCHES; n += 1) {
      const runIds = (await parts.db.query<{ id: string }>(text, [...params, BATCH])).map((row) => row.id);
      if (runIds.length === 0) return;
      // The notes first: they are found by their run, and stay for ever when that has gone before them.
      await parts.db.tx((tx) => deleteNotes(tx, runIds));
      await parts.engine.remove(runIds);
      removed += runIds.length;
    }
  };
  await removeAll(OLD_SQL, [before]);
  for (const flow of FLOW_NAMES) await removeAll(BEYOND_SQL, [flow, outOfSight]);
  await deleteSkipped(parts.db, before);
  await forgetOldChanges(parts.db, now);
  return removed;
}
