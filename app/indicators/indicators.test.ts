/** Indicators: worked numbers, golden series, running equals columns bit for bit. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atrColumn, atrNext, atrStart, atrStateSchema, atrValue, trueRange, type RangeColumns } from './atr.ts';
import { emaColumn, emaNext, emaStart, emaStateSchema } from './ema.ts';
import { MAX_PERIOD, ticksOf } from './period.ts';
import { rsiColumn, rsiHasMoved, rsiNext, rsiStart, rsiStateSchema } from './rsi.ts';
import { smaColumn, smaNext, smaStart, smaStateSchema } from './sma.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';

const column = (values: readonly number[]): Float64Array => Float64Array.from(values);
const throughJson = <T>(state: T): T => JSON.parse(JSON.stringify(state)) as T;

/** Runs the streaming form bar by bar, carrying the state through JSON at `cut` as a restart does. */
function stream<S>(start: S, next: (state: S, i: number) => number, length: number, cut: number): Float64Array {
  const out = new Float64Array(length);
  let state = start;
  for (let i = 0; i < length; i += 1) {
    if (i === cut) state = throughJson(state);
    out[i] = next(state, i);
  }
  return out;
}

/** Compares bits, so that NaN equals NaN and 0 differs from -0. */
function bits(values: Float64Array): bigint[] {
  return [...new BigUint64Array(values.buffer.slice(0))];
}

function rangesOf(steps: readonly [number, number, number][]): RangeColumns {
  let close = 100;
  const high: number[] = [];
  const low: number[] = [];
  const closes: number[] = [];
  for (const [move, up, down] of steps) {
    close = Math.max(1, Math.round((close + move) * 100) / 100);
    closes.push(close);
    high.push(close + up);
    low.push(Math.max(0.01, close - down));
  }
  return { high: column(high), low: column(low), close: column(closes) };
}

const prices = fc.array(fc.integer({ min: 100, max: 9_999_999 }).map((ticks) => ticks / 10_000), { minLength: 0, maxLength: 120 });
const period = fc.integer({ min: 1, max: 40 });
const cut = fc.integer({ min: 0, max: 120 });

describe('bar by bar and whole columns agree to the last bit, also across a restart', () => {
  it('sma', () => {
    fc.assert(
      fc.property(prices, period, cut, (values, n, at) => {
        expect(bits(stream(smaStart(n), (s, i) => smaNext(s, values[i] ?? NaN), values.length, at))).toEqual(bits(smaColumn(column(values), n)));
      }),
    );
  });
  it('ema', () => {
    fc.assert(
      fc.property(prices, period, cut, (values, n, at) => {
        expect(bits(stream(emaStart(n), (s, i) => emaNext(s, values[i] ?? NaN), values.length, at))).toEqual(bits(emaColumn(column(values), n)));
      }),
    );
  });
  it('rsi', () => {
    fc.assert(
      fc.property(prices, period, cut, (values, n, at) => {
        expect(bits(stream(rsiStart(n), (s, i) => rsiNext(s, values[i] ?? NaN), values.length, at))).toEqual(bits(rsiColumn(column(values), n)));
      }),
    );
  });
  it('atr', () => {
    const steps = fc.array(fc.tuple(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 2, noNaN: true })), { maxLength: 120 });
    fc.assert(
      fc.property(steps, period, cut, (moves, n, at) => {
        const bars = rangesOf(moves);
        const next = (i: number) => ({ high: bars.high[i] ?? NaN, low: bars.low[i] ?? NaN, close: bars.close[i] ?? NaN });
        expect(bits(stream(atrStart(n), (s, i) => atrNext(s, next(i)), bars.close.length, at))).toEqual(bits(atrColumn(bars, n)));
      }),
    );
  });
});

describe('sma', () => {
  it('gives the worked numbers', () => {
    expect([...smaColumn(column([1, 2, 4.5, 10]), 3)]).toEqual([NaN, NaN, 2.5, 5.5]);
    expect(ticksOf(10.25)).toBe(10_250_000);
  });
  it('is the exact mean: equal averages of different windows compare equal', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 999_999 }), { minLength: 10, maxLength: 10 }), fc.integer({ min: 1, max: 5 }), (ticks, repeats) => {
        const values = column(Array.from({ length: repeats * 10 + 10 }, (_, i) => (ticks[i % 10] ?? 0) / 100));
        const last = values.length - 1;
        expect(smaColumn(values, 10)[last]).toBe(smaColumn(values, (repeats + 1) * 10)[last]);
      }),
    );
  });
  it('equals the sum of its window taken in whole ticks', () => {
    fc.assert(
      fc.property(prices, period, (values, n) => {
        const means = smaColumn(column(values), n);
        values.forEach((_, i) => {
          if (i >= n - 1) expect(means[i]).toBe(Number(values.slice(i - n + 1, i + 1).reduce((sum, value) => sum + BigInt(ticksOf(value)), 0n)) / (n * 1_000_000));
        });
      }),
    );
  });
});

describe('the worked numbers of the doc comments', () => {
  it('ema', () => expect([...emaColumn(column([1, 2, 6, 5]), 3)]).toEqual([NaN, NaN, 3, 4]));
  it('rsi', () => {
    const values = [...rsiColumn(column([10, 11, 10.5, 12]), 2)];
    expect(values.slice(0, 2)).toEqual([NaN, NaN]);
    expect(values[2]).toBeCloseTo(66.67, 2);
    expect(values[3]).toBeCloseTo(88.89, 2);
  });
  it('atr', () => {
    expect(trueRange(11, 10, 9)).toBe(2);
    const bars = { high: column([10, 11, 12, 10]), low: column([9, 10, 9, 9]), close: column([9.5, 10.5, 9, 10]) };
    expect([...atrColumn(bars, 2)]).toEqual([NaN, NaN, 2.25, 1.625]);
  });
});

describe('edges', () => {
  it('gives 0 for a market that never moved, and says that it means nothing', () => {
    const state = rsiStart(3);
    const values = [5, 5, 5, 5, 5].map((value) => rsiNext(state, value));
    expect(values).toEqual([NaN, NaN, NaN, 0, 0]);
    expect(rsiHasMoved(state)).toBe(false);
    rsiNext(state, 6);
    expect(rsiHasMoved(state)).toBe(true);
  });
  it('gives 100 when all moves go up and 0 when all go down', () => {
    expect(rsiColumn(column([1, 2, 3, 4]), 3)[3]).toBe(100);
    expect(rsiColumn(column([4, 3, 2, 1]), 3)[3]).toBe(0);
  });
  it.each([0, -1, 1.5, NaN, MAX_PERIOD + 1])('refuses the period %s', (bad) => {
    for (const build of [smaStart, emaStart, rsiStart, atrStart]) expect(() => build(bad)).toThrow(/whole number/);
    expect(() => smaColumn(column([1]), bad)).toThrow(/whole number/);
  });
  it('refuses an output column that is too short', () => {
    expect(() => smaColumn(column([1, 2]), 1, new Float64Array(1))).toThrow(/shorter/);
  });
  it('keeps states that their schemas accept', () => {
    const [sma, ema, rsi, atr] = [smaStart(3), emaStart(3), rsiStart(3), atrStart(3)];
    expect(atrValue(atr)).toBeNaN();
    for (const close of [1, 2, 3, 4, 5]) {
      smaNext(sma, close);
      emaNext(ema, close);
      rsiNext(rsi, close);
      atrNext(atr, { high: close + 1, low: close, close });
      expect(smaStateSchema.parse(throughJson(sma))).toEqual(sma);
      expect(emaStateSchema.parse(throughJson(ema))).toEqual(ema);
      expect(rsiStateSchema.parse(throughJson(rsi))).toEqual(rsi);
      expect(atrStateSchema.parse(throughJson(atr))).toEqual(atr);
    }
    expect(atrValue(atr)).toBe(atr.value);
  });
});

const goldenFile = sharedPath('golden/indicators.json');

/** TA-Lib's own series; the worked numbers above hold without the file. */
describeRecorded([goldenFile], 'TA-Lib golden series', () => {
  const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<string, (number | null)[]>;
  const series = (name: string): Float64Array => column((golden[name] ?? []).map((value) => value ?? NaN));
  const bars = { high: series('h'), low: series('l'), close: series('c') };
  const ranges = bars.close.map((_, i) => (i === 0 ? NaN : trueRange(bars.high[i] ?? NaN, bars.low[i] ?? NaN, bars.close[i - 1] ?? NaN)));

  it.each([
    ['SMA20', smaColumn(bars.close, 20)],
    ['EMA20', emaColumn(bars.close, 20)],
    ['RSI14', rsiColumn(bars.close, 14)],
    ['ATR14', atrColumn(bars, 14)],
    ['TR', ranges],
  ])('%s agrees to 1e-10 relative and begins at the same bar', (name, ours) => {
    const theirs = series(name);
    expect(theirs.length).toBe(300);
    theirs.forEach((value, i) => {
      if (Number.isNaN(value)) expect(ours[i]).toBeNaN();
      else expect(Math.abs((ours[i] ?? NaN) - value)).toBeLessThanOrEqual(1e-10 * Math.abs(value));
    });
  });
});
