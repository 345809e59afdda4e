/** What is odd about bars that can be read: sessions without a bar, and the timeframe they are of. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { civilFromDays, formatDate, timeframeMs, HOUR_MS, TIMEFRAMES, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, sessionsBetween } from '#app/market/calendar.ts';
import { newYorkDayNumber } from '#app/market/nyse-zone.ts';

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
