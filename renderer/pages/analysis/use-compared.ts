/** Other symbols beside the one on the chart: kept as its own bars are, as far back as it shows. */
import { useEffect, useMemo, useState } from 'react';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { EMPTY, keepSeries, readOlder, RETRY_MS } from './use-series.ts';
import type { Keeper, SeriesAsk, SeriesState } from './use-series.ts';

type Known = ReadonlyMap<string, SeriesState>;
/** The keeping of a few symbols; `from` moves as the chart reaches further back. */
type Keeping = { reach(from: number): void; end(): void };

function startKeeping(ask: SeriesAsk, symbols: readonly string[], update: (change: (known: Known) => Known) => void, get: () => Known): Keeping {
  const own = new AbortController();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  let wantedFrom = Infinity;
  const keeperOf = (symbol: string): Keeper => ({
    signal: own.signal,
    get: () => get().get(symbol) ?? EMPTY,
    update: (change) => { if (!own.signal.aborted) update((known) => new Map([...known, [symbol, change(known.get(symbol) ?? EMPTY)]])); },
  });
  const keepers = new Map(symbols.map((symbol) => [symbol, keeperOf(symbol)]));
  const ends = [...keepers].map(([symbol, keeper]) => keepSeries({ ...ask, symbol }, keeper));
  const goBack = (symbol: string, keeper: Keeper): void => {
    const { series, isLoadingOlder } = keeper.get();
    if (series === null || !series.hasOlder || isLoadingOlder || timers.has(symbol) || (series.columns.time[0] ?? -Infinity) <= wantedFrom) return;
    void readOlder(keeper).then((isRead) => {
      if (!isRead && !own.signal.aborted) timers.set(symbol, setTimeout(() => { timers.delete(symbol); goBack(symbol, keeper); }, RETRY_MS));
    });
  };
  return {
    reach(from) {
      wantedFrom = from;
      for (const [symbol, keeper] of keepers) goBack(symbol, keeper);
    },
    end() {
      own.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      for (const end of ends) end();
    },
  };
}

/** Bars of other symbols in the width, hours and adjustment of `ask`, live, back to `from` (epoch ms) where there are any; a symbol is absent while it loads or when it has none. */
export function useCompared(ask: SeriesAsk | null, symbols: readonly string[], from: number | null): ReadonlyMap<string, BarColumns> {
  const [store] = useState(() => createStore<Known>(new Map()));
  const [keeping, setKeeping] = useState<Keeping | null>(null);
  const names = symbols.join(',');
  const { timeframe, adjustment, hours } = ask ?? {};
  useEffect(() => {
    store.set(new Map());
    if (names === '' || timeframe === undefined || adjustment === undefined || hours === undefined) return undefined;
    const started = startKeeping({ symbol: '', timeframe, adjustment, hours }, names.split(','), store.update, store.get);
    setKeeping(started);
    return () => {
      started.end();
      setKeeping(null);
    };
  }, [names, timeframe, adjustment, hours, store]);
  const known = useStore(store);
  useEffect(() => {
    if (from !== null) keeping?.reach(from);
  }, [known, keeping, from]);
  return useMemo(() => new Map([...known].flatMap(([symbol, { series }]) => (series === null ? [] : [[symbol, series.columns] as const]))), [known]);
}
