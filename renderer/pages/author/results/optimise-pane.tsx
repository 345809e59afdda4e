/** Which parameters hold? What is varied and how; then what to make of it, before the points themselves. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { Choices } from './small-parts.tsx';
import { EndedPart, RunningPart } from './run-states.tsx';
import { useAddress, useBacktest, useRuns } from './runs.ts';
import { isSearch } from './run-words.ts';
import { SearchForm } from './search-form.tsx';
import { SearchResult } from './search-result.tsx';

/** The search of a run, in whatever state it is. */
function OneSearch({ backtestId }: { backtestId: string }): JSX.Element | null {
  const query = useBacktest(backtestId);
  const detail = query.data;
  if (detail === undefined) return query.error === null ? <SkeletonRows count={10} /> : <Failure error={query.error} retry={() => void query.refetch()} />;
  const { state } = detail.view;
  if (state === 'failed' || state === 'cancelled') return <EndedPart detail={detail} />;
  if (detail.view.hasSearch && state === 'done') return <SearchResult key={backtestId} detail={detail} />;
  return isSearch(detail) && (state === 'running' || state === 'ran') ? <RunningPart detail={detail} /> : null;
}

/** The pane. The run of the address when it was a search, else the newest search of the project. */
export function OptimisePane({ projectId }: { projectId: string }): JSX.Element {
  const { run } = useAddress();
  const runs = useRuns(projectId);
  const all = runs.data?.backtests ?? [];
  const opened = useBacktest(run ?? null).data;
  const found = opened !== undefined && isSearch(opened) ? opened.view.backtestId : (all.find(({ hasSearch }) => hasSearch)?.backtestId ?? null);
  const [wanted, setWanted] = useState<'form' | 'found' | null>(null);
  const [seen, setSeen] = useState(found);
  // A search that was just begun comes to the front.
  if (seen !== found) {
    setSeen(found);
    setWanted(null);
  }
  const shown = wanted ?? (found === null ? 'form' : 'found');
  return (
    <div className="rs-run">
      {found !== null && <div className="rs-tools"><Choices label="Optimise" value={shown} options={[['found', 'What was found'], ['form', 'New search']]} onChange={(next) => setWanted(next)} /></div>}
      {shown === 'form' || found === null ? <SearchForm projectId={projectId} lastRun={all.find(({ state, hasSearch }) => state === 'done' && !hasSearch) ?? null} /> : <OneSearch backtestId={found} />}
    </div>
  );
}
