/** Shape of the prices of a window: skewness, kurtosis, median, rank. They read the whole window at each bar, O(period): the third and fourth moments cannot be slid without loss. */
import * as z from 'zod';
import { isFull, type Ring, ring, ringPush, ringSchema } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { TICKS_PER_DOLLAR, ticksOf } from './period.ts';

const windowLookback = ([n = 1]: readonly number[]): number => n - 1;

/** Second, third and fourth central moment of a window of ticks, measured from the oldest: distances are whole numbers, so nothing is lost at high prices. */
function centralMoments({ window, next, period: n }: Ring): readonly [number, number, number] {
  const from = window[next] as number;
  let sum = 0;
  for (let at = 0; at < n; at += 1) sum += (window[at] as number) - from;
  const mean = sum / n;
  let [second, third, fourth] = [0, 0, 0];
  for (let step = 0, at = next; step < n; step += 1) {
    const distance = (window[at] as number) - from - mean;
    const square = distance * distance;
    second += square;
    third += square * distance;
    fourth += square * square;
    at = at + 1 === n ? 0 : at + 1;
  }
  return [second / n, third / n, fourth / n];
}

/** Skewness of the prices of the period, third moment / second^1.5; 0 in a flat market. Over 4 of 1, 1, 1, 5: 1.1547. */
export const SKEW = defineIndicator<'value', Ring>({
  id: 'SKEW', title: 'Skewness', group: 'statistics', unit: 'ratio', formula: 'mean((price - mean)³) / σ³, population', source: 'K. Pearson (1895), as scipy.stats.skew',
  parameters: [period('period', 'Period', 20, [3, 1_000])], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: ringSchema,
  start: ([n = 0]) => ring(n),
  next(state, bar, out) {
    ringPush(state, ticksOf(bar.close));
    const [second, third] = isFull(state) ? centralMoments(state) : [NaN, NaN];
    out[0] = second === 0 ? 0 : third / (second * Math.sqrt(second));
  },
});
/** Skewness of the last `length` prices. */
export const skew = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(SKEW, [length], options);

/** Excess kurtosis of the prices of the period, fourth moment / second^2 - 3; 0 in a flat market. Over 4 of 1, 1, 1, 5: -0.6667. */
export const KURTOSIS = defineIndicator<'value', Ring>({
  id: 'KURTOSIS', title: 'Excess kurtosis', group: 'statistics', unit: 'ratio', formula: 'mean((price - mean)⁴) / σ⁴ - 3, population', source: 'K. Pearson (1905), as scipy.stats.kurtosis',
  parameters: [period('period', 'Period', 20, [4, 1_000])], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: ringSchema,
  start: ([n = 0]) => ring(n),
  next(state, bar, out) {
    ringPush(state, ticksOf(bar.close));
    const [second, , fourth] = isFull(state) ? centralMoments(state) : [NaN, NaN, NaN];
    out[0] = second === 0 ? 0 : fourth / (second * second) - 3;
  },
});
/** Excess kurtosis of the last `length` prices. */
export const kurtosis = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(KURTOSIS, [length], options);

const sortedSchema = z.object({ ...ringSchema.shape, sorted: z.array(z.number()) });
type Sorted = z.infer<typeof sortedSchema>;

/** Place of the first number of a sorted list that is not below (`atLeast`) or is above a value. */
function placeOf(sorted: readonly number[], value: number, above: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle] as number;
    if (item < value || (above && item === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Brings a number in and takes the oldest out. One that is none (NaN) has no place among the sorted: while it is in the window they are fewer than the period. */
function sortedPush(state: Sorted, value: number): void {
  const gone = ringPush(state, value);
  if (!Number.isNaN(gone)) state.sorted.splice(placeOf(state.sorted, gone, false), 1);
  if (!Number.isNaN(value)) state.sorted.splice(placeOf(state.sorted, value, false), 0, value);
}

/** Whether the window is full of numbers. */
const isSorted = ({ sorted, period: n }: Sorted): boolean => sorted.length === n;

/** Median price of the period, dollars; of an even number the mean of the middle two. Over 4 of 1, 9, 3, 5: 4. */
export const MEDIAN = defineIndicator<'value', Sorted>({
  id: 'MEDIAN', title: 'Median', group: 'statistics', unit: 'price', formula: 'middle of the sorted prices of the period', source: 'definition',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: windowLookback, state: sortedSchema,
  start: ([n = 0]) => ({ ...ring(n), sorted: [] }),
  next(state, bar, out) {
    sortedPush(state, ticksOf(bar.close));
    const { sorted, period: n } = state;
    const both = (sorted[(n - 1) >> 1] ?? NaN) + (sorted[n >> 1] ?? NaN);
    out[0] = isSorted(state) ? both / (2 * TICKS_PER_DOLLAR) : NaN;
  },
});
/** Median of the last `length` prices. */
export const median = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(MEDIAN, [length], options);

/** Percent of the `period` prices before the bar that are not above its own. 1, 9, 3, 5 over 3: 66.67 (1 and 3 of 1, 9, 3). */
export const PERCENTRANK = defineIndicator<'value', Sorted>({
  id: 'PERCENTRANK', title: 'Percent rank', group: 'statistics', unit: 'percent', formula: '100 × previous prices of the period that are ≤ the price / period', source: 'TradingView ta.percentrank',
  parameters: [period('period', 'Period', 100)], inputs: ['close'], outputs: ['value'], lookback: ([n = 0]) => n, state: sortedSchema,
  start: ([n = 0]) => ({ ...ring(n), sorted: [] }),
  next(state, bar, out) {
    const value = ticksOf(bar.close);
    out[0] = isSorted(state) && !Number.isNaN(value) ? (100 * placeOf(state.sorted, value, true)) / state.period : NaN;
    sortedPush(state, value);
  },
});
/** Percent rank among the last `length` prices. */
export const percentRank = (length = 100, options: UseOptions = {}): IndicatorUse<'value'> => use(PERCENTRANK, [length], options);
