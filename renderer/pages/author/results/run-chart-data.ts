/** The bars that a run traded, as columns: the newest stretch at once, older ones when they are wanted; and where its trades stand on them. */
import { useCallback, useMemo } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { BacktestResult, BacktestTrade } from '#app/contracts/backtest.ts';
import { BARS_MAX } from '#app/contracts/market-data.ts';
import type { BarsView } from '#app/contracts/market-data.ts';
import { barColumns, barCount } from '#app/domain/bar-columns.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { call } from '../../../data/client.ts';
import { money, price, quantity } from '../../../ui/format.ts';

/** Bars of the first answer, and of each older one. */
const FIRST_BARS = 5_000;
/** Answers that are kept of one series: 45,000 bars. */
const PAGES_MAX = 5;

/** The bars of a symbol within a run. `origin`: bars that were put in front of the first answer. */
export type RunBars = { readonly bars: BarColumns; readonly origin: number; readonly hasOlder: boolean; readonly isLoading: boolean; readonly error: unknown; loadOlder(): void; retry(): void };

function joined(pages: readonly BarsView[]): BarColumns {
  const all = [...pages].reverse();
  const out = barColumns(all.reduce((sum, { columns }) => sum + columns.time.length, 0));
  let at = 0;
  for (const { columns } of all) {
    for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) out[field].set(columns[field], at);
    at += columns.time.length;
  }
  return out;
}

/** Loads them. */
export function useRunBars(result: Pick<BacktestResult, 'timeframe' | 'from' | 'to'>, symbol: string): RunBars {
  const { timeframe, from, to } = result;
  const query = useInfiniteQuery({
    queryKey: ['run bars', symbol, timeframe, from, to], enabled: to !== null, initialPageParam: to ?? 0, staleTime: Number.POSITIVE_INFINITY, maxPages: PAGES_MAX,
    queryFn: ({ signal, pageParam }) => call('bars', { symbol, timeframe, adjustment: 'split', hours: 'regular', before: pageParam, limit: pageParam === to ? FIRST_BARS : BARS_MAX }, { signal }),
    getNextPageParam: (page, pages) => {
      const first = page.columns.time[0];
      return first === undefined || from === null || first <= from || !page.hasOlder || pages.length >= PAGES_MAX ? null : first;
    },
  });
  const pages = query.data?.pages;
  const bars = useMemo(() => {
    const all = joined(pages ?? []);
    const start = from === null ? 0 : all.time.findIndex((time) => time >= from);
    if (start <= 0) return all;
    return { time: all.time.subarray(start), open: all.open.subarray(start), high: all.high.subarray(start), low: all.low.subarray(start), close: all.close.subarray(start), volume: all.volume.subarray(start) };
  }, [pages, from]);
  const { fetchNextPage, hasNextPage, isFetchingNextPage, refetch } = query;
  const loadOlder = useCallback(() => { if (hasNextPage && !isFetchingNextPage) void fetchNextPage(); }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  const retry = useCallback(() => void refetch(), [refetch]);
  const newestCount = pages?.[0]?.columns.time.length ?? 0;
  return { bars, origin: Math.max(0, barCount(bars) - newestCount), hasOlder: hasNextPage, isLoading: query.isLoading, error: query.data === undefined ? query.error : null, loadOlder, retry };
}

/** The bar that holds an instant: the last that opens before it; -1 before the first. A trade is told at the close of its bar. */
export function barAt(time: Float64Array, instant: number): number {
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((time[middle] ?? Infinity) < instant) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Fills of one bar and side. */
export type TradeMark = { readonly key: string; readonly index: number; readonly side: 'buy' | 'sell'; readonly count: number; readonly words: readonly string[] };
const WORDS_MAX = 6;

/** Where the fills of a symbol stand. */
export function tradeMarks(trades: readonly BacktestTrade[], symbol: string, time: Float64Array): readonly TradeMark[] {
  const groups = new Map<string, { index: number; side: 'buy' | 'sell'; words: string[] }>();
  for (const trade of trades) {
    if (trade.symbol !== symbol) continue;
    const index = barAt(time, trade.tsMarket);
    if (index < 0) continue;
    const key = `${trade.side} ${index}`;
    const group = groups.get(key) ?? { index, side: trade.side, words: [] };
    group.words.push(`${trade.side === 'buy' ? 'Bought' : 'Sold'} ${quantity(trade.qty)} at ${price(trade.price)}${Number(trade.fee) > 0 ? ` · fees ${money(trade.fee)}` : ''}`);
    groups.set(key, group);
  }
  return [...groups].map(([key, { index, side, words }]) => ({ key, index, side, count: words.length, words: words.length > WORDS_MAX ? [...words.slice(0, WORDS_MAX), `and ${words.length - WORDS_MAX} more`] : words }));
}
