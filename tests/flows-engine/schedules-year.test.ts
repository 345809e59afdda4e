/** A virtual clock goes through a year of minutes; every moment at which any schedule fires is compared with a list that knows nothing of our calendar. */
import { describe, expect, it } from 'vitest';
import { scheduleSchema, type FlowSchedule, type FlowScheduleInput } from '#app/contracts/flow-schedules.ts';
import { FLOW_NAMES } from '#app/contracts/flows.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { decideTicks, dueTicks } from '../../services/orchestrator/decide.ts';
import { readSchedule } from '../../services/orchestrator/triggers.ts';
import { realFlows, realSchedules } from './real-schedules.ts';

/** One year with both nights on which the clocks of New York change (1 November 2026, 14 March 2027), ten holidays and two half days. */
const FROM = Date.UTC(2026, 6, 1, 4);
const TO = Date.UTC(2027, 6, 1, 4);
/** Sessions of neighbouring days reach into the year. */
const MARGIN_MINUTES = 3 * 1_440;

/** NYSE Group, "2026, 2027 and 2028 Holiday and Early Closings Calendar", 23 December 2025. */
const HOLIDAYS = new Set(['2026-07-03', '2026-09-07', '2026-11-26', '2026-12-25', '2027-01-01', '2027-01-18', '2027-02-15', '2027-03-26', '2027-05-31', '2027-06-18', '2027-07-05']);
const HALF_DAYS = new Set(['2026-11-27', '2026-12-24']);

const FIRST = FROM / MINUTE_MS - MARGIN_MINUTES;
const COUNT = (TO - FROM) / MINUTE_MS + 2 * MARGIN_MINUTES;

/** What the clocks of a zone show at each real minute, in minutes since 1970 of their own, by the platform's time-zone data. */
function wallMinutes(timeZone: string): Int32Array {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  const walls = new Int32Array(COUNT);
  const HALF_HOUR = 30;
  for (let index = 0; index < COUNT; index += HALF_HOUR) {
    const parts = Object.fromEntries(format.formatToParts((FIRST + index) * MINUTE_MS).map(({ type, value }) => [type, Number(value)]));
    const wall = Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 1) - 1, parts['day'], parts['hour'], parts['minute']) / MINUTE_MS;
    for (let n = 0; n < HALF_HOUR && index + n < COUNT; n += 1) walls[index + n] = wall + n;
  }
  return walls;
}
const zones = new Map<string, Int32Array>();
function wallsOf(timeZone: string): Int32Array {
  const walls = zones.get(timeZone) ?? wallMinutes(timeZone);
  zones.set(timeZone, walls);
  return walls;
}
const newYork = wallsOf('America/New_York');

type Day = { readonly date: string; readonly isTrading: boolean; readonly closeMinute: number };
const days = new Map<number, Day>();
function dayOf(wall: number): Day {
  const number = Math.floor(wall / 1_440);
  const known = days.get(number);
  if (known) return known;
  const date = new Date(number * 86_400_000);
  const text = date.toISOString().slice(0, 10);
  const day = { date: text, isTrading: date.getUTCDay() % 6 !== 0 && !HOLIDAYS.has(text), closeMinute: HALF_DAYS.has(text) ? 780 : 960 };
  days.set(number, day);
  return day;
}

/** The values of a cron field; `has(value)` by index, because it is asked twenty million times. */
function fieldOf(field: string, from: number, to: number): { has(value: number): boolean; readonly size: number } {
  const values = Array.from({ length: to + 1 }, () => false);
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [low = from, high = part.includes('-') ? to : range === '*' ? to : Number(range)] = range === '*' ? [from, to] : range.split('-').map(Number);
    for (let value = low; value <= high; value += Number(step)) values[value] = true;
  }
  return { has: (value) => values[value] === true, size: values.filter(Boolean).length };
}

/** Real minutes (indexes) at which a cron schedule is meant to tick: the rule in its plainest form, minute by minute. */
function cronIndexes(schedule: Extract<FlowSchedule, { kind: 'cron' }>): number[] {
  const [minute = '', hour = '', dayOfMonth = '', month = '', weekday = ''] = schedule.cron.split(' ');
  const [minutes, hours, daysOfMonth, months] = [fieldOf(minute, 0, 59), fieldOf(hour, 0, 23), fieldOf(dayOfMonth, 1, 31), fieldOf(month, 1, 12)];
  const weekdays = fieldOf(weekday, 0, 6);
  const isDay = new Map<number, boolean>();
  const matches = (wall: number): boolean => {
    const inDay = wall % 1_440;
    if (!minutes.has(inDay % 60) || !hours.has(Math.floor(inDay / 60))) return false;
    const number = Math.floor(wall / 1_440);
    let day = isDay.get(number);
    if (day === undefined) {
      const date = new Date(number * 86_400_000);
      day = daysOfMonth.has(date.getUTCDate()) && months.has(date.getUTCMonth() + 1) && weekdays.has(date.getUTCDay());
      isDay.set(number, day);
    }
    return day;
  };
  const walls = wallsOf(schedule.timeZone);
  const isCounted = hours.size === 24;
  const found = new Set<number>();
  let highest = -Infinity;
  for (let index = 0; index < COUNT; index += 1) {
    const wall = walls[index] ?? 0;
    // An hour that happens twice counts twice only for a schedule that counts hours.
    if (matches(wall) && (isCounted || wall > highest)) found.add(index);
    // Times that the clock skips come as much later as it jumps.
    const gap = index === 0 ? 0 : wall - (walls[index - 1] ?? 0) - 1;
    for (let skipped = 0; skipped < gap; skipped += 1) if (matches(wall - gap + skipped)) found.add(index + skipped);
    highest = Math.max(highest, wall);
  }
  return [...found].sort((a, b) => a - b);
}

function sessionIndexes({ anchor, offsetMinutes }: Extract<FlowSchedule, { kind: 'session' }>): number[] {
  const found: number[] = [];
  newYork.forEach((wall, index) => {
    const minute = wall % 1_440;
    if (minute !== 570 && minute % 60 !== 0) return;
    const { isTrading, closeMinute } = dayOf(wall);
    const isAnchor = anchor === 'open' ? minute === 570 : anchor === 'close' ? minute === closeMinute : minute % 60 === 0 && minute > 570 && minute <= closeMinute;
    if (isTrading && isAnchor) found.push(index + offsetMinutes);
  });
  return found;
}

/** The list that the decisions are held against. */
function expectedTicks(schedule: FlowSchedule): number[] {
  const indexes = schedule.kind === 'cron' ? cronIndexes(schedule)
    : schedule.kind === 'session' ? sessionIndexes(schedule)
    : Array.from({ length: Math.ceil(COUNT / schedule.everyMinutes) }, (_, n) => Math.ceil(FIRST / schedule.everyMinutes) * schedule.everyMinutes - FIRST + n * schedule.everyMinutes);
  const only = schedule.kind === 'session' ? 'always' : schedule.only;
  return indexes.filter((index) => {
    if (only === 'always') return true;
    const wall = newYork[index] ?? 0;
    const { isTrading, closeMinute } = dayOf(wall);
    return isTrading && (only === 'trading_days' || (wall % 1_440 >= 570 && wall % 1_440 < closeMinute));
  }).map((index) => (FIRST + index) * MINUTE_MS).filter((tick) => tick > FROM && tick <= TO && tick <= (schedule.until ?? Infinity));
}

const ODD: readonly FlowScheduleInput[] = [
  { kind: 'cron', cron: '* * * * *' }, { kind: 'cron', cron: '30 2 * * *' }, { kind: 'cron', cron: '30 1 * * *' }, { kind: 'cron', cron: '*/10 1-3 * * *' }, { kind: 'cron', cron: '0 */2 * * *' }, { kind: 'cron', cron: '5,35 * * * *' },
  { kind: 'cron', cron: '30 1 * * *', timeZone: 'Europe/London' }, { kind: 'cron', cron: '*/20 * * * *', timeZone: 'Europe/London' }, { kind: 'cron', cron: '15 2 * * *', timeZone: 'Australia/Lord_Howe' }, { kind: 'cron', cron: '45 1 * * *', timeZone: 'Australia/Lord_Howe' },
  { kind: 'cron', cron: '0 0 * * *', timeZone: 'Asia/Beirut' }, { kind: 'cron', cron: '30 23 * * *', timeZone: 'America/Santiago', only: 'trading_days' }, { kind: 'cron', cron: '0 9 * * 1-5', timeZone: 'Asia/Kolkata' }, { kind: 'cron', cron: '0 9 * * *', timeZone: 'Asia/Tokyo', only: 'trading_days' },
  { kind: 'cron', cron: '0 12 29 * *' }, { kind: 'cron', cron: '0 12 31 * *' }, { kind: 'cron', cron: '0 7 * * 0' }, { kind: 'cron', cron: '*/15 9-16 * * 1-5', only: 'in_session' }, { kind: 'cron', cron: '0 16 * * *', only: 'trading_days', until: Date.UTC(2026, 11, 24, 21) },
  { kind: 'interval', everyMinutes: 7 }, { kind: 'interval', everyMinutes: 45, only: 'in_session' }, { kind: 'interval', everyMinutes: 1_440 }, { kind: 'interval', everyMinutes: 10_080, only: 'trading_days' },
  { kind: 'session', anchor: 'hour', offsetMinutes: 5 }, { kind: 'session', anchor: 'hour', offsetMinutes: -1 }, { kind: 'session', anchor: 'open', offsetMinutes: -30 }, { kind: 'session', anchor: 'open', offsetMinutes: -720 },
  { kind: 'session', anchor: 'close', offsetMinutes: 15 }, { kind: 'session', anchor: 'close', offsetMinutes: 720 }, { kind: 'session', anchor: 'close', until: Date.UTC(2027, 0, 1) },
];

/** Lets the clock run: each minute is decided as the scheduler decides it, from what it remembers and nothing else. */
function fire(schedules: readonly FlowSchedule[]): number[][] {
  const flows = schedules.map((schedule) => ({ read: readSchedule(schedule), decidedUntil: FROM as EpochMs, fired: [] as number[] }));
  const policy = { onMissed: 'skip', overlap: 'queue', isBusy: () => false } as const;
  for (let minute = FROM + MINUTE_MS; minute <= TO; minute += MINUTE_MS) {
    const now = (minute + 40) as EpochMs;
    for (const flow of flows) {
      const { ticks, until } = dueTicks(flow.read, 'exchange', { decidedUntil: flow.decidedUntil, begins: null }, now);
      flow.decidedUntil = until;
      if (ticks.length > 0) flow.fired.push(...decideTicks(ticks, now, policy).run);
    }
  }
  return flows.map((flow) => flow.fired);
}

function show(ticks: readonly number[]): string[] {
  return ticks.map((tick) => new Date(tick).toISOString().slice(0, 16));
}

/** The first differences, readable; empty when the lists are the same. */
function differences(actual: readonly number[], expected: readonly number[]): { readonly missing: string[]; readonly extra: string[]; readonly doubled: number } {
  if (actual.length === expected.length && actual.every((tick, index) => tick === expected[index])) return { missing: [], extra: [], doubled: 0 };
  const [has, wants] = [new Set(actual), new Set(expected)];
  return { missing: show(expected.filter((tick) => !has.has(tick)).slice(0, 5)), extra: show(actual.filter((tick) => !wants.has(tick)).slice(0, 5)), doubled: actual.length - has.size };
}

describe('a year of minutes', () => {
  it('has 525,600 of them, a holiday list that matters, and two nights of 23 and 25 hours', () => {
    expect((TO - FROM) / MINUTE_MS).toBe(525_600);
    const hours = (date: string): number => newYork.filter((wall) => dayOf(wall).date === date).length / 60;
    expect([hours('2026-11-01'), hours('2027-03-14'), hours('2027-03-15')]).toEqual([25, 23, 24]);
  });

  it('knows the schedules of all 23 flows', () => {
    expect(realFlows().map((definition) => definition.name).sort()).toEqual([...FLOW_NAMES].sort());
    expect(realSchedules().length).toBeGreaterThanOrEqual(12);
  });

  it('fires every schedule of the 23 flows and every odd one exactly when the list says', { timeout: 120_000 }, () => {
    const schedules = [...realSchedules().map(({ schedule }) => schedule), ...ODD.map((schedule) => scheduleSchema.parse(schedule))];
    const fired = fire(schedules);
    let ticks = 0;
    schedules.forEach((schedule, index) => {
      const expected = expectedTicks(schedule);
      expect({ schedule, ...differences(fired[index] ?? [], expected) }).toEqual({ schedule, missing: [], extra: [], doubled: 0 });
      expect(expected.length).toBeGreaterThan(0);
      ticks += expected.length;
    });
    expect(ticks).toBeGreaterThan(700_000);
  });

  it('counts the sessions by hand: 251 days of which two are half', () => {
    const closes = expectedTicks(scheduleSchema.parse({ kind: 'session', anchor: 'close' }));
    expect(closes).toHaveLength(251);
    expect(show(closes).filter((close) => close.endsWith('18:00'))).toEqual(['2026-11-27T18:00', '2026-12-24T18:00']);
  });
});
