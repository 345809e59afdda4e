/** One run: what it was for, how it is, its steps, what it gave or why it failed, its log, and what can be done about it. */
import type { JSX, ReactNode } from 'react';
import { CopyButton, Tooltip, UnstyledButton } from '@mantine/core';
import type { FlowRunDetail } from '#app/contracts/flows.ts';
import { useIsStale, useServerNow } from '../../data/clock.ts';
import { useRun } from '../../data/flow-queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { Answer, SkeletonRows } from '../../ui/kit.tsx';
import { Moment, RunTag } from './flow-cells.tsx';
import { FailureChapter } from './run-failure.tsx';
import { RunActions } from './run-actions.tsx';
import { RunLog } from './run-log.tsx';
import { ResultChapter, ResultParts } from './run-result.tsx';
import { StepsChapter } from './run-steps.tsx';
import { duration, isEnded, isFailed, latenessWords, tookMs } from './run-words.ts';

/** A link to another run. */
export function RunLink({ runId, children }: { runId: string; children?: ReactNode }): JSX.Element {
  return <UnstyledButton className="link" onClick={() => openSheet({ kind: 'run', runId })}>{children ?? <code>{runId}</code>}</UnstyledButton>;
}

/** Why it ran, in a sentence. */
function Reason({ run }: { run: FlowRunDetail }): JSX.Element {
  const late = latenessWords(run.latenessMs);
  switch (run.trigger) {
    case 'schedule': return <>For <Moment at={run.scheduledFor ?? run.createdAt} /> by its schedule{late !== null && <>, started <span className={run.latenessMs !== null && run.latenessMs > 5_000 ? 'warn-text' : ''}>{late}</span></>}</>;
    case 'manual': return <>Asked for by hand at <Moment at={run.createdAt} /></>;
    case 'event': return <>Begun by an event at <Moment at={run.createdAt} /></>;
    case 'parent': return run.parentRunId === null ? <>Started by another run at <Moment at={run.createdAt} /></> : <>A part of <RunLink runId={run.parentRunId}>{run.parentRunId.split(':')[0]}</RunLink>, at <Moment at={run.createdAt} /></>;
    case 'retry': return run.retryOf === null ? <>A retry of <Moment at={run.createdAt} /></> : <>Repeats <RunLink runId={run.retryOf}>an earlier run</RunLink>, at <Moment at={run.createdAt} /></>;
  }
}

function Head({ run }: { run: FlowRunDetail }): JSX.Element {
  const now = useServerNow();
  const took = tookMs(run, isEnded(run) ? null : now);
  const left = run.deadlineAt === null || isEnded(run) ? null : run.deadlineAt - now;
  return (
    <header className="run-head">
      <div className="story-head">
        <span className="story-title"><UnstyledButton className="link title" onClick={() => openSheet({ kind: 'flow', flow: run.flow, view: 'about' })}><strong>{run.flow}</strong></UnstyledButton> <RunTag state={run.state} /></span>
        <RunActions run={run} />
      </div>
      <p className="muted"><Reason run={run} /></p>
      <dl className="run-facts">
        <div><dt>Took</dt><dd className="num">{duration(took)}{run.endedAt === null && run.startedAt !== null && ' so far'}</dd></div>
        <div><dt>Started</dt><dd><Moment at={run.startedAt} /></dd></div>
        <div><dt>Ended</dt><dd><Moment at={run.endedAt} /></dd></div>
        <div><dt>Limit</dt><dd className="num">{run.timeoutMs === null ? '–' : duration(run.timeoutMs)}{left !== null && left > 0 && <span className="muted"> ({duration(left)} left)</span>}</dd></div>
        {run.dispatches > 1 && <div><dt>Taken up</dt><dd><Tooltip label="A worker died or was stopped in between; the run went on after its last finished step." multiline maw={280}><span className="num warn-text">{run.dispatches} times</span></Tooltip></dd></div>}
      </dl>
      {run.progress !== null && !isEnded(run) && <div className="run-progress" role="progressbar" aria-valuenow={run.progress.done} aria-valuemax={run.progress.total}><i style={{ width: `${run.progress.total === 0 ? 0 : Math.min(100, (run.progress.done / run.progress.total) * 100)}%` }} /><span className="num muted">{run.progress.done} of {run.progress.total}</span></div>}
    </header>
  );
}

function Parameters({ input }: { input: unknown }): JSX.Element {
  const entries = typeof input === 'object' && input !== null ? Object.entries(input) : [];
  if (entries.length === 0) return <p className="muted run-quiet">None: the flow’s own defaults.</p>;
  return <ResultParts value={input} />;
}

function Body({ run }: { run: FlowRunDetail }): JSX.Element {
  const isStale = useIsStale();
  return (
    <div className={isStale ? 'run-sheet stale-sheet' : 'run-sheet'} data-run={run.runId} data-state={run.state}>
      <Head run={run} />
      {run.state === 'SKIPPED' && <p className="run-note">{run.error ?? 'The schedule passed over this time.'}</p>}
      {isFailed(run.state) && <FailureChapter run={run} />}
      {run.state === 'CANCELLED' && <p className="run-note">{run.error ?? 'It was cancelled before it was done; finished steps keep their results.'}</p>}
      <StepsChapter run={run} />
      {run.output !== null && run.output !== undefined && <ResultChapter output={run.output} />}
      <section className="chapter run-result"><header><h3>Parameters</h3></header><Parameters input={run.input} /></section>
      <RunLog run={run} />
      <footer className="ids">
        <CopyButton value={run.runId}>{({ copied, copy }) => <UnstyledButton onClick={copy} title="Copy"><span className="muted">Run</span> <code>{copied ? 'copied' : run.runId}</code></UnstyledButton>}</CopyButton>
        {run.retriedAs.map((id) => <span key={id}><span className="muted">Repeated as </span><RunLink runId={id} /></span>)}
      </footer>
    </div>
  );
}

/** The run in its sheet. */
export function RunSheet({ runId }: { runId: string }): JSX.Element {
  const query = useRun(runId);
  return <Answer query={query} skeleton={<SkeletonRows count={12} />}>{(run) => <Body run={run} />}</Answer>;
}
