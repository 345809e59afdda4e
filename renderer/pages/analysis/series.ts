/** The loaded bars of one symbol: how stretches are put together without a bar moving its place. Pure. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { barCount, BAR_FIELDS, barColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import { epochMs } from '#app/domain/time.ts';
import { calendarCovers, isInSession } from '#app/market/calendar.ts';
import { chartOpen } from '#app/market/chart-bars.ts';
import type { BarsView, ChartTimeframe } from '#app/contracts/market-data.ts';
import type { LiveBar } from '#app/contracts/live.ts';

/**
 * A loaded stretch. `origin`: how many bars stand before the one that was first when loading began; bar `i` is drawn at x = i - origin, so that older bars
 * come in on the left and nothing moves. `minutesTo`: open of the newest minute that the last bar holds.
 */
export type Series = { readonly columns: BarColumns; readonly origin: number; readonly hasOlder: boolean; readonly minutesTo: number; readonly revision: string };

/** Is a timeframe narrower than a day? Wider bars are made on the exchange's days by the gateway. */
export function isIntraday(timeframe: ChartTimeframe): boolean {
  return timeframe.endsWith('Min') || timeframe === '1Hour';
}

/** Columns of an answer. */
export function columnsFrom(view: Pick<BarsView, 'columns'>): BarColumns {
  const { time, open, high, low, close, volume } = view.columns;
  return { time: Float64Array.from(time), open: Float64Array.from(open), high: Float64Array.from(high), low: Float64Array.from(low), close: Float64Array.from(close), volume: Float64Array.from(volume) };
}

/** The first stretch. */
export function startSeries(view: BarsView): Series {
  return { columns: columnsFrom(view), origin: 0, hasOlder: view.hasOlder, minutesTo: view.newest ?? -Infinity, revision: view.revision };
}

function join(parts: readonly BarColumns[]): BarColumns {
  const all = barColumns(parts.reduce((sum, part) => sum + barCount(part), 0));
  let at = 0;
  for (const part of parts) {
    all.time.set(part.time, at);
    for (const field of BAR_FIELDS) all[field].set(part[field], at);
    at += part.time.length;
  }
  return all;
}

/** First index whose time is not before `time`; the number of bars when there is none. */
export function indexAt(time: Float64Array, at: number): number {
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((time[middle] ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the bar that an instant belongs to: the last one that opens at or before it; -1 before the first. */
export function barOf(time: Float64Array, at: number): number {
  return indexAt(time, at + 1) - 1;
}

/** Older bars put in front; what overlaps is left out. */
export function prependOlder(series: Series, view: BarsView): Series {
  const older = columnsFrom(view);
  const fitting = sliceColumns(older, 0, indexAt(older.time, series.columns.time[0] ?? Infinity));
  const added = barCount(fitting);
  // An answer without anything older ends the asking, whatever it says of itself.
  return added === 0 ? { ...series, hasOlder: false } : { ...series, columns: join([fitting, series.columns]), origin: series.origin + added, hasOlder: view.hasOlder };
}

/** The newest bars as the book has them now, over what was put together live. Nothing fits between (the answer begins after our end): null, load anew. */
export function mergeTail(series: Series, view: BarsView): Series | null {
  const tail = columnsFrom(view);
  const first = tail.time[0];
  if (first === undefined) return series;
  const from = indexAt(series.columns.time, first);
  if (from === barCount(series.columns) && barCount(series.columns) > 0 && view.hasOlder) return null;
  // A bar that is newer than the book's newest was put together from pushes: it stays until the book has it.
  const lastTold = tail.time.at(-1) ?? first;
  const own = sliceColumns(series.columns, indexAt(series.columns.time, lastTold + 1), barCount(series.columns));
  return { ...series, columns: join([sliceColumns(series.columns, 0, from), tail, own]), minutesTo: Math.max(series.minutesTo, view.newest ?? -Infinity), revision: view.revision };
}

function isShown(openTime: number, hours: BarsView['hours']): boolean {
  if (hours === 'all') return true;
  const at = epochMs(openTime);
  return calendarCovers(at) && isInSession(at);
}

/** One row put at the end, or over the last one. */
function withLast(columns: BarColumns, row: { time: number; open: number; high: number; low: number; close: number; volume: number }, replaces: boolean): BarColumns {
  const length = barCount(columns) - Number(replaces);
  const last = barColumns(1);
  last.time[0] = row.time;
  for (const field of BAR_FIELDS) last[field][0] = row[field];
  return join([sliceColumns(columns, 0, length), last]);
}

/**
 * A minute bar as it closed, put into the last bar or behind it. `factor`: what raw prices are multiplied by in this view (1 for the newest day).
 * The same series when it changes nothing: an older minute, one outside the shown hours, a day chart. A correction cannot be taken out of a wide bar: 'ask' the book.
 */
export function applyMinute(series: Series, bar: LiveBar, shown: { timeframe: ChartTimeframe; hours: BarsView['hours'] }): Series | 'ask' {
  if (!isIntraday(shown.timeframe) || !isShown(bar.openTime, shown.hours)) return series;
  const { columns } = series;
  const lastTime = columns.time.at(-1) ?? -Infinity;
  const time = chartOpen(epochMs(bar.openTime), shown.timeframe);
  if (bar.isRevision || time < lastTime) return shown.timeframe === '1Min' && bar.isRevision ? reviseMinute(series, bar) : 'ask';
  if (bar.openTime <= series.minutesTo) return series;
  const minutesTo = bar.openTime;
  if (time > lastTime) return { ...series, columns: withLast(columns, { ...bar, time }, false), minutesTo };
  const at = barCount(columns) - 1;
  const row = { time, open: columns.open[at] ?? bar.open, high: Math.max(columns.high[at] ?? bar.high, bar.high), low: Math.min(columns.low[at] ?? bar.low, bar.low), close: bar.close, volume: (columns.volume[at] ?? 0) + bar.volume };
  return { ...series, columns: withLast(columns, row, true), minutesTo };
}

function reviseMinute(series: Series, bar: LiveBar): Series | 'ask' {
  const at = indexAt(series.columns.time, bar.openTime);
  if (series.columns.time[at] !== bar.openTime) return 'ask';
  const columns = join([series.columns]);
  for (const field of BAR_FIELDS) columns[field][at] = bar[field];
  return { ...series, columns };
}

/**
 * Heikin-Ashi bars (D. Valcu, "Using the Heikin-Ashi technique", Stocks & Commodities 22:2, 2004): close = (o + h + l + c) / 4, open = the mean of the last
 * Heikin-Ashi open and close, high and low reach them. Of bars 10/12/9/11 and 11/13/10/12: 10.5/12/9/10.5, then 10.5/13/10/11.5.
 */
export function heikinAshi(bars: BarColumns): BarColumns {
  const length = barCount(bars);
  const out = { ...barColumns(length), time: bars.time, volume: bars.volume };
  let [openBefore, closeBefore] = [NaN, NaN];
  for (let i = 0; i < length; i += 1) {
    const [o, h, l, c] = [bars.open[i] ?? NaN, bars.high[i] ?? NaN, bars.low[i] ?? NaN, bars.close[i] ?? NaN];
    const close = (o + h + l + c) / 4;
    const open = i === 0 ? (o + c) / 2 : (openBefore + closeBefore) / 2;
    out.open[i] = open;
    out.close[i] = close;
    out.high[i] = Math.max(h, open, close);
    out.low[i] = Math.min(l, open, close);
    [openBefore, closeBefore] = [open, close];
  }
  return out;
}
