/** What can be done to a flow from anywhere: run it now, pause its schedule, let it run again. */
import type { JSX } from 'react';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconAdjustments, IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from '@tabler/icons-react';
import type { DeploymentView } from '#app/contracts/flows.ts';
import { newKey } from '../../data/client.ts';
import { useAction } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';

/** What changes when a flow was run or its settings changed. */
export const FLOW_KEYS = [['deployments'], ['runs'], ['flowDays']] as const;

type FlowActions = { run(): void; toggle(): void; readonly isStarting: boolean; readonly isToggling: boolean; readonly error: Error | null };

/** The acts on one flow; a started run opens. */
export function useFlowActions(row: Pick<DeploymentView, 'name' | 'isPaused' | 'schedule'>): FlowActions {
  const run = useAction('runFlow', FLOW_KEYS);
  const pause = useAction('pauseFlow', FLOW_KEYS);
  const resume = useAction('resumeFlow', FLOW_KEYS);
  const toggle = row.isPaused ? resume : pause;
  return {
    run: () => run.mutate({ flow: row.name, input: {}, idempotencyKey: newKey() }, { onSuccess: ({ runId }) => openSheet({ kind: 'run', runId }) }),
    toggle: () => toggle.mutate({ flow: row.name }), isStarting: run.isPending, isToggling: toggle.isPending, error: run.error ?? toggle.error,
  };
}

/** Small buttons at the end of a row. */
export function FlowButtons({ row }: { row: DeploymentView }): JSX.Element {
  const { run, toggle, isStarting, isToggling, error } = useFlowActions(row);
  return (
    <span className="row-actions" onClick={(event) => event.stopPropagation()}>
      {row.schedule !== null && (
        <Tooltip label={row.isPaused ? 'Let the schedule run again (p)' : 'Pause the schedule (p)'}>
          <ActionIcon size="sm" variant="subtle" color="gray" data-act="toggle" aria-label={row.isPaused ? `Resume ${row.name}` : `Pause ${row.name}`} loading={isToggling} onClick={toggle}>{row.isPaused ? <IconPlayerTrackNext size={14} /> : <IconPlayerPause size={14} />}</ActionIcon>
        </Tooltip>
      )}
      <Tooltip label="Run with parameters, settings"><ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Parameters and settings of ${row.name}`} onClick={() => openSheet({ kind: 'flow', flow: row.name, view: 'run' })}><IconAdjustments size={14} /></ActionIcon></Tooltip>
      <Tooltip label={error ? error.message : 'Run now (r)'}><ActionIcon size="sm" variant="subtle" color={error ? 'red' : 'accent'} data-act="run" aria-label={`Run ${row.name} now`} loading={isStarting} onClick={run}><IconPlayerPlay size={14} /></ActionIcon></Tooltip>
    </span>
  );
}
