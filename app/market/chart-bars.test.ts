/** Bars of charts against the streaming aggregator, over the days on which clocks and sessions differ, and over real bars. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar } from '#app/domain/bar.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { price, quantity } from '#app/domain/numeric.ts';
import { DAY_MS, MINUTE_MS, parseRfc3339, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { aggregate, finishAggregation, startAggregation } from './bar-aggregation.ts';
import { exchangeDay, fromNewYork, sessionsBetween } from './calendar.ts';
import { chartDays, chartEnd, chartOpen, chartPieces, isMadeOf, regularColumns, toChartBars, type ChartWidth } from './chart-bars.ts';

type Row = readonly [time: number, open: number, high: number, low: number, close: number, volume: number];
const NAMES = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
function columnsOf(rows: readonly Row[]): BarColumns {
  const bars = barColumns(rows.length);
  rows.forEach((row, n) => NAMES.forEach((name, f) => (bars[name][n] = row[f] ?? NaN)));
  return bars;
}
function rowsOf(bars: BarColumns): Row[] {
  return Array.from(bars.time, (_, n) => NAMES.map((name) => bars[name][n] ?? NaN) as unknown as Row);
}
const iso = (text: string): EpochMs => parseRfc3339(text);

/** Prices on cents from a seed. */
function walk(times: readonly number[], seed = 7): Row[] {
  let [state, close] = [seed, 10_000];
  return times.map((time) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const open = close;
    close = Math.max(100, open + (state % 41) - 20);
    return [time, open / 100, (Math.max(open, close) + (state % 7)) / 100, (Math.min(open, close) - (state % 5)) / 100, close / 100, state % 1_000];
  });
}
/** Every minute from so long before the open to so long after the close. */
function minutes(from: string, to: string, around = 0): number[] {
  return sessionsBetween(from, to).flatMap(({ open, close }) => Array.from({ length: (close - open) / MINUTE_MS + 2 * around }, (_, n) => open + (n - around) * MINUTE_MS));
}
/** What the aggregator that the engine runs on makes of the same bars. */
function streamed(rows: readonly Row[], from: Timeframe, to: Exclude<Timeframe, '1Min'>, hours: 'regular' | 'all'): Row[] {
  let state = startAggregation({ timeframe: to, hours });
  const closed: Bar[] = [];
  for (const [openTime, open, high, low, close, volume] of rows) {
    const next = aggregate(state, { symbol: 'SPY', timeframe: from, openTime: openTime as EpochMs, open: price(String(open)), high: price(String(high)), low: price(String(low)), close: price(String(close)), volume: quantity(String(volume)) });
    closed.push(...next.closed);
    state = next.state;
  }
  const last = finishAggregation(state);
  return [...closed, ...(last ? [last] : [])].map((bar) => [bar.openTime, Number(bar.open), Number(bar.high), Number(bar.low), Number(bar.close), Number(bar.volume)]);
}
const charted = (rows: readonly Row[], from: Timeframe, to: ChartWidth, hours: 'regular' | 'all'): Row[] => rowsOf(toChartBars(hours === 'regular' ? regularColumns(columnsOf(rows), from) : columnsOf(rows), to));

/** Half days, holidays, both changes of the clock, and a year's end. */
const SPANS = [['2024-07-01', '2024-07-09'], ['2024-11-25', '2024-12-03'], ['2024-03-06', '2024-03-14'], ['2024-10-30', '2024-11-07'], ['2024-12-23', '2025-01-10']] as const;

describe('opens of a chart', () => {
  it('lie on the grid within a day, and at midnight in New York for days, weeks and months', () => {
    const at = iso('2024-07-03T14:10:00Z');
    expect((['1Min', '5Min', '15Min', '30Min', '1Hour', '1Day', '1Week', '1Month'] as const).map((width) => new Date(chartOpen(at, width)).toISOString().slice(0, 16))).toEqual(
      ['2024-07-03T14:10', '2024-07-03T14:10', '2024-07-03T14:00', '2024-07-03T14:00', '2024-07-03T14:00', '2024-07-03T04:00', '2024-07-01T04:00', '2024-07-01T04:00']);
    expect([chartEnd(iso('2024-03-08T15:00:00Z'), '1Week'), chartEnd(iso('2024-11-01T15:00:00Z'), '1Month'), chartEnd(iso('2024-12-31T15:00:00Z'), '1Month')]).toEqual(['2024-03-11', '2024-12-01', '2025-01-01'].map((day) => fromNewYork(day, 0)));
    expect(chartOpen((fromNewYork('2024-03-11', 0) - 1) as EpochMs, '1Week')).toBe(fromNewYork('2024-03-04', 0));
    expect(new Date(chartOpen(Date.UTC(1955, 6, 6, 15) as EpochMs, '1Week')).toISOString()).toBe('1955-07-04T05:00:00.000Z');
  });

  it('follow each other without a hole, whatever the instant', () => {
    fc.assert(fc.property(fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 0, 1) }), fc.constantFrom<ChartWidth>('1Min', '30Min', '1Hour', '1Day', '1Week', '1Month'), (ms, width) => {
      const at = ms as EpochMs;
      const [open, end] = [chartOpen(at, width), chartEnd(at, width)];
      expect(open <= at && at < end && chartOpen(open, width) === open && chartOpen(end, width) === end && chartOpen((end - 1) as EpochMs, width) === open).toBe(true);
    }));
  });
});

describe('wider bars', () => {
  it.each(SPANS)('of %s to %s are those of the streaming aggregator', (from, to) => {
    const rows = walk(minutes(from, to, 30));
    for (const width of ['5Min', '15Min', '1Hour', '1Day'] as const) for (const hours of ['regular', 'all'] as const) expect(charted(rows, '1Min', width, hours)).toEqual(streamed(rows, '1Min', width, hours));
  });

  it('are those of the streaming aggregator when any minutes are missing', () => {
    const all = walk(minutes('2024-11-27', '2024-12-02', 60));
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: all.length - 1 }), { maxLength: 1_200 }), fc.constantFrom('5Min', '15Min', '1Hour', '1Day'), fc.constantFrom('regular', 'all'), (left, width, hours) => {
      const rows = all.filter((_, n) => !left.includes(n));
      expect(charted(rows, '1Min', width as '5Min', hours as 'all')).toEqual(streamed(rows, '1Min', width as '5Min', hours as 'all'));
    }), { numRuns: 30 });
  });

  it('are the same whichever narrower bars they are made of', () => {
    const rows = walk(minutes('2024-10-28', '2024-12-05'));
    for (const width of ['30Min', '1Day', '1Week', '1Month'] as const) {
      const direct = charted(rows, '1Min', width, 'regular');
      for (const via of ['5Min', '15Min'] as const) expect(rowsOf(toChartBars(toChartBars(columnsOf(rows), via), width))).toEqual(direct);
      if (width !== '30Min') expect(rowsOf(toChartBars(toChartBars(columnsOf(rows), '1Day'), width))).toEqual(direct);
    }
    expect(charted(rows, '1Min', '1Month', 'regular').map(([time]) => exchangeDay(time as EpochMs))).toEqual(['2024-10-01', '2024-11-01', '2024-12-01']);
    expect(charted(rows, '1Min', '1Week', 'regular').map(([time]) => exchangeDay(time as EpochMs))).toEqual(['2024-10-28', '2024-11-04', '2024-11-11', '2024-11-18', '2024-11-25', '2024-12-02']);
  });

  it('refuse bars out of order, and are none of none', () => {
    expect(() => toChartBars(columnsOf(walk([2 * MINUTE_MS, MINUTE_MS])), '5Min')).toThrow(/order of time/);
    expect(toChartBars(barColumns(0), '1Month').time.length).toBe(0);
  });
});

describe('the pieces of a chart', () => {
  const at = (text: string): number => fromNewYork(text, 0);
  const days = { timeframe: '1Day', first: at('2020-01-02'), last: at('2024-07-01') } as const;
  const live = { timeframe: '1Min', first: at('2024-06-03') + 570 * MINUTE_MS, last: at('2024-07-03') + 600 * MINUTE_MS } as const;
  it('are days up to the last one, then minutes; and minutes alone where days are of no use', () => {
    const span = { from: at('2024-01-01'), to: at('2024-08-01') };
    expect(chartPieces([live, days], '1Week', span)).toEqual([{ timeframe: '1Day', from: at('2024-01-01'), to: at('2024-07-02') }, { timeframe: '1Min', from: at('2024-07-02'), to: live.last + MINUTE_MS }]);
    expect(chartPieces([live, days], '15Min', span)).toEqual([{ timeframe: '1Min', from: live.first, to: live.last + MINUTE_MS }]);
    expect(chartPieces([live, days], '1Day', { from: at('2021-01-04'), to: at('2021-02-01') })).toEqual([{ timeframe: '1Day', from: at('2021-01-04'), to: at('2021-02-01') }]);
    expect(chartPieces([live, { ...days, first: at('2024-06-28') }], '1Month', span).map(({ timeframe }) => timeframe)).toEqual(['1Min', '1Day', '1Min']);
    expect(chartPieces([], '1Day', span)).toEqual([]);
  });

  it('divide the wide bar', () => {
    expect([isMadeOf('30Min', '15Min'), isMadeOf('30Min', '1Hour'), isMadeOf('1Hour', '1Day'), isMadeOf('1Month', '1Day'), isMadeOf('5Min', '15Min'), isMadeOf('1Min', '1Min')]).toEqual([true, false, false, true, false, true]);
  });

  it('hold as many bars as are asked for', () => {
    expect(chartDays(252, '1Day', 'regular')).toBe(372);
    const newest = at('2024-12-31') + DAY_MS;
    for (const [width, hours, bars] of [['1Min', 'regular', 1_000], ['1Hour', 'regular', 300], ['1Day', 'all', 500], ['30Min', 'all', 50]] as const) {
      const sessions = sessionsBetween(exchangeDay((newest - chartDays(bars, width, hours) * DAY_MS) as EpochMs), '2024-12-31');
      const perDay = width === '1Day' ? 1 : Math.floor((hours === 'all' ? 960 : 390) / (width === '30Min' ? 30 : timeframeMs(width) / MINUTE_MS));
      expect(sessions.length * perDay).toBeGreaterThanOrEqual(bars);
    }
  });
});

const [HOURS, DAYS] = [sharedPath('data/equity/hour/ibm.csv.gz'), sharedPath('data/equity/daily/ibm.csv.gz')];
describeRecorded([HOURS, DAYS], 'recorded hours of IBM', () => {
  it('make the recorded days, in all columns', () => {
    const lines = (file: string): string[][] => gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1).map((line) => line.split(','));
    const rows = (file: string): Row[] => lines(file).map(([time = '', ...numbers]) => [fromNewYork(time.slice(0, 10), time.length > 10 ? Number(time.slice(11, 13)) * 60 + Number(time.slice(14, 16)) : 0), ...numbers.slice(0, 5).map(Number)] as unknown as Row);
    const made = rowsOf(toChartBars(columnsOf(rows(HOURS)), '1Day'));
    const told = new Map(rows(DAYS).map((row) => [row[0], row]));
    const both = made.filter(([time]) => told.has(time));
    expect(both.length).toBeGreaterThan(5_000);
    expect(both.filter((row) => row.some((value, n) => value !== told.get(row[0])?.[n]))).toEqual([]);
  });
});
