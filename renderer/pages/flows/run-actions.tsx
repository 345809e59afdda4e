/** What can be done about a run: stop it, do it again, go on where it failed. */
import type { JSX } from 'react';
import { Button, Popover } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { FlowRunDetail } from '#app/contracts/flows.ts';
import { newKey } from '../../data/client.ts';
import { useAction } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { FLOW_KEYS } from './flow-actions.tsx';
import { isEnded, isFailed } from './run-words.ts';

type RetryRun = { retry(fromStep?: number): void; readonly isPending: boolean; readonly error: Error | null };

/** Runs an ended run again from a step; what it becomes opens. */
export function useRetry(runId: string): RetryRun {
  const action = useAction('retryRun', [...FLOW_KEYS, ['run', runId]]);
  return {
    retry: (fromStep) => action.mutate({ runId, idempotencyKey: newKey(), ...(fromStep === undefined ? {} : { fromStep }) }, { onSuccess: (reply) => openSheet({ kind: 'run', runId: reply.runId }) }),
    isPending: action.isPending, error: action.error,
  };
}

function CancelButton({ run }: { run: FlowRunDetail }): JSX.Element {
  const cancel = useAction('cancelRun', [...FLOW_KEYS, ['run', run.runId]]);
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <Popover opened={isOpen} onChange={(next) => (next ? open() : close())} position="bottom-end" width={280} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={open}>Cancel run…</Button></Popover.Target>
      <Popover.Dropdown><div className="stack"><p>It stops at its next pause. Steps that are done stay done{run.children.length > 0 ? '; runs that it started are cancelled too' : ''}.</p>{cancel.error && <p className="switch-error" role="alert">{cancel.error.message}</p>}<Button size="compact-md" color="red" data-autofocus onClick={() => cancel.mutate({ runId: run.runId }, { onSuccess: close })}>Cancel this run</Button></div></Popover.Dropdown>
    </Popover>
  );
}

function inputOf(run: FlowRunDetail): Readonly<Record<string, unknown>> {
  return typeof run.input === 'object' && run.input !== null && !Array.isArray(run.input) ? (run.input as Record<string, unknown>) : {};
}

/** The buttons of the run's head. */
export function RunActions({ run }: { run: FlowRunDetail }): JSX.Element {
  const { retry, isPending, error } = useRetry(run.runId);
  const again = useAction('runFlow', FLOW_KEYS);
  if (!isEnded(run)) return <div className="unit-actions"><CancelButton run={run} /></div>;
  const failedStep = run.steps.find((step) => isFailed(step.state));
  const refused = error ?? again.error;
  return (
    <div className="unit-actions">
      {(isFailed(run.state) || run.state === 'CANCELLED') && run.steps.length > 0 && <Button size="compact-sm" loading={isPending} onClick={() => retry()}>Retry{failedStep ? ` from “${failedStep.name}”` : ''}</Button>}
      <Button size="compact-sm" variant="default" loading={again.isPending} onClick={() => again.mutate({ flow: run.flow, input: inputOf(run), idempotencyKey: newKey() }, { onSuccess: ({ runId }) => openSheet({ kind: 'run', runId }) })}>Run again</Button>
      <Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'flow', flow: run.flow, view: 'run', input: inputOf(run) })}>Run with changes…</Button>
      {refused && <p className="switch-error" role="alert">{refused.message}</p>}
    </div>
  );
}
