/** Back-tests of the open project: asked for while they run, started, cancelled. No state of theirs lives where keystrokes pass. */
import { useCallback } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { BacktestDetail, BacktestView } from '#app/contracts/studio.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { call, ClientError, isUnanswered, mayPass, newKey } from '../../../data/client.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import { useRoute } from '../../../data/queries.ts';
import type { AuthorSearch } from '../address.ts';
import { editorNow, openProjectNow } from '../open-project.ts';
import type { RunRequest } from './run-draft.ts';

const QUICK_MS = 250;
const SLOW_MS = 2_500;
/** The list is asked for again this often while nothing runs: another window may have run something. */
const LIST_MS = 20_000;

/** Has a run not ended yet? */
export function isUnderWay({ state }: Pick<BacktestView, 'state'>): boolean {
  return state === 'running' || state === 'ran';
}
/** How long to wait before asking again: often at first, less often the longer it takes. */
function pollAfter(ageMs: number): number {
  return Math.min(SLOW_MS, Math.max(QUICK_MS, ageMs / 10));
}

const listKey = (projectId: string): readonly unknown[] => ['backtests', projectId];
const oneKey = (backtestId: string): readonly unknown[] => ['backtest', backtestId];

/** The newest runs of a project. */
export function useRuns(projectId: string): UseQueryResult<RouteOutput<'backtests'>> {
  return useRoute('backtests', listKey(projectId), { projectId, limit: 100 }, {
    everyMs: (last) => {
      const young = last?.backtests.find(isUnderWay);
      return young === undefined ? LIST_MS : Math.max(1_000, pollAfter(Date.now() - young.startedAt));
    },
  });
}

/** One run; asked for again only while it is under way. */
export function useBacktest(backtestId: string | null): UseQueryResult<BacktestDetail> {
  return useQuery<BacktestDetail>({
    queryKey: oneKey(backtestId ?? ''), enabled: backtestId !== null, staleTime: 60_000,
    queryFn: ({ signal }) => call('backtest', { backtestId: backtestId ?? '' }, { signal }),
    // It was just started, and its row may follow its id by a moment.
    retry: (count, error) => (error instanceof ClientError && error.code === 'BACKTEST_NOT_FOUND' && count < 5) || (count < 2 && mayPass(error)), retryDelay: QUICK_MS,
    refetchInterval: ({ state }) => (state.data !== undefined && isUnderWay(state.data.view) ? pollAfter(Date.now() - state.data.view.startedAt) : false),
  });
}

/** What the start of a run is doing, or why it did not begin. `key`: of the press, which a retry after "no answer" repeats. */
export type Starting = { readonly stage: 'saving' | 'starting' } | { readonly stage: 'failed'; readonly error: unknown; readonly key: string; readonly asked: string };
const starting = createStore<Starting | null>(null);
/** Watches the start. */
export const useStarting = (): Starting | null => useStore(starting);
/** Puts away why it did not begin. */
export const forgetStart = (): void => starting.set(null);

/** Goes to another part of the author page's address. */
export function useGo(): (change: AuthorSearch) => void {
  const navigate = useNavigate();
  return useCallback((change) => { void navigate({ to: '/author', search: (now) => ({ ...now, ...change }) }); }, [navigate]);
}
/** The address. */
export const useAddress = (): AuthorSearch => useSearch({ from: '/author' });

/** Saves what is in the editor, and runs the version that holds it. */
export function useStart(): (make: (project: { projectId: string; version: number }) => RunRequest, pane: 'run' | 'optimise') => Promise<void> {
  const client = useQueryClient();
  const go = useGo();
  return useCallback(async (make, pane) => {
    const open = openProjectNow();
    const before = starting.get();
    if (open === null || before?.stage === 'saving' || before?.stage === 'starting') return;
    let [key, asked] = [newKey(), ''];
    starting.set({ stage: 'saving' });
    try {
      const version = (await editorNow()?.save('')) ?? open.base;
      const request = make({ projectId: open.project.projectId, version: version.version });
      asked = JSON.stringify(request);
      // Nobody knows whether the last press began something: the same question again must not begin it twice.
      if (before?.stage === 'failed' && before.asked === asked && isUnanswered(before.error)) key = before.key;
      starting.set({ stage: 'starting' });
      const { backtestId } = await call('startBacktest', { request }, { idempotencyKey: key });
      starting.set(null);
      go({ run: backtestId, pane });
      await client.invalidateQueries({ queryKey: listKey(open.project.projectId) });
    } catch (error) {
      starting.set({ stage: 'failed', error, key, asked });
    }
  }, [client, go]);
}

/** Ends a run that is under way. @throws ClientError */
export function useCancel(): (view: BacktestView) => Promise<void> {
  const client = useQueryClient();
  return useCallback(async ({ runId, backtestId }) => {
    if (runId === null) return;
    await call('cancelRun', { runId });
    await client.invalidateQueries({ queryKey: oneKey(backtestId) });
    await client.invalidateQueries({ queryKey: ['backtests'] });
  }, [client]);
}
