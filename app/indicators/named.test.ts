/** Named indicators: the same numbers as the columns, continued from a stored state, warmed up as they say. */
import { describe, expect, it } from 'vitest';
import { atrColumn } from './atr.ts';
import { emaColumn } from './ema.ts';
import { use } from './indicator.ts';
import { namedIndicator, nameOf, STANDARD_INDICATORS } from './named.ts';
import { rsiColumn } from './rsi.ts';
import { SMA, smaColumn } from './sma.ts';

const N = 3_000;
const close = new Float64Array(N);
let seed = 3;
for (let i = 0, price = 10_000; i < N; i += 1) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  price += (seed % 41) - 20;
  close[i] = price / 100;
}
const high = close.map((value) => value + 0.05);
const low = close.map((value) => value - 0.04);
const bar = (i: number) => ({ time: i, open: close[i] ?? NaN, high: high[i] ?? NaN, low: low[i] ?? NaN, close: close[i] ?? NaN, volume: 1 });
const columns: Readonly<Record<string, Float64Array>> = {
  SMA_20: smaColumn(close, 20), SMA_50: smaColumn(close, 50), SMA_200: smaColumn(close, 200), EMA_20: emaColumn(close, 20), RSI_14: rsiColumn(close, 14), ATR_14: atrColumn({ high, low, close }, 14),
};

describe.each(STANDARD_INDICATORS)('%s', (name) => {
  const indicator = namedIndicator(name);

  it('gives the column\'s numbers to the last bit, also from a state that was stored in between', () => {
    let state = indicator.start();
    for (let i = 0; i < N; i += 1) {
      if (i % 701 === 700) state = indicator.readState(JSON.parse(JSON.stringify(state)));
      expect(indicator.next(state, bar(i))).toBe(columns[name]?.[i]);
    }
  });

  it('agrees with a longer history after its warm-up', () => {
    const state = indicator.start();
    const from = N - indicator.warmUpBars - 50;
    for (let i = from; i < N; i += 1) {
      const value = indicator.next(state, bar(i));
      if (i - from >= indicator.warmUpBars) expect(Math.abs(value / (columns[name]?.[i] ?? NaN) - 1)).toBeLessThan(1e-3);
    }
  });
});

it('names an output of several, a price and decimals', () => {
  expect(nameOf(use(SMA, [20], { source: 'hl2' }))).toBe('SMA_20@hl2');
  const ofHighs = namedIndicator('SMA_2@high');
  const state = ofHighs.start();
  expect([0, 1].map((i) => ofHighs.next(state, bar(i)))).toEqual([NaN, smaColumn(high, 2)[1]]);
});

it('refuses names and states that are none', () => {
  for (const name of ['SMA', 'SMA_0', 'SMA_9999', 'SMA_12_3', 'sma_20', 'SMA_2.5', 'SMA_20.upper', 'SMA_20@bid', 'NONE_3', 'SMA_020', 'SMA_20.value', 'SMA_20@close', '']) expect(() => namedIndicator(name)).toThrow(/names no indicator/);
  expect(() => namedIndicator('ATR_14@high')).toThrow(/cannot be made of high/);
  expect(() => namedIndicator('SMA_20').readState({ period: 20 })).toThrow(/not one of this indicator/);
});
