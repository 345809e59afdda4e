/** Reads schedules, with node-cron for cron expressions; says what comes next and why nothing does. */
import { parse, validateDetailed } from 'node-cron';
import { asksTheMarket, MAX_INTERVAL_MINUTES, MAX_OFFSET_MINUTES, scheduleSchema, type FlowSchedule, type MarketOfSchedules } from '#app/contracts/flow-schedules.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { cronFields, whyNoSuchDay, type CronFields } from './cron-ticks.ts';
import { ticksAfter, type ReadSchedule } from './ticks.ts';
import { zoneOf } from './zones.ts';

const MAX_READ = 500;
const known = new Map<string, ReadSchedule>();

function readCron(expression: string): CronFields {
  // node-cron writes a range out before it looks at its bounds: 1-99999999 would cost seconds, and memory that is not there.
  const long = /\d{3,}/.exec(expression)?.[0];
  if (long !== undefined) throw new AppError('SCHEDULE_INVALID', `cron: "${expression}" cannot be read: ${long} is too large for any field; five fields are needed: minute hour day month weekday, such as "10 16 * * 1-5"`);
  const checked = validateDetailed(expression);
  if (!checked.valid) {
    const noDay = impossibleDay(expression);
    if (noDay !== null) throw new AppError('SCHEDULE_INVALID', `cron: "${expression}" never ticks: ${noDay}; choose another day`);
    const problem = checked.errors[0];
    throw new AppError('SCHEDULE_INVALID', `cron: "${expression}" cannot be read: ${problem?.field ?? 'it'} ${problem?.message ?? 'is not valid'}; five fields are needed: minute hour day month weekday, such as "10 16 * * 1-5"`);
  }
  return cronFields(expression, parse(expression));
}

/** node-cron refuses a day that no month has; why, when that is all that is wrong. */
function impossibleDay(expression: string): string | null {
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...rest] = expression.trim().split(/\s+/);
  const [ofDay, ofMonth] = [`${minute} ${hour} ${day} * ${weekday}`, `0 0 * ${month} *`];
  if (rest.length > 0 || !validateDetailed(ofDay).valid || !validateDetailed(ofMonth).valid) return null;
  return whyNoSuchDay({ ...cronFields(expression, parse(ofDay)), months: new Set(parse(ofMonth).month) });
}

/** Reads a schedule. The same schedule gives the same object, which remembers what it was asked last. @throws AppError SCHEDULE_INVALID that names the field and the remedy. */
export function readSchedule(schedule: FlowSchedule): ReadSchedule {
  const key = JSON.stringify(schedule);
  const before = known.get(key);
  if (before) return before;
  const memory = { block: null, ended: null };
  const read: ReadSchedule = schedule.kind === 'cron' ? { schedule, cron: readCron(schedule.cron), zone: zoneOf(schedule.timeZone), memory } : { schedule, cron: null, zone: null, memory };
  if (known.size >= MAX_READ) known.clear();
  known.set(key, read);
  return read;
}

const REMEDIES: Readonly<Record<string, string>> = {
  kind: 'choose cron, interval or session',
  cron: 'five fields are needed: minute hour day month weekday, such as "10 16 * * 1-5"',
  timeZone: 'use an IANA name such as America/New_York',
  everyMinutes: `give whole minutes from 1 to ${MAX_INTERVAL_MINUTES}`,
  offsetMinutes: `give whole minutes from -${MAX_OFFSET_MINUTES} to ${MAX_OFFSET_MINUTES}`,
  anchor: 'choose open, close or hour',
  only: 'choose always, trading_days or in_session',
  until: 'give milliseconds since 1970, or null for no end',
};

/** A schedule out of what someone sent, complete with its defaults and readable. @throws AppError SCHEDULE_INVALID that names the field and the remedy. */
export function parseSchedule(value: unknown): FlowSchedule {
  const parsed = scheduleSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') || 'schedule';
    const remedy = REMEDIES[field];
    throw new AppError('SCHEDULE_INVALID', `${field}: ${issue?.message ?? 'is not valid'}${remedy === undefined ? '' : `; ${remedy}`}`);
  }
  readSchedule(parsed.data);
  return parsed.data;
}

/** The next ticks after an instant, at most `count`; none when it never fires again. @throws AppError SCHEDULE_INVALID */
export function nextTicks(schedule: FlowSchedule, market: MarketOfSchedules, after: EpochMs, count: number): EpochMs[] {
  return ticksAfter(readSchedule(schedule), market, after, count);
}

/** Why a schedule never fires again, in one sentence; null when it does, or when it only rests because a replay's market is not ours to know. */
export function whyNever(schedule: FlowSchedule, market: MarketOfSchedules, now: EpochMs): string | null {
  try {
    const read = readSchedule(schedule);
    if (schedule.until !== null && schedule.until <= now) return `It ended on ${toRfc3339(schedule.until as EpochMs).slice(0, 16).replace('T', ' at ')} UTC`;
    if (market === 'unknown' && asksTheMarket(schedule)) return null;
    if (ticksAfter(read, market, now, 1).length > 0) return null;
    if (schedule.until !== null) return `It ends on ${toRfc3339(schedule.until as EpochMs).slice(0, 16).replace('T', ' at ')} UTC, before its next time`;
    return schedule.kind !== 'session' && schedule.only === 'in_session' ? 'It never runs: the market is never open at these times' : 'It never runs: none of its times lies on a trading day';
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SCHEDULE_INVALID') throw error;
    return `It cannot run: ${describeError(error)}`;
  }
}
