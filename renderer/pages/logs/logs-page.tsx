/** Logs: what every part wrote, live; and everything about one order, signal or run. */
import { useCallback, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconArrowUp, IconBaselineDensityMedium, IconBaselineDensitySmall, IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react';
import { useNow } from '../../data/clock.ts';
import { setUiState, useUiState } from '../../data/ui-state.ts';
import { Dot, Empty, Failure, SkeletonRows } from '../../ui/kit.tsx';
import { age, count, zoneName } from '../../ui/format.ts';
import type { LogsSearch } from './address.ts';
import { readLogsSearch } from './address.ts';
import { LogFilters } from './log-filters.tsx';
import type { ChangeSearch } from './log-filters.tsx';
import { LogList } from './log-list.tsx';
import { useLogs } from './use-logs.ts';
import type { LogsState } from './use-logs.ts';

/** Silence of the gateway after which the page says how old it is; it speaks every three seconds. */
const SILENT_MS = 8_000;
const route = getRouteApi('/logs');

function Status({ state, isPaused, isScrolled }: { state: LogsState; isPaused: boolean; isScrolled: boolean }): JSX.Element {
  const now = useNow();
  const silentMs = state.heardAt === null ? null : Math.max(0, now - state.heardAt);
  if (state.failure !== null && state.list !== null) return <span className="log-status" role="status"><Dot tone="bad" />No connection for {age(silentMs)}; this is what came before</span>;
  if (state.list === null) return <span className="log-status muted"><Dot tone="idle" />Reading</span>;
  if (!state.isLive) return <span className="log-status muted"><Dot tone="idle" />A span in the past, not live</span>;
  if (silentMs !== null && silentMs > SILENT_MS) return <span className="log-status" role="status"><Dot tone="warn" />Nothing heard for {age(silentMs)}</span>;
  if (isPaused) return <span className="log-status"><Dot tone="idle" />Paused</span>;
  return <span className="log-status muted"><Dot tone={isScrolled ? 'idle' : 'good'} />{isScrolled ? 'Live; new lines wait while you read' : 'Live'}</span>;
}

/** What was found about a matter. found(0, 7) = '7 facts of the book, no output' */
function found(lines: number, facts: number): string {
  const output = lines === 0 ? 'no output' : `${count(lines)} ${lines === 1 ? 'line' : 'lines'} of output`;
  return facts === 0 ? output : `${count(facts)} ${facts === 1 ? 'fact' : 'facts'} of the book, ${output}`;
}

function MatterBar({ question, state, clear }: { question: LogsSearch; state: LogsState; clear: () => void }): JSX.Element | null {
  if (question.about === undefined) return null;
  const facts = state.list?.lines.filter((line) => line.source === 'book').length ?? 0;
  const ids = state.matter?.ids ?? [];
  return (
    <div className="matter">
      <strong>{state.matter?.title ?? 'Looking for everything about it'}</strong>
      {state.matter !== null && state.list !== null && <span className="muted">{found(state.list.lines.length - facts, facts)}, in the order of time{ids.length > 1 ? ` · known by ${ids.length} ids` : ''}</span>}
      <code title={ids.join('\n')}>{question.about}</code>
      <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconX size={12} />} onClick={clear}>Show all lines</Button>
    </div>
  );
}

function NoLines({ question, clear }: { question: LogsSearch; clear: () => void }): JSX.Element {
  if (Object.keys(question).length > 0) return <Empty title="No line fits" action={<Button size="compact-sm" variant="default" onClick={clear}>Show all lines</Button>}>Lines are found by words and their beginnings. Lines older than their retention are gone; the settings say how long they stay.</Empty>;
  return <Empty title="No lines yet">Here stands what every part writes, a second after it was written. Lines are collected by notification; when it does not run, the output of each part is still in the health panel.</Empty>;
}

function Body({ question, state, isDense, change, onLiveEnd }: { question: LogsSearch; state: LogsState; isDense: boolean; change: ChangeSearch; onLiveEnd: (isAtEnd: boolean) => void }): JSX.Element {
  const isStory = question.about !== undefined;
  const held = state.list?.lines;
  const lines = useMemo(() => (isStory ? [...(held ?? [])].reverse() : (held ?? [])), [held, isStory]);
  const about = useCallback((id: string) => change({ about: id, search: undefined, units: undefined, level: undefined }), [change]);
  if (state.list === null) return state.failure === null ? <SkeletonRows count={14} /> : <Failure error={state.failure} retry={state.retry} />;
  if (lines.length === 0) return <NoLines question={question} clear={() => change({ units: undefined, level: undefined, search: undefined, about: undefined, span: undefined, from: undefined, to: undefined })} />;
  const hasDays = new Date(lines[0]?.at ?? 0).toDateString() !== new Date(lines.at(-1)?.at ?? 0).toDateString();
  return <LogList key={JSON.stringify(question)} lines={lines} isDense={isDense} isStory={isStory} isLoadingOlder={state.isLoadingOlder} hasDays={hasDays} about={about} onLiveEnd={onLiveEnd} loadOlder={state.loadOlder} />;
}

/** The page. */
export function LogsPage(): JSX.Element {
  const question = route.useSearch();
  const navigate = useNavigate();
  const isDense = useUiState('isLogDense');
  const [isPaused, setPaused] = useState(false);
  const [isAtEnd, setAtEnd] = useState(true);
  const isStory = question.about !== undefined;
  const state = useLogs(question, isPaused || (!isAtEnd && !isStory));
  const change = useCallback<ChangeSearch>((part) => {
    setAtEnd(true);
    void navigate({ to: '/logs', search: (now) => readLogsSearch({ ...now, ...part }), replace: part.search !== undefined });
  }, [navigate]);
  const toNewest = (): void => {
    setPaused(false);
    const list = document.querySelector('.log-scroll');
    if (list) list.scrollTop = 0;
  };
  return (
    <div className="logs">
      <header className="logs-head">
        <h1>Logs</h1>
        <Status state={state} isPaused={isPaused} isScrolled={!isAtEnd && !isStory} />
        <span className="muted logs-count">{state.list !== null && `${count(state.list.lines.length)}${state.list.cursor === null ? '' : '+'} lines · times: ${zoneName()} · ${isStory ? 'oldest' : 'newest'} first`}</span>
        {state.isLive && <Button size="compact-sm" variant="default" leftSection={isPaused ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />} onClick={() => setPaused(!isPaused)}>{isPaused ? 'Go on' : 'Pause'}</Button>}
        <Tooltip label={isDense ? 'More room' : 'Denser'}><ActionIcon variant="default" size={26} aria-label={isDense ? 'More room between lines' : 'Denser lines'} onClick={() => setUiState({ isLogDense: !isDense })}>{isDense ? <IconBaselineDensityMedium size={14} /> : <IconBaselineDensitySmall size={14} />}</ActionIcon></Tooltip>
      </header>
      <LogFilters question={question} change={change} />
      <MatterBar question={question} state={state} clear={() => change({ about: undefined })} />
      <div className="logs-body" data-stale={state.failure !== null && state.list !== null}>
        {state.waiting > 0 && <button type="button" className="log-waiting" onClick={toNewest}><IconArrowUp size={13} aria-hidden /> {count(state.waiting)} new {state.waiting === 1 ? 'line' : 'lines'}</button>}
        <Body question={question} state={state} isDense={isDense} change={change} onLiveEnd={setAtEnd} />
      </div>
    </div>
  );
}
