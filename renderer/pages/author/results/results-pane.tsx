/** What runs of the open project gave: the verdict first. */
import { memo } from 'react';
import type { JSX } from 'react';
import { Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { loadCharts } from '../../../charts/lazy-chart.tsx';
import { runNow, useOpenProject } from '../open-project.ts';
import { OptimisePane } from './optimise-pane.tsx';
import { RunPart } from './run-part.tsx';
import { EndedPart, NothingRun, RunningPart } from './run-states.tsx';

import { RunsPane } from './runs-pane.tsx';
import { useAddress, useBacktest, useRuns } from './runs.ts';

// The charts' code is fetched while the numbers are on their way.
loadCharts().catch((error: unknown) => console.warn('The code of the charts did not come; it is asked for again by the first chart', error));

/** One run by its id, in whatever state it is. */
const OneRun = memo(function OneRun({ backtestId }: { backtestId: string }): JSX.Element {
  const query = useBacktest(backtestId);
  const detail = query.data;
  if (detail === undefined) return query.error === null ? <SkeletonRows count={10} /> : <Failure error={query.error} retry={() => void query.refetch()} />;
  const { state } = detail.view;
  if (detail.result !== null && (state === 'ran' || state === 'done')) return <RunPart key={backtestId} detail={detail} result={detail.result} />;
  return state === 'failed' || state === 'cancelled' ? <EndedPart detail={detail} /> : <RunningPart detail={detail} />;
});

/** The newest run of a project, when the address names none. */
const NewestRun = memo(function NewestRun({ projectId }: { projectId: string }): JSX.Element {
  const query = useRuns(projectId);
  if (query.data === undefined) return query.error === null ? <SkeletonRows count={10} /> : <Failure error={query.error} retry={() => void query.refetch()} />;
  const newest = query.data.backtests[0];
  return newest === undefined || query.isPlaceholderData ? <NothingRun onRun={runNow} /> : <OneRun backtestId={newest.backtestId} />;
});

/** The pane. */
export function ResultsPane(): JSX.Element {
  const { pane = 'run', run } = useAddress();
  const projectId = useOpenProject()?.project.projectId ?? null;
  if (pane === 'optimise') return <div className="author-results">{projectId === null ? <NothingRun onRun={null} /> : <OptimisePane key={projectId} projectId={projectId} />}</div>;
  if (pane === 'compare') return <div className="author-results">{projectId === null ? <NothingRun onRun={null} /> : <RunsPane key={projectId} projectId={projectId} />}</div>;
  return <div className="author-results">{run !== undefined ? <OneRun backtestId={run} /> : projectId === null ? <NothingRun onRun={null} /> : <NewestRun projectId={projectId} />}</div>;
}
