/** The steps of a run on a time line: what each took, how often it was tried, what it gave, and the runs that it started. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { IconArrowBackUp, IconChevronRight } from '@tabler/icons-react';
import type { FlowRunDetail, StepRun } from '#app/contracts/flows.ts';
import { useServerNow } from '../../data/clock.ts';
import { useRun } from '../../data/flow-queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { Answer } from '../../ui/kit.tsx';
import { RunTag } from './flow-cells.tsx';
import { useRetry } from './run-actions.tsx';
import { ResultParts } from './run-result.tsx';
import { shapeResult } from './result-shape.ts';
import { duration, isEnded, isStepEnded, RUN_TONES, STATE_WORDS, tookMs } from './run-words.ts';
import { scaleOf, share } from './step-scale.ts';
import type { StepScale } from './step-scale.ts';

type StepProps = { readonly step: StepRun; readonly scale: StepScale; readonly now: number; readonly depth: number; /** Null where a retry from here makes no sense. */ readonly retryFrom: ((index: number) => void) | null; readonly isLast: boolean };

function Track({ step, scale, now }: Pick<StepProps, 'step' | 'scale' | 'now'>): JSX.Element {
  if (step.state === 'SKIPPED') return <span className="step-skipped muted">{step.error ?? 'not needed'}</span>;
  const { left, width } = share(step, scale, now);
  return <span className="step-track"><i className={`bar ${RUN_TONES[step.state]} ${step.state === 'RUNNING' ? 'open' : ''}`} style={{ left: `${left}%`, width: `max(3px, ${width}%)` }} /></span>;
}

function Given({ output }: { output: unknown }): JSX.Element | null {
  const parts = shapeResult(output);
  const [first] = parts;
  if (first === undefined) return null;
  if (parts.length === 1 && first.kind === 'figures') return <ResultParts value={output} />;
  return <pre className="exit-lines">{JSON.stringify(output, null, 2)}</pre>;
}

function ChildRun({ runId, scale, depth }: { runId: string; scale: StepScale; depth: number }): JSX.Element {
  const query = useRun(runId);
  const now = useServerNow();
  return (
    <Answer query={query} skeleton={<p className="muted run-quiet">Reading the run…</p>}>
      {(run) => (
        <div className="child-run">
          <ol className="steps nested">{run.steps.map((step, n) => <StepRow key={step.index} step={step} scale={scale} now={now} depth={depth + 1} retryFrom={null} isLast={n === run.steps.length - 1} />)}</ol>
          <p className="child-foot" style={{ paddingLeft: 27 + depth * 14 }}>{run.failure !== null && <span className="loss-text">{run.failure.message} </span>}<UnstyledButton className="link" onClick={() => openSheet({ kind: 'run', runId })}>Open this run</UnstyledButton></p>
        </div>
      )}
    </Answer>
  );
}

function StepRow({ step, scale, now, depth, retryFrom, isLast }: StepProps): JSX.Element {
  const isChild = step.childRunId !== null;
  const hasMore = isChild || (step.error !== null && step.state !== 'SKIPPED') || (step.output !== null && step.output !== undefined);
  const [isOpen, setOpen] = useState(false);
  const took = tookMs(step, isStepEnded(step.state) ? null : now);
  return (
    <li className={`step ${step.state.toLowerCase()} ${isLast ? 'last' : ''}`} data-step={step.name}>
      <div className="step-row">
        <UnstyledButton className="step-name" disabled={!hasMore} aria-expanded={hasMore ? isOpen : undefined} onClick={() => setOpen(!isOpen)} style={{ paddingLeft: depth * 14 }}>
          <IconChevronRight size={13} className={isOpen ? 'chevron open' : 'chevron'} visibility={hasMore ? 'visible' : 'hidden'} aria-hidden /><span className={`step-dot ${RUN_TONES[step.state]}`} aria-hidden /><strong title={step.name}>{step.name}</strong>{isChild && <small className="muted">run</small>}
        </UnstyledButton>
        <span className="step-state">{step.state === 'COMPLETED' ? <span className="visually-hidden">{STATE_WORDS[step.state]}</span> : <RunTag state={step.state} />}{step.attempts !== null && step.attempts > 1 && <span className="num warn-text">{step.attempts} tries</span>}</span>
        <Track step={step} scale={scale} now={now} />
        <span className="num step-took">{step.state === 'SKIPPED' ? '' : duration(took)}</span>
        <span className="step-act">{retryFrom && <Tooltip label="Run again from here; what is before keeps its results"><ActionIcon size="xs" variant="subtle" color="gray" aria-label={`Retry from ${step.name}`} onClick={() => retryFrom(step.index)}><IconArrowBackUp size={13} /></ActionIcon></Tooltip>}</span>
      </div>
      {isOpen && <div className={isChild ? 'step-more child' : 'step-more'} style={isChild ? undefined : { marginLeft: 24 + depth * 14 }}>{step.error !== null && <p className={step.state === 'SKIPPED' ? 'muted' : 'loss-text'}>{step.error}</p>}{step.childRunId !== null ? <ChildRun runId={step.childRunId} scale={scale} depth={depth} /> : <Given output={step.output} />}</div>}
    </li>
  );
}

/** The steps as a chapter of the run. */
export function StepsChapter({ run }: { run: FlowRunDetail }): JSX.Element | null {
  const now = useServerNow();
  const { retry, error } = useRetry(run.runId);
  const canRetry = isEnded(run) && run.state !== 'SKIPPED';
  if (run.steps.length === 0) {
    return isEnded(run) ? null : <section className="chapter"><header><h3>Steps</h3></header><p className="muted run-quiet">{run.startedAt === null ? 'It waits for a free place.' : 'No step has begun yet.'}</p></section>;
  }
  const scale = scaleOf(run, now);
  return (
    <section className="chapter">
      <header><h3>Steps</h3><span className="muted num">{run.steps.filter((step) => isStepEnded(step.state)).length} of {run.steps.length}{isEnded(run) ? '' : ' so far'}, over {duration(scale.to - scale.from)}</span></header>
      {error && <p className="switch-error" role="alert">{error.message}</p>}
      <ol className="steps">{run.steps.map((step, n) => <StepRow key={step.index} step={step} scale={scale} now={now} depth={0} retryFrom={canRetry ? retry : null} isLast={n === run.steps.length - 1} />)}</ol>
    </section>
  );
}
