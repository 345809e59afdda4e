/** Where the close stands between the highest and the lowest of a window: stochastics and Williams %R. */
import * as z from 'zod';
import { type BarColumns, barCount } from '#app/domain/bar-columns.ts';
import { type Extreme, extreme, extremeSchema, highestPush, lowestPush, slidingSum, slidingSumSchema, sumPush, wilderForgetting } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { GRAINS, grainsOf, outputColumns } from './period.ts';
import { rangeColumns } from './range-extremes.ts';
import { rsiNext, rsiStart, rsiStateSchema } from './rsi.ts';

const rangeSchema = z.object({ high: extremeSchema, low: extremeSchema });
type Range = { readonly high: Extreme; readonly low: Extreme };
const range = (n: number): Range => ({ high: extreme(n), low: extreme(n) });

/** 0 at the lowest, 100 at the highest; 0 when they are one (TA-Lib). */
const standing = (price: number, highest: number, lowest: number): number => (highest === lowest ? 0 : (100 * (price - lowest)) / (highest - lowest));

/** Adds a bar; where its close stands, NaN while there are too few. */
function standingAfter({ high, low }: Range, bar: { readonly high: number; readonly low: number; readonly close: number }): number {
  const highest = highestPush(high, bar.high);
  return standing(bar.close, highest, lowestPush(low, bar.low));
}

/** K smoothed and smoothed again, on whole grains: exact sums. */
const smoothingSchema = z.object({ k: slidingSumSchema, d: slidingSumSchema });
type Smoothing = z.infer<typeof smoothingSchema>;
const smoothing = (k: number, d: number): Smoothing => ({ k: slidingSum(k), d: slidingSum(d) });

/** Adds a standing and writes K and D, both NaN until D begins. */
function smoothInto({ k, d }: Smoothing, value: number, out: Float64Array): void {
  const sum = Number.isNaN(value) ? NaN : sumPush(k, grainsOf(value));
  const twice = Number.isNaN(sum) ? NaN : sumPush(d, sum);
  out[0] = Number.isNaN(twice) ? NaN : sum / (k.period * GRAINS);
  out[1] = twice / (k.period * d.period * GRAINS);
}

/** Smoothings of K and D, and the index of the first standing. */
type Smooth = { readonly first: number; readonly slow: number; readonly smooth: number };

/** 0 at the lowest, 100 at the highest, in whole grains. */
const grainsBetween = (price: number, highest: number, lowest: number): number => grainsOf(standing(price, highest, lowest));

/** Bars of one go: so short that the compiler sees the hot loop as a function that is called often, not as one that never ends. */
const STRETCH = 1_024;
type SmoothState = { readonly raw: Float64Array; readonly sums: Float64Array; rawAt: number; sumAt: number; sum: number; twice: number };

/** The hot loop, warm. */
function smoothStretch(state: SmoothState, { close, k, d }: { readonly close: Float64Array; readonly k: Float64Array; readonly d: Float64Array }, from: number, to: number): void {
  const { raw, sums } = state;
  const [slow, smooth] = [raw.length, sums.length];
  const kDivisor = slow * GRAINS;
  const dDivisor = slow * smooth * GRAINS;
  let { rawAt, sumAt, sum, twice } = state;
  for (let i = from; i < to; i += 1) {
    const grains = grainsBetween(close[i] ?? NaN, k[i] ?? NaN, d[i] ?? NaN);
    sum += grains - (raw[rawAt] ?? NaN);
    raw[rawAt] = grains;
    rawAt = rawAt + 1 === slow ? 0 : rawAt + 1;
    twice += sum - (sums[sumAt] ?? NaN);
    sums[sumAt] = sum;
    sumAt = sumAt + 1 === smooth ? 0 : sumAt + 1;
    k[i] = sum / kDivisor;
    d[i] = twice / dDivisor;
  }
  Object.assign(state, { rawAt, sumAt, sum, twice });
}

/** Turns highest highs (in `k`) and lowest lows (in `d`) into K and D, in place. The warm-up is apart: a choice in the hot loop costs as much as its arithmetic. */
function smoothColumns(close: Float64Array, k: Float64Array, d: Float64Array, { first, slow, smooth }: Smooth): void {
  const raw = new Float64Array(slow);
  const sums = new Float64Array(smooth);
  const dFirst = first + slow + smooth - 2;
  const { length } = close;
  const warm = Math.min(dFirst, length);
  let sum = 0;
  let twice = 0;
  let rawAt = 0;
  let sumAt = 0;
  for (let i = first; i < warm; i += 1) {
    const grains = grainsBetween(close[i] ?? NaN, k[i] ?? NaN, d[i] ?? NaN);
    sum += grains - (raw[rawAt] ?? NaN);
    raw[rawAt] = grains;
    rawAt = rawAt + 1 === slow ? 0 : rawAt + 1;
    if (i < first + slow - 1) continue;
    twice += sum;
    sums[sumAt] = sum;
    sumAt += 1;
  }
  k.fill(NaN, 0, warm);
  d.fill(NaN, 0, warm);
  const state = { raw, sums, rawAt, sumAt, sum, twice };
  for (let i = dFirst; i < length; i += STRETCH) smoothStretch(state, { close, k, d }, i, Math.min(i + STRETCH, length));
}

/** Highs and lows go through the outputs, so that nothing is made per run. */
function stochasticColumns(bars: BarColumns, [n = 1, slow = 1, smooth = 1]: readonly number[], out?: readonly Float64Array[]): readonly Float64Array[] {
  const columns = outputColumns(barCount(bars), 2, out);
  const [k, d] = columns;
  if (!k || !d) return columns;
  rangeColumns(bars, n, { top: k, bottom: d });
  smoothColumns(bars.close, k, d, { first: n - 1, slow, smooth });
  return columns;
}

const stochasticSchema = z.object({ range: rangeSchema, smoothing: smoothingSchema });
const LANE = 'G. C. Lane, Stocks & Commodities 2:3 (1984); TA-Lib';

/** Slow stochastic, 0..100: where the close stands in the window, averaged (K), and averaged again (D); 0 where the window is flat. STOCH 2, 1, 2 of high 10, 12, 12, low 8, 9, 10, close 9, 11, 10 ends in k 33.3333, d 54.1667: 75, then 33.3333. TA-Lib STOCH. */
export const STOCH = defineIndicator<'k' | 'd', z.infer<typeof stochasticSchema>>({
  id: 'STOCH', title: 'Slow stochastic', group: 'momentum', unit: 'index', formula: 'K = SMA(100 × (close - lowest low) / (highest high - lowest low)); D = SMA(K)', source: LANE,
  parameters: [period('range', 'Range', 14), period('k', 'K smoothing', 3), period('d', 'D smoothing', 3)], inputs: ['high', 'low', 'close'], outputs: ['k', 'd'], lookback: ([n = 1, k = 1, d = 1]) => n + k + d - 3, state: stochasticSchema,
  columns: stochasticColumns,
  start: ([n = 1, k = 1, d = 1]) => ({ range: range(n), smoothing: smoothing(k, d) }),
  next(state, bar, out) {
    smoothInto(state.smoothing, standingAfter(state.range, bar), out);
  },
});
/** STOCH of a range and two smoothings. */
export const stoch = (length = 14, k = 3, d = 3, options: UseOptions = {}): IndicatorUse<'k' | 'd'> => use(STOCH, [length, k, d], options);

/** Fast stochastic, 0..100: K is the standing itself, D its average. STOCHF 2, 2 of high 10, 12, 12, low 8, 9, 10, close 9, 11, 10 ends in k 33.3333, d 54.1667. TA-Lib STOCHF. */
export const STOCHF = defineIndicator<'k' | 'd', z.infer<typeof stochasticSchema>>({
  id: 'STOCHF', title: 'Fast stochastic', group: 'momentum', unit: 'index', formula: 'K = 100 × (close - lowest low) / (highest high - lowest low); D = SMA(K)', source: LANE,
  parameters: [period('range', 'Range', 14), period('d', 'D smoothing', 3)], inputs: ['high', 'low', 'close'], outputs: ['k', 'd'], lookback: ([n = 1, d = 1]) => n + d - 2, state: stochasticSchema,
  columns: (bars, [n = 1, d = 1], out) => stochasticColumns(bars, [n, 1, d], out),
  start: ([n = 1, d = 1]) => ({ range: range(n), smoothing: smoothing(1, d) }),
  next(state, bar, out) {
    smoothInto(state.smoothing, standingAfter(state.range, bar), out);
  },
});
/** STOCHF of a range and a smoothing. */
export const stochf = (length = 14, d = 3, options: UseOptions = {}): IndicatorUse<'k' | 'd'> => use(STOCHF, [length, d], options);

/** An RSI that moves by less does not move: while the price stands still its last bits do, and would show as 0 and 100. */
const STILL = 1e-8;
const stochasticRsiSchema = z.object({ strength: rsiStateSchema, range: rangeSchema, smoothing: smoothingSchema });

/** Fast stochastic of the RSI, 0..100. STOCHRSI 2, 2, 1 of 10, 11, 10.5, 12, 11 ends in k 0, d 0: RSI 66.67, 88.89 and 47.06. 0 while the RSI stands still. TA-Lib STOCHRSI. */
export const STOCHRSI = defineIndicator<'k' | 'd', z.infer<typeof stochasticRsiSchema>>({
  id: 'STOCHRSI', title: 'Stochastic RSI', group: 'momentum', unit: 'index', formula: 'K = where the RSI stands between its highest and lowest, 0..100; D = SMA(K)', source: 'T. S. Chande, S. Kroll, The New Technical Trader (1994); TA-Lib STOCHRSI',
  parameters: [period('period', 'RSI period', 14), period('range', 'Range', 5), period('d', 'D smoothing', 3)], inputs: ['close'], outputs: ['k', 'd'],
  lookback: ([n = 1, length = 1, d = 1]) => n + length + d - 2, forgetting: ([n = 1, length = 1, d = 1]) => 2 * wilderForgetting(n) + length + d, state: stochasticRsiSchema,
  start: ([n = 1, length = 1, d = 1]) => ({ strength: rsiStart(n), range: range(length), smoothing: smoothing(1, d) }),
  next(state, bar, out) {
    const strength = rsiNext(state.strength, bar.close);
    if (Number.isNaN(strength)) {
      out.fill(NaN);
      return;
    }
    const highest = highestPush(state.range.high, strength);
    const lowest = lowestPush(state.range.low, strength);
    smoothInto(state.smoothing, highest - lowest < STILL ? 0 : standing(strength, highest, lowest), out);
  },
});
/** STOCHRSI of an RSI period, a range and a smoothing. */
export const stochrsi = (length = 14, within = 5, d = 3, options: UseOptions = {}): IndicatorUse<'k' | 'd'> => use(STOCHRSI, [length, within, d], options);

/** Williams %R, -100..0: 100 x (close - highest high) / (highest high - lowest low); 0 where the window is flat. WILLR 2 of high 10, 12, low 8, 9, close 9, 11 is -25. TA-Lib WILLR. */
export const WILLR = defineIndicator<'value', Range>({
  id: 'WILLR', title: 'Williams %R', group: 'momentum', unit: 'index', formula: '-100 × (highest high - close) / (highest high - lowest low)', source: 'L. Williams, How I Made One Million Dollars (1973); TA-Lib WILLR',
  parameters: [period('period', 'Period', 14)], inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: rangeSchema,
  columns(bars, [n = 1], out) {
    const length = barCount(bars);
    const columns = outputColumns(length, 1, out);
    const result = columns[0] ?? new Float64Array(length);
    const lowest = new Float64Array(length);
    rangeColumns(bars, n, { top: result, bottom: lowest });
    for (let i = 0; i < length; i += 1) {
      const [top, bottom] = [result[i] ?? NaN, lowest[i] ?? NaN];
      result[i] = top === bottom ? 0 : (-100 * (top - (bars.close[i] ?? NaN))) / (top - bottom);
    }
    return columns;
  },
  start: ([n = 1]) => range(n),
  next({ high, low }, bar, out) {
    const top = highestPush(high, bar.high);
    const bottom = lowestPush(low, bar.low);
    out[0] = top === bottom ? 0 : (-100 * (top - bar.close)) / (top - bottom);
  },
});
/** WILLR over `length` bars. */
export const willr = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(WILLR, [length], options);
