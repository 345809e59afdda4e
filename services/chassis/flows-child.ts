/** A run that starts another and waits for its end: at the child's owner, once per parent, its place free for others meanwhile. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { FlowName } from '#app/contracts/flows.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { Execution, RunEnd } from './flows-execution.ts';
import { childRunId } from './flows-wire.ts';

/** Which child to start. */
export type WantedChild = { readonly flow: FlowName; readonly input: Readonly<Record<string, unknown>>; readonly key: string | undefined };

const WHY: Readonly<Record<string, string>> = {
  CANCELLED: 'it was cancelled or ran out of time',
  MAX_RECOVERY_ATTEMPTS_EXCEEDED: 'its worker died too often while running it',
};

function failureOf(flow: FlowName, runId: string, end: RunEnd): AppError {
  const why = WHY[end.status] ?? (end.error === undefined ? 'it is gone' : describeError(end.error));
  const code: unknown = Reflect.get(Object(end.error), 'code');
  return new AppError('FLOW_CHILD_FAILED', `The child run ${flow} did not complete: ${why}`, {
    context: { childRunId: runId, childStatus: end.status, ...(typeof code === 'string' ? { childCode: code } : {}) }, ...(end.error === undefined ? {} : { cause: end.error }),
  });
}

/**
 * The work of a child's step: runs again after a crash, and then finds the child that it started before.
 * @throws AppError FLOW_CHILD_FAILED; FLOW_INPUT_INVALID for a flow that the parent's definition does not name.
 */
export async function runChild({ parts, passage }: Execution, { flow, input, key }: WantedChild): Promise<{ $child: string; output: unknown }> {
  const { runId: parentRunId, definition, controller, gate, hold, children, reporter } = parts;
  if (!definition.children?.includes(flow)) {
    throw new AppError('FLOW_INPUT_INVALID', `The flow ${definition.name} may not start ${flow}: name it in its "children"`);
  }
  const runId = childRunId(parentRunId, flow, key);
  const stepIndex = DBOS.stepID ?? 0;
  const tell = (error: string | null): void => reporter.report({
    kind: 'attempt', runId: parentRunId, at: parts.now(), stepIndex, name: (key === undefined ? flow : `${flow}.${key}`).slice(0, 200), attempt: 1, error, nextAttemptAt: null, childRunId: runId,
  });
  tell(null);
  controller.signal.throwIfAborted();
  // The child cannot outlast its parent; its owner lowers this to the child's own limit.
  await children.start({ flow, runId, call: { input, scheduledFor: null }, trigger: 'parent', timeoutMs: definition.timeoutMs, parentRunId });
  hold.leave();
  let end: RunEnd | null;
  try {
    end = await children.ended(runId, AbortSignal.any([controller.signal, gate.closing]));
    if (end === null && !controller.signal.aborted) return await passage.park();
  } finally {
    if (!controller.signal.aborted) await hold.comeBack();
  }
  if (end === null) {
    if (!gate.isClosed) await children.cancel(runId);
    throw controller.signal.reason;
  }
  if (end.status === 'SUCCESS') return { $child: runId, output: end.output ?? null };
  const failure = failureOf(flow, runId, end);
  tell(failure.message.slice(0, 2_000));
  throw failure;
}
