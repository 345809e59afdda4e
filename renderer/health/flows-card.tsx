/** The flows: schedule in words, last and next run, run now. */
import type { JSX } from 'react';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from '@tabler/icons-react';
import type { DeploymentView, RunState } from '#app/contracts/flows.ts';
import { newKey } from '../data/client.ts';
import { useAge } from '../data/clock.ts';
import { useAction, useDeployments } from '../data/queries.ts';
import { openSheet } from '../frame/panels.ts';
import { DataTable } from '../ui/data-table.tsx';
import type { Column } from '../ui/data-table.tsx';
import { Answer, Card, Empty, MarketTime, Tag } from '../ui/kit.tsx';
import { age, marketWeekday } from '../ui/format.ts';

/** How a run's state feels. */
export const RUN_TONES: Readonly<Record<RunState, 'good' | 'warn' | 'bad' | 'idle' | 'busy'>> = {
  SCHEDULED: 'idle', PENDING: 'busy', RUNNING: 'busy', RETRYING: 'warn', COMPLETED: 'good', FAILED: 'bad', CRASHED: 'bad', LATE: 'warn', CANCELLED: 'idle', PAUSED: 'idle', SKIPPED: 'idle',
};

function LastRun({ row }: { row: DeploymentView }): JSX.Element {
  const ago = useAge(row.lastRun?.startedAt ?? row.lastRun?.createdAt ?? null);
  if (!row.lastRun) return <span className="muted">never</span>;
  return <span className="last-run"><Tag tone={RUN_TONES[row.lastRun.state]}>{row.lastRun.state.toLowerCase()}</Tag><span className="num muted">{age(ago)} ago</span></span>;
}

function NextRun({ row }: { row: DeploymentView }): JSX.Element {
  if (row.isPaused) return <span className="warn-text">paused</span>;
  return row.nextRunAt === null ? <span className="muted">on event</span> : <Tooltip label={marketWeekday(row.nextRunAt)}><span><MarketTime at={row.nextRunAt} withDay /></span></Tooltip>;
}

function RunButtons({ row }: { row: DeploymentView }): JSX.Element {
  const run = useAction('runFlow', [['deployments'], ['runs', row.name]]);
  const pause = useAction('pauseFlow', [['deployments']]);
  const resume = useAction('resumeFlow', [['deployments']]);
  const error = run.error ?? pause.error ?? resume.error;
  const toggle = row.isPaused ? resume : pause;
  return (
    <span className="row-actions" onClick={(event) => event.stopPropagation()}>
      {row.schedule !== null && <Tooltip label={row.isPaused ? 'Let the schedule run again' : 'Pause the schedule'}><ActionIcon size="xs" variant="subtle" color="gray" aria-label={row.isPaused ? `Resume ${row.name}` : `Pause ${row.name}`} loading={toggle.isPending} onClick={() => toggle.mutate({ flow: row.name })}>{row.isPaused ? <IconPlayerTrackNext size={13} /> : <IconPlayerPause size={13} />}</ActionIcon></Tooltip>}
      <Tooltip label={error ? error.message : 'Run now'}><ActionIcon size="xs" variant="subtle" color={error ? 'red' : 'accent'} aria-label={`Run ${row.name} now`} loading={run.isPending} onClick={() => run.mutate({ flow: row.name, input: {}, idempotencyKey: newKey() }, { onSuccess: (reply) => openSheet({ kind: 'flow', flow: row.name, runId: reply.runId }) })}><IconPlayerPlay size={13} /></ActionIcon></Tooltip>
    </span>
  );
}

const COLUMNS: readonly Column<DeploymentView>[] = [
  { id: 'name', header: 'Flow', value: (row) => row.name, cell: (row) => <Tooltip label={`${row.description} (${row.owner})`} openDelay={300}><strong>{row.name}</strong></Tooltip> },
  { id: 'schedule', header: 'Schedule', value: (row) => row.schedule?.describe ?? '', cell: (row) => <span className="muted clip" title={row.schedule?.describe}>{row.schedule?.describe ?? 'When something asks for it'}</span> },
  { id: 'last', header: 'Last run', value: (row) => row.lastRun?.createdAt ?? null, cell: (row) => <LastRun row={row} /> },
  { id: 'next', header: 'Next run', value: (row) => row.nextRunAt, cell: (row) => <NextRun row={row} /> },
  { id: 'run', header: '', width: 56, value: () => null, cell: (row) => <RunButtons row={row} /> },
];

/** The card. */
export function FlowsCard(): JSX.Element {
  const query = useDeployments();
  return (
    <Card title="Flows" extra={<span className="muted num">{query.data ? `${query.data.deployments.length} deployed` : ''}</span>} isFlush>
      <Answer query={query}>{(data) => <DataTable columns={COLUMNS} rows={data.deployments} rowId={(row) => row.name} label="Flows" onOpen={(row) => openSheet({ kind: 'flow', flow: row.name, runId: null })} empty={<Empty title="No flows announced yet">Each service announces its flows to the orchestrator a moment after it is ready.</Empty>} />}</Answer>
    </Card>
  );
}
