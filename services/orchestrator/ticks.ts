/** When a schedule ticks: cron, interval or the market's day, thinned by the calendar; which ticks lie in a span, and which come next. */
import type { FlowSchedule, MarketOfSchedules, ScheduleFilter } from '#app/contracts/flow-schedules.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { calendarCovers, calendarRevision, exchangeDay, isInSession, sessionOn } from '#app/market/calendar.ts';
import { newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { cronTicksOfDay, type CronFields } from './cron-ticks.ts';
import { sessionTicksOfDay } from './session-ticks.ts';
import { civilDayOf, type Zone } from './zones.ts';

/** The ticks of one day of UTC, worked out for one market and one state of the calendar. */
type Block = { readonly utcDay: number; readonly market: MarketOfSchedules; readonly revision: number; readonly ticks: readonly EpochMs[]; readonly refusedCount: number };
/** A schedule that was found to have no tick after an instant has none after a later one. */
type Ended = { readonly market: MarketOfSchedules; readonly revision: number; readonly after: number };

/**
 * A schedule ready to be asked; made by `readSchedule` (triggers.ts). `cron` and `zone` are null for the other kinds. `memory` belongs to this file: the day
 * that it was asked about last (the scheduler asks about the same one 1,440 times), and whether it was found to be at its end.
 */
export type ReadSchedule = { readonly schedule: FlowSchedule; readonly cron: CronFields | null; readonly zone: Zone | null; readonly memory: { block: Block | null; ended: Ended | null } };

/** Most ticks in one answer: a week of minutes, twice. */
const MAX_TICKS = 20_160;
/** The rarest schedule that still ticks: 29 February, over a year like 2100 that has none. */
const MAX_DAYS_AHEAD = 8 * 366;
/** A schedule whose next so many times the calendar refuses, all of them, is one that it always refuses: every minute of two months of weekends. */
const MAX_REFUSED = 100_000;

/** Whether the calendar agrees with a tick of a schedule: in a demo always, in a replay never, and never outside the years that it covers. */
function calendarAgrees(only: ScheduleFilter, market: MarketOfSchedules, tick: EpochMs): boolean {
  if (only === 'always' || market === 'always_open') return true;
  if (market === 'unknown' || !calendarCovers(tick)) return false;
  return only === 'in_session' ? isInSession(tick) : sessionOn(exchangeDay(tick)) !== null;
}

/** All ticks that any day gives to one day of UTC, before the calendar is asked; ascending. */
function candidatesOf({ schedule, cron, zone }: ReadSchedule, market: MarketOfSchedules, utcDay: number): EpochMs[] {
  const [from, to] = [utcDay * DAY_MS, (utcDay + 1) * DAY_MS];
  if (schedule.kind === 'interval') {
    const everyMs = schedule.everyMinutes * MINUTE_MS;
    const ticks: EpochMs[] = [];
    for (let tick = Math.ceil(from / everyMs) * everyMs; tick < to; tick += everyMs) ticks.push(tick as EpochMs);
    return ticks;
  }
  const ticks: EpochMs[] = [];
  if (schedule.kind === 'session') {
    if (!calendarCovers(from as EpochMs)) return [];
    const day = newYorkDayNumber(from as EpochMs);
    for (let session = day - 1; session <= day + 2; session += 1) ticks.push(...sessionTicksOfDay(schedule, market, session));
  } else if (cron && zone) {
    // A tick that spring moved may belong to the evening before.
    const last = civilDayOf(zone, to - 1);
    for (let day = civilDayOf(zone, from - 2 * HOUR_MS); day <= last; day += 1) ticks.push(...cronTicksOfDay(cron, zone, day));
  }
  return [...new Set(ticks)].filter((tick) => tick >= from && tick < to).sort((a, b) => a - b);
}

function blockOf(read: ReadSchedule, market: MarketOfSchedules, utcDay: number): Block {
  const known = read.memory.block;
  const revision = calendarRevision();
  if (known && known.utcDay === utcDay && known.market === market && known.revision === revision) return known;
  const { schedule } = read;
  const only = schedule.kind === 'session' ? 'always' : schedule.only;
  const until = schedule.until ?? Infinity;
  const candidates = candidatesOf(read, market, utcDay);
  const ticks = candidates.filter((tick) => tick <= until && calendarAgrees(only, market, tick));
  const block = { utcDay, market, revision, ticks, refusedCount: candidates.length - ticks.length };
  read.memory.block = block;
  return block;
}

/** Index of the first tick after an instant. */
function firstAfter(ticks: readonly EpochMs[], after: number): number {
  let [low, high] = [0, ticks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ticks[middle] ?? Infinity) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** All ticks in (after, until], ascending; the newest ones when there are more than 20,160. */
export function ticksBetween(read: ReadSchedule, market: MarketOfSchedules, after: EpochMs, until: EpochMs): EpochMs[] {
  const found: EpochMs[] = [];
  const lastDay = Math.floor(until / DAY_MS);
  for (let day = Math.floor(after / DAY_MS); until > after && day <= lastDay; day += 1) {
    const { ticks } = blockOf(read, market, day);
    const end = firstAfter(ticks, until);
    for (let index = firstAfter(ticks, after); index < end; index += 1) {
      const tick = ticks[index];
      if (tick !== undefined) found.push(tick);
    }
  }
  return found.length > MAX_TICKS ? found.slice(-MAX_TICKS) : found;
}

/** The next ticks after an instant, ascending, at most `count`; fewer when the schedule has no more within eight years. */
export function ticksAfter(read: ReadSchedule, market: MarketOfSchedules, after: EpochMs, count: number): EpochMs[] {
  const known = read.memory.ended;
  if (known && known.market === market && known.revision === calendarRevision() && after >= known.after) return [];
  const found: EpochMs[] = [];
  const firstDay = Math.floor(after / DAY_MS);
  const lastDay = Math.min(firstDay + MAX_DAYS_AHEAD, Math.floor((read.schedule.until ?? Infinity) / DAY_MS));
  let refused = 0;
  for (let day = firstDay; day <= lastDay && found.length < count && refused < MAX_REFUSED; day += 1) {
    const { ticks, refusedCount } = blockOf(read, market, day);
    found.push(...ticks.slice(firstAfter(ticks, after)));
    refused = found.length > 0 ? 0 : refused + refusedCount;
  }
  if (found.length === 0 && count > 0) read.memory.ended = { market, revision: calendarRevision(), after };
  return found.slice(0, count);
}
