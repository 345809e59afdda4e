/** One execution of a flow: its steps with retries, its children, what it says, and how it is left alone when the service stops. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { AppError, describeError } from '#app/domain/errors.ts';
import { backoffMs, sleep } from './clock.ts';
import type { FlowContext, StepContext } from './flows.ts';
import { runChild } from './flows-child.ts';
import type { Execution, RunParts } from './flows-execution.ts';
import { boundError, checkResult, cutText, reviveError } from './flows-result.ts';
import { tellersOf } from './flows-tell.ts';
import type { FlowCall } from './flows-wire.ts';

const RETRY_CAP_MS = 300_000;

/** Is there a point in trying this step again? What needs another input, a human, or a look at what happened is not repeated blindly. */
function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof AppError) || error.family === 'temporary' || error.family === 'conflict';
}

/** Runs the flow's body once, from its beginning or after a crash. */
export async function runFlow(parts: RunParts, call: FlowCall): Promise<unknown> {
  const { definition, gate, controller, runId } = parts;
  const onStop = (): void => controller.abort(gate.aborted.reason);
  gate.aborted.addEventListener('abort', onStop, { once: true });
  const passage = gate.enter();
  const tellers = tellersOf(parts);
  const execution: Execution = { parts, passage, retries: call.retries ?? definition.retries };
  try {
    if (gate.isClosed) await passage.park();
    const ctx: FlowContext = {
      runId,
      scheduledFor: call.scheduledFor,
      signal: controller.signal,
      step: (name, fn) => durableStep(execution, name, () => attemptStep(execution, name, fn)),
      child: async (name, input, key) => {
        const { $child, output } = await durableStep(execution, key === undefined ? name : `${name}.${key}`, () => runChild(execution, { flow: name, input: input ?? {}, key }));
        return { runId: $child, output };
      },
      skip: async (name, reason) => {
        await durableStep(execution, name, () => Promise.resolve({ $skipped: cutText(reason) }));
      },
      log: tellers.log,
      progress: tellers.progress,
    };
    return checkResult(`the flow ${definition.name}`, (await definition.run(ctx, call.input)) ?? null);
  } catch (error) {
    if (!controller.signal.aborted) parts.log.warn({ runId, flow: definition.name, error: cutText(describeError(error)) }, 'A run ended with an error');
    throw boundError(error);
  } finally {
    passage.leave();
    gate.aborted.removeEventListener('abort', onStop);
    tellers.finish();
  }
}

/** A step in the engine's book. Errors come out of it as the body may catch them, before and after a crash alike. */
async function durableStep<T>({ parts, passage }: Execution, name: string, work: () => Promise<T>): Promise<T> {
  if (parts.gate.isClosed) return passage.park();
  try {
    return await DBOS.runStep(async () => {
      try {
        return await work();
      } catch (error) {
        // The service is stopping: not the run's failure. Left unfinished, the step runs again at the next start.
        if (parts.gate.aborted.aborted) return passage.park();
        throw boundError(error);
      }
    }, { name });
  } catch (error) {
    throw reviveError(error);
  }
}

async function attemptStep<T>({ parts, retries }: Execution, name: string, fn: (ctx: StepContext) => Promise<T>): Promise<T> {
  const { definition, controller, runId } = parts;
  const stepIndex = DBOS.stepID ?? 0;
  const tell = (attempt: number, error: string | null, nextAttemptAt: number | null): void =>
    parts.reporter.report({ kind: 'attempt', runId, at: parts.now(), stepIndex, name: name.slice(0, 200), attempt, error: error === null ? null : cutText(error), nextAttemptAt, childRunId: null });
  for (let attempt = 1; ; attempt += 1) {
    tell(attempt, null, null);
    try {
      controller.signal.throwIfAborted();
      return checkResult(`the step "${name}"`, await fn({ attempt, signal: controller.signal }));
    } catch (error) {
      const isLast = attempt > retries || !isWorthRetrying(error) || controller.signal.aborted;
      const waitMs = isLast ? 0 : Math.round(backoffMs(attempt - 1, { baseMs: definition.retryDelayMs, capMs: RETRY_CAP_MS }));
      tell(attempt, describeError(error), isLast ? null : parts.now() + waitMs);
      if (isLast) throw error;
      parts.log.info({ runId, step: name, attempt, waitMs, error: cutText(describeError(error)) }, 'A step failed and will be tried again');
      await sleep(waitMs, controller.signal);
      if (controller.signal.aborted) throw error;
    }
  }
}
