/** Schedules tick on their zone's wall clock, on the days when it changes too, at the market's moments, and only when the calendar agrees. */
import { afterEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { scheduleSchema, type FlowSchedule, type FlowScheduleInput, type MarketOfSchedules, type ScheduleFilter } from '#app/contracts/flow-schedules.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseRfc3339, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { amendCalendar, toNewYork } from '#app/market/calendar.ts';
import { processorMs } from '../../tests/support/processor-time.ts';
import { ticksBetween } from './ticks.ts';
import { nextTicks, parseSchedule, readSchedule, whyNever } from './triggers.ts';

const parse = (schedule: FlowScheduleInput): FlowSchedule => scheduleSchema.parse(schedule);
const cron = (expression: string, only: ScheduleFilter = 'always', timeZone = 'America/New_York'): FlowSchedule => parse({ kind: 'cron', cron: expression, only, timeZone });
const session = (anchor: 'open' | 'close' | 'hour', offsetMinutes = 0): FlowSchedule => parse({ kind: 'session', anchor, offsetMinutes });
const interval = (everyMinutes: number, only: ScheduleFilter = 'always'): FlowSchedule => parse({ kind: 'interval', everyMinutes, only });
const show = (tick: EpochMs): string => toRfc3339(tick).replace(':00.000Z', 'Z');

function ticks(schedule: FlowSchedule | string, after: string, until: string, market: MarketOfSchedules = 'exchange'): string[] {
  return ticksBetween(readSchedule(typeof schedule === 'string' ? cron(schedule) : schedule), market, parseRfc3339(after), parseRfc3339(until)).map(show);
}
function next(schedule: FlowSchedule, after: string, count = 1, market: MarketOfSchedules = 'exchange'): string[] {
  return nextTicks(schedule, market, parseRfc3339(after), count).map(show);
}

describe('ticks of a cron schedule', () => {
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

  it.each([
    // Clocks of the EU change at 01:00 UTC: London skips 01:00-02:00 on 31 March 2024 and repeats it on 27 October.
    { zone: 'Europe/London', expression: '30 1 * * *', span: ['2024-03-30T12:00:00Z', '2024-04-01T12:00:00Z'], expected: ['2024-03-31T01:30Z', '2024-04-01T00:30Z'] },
    { zone: 'Europe/London', expression: '30 1 * * *', span: ['2024-10-26T12:00:00Z', '2024-10-28T12:00:00Z'], expected: ['2024-10-27T00:30Z', '2024-10-28T01:30Z'] },
    // Lord Howe Island moves its clock by half an hour: 02:00 -> 02:30 on 6 October 2024, 02:00 -> 01:30 on 7 April 2024.
    { zone: 'Australia/Lord_Howe', expression: '15 2 * * *', span: ['2024-10-05T00:00:00Z', '2024-10-06T23:00:00Z'], expected: ['2024-10-05T15:45Z', '2024-10-06T15:15Z'] },
    { zone: 'Australia/Lord_Howe', expression: '45 1 * * *', span: ['2024-04-05T20:00:00Z', '2024-04-07T20:00:00Z'], expected: ['2024-04-06T14:45Z', '2024-04-07T15:15Z'] },
    // Beirut skips its midnight: 00:00 -> 01:00 on 31 March 2024.
    { zone: 'Asia/Beirut', expression: '0 0 * * *', span: ['2024-03-30T12:00:00Z', '2024-04-01T12:00:00Z'], expected: ['2024-03-30T22:00Z', '2024-03-31T21:00Z'] },
    { zone: 'Asia/Kolkata', expression: '0 9 * * *', span: ['2024-03-30T00:00:00Z', '2024-03-31T00:00:00Z'], expected: ['2024-03-30T03:30Z'] },
    { zone: 'UTC', expression: '0 0 1 * *', span: ['2024-03-30T00:00:00Z', '2024-04-02T00:00:00Z'], expected: ['2024-04-01T00:00Z'] },
  ])('keep to the clock of $zone ($expression)', ({ zone, expression, span: [after = '', until = ''], expected }) => {
    expect(ticks(cron(expression, 'always', zone), after, until)).toEqual(expected);
  });

  it('every minute there are as many as real minutes, in any week of the year, on any clock', () => {
    const zones = fc.constantFrom('America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'Asia/Beirut', 'America/Santiago', 'UTC');
    fc.assert(fc.property(fc.integer({ min: 0, max: 366 * 20 }), fc.integer({ min: 1, max: 3 * 24 * 60 }), zones, (day, minutes, zone) => {
      const after = (parseRfc3339('2010-01-01T00:00:00Z') + day * DAY_MS) as EpochMs;
      const found = ticksBetween(readSchedule(cron('* * * * *', 'always', zone)), 'exchange', after, (after + minutes * MINUTE_MS) as EpochMs);
      expect(found).toEqual(Array.from({ length: minutes }, (_, n) => after + (n + 1) * MINUTE_MS));
    }), { numRuns: 30 });
  });

  it('of a named hour come exactly once on each civil day', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 365 * 10 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), (day, hour, minute) => {
      const after = (parseRfc3339('2015-01-01T05:00:00Z') + day * DAY_MS) as EpochMs;
      const days = ticksBetween(readSchedule(cron(`${minute} ${hour} * * *`)), 'exchange', after, (after + 5 * DAY_MS) as EpochMs).map((tick) => toNewYork(tick).date);
      expect(new Set(days).size).toBe(days.length);
      expect(days.length).toBeGreaterThanOrEqual(4);
    }), { numRuns: 100 });
  });

  it('split at any point add up to the whole', () => {
    const schedules = fc.constantFrom(cron('*/7 1-4 * * *'), cron('30 0,23 * * *', 'always', 'Asia/Beirut'), interval(7), session('hour', 5), session('close', 700));
    fc.assert(fc.property(fc.integer({ min: 0, max: 365 }), fc.integer({ min: 1, max: 48 * 60 }), fc.integer({ min: 1, max: 48 * 60 }), schedules, (day, first, second, schedule) => {
      const read = readSchedule(schedule);
      const a = (parseRfc3339('2024-01-01T00:00:00Z') + day * DAY_MS) as EpochMs;
      const b = (a + first * MINUTE_MS) as EpochMs;
      const c = (b + second * MINUTE_MS) as EpochMs;
      const whole = ticksBetween(read, 'exchange', a, c);
      expect([...ticksBetween(read, 'exchange', a, b), ...ticksBetween(read, 'exchange', b, c)]).toEqual(whole);
      expect(nextTicks(schedule, 'exchange', a, whole.length)).toEqual(whole);
    }), { numRuns: 100 });
  });
});

describe('ticks of an interval', () => {
  it('count from 1970, so that every computer agrees', () => {
    expect(ticks(interval(90), '2024-01-01T00:00:00Z', '2024-01-01T05:00:00Z')).toEqual(['2024-01-01T01:30Z', '2024-01-01T03:00Z', '2024-01-01T04:30Z']);
    expect(next(interval(40_320), '2024-01-01T00:00:00Z', 2).map((tick) => Date.parse(tick) % (40_320 * MINUTE_MS))).toEqual([0, 0]);
  });
  it('go by real time where the clock changes', () => {
    expect(ticks(interval(60), '2024-11-03T04:30:00Z', '2024-11-03T08:30:00Z')).toHaveLength(4);
  });
});

describe("ticks of the market's day", () => {
  afterEach(() => void amendCalendar([]));

  it('follow each full hour of the session, half days included', () => {
    expect(ticks(session('hour', 5), '2024-07-03T00:00:00Z', '2024-07-06T00:00:00Z')).toEqual([
      '2024-07-03T14:05Z', '2024-07-03T15:05Z', '2024-07-03T16:05Z', '2024-07-03T17:05Z',
      '2024-07-05T14:05Z', '2024-07-05T15:05Z', '2024-07-05T16:05Z', '2024-07-05T17:05Z', '2024-07-05T18:05Z', '2024-07-05T19:05Z', '2024-07-05T20:05Z',
    ]);
  });
  it('know the early close, the late open, and the night before', () => {
    expect(ticks(session('close', 15), '2024-07-02T00:00:00Z', '2024-07-06T00:00:00Z')).toEqual(['2024-07-02T20:15Z', '2024-07-03T17:15Z', '2024-07-05T20:15Z']);
    expect(ticks(session('open', -30), '2002-09-11T00:00:00Z', '2002-09-12T00:00:00Z')).toEqual(['2002-09-11T15:30Z']);
    expect(ticks(session('hour'), '2002-09-11T00:00:00Z', '2002-09-12T00:00:00Z')).toEqual(['2002-09-11T17:00Z', '2002-09-11T18:00Z', '2002-09-11T19:00Z', '2002-09-11T20:00Z']);
    expect(ticks(session('open', -720), '2024-07-06T00:00:00Z', '2024-07-09T00:00:00Z')).toEqual(['2024-07-08T01:30Z']);
    expect(ticks(session('close', 720), '2024-07-05T12:00:00Z', '2024-07-08T12:00:00Z')).toEqual(['2024-07-06T08:00Z']);
  });
  it("follow the broker's calendar as soon as it is known", () => {
    const day = ['2027-03-15T00:00:00Z', '2027-03-16T00:00:00Z'] as const;
    expect(ticks(session('close', 15), ...day)).toEqual(['2027-03-15T20:15Z']);
    amendCalendar([{ date: '2027-03-15', open: '09:30', close: '12:00' }]);
    expect(ticks(session('close', 15), ...day)).toEqual(['2027-03-15T16:15Z']);
    expect(ticks(session('hour', 0), ...day)).toEqual(['2027-03-15T14:00Z', '2027-03-15T15:00Z', '2027-03-15T16:00Z']);
    amendCalendar([{ date: '2027-03-15', open: null, close: null }]);
    expect(ticks(session('close', 15), ...day)).toEqual([]);
  });
  it('come every day in a demo, never in a replay', () => {
    expect(ticks(session('close', 15), '2024-07-06T00:00:00Z', '2024-07-08T00:00:00Z', 'always_open')).toEqual(['2024-07-06T20:15Z', '2024-07-07T20:15Z']);
    expect(next(session('close', 15), '2024-07-06T00:00:00Z', 3, 'unknown')).toEqual([]);
  });
});

describe('the calendar', () => {
  const agrees = (only: ScheduleFilter, text: string, market: MarketOfSchedules = 'exchange'): boolean => {
    const at = parseRfc3339(text);
    return ticksBetween(readSchedule(cron('* * * * *', only)), market, (at - MINUTE_MS) as EpochMs, at).length === 1;
  };
  it('knows weekends, holidays and half days', () => {
    expect(agrees('trading_days', '2024-07-04T22:00:00Z')).toBe(false);
    expect(agrees('trading_days', '2024-07-03T22:00:00Z')).toBe(true);
    expect(agrees('in_session', '2024-07-03T16:59:00Z')).toBe(true);
    expect(agrees('in_session', '2024-07-03T17:00:00Z')).toBe(false);
    expect(agrees('in_session', '2024-07-06T15:00:00Z')).toBe(false);
    expect(agrees('always', '2024-07-06T15:00:00Z')).toBe(true);
  });
  it('of a demo never closes, of a replay is not known', () => {
    expect(agrees('in_session', '2024-07-07T15:00:00Z', 'always_open')).toBe(true);
    expect(agrees('in_session', '2024-07-03T15:00:00Z', 'unknown')).toBe(false);
    expect(agrees('always', '2024-07-07T15:00:00Z', 'unknown')).toBe(true);
  });
  it('is New York\'s, whatever zone the hours are in', () => {
    expect(ticks(cron('0 8 * * *', 'trading_days', 'Asia/Tokyo'), '2024-07-04T00:00:00Z', '2024-07-06T00:00:00Z')).toEqual(['2024-07-05T23:00Z']);
  });
  it('gives the next ticks over a long weekend', () => {
    expect(next(cron('*/15 * * * *', 'in_session'), '2024-08-30T19:40:00Z', 3)).toEqual(['2024-08-30T19:45Z', '2024-09-03T13:30Z', '2024-09-03T13:45Z']);
    expect(next(session('open', -30), '2024-08-30T20:30:00Z', 2)).toEqual(['2024-09-03T13:00Z', '2024-09-04T13:00Z']);
  });
  it('leaves schedules silent in years that it does not cover', () => {
    expect(next(session('open'), '2150-01-01T00:00:00Z')).toEqual([]);
    expect(next(cron('0 12 * * *', 'in_session'), '1985-01-01T00:00:00Z')).toEqual([]);
  });
  it('is fast enough to look back a week at every schedule', () => {
    const until = parseRfc3339('2024-06-08T00:00:00Z');
    const began = processorMs();
    expect(ticksBetween(readSchedule(cron('* * * * *')), 'exchange', (until - 7 * DAY_MS) as EpochMs, until)).toHaveLength(7 * 24 * 60);
    expect(processorMs() - began).toBeLessThan(2_000);
    expect(ticksBetween(readSchedule(cron('* * * * *')), 'exchange', (until - HOUR_MS) as EpochMs, until)).toHaveLength(60);
  });
});

describe('a schedule that never fires again', () => {
  const now = parseRfc3339('2024-03-01T12:00:00Z');
  it.each<[FlowScheduleInput, RegExp]>([
    [{ kind: 'cron', cron: '0 3 * * *', only: 'in_session' }, /market is never open at these times/],
    [{ kind: 'cron', cron: '* * * * 0,6', only: 'trading_days' }, /trading day/],
    [{ kind: 'interval', everyMinutes: 40_320, only: 'in_session' }, /never open/],
    [{ kind: 'cron', cron: '0 12 * * *', until: parseRfc3339('2024-02-29T17:30:00Z') }, /ended on 2024-02-29 at 17:30 UTC/],
    [{ kind: 'session', anchor: 'open', until: parseRfc3339('2024-03-01T13:00:00Z') }, /ends on 2024-03-01|ended on/],
    [{ kind: 'interval', everyMinutes: 1_440, until: parseRfc3339('2024-03-01T13:00:00Z') }, /ends on 2024-03-01 at 13:00 UTC, before its next time/],
  ])('%j says why, at once', (input, why) => {
    const schedule = parse(input);
    const began = processorMs();
    expect(nextTicks(schedule, 'exchange', now, 5)).toEqual([]);
    expect(whyNever(schedule, 'exchange', now)).toMatch(why);
    expect(processorMs() - began).toBeLessThan(5_000);
  });
  it('says so as well when its expression can no longer be read', () => {
    expect(whyNever({ ...cron('* * * * *'), cron: '0 12 30 2 *' } as FlowSchedule, 'exchange', now)).toMatch(/^It cannot run: .*30 February does not exist/);
  });
  it('is none that only waits long, or rests during a replay', () => {
    expect(whyNever(cron('0 18 29 2 *'), 'exchange', now)).toBeNull();
    expect(next(cron('0 18 29 2 *'), '2096-03-01T00:00:00Z')).toEqual(['2104-02-29T23:00Z']);
    expect(whyNever(session('open'), 'unknown', now)).toBeNull();
    expect(nextTicks(parse({ kind: 'interval', everyMinutes: 60, until: now + HOUR_MS }), 'exchange', now, 5)).toEqual([now + HOUR_MS]);
  });
});

describe('reading a schedule', () => {
  it.each([
    [{ kind: 'cron', cron: '61 * * * *' }, /^cron: "61 \* \* \* \*" cannot be read.*five fields/],
    [{ kind: 'cron', cron: 'every day' }, /^cron: .*cannot be read/],
    [{ kind: 'cron', cron: '1-99999999 * * * *' }, /^cron: .*99999999 is too large/],
    [{ kind: 'cron', cron: '* * * * *', until: -1 }, /^until: /],
    [{ kind: 'cron', cron: '*/10 * * * * *' }, /seconds.*leave it out/],
    [{ kind: 'cron', cron: '0 0 1 * 1' }, /name one of them/],
    [{ kind: 'cron', cron: '0 0 L * *' }, /as numbers|cannot be read/],
    [{ kind: 'cron', cron: '' }, /^cron: .*five fields/],
    [{ kind: 'cron', cron: '0 12 30 2 *' }, /30 February does not exist; choose another day/],
    [{ kind: 'cron', cron: '0 12 31 4,6 *' }, /31 April or June does not exist/],
    [{ kind: 'cron', cron: '0 0 * * *', timeZone: 'Mars/Olympus' }, /^timeZone: .*IANA/],
    [{ kind: 'cron', cron: '0 0 * * *', timeZone: '+02:00' }, /^timeZone: .*IANA/],
    [{ kind: 'interval', everyMinutes: 0 }, /^everyMinutes: .*from 1 to 40320/],
    [{ kind: 'interval', everyMinutes: 1.5 }, /^everyMinutes: .*whole/],
    [{ kind: 'session', anchor: 'open', offsetMinutes: 721 }, /^offsetMinutes: .*-720 to 720/],
    [{ kind: 'session', anchor: 'lunch' }, /^anchor: .*open, close or hour/],
    [{ kind: 'moon' }, /^kind: .*cron, interval or session/],
    [{ kind: 'cron', cron: '0 0 * * *', only: 'sometimes' }, /^only: /],
    ['0 0 * * *', /^schedule: /],
    [null, /^schedule: /],
  ])('refuses %j and says what to do', (value, message) => {
    expect(() => parseSchedule(value)).toThrow(expect.objectContaining({ code: 'SCHEDULE_INVALID', message: expect.stringMatching(message) as string }) as Error);
  });
  it('takes Sunday as 0 and as 7, and fills in what is left out', () => {
    expect(readSchedule(cron('0 0 * * 7')).cron?.weekdays).toEqual(readSchedule(cron('0 0 * * 0')).cron?.weekdays);
    expect(parseSchedule({ kind: 'cron', cron: ' 0 0 * * * ' })).toEqual({ kind: 'cron', cron: '0 0 * * *', timeZone: 'America/New_York', only: 'always', until: null });
  });
});
