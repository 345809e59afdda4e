/** Averages that forget slowly: exponential ones of exponential ones, Wilder's, and Kaufman's, which adapts. */
import * as z from 'zod';
import { ring, ringPush, ringSchema, slidingSum, slidingSumSchema, sumPush, wilder, wilderForgetting, wilderPush, wilderSchema } from './cells.ts';
import { emaForgetting, emaNext, emaStart, type EmaState, emaStateSchema } from './ema.ts';
import { defineIndicator, factor, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { ticksOf } from './period.ts';

/** Adds what is a number: the next average begins when the one before it has begun. */
export function emaFeed(cell: EmaState, value: number): number {
  return Number.isNaN(value) ? NaN : emaNext(cell, value);
}

const chainSchema = z.object({ stages: z.array(emaStateSchema) });
type Chain = z.infer<typeof chainSchema>;
const chain = (period: number, stages: number): Chain => ({ stages: Array.from({ length: stages }, () => emaStart(period)) });
const stage = ({ stages }: Chain, at: number, value: number): number => {
  const cell = stages[at];
  return cell === undefined ? NaN : emaFeed(cell, value);
};

/** Double exponential average, dollars: 2 x EMA - EMA of the EMA. DEMA 2 of 1, 2, 6, 3 ends in 6, 3.6667: EMAs 1.5, 4.5, 3.5 and of these 3, 3.3333. TA-Lib DEMA. */
export const DEMA = defineIndicator<'value', Chain>({
  id: 'DEMA', title: 'Double exponential moving average', group: 'overlap', unit: 'price', formula: '2 × EMA - EMA(EMA)', source: 'P. Mulloy, Stocks & Commodities 12:1 (1994); TA-Lib DEMA',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => 2 * (n - 1), forgetting: ([n = 1]) => 2 * emaForgetting(n), state: chainSchema,
  start: ([n = 1]) => chain(n, 2),
  next(state, bar, out) {
    const first = stage(state, 0, bar.close);
    out[0] = 2 * first - stage(state, 1, first);
  },
});
/** DEMA over `length` bars. */
export const dema = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(DEMA, [length], options);

/** Triple exponential average, dollars: 3 x EMA - 3 x EMA(EMA) + EMA(EMA(EMA)). On the line 1, 2, 3 ... TEMA 2 is the price itself: no lag. TA-Lib TEMA. */
export const TEMA = defineIndicator<'value', Chain>({
  id: 'TEMA', title: 'Triple exponential moving average', group: 'overlap', unit: 'price', formula: '3 × EMA - 3 × EMA(EMA) + EMA(EMA(EMA))', source: 'P. Mulloy, Stocks & Commodities 12:1 (1994); TA-Lib TEMA',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => 3 * (n - 1), forgetting: ([n = 1]) => 3 * emaForgetting(n), state: chainSchema,
  start: ([n = 1]) => chain(n, 3),
  next(state, bar, out) {
    const first = stage(state, 0, bar.close);
    const second = stage(state, 1, first);
    out[0] = 3 * (first - second) + stage(state, 2, second);
  },
});
/** TEMA over `length` bars. */
export const tema = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(TEMA, [length], options);

const t3Schema = z.object({ ...chainSchema.shape, volume: z.number() });

/** Tillson's T3, dollars: six exponential averages one upon the other, weighed with the volume factor v so that the lag is small. On the line 1, 2, 3 ... T3 2, 1 ends at the price itself; v = 0 is EMA(EMA(EMA)). TA-Lib T3. */
export const T3 = defineIndicator<'value', z.infer<typeof t3Schema>>({
  id: 'T3', title: "Tillson's T3 average", group: 'overlap', unit: 'price', formula: 'c1·e6 + c2·e5 + c3·e4 + c4·e3, e1..e6 = EMA of EMA, c1 = -v³, c2 = 3v² + 3v³, c3 = -6v² - 3v - 3v³, c4 = 1 + 3v + v³ + 3v²', source: 'T. Tillson, Stocks & Commodities 16:1 (1998); TA-Lib T3',
  parameters: [period('period', 'Period', 5), factor('volume', 'Volume factor', 0.7, [0, 1])], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => 6 * (n - 1), forgetting: ([n = 1]) => 6 * emaForgetting(n), state: t3Schema,
  start: ([n = 1, volume = 0.7]) => ({ ...chain(n, 6), volume }),
  next(state, bar, out) {
    const v = state.volume;
    const [square, cube] = [v * v, v * v * v];
    const third = stage(state, 2, stage(state, 1, stage(state, 0, bar.close)));
    const fourth = stage(state, 3, third);
    const fifth = stage(state, 4, fourth);
    const sixth = stage(state, 5, fifth);
    out[0] = -cube * sixth + 3 * (square + cube) * fifth - (6 * square + 3 * (v + cube)) * fourth + (1 + 3 * v + cube + 3 * square) * third;
  },
});
/** T3 over `length` bars. */
export const t3 = (length = 5, volume = 0.7, options: UseOptions = {}): IndicatorUse<'value'> => use(T3, [length, volume], options);

const zeroLagSchema = z.object({ prices: ringSchema.nullable(), average: emaStateSchema });
const lagOf = (n: number): number => Math.floor((n - 1) / 2);

/** Zero-lag exponential average, dollars: the EMA of price + (price - price `lag` bars ago), lag = (period - 1) / 2. ZLEMA 3 of 1, 2, 3, 4, 6 ends in 4, 6: the lead prices are 3, 4, 5, 8. */
export const ZLEMA = defineIndicator<'value', z.infer<typeof zeroLagSchema>>({
  id: 'ZLEMA', title: 'Zero-lag exponential moving average', group: 'overlap', unit: 'price', formula: 'EMA(2 × price - price (period - 1) / 2 bars ago)', source: 'J. F. Ehlers, R. Way, Zero Lag (Well, Almost), Stocks & Commodities 28:12 (2010)',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => lagOf(n) + n - 1, forgetting: ([n = 1]) => lagOf(n) + emaForgetting(n), state: zeroLagSchema,
  start: ([n = 1]) => ({ prices: lagOf(n) === 0 ? null : ring(lagOf(n)), average: emaStart(n) }),
  next({ prices, average }, { close }, out) {
    const before = prices === null ? close : ringPush(prices, close);
    out[0] = emaFeed(average, 2 * close - before);
  },
});
/** ZLEMA over `length` bars. */
export const zlema = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(ZLEMA, [length], options);

/** Smoothed average as Wilder has it (SMMA, RMA), dollars: (average x (period - 1) + price) / period, seeded with the mean of the first prices. SMMA 2 of 1, 3, 6 ends in 2, 4. */
export const SMMA = defineIndicator<'value', z.infer<typeof wilderSchema>>({
  id: 'SMMA', title: "Wilder's smoothed moving average", group: 'overlap', unit: 'price', formula: '(average before × (period - 1) + price) / period; first the mean of the first prices', source: 'J. W. Wilder, New Concepts in Technical Trading Systems (1978)',
  parameters: [period('period', 'Period', 14)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, forgetting: ([n = 1]) => wilderForgetting(n), state: wilderSchema,
  start: ([n = 1]) => wilder(n),
  next(state, bar, out) {
    out[0] = wilderPush(state, bar.close);
  },
});
/** SMMA over `length` bars. */
export const smma = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(SMMA, [length], options);

const kaufmanSchema = z.object({ prices: ringSchema, path: slidingSumSchema, previous: z.number().nullable(), value: z.number() });
const SLOWEST = 2 / 31;
const FASTEST = 2 / 3;

/**
 * Kaufman's adaptive average, dollars: average + (ER x (2/3 - 2/31) + 2/31)^2 x (price - average), where the efficiency ER is the way that was made in `period` bars over the way
 * that was gone, 1 when nothing moved. It begins at the price of the bar before. KAMA 2 of 1, 2, 3, 3 ends in 2.4444, 2.6914: ER 1 and 1. TA-Lib KAMA.
 */
export const KAMA = defineIndicator<'value', z.infer<typeof kaufmanSchema>>({
  id: 'KAMA', title: "Kaufman's adaptive moving average", group: 'overlap', unit: 'price', formula: 'KAMA + (ER × (2/3 - 2/31) + 2/31)² × (price - KAMA), ER = |change over the period| / Σ |changes|', source: 'P. J. Kaufman, Trading Systems and Methods (1998); TA-Lib KAMA',
  parameters: [period('period', 'Period', 10)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n, forgetting: ([n = 1]) => n + 1_200, state: kaufmanSchema,
  start: ([n = 1]) => ({ prices: ring(n), path: slidingSum(n), previous: null, value: 0 }),
  next(state, { close }, out) {
    const ticks = ticksOf(close);
    const before = ringPush(state.prices, ticks);
    const path = state.previous === null ? NaN : sumPush(state.path, Math.abs(ticks - state.previous));
    state.previous = ticks;
    if (Number.isNaN(before)) {
      state.value = close;
      out[0] = NaN;
      return;
    }
    const efficiency = path === 0 ? 1 : Math.abs(ticks - before) / path;
    const speed = (efficiency * (FASTEST - SLOWEST) + SLOWEST) ** 2;
    state.value += speed * (close - state.value);
    out[0] = state.value;
  },
});
/** KAMA over `length` bars. */
export const kama = (length = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(KAMA, [length], options);
