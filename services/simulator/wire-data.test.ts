/** Timeframes, their bars and the page token of the data API. */
import { describe, expect, it } from 'vitest';
import { parseRfc3339, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { MarketBar } from './market.ts';
import { aggregate, bucketOf, parseBound, parseTimeframe, readPageToken, writePageToken } from './wire-data.ts';
import { newYorkText } from './wire-common.ts';
import { wireCalendar, wireClock } from './wire-reference.ts';

const at = parseRfc3339;
const bucket = (timeframe: string, time: string): string | null => {
  const found = bucketOf(parseTimeframe(timeframe), at(time));
  return found === null ? null : toRfc3339(found).replace('.000Z', 'Z');
};
const bar = (time: string, open: number, close: number, volume: number): MarketBar => ({
  symbol: 'KO', openTime: at(time), open, high: Math.max(open, close) + 1, low: Math.min(open, close) - 1, close, volume, trades: 2, vwap: (open + close) / 2,
});

describe('timeframes', () => {
  it.each([
    ['5Min', '2024-07-01T13:34:00Z', '2024-07-01T13:30:00Z'], ['15T', '2024-07-01T13:44:00Z', '2024-07-01T13:30:00Z'], ['1Hour', '2024-07-01T13:59:00Z', '2024-07-01T13:00:00Z'],
    ['4H', '2024-07-01T13:59:00Z', '2024-07-01T12:00:00Z'], ['1Day', '2024-07-01T13:30:00Z', '2024-07-01T04:00:00Z'], ['1Day', '2024-12-02T15:00:00Z', '2024-12-02T05:00:00Z'],
    ['1Day', '2024-07-01T12:00:00Z', null], ['1Week', '2024-07-03T14:00:00Z', '2024-07-01T04:00:00Z'], ['1Month', '2024-07-31T14:00:00Z', '2024-07-01T04:00:00Z'], ['3M', '2024-09-30T14:00:00Z', '2024-07-01T04:00:00Z'],
  ])('%s of %s begins at %s', (timeframe, time, expected) => {
    expect(bucket(timeframe, time)).toBe(expected);
  });
  it.each(['0Min', '60Min', '24Hour', '2Day', '5Month', 'Min', '1min', '1'])('refuses %s', (text) => {
    expect(() => parseTimeframe(text)).toThrow(/invalid timeframe/);
  });
  it('merges minutes: first open, extremes, last close, sums, volume-weighted price', () => {
    const minutes = [bar('2024-07-01T13:30:00Z', 10, 11, 100), bar('2024-07-01T13:31:00Z', 11, 9, 300), bar('2024-07-01T13:35:00Z', 9, 9, 50)];
    expect(aggregate(minutes, parseTimeframe('5Min'))).toEqual([
      { symbol: 'KO', openTime: at('2024-07-01T13:30:00Z'), open: 10, high: 12, low: 8, close: 9, volume: 400, trades: 4, vwap: 10.125 },
      { symbol: 'KO', openTime: at('2024-07-01T13:35:00Z'), open: 9, high: 10, low: 8, close: 9, volume: 50, trades: 2, vwap: 9 },
    ]);
    expect(aggregate(minutes, parseTimeframe('1Min'))).toBe(minutes);
  });
});

describe('places in time', () => {
  it('reads instants and civil days of New York, an end as its last millisecond', () => {
    expect(parseBound('2024-07-01', false)).toBe(at('2024-07-01T04:00:00Z'));
    expect(parseBound('2024-07-01', true)).toBe(at('2024-07-02T03:59:59.999Z'));
    expect(parseBound('2024-07-01T09:30:00-04:00', false)).toBe(at('2024-07-01T13:30:00Z'));
    expect(() => parseBound('soon', false)).toThrow(/RFC 3339/);
  });
  it('page tokens lead back to where they came from; others are refused', () => {
    const token = { symbol: 'BRK.B', openTime: at('2024-07-01T13:30:00Z') };
    expect(readPageToken(writePageToken(token))).toEqual(token);
    for (const wrong of ['', '@@', Buffer.from('KO|M|never').toString('base64')]) expect(() => readPageToken(wrong)).toThrow();
  });
  it('writes clock and calendar in New York time, across half days and the change of clocks', () => {
    expect(newYorkText(at('2024-01-05T14:30:00Z'))).toBe('2024-01-05T09:30:00-05:00');
    expect(wireClock(at('2024-07-02T20:00:00Z'))).toEqual({ timestamp: '2024-07-02T16:00:00-04:00', is_open: false, next_open: '2024-07-03T09:30:00-04:00', next_close: '2024-07-03T13:00:00-04:00' });
    expect(wireCalendar('2024-07-03', '2024-07-05', 'TRADING')).toEqual([
      { date: '2024-07-03', open: '09:30', close: '13:00', session_open: '0400', session_close: '1700', settlement_date: '2024-07-05' },
      { date: '2024-07-05', open: '09:30', close: '16:00', session_open: '0400', session_close: '2000', settlement_date: '2024-07-08' },
    ]);
    expect(wireCalendar('2024-07-06', '2024-07-07', 'TRADING')).toEqual([]);
    expect(wireClock((at('2024-07-02T20:00:00Z') - 1) as EpochMs)['is_open']).toBe(true);
  });
});
