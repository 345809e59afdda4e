/** Bars of other symbols beside the one on the chart: for beta and correlations. */
import { useMemo } from 'react';
import { useQueries } from '@tanstack/react-query';
import type { BarsView, ChartTimeframe } from '#app/contracts/market-data.ts';
import type { PricedSeries } from '#app/analytics/correlation-matrix.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#app/domain/time.ts';
import { call } from '../../../data/client.ts';
import { useSymbols } from '../../../data/queries.ts';
import { useSelection } from '../selection.ts';

/** Symbols in a matrix at most, the one on the chart included. */
export const MATRIX_MAX = 8;
/** Bars of each other symbol at most. */
const OTHERS_BARS = 5_000;
const AGAIN_MS = 60_000;
/** Bars of a step of a replay, and the time that as many take at least. */
const STEP_BARS = 60;
const BEFORE_STEP_MS: Readonly<Record<ChartTimeframe, number>> = { '1Min': STEP_BARS * MINUTE_MS, '5Min': 5 * STEP_BARS * MINUTE_MS, '15Min': 15 * STEP_BARS * MINUTE_MS, '30Min': 30 * STEP_BARS * MINUTE_MS, '1Hour': STEP_BARS * HOUR_MS, '1Day': STEP_BARS * DAY_MS, '1Week': 7 * STEP_BARS * DAY_MS, '1Month': 28 * STEP_BARS * DAY_MS };

/** A symbol and its closes; null while it loads or where it has none. */
export type Other = { readonly symbol: string; readonly series: PricedSeries | null; readonly error: unknown; readonly isLoading: boolean };

/** Symbols to compare with: those that are compared on the chart, then the watched ones. */
export function useNeighbours(isEnabled: boolean): string[] {
  const symbol = useSelection((now) => now.symbol);
  const compared = useSelection((now) => now.compared);
  const known = useSymbols('', isEnabled);
  return useMemo(() => {
    const watched = (known.data?.symbols ?? []).filter((each) => each.isWatched).map((each) => each.symbol);
    return [...new Set([...compared, ...watched])].filter((each) => each !== symbol).slice(0, MATRIX_MAX - 1);
  }, [compared, known.data, symbol]);
}

/** The closes of these symbols in the width, adjustment and hours of the chart, over its stretch [from, to]. Nothing is asked while `isEnabled` is false. */
export function useOthers(symbols: readonly string[], { bars, from, to, isEnabled }: { readonly bars: number; readonly from: number; readonly to: number; readonly isEnabled: boolean }): Other[] {
  const { timeframe, adjustment, hours, isReplaying } = useSelection();
  // The newest bars are the future during a replay: those up to its present are asked for, in steps, so that not every bar asks anew.
  const before = isReplaying ? Math.ceil((to + 1) / BEFORE_STEP_MS[timeframe]) * BEFORE_STEP_MS[timeframe] : undefined;
  const limit = Math.min(OTHERS_BARS, Math.max(2, Math.ceil(bars / 250) * 250) + (isReplaying ? STEP_BARS : 0));
  const queries = useQueries({
    queries: symbols.map((symbol) => ({
      queryKey: ['bars beside', symbol, timeframe, adjustment, hours, limit, before ?? null], enabled: isEnabled, staleTime: AGAIN_MS, refetchInterval: AGAIN_MS,
      queryFn: ({ signal }: { signal: AbortSignal }): Promise<BarsView> => call('bars', { symbol, timeframe, adjustment, hours, limit, ...(before === undefined ? {} : { before }) }, { signal }),
    })),
  });
  return symbols.map((symbol, n) => {
    const query = queries[n];
    return { symbol, series: query?.data === undefined ? null : within(query.data, from, to), error: query?.error ?? null, isLoading: query?.isPending ?? true };
  });
}

/** Nothing beyond the stretch that is looked at: during a replay the future is not known. */
function within({ columns }: BarsView, from: number, to: number): PricedSeries {
  const [time, close]: [number[], number[]] = [[], []];
  columns.time.forEach((at, n) => {
    if (at < from || at > to) return;
    time.push(at);
    close.push(columns.close[n] ?? NaN);
  });
  return { time, close };
}
