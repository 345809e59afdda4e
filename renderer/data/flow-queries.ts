/** The questions about flows: asked often while something runs, slowly otherwise, and not at all while nobody looks. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query';
import type { RouteInput, RouteOutput } from '#app/contracts/http.ts';
import { call } from './client.ts';
import { useRoute } from './queries.ts';

const BUSY_MS = 1_000;
const QUIET_MS = 4_000;
const DAYS_MS = 60_000;
const PAGE_ROWS = 60;
/** Ended runs change no more, but a retry may be added to them. */
const ENDED_MS = 10_000;

/** Deployments are older than they may be after this long. */
export const FLOWS_STALE_MS = 12_000;

const isBusy = (list: RouteOutput<'deployments'> | undefined): boolean => list?.deployments.some((row) => row.running + row.queued > 0) ?? false;

/** Flows with schedule, last and next run. */
export const useDeployments = (): UseQueryResult<RouteOutput<'deployments'>> => useRoute('deployments', ['deployments'], {}, { everyMs: (last) => (isBusy(last) ? 2 * BUSY_MS : QUIET_MS) });

/** Success and duration of each flow on each of the last days. */
export const useFlowDays = (): UseQueryResult<RouteOutput<'flowDays'>> => useRoute('flowDays', ['flowDays'], { days: 14 }, { everyMs: DAYS_MS });

/** One run with steps and log. */
export const useRun = (runId: string | null): UseQueryResult<RouteOutput<'run'>> =>
  useRoute('run', ['run', runId], { runId: runId ?? '' }, { isEnabled: runId !== null, everyMs: (last) => (last === undefined || last.endedAt === null ? BUSY_MS : ENDED_MS) });

/** The newest runs of one flow. */
export const useNewestRuns = (flow: RouteInput<'runs'>['flow'], limit: number): UseQueryResult<RouteOutput<'runs'>> =>
  useRoute('runs', ['runs', 'newest', flow ?? 'all', limit], { ...(flow === undefined ? {} : { flow }), limit }, { everyMs: 2 * BUSY_MS });

/** Which runs a list shows. */
export type RunFilter = Omit<RouteInput<'runs'>, 'limit' | 'cursor'>;

/** Runs that match, newest first, page by page; the pages that were read are read again while somebody looks. */
export function useRunList(filter: RunFilter): UseInfiniteQueryResult<InfiniteData<RouteOutput<'runs'>>> {
  return useInfiniteQuery<RouteOutput<'runs'>, Error, InfiniteData<RouteOutput<'runs'>>, readonly unknown[], string>({
    queryKey: ['runs', 'list', filter], initialPageParam: '', placeholderData: (before) => before,
    queryFn: ({ pageParam, signal }) => call('runs', { ...filter, limit: PAGE_ROWS, ...(pageParam === '' ? {} : { cursor: pageParam }) }, { signal }),
    getNextPageParam: (page) => page.nextCursor,
    // Older pages hold still; reading them all again each time would cost more than it tells.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 1) > 1 ? false : 2 * BUSY_MS),
  });
}
