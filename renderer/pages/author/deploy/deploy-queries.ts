/** The questions about gates and deployed strategies: asked gently, and at once again after an action. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { StrategyLogLine } from '#app/contracts/deploy.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { call } from '../../../data/client.ts';
import { useRoute } from '../../../data/queries.ts';
import { joinTail } from './log-tail.ts';

const LIST_MS = 4_000;
const LIVE_MS = 2_000;
const GATES_MS = 15_000;
const LOG_MS = 1_500;
const PARITY_MS = 60_000;

/** A deployment's figures are older than they may be after this long. */
export const LIVE_STALE_MS = 10_000;
const FIRST_LINES = 200;
const NEXT_LINES = 500;

/** What is asked again after a strategy was deployed, started, paused, stopped or limited. */
export const AFTER_CHANGE: readonly (readonly unknown[])[] = [['deployed'], ['gates'], ['strategies'], ['projectVersions']];

/** What stands between a version with these parameters and the market that runs. `parameters` null: those of the form cannot be read, and the defaults are asked for. */
export function useGates({ projectId, version }: { projectId: string; version: number }, parameters: Readonly<Record<string, unknown>> | null): UseQueryResult<RouteOutput<'gates'>> {
  const text = parameters === null ? null : JSON.stringify(parameters);
  return useRoute('gates', ['gates', projectId, version, text], { projectId, version, ...(text === null ? {} : { parameters: text }) }, { everyMs: GATES_MS });
}

/** Deployed strategies: of one project, or all. */
export const useDeployed = (projectId: string | null = null): UseQueryResult<RouteOutput<'deployed'>> => useRoute('deployed', ['deployed', 'list', projectId], projectId === null ? {} : { projectId }, { everyMs: LIST_MS });

/** One of them in full; null = none. */
export const useDeployedLive = (strategyId: string | null): UseQueryResult<RouteOutput<'deployedLive'>> => useRoute('deployedLive', ['deployed', 'live', strategyId], { strategyId: strategyId ?? 'none' }, { isEnabled: strategyId !== null, everyMs: LIVE_MS });

/** Its days run again. */
export const useParity = (strategyId: string): UseQueryResult<RouteOutput<'strategyParity'>> => useRoute('strategyParity', ['deployed', 'parity', strategyId], { strategyId, limit: 30 }, { everyMs: PARITY_MS });

/** The tail of its log: the newest lines first, then what came since. */
export function useLogTail(strategyId: string): UseQueryResult<StrategyLogLine[]> {
  const client = useQueryClient();
  const key = ['deployed', 'log', strategyId];
  return useQuery<StrategyLogLine[]>({
    queryKey: key, refetchInterval: LOG_MS, staleTime: 0,
    queryFn: async ({ signal }) => {
      const before = client.getQueryData<StrategyLogLine[]>(key) ?? [];
      const last = before.at(-1)?.seq;
      const { lines } = await call('strategyLog', { strategyId, ...(last === undefined ? { limit: FIRST_LINES } : { afterSeq: last, limit: NEXT_LINES }) }, { signal });
      return joinTail(before, lines);
    },
  });
}
