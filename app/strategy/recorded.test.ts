/** The built-in strategies on recorded markets: golden results of the crossover, and no knowledge of the future. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { barColumns, barCount, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { DAY_MS, HOUR_MS } from '#app/domain/time.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { signalsBarByBar, signalsOverColumns, type SymbolBars } from './column-run.ts';
import { checkLookAhead } from './look-ahead.ts';
import { STRATEGY_TYPES, strategyType } from './registry.ts';
import type { BoundStrategy } from './spec.ts';
import { checkWarmUp } from './warm-up.ts';

/** Bars of a file with the columns time, open, high, low, close, volume. */
function barsOf(file: string): BarColumns {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n').slice(1);
  const bars = barColumns(lines.length);
  lines.forEach((line, i) => {
    const [time = '', ...numbers] = line.split(',');
    [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = numbers.map(Number) as [number, number, number, number, number];
    bars.time[i] = Date.parse(`${time.replace(' ', 'T')}${time.includes(':') ? 'Z' : ''}`);
  });
  return bars;
}

/** 100 shares, market order at the next bar's open, 0.1 % a side, the rest marked at the last close: a plain loop beside the engine. */
function trade(strategy: BoundStrategy, bars: BarColumns): { equity: number; closed: number; open: number } {
  const targets = new Map(signalsOverColumns(strategy, [{ symbol: 'A', bars }], { barMs: HOUR_MS }).map((signal) => [signal.openTime, signal.target]));
  let [cash, shares, closed] = [10_000_000, 0, 0];
  let pending: string | undefined;
  for (let i = 0; i < barCount(bars); i += 1) {
    const open = bars.open[i] ?? NaN;
    if (pending === 'long') [cash, shares] = [cash - 100 * open * 1.001, 100];
    if (pending === 'flat') [cash, shares, closed] = [cash + shares * open * 0.999, 0, closed + 1];
    pending = targets.get(bars.time[i] ?? NaN);
  }
  return { equity: cash + shares * (bars.close.at(-1) ?? NaN), closed, open: shares > 0 ? 1 : 0 };
}

it('the plain loop pays both sides, at the open of the next bar', () => {
  // Flat is wished already when it crosses below at the fourth bar; up at the sixth (bought at 14), down at the eighth (sold at 10): 100 x (10 x 0.999 - 14 x 1.001) = -402.40.
  const closes = [9, 9, 10, 7, 12, 13, 14, 9, 10];
  const bars = barColumns(closes.length);
  closes.forEach((close, i) => {
    [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i], bars.time[i]] = [close, close, close, close, 1, i * HOUR_MS];
  });
  const result = trade(strategyType('sma_cross').bind({ fast: 2, slow: 3, atrPeriod: 2 }), bars);
  expect(result).toMatchObject({ closed: 1, open: 0 });
  expect(result.equity).toBeCloseTo(9_999_597.6, 6);
});

/** Final equities on which seven other engines agree (GOOG) or those with exact sums (IBM, whose averages often tie). */
for (const [name, file, golden] of [
  ['daily GOOG', sharedPath('data/oracle/GOOG.csv'), { equity: 10_074_300.841, closed: 32, open: 1 }],
  ['hourly IBM', sharedPath('data/equity/hour/ibm.csv.gz'), { equity: 9_984_960.1186, closed: 788, open: 0 }],
] as const) {
  describeRecorded([file], `the 10/30 crossover on ${name}`, () => {
    it('ends with the golden equity and number of trades', () => {
      const result = trade(strategyType('sma_cross').bind({ fast: 10, slow: 30 }), barsOf(file));
      expect(result).toMatchObject({ closed: golden.closed, open: golden.open });
      expect(Math.abs(result.equity / golden.equity - 1)).toBeLessThan(1e-9);
    });
  });
}

const DAILY = ['aig', 'bac', 'ibm', 'spy'].map((symbol) => [symbol.toUpperCase(), sharedPath(`data/equity/daily/${symbol}.csv.gz`)] as const);

describeRecorded(DAILY.map(([, file]) => file), 'the built-in strategies on ten years of days of four symbols', () => {
  const markets: SymbolBars[] = DAILY.map(([symbol, file]) => ({ symbol, bars: sliceColumns(barsOf(file), 500, 3_020) }));
  const days = { barMs: DAY_MS, timeframe: '1Day' } as const;

  it.each(STRATEGY_TYPES.map((type) => [type.kind, type] as const))('%s does not know the future, and is live what it is over columns', (kind, type) => {
    const bound = type.bind(kind === 'pairs_trading' ? { maxHalfLife: 500 } : {});
    const given = bound.scope === 'portfolio' ? markets.slice(0, Math.min(4, bound.symbols[1])) : markets.slice(2);
    const report = checkLookAhead(bound, given, { ...days, cuts: 16 });
    expect(report.findings).toEqual([]);
    expect(report.signals).toBeGreaterThan(1);
    expect(signalsBarByBar(bound, given, days)).toEqual(signalsOverColumns(bound, given, days));
    // Which bar is the first one is part of what a rotation by number of bars is.
    if (kind !== 'momentum_rotation') expect(checkWarmUp(bound, given, { ...days, starts: 3 }).findings).toEqual([]);
  });
});
