/** What is odd about bars that can be read: sessions without a bar, steps that look like splits, bars that no session holds. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { civilFromDays, formatDate, timeframeMs, DAY_MS, HOUR_MS, TIMEFRAMES, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, isRegularBar, sessionsBetween } from '#app/market/calendar.ts';
import { newYorkDayNumber } from '#app/market/nyse-zone.ts';

/** Ratios of splits that companies make; the day's own move hides them by a few percent. */
const SPLIT_RATIOS = [1.5, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100] as const;
const SPLIT_TOLERANCE = 0.04;
const SMALLEST_STEP = 1.3;
/** Two day bars are at most this far apart when no day lies between them: a day of 25 hours. */
const ONE_DAY_MS = 25 * HOUR_MS;
/** Most rows of a day file follow the one before by a day; of a weekly one none does. */
const LEAST_DAYS_IN_A_ROW = 0.5;

/** Sessions of the exchange between two bars that have none. `first` and `last`: days. */
export type MissingSessions = { readonly first: string; readonly last: string; readonly sessions: number };

/** Stretches of sessions without a bar, in order. Bars before 1998 are not judged: the sessions of that time are not known. */
export function missingSessions(bars: BarColumns): MissingSessions[] {
  const { time } = bars;
  const found: MissingSessions[] = [];
  for (let n = 1; n < time.length; n += 1) {
    const [from, to] = [time[n - 1] as number, time[n] as number];
    if (to - from <= ONE_DAY_MS || !calendarCovers(from as EpochMs) || !calendarCovers(to as EpochMs)) continue;
    const [firstDay, lastDay] = [newYorkDayNumber(from as EpochMs) + 1, newYorkDayNumber(to as EpochMs) - 1];
    if (lastDay < firstDay) continue;
    const gone = sessionsBetween(formatDate(civilFromDays(firstDay)), formatDate(civilFromDays(lastDay)));
    const [head, tail] = [gone[0], gone.at(-1)];
    if (head && tail) found.push({ first: head.date, last: tail.date, sessions: gone.length });
  }
  return found;
}

/** A step from a close to the next open that looks like a split. `ratio`: shares for one old share, 7 for 7:1, 0.5 for a reverse split of 1:2. */
export type SplitLike = { readonly day: string; readonly ratio: number; readonly close: number; readonly open: number };

/** Steps that look like splits the prices were not freed of. AAPL on 2014-06-09: close 645.57, open 92.70, ratio 7. */
export function splitLikeSteps(bars: BarColumns): SplitLike[] {
  const { time, open, close } = bars;
  const found: SplitLike[] = [];
  for (let n = 1; n < time.length; n += 1) {
    const [before, after] = [close[n - 1] as number, open[n] as number];
    if (before < after * SMALLEST_STEP && after < before * SMALLEST_STEP) continue;
    const step = Math.max(before / after, after / before);
    const ratio = SPLIT_RATIOS.find((known) => Math.abs(step / known - 1) <= SPLIT_TOLERANCE);
    if (ratio !== undefined) found.push({ day: exchangeDay(time[n] as EpochMs), ratio: before > after ? ratio : 1 / ratio, close: before, open: after });
  }
  return found;
}

/** The timeframe of bars by how far they are apart, null when they have none that is known. */
export function timeframeOf(bars: BarColumns, isDaily: boolean): Timeframe | null {
  const { time } = bars;
  if (time.length === 0) return null;
  if (isDaily) {
    let daysInARow = 0;
    for (let n = 1; n < time.length; n += 1) if ((time[n] as number) - (time[n - 1] as number) <= ONE_DAY_MS) daysInARow += 1;
    return time.length < 5 || daysInARow >= (time.length - 1) * LEAST_DAYS_IN_A_ROW ? '1Day' : null;
  }
  let nearest = Infinity;
  for (let n = 1; n < time.length; n += 1) nearest = Math.min(nearest, (time[n] as number) - (time[n - 1] as number));
  const fitting = TIMEFRAMES.filter((timeframe) => timeframe !== '1Day' && timeframeMs(timeframe) === nearest);
  return fitting.find((timeframe) => isOnGrid(bars, timeframe)) ?? null;
}

/** Whether bars stand where bars of the timeframe stand. */
export function isOnGrid({ time }: BarColumns, timeframe: Timeframe): boolean {
  const width = timeframe === '1Day' ? 1 : timeframeMs(timeframe);
  for (let n = 0; n < time.length; n += 1) if ((time[n] as number) % width !== 0) return false;
  return true;
}

/** Bars that `keeps` wants, on memory of their own; the same columns when it wants all. */
export function barsWhere(bars: BarColumns, keeps: (time: number) => boolean): BarColumns {
  const kept: number[] = [];
  for (let n = 0; n < bars.time.length; n += 1) if (keeps(bars.time[n] as number)) kept.push(n);
  if (kept.length === bars.time.length) return bars;
  const left = barColumns(kept.length, bars.time.buffer instanceof SharedArrayBuffer);
  for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) kept.forEach((from, to) => (left[name][to] = bars[name][from] as number));
  return left;
}

/** Bars of regular trading. `unknown`: those before 1998, whose sessions are not known; they are left out, too. */
export function regularBars(bars: BarColumns, timeframe: Timeframe): { readonly bars: BarColumns; readonly outside: number; readonly unknown: number } {
  let unknown = 0;
  // Bars of one hour are inside together or not: asked once for each.
  let asked = NaN;
  let answer = false;
  const grain = timeframe === '1Day' ? DAY_MS : Math.min(timeframeMs(timeframe), HOUR_MS / 2);
  const left = barsWhere(bars, (time) => {
    if (!calendarCovers(time as EpochMs)) {
      unknown += 1;
      return false;
    }
    const stretch = Math.floor(time / grain);
    if (stretch !== asked) [asked, answer] = [stretch, isRegularBar(time as EpochMs, timeframe)];
    return answer;
  });
  return { bars: left, outside: bars.time.length - left.time.length - unknown, unknown };
}
