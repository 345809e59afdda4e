/** Schedules tick on New York's wall clock, on the days when it changes too, and only when the calendar agrees. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseRfc3339, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { toNewYork } from '#app/market/calendar.ts';
import { calendarAgrees, nextTick, ticksBetween } from './ticks.ts';
import { readCron } from './triggers.ts';

function ticks(cron: string, after: string, until: string): string[] {
  return ticksBetween(readCron(cron), parseRfc3339(after), parseRfc3339(until)).map((tick) => toRfc3339(tick).replace(':00.000Z', 'Z'));
}

describe('ticks of a schedule', () => {
  it('are New York times, winter and summer', () => {
    expect(ticks('0 18 * * 1-5', '2024-01-04T00:00:00Z', '2024-01-09T00:00:00Z')).toEqual(['2024-01-04T23:00Z', '2024-01-05T23:00Z', '2024-01-08T23:00Z']);
    expect(ticks('0 18 * * 1-5', '2024-07-04T00:00:00Z', '2024-07-05T00:00:00Z')).toEqual(['2024-07-04T22:00Z']);
  });

  it('exclude the start and include the end', () => {
    expect(ticks('*/5 * * * *', '2024-01-04T10:00:00Z', '2024-01-04T10:10:00Z')).toEqual(['2024-01-04T10:05Z', '2024-01-04T10:10Z']);
  });

  it('come once, an hour later, when spring skips the named hour (10 March 2024, 02:00 -> 03:00)', () => {
    expect(ticks('30 2 * * *', '2024-03-09T12:00:00Z', '2024-03-11T12:00:00Z')).toEqual(['2024-03-10T07:30Z', '2024-03-11T06:30Z']);
    expect(ticks('30 2,3 * * *', '2024-03-10T00:00:00Z', '2024-03-10T12:00:00Z')).toEqual(['2024-03-10T07:30Z']);
  });

  it('come once when autumn repeats the named hour (3 November 2024, 02:00 -> 01:00)', () => {
    expect(ticks('30 1 * * *', '2024-11-02T12:00:00Z', '2024-11-04T12:00:00Z')).toEqual(['2024-11-03T05:30Z', '2024-11-04T06:30Z']);
  });

  it('come in every real hour when hours are counted, not named', () => {
    expect(ticks('5 * * * *', '2024-11-03T04:00:00Z', '2024-11-03T08:00:00Z')).toEqual(['2024-11-03T04:05Z', '2024-11-03T05:05Z', '2024-11-03T06:05Z', '2024-11-03T07:05Z']);
    expect(ticks('5 * * * *', '2024-03-10T05:00:00Z', '2024-03-10T09:00:00Z')).toEqual(['2024-03-10T05:05Z', '2024-03-10T06:05Z', '2024-03-10T07:05Z', '2024-03-10T08:05Z']);
  });

  it('every minute there are as many as real minutes, in any week of the year', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 366 * 20 }), fc.integer({ min: 1, max: 3 * 24 * 60 }), (day, minutes) => {
      const after = (parseRfc3339('2010-01-01T00:00:00Z') + day * DAY_MS) as EpochMs;
      const found = ticksBetween(readCron('* * * * *'), after, (after + minutes * MINUTE_MS) as EpochMs);
      expect(found).toEqual(Array.from({ length: minutes }, (_, n) => after + (n + 1) * MINUTE_MS));
    }), { numRuns: 30 });
  });

  it('of a named hour come exactly once on each civil day', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 365 * 10 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), (day, hour, minute) => {
      const after = (parseRfc3339('2015-01-01T05:00:00Z') + day * DAY_MS) as EpochMs;
      const days = ticksBetween(readCron(`${minute} ${hour} * * *`), after, (after + 5 * DAY_MS) as EpochMs).map((tick) => toNewYork(tick).date);
      expect(new Set(days).size).toBe(days.length);
      expect(days.length).toBeGreaterThanOrEqual(4);
    }), { numRuns: 100 });
  });

  it('split at any point add up to the whole', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 365 }), fc.integer({ min: 1, max: 48 * 60 }), fc.integer({ min: 1, max: 48 * 60 }), (day, first, second) => {
      const cron = readCron('*/7 1-4 * * *');
      const a = (parseRfc3339('2024-01-01T00:00:00Z') + day * DAY_MS) as EpochMs;
      const b = (a + first * MINUTE_MS) as EpochMs;
      const c = (b + second * MINUTE_MS) as EpochMs;
      expect([...ticksBetween(cron, a, b), ...ticksBetween(cron, b, c)]).toEqual(ticksBetween(cron, a, c));
    }), { numRuns: 50 });
  });
});

describe('the calendar', () => {
  const agrees = (only: 'always' | 'trading_days' | 'in_session', text: string): boolean => calendarAgrees(only, 'exchange', parseRfc3339(text));
  it('knows weekends, holidays and half days', () => {
    expect(agrees('trading_days', '2024-07-04T22:00:00Z')).toBe(false);
    expect(agrees('trading_days', '2024-07-03T22:00:00Z')).toBe(true);
    expect(agrees('in_session', '2024-07-03T16:59:00Z')).toBe(true);
    expect(agrees('in_session', '2024-07-03T17:00:00Z')).toBe(false);
    expect(agrees('in_session', '2024-07-06T15:00:00Z')).toBe(false);
    expect(agrees('always', '2024-07-06T15:00:00Z')).toBe(true);
  });
  it('of a demo never closes, of a replay is not known', () => {
    const sunday = parseRfc3339('2024-07-07T15:00:00Z');
    expect(calendarAgrees('in_session', 'always_open', sunday)).toBe(true);
    expect(calendarAgrees('in_session', 'unknown', parseRfc3339('2024-07-03T15:00:00Z'))).toBe(false);
    expect(calendarAgrees('always', 'unknown', sunday)).toBe(true);
  });
  it('gives the next tick over a long weekend', () => {
    const friday = parseRfc3339('2024-08-30T20:30:00Z');
    const next = nextTick(readCron('*/15 * * * *'), friday, (tick) => calendarAgrees('in_session', 'exchange', tick));
    expect(next && toRfc3339(next)).toBe('2024-09-03T13:30:00.000Z');
  });
  it('gives null when it never agrees, without searching for ever', () => {
    const began = performance.now();
    for (const cron of ['* * * * *', '0 18 29 2 *']) expect(nextTick(readCron(cron), parseRfc3339('2024-03-01T00:00:00Z'), () => false)).toBeNull();
    expect(performance.now() - began).toBeLessThan(500);
  });
  it('is fast enough to look back a week at every schedule', () => {
    const cron = readCron('* * * * *');
    const until = parseRfc3339('2024-06-08T00:00:00Z');
    const began = performance.now();
    expect(ticksBetween(cron, (until - 7 * DAY_MS) as EpochMs, until)).toHaveLength(7 * 24 * 60);
    expect(performance.now() - began).toBeLessThan(500);
    expect(ticksBetween(cron, (until - HOUR_MS) as EpochMs, until)).toHaveLength(60);
  });
});

describe('reading a schedule', () => {
  it.each([['61 * * * *', /cannot be read/], ['every day', /cannot be read/], ['*/10 * * * * *', /seconds/], ['0 0 1 * 1', /name one of them/], ['0 0 L * *', /given as numbers|cannot be read/]])('refuses %s', (cron, message) => {
    expect(() => readCron(cron)).toThrow(message);
  });
  it('takes Sunday as 0 and as 7', () => {
    expect(readCron('0 0 * * 7').weekdays).toEqual(readCron('0 0 * * 0').weekdays);
  });
});
