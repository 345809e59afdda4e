/** flows: is everything that should have run, run? All flows, their runs on a timeline, and as a list. */
import { useEffect, useRef } from 'react';
import type { JSX, ReactNode, RefObject } from 'react';
import { TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { IconSearch } from '@tabler/icons-react';
import { FLOW_NAMES, flowNameSchema } from '#app/contracts/flows.ts';
import type { DeploymentView, FlowDay } from '#app/contracts/flows.ts';
import { useIsOlder, useNow } from '../../data/clock.ts';
import { FLOWS_STALE_MS, useDeployments, useFlowDays } from '../../data/flow-queries.ts';
import { useGatewayAway } from '../../data/stack.ts';
import { FLOW_VIEWS, setUiState, useUiState } from '../../data/ui-state.ts';
import type { UiState } from '../../data/ui-state.ts';
import { openSheet, useSheet } from '../../frame/panels.ts';
import { usePageKeys } from '../../frame/shortcuts.ts';
import { GatewayAway } from '../../health/gateway-away.tsx';
import { age, marketTime } from '../../ui/format.ts';
import { Answer, Empty, SkeletonRows } from '../../ui/kit.tsx';
import { FlowTable } from './flow-table.tsx';
import { FlowsHeadline } from './headline.tsx';
import { chooseView, setFlowSearch, useFlowSearch } from './page-state.ts';
import { RunsView } from './runs-view.tsx';
import { TimelineView } from './timeline-view.tsx';

type View = UiState['flowsView'];
const NO_DAYS: readonly FlowDay[] = [];
const NAMES: Readonly<Record<View, string>> = { flows: 'All flows', timeline: 'Timeline', runs: 'Runs' };

/** The address and the open run follow each other: a link opens its run, an open run can be copied as a link. */
function useRunInAddress(): void {
  const { run } = useSearch({ from: '/flows' });
  const navigate = useNavigate();
  const sheet = useSheet();
  const shown = sheet?.kind === 'run' ? sheet.runId : undefined;
  const last = useRef<{ run: string | undefined; shown: string | undefined }>({ run: undefined, shown: undefined });
  useEffect(() => {
    const before = last.current;
    last.current = { run, shown };
    if (run === shown) return;
    if (run !== before.run && run !== undefined) openSheet({ kind: 'run', runId: run });
    else if (shown !== before.shown) void navigate({ to: '/flows', search: shown === undefined ? {} : { run: shown }, replace: true });
  }, [run, shown, navigate]);
}

/** Rows are walked by j and k or the arrows; r and p press the row's own buttons. */
function useListKeys(search: RefObject<HTMLInputElement | null>): void {
  usePageKeys((event) => {
    const rows = [...document.querySelectorAll<HTMLElement>('.page .data-table tbody tr[tabindex="0"]')];
    const row = document.activeElement?.closest<HTMLElement>('tr[tabindex="0"]') ?? null;
    const focus = (by: number): void => {
      const n = row === null ? -1 : rows.indexOf(row);
      rows[n === -1 ? 0 : Math.max(0, Math.min(rows.length - 1, n + by))]?.focus();
    };
    const press = (act: string): void => row?.querySelector<HTMLElement>(`[data-act=${act}]`)?.click();
    switch (event.key) {
      case 'j': case 'ArrowDown': focus(1); return true;
      case 'k': case 'ArrowUp': focus(-1); return true;
      case 'r': press('run'); return true;
      case 'R': {
        const flow = flowNameSchema.safeParse(row?.dataset['flow']);
        if (flow.success) openSheet({ kind: 'flow', flow: flow.data, view: 'run' });
        return true;
      }
      case 'p': press('toggle'); return true;
      case '/': search.current?.focus(); return true;
      default: return chooseView(event.key);
    }
  });
}

function SearchField({ field, view }: { field: RefObject<HTMLInputElement | null>; view: View }): JSX.Element {
  const text = useFlowSearch();
  return <TextInput ref={field} size="xs" w={220} leftSection={<IconSearch size={13} />} placeholder={view === 'runs' ? 'Search ids and errors  /' : 'Search flows  /'} aria-label={view === 'runs' ? 'Search runs' : 'Search flows'} value={text} onChange={(event) => setFlowSearch(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Escape') { setFlowSearch(''); event.currentTarget.blur(); } }} spellCheck={false} />;
}

function FlowsList({ rows }: { rows: readonly DeploymentView[] }): JSX.Element {
  const days = useFlowDays().data?.days ?? NO_DAYS;
  const words = useFlowSearch().trim().toLowerCase().split(/\s+/).filter((word) => word !== '');
  const matching = rows.filter((row) => words.every((word) => `${row.name} ${row.owner} ${row.description} ${row.health} ${row.scheduleText ?? ''}`.toLowerCase().includes(word)));
  if (matching.length === 0) return <Empty title="No flow matches">Search by name, service, health or schedule.</Empty>;
  return <FlowTable rows={matching} days={days} />;
}

/** The keys of the lists; the timeline brings its own. */
function ListView({ search, children }: { search: RefObject<HTMLInputElement | null>; children: ReactNode }): ReactNode {
  useListKeys(search);
  return children;
}

function Body({ view, rows, search }: { view: View; rows: readonly DeploymentView[]; search: RefObject<HTMLInputElement | null> }): JSX.Element {
  switch (view) {
    case 'flows': return <ListView search={search}><FlowsList rows={rows} /></ListView>;
    case 'timeline': return <TimelineView deployments={rows} />;
    case 'runs': return <ListView search={search}><RunsView /></ListView>;
  }
}

/** "as of 10:31:02, 14 s ago": the answer is older than it may be. */
function Age({ updatedAt }: { updatedAt: number }): JSX.Element {
  const now = useNow();
  return <p className="warn-text num">as of {marketTime(updatedAt)}, {age(now - updatedAt)} ago</p>;
}

/** The page. */
export function FlowsPage(): JSX.Element {
  const query = useDeployments();
  const view = useUiState('flowsView');
  const search = useRef<HTMLInputElement>(null);
  const isAway = useGatewayAway() !== null;
  useRunInAddress();
  const isLate = useIsOlder(query.dataUpdatedAt, FLOWS_STALE_MS);
  const isOld = query.data !== undefined && isLate;
  if (isAway && query.data === undefined) return <section className="card"><GatewayAway>Flows go on by their schedules; they are seen again when it is back.</GatewayAway></section>;
  return (
    <div className={isOld ? 'flows-page old' : 'flows-page'}>
      {isAway && <section className="card"><GatewayAway>What stands here is what was known last; flows go on by their schedules.</GatewayAway></section>}
      <Answer query={query} skeleton={<section className="card"><SkeletonRows count={16} /></section>}>
        {({ deployments }) => (deployments.length === 0 ? <section className="card"><Empty title="No flows announced yet">Each service announces its flows to the orchestrator a moment after it is ready; there are {FLOW_NAMES.length} of them.</Empty></section> : (
          <>
            <FlowsHeadline deployments={deployments} note={<>{query.isError && <p className="warn-text">{query.error.message}</p>}{isOld && <Age updatedAt={query.dataUpdatedAt} />}</>} />
            <section className="card tabs-card">
              <header className="tab-row" role="tablist" aria-label="Flows">
                {FLOW_VIEWS.map((name, n) => <button key={name} type="button" role="tab" aria-selected={view === name} title={`${NAMES[name]} (${n + 1})`} className={view === name ? 'tab active' : 'tab'} onClick={() => setUiState({ flowsView: name })}>{NAMES[name]}{name === 'flows' && <small className="num">{deployments.length}</small>}</button>)}
                <div className="tab-actions">{view !== 'timeline' && <SearchField field={search} view={view} />}</div>
              </header>
              <div className="tab-body" role="tabpanel"><Body view={view} rows={deployments} search={search} /></div>
            </section>
          </>
        ))}
      </Answer>
    </div>
  );
}
