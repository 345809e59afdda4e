/** Everything the chart is made of, put together: bars (cut in a replay), other symbols, marks, lines at prices. */
import { useEffect, useMemo } from 'react';
import type { ChartMarks } from '#app/contracts/charts.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount, sliceColumns } from '#app/domain/bar-columns.ts';
import type { ChartLine } from '../../charts/price-figure.ts';
import { useIsStale } from '../../data/clock.ts';
import { useLivePrice } from '../../data/live.ts';
import { useMarks, usePositions } from '../../data/queries.ts';
import type { Tokens } from '../../theme.ts';
import { price, quantity } from '../../ui/format.ts';
import { useTokens } from '../../ui/use-tokens.ts';
import type { PriceLine } from './chart-layers.tsx';
import { actionMarks, barMarks } from './chart-marks.ts';
import type { ActionMark, BarMark } from './chart-marks.ts';
import { LINE_COLOURS } from './indicators.ts';
import { useLook } from './look.ts';
import { factorsOf } from './raw-prices.ts';
import type { FactorAt } from './raw-prices.ts';
import { useReplay } from './replay.ts';
import { changeSelection } from './selection.ts';
import { barOf } from './series.ts';
import { useCompared } from './use-compared.ts';
import { useSeries } from './use-series.ts';
import type { SeriesAsk, SeriesState } from './use-series.ts';

const MARK_BUCKET_MS = 86_400_000 * 30;
const LAST_OLD_MS = 90_000;
const NO_MARKS: ChartMarks = { fills: [], signals: [], orders: [], isCut: false };

/** Bars that may be seen: all, or in a replay those that opened by its day. */
function useVisible(columns: BarColumns | null): BarColumns | null {
  const replay = useReplay();
  const at = replay?.at ?? null;
  return useMemo(() => (columns === null || at === null ? columns : sliceColumns(columns, 0, Math.max(1, barOf(columns.time, at) + 1))), [columns, at]);
}

/** Other symbols' closes at the chart's bars: of the same time, else the last one before. */
function alignedLines(bars: BarColumns, others: ReadonlyMap<string, BarColumns>, symbols: readonly string[]): ChartLine[] {
  return symbols.flatMap((symbol, n) => {
    const other = others.get(symbol);
    if (!other) return [];
    const values = new Float64Array(barCount(bars)).fill(NaN);
    let at = -1;
    bars.time.forEach((time, i) => {
      while (at + 1 < other.time.length && (other.time[at + 1] ?? Infinity) <= time) at += 1;
      values[i] = at < 0 ? NaN : (other.close[at] ?? NaN);
    });
    return [{ name: symbol, colour: LINE_COLOURS[(n + 2) % LINE_COLOURS.length] ?? LINE_COLOURS[0], kind: 'line' as const, values, width: 1.6 }];
  });
}

/** Average of the position, open orders, the last trade. Nothing of it in a replay. */
function usePriceLines(symbol: string | null, marks: ChartMarks, lastClose: number | null, isReplaying: boolean): PriceLine[] {
  const positions = usePositions();
  const last = useLivePrice(symbol ?? '');
  const isStale = useIsStale();
  const held = positions.data?.positions.find((position) => position.symbol === symbol);
  return useMemo(() => {
    if (lastClose === null) return [];
    if (isReplaying) return [{ key: 'last', price: lastClose, text: '', tone: 'last' }];
    const now = last === null ? lastClose : Number(last.price);
    const lines: PriceLine[] = [{ key: 'last', price: now, text: '', tone: 'last', isStale: isStale || (last !== null && last.tsSeen > 0 && Date.now() - last.tsSeen > LAST_OLD_MS) }];
    if (held !== undefined && held.avgPrice !== null) lines.push({ key: 'position', price: Number(held.avgPrice), text: `${Number(held.qty) > 0 ? 'Long' : 'Short'} ${quantity(held.qty.replace('-', ''))} · average ${price(held.avgPrice)}`, tone: 'position' });
    for (const order of marks.orders) {
      for (const [name, at] of [['stop', order.stopPrice], ['limit', order.limitPrice]] as const) {
        if (at !== null) lines.push({ key: `${order.orderId} ${name}`, price: Number(at), text: `${order.side === 'buy' ? 'Buy' : 'Sell'} ${quantity(String(Number(order.qty) - Number(order.filledQty)))} ${name} ${price(at)}`, tone: order.side });
      }
    }
    return lines;
  }, [lastClose, isReplaying, last, held, marks.orders, isStale]);
}

/** What the page draws. `all`: the loaded bars, beyond a replay too. */
export type Chart = {
  readonly state: SeriesState & { loadOlder(): void; reload(): void }; readonly all: BarColumns | null; readonly bars: BarColumns | null; readonly origin: number; readonly tokens: Tokens; readonly compared: readonly ChartLine[]; readonly factorAt: FactorAt;
  readonly marks: readonly BarMark[]; readonly told: ChartMarks | undefined; readonly actions: readonly ActionMark[]; readonly lines: readonly PriceLine[]; readonly until: number | null;
};

/** Puts it together, and tells the other parts of the page (selection). */
export function useChart(symbol: string | null): Chart {
  const look = useLook();
  const { timeframe, adjustment, hours } = look;
  const ask = useMemo((): SeriesAsk | null => (symbol === null ? null : { symbol, timeframe, adjustment, hours }), [symbol, timeframe, adjustment, hours]);
  const loaded = useSeries(ask);
  // In the blink after another symbol or width was chosen the old bars are still there: they are not this one's, for the chart or for who listens to the selection.
  const state = loaded.ask === ask ? loaded : { ...loaded, ask: null, series: null, about: null, error: null };
  const replay = useReplay();
  const all = state.series?.columns ?? null;
  const bars = useVisible(all);
  const first = all?.time[0] ?? null;
  const others = useCompared(ask, look.compared, first);
  const compared = useMemo(() => (bars === null ? [] : alignedLines(bars, others, look.compared)), [bars, others, look.compared]);
  // Asked anew each time the chart has reached another month back, not for each bar.
  const from = first === null ? null : Math.floor(first / MARK_BUCKET_MS) * MARK_BUCKET_MS;
  const query = useMarks(symbol, from);
  const told = query.data;
  const actions = state.about?.actions;
  const factorAt = useMemo(() => factorsOf(actions ?? [], adjustment), [actions, adjustment]);
  const isReplaying = replay !== null;
  const marks = useMemo(() => (bars === null ? [] : barMarks(cut(told ?? NO_MARKS, bars, isReplaying), bars.time, factorAt)), [told, bars, factorAt, isReplaying]);
  const shownActions = useMemo(() => (bars === null || barCount(bars) === 0 ? [] : actionMarks(!isReplaying ? (actions ?? []) : (actions ?? []).filter((action) => Date.parse(action.exDate) <= (bars.time.at(-1) ?? 0)), bars.time, adjustment)), [actions, bars, adjustment, isReplaying]);
  const lines = usePriceLines(symbol, told ?? NO_MARKS, bars?.close.at(-1) ?? null, isReplaying);
  const tokens = useTokens();
  useEffect(() => {
    changeSelection({ symbol, timeframe, adjustment, hours, bars: bars !== null && barCount(bars) > 0 ? bars : null, revision: state.series?.revision ?? '', compared: look.compared, isReplaying });
  }, [symbol, timeframe, adjustment, hours, bars, state.series?.revision, look.compared, isReplaying]);
  return { state, all, bars, origin: state.series?.origin ?? 0, tokens, compared, factorAt, marks, told, actions: shownActions, lines, until: replay?.at ?? null };
}

/** In a replay nothing that was done after its last bar is known. */
function cut(marks: ChartMarks, bars: BarColumns, isReplaying: boolean): ChartMarks {
  if (!isReplaying) return marks;
  const last = bars.time.at(-1) ?? 0;
  const before = bars.time.at(-2) ?? last;
  const end = last + (last - before);
  return { ...marks, fills: marks.fills.filter((fill) => fill.at < end), signals: marks.signals.filter((signal) => signal.barOpenTime <= last) };
}
