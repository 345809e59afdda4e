/** Runs as a list: filtered, newest first, older ones on demand. */
import type { JSX } from 'react';
import { Button, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { FLOW_NAMES, FLOW_OWNERS, RUN_STATES, triggerSchema } from '#app/contracts/flows.ts';
import type { FlowRun, RunState } from '#app/contracts/flows.ts';
import { SERVICE_IDS } from '#app/domain/ids.ts';
import { useRunList } from '../../data/flow-queries.ts';
import { useServerNow } from '../../data/clock.ts';
import { openSheet } from '../../frame/panels.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { Answer, Empty } from '../../ui/kit.tsx';
import { Moment, RunTag } from './flow-cells.tsx';
import { setRunChoice, useFlowSearch, useRunChoice } from './page-state.ts';
import type { RunAge } from './page-state.ts';
import { duration, isEnded, latenessWords, momentOf, serviceName, STATE_WORDS, tookMs, TRIGGER_WORDS } from './run-words.ts';

const REACH_MS: Readonly<Record<Exclude<RunAge, 'all'>, number>> = { '1h': 3_600_000, '1d': 86_400_000, '7d': 604_800_000 };
const REACHES: readonly { readonly value: RunAge; readonly label: string }[] = [{ value: '1h', label: 'Last hour' }, { value: '1d', label: 'Last 24 hours' }, { value: '7d', label: 'Last 7 days' }, { value: 'all', label: 'Any time' }];
/** The lower bound moves in steps, so that the question stays the same for a while. */
const STEP_MS = 60_000;

function Took({ run }: { run: FlowRun }): JSX.Element {
  const now = useServerNow();
  const took = tookMs(run, isEnded(run) ? null : now);
  return <span className="num">{duration(took)}{run.progress !== null && run.endedAt === null && <small className="muted"> {run.progress.done}/{run.progress.total}</small>}</span>;
}

const COLUMNS: readonly Column<FlowRun>[] = [
  { id: 'state', header: 'State', width: 96, value: (row) => row.state, cell: (row) => <RunTag state={row.state} /> },
  { id: 'flow', header: 'Flow', value: (row) => row.flow, cell: (row) => <strong>{row.flow}</strong> },
  { id: 'at', header: 'For', value: (row) => momentOf(row), cell: (row) => <Moment at={momentOf(row)} /> },
  { id: 'trigger', header: 'Begun by', isMinor: true, value: (row) => row.trigger, cell: (row) => <span className="muted">{TRIGGER_WORDS[row.trigger]}</span> },
  { id: 'late', header: 'Lateness', isNumber: true, isMinor: true, value: (row) => row.latenessMs, cell: (row) => <span className={row.latenessMs !== null && row.latenessMs > 5_000 ? 'num warn-text' : 'num muted'}>{latenessWords(row.latenessMs) ?? '–'}</span> },
  { id: 'took', header: 'Took', isNumber: true, value: (row) => tookMs(row), cell: (row) => <Took run={row} /> },
  { id: 'error', header: 'Error', value: (row) => row.error, cell: (row) => <span className="clip run-error" title={row.error ?? undefined}>{row.error ?? ''}</span> },
];

const STATE_SETS: readonly { readonly value: string; readonly label: string }[] = [
  { value: 'FAILED,CRASHED', label: 'failed or crashed' }, { value: 'PENDING,RUNNING,RETRYING', label: 'not ended' }, ...RUN_STATES.map((state: RunState) => ({ value: state as string, label: STATE_WORDS[state] })),
];

/** The filters above the list. */
function Filters(): JSX.Element {
  const choice = useRunChoice();
  const common = { size: 'xs' as const, clearable: true, comboboxProps: { width: 'max-content' as const, position: 'bottom-start' as const } };
  return (
    <div className="run-filters">
      <Select {...common} w={190} searchable placeholder="Any flow" aria-label="Flow" data={FLOW_NAMES} value={choice.flow ?? null} onChange={(value) => setRunChoice({ flow: value ?? undefined })} />
      <Select {...common} w={150} placeholder="Any service" aria-label="Service" data={SERVICE_IDS.filter((id) => Object.values(FLOW_OWNERS).includes(id)).map((value) => ({ value, label: serviceName(value) }))} value={choice.owner ?? null} onChange={(value) => setRunChoice({ owner: value ?? undefined })} />
      <Select {...common} w={150} placeholder="Any state" aria-label="State" data={STATE_SETS} value={choice.states ?? null} onChange={(value) => setRunChoice({ states: value ?? undefined })} />
      <Select {...common} w={130} placeholder="Any beginning" aria-label="Begun by" data={triggerSchema.options.map((value) => ({ value, label: TRIGGER_WORDS[value] }))} value={choice.trigger ?? null} onChange={(value) => setRunChoice({ trigger: value ?? undefined })} />
      <Select {...common} w={130} clearable={false} allowDeselect={false} aria-label="Time" data={REACHES} value={choice.reach} onChange={(value) => setRunChoice({ reach: value ?? 'all' })} />
    </div>
  );
}

/** The list with its filters. */
export function RunsView(): JSX.Element {
  const { reach, ...choice } = useRunChoice();
  const [search] = useDebouncedValue(useFlowSearch().trim(), 200);
  const now = useServerNow();
  const from = reach === 'all' ? undefined : Math.floor((now - REACH_MS[reach]) / STEP_MS) * STEP_MS;
  const filter = { ...choice, ...(from === undefined ? {} : { from }), ...(search === '' ? {} : { search: search.slice(0, 100) }) };
  const query = useRunList(filter);
  const hasFilter = Object.keys(filter).length > 0;
  return (
    <>
      <Filters />
      <Answer query={query}>
        {(data) => {
          const rows = [...new Map(data.pages.flatMap((page) => page.runs).map((run) => [run.runId, run])).values()];
          const slowest = Math.max(0, ...data.pages.map((page) => page.tookMs));
          return (
            <div className={query.isPlaceholderData ? 'run-list waiting' : 'run-list'}>
              <DataTable columns={COLUMNS} rows={rows} rowId={(row) => row.runId} label="Runs" onOpen={(row) => openSheet({ kind: 'run', runId: row.runId })} empty={hasFilter
                ? <Empty title="No run matches" action={<Button size="compact-sm" variant="default" onClick={() => setRunChoice({ flow: undefined, owner: undefined, states: undefined, trigger: undefined, reach: 'all' })}>Show all runs</Button>}>Widen the time or take a filter away.</Empty>
                : <Empty title="Nothing has run yet">Runs appear with the first tick of a schedule, or when you run a flow by hand.</Empty>} />
              <footer className="table-note run-foot"><span className="muted num">{rows.length} runs shown, found in {slowest < 10 ? slowest.toFixed(1) : Math.round(slowest)} ms</span>{query.hasNextPage && <Button size="compact-sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Load older</Button>}</footer>
            </div>
          );
        }}
      </Answer>
    </>
  );
}
