/** One flow: what it does, its runs, and a run with its steps and log. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, UnstyledButton } from '@mantine/core';
import { flowNameSchema } from '#app/contracts/flows.ts';
import type { DeploymentView, FlowRun, FlowRunDetail } from '#app/contracts/flows.ts';
import { newKey } from '../data/client.ts';
import { useAction, useDeployments, useRun, useRuns } from '../data/queries.ts';
import { Answer, Empty, MarketTime, Tag } from '../ui/kit.tsx';
import { age, marketTime, NOTHING } from '../ui/format.ts';
import { RUN_TONES } from './flows-card.tsx';

function tookMs(run: { startedAt: number | null; endedAt: number | null }): string {
  return run.startedAt === null || run.endedAt === null ? NOTHING : age(run.endedAt - run.startedAt);
}

function Json({ value }: { value: unknown }): JSX.Element | null {
  if (value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)) return null;
  return <pre className="exit-lines">{JSON.stringify(value, null, 2)}</pre>;
}

function Run({ run }: { run: FlowRunDetail }): JSX.Element {
  const cancel = useAction('cancelRun', [['run', run.runId], ['runs', run.flow]]);
  const isOpen = run.endedAt === null && run.state !== 'SKIPPED';
  return (
    <section className="chapter">
      <header><h3>Run <Tag tone={RUN_TONES[run.state]}>{run.state.toLowerCase()}</Tag></h3>{isOpen && <Button size="compact-xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ runId: run.runId })}>Cancel run</Button>}</header>
      <p className="muted"><code>{run.runId}</code> · {run.trigger} · took {tookMs(run)}{run.progress && ` · ${run.progress.done} of ${run.progress.total}`}</p>
      {run.error !== null && <p className="switch-error" role="alert">{run.error}</p>}
      {run.steps.length > 0 && <ol className="events">{run.steps.map((step) => <li key={step.index}><span className="num muted">{step.index + 1}</span><strong>{step.name}</strong><span><Tag tone={RUN_TONES[step.state]}>{step.state.toLowerCase()}</Tag>{step.error !== null && <span className="loss-text"> {step.error}</span>}</span><span className="num muted">{tookMs(step)}</span></li>)}</ol>}
      <Json value={run.output} />
      {run.logs.length > 0 && <div className="log short">{run.logs.map((line, n) => <div key={n} className={`log-line ${line.level}`}><time className="muted">{marketTime(line.at)}</time><span className="log-level">{line.level}</span><span>{line.message}</span></div>)}</div>}
    </section>
  );
}

function Runs({ runs, chosen, choose }: { runs: readonly FlowRun[]; chosen: string | null; choose: (runId: string) => void }): JSX.Element {
  if (runs.length === 0) return <Empty title="Never run">Run it now, or wait for its schedule.</Empty>;
  return (
    <ul className="runs">
      {runs.map((run) => (
        <li key={run.runId}><UnstyledButton className={run.runId === chosen ? 'run chosen' : 'run'} onClick={() => choose(run.runId)}><Tag tone={RUN_TONES[run.state]}>{run.state.toLowerCase()}</Tag><MarketTime at={run.startedAt ?? run.createdAt} withDay /><span className="muted">{run.trigger}</span><span className="num muted">{tookMs(run)}</span></UnstyledButton></li>
      ))}
    </ul>
  );
}

function About({ deployment, onRun }: { deployment: DeploymentView | undefined; onRun: (runId: string) => void }): JSX.Element | null {
  const run = useAction('runFlow', [['deployments'], ['runs']]);
  if (!deployment) return null;
  return (
    <>
      <div className="story-head"><span className="story-title"><strong>{deployment.name}</strong></span><Button size="compact-sm" loading={run.isPending} onClick={() => run.mutate({ flow: deployment.name, input: {}, idempotencyKey: newKey() }, { onSuccess: (reply) => onRun(reply.runId) })}>Run now</Button></div>
      {run.error && <p className="switch-error" role="alert">{run.error.message}</p>}
      <p>{deployment.description}</p>
      <dl className="facts grid">
        <div><dt>Schedule</dt><dd>{deployment.schedule?.describe ?? 'When something asks for it'}</dd></div><div><dt>Owner</dt><dd>{deployment.owner}</dd></div>
        <div><dt>Retries</dt><dd className="num">{deployment.retries} after {age(deployment.retryDelayMs)}</dd></div><div><dt>Timeout</dt><dd className="num">{age(deployment.timeoutMs)}</dd></div>
        <div><dt>At one time</dt><dd className="num">{deployment.concurrency}</dd></div><div><dt>Missed runs</dt><dd>{deployment.onMissed.replaceAll('_', ' ')}</dd></div>
      </dl>
    </>
  );
}

/** The flow in its sheet. */
export function FlowSheet({ flow, runId }: { flow: string; runId: string | null }): JSX.Element {
  const [chosen, choose] = useState<string | null>(runId);
  const deployments = useDeployments();
  const runs = useRuns(flowNameSchema.safeParse(flow).data);
  const shown = chosen ?? runs.data?.runs[0]?.runId ?? null;
  const run = useRun(shown);
  return (
    <div className="flow-sheet">
      <About deployment={deployments.data?.deployments.find((row) => row.name === flow)} onRun={choose} />
      {shown !== null && <Answer query={run}>{(data) => <Run run={data} />}</Answer>}
      <section className="chapter"><header><h3>Runs</h3></header><Answer query={runs}>{(data) => <Runs runs={data.runs} chosen={shown} choose={choose} />}</Answer></section>
    </div>
  );
}
