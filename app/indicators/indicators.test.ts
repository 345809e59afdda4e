/** Indicators over made-up parameters and lengths, golden series, prices to be made of, and the sums that must be exact. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BarColumns, barColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import { trueRange } from './atr.ts';
import { columnsOf, streamOf } from './columns-of.ts';
import { type AnyIndicator, type IndicatorUse, parameterDefect, use, type UseOptions } from './indicator.ts';
import { indicatorById } from './catalogue.ts';
import * as directional from './directional.ts';
import { ema } from './ema.ts';
import * as macd from './macd.ts';
import { asColumns, walk } from './naive/markets.ts';
import { parseName } from './named.ts';
import * as oscillators from './oscillators.ts';
import { grainsOf, ticksOf } from './period.ts';
import * as change from './rate-of-change.ts';
import { RSI, rsi, rsiColumn } from './rsi.ts';
import { SMA, sma, smaColumn } from './sma.ts';
import * as smoothed from './smoothed.ts';
import * as smoothedMomentum from './smoothed-momentum.ts';
import * as stochastic from './stochastic.ts';
import * as trend from './trend.ts';
import * as weighted from './weighted.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

const column = (values: readonly number[]): Float64Array => Float64Array.from(values);
const walks = [walk(21, 130, { cents: 10_000, move: 60, still: 4 }), walk(22, 130, { cents: 300, move: 90, still: 20 })].map(asColumns);

/** Runs a use bar by bar, carrying the state through JSON at `cut` as a restart does. */
function streamed(asked: IndicatorUse, bars: BarColumns, cut: number): number[][] {
  const stream = streamOf(asked);
  const row = new Float64Array(stream.outputs);
  const rows: number[][] = [];
  let state = stream.start();
  for (let i = 0; i < bars.time.length; i += 1) {
    if (i === cut) state = stream.readState(JSON.parse(JSON.stringify(state)));
    const at = (field: Float64Array): number => field[i] ?? NaN;
    stream.next(state, { time: at(bars.time), open: at(bars.open), high: at(bars.high), low: at(bars.low), close: at(bars.close), volume: at(bars.volume) }, row);
    rows.push([...row]);
  }
  return rows;
}

describe('those whose columns are written for speed', () => {
  it.each(['SMA', 'EMA', 'WMA', 'RSI', 'ATR', 'MACD', 'BBANDS', 'ADX', 'STOCH', 'STOCHF', 'WILLR', 'MOM', 'ROC', 'DONCHIAN', 'MAX'])('%s agrees with its running form to the last bit, whatever the parameters, the length and the restart', (id) => {
    const indicator = indicatorById(id) ?? expect.fail(`${id} is missing`);
    const numbers = fc.tuple(...indicator.parameters.map(({ min }) => fc.integer({ min: Math.ceil(min), max: 40 }))).filter((values) => parameterDefect(indicator, values) === null);
    fc.assert(fc.property(numbers, fc.constantFrom(...walks), fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 130 }), (values, market, length, cut) => {
      const asked = use(indicator, values);
      const bars = sliceColumns(market, 0, length);
      const columns: Float64Array[] = Object.values(columnsOf(asked, bars));
      expect(streamed(asked, bars, cut)).toEqual(Array.from({ length }, (_, i) => columns.map((values_) => values_[i])));
    }), { numRuns: 60 });
  });
});

describe('the simple average', () => {
  it('is the exact mean: equal averages of different windows compare equal', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 999_999 }), { minLength: 10, maxLength: 10 }), fc.integer({ min: 1, max: 5 }), (ticks, repeats) => {
      const values = column(Array.from({ length: repeats * 10 + 10 }, (_, i) => (ticks[i % 10] ?? 0) / 100));
      const last = values.length - 1;
      expect(smaColumn(values, 10)[last]).toBe(smaColumn(values, (repeats + 1) * 10)[last]);
    }));
  });

  it('equals the sum of its window taken in whole ticks, so it does not matter where it began', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 100, max: 9_999_999 }).map((ticks) => ticks / 10_000), { maxLength: 120 }), fc.integer({ min: 1, max: 40 }), (values, n) => {
      const means = smaColumn(column(values), n);
      values.forEach((_, i) => {
        if (i >= n - 1) expect(means[i]).toBe(Number(values.slice(i - n + 1, i + 1).reduce((sum, value) => sum + BigInt(ticksOf(value)), 0n)) / (n * 1_000_000));
      });
    }));
  });

  it('refuses columns to write into that are too short or too few', () => {
    expect(() => smaColumn(column([1, 2]), 1, new Float64Array(1))).toThrow(/shorter/);
    expect(() => SMA.columns(barColumns(1), [1], [])).toThrow(/column for each output/);
  });
});

describe('small parts', () => {
  it('give the numbers of their comments', () => {
    expect([ticksOf(10.25), grainsOf(0.5), trueRange(11, 10, 9)]).toEqual([10_250_000, 2_147_483_648, 2]);
  });

  it('keep the true range to the last bit: the largest of three differences', () => {
    const price = fc.integer({ min: 500, max: 999 }).map((cents) => cents / 100);
    fc.assert(fc.property(price, price, price, (a, b, before) => {
      const [high, low] = [Math.max(a, b), Math.min(a, b)];
      expect(trueRange(high, low, before)).toBe(Math.max(high - low, Math.abs(high - before), Math.abs(low - before)));
    }));
  });

  it('give an RSI of 100 when all moves go up, 0 when all go down or none', () => {
    expect([[1, 2, 3, 4], [4, 3, 2, 1], [5, 5, 5, 5]].map((values) => rsiColumn(column(values), 3)[3])).toEqual([100, 0, 0]);
  });
});

describe('asking for an indicator', () => {
  const bars = walks[0] ?? barColumns(0);

  it.each(['open', 'high', 'low', 'volume', 'hl2', 'hlc3', 'ohlc4'] as const)('over %s gives what it gives for closes of that price, in both forms', (source) => {
    const price = bars.close.map((close, i) => {
      const [o, h, l] = [bars.open[i] ?? NaN, bars.high[i] ?? NaN, bars.low[i] ?? NaN];
      return { open: o, high: h, low: l, volume: bars.volume[i] ?? NaN, hl2: (h + l) / 2, hlc3: (h + l + close) / 3, ohlc4: (o + h + l + close) / 4 }[source];
    });
    const asked = ema(5, { source });
    const { value } = columnsOf(asked, bars);
    expect([...value]).toEqual([...columnsOf(ema(5), { ...bars, close: price }).value]);
    expect(streamed(asked, bars, 50).flat()).toEqual([...value]);
  });

  it('writes into the columns that it is given', () => {
    const out = [new Float64Array(bars.time.length)];
    expect(columnsOf(sma(3), bars, out).value).toBe(out[0]);
  });

  it('refuses prices and numbers that it does not take', () => {
    expect(() => directional.adx(14, { source: 'high' })).toThrow(/cannot be made of high/);
    expect(() => sma(0)).toThrow(/period must lie within/);
    expect(() => use(RSI, [14, 3])).toThrow(/at most 1/);
    expect(() => macd.macd(26, 12)).toThrow(/shorter than the slow/);
  });

  it('by its factory asks for the indicator of that name with its defaults', () => {
    const files: readonly Readonly<Record<string, unknown>>[] = [weighted, smoothed, smoothedMomentum, macd, change, stochastic, directional, oscillators, trend, { SMA, sma, RSI, rsi }];
    const isIndicator = (thing: unknown): thing is AnyIndicator => typeof thing === 'object' && thing !== null && 'lookback' in thing;
    for (const file of files) {
      for (const [name, indicator] of Object.entries(file)) {
        if (!isIndicator(indicator)) continue;
        expect(indicator).toBe(indicatorById(name));
        const factory = file[name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())] as (options?: UseOptions) => IndicatorUse;
        expect(factory()).toEqual(use(indicator));
      }
    }
  });
});

const goldenFile = sharedPath('golden/indicators.json');

/** TA-Lib's own series; the worked numbers hold without the file. */
describeRecorded([goldenFile], 'TA-Lib golden series', () => {
  const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<string, (number | null)[]>;
  const series = (name: string): Float64Array => column((golden[name] ?? []).map((value) => value ?? NaN));
  const bars: BarColumns = { time: series('c').map((_, i) => i), open: series('o'), high: series('h'), low: series('l'), close: series('c'), volume: series('v') };

  it.each([
    ['SMA_20', 'SMA20'], ['EMA_20', 'EMA20'], ['RSI_14', 'RSI14'], ['MACD_12_26_9.macd', 'MACD'], ['MACD_12_26_9.signal', 'MACD_SIGNAL'], ['MACD_12_26_9.histogram', 'MACD_HIST'], ['BBANDS_20_2.upper', 'BB_UP'],
    ['BBANDS_20_2.middle', 'BB_MID'], ['BBANDS_20_2.lower', 'BB_LO'], ['TRANGE', 'TR'], ['ATR_14', 'ATR14'], ['PLUS_DI_14', 'PLUS_DI14'], ['MINUS_DI_14', 'MINUS_DI14'], ['DX_14', 'DX14'], ['ADX_14', 'ADX14'],
  ])('%s agrees to 1e-10 relative and begins at its lookback', (name, golden) => {
    const { use: asked, output } = parseName(name);
    const [ours, theirs, first] = [columnsOf(asked, bars)[output] ?? column([]), series(golden), asked.indicator.lookback(asked.values)];
    expect(theirs.length).toBe(300);
    for (let i = 0; i < 300; i += 1) {
      const [a, b] = [ours[i] ?? NaN, theirs[i] ?? NaN];
      if (i < first) expect(a).toBeNaN();
      else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-10 * Math.max(Math.abs(b), 1e-3));
    }
  });
});
