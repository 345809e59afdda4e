/** Schedules in words that people read. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { describeSchedule, scheduleSchema, type FlowScheduleInput, startWords } from './flow-schedules.ts';

function words(schedule: FlowScheduleInput, market?: Parameters<typeof describeSchedule>[1]): string {
  return describeSchedule(scheduleSchema.parse(schedule), market);
}
const cron = (expression: string, rest: Partial<Extract<FlowScheduleInput, { kind: 'cron' }>> = {}): string => words({ kind: 'cron', cron: expression, ...rest });

describe('a cron schedule in words', () => {
  it.each([
    ['* * * * *', 'Every minute'],
    ['*/5 * * * *', 'Every 5 minutes'],
    ['*/7 * * * *', '0, 7, 14, 21, 28, 35, 42, 49 and 56 minutes after each full hour'],
    ['5 * * * *', '5 minutes after each full hour'],
    ['1 * * * *', '1 minute after each full hour'],
    ['0 * * * *', 'At each full hour'],
    ['0 */6 * * *', 'At 00:00, 06:00, 12:00 and 18:00'],
    ['30 9 * * *', 'At 09:30'],
    ['10 16 * * 1-5', 'At 16:10 Monday to Friday'],
    ['0 2 * * 0', 'At 02:00 on Sundays'],
    ['0 2 * * sun,6', 'At 02:00 on Sundays and Saturdays'],
    ['0 2 1 * *', 'At 02:00 on day 1 of the month'],
    ['0 2 1,15 * *', 'At 02:00 on days 1 and 15 of the month'],
    ['0 2 30 2 *', 'At 02:00 on 30 February'],
    ['0 2 * jan-mar *', 'At 02:00 in January to March'],
    ['*/15 9-16 * * *', 'Every 15 minutes from 09:00 to 16:45'],
    ['5 10-16 * * *', '5 minutes after each full hour from 10:05 to 16:05'],
    ['* 9 * * *', 'Every minute from 09:00 to 09:59'],
    ['0 18 L * *', 'By the cron expression "0 18 L * *"'],
  ])('%s', (expression, sentence) => {
    expect(cron(expression)).toBe(sentence);
  });

  it('says what thins it, which clock it reads and when it ends', () => {
    expect(cron('10 16 * * *', { only: 'trading_days' })).toBe('At 16:10 on trading days');
    expect(cron('*/15 * * * *', { only: 'in_session' })).toBe('Every 15 minutes while the market is open');
    expect(cron('0 8 * * *', { timeZone: 'Europe/London' })).toBe('At 08:00 (Europe/London time)');
    expect(cron('0 8 * * *', { until: Date.UTC(2026, 2, 1, 9) })).toBe('At 08:00, until 1 March 2026, 09:00 UTC');
  });
});

describe('other schedules in words', () => {
  it.each<[FlowScheduleInput, string]>([
    [{ kind: 'interval', everyMinutes: 1 }, 'Every minute'],
    [{ kind: 'interval', everyMinutes: 5 }, 'Every 5 minutes'],
    [{ kind: 'interval', everyMinutes: 60 }, 'Every hour'],
    [{ kind: 'interval', everyMinutes: 90, only: 'in_session' }, 'Every 90 minutes while the market is open'],
    [{ kind: 'interval', everyMinutes: 2_880 }, 'Every 2 days'],
    [{ kind: 'interval', everyMinutes: 40_320 }, 'Every 4 weeks'],
    [{ kind: 'session', anchor: 'hour', offsetMinutes: 5 }, '5 minutes after each full hour of the session'],
    [{ kind: 'session', anchor: 'open', offsetMinutes: -30 }, '30 minutes before the open'],
    [{ kind: 'session', anchor: 'close', offsetMinutes: 15 }, '15 minutes after the close (half days too)'],
    [{ kind: 'session', anchor: 'close', offsetMinutes: 180 }, '3 hours after the close (half days too)'],
    [{ kind: 'session', anchor: 'open' }, 'At the open'],
  ])('%j', (schedule, sentence) => {
    expect(words(schedule)).toBe(sentence);
  });

  it('tell what the market of a demo and of a replay mean for them', () => {
    expect(words({ kind: 'session', anchor: 'open' }, 'always_open')).toBe('At the open - demo market: always open');
    expect(words({ kind: 'session', anchor: 'open' }, 'unknown')).toBe('At the open - rests during a replay');
    expect(words({ kind: 'interval', everyMinutes: 5 }, 'always_open')).toBe('Every 5 minutes');
  });

  it('are never empty, whatever the fields', () => {
    const part = (max: number, min = 0): fc.Arbitrary<string> => fc.oneof(fc.constant('*'), fc.integer({ min, max }).map(String), fc.integer({ min: 1, max: max - min }).map((n) => `*/${n}`), fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map((pair) => [...pair].sort((a, b) => a - b).join('-')));
    fc.assert(fc.property(part(59), part(23), part(31, 1), part(12, 1), part(6), (...fields) => {
      const sentence = cron(fields.join(' '));
      expect(sentence).toMatch(/^[A-Z0-9][^"]{4,}$/);
      expect(sentence).not.toMatch(/undefined|NaN| {2}/);
    }), { numRuns: 300 });
  });
});

describe('what starts a flow', () => {
  const flow = (name: string, scheduleText: string | null, events: string[] = [], children: string[] = []): Parameters<typeof startWords>[0] => ({ name, scheduleText, events, children });
  const all = [flow('a', 'At the open - demo market: always open', ['each fill'], ['b']), flow('b', null), flow('c', null, ['a signal', 'a risk warning']), flow('d', null), flow('e', null, [], ['b'])];

  it.each([['a', 'At the open; on each fill'], ['b', 'As a part of a and e, and on demand'], ['c', 'On a signal; on a risk warning'], ['d', 'On demand']])('%s: %s', (name, words) => {
    expect(all.filter((one) => one.name === name).map((one) => startWords(one, all))).toEqual([words]);
  });
});
