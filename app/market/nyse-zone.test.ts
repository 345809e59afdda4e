/** New York's clock against the platform's time-zone data. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochMs, HOUR_MS, MINUTE_MS, parseRfc3339 } from '#app/domain/time.ts';
import { easterSunday } from './nyse-days.ts';
import { fromNewYork, lastWeekday, newYorkOffsetMs, nthWeekday, toNewYork, weekdayOf } from './nyse-zone.ts';
import { civilFromDays, daysFromCivil, formatDate } from '#app/domain/time.ts';

/** The independent source: the runtime's own time-zone data. */
const intl = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York', hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', weekday: 'short',
});
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function byIntl(at: number): string {
  const parts = Object.fromEntries(intl.formatToParts(at).map((part) => [part.type, part.value]));
  return `${parts['weekday']} ${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}:${parts['second']}`;
}

function byRule(at: number): string {
  const local = toNewYork(epochMs(at));
  const [hour, minute, second] = [local.hour, local.minute, local.second].map((value) => String(value).padStart(2, '0'));
  return `${WEEKDAYS[local.weekday]} ${local.date} ${hour}:${minute}:${second}`;
}

describe('New York time', () => {
  it.each([1967, 1973, 1974, 1975, 1976, 1986, 1987, 1998, 2006, 2007, 2024, 2030])('equals Intl at every hour of %i', (year) => {
    const start = Date.UTC(year, 0, 1, 6);
    const end = Date.UTC(year + 1, 0, 1);
    const wrong: string[] = [];
    for (let at = start; at < end; at += HOUR_MS) if (byRule(at) !== byIntl(at)) wrong.push(byIntl(at));
    expect(wrong).toEqual([]);
  });

  it('equals Intl at any instant from 1968 to 2037', () => {
    fc.assert(fc.property(fc.integer({ min: Date.UTC(1968, 0, 1) / 1000, max: Date.UTC(2037, 0, 1) / 1000 }), (second) => byRule(second * 1000) === byIntl(second * 1000)), { numRuns: 5_000 });
  });

  it('goes back from the wall clock to the instant, but for the hours that happen twice or never', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1968, 0, 1) / MINUTE_MS, max: Date.UTC(2037, 0, 1) / MINUTE_MS }), (minutes) => {
        const at = epochMs(minutes * MINUTE_MS);
        const local = toNewYork(at);
        const back = fromNewYork(local.date, local.minuteOfDay);
        expect(back === at || back === at - HOUR_MS).toBe(true);
        if (local.hour !== 1) expect(back).toBe(at);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads the repeated hour as the first and the skipped hour as the one after', () => {
    expect(fromNewYork('2024-11-03', 90)).toBe(parseRfc3339('2024-11-03T05:30:00Z'));
    expect(fromNewYork('2024-03-10', 150)).toBe(parseRfc3339('2024-03-10T07:30:00Z'));
    expect(fromNewYork('2024-07-01', 570)).toBe(parseRfc3339('2024-07-01T13:30:00Z'));
  });

  it('refuses years that it has no rule for', () => {
    expect(() => newYorkOffsetMs(epochMs(Date.UTC(1960, 5, 1)))).toThrow(/1967 to 2200/);
    expect(() => fromNewYork('2024-02-30', 0)).toThrow(/YYYY-MM-DD/);
  });
});

describe('days by rule', () => {
  it('finds weekdays, n-th weekdays and last weekdays', () => {
    expect(weekdayOf(0)).toBe(4);
    expect(weekdayOf(-1)).toBe(3);
    expect(formatDate(civilFromDays(nthWeekday(2024, 11, 4, 4)))).toBe('2024-11-28');
    expect(formatDate(civilFromDays(lastWeekday(2024, 5, 1)))).toBe('2024-05-27');
    expect(formatDate(civilFromDays(lastWeekday(2024, 12, 2)))).toBe('2024-12-31');
  });

  it.each(['1998-04-12', '2000-04-23', '2008-03-23', '2011-04-24', '2024-03-31', '2025-04-20', '2030-04-21'])('knows Easter Sunday %s', (date) => {
    expect(formatDate(civilFromDays(easterSunday(Number(date.slice(0, 4)))))).toBe(date);
    expect(weekdayOf(daysFromCivil({ year: Number(date.slice(0, 4)), month: Number(date.slice(5, 7)), day: Number(date.slice(8)) }))).toBe(0);
  });
});
