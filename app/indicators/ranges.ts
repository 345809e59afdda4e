/** What is made of the true range: itself, in percent of the price, and how much of it was progress. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { atrColumn, atrNext, atrStart, type AtrState, atrStateSchema, trueRange } from './atr.ts';
import { extreme, extremeSchema, highestPush, lowestPush, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { defineIndicator, type IndicatorUse, type NumericBar, period, use, type UseOptions } from './indicator.ts';
import { outputColumns, TICKS_PER_DOLLAR, ticksOf } from './period.ts';

/** The close before, to measure the next bar's range by; null before the first bar. */
const previousSchema = z.object({ previous: z.number().nullable() });
type Previous = z.infer<typeof previousSchema>;

/** True range of a bar after the one before, dollars; NaN for the first. Remembers the close. */
function rangeAfter(state: Previous, bar: NumericBar): number {
  const { previous } = state;
  state.previous = bar.close;
  return previous === null ? NaN : trueRange(bar.high, bar.low, previous);
}

/** True range, dollars: the largest of high - low, |high - previous close|, |low - previous close|. High 11, low 10 after a close of 9 give 2. None at the first bar. TA-Lib TRANGE. */
export const TRANGE = defineIndicator<'value', Previous>({
  id: 'TRANGE', title: 'True range', group: 'volatility', unit: 'price', formula: 'max(high - low, |high - previous close|, |low - previous close|)', source: 'J. W. Wilder, New Concepts in Technical Trading Systems (1978), section III; TA-Lib TRANGE',
  parameters: [], inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: () => 1, state: previousSchema,
  columns(bars, _, out) {
    const columns = outputColumns(barCount(bars), 1, out);
    const [column = new Float64Array()] = columns;
    const { high, low, close } = bars;
    if (close.length > 0) column[0] = NaN;
    for (let i = 1; i < close.length; i += 1) column[i] = trueRange(high[i] as number, low[i] as number, close[i - 1] as number);
    return columns;
  },
  start: () => ({ previous: null }),
  next(state, bar, out) {
    out[0] = rangeAfter(state, bar);
  },
});
/** The true range of each bar. */
export const trange = (options: UseOptions = {}): IndicatorUse<'value'> => use(TRANGE, [], options);

/** Average true range in percent of the close: 100 x ATR / close. An ATR of 2 at a close of 50 is 4. TA-Lib NATR. */
export const NATR = defineIndicator<'value', AtrState>({
  id: 'NATR', title: 'Normalised average true range', group: 'volatility', unit: 'percent', formula: '100 × ATR / close', source: 'J. Forman, Cross-Market Evaluations with Normalized Average True Range, Stocks & Commodities 24:5 (2006); TA-Lib NATR',
  parameters: [period('period', 'Period', 14)], inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 0]) => n, forgetting: ([n = 0]) => 10 * n + 1, state: atrStateSchema,
  columns(bars, [n = 0], out) {
    const columns = outputColumns(barCount(bars), 1, out);
    const [column = new Float64Array()] = columns;
    atrColumn(bars, n, column);
    for (let i = n; i < bars.close.length; i += 1) column[i] = (100 * (column[i] as number)) / (bars.close[i] as number);
    return columns;
  },
  start: ([n = 0]) => atrStart(n),
  next(state, bar, out) {
    out[0] = (100 * atrNext(state, bar)) / bar.close;
  },
});
/** NATR over `length` bars. */
export const natr = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(NATR, [length], options);

const chopSchema = z.object({ ...previousSchema.shape, ranges: slidingSumSchema, high: extremeSchema, low: extremeSchema });

/**
 * How much of the movement was no progress: 100 x log(sum of true ranges / (highest - lowest)) / log(period). Near 100 sideways, near 0 in a
 * straight trend; 100 when nothing moved. Two bars (10/9/9.5), (11/10/10.5) over period 2 after a close of 9.5: 100 x log2((1 + 1.5) / 2) = 32.19.
 */
export const CHOP = defineIndicator<'value', z.infer<typeof chopSchema>>({
  id: 'CHOP', title: 'Choppiness index', group: 'volatility', unit: 'index', formula: '100 × log(Σ true range / (highest high - lowest low)) / log(period)', source: 'E. W. Dreiss, Choppiness index (1993)',
  parameters: [period('period', 'Period', 14, 2)], inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 0]) => n, state: chopSchema,
  start: ([n = 0]) => ({ previous: null, ranges: slidingSum(n), high: extreme(n), low: extreme(n) }),
  next(state, bar, out) {
    const isFirst = state.previous === null;
    const range = rangeAfter(state, bar);
    const width = highestPush(state.high, bar.high) - lowestPush(state.low, bar.low);
    const path = isFirst ? NaN : sumPush(state.ranges, ticksOf(range)) / TICKS_PER_DOLLAR;
    if (Number.isNaN(path)) out[0] = NaN;
    else out[0] = width > 0 ? (100 * Math.log(path / width)) / Math.log(state.ranges.period) : 100;
  },
});
/** CHOP over `length` bars. */
export const chop = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(CHOP, [length], options);
