/** The bars of the chart: a first stretch at once, older ones when the chart is moved there, new ones as they close. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { LiveBar } from '#app/contracts/live.ts';
import { BARS_MAX } from '#app/contracts/market-data.ts';
import type { BarsView } from '#app/contracts/market-data.ts';
import { barCount } from '#app/domain/bar-columns.ts';
import { call, ClientError } from '../../data/client.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { onLiveBars } from '../../data/live.ts';
import { applyMinute, indexAt, mergeTail, prependOlder, startSeries } from './series.ts';
import type { Series } from './series.ts';

/** Which bars. */
export type SeriesAsk = { readonly symbol: string; readonly timeframe: BarsView['timeframe']; readonly adjustment: BarsView['adjustment']; readonly hours: BarsView['hours'] };
/** What is there of them. `about`: the newest answer (sources, actions, age). */
export type SeriesState = { readonly ask: SeriesAsk | null; readonly series: Series | null; readonly about: BarsView | null; readonly error: unknown; readonly isLoadingOlder: boolean; readonly askedAt: number };

const FIRST_BARS = 1_500;
const OLDER_BARS = 4_000;
const TAIL_BARS = 300;
/** The book is asked for the newest bars again this often: corrections, archives and wide bars come this way. */
const TAIL_EVERY_MS = 15_000;
/** After a failure it is asked again this much later. */
export const RETRY_MS = 3_000;

/** Nothing is known yet. */
export const EMPTY: SeriesState = { ask: null, series: null, about: null, error: null, isLoadingOlder: false, askedAt: 0 };

/** A whole new reading in the place of an old one: bars keep their x. */
function inPlace(old: Series, view: BarsView): Series {
  const fresh = startSeries(view);
  const anchor = old.columns.time.at(-1);
  if (anchor === undefined) return fresh;
  const oldX = barCount(old.columns) - 1 - old.origin;
  const at = indexAt(fresh.columns.time, anchor);
  return { ...fresh, origin: Math.min(at, barCount(fresh.columns) - 1) - oldX };
}

/** Refusals of now, not of what was asked: not signed in, too slow, too early, too many. */
const PASSING: ReadonlySet<number> = new Set([401, 408, 425, 429]);
/** Is a refusal one that asking again does not change? */
export function isFinal(error: unknown): boolean {
  return error instanceof ClientError && error.status >= 400 && error.status < 500 && !PASSING.has(error.status);
}

/** Where the bars of one symbol are kept; `signal` ends the keeping. */
export type Keeper = { readonly signal: AbortSignal; get(): SeriesState; update(change: (now: SeriesState) => SeriesState): void };

/** Reads the newest bars again, all loaded ones when some of them were corrected. */
async function readTail(wanted: SeriesAsk, series: Series, signal: AbortSignal): Promise<{ view: BarsView; next: Series }> {
  const isEmpty = barCount(series.columns) === 0;
  const view = await call('bars', { ...wanted, limit: isEmpty ? FIRST_BARS : TAIL_BARS }, { signal });
  if (isEmpty) return { view, next: startSeries(view) };
  if (view.revision === series.revision) return { view, next: mergeTail(series, view) ?? startSeries(view) };
  const whole = await call('bars', { ...wanted, limit: Math.min(BARS_MAX, Math.max(FIRST_BARS, barCount(series.columns))) }, { signal });
  return { view: whole, next: inPlace(series, whole) };
}

/** Puts minutes that were pushed into the series; true when one of them can only be had from the book. */
function takeMinutes(wanted: SeriesAsk, bars: readonly LiveBar[], { get, update }: Keeper): boolean {
  const { series } = get();
  if (series === null || barCount(series.columns) === 0) return false;
  let [now, mustAsk] = [series, false];
  for (const bar of bars) {
    const next = applyMinute(now, bar, wanted);
    if (next === 'ask') mustAsk = true;
    else now = next;
  }
  if (now !== series) update((state) => ({ ...state, series: now, askedAt: Date.now() }));
  return mustAsk;
}

/** Loads the first stretch, then keeps its end up to date. Returns the end of it. */
export function keepSeries(wanted: SeriesAsk, keeper: Keeper): () => void {
  const { signal, get, update } = keeper;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let [isAsking, mustAgain] = [false, false];
  const failed = (error: unknown, again: () => void): void => {
    if (signal.aborted) return;
    update((now) => ({ ...now, ask: wanted, error }));
    if (!isFinal(error)) timer = setTimeout(again, RETRY_MS);
  };
  const tail = (): void => {
    const { series } = get();
    if (series === null) return;
    // One question at a time: a second one would begin a second round of them that nobody ends.
    if (isAsking) {
      mustAgain = true;
      return;
    }
    clearTimeout(timer);
    [isAsking, mustAgain] = [true, false];
    readTail(wanted, series, signal).then(
      ({ view, next }) => {
        isAsking = false;
        if (signal.aborted) return;
        // Minutes and older bars that came while it was asked are in the series of now: then the next reading brings the rest.
        update((now) => (now.series === series ? { ...now, series: next, about: { ...view, actions: mergeActions(now.about ?? view, view) }, error: null, askedAt: Date.now() } : { ...now, error: null }));
        timer = setTimeout(tail, get().series === next && !mustAgain ? TAIL_EVERY_MS : RETRY_MS);
      },
      (error: unknown) => {
        isAsking = false;
        failed(error, tail);
      },
    );
  };
  const first = (): void => {
    call('bars', { ...wanted, limit: FIRST_BARS }, { signal }).then(
      (view) => {
        if (signal.aborted) return;
        update(() => ({ ...EMPTY, ask: wanted, series: startSeries(view), about: view, askedAt: Date.now() }));
        timer = setTimeout(tail, TAIL_EVERY_MS);
      },
      (error: unknown) => failed(error, first),
    );
  };
  first();
  const hushed = onLiveBars((bars) => {
    if (bars === 'missed' || takeMinutes(wanted, bars.filter((bar) => bar.symbol === wanted.symbol), keeper)) tail();
  });
  return () => {
    clearTimeout(timer);
    hushed();
  };
}

/** Reads a stretch before the first bar, if there is one and it is not being read already; false = it failed. */
export async function readOlder({ signal, get, update }: Keeper): Promise<boolean> {
  const { series, isLoadingOlder, ask: wanted } = get();
  const before = series?.columns.time[0];
  if (series === null || wanted === null || before === undefined || !series.hasOlder || isLoadingOlder) return true;
  update((now) => ({ ...now, isLoadingOlder: true }));
  try {
    const view = await call('bars', { ...wanted, before, limit: OLDER_BARS }, { signal });
    update((now) => ({ ...now, isLoadingOlder: false, series: now.series === null ? null : prependOlder(now.series, view), about: now.about === null ? view : { ...now.about, actions: mergeActions(view, now.about), isFromArchive: now.about.isFromArchive || view.isFromArchive } }));
    return true;
  } catch (error) {
    if (!signal.aborted) console.warn(`Older bars of ${wanted.symbol} could not be read`, error);
    update((now) => ({ ...now, isLoadingOlder: false }));
    return false;
  }
}

/** Loads and keeps the bars of `ask`; while a new one loads, the old state is gone. Null: nothing is wanted. */
export function useSeries(ask: SeriesAsk | null): SeriesState & { loadOlder(): void; reload(): void } {
  const [store] = useState(() => createStore<SeriesState>(EMPTY));
  const [round, setRound] = useState(0);
  const keeper = useRef<Keeper | null>(null);
  useEffect(() => {
    store.set(EMPTY);
    if (ask === null) return undefined;
    const own = new AbortController();
    keeper.current = { signal: own.signal, get: store.get, update: (change) => { if (!own.signal.aborted) store.update(change); } };
    const end = keepSeries(ask, keeper.current);
    return () => {
      own.abort();
      end();
    };
  }, [ask, round, store]);
  const state = useStore(store);
  return { ...state, loadOlder: useCallback(() => { if (keeper.current !== null) void readOlder(keeper.current); }, []), reload: useCallback(() => setRound((now) => now + 1), []) };
}

/** Marks of two answers, each day and kind once, oldest first. */
function mergeActions(older: BarsView, newer: BarsView): BarsView['actions'] {
  const all = new Map([...older.actions, ...newer.actions].map((action) => [`${action.exDate} ${action.kind} ${action.text}`, action]));
  return [...all.values()].sort((a, b) => a.exDate.localeCompare(b.exDate));
}
