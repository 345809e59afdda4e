/** Whether there is a trend and where it turns: Aroon, the parabolic stop, vortex and mass index. */
import * as z from 'zod';
import { type Extreme, extreme, extremeSchema, highestPush, isFull, lowestPush, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { emaForgetting, emaNext, emaStart, emaStateSchema } from './ema.ts';
import { defineIndicator, factor, type IndicatorUse, type NumericBar, period, use, type UseOptions } from './indicator.ts';
import { GRAINS, grainsOf, MAX_PERIOD, ticksOf } from './period.ts';
import { emaFeed } from './smoothed.ts';

const sinceSchema = z.object({ high: extremeSchema, low: extremeSchema });
type Since = { readonly high: Extreme; readonly low: Extreme };
const AROON_SOURCE = 'T. S. Chande, Stocks & Commodities 13:9 (1995); TA-Lib';
/** The window holds the bar now and `period` before it. */
const aroonPeriod = period('period', 'Period', 14, [1, MAX_PERIOD - 1]);

/** Adds a bar; how fresh its high and low are, 0..100 each; NaN until the window is full. Of equal extremes the newest counts. */
function freshness({ high, low }: Since, bar: NumericBar): readonly [up: number, down: number] {
  highestPush(high, bar.high);
  lowestPush(low, bar.low);
  const length = high.period - 1;
  return isFull(high) ? [(100 * (length - high.age)) / length, (100 * (length - low.age)) / length] : [NaN, NaN];
}

/** Aroon, 0..100: 100 x (period - bars since the highest high) / period, and the same for the lowest low. AROON 2 of high 3, 2, 1, low 1, 1, 0.5 is up 0, down 100. TA-Lib AROON. */
export const AROON = defineIndicator<'up' | 'down', Since>({
  id: 'AROON', title: 'Aroon', group: 'trend', unit: 'index', formula: '100 × (period - bars since the extreme) / period', source: `${AROON_SOURCE} AROON`,
  parameters: [aroonPeriod], inputs: ['high', 'low'], outputs: ['up', 'down'], lookback: ([n = 1]) => n, state: sinceSchema,
  start: ([n = 1]) => ({ high: extreme(n + 1), low: extreme(n + 1) }),
  next(state, bar, out) {
    const [up, down] = freshness(state, bar);
    out[0] = up;
    out[1] = down;
  },
});
/** AROON over `length` bars. */
export const aroon = (length = 14, options: UseOptions = {}): IndicatorUse<'up' | 'down'> => use(AROON, [length], options);

/** Aroon up - Aroon down, -100..100. AROONOSC 2 of high 3, 2, 1, low 1, 1, 0.5 is -100. TA-Lib AROONOSC. */
export const AROONOSC = defineIndicator<'value', Since>({
  id: 'AROONOSC', title: 'Aroon oscillator', group: 'trend', unit: 'index', formula: 'Aroon up - Aroon down', source: `${AROON_SOURCE} AROONOSC`,
  parameters: [aroonPeriod], inputs: ['high', 'low'], outputs: ['value'], lookback: ([n = 1]) => n, state: sinceSchema,
  start: ([n = 1]) => ({ high: extreme(n + 1), low: extreme(n + 1) }),
  next(state, bar, out) {
    const [up, down] = freshness(state, bar);
    out[0] = up - down;
  },
});
/** AROONOSC over `length` bars. */
export const aroonosc = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(AROONOSC, [length], options);

/** `stop` is that of the coming bar, `best` the extreme point of the trend; `count` 0, 1, 2 = first bar, second, trailing. */
const stopSchema = z.object({
  step: z.number(), most: z.number(), count: z.number().int().min(0).max(2), isLong: z.boolean(), stop: z.number(), best: z.number(), speed: z.number(), high: z.number(), low: z.number(),
});
type Stop = z.infer<typeof stopSchema>;

/** A stop may not lie within the range of the last two bars. */
const outside = (state: Stop, stop: number, { high, low }: NumericBar): number => (state.isLong ? Math.min(stop, state.low, low) : Math.max(stop, state.high, high));

function trail(state: Stop, bar: NumericBar): number {
  const isHit = state.isLong ? bar.low <= state.stop : bar.high >= state.stop;
  let now = state.stop;
  if (isHit) {
    state.isLong = !state.isLong;
    now = outside(state, state.best, bar);
    state.speed = state.step;
    state.best = state.isLong ? bar.high : bar.low;
  } else if (state.isLong ? bar.high > state.best : bar.low < state.best) {
    state.best = state.isLong ? bar.high : bar.low;
    state.speed = Math.min(state.most, state.speed + state.step);
  }
  state.stop = outside(state, now + state.speed * (state.best - now), bar);
  return now;
}

/**
 * Parabolic stop and reverse, dollars: a stop that follows the trend, by `step` faster with each new extreme, `most` at the fastest; where it is hit the trend turns.
 * The first trend is up unless the second bar moves more down than up. SAR 0.02, 0.2 of high 10, 11, 12, low 9, 10, 11 ends in 9, 9.04: the first low, then 9 + 0.02 x (11 - 9). TA-Lib SAR.
 */
export const SAR = defineIndicator<'value', Stop>({
  id: 'SAR', title: 'Parabolic stop and reverse', group: 'trend', unit: 'price', formula: 'SAR + speed × (extreme of the trend - SAR), never within the last two bars; turns when hit', source: 'J. W. Wilder, New Concepts in Technical Trading Systems (1978), section II; TA-Lib SAR',
  parameters: [factor('step', 'Step', 0.02, [0.0001, 1]), factor('most', 'Most', 0.2, [0.0001, 1])], inputs: ['high', 'low'], outputs: ['value'],
  check: ([step = 0, most = 0]) => (step <= most ? null : 'the step must not be larger than the most'), lookback: () => 1, forgetting: () => 500, state: stopSchema,
  start: ([step = 0.02, most = 0.2]) => ({ step, most, count: 0, isLong: true, stop: 0, best: 0, speed: step, high: 0, low: 0 }),
  next(state, bar, out) {
    const { high, low } = bar;
    if (state.count === 1) {
      const down = state.low - low;
      state.isLong = !(down > 0 && down > high - state.high);
      state.stop = state.isLong ? state.low : state.high;
      state.best = state.isLong ? high : low;
      // As TA-Lib has it: the bar before the first stop is that bar itself.
      state.high = high;
      state.low = low;
    }
    out[0] = state.count === 0 ? NaN : trail(state, bar);
    state.count = Math.min(state.count + 1, 2);
    state.high = high;
    state.low = low;
  },
});
/** SAR of a step and the most. */
export const sar = (step = 0.02, most = 0.2, options: UseOptions = {}): IndicatorUse<'value'> => use(SAR, [step, most], options);

const vortexSchema = z.object({ previous: z.object({ high: z.number(), low: z.number(), close: z.number() }).nullable(), up: slidingSumSchema, down: slidingSumSchema, range: slidingSumSchema });

/** Vortex: sum of |high - low before| (up) and of |low - high before| (down) over the sum of true ranges; 0 where nothing moved. VORTEX 1 of high 10, 12, low 8, 9, close 9, 11 is up 1.3333, down 0.3333: 4 and 1 of 3. */
export const VORTEX = defineIndicator<'up' | 'down', z.infer<typeof vortexSchema>>({
  id: 'VORTEX', title: 'Vortex', group: 'trend', unit: 'ratio', formula: 'Σ |high - low before| / Σ true range; Σ |low - high before| / Σ true range', source: 'E. Botes, D. Siepman, Stocks & Commodities 28:1 (2010)',
  parameters: [period('period', 'Period', 14)], inputs: ['high', 'low', 'close'], outputs: ['up', 'down'], lookback: ([n = 1]) => n, state: vortexSchema,
  start: ([n = 1]) => ({ previous: null, up: slidingSum(n), down: slidingSum(n), range: slidingSum(n) }),
  next(state, bar, out) {
    const { previous, up, down, range } = state;
    const [high, low, close] = [ticksOf(bar.high), ticksOf(bar.low), ticksOf(bar.close)];
    state.previous = { high, low, close };
    out.fill(NaN);
    if (previous === null) return;
    const all = sumPush(range, Math.max(high, previous.close) - Math.min(low, previous.close));
    const rising = sumPush(up, Math.abs(high - previous.low));
    const falling = sumPush(down, Math.abs(low - previous.high));
    out[0] = all === 0 ? 0 : rising / all;
    out[1] = all === 0 ? 0 : falling / all;
  },
});
/** VORTEX over `length` bars. */
export const vortex = (length = 14, options: UseOptions = {}): IndicatorUse<'up' | 'down'> => use(VORTEX, [length], options);

const massSchema = z.object({ once: emaStateSchema, twice: emaStateSchema, sum: slidingSumSchema });

/** Mass index: sum over `sum` bars of EMA(range) / EMA(EMA(range)); a bar without range for so long counts 1. MASS 1, 3 is 3 whatever the bars. Wide ranges show above 27. */
export const MASS = defineIndicator<'value', z.infer<typeof massSchema>>({
  id: 'MASS', title: 'Mass index', group: 'trend', unit: 'ratio', formula: 'Σ EMA(high - low) / EMA(EMA(high - low))', source: 'D. Dorsey, Stocks & Commodities 10:6 (1992)',
  parameters: [period('ema', 'EMA period', 9), period('sum', 'Sum period', 25)], inputs: ['high', 'low'], outputs: ['value'], lookback: ([n = 1, sum = 1]) => 2 * (n - 1) + sum - 1, forgetting: ([n = 1, sum = 1]) => 3 * emaForgetting(n) + sum, state: massSchema,
  start: ([n = 1, sum = 1]) => ({ once: emaStart(n), twice: emaStart(n), sum: slidingSum(sum) }),
  next({ once, twice, sum }, { high, low }, out) {
    const average = emaNext(once, high - low);
    const again = emaFeed(twice, average);
    out[0] = Number.isNaN(again) ? NaN : sumPush(sum, grainsOf(again === 0 ? 1 : average / again)) / GRAINS;
  },
});
/** MASS of an EMA and a sum. */
export const mass = (length = 9, sum = 25, options: UseOptions = {}): IndicatorUse<'value'> => use(MASS, [length, sum], options);
