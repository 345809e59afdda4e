/** Oscillators of one window: CCI, CMO, the ultimate and the awesome oscillator, the balance of power. */
import * as z from 'zod';
import { extreme, extremeSchema, highestPush, lowestPush, slidingSum, type SlidingSum, slidingSumSchema, sumPush, wilderForgetting } from './cells.ts';
import { defineIndicator, type IndicatorUse, type NumericBar, period, use, type UseOptions } from './indicator.ts';
import { ticksOf, TICKS_PER_DOLLAR } from './period.ts';
import { rsiNext, rsiStart, rsiStateSchema } from './rsi.ts';

/** Commodity channel index: (typical price - its mean) / (0.015 x mean absolute deviation); 0 where nothing deviates. O(period) a bar. CCI 3 of closes 1, 2, 6 is 100: 3 / (0.015 x 2). TA-Lib CCI. */
export const CCI = defineIndicator<'value', SlidingSum>({
  id: 'CCI', title: 'Commodity channel index', group: 'momentum', unit: 'index', formula: '(typical price - mean) / (0.015 × mean |typical price - mean|)', source: 'D. R. Lambert, Commodities (October 1980); TA-Lib CCI',
  parameters: [period('period', 'Period', 20, 2)], inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: slidingSumSchema,
  start: ([n = 1]) => slidingSum(n),
  next(state, { high, low, close }, out) {
    // Three times the typical price, in ticks: whole, so a flat window deviates by nothing at all.
    const price = ticksOf(high) + ticksOf(low) + ticksOf(close);
    const mean = sumPush(state, price) / state.period;
    const { window, next } = state;
    let away = 0;
    // Oldest first, so that the last bits do not depend on where the ring began.
    for (let at = next; at < window.length; at += 1) away += Math.abs((window[at] ?? NaN) - mean);
    for (let at = 0; at < next; at += 1) away += Math.abs((window[at] ?? NaN) - mean);
    if (Number.isNaN(mean)) out[0] = NaN;
    else out[0] = away === 0 ? 0 : (price - mean) / (0.015 * (away / state.period));
  },
});
/** CCI over `length` bars. */
export const cci = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(CCI, [length], options);

/** Chande's momentum oscillator, -100..100: 100 x (average gain - average loss) / (average gain + average loss), Wilder's averages as TA-Lib has it; 0 when nothing moved. CMO 2 of 10, 11, 10.5, 12 ends in 33.3333, 77.7778. TA-Lib CMO. */
export const CMO = defineIndicator<'value', z.infer<typeof rsiStateSchema>>({
  id: 'CMO', title: "Chande's momentum oscillator", group: 'momentum', unit: 'index', formula: '100 × (average gain - average loss) / (average gain + average loss)', source: "T. S. Chande, S. Kroll, The New Technical Trader (1994), with Wilder's averages; TA-Lib CMO",
  parameters: [period('period', 'Period', 14)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n, forgetting: ([n = 1]) => 2 * wilderForgetting(n), state: rsiStateSchema,
  start: ([n = 1]) => rsiStart(n),
  next(state, bar, out) {
    const strength = rsiNext(state, bar.close);
    const both = state.gain + state.loss;
    if (Number.isNaN(strength)) out[0] = NaN;
    else out[0] = both === 0 ? 0 : (100 * (state.gain - state.loss)) / both;
  },
});
/** CMO over `length` changes. */
export const cmo = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(CMO, [length], options);

const legSchema = z.object({ pressure: slidingSumSchema, range: slidingSumSchema });
const ultimateSchema = z.object({ previous: z.number().nullable(), legs: z.array(legSchema) });
/** The shortest leg weighs four times the longest. */
const LEG_WEIGHTS = [4, 2, 1] as const;
const LEG_WEIGHT = 7;

/** Buying pressure and true range of a bar after the one before, ticks. */
function pressureOf({ high, low, close }: NumericBar, previous: number): readonly [pressure: number, range: number] {
  const bottom = ticksOf(Math.min(low, previous));
  return [ticksOf(close) - bottom, ticksOf(Math.max(high, previous)) - bottom];
}

/** Ultimate oscillator, 0..100: buying pressure over true range in three windows, weighed 4, 2, 1 from the shortest; a window without range counts 0. ULTOSC 1, 2, 3 of high 10, 11, 12, 12, low 9, 10, 10, 11, close 9, 11, 10, 12 ends in 80.9524: 2 of 2, 2 of 4, 4 of 6. TA-Lib ULTOSC. */
export const ULTOSC = defineIndicator<'value', z.infer<typeof ultimateSchema>>({
  id: 'ULTOSC', title: 'Ultimate oscillator', group: 'momentum', unit: 'index', formula: '100 × (4 × a + 2 × b + c) / 7, each Σ (close - true low) / Σ true range', source: 'L. Williams, Stocks & Commodities 3:4 (1985); TA-Lib ULTOSC',
  parameters: [period('short', 'Short period', 7), period('middle', 'Middle period', 14), period('long', 'Long period', 28)], inputs: ['high', 'low', 'close'], outputs: ['value'],
  check: ([short = 0, middle = 0, long = 0]) => (short <= middle && middle <= long ? null : 'the periods must not fall'),
  lookback: ([, , long = 1]) => long, state: ultimateSchema,
  start: (values) => ({ previous: null, legs: values.map((n) => ({ pressure: slidingSum(n), range: slidingSum(n) })) }),
  next(state, bar, out) {
    const { previous, legs } = state;
    state.previous = bar.close;
    out[0] = NaN;
    if (previous === null) return;
    const [pressure, range] = pressureOf(bar, previous);
    let sum = 0;
    for (let at = 0; at < legs.length; at += 1) {
      const leg = legs[at];
      if (leg === undefined) continue;
      const bought = sumPush(leg.pressure, pressure);
      const moved = sumPush(leg.range, range);
      sum += moved === 0 ? 0 : (LEG_WEIGHTS[at] ?? 0) * (bought / moved);
    }
    out[0] = (100 * sum) / LEG_WEIGHT;
  },
});
/** ULTOSC of three windows. */
export const ultosc = (short = 7, middle = 14, long = 28, options: UseOptions = {}): IndicatorUse<'value'> => use(ULTOSC, [short, middle, long], options);

/** Balance of power, -1..1: (close - open) / (high - low); 0 where the bar has no range. Open 10, high 12, low 8, close 11 give 0.25. TA-Lib BOP. */
export const BOP = defineIndicator<'value', Record<string, never>>({
  id: 'BOP', title: 'Balance of power', group: 'momentum', unit: 'ratio', formula: '(close - open) / (high - low)', source: 'I. Livshin, Stocks & Commodities 19:8 (2001); TA-Lib BOP',
  parameters: [], inputs: ['open', 'high', 'low', 'close'], outputs: ['value'], lookback: () => 0, state: z.strictObject({}),
  start: () => ({}),
  next(_state, { open, high, low, close }, out) {
    out[0] = high > low ? (close - open) / (high - low) : 0;
  },
});
/** BOP of each bar. */
export const bop = (options: UseOptions = {}): IndicatorUse<'value'> => use(BOP, [], options);

const awesomeSchema = z.object({ fast: slidingSumSchema, slow: slidingSumSchema });

/** Awesome oscillator, dollars: simple average of the middle prices over `fast` bars less that over `slow`. AO 1, 2 of high 10, 14, low 8, 10 is 1.5: 12 - 10.5. */
export const AO = defineIndicator<'value', z.infer<typeof awesomeSchema>>({
  id: 'AO', title: 'Awesome oscillator', group: 'momentum', unit: 'price', formula: 'SMA(middle price, fast) - SMA(middle price, slow)', source: 'B. Williams, New Trading Dimensions (1998)',
  parameters: [period('fast', 'Fast period', 5), period('slow', 'Slow period', 34)], inputs: ['high', 'low'], outputs: ['value'],
  check: ([fast = 0, slow = 0]) => (fast < slow ? null : 'the fast period must be shorter than the slow one'), lookback: ([, slow = 1]) => slow - 1, state: awesomeSchema,
  start: ([fast = 1, slow = 2]) => ({ fast: slidingSum(fast), slow: slidingSum(slow) }),
  next({ fast, slow }, { high, low }, out) {
    const ticks = ticksOf(high) + ticksOf(low);
    out[0] = sumPush(fast, ticks) / (2 * fast.period * TICKS_PER_DOLLAR) - sumPush(slow, ticks) / (2 * slow.period * TICKS_PER_DOLLAR);
  },
});
/** AO of two periods. */
export const ao = (fast = 5, slow = 34, options: UseOptions = {}): IndicatorUse<'value'> => use(AO, [fast, slow], options);

const rangeSchema = z.object({ high: extremeSchema, low: extremeSchema });
const middle = (state: z.infer<typeof rangeSchema>, high: number, low: number): number => (highestPush(state.high, high) + lowestPush(state.low, low)) / 2;

/** Middle of the highest and the lowest price of the window, dollars. MIDPOINT 3 of 1, 2, 6 is 3.5. TA-Lib MIDPOINT. */
export const MIDPOINT = defineIndicator<'value', z.infer<typeof rangeSchema>>({
  id: 'MIDPOINT', title: 'Middle of the prices', group: 'overlap', unit: 'price', formula: '(highest + lowest) / 2', source: 'TA-Lib MIDPOINT',
  parameters: [period('period', 'Period', 14)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: rangeSchema,
  start: ([n = 1]) => ({ high: extreme(n), low: extreme(n) }),
  next(state, bar, out) {
    out[0] = middle(state, bar.close, bar.close);
  },
});
/** MIDPOINT of the last `length` prices. */
export const midpoint = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(MIDPOINT, [length], options);

/** Middle of the highest high and the lowest low of the window, dollars. MIDPRICE 2 of high 10, 12, low 8, 9 is 10. TA-Lib MIDPRICE. */
export const MIDPRICE = defineIndicator<'value', z.infer<typeof rangeSchema>>({
  id: 'MIDPRICE', title: 'Middle of the range', group: 'overlap', unit: 'price', formula: '(highest high + lowest low) / 2', source: 'TA-Lib MIDPRICE',
  parameters: [period('period', 'Period', 14)], inputs: ['high', 'low'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: rangeSchema,
  start: ([n = 1]) => ({ high: extreme(n), low: extreme(n) }),
  next(state, bar, out) {
    out[0] = middle(state, bar.high, bar.low);
  },
});
/** MIDPRICE of the last `length` bars. */
export const midprice = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(MIDPRICE, [length], options);
