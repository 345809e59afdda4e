/** The clock of a column of bars: the close of each bar and the session it belongs to, worked out once for each column. */
import { BAR_FIELDS, barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, timeframeMs, toRfc3339, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { bucketOpen } from '#app/market/bar-aggregation.ts';
import { calendarCovers, calendarRevision, exchangeDay, nextOpen, sessionsBetween, type Session } from '#app/market/calendar.ts';
import { ColumnMemo } from './memo.ts';

/** Sessions from that of the first bar on, with some behind the last bar. `session` of a bar is an index into them; `close`: of each bar, epoch ms. */
export type Sessions = { readonly list: readonly Session[]; readonly session: Int32Array; readonly close: Float64Array };

/** Bars of regular trading with their clock; `leftOut`: bars outside of it. */
export type TimedBars = { readonly bars: BarColumns; readonly sessions: Sessions; readonly leftOut: number };

type Known = { readonly timeframe: Timeframe; readonly revision: number; readonly timed: TimedBars };
const known = new ColumnMemo<Map<Timeframe, Known>>();
/** What was timed last: the symbols of a run mostly have the same bars, and then one clock. */
let latest: WeakRef<Known> | null = null;

/** Days behind the last bar in which orders may end. */
const DAYS_BEHIND = 14;

/** Index of the session of each bar, -1 outside of regular trading: that of market/calendar.ts `isRegularBar`. */
function place(time: Float64Array, timeframe: Timeframe, list: readonly Session[]): Int32Array {
  const width = timeframeMs(timeframe);
  const isDaily = timeframe === '1Day';
  const starts = isDaily ? list.map((session) => bucketOpen(session.open, timeframe)) : [];
  const found = new Int32Array(time.length);
  let at = 0;
  for (let i = 0; i < time.length; i += 1) {
    const open = time[i] ?? NaN;
    while (at < list.length - 1 && (isDaily ? (starts[at + 1] ?? Infinity) <= open : (list[at]?.close ?? Infinity) <= open)) at += 1;
    const session = list[at];
    const isIn = session !== undefined && (isDaily ? bucketOpen(open as EpochMs, timeframe) === starts[at] : open < session.close && open + width > session.open);
    found[i] = isIn ? at : -1;
  }
  return found;
}

function closesOf(time: Float64Array, width: number, { list, session }: { readonly list: readonly Session[]; readonly session: Int32Array }): Float64Array {
  const close = new Float64Array(time.length);
  let [at, end] = [-1, 0];
  for (let i = 0; i < time.length; i += 1) {
    const own = session[i] ?? 0;
    if (own !== at) {
      at = own;
      end = list[at]?.close ?? 0;
    }
    close[i] = Math.min((time[i] ?? 0) + width, end);
  }
  return close;
}

function keep(bars: BarColumns, session: Int32Array, count: number): { readonly bars: BarColumns; readonly session: Int32Array } {
  const kept = barColumns(count);
  const own = new Int32Array(count);
  let to = 0;
  for (let i = 0; i < session.length; i += 1) {
    if ((session[i] ?? -1) < 0) continue;
    kept.time[to] = bars.time[i] ?? 0;
    for (const field of BAR_FIELDS) kept[field][to] = bars[field][i] ?? 0;
    own[to] = session[i] ?? 0;
    to += 1;
  }
  return { bars: kept, session: own };
}

function timeBars(bars: BarColumns, timeframe: Timeframe): TimedBars {
  const { time } = bars;
  if (time.length === 0) return { bars, sessions: { list: [], session: new Int32Array(0), close: new Float64Array(0) }, leftOut: 0 };
  const [first, last] = [time[0] as EpochMs, time[time.length - 1] as EpochMs];
  if (!calendarCovers(first) || !calendarCovers((last + DAYS_BEHIND * DAY_MS) as EpochMs)) {
    throw new AppError('INPUT_INVALID', `The exchange's calendar is known from 1998 to 2100: the bars run from ${toRfc3339(first)} to ${toRfc3339(last)}`);
  }
  const list = sessionsBetween(exchangeDay(first), exchangeDay(nextOpen((last + DAYS_BEHIND * DAY_MS) as EpochMs)));
  const session = place(time, timeframe, list);
  let leftOut = 0;
  for (const at of session) if (at < 0) leftOut += 1;
  if (leftOut === time.length) throw new AppError('INPUT_INVALID', `None of the bars from ${toRfc3339(first)} on lies in a regular session of the exchange: check their times (epoch ms, UTC) and the timeframe ${timeframe}`);
  const kept = leftOut === 0 ? { bars, session } : keep(bars, session, time.length - leftOut);
  const width = timeframe === '1Day' ? Infinity : timeframeMs(timeframe);
  return { bars: kept.bars, sessions: { list, session: kept.session, close: closesOf(kept.bars.time, width, { list, session: kept.session }) }, leftOut };
}

/** The clock of the columns that were timed last, where these have the same times. */
function sameClock({ time }: BarColumns, timeframe: Timeframe): Sessions | null {
  const last = latest?.deref();
  if (last?.timeframe !== timeframe || last.revision !== calendarRevision() || last.timed.leftOut > 0) return null;
  const own = last.timed.bars.time;
  if (own.length !== time.length) return null;
  for (let i = 0; i < time.length; i += 1) if (own[i] !== time[i]) return null;
  return last.timed.sessions;
}

/** The bars of regular trading with their clock. Kept for as long as the columns are: they must not be changed between two runs. @throws AppError INPUT_INVALID outside of the calendar */
export function timedBars(bars: BarColumns, timeframe: Timeframe): TimedBars {
  const mine = known.get(bars) ?? new Map<Timeframe, Known>();
  const before = mine.get(timeframe);
  const revision = calendarRevision();
  if (before?.revision === revision) return before.timed;
  const clock = sameClock(bars, timeframe);
  const timed = clock === null ? timeBars(bars, timeframe) : { bars, sessions: clock, leftOut: 0 };
  const now: Known = { timeframe, revision, timed };
  latest = new WeakRef(now);
  mine.set(timeframe, now);
  known.set(bars, mine);
  return timed;
}
