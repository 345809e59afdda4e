/** Bars and rules that cannot be: refused with the place and with what to do. */
import { describe, expect, it } from 'vitest';
import { barColumns, type BarColumns, type BarField } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { CASH_ACCOUNT } from './defaults.ts';
import { runBacktest } from './run.ts';
import { goldenConfig, plainMarket } from './testing-cross.ts';
import { firstOpen, handBars, play, scripted } from './testing-script.ts';
import type { RunConfig } from './types.ts';

const good = (): BarColumns => handBars(Array.from({ length: 5 }, () => [100, 101, 99, 100] as const));
const run = (bars: BarColumns, more: Partial<RunConfig> = {}) => runBacktest(goldenConfig([plainMarket('AAA', bars)], '1Min', { strategy: scripted({}), ...more }));
const spoilt = (field: BarField | 'time', at: number, value: number): BarColumns => {
  const bars = good();
  bars[field][at] = value;
  return bars;
};

describe('bars that cannot be', () => {
  it.each([
    ['no close', spoilt('close', 2, NaN), /bar 2 \(2026-06-01T13:32:00.000Z\) has no close \(NaN\)\. Leave the bar out/],
    ['a price of zero', spoilt('low', 3, 0), /bar 3 .* has the low 0\. Prices are greater than zero/],
    ['a negative price', spoilt('open', 1, -5), /bar 1 .* has the open -5/],
    ['an infinite high', spoilt('high', 1, Infinity), /bar 1 .* has no high/],
    ['a close above the high', spoilt('close', 4, 150), /bar 4 .* outside of low 99 to high 101/],
    ['the same time twice', spoilt('time', 2, firstOpen() + 60_000), /bar 2 .* has the time of the bar before it\. Keep one/],
    ['bars out of order', spoilt('time', 2, firstOpen()), /bar 2 .* is older than the bar before it\. Sort/],
    ['a negative volume', spoilt('volume', 0, -1), /bar 0 .* volume -1/],
    ['a time that is none', spoilt('time', 0, NaN), /bar 0 \(NaN\)/],
    ['columns of different length', { ...good(), high: new Float64Array(4) }, /column high has 4 numbers, time has 5/],
    ['no bars', barColumns(0), /there are none/],
  ])('%s', (_what, bars, words) => {
    expect(() => run(bars)).toThrow(words);
    try {
      run(bars);
    } catch (error) {
      expect(error).toMatchObject({ code: 'INPUT_INVALID', context: { symbol: 'AAA' } });
    }
  });

  it('the same times with other prices are other bars: what was found out about the first does not count for them', () => {
    const bars = good();
    expect(run(bars).time).toHaveLength(5);
    const close = Float64Array.from(bars.close);
    close[3] = NaN;
    expect(() => run({ ...bars, close })).toThrow(/bar 3 .* has no close/);
    const higher = { ...bars, open: bars.open.map((price) => price + 1), close: bars.close.map((price) => price + 1) };
    const buyer = scripted({ 0: (on) => void on.submit({ side: 'buy', qty: 1 }) });
    const priceOf = (these: BarColumns): number | undefined => run(these, { strategy: buyer }).fills.price[0];
    expect([priceOf(bars), priceOf(higher), priceOf(bars)]).toEqual([100, 101, 100]);
  });

  it('bars at night alone are no bars of the exchange', () => {
    const bars = good();
    for (let i = 0; i < 5; i += 1) bars.time[i] = (bars.time[i] ?? 0) + 12 * 3_600_000;
    expect(() => run(bars)).toThrow(/None of the bars from 2026-06-02T01:30:00.000Z on lies in a regular session/);
  });
});

describe('rules that cannot be meant', () => {
  it.each([
    ['no cash', { account: { ...CASH_ACCOUNT, cash: 0 } }, /cash must be more than 0/],
    ['shorts without margin', { account: { ...CASH_ACCOUNT, canShort: true } }, /margin account/],
    ['a strategy that shorts where none may', { strategy: scripted({}, { usesShorts: true }) }, /sells short/],
    ['a cap beyond the volume', { fills: { marketAt: 'next_open', limit: 'through', intrabar: 'pessimistic', volumeCap: 2 } }, /cap on the volume/],
    ['no symbol', { markets: [] }, /at least one symbol/],
    ['symbols out of order', { markets: [plainMarket('BBB', good()), plainMarket('AAA', good())] }, /AAA comes after BBB/],
  ] as const)('%s', (_what, more, words) => {
    expect(() => run(good(), more)).toThrow(words);
  });
});

describe('a run that does not end well', () => {
  it('a strategy that throws is told with its symbol, its bar and its own words', () => {
    const cause = new TypeError('no such thing');
    const failing = () => play([[100, 100, 100, 100], [100, 100, 100, 100]], { 1: () => { throw cause; } });
    expect(failing).toThrow(/scripted failed on AAA at the bar that closed 2026-06-01T13:32:00.000Z: no such thing/);
    try {
      failing();
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: 'STRATEGY_FAILED', cause });
    }
  });

  it('stops when it is told to', () => {
    const seen: number[] = [];
    expect(() => runBacktest(goldenConfig([plainMarket('AAA', good())], '1Min', { strategy: scripted({}) }), { progress: (done) => seen.push(done) < 1 })).toThrow(/stopped/);
    expect(seen).toEqual([1]);
  });
});
