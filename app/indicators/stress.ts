/** Volatility that people feel: depth of the falls, direction of the deviation, widening of the range. */
import * as z from 'zod';
import { extreme, extremeSchema, highestPush, ring, ringPush, ringSchema, wilder, wilderPush, wilderSchema } from './cells.ts';
import { emaNext, emaStart, emaStateSchema } from './ema.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { deviationOf, moments, momentsPush, momentsSchema } from './moments.ts';
import { windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

const ulcerSchema = z.object({ high: extremeSchema, squares: windowSumSchema });

/** Ulcer index, percent: sqrt(mean of the squared falls below the highest close of the period). ULCER over 2 of 10, 9, 9: falls 10 and 0 %, 7.0711. */
export const ULCER = defineIndicator<'value', z.infer<typeof ulcerSchema>>({
  id: 'ULCER', title: 'Ulcer index', group: 'volatility', unit: 'percent', formula: '√(mean((100 × (close - highest close) / highest close)²)) over the period', source: 'P. G. Martin, B. B. McCann, The Investor\'s Guide to Fidelity Funds (1989), p. 75',
  parameters: [period('period', 'Period', 14)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => 2 * n - 2, state: ulcerSchema,
  start: ([n = 0]) => ({ high: extreme(n), squares: windowSum(n) }),
  next(state, bar, out) {
    const high = highestPush(state.high, bar.close);
    const fall = (100 * (bar.close - high)) / high;
    out[0] = Number.isNaN(high) ? NaN : Math.sqrt(windowSumPush(state.squares, fall * fall) / state.squares.period);
  },
});
/** ULCER over `length` bars. */
export const ulcer = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(ULCER, [length], options);

const rviSchema = z.object({ previous: z.number(), window: momentsSchema, up: wilderSchema, down: wilderSchema });

/** Relative volatility index: the RSI of the deviation, counted up on rising closes and down on falling ones, 0..100; 0 when nothing moved. RVI 2, 1 of 10, 11 is 100: all of the deviation came with a rise. */
export const RVI = defineIndicator<'value', z.infer<typeof rviSchema>>({
  id: 'RVI', title: 'Relative volatility index', group: 'volatility', unit: 'index', formula: '100 × U / (U + D): Wilder averages of the population σ of closes, U on rising and D on falling closes', source: 'D. Dorsey, The Relative Volatility Index, Stocks & Commodities 11:6 (1993)',
  parameters: [period('deviation', 'Period of the deviation', 10, 2), period('period', 'Period of the average', 14)], inputs: ['close'], outputs: ['value'], lookback: ([deviation = 1, n = 1]) => deviation + n - 2,
  forgetting: ([deviation = 0, n = 0]) => deviation + 10 * n, state: rviSchema,
  start: ([deviation = 0, n = 0]) => ({ previous: 0, window: moments(deviation), up: wilder(n), down: wilder(n) }),
  next(state, bar, out) {
    const change = bar.close - state.previous;
    state.previous = bar.close;
    if (!momentsPush(state.window, bar.close)) {
      out[0] = NaN;
      return;
    }
    const deviation = deviationOf(state.window);
    // Nothing of the deviation is 0, and of one that is no number still none.
    const up = wilderPush(state.up, change > 0 ? deviation : deviation * 0);
    const total = up + wilderPush(state.down, change < 0 ? deviation : deviation * 0);
    out[0] = total === 0 ? 0 : 100 * (up / total);
  },
});
/** RVI: deviation over `deviation` bars, averaged over `length`. */
export const rvi = (deviation = 10, length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(RVI, [deviation, length], options);

const widthSchema = z.object({ average: emaStateSchema, before: ringSchema });

/** Chaikin's volatility, percent: change of the exponential average of high - low against `change` bars ago; 0 after a range of nothing. CHAIKINVOL 1, 1 of ranges 2, 3 is 50. */
export const CHAIKINVOL = defineIndicator<'value', z.infer<typeof widthSchema>>({
  id: 'CHAIKINVOL', title: 'Chaikin volatility', group: 'volatility', unit: 'percent', formula: '100 × (EMA(high - low) / EMA(high - low) of some bars ago - 1)', source: 'M. Chaikin; S. Achelis, Technical Analysis from A to Z (1995), p. 304',
  parameters: [period('period', 'Period of the average', 10), period('change', 'Bars of the change', 10)], inputs: ['high', 'low'], outputs: ['value'], lookback: ([n = 1, change = 0]) => n - 1 + change,
  forgetting: ([n = 0, change = 0]) => 10 * n + change, state: widthSchema,
  start: ([n = 0, change = 0]) => ({ average: emaStart(n), before: ring(change) }),
  next(state, bar, out) {
    const width = emaNext(state.average, bar.high - bar.low);
    const before = Number.isNaN(width) ? NaN : ringPush(state.before, width);
    out[0] = before === 0 ? 0 : (100 * (width - before)) / before;
  },
});
/** CHAIKINVOL: average over `length` bars, against `change` bars ago. */
export const chaikinVolatility = (length = 10, change = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(CHAIKINVOL, [length, change], options);
