/** When a schedule ticks: cron fields on New York's wall clock, thinned by the market calendar, right on the days when the clock changes. */
import type { FlowSchedule } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, formatDate, HOUR_MS, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, isInSession, sessionOn, toNewYork } from '#app/market/calendar.ts';

/** Minute resolution cron fields, as sets. `isEveryHour`: the schedule counts hours, it does not name them. */
export type CronFields = {
  readonly minutesOfDay: readonly number[];
  readonly isEveryHour: boolean;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
};

/** Cron fields as node-cron reads an expression. */
export type ParsedCron = { readonly second: readonly number[]; readonly minute: readonly number[]; readonly hour: readonly number[]; readonly dayOfMonth: readonly (number | string)[]; readonly month: readonly number[]; readonly dayOfWeek: readonly (number | string)[] };

/** Most ticks in one answer: a week of minutes, twice. */
const MAX_TICKS = 20_160;
/** A yearly schedule on a leap day is the rarest that still ticks. */
const MAX_DAYS_AHEAD = 1_500;

function numbers(expression: string, field: readonly (number | string)[]): number[] {
  return field.map((value) => {
    if (typeof value === 'number') return value;
    throw new AppError('INPUT_INVALID', `The schedule "${expression}" uses ${value}; days are given as numbers, ranges and steps`);
  });
}

/** Turns parsed fields into sets. @throws AppError INPUT_INVALID for seconds, special days, and a day given both by month and by week. */
export function cronFields(expression: string, parsed: ParsedCron): CronFields {
  const daysOfMonth = new Set(numbers(expression, parsed.dayOfMonth));
  const weekdays = new Set(numbers(expression, parsed.dayOfWeek).map((day) => day % 7));
  if (parsed.second.length !== 1 || parsed.second[0] !== 0) throw new AppError('INPUT_INVALID', `The schedule "${expression}" has a field for seconds; schedules tick on whole minutes`);
  // Cron programs disagree whether both must match or either: nobody should have to know.
  if (daysOfMonth.size < 31 && weekdays.size < 7) throw new AppError('INPUT_INVALID', `The schedule "${expression}" names days of the month and of the week; name one of them`);
  const minutesOfDay = parsed.hour.flatMap((hour) => parsed.minute.map((minute) => hour * 60 + minute)).sort((a, b) => a - b);
  return { minutesOfDay, isEveryHour: parsed.hour.length === 24, daysOfMonth, months: new Set(parsed.month), weekdays };
}

/**
 * The ticks of one civil day, ascending. A named hour that is skipped in spring ticks an hour later, once; a named hour that happens twice
 * in autumn ticks the first time. A schedule that counts hours ticks in every real hour.
 */
function ticksOfDay(cron: CronFields, dayNumber: number): EpochMs[] {
  const civil = civilFromDays(dayNumber);
  if (!cron.months.has(civil.month) || !cron.daysOfMonth.has(civil.day)) return [];
  const date = formatDate(civil);
  if (!cron.weekdays.has(toNewYork(fromNewYork(date, 720)).weekday)) return [];
  const ticks = new Set<EpochMs>();
  for (const minuteOfDay of cron.minutesOfDay) {
    const tick = fromNewYork(date, minuteOfDay);
    ticks.add(tick);
    const hourLater = (tick + HOUR_MS) as EpochMs;
    if (cron.isEveryHour && toNewYork(hourLater).minuteOfDay === minuteOfDay) ticks.add(hourLater);
  }
  return [...ticks].sort((a, b) => a - b);
}

/** All ticks in (after, until], ascending; the newest ones when there are more than 20,160. */
export function ticksBetween(cron: CronFields, after: EpochMs, until: EpochMs): EpochMs[] {
  const ticks: EpochMs[] = [];
  const lastDay = toNewYork(until).dayNumber;
  for (let day = toNewYork(after).dayNumber; day <= lastDay; day += 1) {
    for (const tick of ticksOfDay(cron, day)) if (tick > after && tick <= until) ticks.push(tick);
  }
  return ticks.slice(-MAX_TICKS);
}

/** The first tick after an instant that `accept` agrees with, null when none of the next 20,160 ticks within four years is. */
export function nextTick(cron: CronFields, after: EpochMs, accept: (tick: EpochMs) => boolean): EpochMs | null {
  const firstDay = toNewYork(after).dayNumber;
  let seen = 0;
  for (let day = firstDay; day <= firstDay + MAX_DAYS_AHEAD && seen < MAX_TICKS; day += 1) {
    for (const tick of ticksOfDay(cron, day)) {
      if (tick > after && accept(tick)) return tick;
      seen += 1;
    }
  }
  return null;
}

/** What the schedules take for the market: Alpaca's days and hours; a demo's, which never close; a replay's, which are not ours to know. */
export type MarketOfSchedules = 'exchange' | 'always_open' | 'unknown';

/** Whether the calendar agrees with a tick of a schedule. */
export function calendarAgrees(only: FlowSchedule['only'], market: MarketOfSchedules, tick: EpochMs): boolean {
  if (only === 'always' || market === 'always_open') return true;
  if (market === 'unknown') return false;
  return only === 'in_session' ? isInSession(tick) : sessionOn(toNewYork(tick).date) !== null;
}
