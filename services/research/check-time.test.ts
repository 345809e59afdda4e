/** Checks of a result within a time: what is left out when it is short, and that it is said. */
import { describe, expect, it } from 'vitest';
import { randomOf } from '#app/domain/random.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { checkRun } from './backtest-tool-check.ts';
import { leftOutWords, summaryOf, uncheckedWords } from './check-time.ts';
import { readJob, runConfigOf } from './job.ts';

function days(count: number): BarColumns {
  const random = randomOf(5);
  const bars = barColumns(count);
  let last = 100;
  for (const [i, { date }] of sessionsBetween('2015-01-02', '2019-12-31').slice(0, count).entries()) {
    const close = Math.round(Math.max(1, last * (1 + 0.02 * random.normal())) * 100) / 100;
    bars.time[i] = Date.parse(`${date}T05:00:00Z`);
    [bars.open[i], bars.close[i], bars.high[i], bars.low[i], bars.volume[i]] = [last, close, Math.max(last, close), Math.min(last, close), 1_000_000];
    last = close;
  }
  return bars;
}

describe('checks within a time', () => {
  const job = readJob({ strategy: { kind: 'sma_cross', parameters: { fast: 5, slow: 20 } }, timeframe: '1Day', sizing: { method: 'percent_of_equity', percent: '20' }, markets: [{ symbol: 'AAA', bars: 'AAA' }] });
  const bars = days(500);
  const config = runConfigOf(job, { strategyType, barsOf: () => bars });
  const run = { type: strategyType('sma_cross'), config, result: runBacktest(config), seed: 3, budget: 5_000 };

  it('are all made where there is enough of it, and the same ones without a limit', () => {
    const checked = checkRun({ ...run, withinMs: 1e9 });
    expect(checked.found).toMatchObject({ lookAhead: 'clean', priceJitter: { variants: expect.any(Number) as number }, parameterJitter: { variants: expect.any(Number) as number } });
    expect(checked.words).toEqual([]);
    expect(checkRun(run)).toEqual(checked);
  });

  it('are left out where there is none, and that is said', () => {
    const { found, words } = checkRun({ ...run, withinMs: -1 });
    expect(found).toEqual({ lookAhead: 'clean', priceJitter: null, parameterJitter: null });
    expect(words).toEqual([expect.stringMatching(/the future taken away at 1 of \d+ places, 0 of \d+ runs with noise on the prices \(too few to judge by\), 0 of \d+ runs with other parameters/)]);
  });

  it('are summed up from three runs on, or from all of them', () => {
    expect(summaryOf(1, { ratios: [1, 2], run: 2, planned: 5 })).toBeNull();
    expect(summaryOf(1, { ratios: [1, 2, 3], run: 3, planned: 5 })).toMatchObject({ variants: 3, median: 2 });
    expect(summaryOf(1, { ratios: [1], run: 1, planned: 1 })).toMatchObject({ variants: 1 });
    const all = { ratios: [1], run: 4, planned: 4 };
    expect(leftOutWords({ noise: all, beside: all, look: { cuts: 9, left: 0 } })).toEqual([]);
    expect(leftOutWords({ noise: { ratios: [1], run: 3, planned: 4 }, beside: all, look: null })[0]).toContain('after 8 s: 3 of 4 runs with noise on the prices. Over fewer');
    expect(uncheckedWords(200_000, 150_000)).toContain('the run takes 200000 bars, further runs are made up to 150000');
  });
});
