/** What was tried before? The runs of the project, newest first: open one, run it again, or lay up to six side by side. */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconRepeat } from '@tabler/icons-react';
import { backtestRequestSchema } from '#app/contracts/backtest.ts';
import type { BacktestView } from '#app/contracts/studio.ts';
import { call } from '../../../data/client.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import { age, marketDayTime, percent, signOf } from '../../../ui/format.ts';
import { Answer, Empty, Tag } from '../../../ui/kit.tsx';
import { ComparePart } from './compare-part.tsx';
import { MAX_COMPARED } from './compare-model.ts';
import { useRunTarget } from './run-target.ts';
import { spanWords, stateTag, symbolWords } from './run-words.ts';
import { useAddress, useGo, useRuns, useStart } from './runs.ts';

/** What of a request belongs to the version that ran, not to its settings. */
const OF_THE_RUN: ReadonlySet<string> = new Set(['project', 'kind', 'strategyId']);

/** The runs that are compared, by project; kept while the page is open. */
const compared = createStore<Readonly<Record<string, readonly string[]>>>({});
const NONE: readonly string[] = [];

function Row({ view, isOpen, isChosen, isFull, now, toggle, again }: { view: BacktestView; isOpen: boolean; isChosen: boolean; isFull: boolean; now: number | null; toggle(): void; again(): void }): JSX.Element {
  const go = useGo();
  const tag = stateTag(view);
  const open = (): void => go({ run: view.backtestId, pane: 'run' });
  const { project } = view;
  return (
    <tr className={isOpen ? 'opens chosen' : 'opens'} tabIndex={0} onClick={open} onKeyDown={(event) => { if (event.key === 'Enter' && event.target === event.currentTarget) open(); }}>
      <td onClick={(event) => event.stopPropagation()}><input type="checkbox" aria-label={`Compare the run of ${marketDayTime(view.startedAt)}`} checked={isChosen} disabled={!isChosen && (isFull || view.state !== 'done')} onChange={toggle} /></td>
      <td>
        {project !== null && <button type="button" className="rs-version" title={project.version === now ? 'The version that is open' : `Open the code of version ${project.version}`} onClick={(event) => { event.stopPropagation(); go({ version: project.version, run: view.backtestId, pane: 'run' }); }}>v{project.version}</button>} <strong>{symbolWords(view.symbols)}</strong> <span className="muted">{view.timeframe}{view.hasSearch && ' · optimised'}</span>
        <br /><small className="muted num">{spanWords(view)}</small>
      </td>
      <td className={`number num sign${signOf(view.totalReturn)}`}>{percent(view.totalReturn, { decimals: 1 })}</td><td className="number num minor">{view.sharpe === null ? '–' : view.sharpe.toFixed(2).replace('-', '−')}</td><td className="number num">{percent(view.maxDrawdown, { decimals: 1 })}</td>
      <td title={[view.headline ?? view.problem?.message, view.tookMs === null ? null : `Took ${age(view.tookMs)}`].filter(Boolean).join('\n')}><Tag tone={tag.tone}>{tag.words}</Tag><br /><small className="muted num">{marketDayTime(view.startedAt)}</small></td>
      <td onClick={(event) => event.stopPropagation()}><Tooltip label="Again with these settings, on the code of now"><ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Run again what ran ${marketDayTime(view.startedAt)}`} onClick={again}><IconRepeat size={14} aria-hidden /></ActionIcon></Tooltip></td>
    </tr>
  );
}

function useAgain(): { again(view: BacktestView): void; problem: string | null } {
  const start = useStart();
  const [problem, setProblem] = useState<string | null>(null);
  const again = (view: BacktestView): void => {
    setProblem(null);
    call('backtest', { backtestId: view.backtestId }).then(({ request }) => {
      // What is stored may say more than was asked, and nulls where nothing was: only what a request knows is asked again.
      const known = Object.entries(request).filter(([name, value]) => Object.hasOwn(backtestRequestSchema.shape, name) && value !== null && !OF_THE_RUN.has(name));
      const same = backtestRequestSchema.parse(Object.fromEntries(known));
      return start((project) => ({ ...same, project }), 'run');
    }).catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  return { again, problem };
}

/** The pane. */
export function RunsPane({ projectId }: { projectId: string }): JSX.Element {
  const query = useRuns(projectId);
  const { run } = useAddress();
  const go = useGo();
  const target = useRunTarget();
  const chosen = useStore(compared, (all) => all[projectId] ?? NONE);
  const [isComparing, setComparing] = useState(false);
  const { again, problem } = useAgain();
  const toggle = (backtestId: string): void => compared.update((all) => ({ ...all, [projectId]: chosen.includes(backtestId) ? chosen.filter((one) => one !== backtestId) : [...chosen, backtestId].slice(0, MAX_COMPARED) }));
  const ids = useMemo(() => chosen.filter((id) => query.data?.backtests.some(({ backtestId }) => backtestId === id)), [chosen, query.data]);
  if (isComparing && ids.length >= 2) return <ComparePart ids={ids} onBack={() => setComparing(false)} onLeaveOut={toggle} />;
  return (
    <Answer query={query}>
      {({ backtests, hasMore }) => (backtests.length === 0 ? <Empty title="Nothing was run yet">Each run stands here with its version, its settings and its verdict, to be opened again or compared.</Empty> : (
        <>
          <div className="rs-tools"><span className="muted">{backtests.length}{hasMore ? ' newest' : ''} {backtests.length === 1 ? 'run' : 'runs'}</span><Button size="compact-sm" variant={ids.length >= 2 ? 'filled' : 'default'} disabled={ids.length < 2} onClick={() => setComparing(true)}>{ids.length < 2 ? 'Tick two to six to compare' : `Compare ${ids.length} runs`}</Button>{ids.length > 0 && <button type="button" className="link-button" onClick={() => compared.update((all) => ({ ...all, [projectId]: [] }))}>Untick all</button>}</div>
          {problem !== null && <p className="rs-problem" role="alert">{problem}</p>}
          <div className="table-scroll">
            <table className="data-table rs-runs" aria-label="Runs of the project">
              <thead><tr><th aria-label="Compare" /><th>What</th><th className="number">Return</th><th className="number minor">Sharpe</th><th className="number">Fall</th><th>Verdict</th><th aria-label="Acts" /></tr></thead>
              <tbody>{backtests.map((view) => <Row key={view.backtestId} view={view} isOpen={view.backtestId === run} isChosen={ids.includes(view.backtestId)} isFull={ids.length >= MAX_COMPARED} now={target?.base.version ?? null} toggle={() => toggle(view.backtestId)} again={() => again(view)} />)}</tbody>
            </table>
          </div>
          {run !== undefined && <p className="rs-note"><button type="button" className="link-button" onClick={() => go({ pane: 'run' })}>Back to the open run</button></p>}
        </>
      ))}
    </Answer>
  );
}
