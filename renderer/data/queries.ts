/** The questions that pages ask, each under one key. Pushes keep the answers fresh; the slow intervals are a net below them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseInfiniteQueryResult, UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import { PAGE_MAX } from '#app/contracts/http.ts';
import type { CurveRange, OrderTicket, RouteInput, RouteName, RouteOutput } from '#app/contracts/http.ts';
import type { OrderView } from '#app/contracts/views.ts';
import { call, newKey, readReport } from './client.ts';
import { KEYS } from './live.ts';

const NET_MS = 30_000;
const LIST_ROWS = 200;

/** Asks a route again and again: every `everyMs`, which may depend on what was answered last. */
export function useRoute<N extends RouteName>(name: N, key: readonly unknown[], input: RouteInput<N>, options: { everyMs?: number | ((last: RouteOutput<N> | undefined) => number | false); isEnabled?: boolean } = {}): UseQueryResult<RouteOutput<N>> {
  const { everyMs = NET_MS } = options;
  return useQuery<RouteOutput<N>>({ queryKey: key, queryFn: ({ signal }) => call(name, input, { signal }), refetchInterval: typeof everyMs === 'number' ? everyMs : (query) => everyMs(query.state.data), enabled: options.isEnabled ?? true, placeholderData: (before) => before });
}

/** The account. */
export const useAccount = (): UseQueryResult<RouteOutput<'account'>> => useRoute('account', KEYS.account, {});
/** Open positions. */
export const usePositions = (): UseQueryResult<RouteOutput<'positions'>> => useRoute('positions', KEYS.positions, {});
/** Orders of a scope. */
export const useOrders = (scope: 'open' | 'closed' | 'all'): UseQueryResult<RouteOutput<'orders'>> => useRoute('orders', KEYS.orders(scope), { scope, limit: LIST_ROWS });
/** The newest fills. */
export const useFills = (): UseQueryResult<RouteOutput<'fills'>> => useRoute('fills', KEYS.fills, { limit: LIST_ROWS });
/** The equity curve of a range. */
export const useEquity = (range: CurveRange): UseQueryResult<RouteOutput<'equity'>> => useRoute('equity', KEYS.equity(range), { range }, { everyMs: 60_000 });
/** P&L by day. */
export const useDays = (): UseQueryResult<RouteOutput<'pnlByDay'>> => useRoute('pnlByDay', ['days'], { limit: 60 }, { everyMs: 10_000 });
/** Strategies with what they did. */
export const useStrategies = (): UseQueryResult<RouteOutput<'strategies'>> => useRoute('strategies', ['strategies'], {}, { everyMs: 10_000 });
/** Risk events and notifications. */
export const useNotices = (): UseQueryResult<RouteOutput<'notices'>> => useRoute('notices', KEYS.notices, { limit: 50 });
/** What was sent to people. */
export const useDeliveries = (): UseQueryResult<RouteOutput<'deliveries'>> => useRoute('deliveries', ['deliveries'], { limit: 30 }, { everyMs: 5_000 });
/** The daily reports. */
export const useReports = (): UseQueryResult<RouteOutput<'reports'>> => useRoute('reports', ['reports'], { limit: 60 }, { everyMs: 10_000 });
/** The page of a report; a report that was written again is read again when its sheet opens. */
export const useReport = (reportId: string): UseQueryResult<string> => useQuery({ queryKey: ['report', reportId], queryFn: ({ signal }) => readReport(reportId, signal), gcTime: 0 });
/** Denied decisions. */
export const useDenied = (): UseQueryResult<RouteOutput<'decisions'>> => useRoute('decisions', ['decisions', 'denied'], { outcome: 'denied', limit: LIST_ROWS }, { everyMs: 10_000 });
/** Comparisons of our book with the broker's. */
export const useReconciliations = (only: 'all' | 'different' = 'all'): UseQueryResult<RouteOutput<'reconciliations'>> => useRoute('reconciliations', ['reconciliations', only], { only, limit: 100 }, { everyMs: 10_000 });
/** What the guardian of orders and positions found and still sees. */
export const useFindings = (): UseQueryResult<RouteOutput<'findings'>> => useRoute('findings', ['findings'], { state: 'open', limit: 100 }, { everyMs: 5_000 });
/** Cash and shares that moved without a fill. */
export const useLedgerEntries = (): UseQueryResult<RouteOutput<'ledgerEntries'>> => useRoute('ledgerEntries', ['ledgerEntries'], { limit: LIST_ROWS }, { everyMs: 30_000 });
/** The last proof run. */
export const useProof = (): UseQueryResult<RouteOutput<'proof'>> => useRoute('proof', ['proof'], {}, { everyMs: 300_000 });
/** The story of a decision, or of an order by its own id (an exit shares its entry's decision). */
export const useStory = (id: string): UseQueryResult<RouteOutput<'orderStory'>> => useRoute('orderStory', ['story', id], { decisionId: id });
/** Orders before those that pushes keep fresh, page by page, newest first; `before` = createdAt of the last row known. */
export function useOlderOrders(scope: 'open' | 'all', before: number | null): UseInfiniteQueryResult<OrderView[]> {
  return useInfiniteQuery({
    queryKey: ['orders older', scope], enabled: false, initialPageParam: before, gcTime: 0,
    queryFn: ({ signal, pageParam }) => call('orders', { scope, limit: PAGE_MAX, ...(pageParam === null ? {} : { before: pageParam }) }, { signal }),
    getNextPageParam: (page) => page.orders.at(-1)?.createdAt ?? null,
    select: (data) => data.pages.flatMap((page) => page.orders),
  });
}
/** Symbols that match what was typed. */
export const useSymbols = (query: string, isEnabled = true): UseQueryResult<RouteOutput<'symbols'>> => useRoute('symbols', ['symbols', query], { query, limit: 20 }, { isEnabled });
/** How far each consumer is behind. */
export const usePipeline = (): UseQueryResult<RouteOutput<'pipeline'>> => useRoute('pipeline', ['pipeline'], {}, { everyMs: 2_000 });
/** The ledger's own checks. */
export const useInvariants = (): UseQueryResult<RouteOutput<'invariants'>> => useRoute('invariants', ['invariants'], {}, { everyMs: 60_000 });

/** What risk would say about a ticket; asked again when the ticket or the market moved. */
export function usePreview(ticket: OrderTicket | null): UseQueryResult<RouteOutput<'previewOrder'>> {
  return useQuery({
    queryKey: ['preview', ticket], enabled: ticket !== null, refetchInterval: 3_000, retry: false, placeholderData: (before) => before,
    queryFn: ({ signal }) => {
      if (ticket === null) throw new Error('No ticket to preview');
      return call('previewOrder', ticket, { signal });
    },
  });
}

/** A press of a button. Each press has its own idempotency key, which a retry after "no answer" repeats. */
export function useAction<N extends RouteName>(name: N, refresh: readonly (readonly unknown[])[] = []): UseMutationResult<RouteOutput<N>, Error, RouteInput<N> & { idempotencyKey?: string }> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: RouteInput<N> & { idempotencyKey?: string }) => {
      const { idempotencyKey, ...rest } = input;
      return call(name, rest as unknown as RouteInput<N>, { idempotencyKey: idempotencyKey ?? newKey() });
    },
    onSettled: () => {
      for (const key of refresh) void client.invalidateQueries({ queryKey: key });
    },
  });
}
