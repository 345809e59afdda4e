/** Runs as people see them: the engine's rows, joined with what the runs reported and who is alive. */
import { FLOW_OWNERS, flowNameSchema, type FlowName, type FlowRun, type FlowRunDetail, type RunState } from '#app/contracts/flows.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { Clock } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import { engineIdentity, flowCallSchema, runAttributesSchema, scheduledRunId } from '#chassis/flows-wire.ts';
import { isEngineStatus, type Engine, type EngineRun, type EngineStep } from './engine.ts';
import { explain, stateOf, STATUSES_OF, type RunFacts } from './states.ts';
import { loadLogs, loadNotes, loadSessions, loadSkipped, loadStepNotes, saveCancelRequest, type RunNote, type SkippedTick, type StepNote } from './store.ts';

/** What run queries work with. */
export type RunParts = { readonly db: Db; readonly engine: Engine; readonly clock: Clock };
/** Which runs to show. */
export type RunQuery = { readonly flow: FlowName | null; readonly state: RunState | null; readonly limit: number };

const PAGE = 200;
/** A state that is worked out here (LATE, CRASHED) is looked for among this many runs. */
const MAX_PAGES = 5;
const ACTIVE: readonly string[] = ['ENQUEUED', 'DELAYED', 'PENDING'];

type Surroundings = { readonly notes: ReadonlyMap<string, RunNote>; readonly steps: readonly StepNote[]; readonly sessions: ReadonlySet<string>; readonly now: number };

async function surroundingsOf(parts: RunParts, runs: readonly EngineRun[]): Promise<Surroundings> {
  const ids = runs.map((run) => run.workflowID);
  // Only a run under way can wait for a retry, so the steps of finished ones are not read for a list.
  const active = runs.filter((run) => ACTIVE.includes(run.status)).map((run) => run.workflowID);
  const [notes, steps, sessions] = await Promise.all([
    loadNotes(parts.db, ids),
    active.length > 0 ? loadStepNotes(parts.db, active) : [],
    active.length > 0 ? loadSessions(parts.db) : new Set<string>(),
  ]);
  return { notes, steps, sessions, now: parts.clock.now() };
}

function factsOf(run: EngineRun, around: Surroundings): RunFacts {
  invariant(isEngineStatus(run.status), 'The engine has a status that we do not know', { status: run.status });
  const owner = FLOW_OWNERS[flowNameSchema.parse(run.workflowName)];
  const attributes = runAttributesSchema.safeParse(run.attributes);
  return {
    status: run.status, createdAt: run.createdAt, scheduledFor: attributes.data?.scheduledFor ?? null, endedAt: run.completedAt ?? null, deadlineAt: run.deadlineEpochMS ?? null,
    dispatches: run.recoveryAttempts ?? 0, isCancelRequested: (around.notes.get(run.workflowID)?.cancelRequestedAt ?? null) !== null,
    isWaitingForRetry: around.steps.some((step) => step.runId === run.workflowID && step.nextAttemptAt !== null), isOwnerAlive: around.sessions.has(engineIdentity(owner).sessionName),
  };
}

/** One run of the engine as people see it. */
function toFlowRun(run: EngineRun, around: Surroundings): FlowRun {
  const facts = factsOf(run, around);
  const flow = flowNameSchema.parse(run.workflowName);
  const note = around.notes.get(run.workflowID);
  const progress = note && note.done !== null && note.total !== null ? { done: note.done, total: note.total } : null;
  return {
    runId: run.workflowID, flow, owner: FLOW_OWNERS[flow], state: stateOf(facts, around.now), trigger: runAttributesSchema.safeParse(run.attributes).data?.trigger ?? 'manual',
    scheduledFor: facts.scheduledFor, createdAt: run.createdAt, startedAt: run.dequeuedAt ?? null, endedAt: facts.endedAt,
    input: flowCallSchema.safeParse(run.input?.[0]).data?.input ?? null, output: run.output ?? null, error: explain(facts, run.error, run.timeoutMS ?? null), progress,
  };
}

function toSkippedRun(tick: SkippedTick): FlowRun {
  const others = tick.missedCount > 1 ? ` (and ${tick.missedCount - 1} before it)` : '';
  return {
    runId: scheduledRunId(tick.flow, tick.scheduledFor as ReturnType<Clock['now']>), flow: tick.flow, owner: FLOW_OWNERS[tick.flow], state: 'SKIPPED', trigger: 'schedule', scheduledFor: tick.scheduledFor,
    createdAt: tick.recordedAt, startedAt: null, endedAt: tick.recordedAt, input: null, output: null, error: `${tick.reason}${others}`, progress: null,
  };
}

/** Runs, newest first, skipped ticks among them. */
export async function listRuns(parts: RunParts, query: RunQuery): Promise<FlowRun[]> {
  const statuses = query.state === null ? null : STATUSES_OF[query.state];
  const found: FlowRun[] = [];
  const size = query.state === null ? Math.min(query.limit, PAGE) : PAGE;
  for (let page = 0; statuses?.length !== 0 && page < MAX_PAGES && found.length < query.limit; page += 1) {
    const runs = await parts.engine.list({ limit: size, offset: page * size, ...(query.flow === null ? {} : { flow: query.flow }), ...(statuses === null ? {} : { statuses }) });
    const around = await surroundingsOf(parts, runs);
    // A later version may have run flows that this one does not know.
    const known = runs.filter((run) => flowNameSchema.safeParse(run.workflowName).success).map((run) => toFlowRun(run, around));
    found.push(...known.filter((run) => query.state === null || run.state === query.state));
    if (runs.length < size) break;
  }
  const skipped = query.state === null || query.state === 'SKIPPED' ? (await loadSkipped(parts.db, query.flow, query.limit)).map(toSkippedRun) : [];
  return [...found, ...skipped].sort((a, b) => b.createdAt - a.createdAt).slice(0, query.limit);
}

/** The run under this id. @throws AppError FLOW_RUN_NOT_FOUND */
export async function findRun(parts: RunParts, runId: string): Promise<{ run: EngineRun; view: FlowRun }> {
  const run = await parts.engine.get(runId);
  if (!run || !flowNameSchema.safeParse(run.workflowName).success) throw new AppError('FLOW_RUN_NOT_FOUND', `There is no run ${runId.slice(0, 200)}`);
  return { run, view: toFlowRun(run, await surroundingsOf(parts, [run])) };
}

/** One run with its steps and log. @throws AppError FLOW_RUN_NOT_FOUND */
export async function describeRun(parts: RunParts, runId: string): Promise<FlowRunDetail> {
  const [{ view }, steps, notes, logs] = await Promise.all([findRun(parts, runId), parts.engine.steps(runId), loadStepNotes(parts.db, [runId]), loadLogs(parts.db, runId)]);
  return { ...view, steps: stepsOf(view, steps, notes), logs };
}

const STEP_STATE_OF_ENDED: Partial<Record<RunState, RunState>> = { CANCELLED: 'CANCELLED', FAILED: 'FAILED', CRASHED: 'CRASHED' };

function stepsOf(view: FlowRun, finished: readonly EngineStep[], notes: readonly StepNote[]): FlowRunDetail['steps'] {
  const noteOf = new Map(notes.map((note) => [note.stepIndex, note]));
  const done = finished.map((step) => ({
    index: step.functionID, name: step.name, state: step.error ? ('FAILED' as const) : ('COMPLETED' as const), startedAt: step.startedAtEpochMs ?? null, endedAt: step.completedAtEpochMs ?? null,
    attempts: noteOf.get(step.functionID)?.attempt ?? null, error: step.error ? describeError(step.error) : null, output: step.output ?? null,
  }));
  const known = new Set(done.map((step) => step.index));
  const unfinished = notes.filter((note) => !known.has(note.stepIndex)).map((note) => ({
    index: note.stepIndex, name: note.name, state: STEP_STATE_OF_ENDED[view.state] ?? (note.nextAttemptAt === null ? ('RUNNING' as const) : ('RETRYING' as const)), startedAt: note.startedAt, endedAt: null,
    attempts: note.attempt, error: note.error, output: null,
  }));
  return [...done, ...unfinished].sort((a, b) => a.index - b.index);
}

/** Asks for the end of a run; its steps hear of it within about a second. @throws AppError FLOW_RUN_NOT_FOUND; VERSION_CONFLICT (conflict) when it has ended. */
export async function cancelRun(parts: RunParts, runId: string): Promise<void> {
  const { run, view } = await findRun(parts, runId);
  if (!ACTIVE.includes(run.status)) throw new AppError('VERSION_CONFLICT', `The run has ended already (${view.state})`);
  await saveCancelRequest(parts.db, runId, parts.clock.now());
  await parts.engine.cancel(runId);
}

/**
 * Runs an ended, unsuccessful run again from the step that failed, as a new run; asking twice for the same try gives one.
 * @throws AppError FLOW_RUN_NOT_FOUND; VERSION_CONFLICT (conflict) when it goes on, or has completed.
 */
export async function retryRun(parts: RunParts, runId: string, timeoutMs: number): Promise<string> {
  const { run, view } = await findRun(parts, runId);
  if (ACTIVE.includes(run.status) || run.status === 'SUCCESS') throw new AppError('VERSION_CONFLICT', `Only a run that failed can be run again; this one is ${view.state}`);
  const steps = await parts.engine.steps(runId);
  const fromStep = steps.find((step) => step.error)?.functionID ?? steps.length;
  const newRunId = `${runId}:again`;
  if ((await parts.engine.get(newRunId)) === null) await parts.engine.fork(runId, { newRunId, fromStep, queue: view.flow, timeoutMs });
  return newRunId;
}
