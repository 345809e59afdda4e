/** When a cron expression ticks: its fields on a zone's wall clock, right on the days when that clock changes. */
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, type EpochMs } from '#app/domain/time.ts';
import { weekdayOf } from '#app/market/nyse-zone.ts';
import { fromWall, type Zone } from './zones.ts';

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

const MONTH_LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const MONTH_NAMES = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] as const;

function refuse(expression: string, what: string): AppError {
  return new AppError('SCHEDULE_INVALID', `cron: "${expression}" ${what}`);
}

function numbers(expression: string, field: readonly (number | string)[]): number[] {
  return field.map((value) => {
    if (typeof value === 'number') return value;
    throw refuse(expression, `uses ${value}; give days as numbers, ranges and steps`);
  });
}

/** Turns parsed fields into sets. @throws AppError SCHEDULE_INVALID for seconds, special days, and a day given both by month and by week. */
export function cronFields(expression: string, parsed: ParsedCron): CronFields {
  const daysOfMonth = new Set(numbers(expression, parsed.dayOfMonth));
  const weekdays = new Set(numbers(expression, parsed.dayOfWeek).map((day) => day % 7));
  if (parsed.second.length !== 1 || parsed.second[0] !== 0) throw refuse(expression, 'has a field for seconds; schedules tick on whole minutes: leave it out');
  // Cron programs disagree whether both must match or either: nobody should have to know.
  if (daysOfMonth.size < 31 && weekdays.size < 7) throw refuse(expression, 'names days of the month and of the week; name one of them');
  const minutesOfDay = parsed.hour.flatMap((hour) => parsed.minute.map((minute) => hour * 60 + minute)).sort((a, b) => a - b);
  return { minutesOfDay, isEveryHour: parsed.hour.length === 24, daysOfMonth, months: new Set(parsed.month), weekdays };
}

/** The sentence about days that exist in no year ("30 February does not exist"), null when there is a day on which the expression can tick. */
export function whyNoSuchDay({ daysOfMonth, months }: CronFields): string | null {
  const [day = 31] = [...daysOfMonth].sort((a, b) => a - b);
  if ([...months].some((month) => day <= (MONTH_LENGTHS[month - 1] ?? 31))) return null;
  return `${day} ${[...months].map((month) => MONTH_NAMES[month - 1] ?? '').join(' or ')} does not exist`;
}

/**
 * The ticks of one civil day of the zone, ascending. A named hour that is skipped in spring ticks an hour later, once; a named hour that happens twice
 * in autumn ticks the first time. A schedule that counts hours ticks in every real hour.
 */
export function cronTicksOfDay(cron: CronFields, zone: Zone, dayNumber: number): EpochMs[] {
  const civil = civilFromDays(dayNumber);
  if (!cron.months.has(civil.month) || !cron.daysOfMonth.has(civil.day) || !cron.weekdays.has(weekdayOf(dayNumber))) return [];
  const ticks = new Set<EpochMs>();
  for (const minuteOfDay of cron.minutesOfDay) {
    const { first, again } = fromWall(zone, dayNumber, minuteOfDay);
    ticks.add(first);
    if (cron.isEveryHour && again !== null) ticks.add(again);
  }
  return [...ticks].sort((a, b) => a - b);
}
