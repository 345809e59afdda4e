/** Bars against the exchange's days: missing ones, whole days missing, bars when nobody trades, days shifted by hours. */
import { HOUR_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween, type Session } from '../calendar.ts';
import { dayWalker, placesOf, type TradingDay } from './days.ts';
import { aboutBar, type Columns, type QualityContext, type Sink } from './finding.ts';
import type { Placed } from './order.ts';
import { upperMedian } from './robust.ts';

/** Missing bars in a row that are worth a word, whatever the series is used to. A feed sends no bar for a minute without a trade. */
const MIN_GAP: Readonly<Record<Timeframe, number>> = { '1Min': 5, '5Min': 2, '15Min': 1, '1Hour': 1, '1Day': 1 };
/** A run of empty places is a gap when chance alone would make it this rarely, given how many places the series leaves empty on the days around. */
const GAP_CHANCE = 1e-6;
/** Days on each side whose usual coverage is taken. */
const COVERAGE_DAYS = 5;
/** A series that has no trade on many days misses some by itself: a run of missing days is told when chance would make it this rarely. */
const DAYS_CHANCE = 1e-4;
const DAYS_AROUND = 30;
/** With fewer empty days than this the series is one that trades every day. */
const EMPTY_DAYS = 0.1;
/** A shift by hours: this share of the day's volume lies in the shifted session, and this much less in the real one. */
const SHIFTED_SHARE = 0.85;
const REAL_SHARE = 0.95;
const SHIFT_HOURS = 12;
/** Fewest bars of a day on which its shape can be judged. */
const SHAPE_BARS: Readonly<Record<Timeframe, number>> = { '1Min': 30, '5Min': 20, '15Min': 12, '1Hour': 5, '1Day': Infinity };

/** Bars of regular trading, by position in `Placed`, with the number of their day; what the rules on prices and volumes look at. */
export type Regular = { readonly index: Int32Array; readonly day: Int32Array };

type Slice = { readonly day: TradingDay; readonly from: number; readonly to: number; regular: number; hours: number };

/** Consecutive bars by day. */
function slicesOf(placed: Placed): Slice[] {
  const dayOf = dayWalker();
  const slices: Slice[] = [];
  let start = 0;
  let current: TradingDay | null = null;
  for (let k = 0; k <= placed.time.length; k += 1) {
    const day = k < placed.time.length ? dayOf(placed.time[k] as number) : null;
    if (day === current && k < placed.time.length) continue;
    if (current !== null) slices.push({ day: current, from: start, to: k, regular: 0, hours: 0 });
    [current, start] = [day, k];
  }
  return slices;
}

/** Volume of a slice inside a session that is moved by hours. Bars without volume count as little as can be. */
function volumeInside(bars: Columns, placed: Placed, slice: Slice, session: { readonly first: number; readonly end: number }): number {
  let sum = 0;
  for (let k = slice.from; k < slice.to; k += 1) {
    const time = placed.time[k] as number;
    if (time >= session.first && time < session.end) sum += Math.max(1e-9, bars.volume[placed.index[k] as number] as number) || 0;
  }
  return sum;
}

/** By how many hours a day is shifted against the exchange's session; 0 when it is not. */
function shiftOf(bars: Columns, placed: Placed, slice: Slice, timeframe: Timeframe): number {
  const { session } = slice.day;
  if (session === null || slice.to - slice.from < SHAPE_BARS[timeframe]) return 0;
  const places = placesOf(session, timeframeMs(timeframe));
  const [first, last] = [placed.time[slice.from] as number, placed.time[slice.to - 1] as number];
  if (first >= places.first && last < places.end) return 0;
  const total = volumeInside(bars, placed, slice, { first: -Infinity, end: Infinity });
  const real = volumeInside(bars, placed, slice, places);
  let best = { hours: 0, share: 0 };
  for (let hours = -SHIFT_HOURS; hours <= SHIFT_HOURS; hours += 1) {
    const moved = volumeInside(bars, placed, slice, { first: places.first + hours * HOUR_MS, end: places.end + hours * HOUR_MS });
    if (moved / total > best.share || (moved / total === best.share && Math.abs(hours) < Math.abs(best.hours))) best = { hours, share: moved / total };
  }
  return best.share >= SHIFTED_SHARE && real / total <= REAL_SHARE * best.share ? best.hours : 0;
}

/** Bars on days without a session, and outside of all trading hours. */
function checkHours(placed: Placed, slices: readonly Slice[], sink: Sink): void {
  for (const slice of slices) {
    const { session } = slice.day;
    const [openTime, untilTime] = [placed.time[slice.from] as number, placed.time[slice.to - 1] as number];
    if (session === null) {
      sink.add(aboutBar('no_session', 'critical', { openTime, untilTime }, { day: exchangeDay(openTime as EpochMs), bars: slice.to - slice.from }));
      continue;
    }
    let [count, first, last] = [0, NaN, NaN];
    for (let k = slice.from; k < slice.to && slice.hours === 0; k += 1) {
      const time = placed.time[k] as number;
      if (time >= session.preMarketOpen && time < session.afterHoursClose) continue;
      first = count === 0 ? time : first;
      last = time;
      count += 1;
    }
    if (count > 0) sink.add(aboutBar('outside_hours', 'warning', { openTime: first, untilTime: last }, { day: session.date, bars: count }));
  }
}

/** Days in a row that are shifted by the same hours are one finding. */
function checkShifts(placed: Placed, slices: readonly Slice[], sink: Sink): void {
  let run: { first: Slice; last: Slice; days: number } | null = null;
  const end = (): void => {
    if (run !== null) {
      const at = { openTime: placed.time[run.first.from] as number, untilTime: placed.time[run.last.to - 1] as number, score: run.days };
      sink.add(aboutBar('time_shift', 'critical', at, { hours: run.first.hours, days: run.days }));
    }
    run = null;
  };
  for (const slice of slices) {
    if (slice.hours === 0 || (run !== null && run.first.hours !== slice.hours)) end();
    if (slice.hours === 0) continue;
    run = run === null ? { first: slice, last: slice, days: 1 } : { first: run.first, last: slice, days: run.days + 1 };
  }
  end();
}

/** Missing places in a row that are a gap on a day, given the share of places that the days around leave empty. Half empty: 20; a tenth empty: 6. */
function gapLength(coverage: readonly number[], at: number, timeframe: Timeframe): number {
  const around = coverage.slice(Math.max(0, at - COVERAGE_DAYS), at + COVERAGE_DAYS + 1).filter((share) => !Number.isNaN(share));
  const empty = 1 - (around.length === 0 ? 1 : Math.min(1, upperMedian(around)));
  return empty <= 0 ? MIN_GAP[timeframe] : Math.max(MIN_GAP[timeframe], Math.ceil(Math.log(GAP_CHANCE) / Math.log(Math.min(0.999, empty))));
}

/** Days in a row without a bar that are odd, given the days around them ([from, to) left out). Every day traded: 1; four in ten empty: 11. */
function daysThatAreOdd(coverage: readonly number[], from: number, to: number): number {
  const near = [...coverage.slice(Math.max(0, from - DAYS_AROUND), from), ...coverage.slice(to, to + DAYS_AROUND)];
  const empty = near.filter(Number.isNaN).length / Math.max(1, near.length);
  return empty <= EMPTY_DAYS ? 1 : Math.ceil(Math.log(DAYS_CHANCE) / Math.log(Math.min(0.95, empty)));
}

type DayPlaces = { readonly session: Session; readonly slice: Slice | null; readonly first: number; readonly end: number };

/** Runs of missing places inside of one session. */
function gapsIn(placed: Placed, one: DayPlaces, rule: { readonly width: number; readonly least: number; readonly sink: Sink }): void {
  const { slice, session } = one;
  if (slice === null || slice.regular === 0 || slice.hours !== 0) return;
  let expected = one.first;
  const tell = (until: number): void => {
    const missing = Math.round((until - expected) / rule.width);
    if (missing >= rule.least) rule.sink.add(aboutBar('gap', 'warning', { openTime: expected, untilTime: until - rule.width, score: missing / rule.least }, { missingBars: missing, day: session.date }));
  };
  for (let k = slice.from; k < slice.to; k += 1) {
    const time = placed.time[k] as number;
    if (time < one.first || time >= one.end) continue;
    if (time > expected) tell(time);
    expected = time + rule.width;
  }
  if (one.end > expected) tell(one.end);
}

/** Whole sessions without a bar, and runs of missing bars inside of sessions, between the first bar and the last. */
function checkMissing(placed: Placed, slices: readonly Slice[], rule: { readonly timeframe: Timeframe; readonly sink: Sink }): void {
  const width = timeframeMs(rule.timeframe);
  const traded = slices.filter((slice) => slice.regular > 0 || slice.hours !== 0);
  const [head, tail] = [traded[0], traded.at(-1)];
  if (head === undefined || tail === undefined) return;
  const byDay = new Map(slices.map((slice) => [exchangeDay(slice.day.from as EpochMs), slice]));
  const days: DayPlaces[] = sessionsBetween(exchangeDay(head.day.from as EpochMs), exchangeDay(tail.day.from as EpochMs)).map((session) => {
    const slice = byDay.get(session.date) ?? null;
    const places = placesOf(session, width);
    return { session, slice, first: slice === head ? Math.max(places.first, placed.time[head.from] as number) : places.first, end: slice === tail ? Math.min(places.end, (placed.time[tail.to - 1] as number) + width) : places.end };
  });
  const coverage = days.map(({ slice, first, end }) => (slice === null || slice.regular === 0 || end <= first ? NaN : slice.regular / ((end - first) / width)));
  let gone: Session[] = [];
  const tellGone = (n: number): void => {
    const [first, last] = [gone[0], gone.at(-1)];
    if (first && last && gone.length >= daysThatAreOdd(coverage, n - gone.length, n)) rule.sink.add(aboutBar('sessions_missing', 'critical', { openTime: first.open, untilTime: last.open, score: gone.length }, { sessions: gone.length, firstDay: first.date, lastDay: last.date }));
    gone = [];
  };
  days.forEach((one, n) => {
    const isEmpty = one.slice === null || (one.slice.hours === 0 && one.slice.regular === 0 && one.end > one.first && one.slice !== head && one.slice !== tail);
    if (isEmpty) gone.push(one.session);
    else tellGone(n);
    if (!isEmpty && rule.timeframe !== '1Day') gapsIn(placed, one, { width, least: gapLength(coverage, n, rule.timeframe), sink: rule.sink });
  });
  tellGone(days.length);
}

/** Looks at the bars by day, and gives those of regular trading that can be. */
export function checkSessions(bars: Columns, placed: Placed, given: { readonly context: QualityContext; readonly sound: Uint8Array; readonly sink: Sink }): Regular {
  const { timeframe } = given.context;
  const width = timeframeMs(timeframe);
  const slices = slicesOf(placed);
  const index = new Int32Array(placed.index.length);
  const days = new Int32Array(placed.index.length);
  let count = 0;
  for (const slice of slices) {
    const { session, day } = slice.day;
    if (session === null) continue;
    slice.hours = shiftOf(bars, placed, slice, timeframe);
    const places = timeframe === '1Day' ? { first: -Infinity, end: Infinity } : placesOf(session, width);
    for (let k = slice.from; k < slice.to; k += 1) {
      const time = placed.time[k] as number;
      if (time < places.first || time >= places.end) continue;
      slice.regular += 1;
      const n = placed.index[k] as number;
      if (given.sound[n] !== 1 || slice.hours !== 0) continue;
      index[count] = n;
      days[count] = day;
      count += 1;
    }
  }
  checkHours(placed, timeframe === '1Day' ? slices.filter((slice) => slice.day.session === null) : slices, given.sink);
  checkShifts(placed, slices, given.sink);
  checkMissing(placed, slices, { timeframe, sink: given.sink });
  return { index: index.subarray(0, count), day: days.subarray(0, count) };
}
