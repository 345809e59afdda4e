/** Wider bars from narrow ones, and the recorded days made of recorded hours. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barFromWire, type Bar } from '#app/domain/bar.ts';
import { toText } from '#app/domain/numeric.ts';
import { epochMs, HOUR_MS, MINUTE_MS, parseRfc3339, toRfc3339, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { aggregate, bucketOpen, finishAggregation, startAggregation, type AggregationRule } from './bar-aggregation.ts';
import { exchangeDay, fromNewYork, sessionsBetween } from './calendar.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

const OPEN = parseRfc3339('2024-07-01T13:30:00Z');

type Row = { openTime: number; open: string; high: string; low: string; close: string; volume: string };
const toBar = (timeframe: Timeframe, row: Row): Bar => barFromWire({ symbol: 'SPY', timeframe, ...row });
const show = (bar: Bar): string => [toRfc3339(bar.openTime), bar.timeframe, ...[bar.open, bar.high, bar.low, bar.close, bar.volume].map(toText)].join(' ');

function run(rule: AggregationRule, bars: readonly Bar[]): Bar[] {
  let state = startAggregation(rule);
  const wide: Bar[] = [];
  for (const bar of bars) {
    const next = aggregate(state, bar);
    state = next.state;
    wide.push(...next.closed);
  }
  const rest = finishAggregation(state);
  return rest ? [...wide, rest] : wide;
}

/** A minute whose four prices and volume tell where it came from. */
const minute = (n: number, price: number): Bar => toBar('1Min', { openTime: OPEN + n * MINUTE_MS, open: `${price}`, high: `${price + 2}`, low: `${price - 2}`, close: `${price + 1}`, volume: `${n + 1}` });

describe('putting minutes together', () => {
  it('takes the first open, the extremes, the last close and the sum of volumes', () => {
    const bars = [10, 30, 20, 5, 12].map((price, n) => minute(n, price));
    expect(run({ timeframe: '5Min', hours: 'all' }, bars).map(show)).toEqual(['2024-07-01T13:30:00.000Z 5Min 10 32 3 13 15']);
  });

  it('finishes a bar with its last minute, or with the first minute after it', () => {
    const rule: AggregationRule = { timeframe: '5Min', hours: 'all' };
    let state = startAggregation(rule);
    const closedBy = [0, 4, 5, 7, 10, 14].map((n) => {
      const next = aggregate(state, minute(n, 10));
      state = next.state;
      return next.closed.map((bar) => (bar.openTime - OPEN) / MINUTE_MS);
    });
    expect(closedBy).toEqual([[], [0], [], [], [5], [10]]);
    expect(finishAggregation(state)).toBeNull();
    // A gap that swallows the end of one bar and all but the end of the next finishes both at once.
    state = startAggregation(rule);
    state = aggregate(state, minute(0, 10)).state;
    expect(aggregate(state, minute(9, 10)).closed.map((bar) => (bar.openTime - OPEN) / MINUTE_MS)).toEqual([0, 5]);
  });

  it('leaves a late minute out: a bar that was told stays as it was', () => {
    let state = startAggregation({ timeframe: '5Min', hours: 'all' });
    for (const n of [0, 4, 6]) state = aggregate(state, minute(n, 10)).state;
    expect(aggregate(state, minute(3, 99))).toEqual({ state, closed: [] });
  });

  it('closes a day with its session, also a half day, and leaves extended hours out when asked', () => {
    const session = sessionsBetween('2024-07-03', '2024-07-03')[0];
    const from = session?.open ?? epochMs(0);
    const at = (openTime: number, price: number): Bar => ({ ...minute(0, price), openTime: openTime as EpochMs });
    const bars = [at(from - MINUTE_MS, 50), at(from, 10), at(from + 209 * MINUTE_MS, 20), at(from + 210 * MINUTE_MS, 99)];
    let state = startAggregation({ timeframe: '1Day', hours: 'regular' });
    const closed = bars.map((bar) => {
      const next = aggregate(state, bar);
      state = next.state;
      return next.closed.map(show);
    });
    expect(closed).toEqual([[], [], ['2024-07-03T04:00:00.000Z 1Day 10 22 8 21 2'], []]);
    expect(run({ timeframe: '1Day', hours: 'all' }, bars).map(show)).toEqual(['2024-07-03T04:00:00.000Z 1Day 50 101 8 100 4']);
  });

  it('stands on the clock of New York through clock changes', () => {
    expect(toRfc3339(bucketOpen(parseRfc3339('2024-03-08T20:59:00Z'), '1Day'))).toBe('2024-03-08T05:00:00.000Z');
    expect(toRfc3339(bucketOpen(parseRfc3339('2024-03-11T20:59:00Z'), '1Day'))).toBe('2024-03-11T04:00:00.000Z');
    expect(toRfc3339(bucketOpen(parseRfc3339('2024-07-01T13:44:59Z'), '15Min'))).toBe('2024-07-01T13:30:00.000Z');
  });

  it('refuses bars that are not narrower or belong to another symbol', () => {
    const state = aggregate(startAggregation({ timeframe: '5Min', hours: 'all' }), minute(0, 10)).state;
    expect(() => aggregate(state, { ...minute(1, 10), timeframe: '5Min' })).toThrow(/wider/);
    expect(() => aggregate(state, { ...minute(1, 10), symbol: 'QQQ' })).toThrow(/one symbol/);
  });

  it('keeps extremes, volume and ends whatever is missing, and goes through 5 minutes to the same hours', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(389), { minLength: 1, maxLength: 120 }), fc.array(fc.integer({ min: 5, max: 99 }), { minLength: 120, maxLength: 120 }), (minutes, prices) => {
        const bars = minutes.sort((a, b) => a - b).map((n, i) => minute(n, prices[i] ?? 10));
        const hours = run({ timeframe: '1Hour', hours: 'all' }, bars);
        expect(run({ timeframe: '1Hour', hours: 'all' }, run({ timeframe: '5Min', hours: 'all' }, bars)).map(show)).toEqual(hours.map(show));
        const [day] = run({ timeframe: '1Day', hours: 'regular' }, bars);
        expect(Number(day?.high)).toBe(Math.max(...bars.map((bar) => Number(bar.high))));
        expect(Number(day?.low)).toBe(Math.min(...bars.map((bar) => Number(bar.low))));
        expect(Number(day?.volume)).toBe(bars.reduce((sum, bar) => sum + Number(bar.volume), 0));
        expect([Number(day?.open), Number(day?.close)]).toEqual([Number(bars[0]?.open), Number(bars.at(-1)?.close)]);
      }),
      { numRuns: 60 },
    );
  });
});

function rowsOf(file: string): (Row & { date: string; hour: number })[] {
  return gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1).map((line) => {
    const [time = '', open = '', high = '', low = '', close = '', volume = ''] = line.split(',');
    const hour = Number(time.slice(11, 13) || '0');
    return { date: time.slice(0, 10), hour, openTime: fromNewYork(time.slice(0, 10), hour * 60), open, high, low, close, volume };
  });
}

/** Recorded hours and recorded days come from one feed: the days are the independent answer. Without the files the property above stands alone. */
for (const symbol of ['spy', 'ibm']) {
  const [hourFile, dayFile] = [sharedPath(`data/equity/hour/${symbol}.csv.gz`), sharedPath(`data/equity/daily/${symbol}.csv.gz`)];
  describeRecorded([hourFile, dayFile], `recorded hours of ${symbol} make the recorded days`, () => {
  const priceText = (bar: Bar): string => `${exchangeDay(bar.openTime)} ${[bar.open, bar.high, bar.low, bar.close, bar.volume].map(toText).join(' ')}`;

  it('on every day, in all five columns', () => {
    const hours = rowsOf(hourFile).map((row) => toBar('1Hour', row));
    const days = rowsOf(dayFile).map((row) => priceText(toBar('1Day', row)));
    const ours = run({ timeframe: '1Day', hours: 'all' }, hours).map(priceText);
    expect(ours.length).toBe(5_849);
    const recorded = new Map(days.map((day) => [day.slice(0, 10), day]));
    expect(ours.filter((day) => recorded.get(day.slice(0, 10)) !== day)).toEqual([]);
    // Regular hours alone give the same on every full day; on half days the feed kept prints after 13:00.
    const full = new Set(sessionsBetween('1998-01-02', '2021-03-31').filter((session) => session.close - session.open === 6.5 * HOUR_MS).map((session) => session.date));
    const regular = run({ timeframe: '1Day', hours: 'regular' }, hours).map(priceText).filter((day) => full.has(day.slice(0, 10)));
    expect(regular).toEqual(ours.filter((day) => full.has(day.slice(0, 10))));
  });
});
}
