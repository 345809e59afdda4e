/** One run with everything about it: steps with their attempts and children, the failure with its cause and remedy, log, relatives. */
import { flowNameSchema, type FlowRunDetail, type RunFailure, type RunState, type StepRun } from '#app/contracts/flows.ts';
import { describeError } from '#app/domain/errors.ts';
import { childStepSchema, flowCallSchema, skippedStepSchema } from '#chassis/flows-wire.ts';
import type { EngineStep } from './engine.ts';
import { failureOf, failureWithoutError, readError, tellError } from './failures.ts';
import { findRow, listRelated, loadErrors, toFlowRun, toFlowRuns, toSkippedRun, type RunParts } from './runs.ts';
import { PARENT_SQL, type RunRow } from './states.ts';
import { findSkipped, loadLogs, loadStepNotes, type StepNote } from './store.ts';

const STEP_STATE_OF_ENDED: Partial<Record<RunState, RunState>> = { CANCELLED: 'CANCELLED', FAILED: 'FAILED', CRASHED: 'CRASHED' };

/** The child that a failed step waited for stands in its error's context. */
function childOfError(error: Error | null): string | null {
  const context: unknown = error === null ? null : Reflect.get(error, 'context');
  const runId: unknown = typeof context === 'object' && context !== null ? Reflect.get(context, 'childRunId') : null;
  return typeof runId === 'string' ? runId : null;
}

function finishedStep(step: EngineStep, note: StepNote | undefined): StepRun {
  const times = { startedAt: step.startedAtEpochMs ?? null, endedAt: step.completedAtEpochMs ?? null };
  const base = { index: step.functionID, name: step.name, ...times, attempts: note?.attempt ?? null };
  const skipped = skippedStepSchema.safeParse(step.output);
  if (skipped.success) return { ...base, state: 'SKIPPED', error: skipped.data.$skipped, output: null, childRunId: null };
  if (step.error) return { ...base, state: 'FAILED', error: describeError(step.error), output: null, childRunId: childOfError(step.error) };
  const child = childStepSchema.safeParse(step.output);
  if (child.success) return { ...base, state: 'COMPLETED', error: null, output: child.data.output ?? null, childRunId: child.data.$child };
  return { ...base, state: 'COMPLETED', error: null, output: step.output ?? null, childRunId: null };
}

/** Steps by index: the finished ones from the engine, the one that runs (or was cut short) from what the run told. */
function stepsOf(row: RunRow, finished: readonly EngineStep[], notes: readonly StepNote[]): StepRun[] {
  const noteOf = new Map(notes.map((note) => [note.stepIndex, note]));
  const done = finished.map((step) => finishedStep(step, noteOf.get(step.functionID)));
  const known = new Set(done.map((step) => step.index));
  const unfinished = notes.filter((note) => !known.has(note.stepIndex)).map((note): StepRun => ({
    index: note.stepIndex, name: note.name, state: STEP_STATE_OF_ENDED[row.state] ?? (note.nextAttemptAt === null ? 'RUNNING' : 'RETRYING'), startedAt: note.startedAt, endedAt: null,
    attempts: note.attempt, error: note.error, output: null, childRunId: note.childRunId,
  }));
  return [...done, ...unfinished].sort((a, b) => a.index - b.index);
}

/** The step whose error ended the run: a body may catch what a step throws, and fail later of something else. */
function stepThatThrew(message: string, steps: readonly StepRun[]): string | null {
  return steps.findLast(({ state, error }) => state === 'FAILED' && error !== null && (message.includes(error) || error.includes(message)))?.name ?? null;
}

function failureOfRun(row: RunRow, message: string | null, stored: string | undefined, steps: readonly StepRun[]): RunFailure | null {
  if (message === null) return null;
  if (row.status === 'ERROR') return failureOf(readError(stored ?? message), stepThatThrew(message, steps));
  const cutShort = steps.findLast((step) => step.endedAt === null)?.name ?? null;
  if (row.status === 'CANCELLED') return failureWithoutError(message, 'timed_out', cutShort);
  return failureWithoutError(message, row.status === 'PENDING' ? 'worker_gone' : 'given_up', cutShort);
}

/** One run with its steps, log and relatives; a skipped tick is shown as a run without any. @throws AppError FLOW_RUN_NOT_FOUND */
export async function describeRun(parts: RunParts, runId: string): Promise<FlowRunDetail> {
  const skipped = await findSkipped(parts.db, runId);
  if (skipped) {
    return { ...toSkippedRun(skipped), input: null, output: null, failure: null, steps: [], logs: [], children: [], retryOf: null, retriedAs: [], dispatches: 0, timeoutMs: null, deadlineAt: null };
  }
  const row = await findRow(parts, runId);
  const [run, finished, notes, logs, children, repeats, errors] = await Promise.all([
    parts.engine.get(runId), parts.engine.steps(runId), loadStepNotes(parts.db, runId), loadLogs(parts.db, runId), listRelated(parts, `${PARENT_SQL} = $2`, runId), listRelated(parts, 'ws.forked_from = $2', runId),
    loadErrors(parts.db, row.status === 'ERROR' ? [runId] : []),
  ]);
  const stored = errors.get(runId);
  const shown = toFlowRun(row, stored === undefined ? null : tellError(readError(stored)));
  const steps = stepsOf(row, finished, notes);
  return {
    ...shown, input: flowCallSchema.safeParse(run?.input?.[0]).data?.input ?? null, output: run?.output ?? null, failure: failureOfRun(row, shown.error, stored, steps), steps, logs,
    children: await toFlowRuns(parts.db, children), retryOf: row.retryOf, retriedAs: repeats.filter((other) => flowNameSchema.safeParse(other.flow).success).map((other) => other.runId),
    dispatches: row.dispatches, timeoutMs: row.timeoutMs, deadlineAt: row.deadlineAt,
  };
}
