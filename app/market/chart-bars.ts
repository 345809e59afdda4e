/** Columns of bars as charts show them: put together into wider bars on the clock's grid and the exchange's days, weeks and months. */
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, civilFromDays, daysFromCivil, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, isRegularBar } from './calendar.ts';
import { ZONE_FIRST_YEAR, fromNewYorkDay, newYorkDayNumber, weekdayOf } from './nyse-zone.ts';

/** Widths of bars on a chart: those that are stored, and those that are always put together. */
export type ChartWidth = Timeframe | '30Min' | '1Week' | '1Month';

const THIRTY_MINUTES = 30 * MINUTE_MS;
/** Before the zone's rules begin New York is taken to keep standard time: only labels of days are at stake. */
const FIRST_RULE = daysFromCivil({ year: ZONE_FIRST_YEAR, month: 1, day: 2 }) * DAY_MS;
const STANDARD_MS = 5 * HOUR_MS;

function dayOf(at: number): number {
  return at < FIRST_RULE ? Math.floor((at - STANDARD_MS) / DAY_MS) : newYorkDayNumber(at as EpochMs);
}

function midnight(day: number): EpochMs {
  return day * DAY_MS < FIRST_RULE ? ((day * DAY_MS + STANDARD_MS) as EpochMs) : fromNewYorkDay(day, 0);
}

/** First day of the week (Monday) or month that a day belongs to; later: of the one after so many. */
function firstDay(day: number, width: '1Week' | '1Month', later = 0): number {
  if (width === '1Week') return day - ((weekdayOf(day) + 6) % 7) + 7 * later;
  const { year, month } = civilFromDays(day);
  const index = year * 12 + month - 1 + later;
  return daysFromCivil({ year: Math.floor(index / 12), month: (index % 12) + 1, day: 1 });
}

function bucket(at: EpochMs, width: ChartWidth, later: 0 | 1): EpochMs {
  if (width === '1Week' || width === '1Month') return midnight(firstDay(dayOf(at), width, later));
  if (width === '1Day') return midnight(dayOf(at) + later);
  const ms = width === '30Min' ? THIRTY_MINUTES : timeframeMs(width);
  return ((Math.floor(at / ms) + later) * ms) as EpochMs;
}

/**
 * Open of the chart's bar that an instant belongs to. Bars within a day stand on the clock's grid; a day, week (from Monday) or month begins at midnight in New York.
 * chartOpen(Wednesday 2024-07-03 14:10Z, '1Week') = 2024-07-01T04:00:00Z.
 */
export function chartOpen(at: EpochMs, width: ChartWidth): EpochMs {
  return bucket(at, width, 0);
}

/** Open of the chart's bar after the one that an instant belongs to. */
export function chartEnd(at: EpochMs, width: ChartWidth): EpochMs {
  return bucket(at, width, 1);
}

/** Whether bars of one width can be put together from those of another, or are the same. */
export function isMadeOf(width: ChartWidth, from: Timeframe): boolean {
  if (width === '1Day' || width === '1Week' || width === '1Month') return true;
  const ms = width === '30Min' ? THIRTY_MINUTES : timeframeMs(width);
  return from !== '1Day' && ms % timeframeMs(from) === 0;
}

/** Only the bars of regular trading; days for which no calendar is known count as such. The same columns when nothing is left out. */
export function regularColumns(bars: BarColumns, timeframe: Timeframe): BarColumns {
  const kept: number[] = [];
  for (let n = 0; n < bars.time.length; n += 1) {
    const at = bars.time[n] as EpochMs;
    if (!calendarCovers(at) || isRegularBar(at, timeframe)) kept.push(n);
  }
  if (kept.length === bars.time.length) return bars;
  const left = barColumns(kept.length);
  for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) kept.forEach((from, n) => (left[name][n] = bars[name][from] as number));
  return left;
}

/**
 * Bars of one symbol, in order of time, as wider ones; a bar that is wide enough already stays as it is, under the label of its day, week or month. What is missing is missing: a
 * bar is made of what there is of its time. Volumes are added as float64: exact for whole shares.
 * @throws AppError INVARIANT_BROKEN when times do not rise
 */
export function toChartBars(bars: BarColumns, width: ChartWidth): BarColumns {
  const wide = barColumns(bars.time.length);
  let count = 0;
  let end = -Infinity;
  for (let n = 0; n < bars.time.length; n += 1) {
    const at = bars.time[n] as EpochMs;
    invariant(n === 0 || at > (bars.time[n - 1] as number), 'Bars for a chart come in order of time', { at });
    if (at >= end) {
      end = chartEnd(at, width);
      wide.time[count] = chartOpen(at, width);
      wide.volume[count] = 0;
      wide.open[count] = bars.open[n] as number;
      wide.high[count] = -Infinity;
      wide.low[count] = Infinity;
      count += 1;
    }
    const last = count - 1;
    wide.high[last] = Math.max(wide.high[last] as number, bars.high[n] as number);
    wide.low[last] = Math.min(wide.low[last] as number, bars.low[n] as number);
    wide.close[last] = bars.close[n] as number;
    wide.volume[last] = (wide.volume[last] as number) + (bars.volume[n] as number);
  }
  return sliceColumns(wide, 0, count);
}

/** Stored bars of one width: what there is of them. `first`, `last`: open times, epoch ms. */
export type StoredRange = { readonly timeframe: Timeframe; readonly first: number; readonly last: number };
/** A stretch of stored bars that open in [from, to), epoch ms. */
export type StoredPiece = { readonly timeframe: Timeframe; readonly from: number; readonly to: number };

/**
 * Which stored bars make the chart's in [from, to): the widest ones that can be used, and before and after these what narrower ones know more (a chart of weeks is made of days, and the
 * running week ends with today's minutes). Oldest first, none overlaps another.
 */
export function chartPieces(stored: readonly StoredRange[], width: ChartWidth, span: { readonly from: number; readonly to: number }): StoredPiece[] {
  const usable = stored.filter(({ timeframe }) => isMadeOf(width, timeframe)).sort((a, b) => timeframeMs(b.timeframe) - timeframeMs(a.timeframe));
  let pieces: StoredPiece[] = [];
  let [first, end] = [Infinity, -Infinity];
  for (const { timeframe, first: own, last } of usable) {
    const ownEnd = chartEnd(last as EpochMs, timeframe);
    if (pieces.length === 0) pieces = [{ timeframe, from: own, to: ownEnd }];
    else {
      // A narrower bar of a day that is there already would be counted twice: the seam lies on the wider one's grid.
      if (own < first) pieces = [{ timeframe, from: own, to: first }, ...pieces];
      if (ownEnd > end) pieces = [...pieces, { timeframe, from: end, to: ownEnd }];
    }
    [first, end] = [Math.min(first, own), Math.max(end, ownEnd)];
  }
  return pieces.map((piece) => ({ ...piece, from: Math.max(piece.from, span.from), to: Math.min(piece.to, span.to) })).filter((piece) => piece.from < piece.to);
}

const SESSION_MINUTES = { regular: 390, all: 960 } as const;
const MINUTES: Readonly<Record<Exclude<ChartWidth, '1Day' | '1Week' | '1Month'>, number>> = { '1Min': 1, '5Min': 5, '15Min': 15, '30Min': 30, '1Hour': 60 };

/** Civil days that surely hold so many bars of a symbol that trades all the time: chartDays(252, '1Day', 'regular') = 372. */
export function chartDays(bars: number, width: ChartWidth, hours: 'regular' | 'all'): number {
  if (width === '1Month') return (bars + 1) * 31;
  if (width === '1Week') return (bars + 1) * 7;
  const sessions = width === '1Day' ? bars : Math.ceil(bars / Math.floor(SESSION_MINUTES[hours] / MINUTES[width])) + 1;
  return Math.ceil(sessions * 1.46) + 4;
}
