/** The bars of the chart: a first stretch at once, older ones when the chart is moved there, new ones as they close. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { BarsView } from '#app/contracts/market-data.ts';
import { barCount } from '#app/domain/bar-columns.ts';
import { call, ClientError } from '../../data/client.ts';
import { onLiveBars } from '../../data/live.ts';
import { applyMinute, columnsFrom, indexAt, mergeTail, prependOlder, startSeries } from './series.ts';
import type { Series } from './series.ts';

/** Which bars. */
export type SeriesAsk = { readonly symbol: string; readonly timeframe: BarsView['timeframe']; readonly adjustment: BarsView['adjustment']; readonly hours: BarsView['hours'] };
/** What is there of them. `about`: the newest answer (sources, actions, age). */
export type SeriesState = { readonly ask: SeriesAsk | null; readonly series: Series | null; readonly about: BarsView | null; readonly error: unknown; readonly isLoadingOlder: boolean; readonly askedAt: number };

const FIRST_BARS = 1_500;
const OLDER_BARS = 4_000;
const TAIL_BARS = 300;
const LOADED_MAX = 10_000;
/** The book is asked for the newest bars again this often: corrections, archives and wide bars come this way. */
const TAIL_EVERY_MS = 15_000;
const RETRY_MS = 3_000;

const EMPTY: SeriesState = { ask: null, series: null, about: null, error: null, isLoadingOlder: false, askedAt: 0 };

/** A whole new reading in the place of an old one: bars keep their x. */
function inPlace(old: Series, view: BarsView): Series {
  const fresh = startSeries(view);
  const anchor = old.columns.time.at(-1);
  if (anchor === undefined) return fresh;
  const oldX = barCount(old.columns) - 1 - old.origin;
  const at = indexAt(fresh.columns.time, anchor);
  return { ...fresh, origin: Math.min(at, barCount(fresh.columns) - 1) - oldX };
}

/** Is a refusal one that asking again does not change? */
function isFinal(error: unknown): boolean {
  return error instanceof ClientError && error.status >= 400 && error.status < 500 && error.status !== 401;
}

/** Loads and keeps the bars of `ask`; while a new one loads, the old state is gone. Null: nothing is wanted. */
export function useSeries(ask: SeriesAsk | null): SeriesState & { loadOlder(): void; reload(): void } {
  const [state, setState] = useState<SeriesState>(EMPTY);
  const [round, setRound] = useState(0);
  const latest = useRef(state);
  useEffect(() => {
    latest.current = state;
  }, [state]);
  const key = ask === null ? '' : [ask.symbol, ask.timeframe, ask.adjustment, ask.hours].join(' ');
  const asked = useRef(ask);
  useEffect(() => {
    asked.current = ask;
  });
  const end = useRef(new AbortController());

  useEffect(() => {
    const own = new AbortController();
    end.current = own;
    const wanted = asked.current;
    setState(EMPTY);
    if (key === '' || wanted === null) return () => own.abort();
    const { signal } = own;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const failed = (error: unknown, again: () => void): void => {
      if (signal.aborted) return;
      setState((now) => ({ ...now, ask: wanted, error }));
      if (!isFinal(error)) timer = setTimeout(again, RETRY_MS);
    };
    const first = (): void => {
      call('bars', { ...wanted, limit: FIRST_BARS }, { signal }).then((view) => {
        if (signal.aborted) return;
        setState({ ...EMPTY, ask: wanted, series: startSeries(view), about: view, askedAt: Date.now() });
        timer = setTimeout(tail, TAIL_EVERY_MS);
      }, (error: unknown) => failed(error, first));
    };
    const tail = (): void => {
      clearTimeout(timer);
      const { series } = latest.current;
      if (series === null) return;
      const isEmpty = barCount(series.columns) === 0;
      call('bars', { ...wanted, limit: isEmpty ? FIRST_BARS : TAIL_BARS }, { signal }).then(async (view) => {
        const isChanged = view.revision !== series.revision;
        const whole = !isEmpty && isChanged ? await call('bars', { ...wanted, limit: Math.min(LOADED_MAX, Math.max(FIRST_BARS, barCount(series.columns))) }, { signal }) : null;
        if (signal.aborted) return;
        setState((now) => {
          if (now.series === null) return now;
          const next = isEmpty ? startSeries(view) : whole === null ? mergeTail(now.series, view) : inPlace(now.series, whole);
          return { ...now, series: next ?? startSeries(view), about: whole ?? view, error: null, askedAt: Date.now() };
        });
        timer = setTimeout(tail, TAIL_EVERY_MS);
      }).catch((error: unknown) => failed(error, tail));
    };
    first();
    const hushed = onLiveBars((bars) => {
      if (bars === 'missed') return tail();
      const mine = bars.filter((bar) => bar.symbol === wanted.symbol);
      if (mine.length === 0) return undefined;
      let mustAsk = false;
      setState((now) => {
        if (now.series === null || barCount(now.series.columns) === 0) return now;
        let series = now.series;
        for (const bar of mine) {
          const next = applyMinute(series, bar, wanted);
          if (next === 'ask') mustAsk = true;
          else series = next;
        }
        return series === now.series ? now : { ...now, series, askedAt: Date.now() };
      });
      // The update above has run when the timer fires.
      setTimeout(() => { if (mustAsk && !signal.aborted) tail(); }, 50);
      return undefined;
    });
    return () => {
      own.abort();
      clearTimeout(timer);
      hushed();
    };
  }, [key, round]);

  const loadOlder = useCallback((): void => {
    const { series, isLoadingOlder, ask: wanted } = latest.current;
    const before = series?.columns.time[0];
    if (series === null || wanted === null || before === undefined || !series.hasOlder || isLoadingOlder) return;
    const { signal } = end.current;
    latest.current = { ...latest.current, isLoadingOlder: true };
    setState((now) => ({ ...now, isLoadingOlder: true }));
    call('bars', { ...wanted, before, limit: OLDER_BARS }, { signal }).then(
      (view) => { if (!signal.aborted) setState((now) => ({ ...now, isLoadingOlder: false, series: now.series === null ? null : prependOlder(now.series, view), about: now.about === null ? view : { ...now.about, actions: mergeActions(view, now.about), isFromArchive: now.about.isFromArchive || view.isFromArchive } })); },
      (error: unknown) => { if (!signal.aborted) { console.warn('Older bars could not be read', error); setState((now) => ({ ...now, isLoadingOlder: false })); } },
    );
  }, []);
  return { ...state, loadOlder, reload: useCallback(() => setRound((now) => now + 1), []) };
}

/** Marks of two answers, each day and kind once, oldest first. */
function mergeActions(older: BarsView, newer: BarsView): BarsView['actions'] {
  const all = new Map([...older.actions, ...newer.actions].map((action) => [`${action.exDate} ${action.kind} ${action.text}`, action]));
  return [...all.values()].sort((a, b) => a.exDate.localeCompare(b.exDate));
}

/** Closes of other symbols in the same width, for comparison; null while one is loading or has none. */
export function useCompared(ask: SeriesAsk | null, symbols: readonly string[], from: number | null): ReadonlyMap<string, { time: Float64Array; close: Float64Array } | null> {
  const [known, setKnown] = useState<ReadonlyMap<string, { time: Float64Array; close: Float64Array } | null>>(new Map());
  const names = symbols.join(',');
  const { timeframe, adjustment, hours } = ask ?? {};
  // Asked anew when the chart has reached bars of another thousand days, not for each one.
  const reach = from === null ? null : Math.floor(from / 86_400_000_000);
  useEffect(() => {
    const own = new AbortController();
    if (names === '' || timeframe === undefined || adjustment === undefined || hours === undefined || reach === null) {
      setKnown(new Map());
      return () => own.abort();
    }
    for (const symbol of names.split(',')) {
      call('bars', { symbol, timeframe, adjustment, hours, limit: LOADED_MAX }, { signal: own.signal }).then(
        (view) => { const { time, close } = columnsFrom(view); setKnown((now) => new Map([...now, [symbol, { time, close }]])); },
        (error: unknown) => { if (!own.signal.aborted) { console.warn(`${symbol} cannot be compared`, error); setKnown((now) => new Map([...now, [symbol, null]])); } },
      );
    }
    return () => own.abort();
  }, [names, timeframe, adjustment, hours, reach]);
  return known;
}
