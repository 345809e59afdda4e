/** The calendar against published holidays and recorded days. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { epochMs, MINUTE_MS, parseRfc3339, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { amendCalendar, calendarCovers, calendarRevision, endOfDay, exchangeDay, isInExtendedHours, isInSession, isRegularBar, latestSession, nextClose, nextOpen, sessionOf, sessionOn, sessionsBetween, specialDayName, toNewYork } from './calendar.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

const at = (text: string): EpochMs => parseRfc3339(text);

/** NYSE, "Holidays and Trading Hours" as published for 2022-2028; the last three in NYSE Group's announcement of 23 December 2025. */
const PUBLISHED: Record<number, { closed: string[]; early: string[] }> = {
  2022: { closed: ['01-17', '02-21', '04-15', '05-30', '06-20', '07-04', '09-05', '11-24', '12-26'], early: ['11-25'] },
  2023: { closed: ['01-02', '01-16', '02-20', '04-07', '05-29', '06-19', '07-04', '09-04', '11-23', '12-25'], early: ['07-03', '11-24'] },
  2024: { closed: ['01-01', '01-15', '02-19', '03-29', '05-27', '06-19', '07-04', '09-02', '11-28', '12-25'], early: ['07-03', '11-29', '12-24'] },
  2025: { closed: ['01-01', '01-09', '01-20', '02-17', '04-18', '05-26', '06-19', '07-04', '09-01', '11-27', '12-25'], early: ['07-03', '11-28', '12-24'] },
  2026: { closed: ['01-01', '01-19', '02-16', '04-03', '05-25', '06-19', '07-03', '09-07', '11-26', '12-25'], early: ['11-27', '12-24'] },
  2027: { closed: ['01-01', '01-18', '02-15', '03-26', '05-31', '06-18', '07-05', '09-06', '11-25', '12-24'], early: ['11-26'] },
  2028: { closed: ['01-17', '02-21', '04-14', '05-29', '06-19', '07-04', '09-04', '11-23', '12-25'], early: ['07-03', '11-24'] },
  // Not published yet: worked out by hand from NYSE Rule 7.2 and the dates of Easter (1 April 2029, 21 April 2030).
  2029: { closed: ['01-01', '01-15', '02-19', '03-30', '05-28', '06-19', '07-04', '09-03', '11-22', '12-25'], early: ['07-03', '11-23', '12-24'] },
  2030: { closed: ['01-01', '01-21', '02-18', '04-19', '05-27', '06-19', '07-04', '09-02', '11-28', '12-25'], early: ['07-03', '11-29', '12-24'] },
};

function weekdaysOf(year: number): string[] {
  const days: string[] = [];
  for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += 86_400_000) {
    const day = new Date(ms);
    if (day.getUTCDay() % 6 !== 0) days.push(day.toISOString().slice(0, 10));
  }
  return days;
}

describe('the published calendar', () => {
  it.each(Object.keys(PUBLISHED).map(Number))('%i has exactly the published holidays and half days', (year) => {
    const days = weekdaysOf(year);
    expect(days.filter((day) => sessionOn(day) === null).map((day) => day.slice(5))).toEqual(PUBLISHED[year]?.closed);
    expect(days.filter((day) => sessionOn(day)?.isEarly).map((day) => day.slice(5))).toEqual(PUBLISHED[year]?.early);
  });

  it.each(['2001-09-11', '2001-09-14', '2004-06-11', '2007-01-02', '2012-10-29', '2012-10-30', '2018-12-05', '2025-01-09'])('%s was closed', (date) => {
    expect(sessionOn(date)).toBeNull();
    expect(specialDayName(date)).toMatch(/\w/);
  });

  it.each(['1998-12-24', '1999-12-31', '2002-07-05', '2003-12-26', '2013-07-03'])('%s closed at 13:00', (date) => {
    expect(sessionOn(date)?.isEarly).toBe(true);
    expect(toNewYork(sessionOn(date)?.close ?? epochMs(0)).minuteOfDay).toBe(13 * 60);
  });

  it.each(['2002-07-03', '2011-12-23', '2021-12-31', '2022-12-23'])('%s was a full day', (date) => {
    expect(sessionOn(date)?.isEarly).toBe(false);
  });

  it('opened at noon on the first anniversary of 11 September', () => {
    expect(toNewYork(sessionOn('2002-09-11')?.open ?? epochMs(0)).minuteOfDay).toBe(12 * 60);
  });
});

describe('sessions', () => {
  it('gives the hours of a summer day, a winter day and a half day as instants', () => {
    expect(sessionOn('2024-07-01')).toEqual({
      date: '2024-07-01', open: at('2024-07-01T13:30:00Z'), close: at('2024-07-01T20:00:00Z'), isEarly: false,
      preMarketOpen: at('2024-07-01T08:00:00Z'), afterHoursClose: at('2024-07-02T00:00:00Z'),
    });
    expect(sessionOn('2024-01-02')?.open).toBe(at('2024-01-02T14:30:00Z'));
    expect(sessionOn('2024-07-03')).toMatchObject({ close: at('2024-07-03T17:00:00Z'), isEarly: true, afterHoursClose: at('2024-07-03T21:00:00Z') });
    expect(sessionOn('2024-07-06')).toBeNull();
  });

  it('includes the open and excludes the close', () => {
    expect(isInSession(at('2024-07-01T13:30:00Z'))).toBe(true);
    expect(isInSession(epochMs(at('2024-07-01T13:30:00Z') - 1))).toBe(false);
    expect(isInSession(epochMs(at('2024-07-01T20:00:00Z') - 1))).toBe(true);
    expect(isInSession(at('2024-07-01T20:00:00Z'))).toBe(false);
    expect(sessionOf(at('2024-07-01T15:00:00Z'))?.date).toBe('2024-07-01');
    expect(isInExtendedHours(at('2024-07-01T20:00:00Z'))).toBe(true);
    expect(isInExtendedHours(at('2024-07-02T00:00:00Z'))).toBe(false);
  });

  it('looks over weekends, holidays and clock changes for what comes next', () => {
    expect(toRfc3339(nextOpen(at('2024-03-28T20:00:00Z')))).toBe('2024-04-01T13:30:00.000Z');
    expect(toRfc3339(nextOpen(at('2024-03-08T21:00:00Z')))).toBe('2024-03-11T13:30:00.000Z');
    expect(toRfc3339(nextOpen(at('2001-09-10T20:00:00Z')))).toBe('2001-09-17T13:30:00.000Z');
    expect(toRfc3339(nextOpen(at('2024-07-01T13:30:00Z')))).toBe('2024-07-02T13:30:00.000Z');
    expect(toRfc3339(nextClose(at('2024-07-03T16:59:59Z')))).toBe('2024-07-03T17:00:00.000Z');
    expect(toRfc3339(nextClose(at('2024-07-03T17:00:00Z')))).toBe('2024-07-05T20:00:00.000Z');
    expect(latestSession(at('2024-07-07T12:00:00Z')).date).toBe('2024-07-05');
    expect(latestSession(at('2024-07-05T13:29:59Z')).date).toBe('2024-07-03');
  });

  it('keeps next open, next close and session consistent at any instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1998, 0, 5) / 1000, max: Date.UTC(2030, 11, 1) / 1000 }), (second) => {
        const now = epochMs(second * 1000);
        const open = nextOpen(now);
        const close = nextClose(now);
        expect(open).toBeGreaterThan(now);
        expect(isInSession(open)).toBe(true);
        expect(isInSession(epochMs(open - 1))).toBe(false);
        expect(isInSession(now)).toBe(close < open);
        expect(isInSession(epochMs(close - 1))).toBe(true);
        if (isInSession(now)) expect(sessionOf(now)).toEqual(latestSession(now));
      }),
      { numRuns: 3_000 },
    );
  });

  it('knows the civil day of the exchange', () => {
    expect(exchangeDay(at('2024-07-02T03:59:59Z'))).toBe('2024-07-01');
    expect(exchangeDay(at('2024-07-02T04:00:00Z'))).toBe('2024-07-02');
    // 24, 23 and 25 hours after its own midnight.
    expect(['2024-07-01', '2024-03-10', '2024-11-03'].map(endOfDay)).toEqual(['2024-07-02T04:00:00Z', '2024-03-11T04:00:00Z', '2024-11-04T05:00:00Z'].map(at));
  });

  it('lists sessions and refuses years it does not know', () => {
    expect(sessionsBetween('2024-01-01', '2024-12-31')).toHaveLength(252);
    expect(sessionsBetween('2024-07-01', '2024-07-05').map((session) => session.date)).toEqual(['2024-07-01', '2024-07-02', '2024-07-03', '2024-07-05']);
    expect([at('1998-01-01T04:59:59Z'), at('1998-01-01T05:00:00Z'), at('2101-01-01T00:00:00Z')].map(calendarCovers)).toEqual([false, true, false]);
    expect(() => sessionOn('1997-12-31')).toThrow(/1998 to 2100/);
    expect(() => isInSession(epochMs(Date.UTC(1990, 0, 2)))).toThrow(/1998 to 2100/);
  });

  it('tells regular bars from the others by their overlap with the session', () => {
    expect(isRegularBar(at('2024-07-01T13:29:00Z'), '1Min')).toBe(false);
    expect(isRegularBar(at('2024-07-01T13:30:00Z'), '1Min')).toBe(true);
    expect(isRegularBar(at('2024-07-01T19:59:00Z'), '1Min')).toBe(true);
    expect(isRegularBar(at('2024-07-01T20:00:00Z'), '1Min')).toBe(false);
    expect(isRegularBar(at('2024-07-01T13:00:00Z'), '1Hour')).toBe(true);
    expect(isRegularBar(at('2024-07-01T12:00:00Z'), '1Hour')).toBe(false);
    expect(isRegularBar(at('2024-07-01T04:00:00Z'), '1Day')).toBe(true);
    expect(isRegularBar(at('2024-07-06T04:00:00Z'), '1Day')).toBe(false);
  });
});

describe("the broker's calendar", () => {
  afterEach(() => void amendCalendar([]));

  it('closes, shortens, delays and opens days, and lets go of what it no longer says', () => {
    expect(amendCalendar([
      { date: '2027-03-15', open: null, close: null }, { date: '2027-03-16', open: '09:30', close: '13:00' }, { date: '2027-03-17', open: '11:00', close: '16:00' },
      { date: '2027-03-20', open: '10:00', close: '12:00' }, { date: '2027-03-18', open: '09:30', close: '16:00' }, { date: '2027-03-26', open: null, close: null },
    ])).toEqual({ amended: ['2027-03-15', '2027-03-16', '2027-03-17', '2027-03-20'], refused: [] });
    expect(sessionOn('2027-03-15')).toBeNull();
    expect(sessionOn('2027-03-16')).toMatchObject({ close: at('2027-03-16T17:00:00Z'), isEarly: true, afterHoursClose: at('2027-03-16T21:00:00Z') });
    expect(sessionOn('2027-03-17')?.open).toBe(at('2027-03-17T15:00:00Z'));
    expect(sessionOn('2027-03-20')?.open).toBe(at('2027-03-20T14:00:00Z'));
    expect(toRfc3339(nextOpen(at('2027-03-13T00:00:00Z')))).toBe('2027-03-16T13:30:00.000Z');
    expect(specialDayName('2027-03-15')).toMatch(/broker/);
    amendCalendar([{ date: '2027-03-15', open: null, close: null }]);
    expect(sessionOn('2027-03-15')).toBeNull();
    expect(sessionOn('2027-03-16')?.isEarly).toBe(false);
    expect(sessionOn('2027-03-20')).toBeNull();
    amendCalendar([]);
    expect(sessionOn('2027-03-15')?.close).toBe(at('2027-03-15T20:00:00Z'));
  });

  it('changes the revision only when it changes a day', () => {
    const before = calendarRevision();
    amendCalendar([{ date: '2027-03-18', open: '09:30', close: '16:00' }]);
    expect(calendarRevision()).toBe(before);
    amendCalendar([{ date: '2027-03-18', open: '09:30', close: '13:00' }]);
    amendCalendar([{ date: '2027-03-18', open: '09:30', close: '13:00' }]);
    expect(calendarRevision()).toBe(before + 1);
  });

  it.each([
    [{ date: '2027-02-30', open: null, close: null }, /does not exist/],
    [{ date: '2027-13-01', open: null, close: null }, /does not exist/],
    [{ date: 'today', open: null, close: null }, /YYYY-MM-DD/],
    [{ date: '1066-10-14', open: null, close: null }, /1999 to 2099/],
    [{ date: '2100-12-31', open: null, close: null }, /1999 to 2099/],
    [{ date: '2027-03-15', open: '09:30', close: null }, /both/],
    [{ date: '2027-03-15', open: '9:30', close: '16:00' }, /HH:MM/],
    [{ date: '2027-03-15', open: '16:00', close: '09:30' }, /before/],
  ])('is not believed when it says %j', (day, reason) => {
    const { amended, refused } = amendCalendar([day, { date: '2027-03-16', open: null, close: null }]);
    expect(amended).toEqual(['2027-03-16']);
    expect(refused).toEqual([{ date: day.date, reason: expect.stringMatching(reason) as string }]);
  });

  it('cannot close the exchange for good, which would leave nothing to wait for', () => {
    const days = Array.from({ length: 100 }, (_, n) => ({ date: new Date(Date.UTC(2027, 2, 1 + n)).toISOString().slice(0, 10), open: null, close: null }));
    const { amended, refused } = amendCalendar(days);
    expect(amended).toEqual([]);
    expect(refused.length).toBeGreaterThan(60);
    for (let n = 0; n < 100; n += 1) {
      const day = at(`${days[n]?.date ?? ''}T00:00:00Z`);
      expect(nextOpen(day) - day).toBeLessThan(5 * 86_400_000);
    }
  });
});

/** The recorded bars are an independent witness of 23 years of sessions; a clone without them has the table above. */
const ibm = sharedPath('data/equity/hour/ibm.csv.gz');

describeRecorded([ibm], 'the calendar against recorded hourly IBM bars, 1998-2021', () => {
  const volumes = new Map<string, Map<number, number>>();
  for (const line of gunzipSync(readFileSync(ibm)).toString('utf8').trim().split('\n').slice(1)) {
    const [time = '', , , , , volume = '0'] = line.split(',');
    const day = volumes.get(time.slice(0, 10)) ?? new Map<number, number>();
    volumes.set(time.slice(0, 10), day.set(Number(time.slice(11, 13)), Number(volume)));
  }
  const recorded = [...volumes.keys()].sort();

  it('has a session exactly on each recorded day', () => {
    expect(sessionsBetween(recorded[0] ?? '', recorded.at(-1) ?? '').map((session) => session.date)).toEqual(recorded);
  });

  it('has half days exactly where trading dried up after 13:00', () => {
    const early = recorded.filter((date) => {
      const day = volumes.get(date) ?? new Map<number, number>();
      const afternoon = (day.get(14) ?? 0) + (day.get(15) ?? 0);
      const total = [...day.values()].reduce((sum, volume) => sum + volume, 0);
      return afternoon / total < 0.05;
    });
    expect(sessionsBetween(recorded[0] ?? '', recorded.at(-1) ?? '').filter((session) => session.isEarly).map((session) => session.date)).toEqual(early);
  });

  it('counts 390 minutes in a full day and 210 in a half day', () => {
    for (const session of sessionsBetween('1998-01-02', '2021-03-31')) {
      const minutes = (session.close - session.open) / MINUTE_MS;
      expect(minutes).toBe(session.isEarly ? 210 : session.date === '2002-09-11' ? 240 : 390);
    }
  });
});
