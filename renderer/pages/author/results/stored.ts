/** Of which days bars of the chosen symbols are stored, as the run bar says it. */
import { useQueries } from '@tanstack/react-query';
import type { ChartSymbol } from '#app/contracts/charts.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { call } from '../../../data/client.ts';
import { marketDay } from '../../../ui/format.ts';
import type { Stored } from './span.ts';

/** Symbols that are asked about; of more the first ones speak for all. */
const ASKED_MAX = 20;

/** What is stored of some symbols in one width. `days`: what one of them has at least; null when nothing is stored, or nothing is known. `missing`: symbols without such bars. */
export type StoredBars = { readonly days: Stored | null; readonly missing: readonly string[]; readonly isKnown: boolean };

/** Puts what is known of each symbol together. */
export function storedOf(symbols: readonly Pick<ChartSymbol, 'symbol' | 'series'>[], timeframe: Timeframe): StoredBars {
  const series = symbols.map(({ symbol, series: all }) => ({ symbol, one: all.find((wide) => wide.timeframe === timeframe) }));
  const found = series.flatMap(({ one }) => (one === undefined || one.firstOpenTime === null ? [] : [{ first: one.firstOpenTime, last: one.lastOpenTime }]));
  return {
    isKnown: true, missing: series.filter(({ one }) => one === undefined).map(({ symbol }) => symbol),
    days: found.length === 0 ? null : { first: marketDay(Math.min(...found.map(({ first }) => first))), last: marketDay(Math.max(...found.map(({ last }) => last))) },
  };
}

/** Asks what is stored; the questions are those of the charts. */
export function useStored(symbols: readonly string[], timeframe: Timeframe): StoredBars {
  return useQueries({
    queries: symbols.slice(0, ASKED_MAX).map((symbol) => ({ queryKey: ['chartSymbol', symbol], staleTime: 60_000, queryFn: ({ signal }: { signal: AbortSignal }) => call('chartSymbol', { symbol }, { signal }) })),
    combine: (answers): StoredBars => (answers.length > 0 && answers.every(({ data }) => data !== undefined) ? storedOf(symbols.slice(0, ASKED_MAX).map((symbol, n) => answers[n]?.data?.known ?? { symbol, series: [] }), timeframe) : { days: null, missing: [], isKnown: false }),
  });
}

/** What is stored, in words; null while it is not known. */
export function storedWords({ days, missing, isKnown }: StoredBars, timeframe: Timeframe): string | null {
  if (!isKnown) return null;
  if (days === null) return `No ${timeframe} bars of these symbols are stored`;
  const lacking = missing.length === 0 ? '' : `; none of ${missing.slice(0, 4).join(', ')}${missing.length > 4 ? ` and ${missing.length - 4} more` : ''}`;
  return `Stored: ${days.first} to ${days.last}${lacking}`;
}
