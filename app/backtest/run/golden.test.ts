/** Golden results: final equities on which other engines agree, and a published run reproduced to the cent by the rules of its engine. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { sma } from '#app/indicators/sma.ts';
import { strategy } from '#app/strategy/spec.ts';
import { describeRecorded, sharedPath } from '../../../tests/support/recorded.ts';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from './defaults.ts';
import { runBacktest } from './run.ts';
import { goldenConfig, hundredShares, plainMarket } from './testing-cross.ts';
import type { RunResult } from './types.ts';

/** Bars of a file with the columns time (exchange-local), open, high, low, close, volume. */
function barsOf(file: string): BarColumns {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n').slice(1);
  const bars = barColumns(lines.length);
  lines.forEach((line, i) => {
    const [when = '', ...numbers] = line.split(',');
    const [date = '', clock = '00:00:00'] = when.split(' ');
    const [hours = 0, minutes = 0] = clock.split(':').map(Number);
    bars.time[i] = fromNewYork(date, hours * 60 + minutes);
    for (const [n, field] of (['open', 'high', 'low', 'close', 'volume'] as const).entries()) bars[field][i] = numbers[n] === undefined ? NaN : Number(numbers[n]);
  });
  return bars;
}

const last = (result: RunResult): number => result.equity.at(-1) ?? NaN;
const GOOG = sharedPath('data/oracle/GOOG.csv');
const IBM = sharedPath('data/equity/hour/ibm.csv.gz');

describeRecorded([GOOG], 'GOOG, daily', () => {
  const market = plainMarket('GOOG', barsOf(GOOG), { isShortable: true });

  it('the 10/30 crossover ends at 10,074,300.841 with 32 round trips and one open', () => {
    const result = runBacktest(goldenConfig([market], '1Day'));
    expect(Math.abs(last(result) / 10_074_300.841 - 1)).toBeLessThan(1e-12);
    expect([result.trips.length, result.trips.isOpen.at(-1), result.fills.length]).toEqual([33, 1, 65]);
    expect([result.warnings, result.denied]).toEqual([[], {}]);
  });

  it('a hundred crossovers add up to 1,006,575,995.4710, the best is 10/20 with 10,090,428.522', () => {
    let [sum, best, name] = [0, 0, ''];
    for (let fast = 5; fast <= 14; fast += 1) {
      for (let slow = 20; slow <= 65; slow += 5) {
        const end = last(runBacktest(goldenConfig([market], '1Day', { strategy: hundredShares.bind({ fast, slow }) })));
        sum += end;
        if (end > best) [best, name] = [end, `${fast}/${slow}`];
      }
    }
    expect(Math.abs(sum / 1_006_575_995.471 - 1)).toBeLessThan(1e-11);
    expect([name, best.toFixed(3)]).toEqual(['10/20', '10090428.522']);
  });

  it('the run that backtesting.py publishes: 93 trades, 589.35 %, -33.08 %, SQN 1.78, to the cent 68,935.12', () => {
    const reversing = strategy({
      kind: 'reversing_cross', title: 'Reversing crossover', description: 'All of the money, long or short, from crossing to crossing.', scope: 'symbol', usesShorts: true, parameters: {}, state: z.null(), initialState: () => null,
      indicators: () => ({ fast: sma(10), slow: sma(20) }),
      onBar({ on }) {
        const { fast, slow } = on.indicators;
        if (fast.ago(1) < slow.ago(1) && fast.now > slow.now) on.weight(1, { again: true });
        else if (fast.ago(1) > slow.ago(1) && fast.now < slow.now) on.weight(-1, { again: true });
      },
    });
    const { equity, trips } = runBacktest(goldenConfig([market], '1Day', {
      strategy: reversing.bind({}), account: { ...CASH_ACCOUNT, cash: 10_000, multiplier: 2, canShort: true }, commission: { ...NO_COMMISSION, percent: 0.2, isEntryOnly: true }, fills: { ...STRICT_FILLS, sizedAt: 'fill' }, isBrokerStrict: false,
    }));
    expect((equity.at(-1) ?? NaN).toFixed(2)).toBe('68935.12');
    const profits = [...trips.profit].filter((_profit, n) => trips.isOpen[n] === 0);
    expect(profits).toHaveLength(93);
    expect(profits.filter((profit) => profit > 0).length / 93).toBeCloseTo(0.5376, 4);
    let [peak, deepest] = [0, 0];
    for (const value of equity) {
      peak = Math.max(peak, value);
      deepest = Math.min(deepest, value / peak - 1);
    }
    expect((deepest * 100).toFixed(2)).toBe('-33.08');
    const mean = profits.reduce((sum, profit) => sum + profit, 0) / 93;
    const deviation = Math.sqrt(profits.reduce((sum, profit) => sum + (profit - mean) ** 2, 0) / 92);
    expect(((Math.sqrt(93) * mean) / deviation).toFixed(2)).toBe('1.78');
  });
});

/** The same bars at the regular hours (09:00 to 15:00) of as many whole sessions as they need. */
function onRegularHours(bars: BarColumns): BarColumns {
  const time = sessionsBetween('1998-01-02', '2030-12-31').flatMap(({ close, isEarly }) => (isEarly ? [] : Array.from({ length: 7 }, (_none, n) => close - (7 - n) * HOUR_MS))).slice(0, bars.time.length);
  return { ...bars, time: Float64Array.from(time) };
}

describeRecorded([IBM], 'IBM, hourly', () => {
  const bars = barsOf(IBM);

  it('the 10/30 crossover ends at 9,984,960.1186 with 788 round trips, all bars counted', () => {
    const result = runBacktest(goldenConfig([plainMarket('IBM', onRegularHours(bars))], '1Hour'));
    expect(Math.abs(last(result) / 9_984_960.1186 - 1)).toBeLessThan(1e-12);
    expect([result.trips.length, result.trips.isOpen.at(-1)]).toEqual([788, 0]);
  });

  it('at their own times 29 of the bars lie behind the close of half days, and are left out with a word', () => {
    const result = runBacktest(goldenConfig([plainMarket('IBM', bars)], '1Hour'));
    expect(result.time).toHaveLength(40_813 - 29);
    expect(result.warnings[0]).toBe('IBM: 29 bars lie outside of regular trading and were left out');
    expect(result.warnings[1], 'the split of May 1999').toMatch(/1999-05-27.*2 for 1/);
  });
});

describe('a run', () => {
  it('is told apart and found again by its lines', () => {
    const bars = barColumns(60);
    for (let i = 0; i < 60; i += 1) {
      bars.time[i] = fromNewYork('2026-06-01', 570 + i);
      const price = Math.round(5_000 + 100 * Math.sin(i / 4)) / 100;
      for (const field of ['open', 'high', 'low', 'close'] as const) bars[field][i] = price;
      bars.volume[i] = 1_000;
    }
    const config = goldenConfig([plainMarket('AAA', bars)], '1Min', { strategy: hundredShares.bind({ fast: 2, slow: 5 }) });
    const lines = runBacktest(config, { hasLines: true }).lines;
    expect(lines.length).toBeGreaterThan(4);
    expect(runBacktest(config, { hasLines: true }).lines).toEqual(lines);
    expect(runBacktest(config).lines).toEqual([]);
  });
});
