/** Windows that must not lose anything: deviations at high prices, sums after a wild stretch, sessions of New York. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { DAY_MS, epochMs, HOUR_MS } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { BBANDS } from './bbands.ts';
import { STDDEV, VAR } from './deviation.ts';
import { KVO } from './flow.ts';
import { asColumns, workedBars } from './naive/markets.ts';
import { TRANGE } from './ranges.ts';
import { LINEARREG_SLOPE } from './regression.ts';
import { sessionDay } from './session.ts';
import { VWAP } from './vwap.ts';
import { windowSum, windowSumPush } from './window-sum.ts';

const closes = (close: readonly number[]) => asColumns(workedBars({ values: [], bars: { close }, gives: {} }));

describe('a deviation', () => {
  it('is right to twelve digits where prices are high and move by a cent', () => {
    for (const price of [90_000, 123_456.78, 600_000]) {
      const bars = closes(Array.from({ length: 200 }, (_, i) => (Math.round(price * 100) + (i % 2)) / 100));
      const [deviation] = STDDEV.columns(bars, [20]);
      expect(Math.abs((deviation?.at(-1) ?? NaN) / 0.005 - 1)).toBeLessThan(1e-12);
    }
  });

  it('is nothing at all once a market that was wild stands still', () => {
    const bars = closes([...Array.from({ length: 60 }, (_, i) => 100 + 37 * (i % 7) + 0.13 * i), ...Array.from({ length: 40 }, () => 98_765.43)]);
    for (const indicator of [STDDEV, VAR]) expect(indicator.columns(bars, [20])[0]?.at(-1)).toBe(0);
    expect(BBANDS.columns(bars, [20, 2]).map((band) => band.at(-1))).toEqual([98_765.43, 98_765.43, 98_765.43]);
    expect(LINEARREG_SLOPE.columns(bars, [20])[0]?.at(-1)).toBe(0);
  });
});

it('keeps nothing of what has left a sum', () => {
  const sum = windowSum(2);
  expect([1e17, 1, 2].map((value) => windowSumPush(sum, value))).toEqual([NaN, 1e17, 3]);
});

it('gives the volume force its sign', () => {
  const bars = asColumns(workedBars({ values: [], bars: { high: [11, 13, 14], low: [10, 11, 13], close: [10, 12, 13], volume: [1, 300, 100] }, gives: {} }));
  // Ranges 1, 2, 1, all rising: paths 1 + 2 = 3, 3 + 1 = 4; forces 300 |2 (2/3 - 1)| 100 = 20,000 and 100 |2 (1/4 - 1)| 100 = 15,000.
  expect(KVO.columns(bars, [1, 2, 1])[0]?.at(-1)).toBeCloseTo(15_000 - (20_000 + 15_000) / 2, 6);
});

describe('a session', () => {
  it('is one New York day from 04:00 to 20:00, summer and winter, and day bars have one each', () => {
    const days = sessionsBetween('2005-01-03', '2026-12-31');
    expect(days.length).toBeGreaterThan(5_000);
    const numbers = days.map(({ date }) => {
      const minutes = [0, 4 * 60, 8 * 60, 570, 16 * 60, 20 * 60 - 1];
      const numbered = new Set(minutes.map((minute) => sessionDay(fromNewYork(date, minute))));
      expect(numbered.size, date).toBe(1);
      return [...numbered][0] ?? NaN;
    });
    expect(new Set(numbers).size).toBe(days.length);
  });

  it('begins a volume-weighted average anew', () => {
    const bars = barColumns(4);
    const from = epochMs(1_577_975_400_000);
    bars.time.set([from, from + HOUR_MS, from + DAY_MS, from + DAY_MS + HOUR_MS]);
    for (const field of ['high', 'low', 'close'] as const) bars[field].set([10, 12, 20, 22]);
    bars.volume.set([100, 300, 0, 50]);
    expect([...(VWAP.columns(bars, [])[0] ?? [])]).toEqual([10, 11.5, 20, 22]);
  });

  const files = ['hour/ibm', 'hour/spy', 'minute/aapl.trade', 'minute/spy.trade'].map((name) => sharedPath(`data/equity/${name}.csv.gz`));
  describeRecorded(files, 'recorded hours and minutes', () => {
    it.each(files)('changes where the date changes: %s', (file) => {
      const rows = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1, 60_001);
      let before = { date: '', day: NaN };
      for (const row of rows) {
        const [date, hour, minute] = [row.slice(0, 10), Number(row.slice(11, 13)), Number(row.slice(14, 16))];
        const day = sessionDay(fromNewYork(date, hour * 60 + minute));
        if (before.date !== '' && (day !== before.day) !== (date !== before.date)) expect.fail(row);
        before = { date, day };
      }
    });
  });
});

const goldenFile = sharedPath('golden/indicators.json');
describeRecorded([goldenFile], 'the golden series', () => {
  const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Readonly<Record<string, (number | null)[]>>;
  const series = (name: string): number[] => (golden[name] ?? []).map((value) => value ?? NaN);
  const bars = asColumns({ time: series('c').map((_, i) => i * DAY_MS), open: series('o'), high: series('h'), low: series('l'), close: series('c'), volume: series('v') });
  const [upper, middle, lower] = BBANDS.columns(bars, [20, 2]);
  it.each([['BB_UP', upper], ['BB_MID', middle], ['BB_LO', lower], ['TR', TRANGE.columns(bars, [])[0]]] as const)('%s agrees to 1e-10 and begins at the same bar', (name, ours) => {
    series(name).forEach((value, i) => {
      if (Number.isNaN(value)) expect(ours?.[i]).toBeNaN();
      else expect(Math.abs((ours?.[i] ?? NaN) / value - 1)).toBeLessThan(1e-10);
    });
  });
});
