/** The questions that pages ask, each under one key. Pushes keep the answers fresh; the slow intervals are a net below them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseInfiniteQueryResult, UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import { PAGE_MAX } from '#app/contracts/http.ts';
import type { CurveRange, OrderTicket, RouteInput, RouteName, RouteOutput } from '#app/contracts/http.ts';
import type { DecisionView, OrderView } from '#app/contracts/views.ts';
import { applyToPages, mergeOf } from './apply-push.ts';
import type { Merge, OrderScope } from './apply-push.ts';
import { call, newKey, readReport } from './client.ts';
import { askAmidPushes } from './crossing.ts';
import { KEYS } from './live.ts';

const NET_MS = 30_000;
const LIST_ROWS = 200;
/** Marks are asked for up to now and beyond: the end of the century. */
const MARKS_TO = 4_102_444_800_000;

/** Asks a route again and again: every `everyMs`, which may depend on what was answered last. */
export function useRoute<N extends RouteName>(name: N, key: readonly unknown[], input: RouteInput<N>, options: { everyMs?: number | ((last: RouteOutput<N> | undefined) => number | false); isEnabled?: boolean } = {}): UseQueryResult<RouteOutput<N>> {
  const { everyMs = NET_MS } = options;
  return useQuery<RouteOutput<N>>({ queryKey: key, queryFn: ({ signal }) => askAmidPushes(key, () => call(name, input, { signal }), mergeOf(key) as Merge<RouteOutput<N>> | null), refetchInterval: typeof everyMs === 'number' ? everyMs : (query) => everyMs(query.state.data), enabled: options.isEnabled ?? true, placeholderData: (before) => before });
}

/** The account. */
export const useAccount = (): UseQueryResult<RouteOutput<'account'>> => useRoute('account', KEYS.account, {});
/** Open positions. */
export const usePositions = (): UseQueryResult<RouteOutput<'positions'>> => useRoute('positions', KEYS.positions, {});
/** Orders of a scope. */
export const useOrders = (scope: OrderScope): UseQueryResult<RouteOutput<'orders'>> => useRoute('orders', KEYS.orders(scope), { scope, limit: LIST_ROWS });
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
/** The newest denied decisions. */
export const useDenied = (): UseQueryResult<RouteOutput<'decisions'>> => useRoute('decisions', ['decisions', 'denied'], { outcome: 'denied', limit: LIST_ROWS }, { everyMs: 10_000 });
/** Denied decisions page by page; a decision never changes, so they are asked for once. `before` = decisionId of the last one known. */
export function useOlderDenied(before: string | null): UseInfiniteQueryResult<DecisionView[]> {
  return useInfiniteQuery({
    queryKey: ['decisions older'], enabled: false, initialPageParam: before, gcTime: 0,
    queryFn: ({ signal, pageParam }) => call('decisions', { outcome: 'denied', limit: PAGE_MAX, ...(pageParam === null ? {} : { before: pageParam }) }, { signal }),
    getNextPageParam: (page) => page.decisions.at(-1)?.decisionId ?? null,
    select: (data) => data.pages.flatMap((page) => page.decisions),
  });
}
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
const mergeIntoPage: Merge<RouteOutput<'orders'>> = (page, body) => (body.type === 'orders' ? (applyToPages([page], body.orders)[0] ?? page) : page);

/** Orders page by page from the newest on, as far as somebody asked; pushes change them, and all of it is asked for again now and then, so that no gap opens towards the newest. */
export function useOlderOrders(scope: 'open' | 'all', isAsked: boolean): UseInfiniteQueryResult<OrderView[]> {
  return useInfiniteQuery({
    queryKey: [...KEYS.olderOrders, scope], enabled: isAsked, initialPageParam: null as string | null, gcTime: 0, refetchInterval: NET_MS,
    queryFn: ({ signal, pageParam }) => askAmidPushes([...KEYS.olderOrders, scope], () => call('orders', { scope, limit: PAGE_MAX, ...(pageParam === null ? {} : { before: pageParam }) }, { signal }), mergeIntoPage),
    getNextPageParam: (page) => page.orders.at(-1)?.orderId ?? null,
    select: (data) => data.pages.flatMap((page) => page.orders),
  });
}
/** Symbols that match what was typed. */
export const useSymbols = (query: string, isEnabled = true): UseQueryResult<RouteOutput<'symbols'>> => useRoute('symbols', ['symbols', query], { query, limit: 20 }, { isEnabled });
/** Symbols to look at, by their letters or by a word of name or sector. */
export const useChartSymbols = (query: string, isEnabled = true): UseQueryResult<RouteOutput<'chartSymbols'>> => useRoute('chartSymbols', ['chartSymbols', query], { query, limit: 30 }, { isEnabled });
/** What is known of one symbol. */
export const useChartSymbol = (symbol: string | null): UseQueryResult<RouteOutput<'chartSymbol'>> => useRoute('chartSymbol', ['chartSymbol', symbol], { symbol: symbol ?? 'NONE' }, { isEnabled: symbol !== null });
/** Own fills and signals of a symbol since `from` (epoch ms), and its open orders; pushes of fills and orders ask for them again. */
export const useMarks = (symbol: string | null, from: number | null): UseQueryResult<RouteOutput<'marks'>> => useRoute('marks', ['marks', symbol, from], { symbol: symbol ?? 'NONE', from: from ?? 0, to: MARKS_TO }, { isEnabled: symbol !== null && from !== null, everyMs: 15_000 });
/** Saved looks of charts. */
export const useChartLayouts = (): UseQueryResult<RouteOutput<'chartLayouts'>> => useRoute('chartLayouts', ['chartLayouts'], {});
/** What was drawn on a symbol. */
export const useDrawings = (symbol: string | null): UseQueryResult<RouteOutput<'drawings'>> => useRoute('drawings', ['drawings', symbol], { symbol: symbol ?? 'NONE' }, { isEnabled: symbol !== null });
/** How far each consumer is behind. */
export const usePipeline = (): UseQueryResult<RouteOutput<'pipeline'>> => useRoute('pipeline', ['pipeline'], {}, { everyMs: 2_000 });
/** The ledger's own checks. */
export const useInvariants = (): UseQueryResult<RouteOutput<'invariants'>> => useRoute('invariants', ['invariants'], {}, { everyMs: 60_000 });

/** What risk would say; asked again when what is asked, or the market, moved. */
function usePreviewOf<N extends 'previewOrder' | 'previewReplaceOrder'>(name: N, input: RouteInput<N> | null): UseQueryResult<RouteOutput<N>> {
  return useQuery<RouteOutput<N>>({
    queryKey: ['preview', name, input], enabled: input !== null, refetchInterval: 3_000, retry: false, placeholderData: (before) => before,
    queryFn: ({ signal }) => {
      if (input === null) throw new Error('Nothing to preview');
      return call(name, input, { signal });
    },
  });
}
/** What risk would say about a ticket. */
export const usePreview = (ticket: OrderTicket | null): UseQueryResult<RouteOutput<'previewOrder'>> => usePreviewOf('previewOrder', ticket);
/** What risk would say about a change of an open order. */
export const useChangePreview = (change: RouteInput<'replaceOrder'> | null): UseQueryResult<RouteOutput<'previewReplaceOrder'>> => usePreviewOf('previewReplaceOrder', change);

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
