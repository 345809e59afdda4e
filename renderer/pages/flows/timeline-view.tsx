/** The timeline: all runs of a window, lane by lane, with what is to come; it moves with the clock until one takes hold of it. */
import { memo, useCallback, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Popover, SegmentedControl, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconCalendar, IconChevronLeft, IconChevronRight, IconMinus, IconPlus } from '@tabler/icons-react';
import type { DeploymentView, FlowName } from '#app/contracts/flows.ts';
import { useServerNow } from '../../data/clock.ts';
import { openSheet } from '../../frame/panels.ts';
import { usePageKeys } from '../../frame/shortcuts.ts';
import { Failure } from '../../ui/kit.tsx';
import { count, marketDayTime, zoneName } from '../../ui/format.ts';
import { useTokens } from '../../ui/use-tokens.ts';
import { chooseView } from './page-state.ts';
import { momentOf, serviceName } from './run-words.ts';
import { TimelineCanvas } from './timeline-canvas.tsx';
import { RUNS_MAX, useTimelineRuns } from './timeline-data.ts';
import { lanesOf, layoutTimeline, pan, zoom } from './timeline-layout.ts';
import type { Lane, Window } from './timeline-layout.ts';
import { AXIS_PX } from './timeline-paint.ts';
import { zoneOffsetMs } from './zone.ts';

const SPANS = [{ value: '900000', label: '15 min' }, { value: '3600000', label: '1 h' }, { value: '21600000', label: '6 h' }, { value: '86400000', label: '1 day' }] as const;
/** While it moves with the clock, this share of the window lies ahead of now. */
const AHEAD = 0.14;

const following = (now: number, span: number): Window => ({ from: now - span * (1 - AHEAD), to: now + span * AHEAD });

/** Lanes' names left of the plot; parents open and close. */
const LaneNames = memo(function LaneNames({ lanes, toggle }: { lanes: readonly Lane[]; toggle: (flow: FlowName, isOpen: boolean) => void }): JSX.Element {
  return (
    <ul className="timeline-lanes" style={{ paddingTop: AXIS_PX }}>
      {lanes.map((lane) => lane.kind === 'heading'
        ? <li key={lane.id} className="heading" style={{ height: lane.height }}>{serviceName(lane.owner)}</li>
        : (
          <li key={lane.id} className={lane.parent === null ? 'lane' : 'lane nested'} style={{ height: lane.height }}>
            {lane.hasChildren && <UnstyledButton className="lane-toggle" aria-expanded={lane.isOpen} aria-label={`What ${lane.flow} starts`} onClick={() => toggle(lane.flow, !lane.isOpen)}><IconChevronRight size={12} className={lane.isOpen ? 'chevron open' : 'chevron'} /></UnstyledButton>}
            <UnstyledButton className="lane-name" title={lane.flow} onClick={() => openSheet({ kind: 'flow', flow: lane.flow, view: 'about' })}>{lane.flow}</UnstyledButton>
          </li>
        ))}
    </ul>
  );
});

/** "22 Nov, 13:22 – 14:22 New York": the day twice only where there are two. */
function rangeWords({ from, to }: Window): string {
  const [begin, end] = [marketDayTime(from), marketDayTime(to)];
  return `${begin} – ${begin.slice(0, -5) === end.slice(0, -5) ? end.slice(-5) : end} ${zoneName()}`;
}

function CustomWindow({ view, set }: { view: Window; set: (view: Window) => void }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const text = (at: number): string => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const chosen = { from: new Date(from).getTime(), to: new Date(to).getTime() };
  const isGood = chosen.to - chosen.from >= 60_000;
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={280} shadow="md" trapFocus>
      <Popover.Target><Tooltip label="From … to …"><ActionIcon variant="default" size="md" aria-label="Choose from and to" onClick={() => { setFrom(text(view.from)); setTo(text(view.to)); setOpen(!isOpen); }}><IconCalendar size={14} /></ActionIcon></Tooltip></Popover.Target>
      <Popover.Dropdown>
        <form className="stack" onSubmit={(event) => { event.preventDefault(); if (isGood) { set(chosen); setOpen(false); } }}>
          <TextInput type="datetime-local" label="From, this computer’s zone" value={from} onChange={(event) => setFrom(event.currentTarget.value)} data-autofocus />
          <TextInput type="datetime-local" label="To" value={to} onChange={(event) => setTo(event.currentTarget.value)} error={isGood || to === '' ? undefined : 'At least a minute after the beginning'} />
          <Button type="submit" size="compact-md" disabled={!isGood}>Show</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function Legend(): JSX.Element {
  return <ul className="timeline-legend" aria-label="Colours"><li><i className="bar good" />completed</li><li><i className="bar busy" />running</li><li><i className="bar warn" />retrying</li><li><i className="bar bad" />failed</li><li><i className="bar idle" />cancelled, skipped</li><li><i className="tick" />to come</li></ul>;
}

type WindowState = { readonly view: Window; readonly span: number; readonly isFollowing: boolean; move(next: (view: Window) => Window): void; follow(span?: number): void };

/** The window: it follows the clock, or stays where it was put. */
function useWindow(now: number): WindowState {
  const [span, setSpan] = useState<number>(3_600_000);
  const [held, setHeld] = useState<Window | null>(null);
  const view = held ?? following(now, span);
  const move = useCallback((next: (view: Window) => Window) => setHeld((before) => next(before ?? following(now, span))), [now, span]);
  const follow = useCallback((next?: number) => {
    setHeld(null);
    if (next !== undefined) setSpan(next);
  }, []);
  return { view, span, isFollowing: held === null, move, follow };
}

type Steps = { readonly layoutOrder: readonly { readonly runId: string; readonly at: number }[]; readonly chosen: string | null; readonly choose: (runId: string | null) => void };

function useTimelineKeys({ move, follow }: WindowState, { layoutOrder, chosen, choose }: Steps): void {
  const step = (by: number): void => {
    const n = layoutOrder.findIndex((one) => one.runId === chosen);
    const next = layoutOrder[n === -1 ? (by > 0 ? 0 : layoutOrder.length - 1) : Math.max(0, Math.min(layoutOrder.length - 1, n + by))];
    if (next) choose(next.runId);
  };
  const acts: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => move((view) => pan(view, -0.25)), ArrowRight: () => move((view) => pan(view, 0.25)),
    '+': () => move((view) => zoom(view, 0.5, (view.from + view.to) / 2)), '=': () => move((view) => zoom(view, 0.5, (view.from + view.to) / 2)), '-': () => move((view) => zoom(view, 2, (view.from + view.to) / 2)),
    '0': () => follow(), j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    Enter: () => { if (chosen !== null) openSheet({ kind: 'run', runId: chosen }); },
  };
  usePageKeys((event) => {
    const isOnButton = event.target instanceof HTMLElement && event.target.closest('button, a, [role=radiogroup]') !== null;
    const act = Object.hasOwn(acts, event.key) && !(isOnButton && (event.key === 'Enter' || event.key.startsWith('Arrow'))) ? acts[event.key] : undefined;
    act?.();
    return act !== undefined || chooseView(event.key);
  });
}

/** The view. */
export function TimelineView({ deployments }: { deployments: readonly DeploymentView[] }): JSX.Element {
  const now = useServerNow();
  const tokens = useTokens();
  const frame = useWindow(now);
  const { view, span, isFollowing, move, follow } = frame;
  const data = useTimelineRuns(view, now);
  // Parents stand open when they have started something that is seen; then it is the reader's choice.
  const [toggled, setToggled] = useState<ReadonlyMap<FlowName, boolean>>(new Map());
  const open = useMemo(() => {
    const started = new Set(data.runs.filter((run) => run.parentRunId !== null).map((run) => run.parentRunId));
    const parents = new Set(data.runs.filter((run) => started.has(run.runId)).map((run) => run.flow));
    return new Set(deployments.map((row) => row.name).filter((name) => toggled.get(name) ?? parents.has(name)));
  }, [data.runs, deployments, toggled]);
  const lanes = useMemo(() => lanesOf(deployments, open), [deployments, open]);
  const layout = useMemo(() => layoutTimeline({ lanes, runs: data.runs, now }), [lanes, data.runs, now]);
  const toggle = useCallback((flow: FlowName, isOpen: boolean) => setToggled((before) => new Map(before).set(flow, isOpen)), []);
  const [chosen, choose] = useState<string | null>(null);
  const { from, to } = view;
  const layoutOrder = useMemo(() => layout.bars.filter((bar) => bar.to >= from && bar.from <= to).map((bar) => ({ runId: bar.run.runId, at: momentOf(bar.run) })).sort((a, b) => b.at - a.at), [layout, from, to]);
  useTimelineKeys(frame, { layoutOrder, chosen, choose });
  return (
    <div className="timeline" aria-busy={data.isLoading}>
      <div className="timeline-tools">
        <SegmentedControl size="xs" aria-label="How much is seen" value={isFollowing ? String(span) : ''} onChange={(value) => follow(Number(value))} data={[...SPANS]} />
        <span className="muted num timeline-range">{rangeWords(view)}</span>
        <span className="muted num">{data.isLoading ? 'reading…' : data.isCut ? <span className="warn-text">the newest {count(RUNS_MAX)} runs; zoom in to see all</span> : `${count(layoutOrder.length)} runs`}</span>
        <div className="timeline-buttons">
          {!isFollowing && <Button size="compact-sm" variant="default" onClick={() => follow()}>Now</Button>}
          <ActionIcon variant="default" size="md" aria-label="Earlier" onClick={() => move((seen) => pan(seen, -0.5))}><IconChevronLeft size={14} /></ActionIcon><ActionIcon variant="default" size="md" aria-label="Later" onClick={() => move((seen) => pan(seen, 0.5))}><IconChevronRight size={14} /></ActionIcon>
          <ActionIcon variant="default" size="md" aria-label="Closer" onClick={() => move((seen) => zoom(seen, 0.5, (seen.from + seen.to) / 2))}><IconPlus size={14} /></ActionIcon><ActionIcon variant="default" size="md" aria-label="Wider" onClick={() => move((seen) => zoom(seen, 2, (seen.from + seen.to) / 2))}><IconMinus size={14} /></ActionIcon>
          <CustomWindow view={view} set={(next) => move(() => next)} />
        </div>
      </div>
      {data.error !== null && <Failure error={data.error} retry={data.refetch} />}
      <div className="timeline-body">
        <LaneNames lanes={layout.lanes} toggle={toggle} />
        <TimelineCanvas layout={layout} runs={data.runs} deployments={deployments} view={view} now={now} tokens={tokens} offsetMs={zoneOffsetMs(view.to)} move={move} chosen={chosen} choose={choose} />
      </div>
      <Legend />
    </div>
  );
}
