/** How the chart looks now: remembered in this browser from one visit to the next, and brought back by a saved layout. */
import { chartLookSchema, INDICATORS_MAX } from '#app/contracts/charts.ts';
import type { ChartLayout, ChartLook, ShownIndicator } from '#app/contracts/charts.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { showIndicator } from './indicators.ts';

const LOCAL_KEY = 'mainspring.chart';
const RECENT_KEY = 'mainspring.chart.recent';
const RECENT_MAX = 8;

/** What a new chart shows: two averages. */
function usualLook(): ChartLook {
  const look = chartLookSchema.parse({});
  const sma = indicatorById('SMA');
  if (sma === undefined) return look;
  const [short, long] = [showIndicator(sma, 'sma-20', []), showIndicator(sma, 'sma-50', [])];
  return { ...look, indicators: [{ ...short, colours: ['#3b82f6'] }, { ...long, values: [50], colours: ['#f59e0b'] }] };
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch (error) {
    console.warn('What this browser remembers of charts cannot be read', error);
    return null;
  }
}

/** Any saved look as a whole one; null when it is none. */
export function readLook(saved: unknown): ChartLook | null {
  const look = chartLookSchema.safeParse(saved);
  return look.success ? { ...look.data, indicators: look.data.indicators.filter((shown) => indicatorById(shown.id) !== undefined) } : null;
}

const saved = typeof localStorage === 'undefined' ? null : readLook(read(LOCAL_KEY));
const look = createStore<ChartLook>(saved ?? usualLook());
/** Has this browser a look of its own? Else the default layout of the book is taken, once. */
let isOwn = saved !== null;

/** The look. */
export function useLook(): ChartLook {
  return useStore(look);
}
/** The look now, outside React. */
export function lookNow(): ChartLook {
  return look.get();
}
/** Changes a part of it. */
export function changeLook(change: Partial<ChartLook>): void {
  isOwn = true;
  look.update((now) => ({ ...now, ...change }));
  localStorage.setItem(LOCAL_KEY, JSON.stringify(look.get()));
}
/** Takes the default layout when this browser has none of its own yet. */
export function adoptDefault(layouts: readonly ChartLayout[]): void {
  const normal = layouts.find((layout) => layout.isDefault);
  if (isOwn || normal === undefined) return;
  changeLook({ ...normal.look, compared: look.get().compared });
}

/** Adds an indicator; null when there are too many already. */
export function addIndicator(id: string): string | null {
  const indicator = indicatorById(id);
  const now = look.get();
  if (indicator === undefined || now.indicators.length >= INDICATORS_MAX) return null;
  const key = `${id.toLowerCase()}-${crypto.randomUUID().slice(0, 8)}`;
  changeLook({ indicators: [...now.indicators, showIndicator(indicator, key, now.indicators.flatMap((shown) => shown.colours))] });
  return key;
}
/** Changes one. */
export function changeIndicator(key: string, change: Partial<ShownIndicator>): void {
  changeLook({ indicators: look.get().indicators.map((shown) => (shown.key === key ? { ...shown, ...change } : shown)) });
}
/** Takes one away. */
export function removeIndicator(key: string): void {
  changeLook({ indicators: look.get().indicators.filter((shown) => shown.key !== key) });
}
/** Moves one before (-1) or behind (1) its neighbour among those for which `isPeer` holds. */
export function moveIndicator(key: string, step: -1 | 1, isPeer: (shown: ShownIndicator) => boolean): void {
  const list = [...look.get().indicators];
  const from = list.findIndex((shown) => shown.key === key);
  let to = from + step;
  while (list[to] !== undefined && !isPeer(list[to] as ShownIndicator)) to += step;
  const [moved, other] = [list[from], list[to]];
  if (moved === undefined || other === undefined) return;
  list[to] = moved;
  list[from] = other;
  changeLook({ indicators: list });
}

const recent = createStore<readonly string[]>(typeof localStorage === 'undefined' ? [] : ((list) => (Array.isArray(list) ? list.filter((one) => typeof one === 'string').slice(0, RECENT_MAX) : []))(read(RECENT_KEY)));
/** Symbols looked at before, the newest first. */
export function useRecent(): readonly string[] {
  return useStore(recent);
}
/** The last symbol that was looked at; null on the first visit. */
export function lastSymbol(): string | null {
  return recent.get()[0] ?? null;
}
/** Notes that a symbol is looked at. */
export function noteRecent(symbol: string): void {
  if (recent.get()[0] === symbol) return;
  recent.update((list) => [symbol, ...list.filter((one) => one !== symbol)].slice(0, RECENT_MAX));
  localStorage.setItem(RECENT_KEY, JSON.stringify(recent.get()));
}
