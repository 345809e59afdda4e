/** One flow: what it does and how it fares, the form that runs it, and its settings. */
import type { JSX } from 'react';
import { Button, SegmentedControl, UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { IconPlayerPlay } from '@tabler/icons-react';
import type { DeploymentView, FlowDay, FlowRun } from '#app/contracts/flows.ts';
import { useServerNow } from '../../data/clock.ts';
import { useDeployments, useFlowDays, useNewestRuns } from '../../data/flow-queries.ts';
import { closeSheet, openSheet } from '../../frame/panels.ts';
import type { FlowSheetView, Sheet } from '../../frame/panels.ts';
import { Answer, Empty } from '../../ui/kit.tsx';
import { bothZones, marketWeekday } from '../../ui/format.ts';
import { useFlowActions } from './flow-actions.tsx';
import { DurationCell, HealthBadge, Moment, QueueCell, RunTag, SuccessCell } from './flow-cells.tsx';
import { showRunsOf } from './page-state.ts';
import { RunForm } from './run-form.tsx';
import { duration, isEnded, momentOf, serviceName, tookMs, TRIGGER_WORDS, untilWords } from './run-words.ts';
import { MISSED_WORDS, OVERLAP_WORDS } from './schedule-draft.ts';
import { SettingsForm } from './settings-form.tsx';
import { StateBars } from './state-bars.tsx';

const NEWEST = 12;

function FlowHead({ row, hasRun }: { row: DeploymentView; hasRun: boolean }): JSX.Element {
  const { run, toggle, isStarting, isToggling, error } = useFlowActions(row);
  return (
    <header>
      <div className="story-head">
        <span className="story-title"><strong>{row.name}</strong> <HealthBadge row={row} /></span>
        <div className="unit-actions">
          {row.schedule !== null && <Button size="compact-sm" variant="default" loading={isToggling} onClick={toggle}>{row.isPaused ? 'Resume schedule' : 'Pause schedule'}</Button>}
          {hasRun && <Button size="compact-sm" leftSection={<IconPlayerPlay size={13} />} loading={isStarting} onClick={run}>Run now</Button>}
        </div>
      </div>
      {error && <p className="switch-error" role="alert">{error.message}</p>}
      <p className="flow-description">{row.description}</p>
      {row.healthReason !== null && row.health !== 'ok' && <p className={row.health === 'failing' ? 'run-note bad' : 'run-note'}>{row.healthReason}</p>}
    </header>
  );
}

function NextRuns({ row }: { row: DeploymentView }): JSX.Element {
  const now = useServerNow();
  if (row.isPaused) return <p className="muted">The schedule is paused; nothing runs by itself until it is resumed.</p>;
  if (row.nextRunsAt.length === 0) return <p className={row.schedule === null ? 'muted' : 'warn-text'}>{row.schedule === null ? 'It has no schedule: it runs when it is asked for.' : 'Its schedule never fires again.'}</p>;
  return <ol className="next-runs">{row.nextRunsAt.map((at) => <li key={at} title={bothZones(at)}><span className="num">{marketWeekday(at)}</span><span className="num muted">in {untilWords(at - now)}</span></li>)}</ol>;
}

function NewestRuns({ row }: { row: DeploymentView }): JSX.Element {
  const query = useNewestRuns(row.name, NEWEST);
  const navigate = useNavigate();
  const now = useServerNow();
  const took = (run: FlowRun): string => duration(tookMs(run, isEnded(run) ? null : now));
  return (
    <section className="chapter">
      <header><h3>Newest runs</h3><UnstyledButton className="link" onClick={() => { showRunsOf(row.name); closeSheet(); void navigate({ to: '/flows' }); }}>All runs</UnstyledButton></header>
      <Answer query={query}>{({ runs }) => (runs.length === 0 ? <Empty title="Never run">Run it now, or wait for its schedule.</Empty> : (
        <ul className="runs">{runs.map((run) => <li key={run.runId}><UnstyledButton className="run" onClick={() => openSheet({ kind: 'run', runId: run.runId })}><RunTag state={run.state} /><Moment at={momentOf(run)} /><span className="muted clip">{run.error ?? TRIGGER_WORDS[run.trigger]}</span><span className="num muted">{took(run)}</span></UnstyledButton></li>)}</ul>
      ))}</Answer>
    </section>
  );
}

function About({ row, days }: { row: DeploymentView; days: readonly FlowDay[] }): JSX.Element {
  const facts: [string, string][] = [
    ['Service', serviceName(row.owner)], ['Retries', `${row.retries}, first after ${duration(row.retryDelayMs)}`], ['Time limit', duration(row.timeoutMs)], ['At one time', String(row.concurrency)],
    ['Missed times', MISSED_WORDS[row.onMissed]], ['While one runs', OVERLAP_WORDS[row.overlap]], ['Version', row.version], ['Other machines', row.isShareable ? 'may take its runs' : 'no'],
  ];
  return (
    <>
      <div className="flow-figures">
        <div><span className="muted">Last 30 runs</span><StateBars recent={row.recent} flow={row.name} /></div>
        <div><span className="muted">Success, 14 d</span><b><SuccessCell row={row} days={days} /></b></div>
        <div><span className="muted">Median</span><b><DurationCell recent={row.recent} /></b></div>
        <div><span className="muted">Queue</span><b><QueueCell row={row} /></b></div>
      </div>
      <section className="chapter"><header><h3>{row.scheduleText ?? 'On demand'}</h3>{row.isCustom && <span className="muted">changed by hand</span>}</header><NextRuns row={row} />{row.events.length > 0 && <p className="muted">Also begun on {row.events.join('; on ')}.</p>}{row.children.length > 0 && <p className="muted">Starts {row.children.map((child, n) => <span key={child}>{n === 0 ? '' : ', '}<UnstyledButton className="link" onClick={() => openSheet({ kind: 'flow', flow: child, view: 'about' })}>{child}</UnstyledButton></span>)}.</p>}</section>
      <NewestRuns row={row} />
      <section className="chapter"><dl className="facts grid">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="num">{value}</dd></div>)}</dl></section>
    </>
  );
}

const VIEWS: readonly { readonly value: FlowSheetView; readonly label: string }[] = [{ value: 'about', label: 'Overview' }, { value: 'run', label: 'Run with parameters' }, { value: 'settings', label: 'Settings' }];

function View({ row, sheet }: { row: DeploymentView; sheet: Sheet & { kind: 'flow' } }): JSX.Element {
  const days = useFlowDays().data?.days ?? [];
  switch (sheet.view) {
    case 'about': return <About row={row} days={days} />;
    case 'run': return <RunForm row={row} start={sheet.input} />;
    case 'settings': return <SettingsForm row={row} />;
  }
}

/** The flow in its sheet. */
export function FlowSheet({ sheet }: { sheet: Sheet & { kind: 'flow' } }): JSX.Element {
  const query = useDeployments();
  return (
    <Answer query={query}>
      {({ deployments }) => {
        const row = deployments.find((candidate) => candidate.name === sheet.flow);
        if (!row) return <Empty title="This flow is not announced yet">Its service announces it a moment after it is ready.</Empty>;
        return (
          <div className="flow-sheet">
            <FlowHead row={row} hasRun={sheet.view !== 'run'} />
            <SegmentedControl className="flow-views" size="xs" value={sheet.view} onChange={(view) => openSheet({ ...sheet, view })} data={[...VIEWS]} aria-label="What to show" />
            <View row={row} sheet={sheet} />
          </div>
        );
      }}
    </Answer>
  );
}
