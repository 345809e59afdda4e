/** A broken calendar never stops a worker. */
import { afterEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { amendCalendar, sessionOn } from '#app/market/calendar.ts';
import { readCalendar } from './calendar.ts';
import type { Queryable } from './db.ts';

const warnings: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
const book = (answer: () => unknown): Queryable => ({ query: async <Row>() => (await Promise.resolve(answer())) as Row[] });

describe("the broker's calendar in a worker", () => {
  afterEach(() => {
    amendCalendar([]);
    warnings.length = 0;
  });

  it('is taken over, all but the days that cannot be right', async () => {
    await readCalendar(book(() => [{ date: '2027-03-15', open: null, close: null }, { date: '2027-03-16', open: '17:00', close: '09:00' }]), log);
    expect(sessionOn('2027-03-15')).toBeNull();
    expect(sessionOn('2027-03-16')?.isEarly).toBe(false);
    expect(warnings).toHaveLength(1);
  });

  it('that cannot be read leaves what is known', async () => {
    await readCalendar(book(() => [{ date: '2027-03-15', open: null, close: null }]), log);
    await readCalendar(book(() => Promise.reject(new Error('relation "data_ingestion.market_calendar" does not exist'))), log);
    expect(sessionOn('2027-03-15')).toBeNull();
    await readCalendar(book(() => [{ date: null, open: 3, close: 'x' }]), log);
    expect(warnings).toHaveLength(2);
  });
});
