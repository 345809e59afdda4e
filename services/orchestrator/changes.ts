/** What people did to flows: kept, so that a changed schedule or an odd run has a name and a time. */
import type { FlowChange, FlowName } from '#app/contracts/flows.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';

/** Changes are few and small: kept for two years whatever the retention of runs. */
const KEPT_MS = 730 * DAY_MS;

/** A change to write down. `idempotencyKey`: the key under which it was asked for. */
export type NewChange = { readonly flow: FlowName; readonly actor: string; readonly what: FlowChange['what']; readonly detail: string | null; readonly runId: string | null; readonly idempotencyKey?: string | undefined };

/** Writes a change down; the same key is written once. */
export async function saveChange(db: Queryable, change: NewChange, now: EpochMs): Promise<void> {
  const { flow, actor, what, detail, runId, idempotencyKey } = change;
  await db.query(
    'INSERT INTO flows.changes (flow, at, actor, what, detail, run_id, idempotency_key) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING',
    [flow, at(now), actor, what, detail, runId, idempotencyKey ?? null],
  );
}

/** Changes of a flow, newest first. */
export async function loadChanges(db: Queryable, flow: FlowName, limit: number): Promise<FlowChange[]> {
  return db.query<FlowChange>('SELECT at, actor, what, detail, run_id AS "runId" FROM flows.changes WHERE flow = $1 ORDER BY seq DESC LIMIT $2', [flow, limit]);
}

/** What was done under a key, null when nothing was. */
export async function findByKey(db: Queryable, idempotencyKey: string): Promise<{ readonly what: FlowChange['what']; readonly detail: string | null; readonly runId: string | null } | null> {
  const [row] = await db.query<{ what: FlowChange['what']; detail: string | null; runId: string | null }>('SELECT what, detail, run_id AS "runId" FROM flows.changes WHERE idempotency_key = $1', [idempotencyKey]);
  return row ?? null;
}

/** Removes changes that are older than two years. */
export async function forgetOldChanges(db: Queryable, now: EpochMs): Promise<void> {
  await db.query('DELETE FROM flows.changes WHERE at < $1', [at(now - KEPT_MS)]);
}
