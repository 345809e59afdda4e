/** What people do to runs: cancel one with its children, run an ended one again. */
import { flowNameSchema, type FlowName } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { MAX_RUN_ID } from '#chassis/flows-wire.ts';
import { findByKey, saveChange } from './changes.ts';
import { findRow, type RunParts } from './runs.ts';
import { ACTIVE_STATUSES, PARENT_SQL, type RunRow } from './states.ts';
import { saveCancelRequests } from './store.ts';

/** Most tries of one run. */
const MAX_RETRIES_OF_RUN = 50;

/** The run and all its descendants that have not ended, the run first. */
async function activeFamily(parts: RunParts, runId: string): Promise<string[]> {
  const rows = await parts.db.query<{ runId: string }>(
    `WITH RECURSIVE family (run_id, depth) AS (
       SELECT $1::text, 0 UNION ALL SELECT ws.workflow_uuid, family.depth + 1 FROM dbos.workflow_status ws JOIN family ON ${PARENT_SQL} = family.run_id WHERE family.depth < 10
     ) SELECT ws.workflow_uuid AS "runId" FROM family JOIN dbos.workflow_status ws ON ws.workflow_uuid = family.run_id WHERE ws.status = ANY($2::text[]) ORDER BY family.depth`,
    [runId, ACTIVE_STATUSES],
  );
  return rows.map((row) => row.runId);
}

/**
 * Asks for the end of a run and of all that it started; its steps hear of it within about a second.
 * @throws AppError FLOW_RUN_NOT_FOUND; VERSION_CONFLICT (conflict) when it has ended.
 */
export async function cancelRun(parts: RunParts, runId: string, actor: string): Promise<void> {
  const row = await findRow(parts, runId);
  if (!ACTIVE_STATUSES.includes(row.status)) throw new AppError('VERSION_CONFLICT', `The run has ended already (${row.state})`);
  const now = parts.clock.now();
  const family = await activeFamily(parts, runId);
  await saveCancelRequests(parts.db, family, now);
  // The parent first: a child that ends could let it go on.
  for (const member of family) await parts.engine.cancel(member);
  await saveChange(parts.db, { flow: flowNameSchema.parse(row.flow), actor, what: 'run_cancelled', detail: family.length > 1 ? `with ${family.length - 1} runs that it had started` : null, runId }, now);
}

/** What a retry is asked with. `timeoutMs`: the limit in force. */
export type RetryRequest = { readonly runId: string; readonly fromStep: number | undefined; readonly timeoutMs: number; readonly actor: string; readonly idempotencyKey: string | undefined };

/** The step to go on from. @throws AppError VERSION_CONFLICT, INPUT_INVALID */
async function startingStep(parts: RunParts, row: RunRow, wanted: number | undefined): Promise<number> {
  const steps = await parts.engine.steps(row.runId);
  if (wanted === undefined) {
    if (row.status === 'SUCCESS') throw new AppError('VERSION_CONFLICT', 'The run has completed: choose the step to go on from, or run the flow anew');
    return steps.find((step) => step.error)?.functionID ?? (steps.at(-1)?.functionID ?? -1) + 1;
  }
  const known = [0, ...steps.map((step) => step.functionID), (steps.at(-1)?.functionID ?? -1) + 1];
  if (!known.includes(wanted)) throw new AppError('INPUT_INVALID', `fromStep: the run has no step ${wanted}; it has ${steps.length === 0 ? 'none' : steps.map((step) => `${step.functionID} (${step.name})`).join(', ')}`);
  return wanted;
}

/** The first id that no try of this run has: `run:again`, `run:again:2` and so on. */
async function freeRetryId(parts: RunParts, runId: string): Promise<string> {
  const root = runId.replace(/:again(:\d+)?$/, '');
  const taken = new Set((await parts.db.query<{ id: string }>("SELECT workflow_uuid AS id FROM dbos.workflow_status WHERE workflow_uuid = $1 OR workflow_uuid LIKE $2", [`${root}:again`, `${root.replaceAll(/[\\%_]/g, (letter) => `\\${letter}`)}:again:%`])).map((row) => row.id));
  for (let n = 1; n <= MAX_RETRIES_OF_RUN; n += 1) {
    const id = n === 1 ? `${root}:again` : `${root}:again:${n}`;
    if (id.length > MAX_RUN_ID) break;
    if (!taken.has(id)) return id;
  }
  throw new AppError('VERSION_CONFLICT', `The run was repeated ${MAX_RETRIES_OF_RUN} times; run the flow anew`);
}

/**
 * Runs an ended run again as a new run, from the step that failed or from a chosen one: finished steps before it keep their results. While such a
 * try goes on, asking again gives the same try, and so does the same key at any time.
 * @throws AppError FLOW_RUN_NOT_FOUND; VERSION_CONFLICT (conflict) when the run goes on, or has completed and no step is chosen; INPUT_INVALID for an unknown step;
 * IDEMPOTENCY_CONFLICT when the key was used for another run.
 */
export function retryRun(parts: RunParts, request: RetryRequest): Promise<string> {
  const mine = lastRetry.then(() => retryNext(parts, request));
  lastRetry = mine.catch(() => undefined);
  return mine;
}

// One after the other: asked twice in one moment under one key, the second finds what the first wrote down, also when that try has ended already.
let lastRetry: Promise<unknown> = Promise.resolve();

async function retryNext(parts: RunParts, request: RetryRequest): Promise<string> {
  const { runId, idempotencyKey, timeoutMs, actor } = request;
  const before = idempotencyKey === undefined ? null : await findByKey(parts.db, idempotencyKey);
  if (before) {
    if (before.what !== 'run_retried' || before.detail !== detailOf(request) || before.runId === null) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for something else; choose a new one');
    return before.runId;
  }
  const row = await findRow(parts, runId);
  if (ACTIVE_STATUSES.includes(row.status)) throw new AppError('VERSION_CONFLICT', `Only a run that has ended can be run again; this one is ${row.state}`);
  const flow = flowNameSchema.parse(row.flow);
  const [running] = await parts.db.query<{ id: string }>('SELECT workflow_uuid AS id FROM dbos.workflow_status WHERE forked_from = $1 AND status = ANY($2::text[]) LIMIT 1', [runId, ACTIVE_STATUSES]);
  if (running) return running.id;
  const fromStep = await startingStep(parts, row, request.fromStep);
  const newRunId = await fork(parts, { runId, flow, fromStep, timeoutMs });
  await saveChange(parts.db, { flow, actor, what: 'run_retried', detail: detailOf(request), runId: newRunId, idempotencyKey }, parts.clock.now());
  return newRunId;
}

function detailOf({ runId, fromStep }: RetryRequest): string {
  return `${runId} again ${fromStep === undefined ? 'from the step that failed' : `from step ${fromStep}`}`;
}

async function fork(parts: RunParts, { runId, flow, fromStep, timeoutMs }: { runId: string; flow: FlowName; fromStep: number; timeoutMs: number }): Promise<string> {
  const newRunId = await freeRetryId(parts, runId);
  try {
    await parts.engine.fork(runId, { newRunId, fromStep, queue: flow, timeoutMs });
  } catch (error) {
    // Somebody asked in the same moment and took the id: that try is this one.
    const other = await parts.engine.get(newRunId);
    if (other === null) throw error;
  }
  return newRunId;
}
