/** What the analysis page is about: one symbol in one width, the bars that may be seen of it, and the bar that was clicked. Every part of the page watches this: `why/why-card.tsx` (WhyCard, in the side) and `stats/stats-drawer.tsx` (StatsDrawer, below) take nothing else. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { BarsView, ChartTimeframe } from '#app/contracts/market-data.ts';
import { createStore, useStore } from '../../data/external-store.ts';

/** What the page is about. */
export type Selection = {
  /** Null until one was picked. */
  readonly symbol: string | null;
  readonly timeframe: ChartTimeframe;
  readonly adjustment: BarsView['adjustment'];
  readonly hours: BarsView['hours'];
  /** All that were loaded, oldest first, the running bar included; during a replay only those that are over by then. Null while there are none. A new object whenever a bar changes. */
  readonly bars: BarColumns | null;
  /** Changes when bars of the series are corrected: what was worked out from them is asked for again. */
  readonly revision: string;
  /** Open of the bar that was clicked, epoch ms. */
  readonly chosen: number | null;
  /** Symbols that are compared with it. */
  readonly compared: readonly string[];
  /** A replay is on: nothing after the last of `bars` may be shown. */
  readonly isReplaying: boolean;
};

/** Before anything was picked. */
export const NOTHING_SELECTED: Selection = { symbol: null, timeframe: '1Day', adjustment: 'split', hours: 'regular', bars: null, revision: '', chosen: null, compared: [], isReplaying: false };

const selection = createStore<Selection>(NOTHING_SELECTED);

/** The selection, or a part of it that keeps its identity while it does not change. */
export function useSelection<P = Selection>(select?: (now: Selection) => P): P {
  return useStore(selection, select);
}
/** The selection now, outside React. */
export function selected(): Selection {
  return selection.get();
}
/** Changes a part of it. */
export function changeSelection(change: Partial<Selection>): void {
  selection.update((now) => ({ ...now, ...change }));
}
/** Notes the bar that was clicked (epoch ms of its open); null lets go of it. */
export function chooseBar(openTime: number | null): void {
  if (selection.get().chosen !== openTime) changeSelection({ chosen: openTime });
}
