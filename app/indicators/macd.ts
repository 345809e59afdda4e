/** Differences of two averages: MACD, the absolute and the percentage price oscillator. */
import * as z from 'zod';
import { type BarColumns, barCount } from '#app/domain/bar-columns.ts';
import { slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { emaForgetting, emaNext, emaStart, emaStateSchema } from './ema.ts';
import { defineIndicator, type IndicatorParameter, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { outputColumns, ticksOf, TICKS_PER_DOLLAR } from './period.ts';
import { emaFeed } from './smoothed.ts';

/** Two exponential averages whose seeds end on the same bar: the fast one waits until `wait` bars have gone. */
const pairSchema = z.object({ wait: z.number().int().min(0), fast: emaStateSchema, slow: emaStateSchema });
type Pair = z.infer<typeof pairSchema>;
const pairOf = (fast: number, slow: number): Pair => ({ wait: slow - fast, fast: emaStart(fast), slow: emaStart(slow) });

/** Adds a price; whether both have a value. */
function pairNext(pair: Pair, price: number): boolean {
  emaNext(pair.slow, price);
  if (pair.wait > 0) pair.wait -= 1;
  else emaNext(pair.fast, price);
  return pair.slow.count === pair.slow.period;
}

const fastBelowSlow = ([fast = 0, slow = 0]: readonly number[]): string | null => (fast < slow ? null : 'the fast period must be shorter than the slow one');
const macdSchema = z.object({ pair: pairSchema, signal: emaStateSchema });

/** Where the averages stand after the first `slow` prices. */
function seedsOf(close: Float64Array, fast: number, slow: number): readonly [fast: number, slow: number] {
  let [quick, lazy] = [0, 0];
  for (let i = 0; i < slow; i += 1) {
    lazy += close[i] ?? NaN;
    if (i >= slow - fast) quick += close[i] ?? NaN;
  }
  return [quick / fast, lazy / slow];
}

function macdColumns(bars: BarColumns, [fast = 1, slow = 2, smooth = 1]: readonly number[], out?: readonly Float64Array[]): readonly Float64Array[] {
  const length = barCount(bars);
  const columns = outputColumns(length, 3, out);
  const [line, signal, histogram] = columns;
  if (!line || !signal || !histogram) return columns;
  const first = slow + smooth - 2;
  for (const column of columns) column.fill(NaN, 0, Math.min(first, length));
  if (length <= first) return columns;
  const { close } = bars;
  const [fastK, slowK, signalK] = [2 / (fast + 1), 2 / (slow + 1), 2 / (smooth + 1)];
  let [quick, lazy] = seedsOf(close, fast, slow);
  let average = quick - lazy;
  for (let i = slow; i <= first; i += 1) {
    const price = close[i] ?? NaN;
    quick = (price - quick) * fastK + quick;
    lazy = (price - lazy) * slowK + lazy;
    average += quick - lazy;
  }
  average /= smooth;
  line[first] = quick - lazy;
  signal[first] = average;
  histogram[first] = quick - lazy - average;
  for (let i = first + 1; i < length; i += 1) {
    const price = close[i] ?? NaN;
    quick = (price - quick) * fastK + quick;
    lazy = (price - lazy) * slowK + lazy;
    const value = quick - lazy;
    average = (value - average) * signalK + average;
    line[i] = value;
    signal[i] = average;
    histogram[i] = value - average;
  }
  return columns;
}

/**
 * Moving average convergence and divergence, dollars: fast EMA - slow EMA (their seeds end on the same bar), its EMA as signal, and the difference of both.
 * MACD 2, 3, 2 of 1, 2, 6, 5, 9 ends in macd 1.0556, signal 0.9815, histogram 0.0741. TA-Lib MACD.
 */
export const MACD = defineIndicator<'macd' | 'signal' | 'histogram', z.infer<typeof macdSchema>>({
  id: 'MACD', title: 'Moving average convergence/divergence', group: 'momentum', unit: 'price', formula: 'EMA(fast) - EMA(slow); signal = its EMA; histogram = difference', source: 'G. Appel (1979); TA-Lib MACD',
  parameters: [period('fast', 'Fast period', 12), period('slow', 'Slow period', 26), period('signal', 'Signal period', 9)], inputs: ['close'], outputs: ['macd', 'signal', 'histogram'],
  check: fastBelowSlow, lookback: ([, slow = 1, signal = 1]) => slow + signal - 2, forgetting: ([, slow = 1, signal = 1]) => 2 * emaForgetting(slow) + emaForgetting(signal), state: macdSchema,
  columns: macdColumns,
  start: ([fast = 1, slow = 2, signal = 1]) => ({ pair: pairOf(fast, slow), signal: emaStart(signal) }),
  next({ pair, signal }, bar, out) {
    const line = pairNext(pair, bar.close) ? pair.fast.value - pair.slow.value : NaN;
    const average = emaFeed(signal, line);
    out[0] = Number.isNaN(average) ? NaN : line;
    out[1] = average;
    out[2] = line - average;
  },
});
/** MACD of three periods. */
export const macd = (fast = 12, slow = 26, signal = 9, options: UseOptions = {}): IndicatorUse<'macd' | 'signal' | 'histogram'> => use(MACD, [fast, slow, signal], options);

const KINDS: IndicatorParameter = { name: 'kind', title: '0 simple, 1 exponential averages', default: 1, min: 0, max: 1, isWhole: true };
const oscillatorSchema = z.object({ simple: z.object({ fast: slidingSumSchema, slow: slidingSumSchema }).nullable(), pair: pairSchema });
type Oscillator = z.infer<typeof oscillatorSchema>;

/** Unlike those of MACD, both averages begin with the first price: so TA-Lib has it. */
const oscillator = ([fast = 1, slow = 2, kind = 1]: readonly number[]): Oscillator => ({ simple: kind === 0 ? { fast: slidingSum(fast), slow: slidingSum(slow) } : null, pair: { ...pairOf(fast, slow), wait: 0 } });

/** Both averages after a price, dollars; NaN until there are enough. */
function averagesAfter({ simple, pair }: Oscillator, price: number): readonly [fast: number, slow: number] {
  if (simple === null) return pairNext(pair, price) ? [pair.fast.value, pair.slow.value] : [NaN, NaN];
  const ticks = ticksOf(price);
  return [sumPush(simple.fast, ticks) / (simple.fast.period * TICKS_PER_DOLLAR), sumPush(simple.slow, ticks) / (simple.slow.period * TICKS_PER_DOLLAR)];
}

const parameters = [period('fast', 'Fast period', 12), period('slow', 'Slow period', 26), KINDS];
const oscillatorLookback = ([, slow = 1]: readonly number[]): number => slow - 1;
const oscillatorForgetting = ([, slow = 1, kind = 1]: readonly number[]): number => (kind === 0 ? slow : 2 * emaForgetting(slow));

/** Absolute price oscillator, dollars: fast average - slow average. APO 2, 3, 0 of 1, 2, 6 is 1: 4 - 3. Exponential unless told; TA-Lib's own default is simple. TA-Lib APO. */
export const APO = defineIndicator<'value', Oscillator>({
  id: 'APO', title: 'Absolute price oscillator', group: 'momentum', unit: 'price', formula: 'fast average - slow average', source: 'TA-Lib APO',
  parameters, inputs: ['close'], outputs: ['value'], check: fastBelowSlow, lookback: oscillatorLookback, forgetting: oscillatorForgetting, state: oscillatorSchema,
  start: oscillator,
  next(state, bar, out) {
    const [fast, slow] = averagesAfter(state, bar.close);
    out[0] = fast - slow;
  },
});
/** APO of two periods. */
export const apo = (fast = 12, slow = 26, kind: 0 | 1 = 1, options: UseOptions = {}): IndicatorUse<'value'> => use(APO, [fast, slow, kind], options);

/** Percentage price oscillator: 100 x (fast average - slow average) / slow average. PPO 2, 3, 0 of 1, 2, 6 is 33.3333. Exponential unless told; TA-Lib's own default is simple. TA-Lib PPO. */
export const PPO = defineIndicator<'value', Oscillator>({
  id: 'PPO', title: 'Percentage price oscillator', group: 'momentum', unit: 'percent', formula: '100 × (fast average - slow average) / slow average', source: 'TA-Lib PPO',
  parameters, inputs: ['close'], outputs: ['value'], check: fastBelowSlow, lookback: oscillatorLookback, forgetting: oscillatorForgetting, state: oscillatorSchema,
  start: oscillator,
  next(state, bar, out) {
    const [fast, slow] = averagesAfter(state, bar.close);
    out[0] = slow === 0 ? 0 : (100 * (fast - slow)) / slow;
  },
});
/** PPO of two periods. */
export const ppo = (fast = 12, slow = 26, kind: 0 | 1 = 1, options: UseOptions = {}): IndicatorUse<'value'> => use(PPO, [fast, slow, kind], options);
