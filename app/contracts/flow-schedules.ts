/** Schedules of flows: cron with a time zone, intervals, and moments of the market's day; their shape and their words. */
import * as z from 'zod';
import { civilFromDays, DAY_MS, HOUR_MS, MINUTE_MS } from '#app/domain/time.ts';

/** Which moments the market calendar lets through. */
export const scheduleFilterSchema = z.enum(['always', 'trading_days', 'in_session']);
/** Which moments the market calendar lets through. */
export type ScheduleFilter = z.infer<typeof scheduleFilterSchema>;

/** The last instant of the year 9999 (EpochMs): what lies behind it, or before 1970, is a slip of the keyboard that a database may not take. */
export const MAX_INSTANT = 253_402_300_799_999;
/** The schedule ends here (EpochMs); null = never. A schedule that can tick no more says so. */
const until = z.number().int().min(0).max(MAX_INSTANT).nullable().default(null);

/** The largest distance from an open, a close or a full hour, minutes. */
export const MAX_OFFSET_MINUTES = 720;
/** The longest interval: four weeks. */
export const MAX_INTERVAL_MINUTES = 40_320;

/** When a flow runs by itself. All kinds tick on whole minutes. */
export const scheduleSchema = z.discriminatedUnion('kind', [
  /** Five cron fields, read on the wall clock of `timeZone` (an IANA name); `only` thins them by the exchange's calendar (New York). */
  z.object({ kind: z.literal('cron'), cron: z.string().trim().min(1).max(200), timeZone: z.string().min(1).max(60).default('America/New_York'), only: scheduleFilterSchema.default('always'), until }),
  /** Every so many minutes of real time, counted from midnight UTC of 1970-01-01, so that every computer agrees. */
  z.object({ kind: z.literal('interval'), everyMinutes: z.number().int().min(1).max(MAX_INTERVAL_MINUTES), only: scheduleFilterSchema.default('always'), until }),
  /**
   * A moment of each session, half days and late opens included: so many minutes after (negative: before) the open, the close, or each full
   * hour h:00 with open < h:00 <= close. "5 min after each hour in session" = hour, 5; "30 min before open" = open, -30; "15 min after close" = close, 15.
   */
  z.object({ kind: z.literal('session'), anchor: z.enum(['open', 'close', 'hour']), offsetMinutes: z.number().int().min(-MAX_OFFSET_MINUTES).max(MAX_OFFSET_MINUTES).default(0), until }),
]);
/** When a flow runs by itself. */
export type FlowSchedule = z.infer<typeof scheduleSchema>;
/** A schedule as people and services write it: what has a default may be left out. */
export type FlowScheduleInput = z.input<typeof scheduleSchema>;

/** What schedules take for the market: the exchange's days and hours; a demo's market, which never closes (every day is a session with 09:30-16:00); a replay's, whose time is not the wall's. */
export const marketOfSchedulesSchema = z.enum(['exchange', 'always_open', 'unknown']);
/** What schedules take for the market. */
export type MarketOfSchedules = z.infer<typeof marketOfSchedulesSchema>;

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const EXCHANGE_ZONE = 'America/New_York';
/** More times of day than these are not listed one by one. */
const MAX_TIMES_LISTED = 6;

type CronSets = { readonly minutes: readonly number[]; readonly hours: readonly number[]; readonly daysOfMonth: readonly number[]; readonly months: readonly number[]; readonly weekdays: readonly number[] };

function listOf(words: readonly string[], joint = 'and'): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1) ?? ''}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function clock(minuteOfDay: number): string {
  return `${String(Math.floor(minuteOfDay / 60)).padStart(2, '0')}:${String(minuteOfDay % 60).padStart(2, '0')}`;
}

/** A length in the largest unit that divides it: "2 hours", "90 minutes". */
function lengthOf(minutes: number): string {
  if (minutes % 10_080 === 0) return plural(minutes / 10_080, 'week');
  if (minutes % 1_440 === 0) return plural(minutes / 1_440, 'day');
  return minutes % 60 === 0 ? plural(minutes / 60, 'hour') : plural(minutes, 'minute');
}

/** Names are matched by their first three letters; `names[0]` stands for `firstNumber`. */
function numberOf(text: string, names: readonly string[], firstNumber: number): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const index = names.findIndex((name) => name.toLowerCase() === text || name.slice(0, 3).toLowerCase() === text);
  return index < 0 ? null : index + firstNumber;
}

type Field = { readonly from: number; readonly to: number; readonly names?: readonly string[] };

/** The values of one cron field, ascending; null when it is written in a way that has no plain words here. */
function valuesOf(text: string, { from, to, names = [] }: Field): number[] | null {
  const values = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [range = '', stepText = '1', ...rest] = part.split('/');
    const [first = '', last] = range === '*' ? [String(from), String(to)] : range.split('-');
    const [start, step] = [numberOf(first, names, from), Number(stepText)];
    const end = last === undefined ? (part.includes('/') ? to : start) : numberOf(last, names, from);
    if (start === null || end === null || rest.length > 0 || !Number.isInteger(step) || step < 1 || start < from || end > to || start > end) return null;
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function cronSets(expression: string): CronSets | null {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5) return null;
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const minutes = valuesOf(minute, { from: 0, to: 59 });
  const hours = valuesOf(hour, { from: 0, to: 23 });
  const daysOfMonth = valuesOf(day, { from: 1, to: 31 });
  const months = valuesOf(month, { from: 1, to: 12, names: MONTHS });
  const weekdays = valuesOf(weekday, { from: 0, to: 7, names: WEEKDAYS });
  if (!minutes || !hours || !daysOfMonth || !months || !weekdays) return null;
  return { minutes, hours, daysOfMonth, months, weekdays: [...new Set(weekdays.map((value) => value % 7))].sort((a, b) => a - b) };
}

/** The distance when the values cover the whole circle in equal steps: 0,15,30,45 of 60 gives 15. */
function evenStep(values: readonly number[], circle: number): number | null {
  const step = circle / values.length;
  return Number.isInteger(step) && values.every((value, index) => value === (values[0] ?? 0) + index * step) ? step : null;
}

function isRun(values: readonly number[]): boolean {
  return values.length > 2 && values.every((value, index) => value === (values[0] ?? 0) + index);
}

function afterTheHour(minutes: readonly number[]): string {
  return minutes.length === 1 && minutes[0] === 0 ? 'at each full hour' : `${listOf(minutes.map(String))} ${minutes.length === 1 && minutes[0] === 1 ? 'minute' : 'minutes'} after each full hour`;
}

function timesOf({ minutes, hours }: CronSets): string {
  const step = evenStep(minutes, 60);
  const isFromZero = minutes[0] === 0;
  const [firstHour = 0, lastHour = 0] = [hours[0], hours.at(-1)];
  const span = `from ${clock(firstHour * 60 + (minutes[0] ?? 0))} to ${clock(lastHour * 60 + (minutes.at(-1) ?? 0))}`;
  if (hours.length === 24) {
    if (step === 1) return 'every minute';
    return step !== null && step < 60 && isFromZero ? `every ${step} minutes` : afterTheHour(minutes);
  }
  if (minutes.length * hours.length <= MAX_TIMES_LISTED) return `at ${listOf(hours.flatMap((hour) => minutes.map((minute) => clock(hour * 60 + minute))))}`;
  if (isRun(hours) || hours.length === 1) {
    if (step !== null && step < 60 && (isFromZero || step === 1)) return `every ${step === 1 ? 'minute' : `${step} minutes`} ${span}`;
    if (isRun(hours)) return `${afterTheHour(minutes)} ${span}`;
  }
  return `${afterTheHour(minutes)}, in the hours ${listOf(hours.map((hour) => clock(hour * 60)))}`;
}

function daysOf({ daysOfMonth, months, weekdays }: CronSets): string {
  const parts: string[] = [];
  if (weekdays.length < 7) {
    if (isRun(weekdays)) parts.push(`${WEEKDAYS[weekdays[0] ?? 0] ?? ''} to ${WEEKDAYS[weekdays.at(-1) ?? 0] ?? ''}`);
    else parts.push(`on ${listOf(weekdays.map((day) => `${WEEKDAYS[day] ?? ''}s`))}`);
  }
  if (daysOfMonth.length < 31 && daysOfMonth.length * months.length === 1) parts.push(`on ${daysOfMonth[0] ?? 1} ${MONTHS[(months[0] ?? 1) - 1] ?? ''}`);
  else {
    const isRange = isRun(daysOfMonth);
    const days = isRange ? `${daysOfMonth[0] ?? 1} to ${daysOfMonth.at(-1) ?? 31}` : listOf(daysOfMonth.map(String));
    if (daysOfMonth.length < 31) parts.push(`on ${daysOfMonth.length === 1 ? 'day' : 'days'} ${days} of the month`);
    if (months.length < 12) parts.push(`in ${isRun(months) ? `${MONTHS[(months[0] ?? 1) - 1] ?? ''} to ${MONTHS[(months.at(-1) ?? 12) - 1] ?? ''}` : listOf(months.map((month) => MONTHS[month - 1] ?? ''))}`);
  }
  return parts.join(' ');
}

const FILTER_WORDS = { always: '', trading_days: 'on trading days', in_session: 'while the market is open' } as const;

function cronWords(schedule: Extract<FlowSchedule, { kind: 'cron' }>): string {
  const sets = cronSets(schedule.cron);
  const parts = sets ? [timesOf(sets), daysOf(sets), FILTER_WORDS[schedule.only]] : [`by the cron expression "${schedule.cron}"`, FILTER_WORDS[schedule.only]];
  // A schedule that only counts minutes or hours is the same in every zone of whole hours.
  const zone = schedule.timeZone === EXCHANGE_ZONE ? '' : `(${schedule.timeZone} time)`;
  return [...parts, zone].filter((part) => part !== '').join(' ');
}

const ANCHOR_WORDS = { open: 'the open', close: 'the close', hour: 'each full hour of the session' } as const;

function sessionWords({ anchor, offsetMinutes }: Extract<FlowSchedule, { kind: 'session' }>): string {
  const distance = Math.abs(offsetMinutes) < 120 ? plural(Math.abs(offsetMinutes), 'minute') : lengthOf(Math.abs(offsetMinutes));
  const moment = offsetMinutes === 0 ? `at ${ANCHOR_WORDS[anchor]}` : `${distance} ${offsetMinutes > 0 ? 'after' : 'before'} ${ANCHOR_WORDS[anchor]}`;
  return anchor === 'close' ? `${moment} (half days too)` : moment;
}

function utcWords(at: number): string {
  const { year, month, day } = civilFromDays(Math.floor(at / DAY_MS));
  return `${day} ${MONTHS[month - 1] ?? ''} ${year}, ${clock(Math.floor((at % DAY_MS) / HOUR_MS) * 60 + (Math.floor(at / MINUTE_MS) % 60))} UTC`;
}

/** Does the schedule ask the market anything? */
export function asksTheMarket(schedule: FlowSchedule): boolean {
  return schedule.kind === 'session' || schedule.only !== 'always';
}

/** What a market does to a schedule that asks for it, as it stands at the end of the schedule's sentence. */
export const MARKET_NOTES: Readonly<Record<MarketOfSchedules, string>> = { exchange: '', always_open: ' - demo market: always open', unknown: ' - rests during a replay' };

/**
 * The schedule in one plain sentence without its full stop: "At 16:10 on trading days", "15 minutes after the close (half days too)". Times are New York's
 * unless a zone is named. With the market of a demo or a replay the sentence says what that does to a schedule that asks for the market.
 */
export function describeSchedule(schedule: FlowSchedule, market: MarketOfSchedules = 'exchange'): string {
  const words = schedule.kind === 'cron' ? cronWords(schedule)
    : schedule.kind === 'session' ? sessionWords(schedule)
    : [`every ${schedule.everyMinutes === 1 ? 'minute' : lengthOf(schedule.everyMinutes).replace(/^1 /, '')}`, FILTER_WORDS[schedule.only]].filter((part) => part !== '').join(' ');
  const end = schedule.until === null ? '' : `, until ${utcWords(schedule.until)}`;
  const note = asksTheMarket(schedule) ? MARKET_NOTES[market] : '';
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${end}${note}`;
}

/**
 * What starts a flow, in words: its schedule (without what is said of the market), its events, else the flows of which it is a part, else a person.
 * "Every 15 minutes while the market is open; on each fill, at most once a minute".
 */
export function startWords<F extends { readonly name: string; readonly scheduleText: string | null; readonly events: readonly string[]; readonly children: readonly string[] }>(flow: F, all: readonly F[]): string {
  const parts = [...(flow.scheduleText === null ? [] : [Object.values(MARKET_NOTES).reduce((text, note) => text.replace(note, ''), flow.scheduleText)]), ...flow.events.map((event) => `on ${event}`)];
  const parents = all.filter(({ children }) => children.includes(flow.name)).map(({ name }) => name);
  if (parts.length === 0) return parents.length === 0 ? 'On demand' : `As a part of ${listOf(parents)}, and on demand`;
  const words = parts.join('; ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
