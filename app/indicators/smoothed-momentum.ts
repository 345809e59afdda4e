/** Momentum made smooth or sharp: TRIX, true strength, Fisher's transform, Connors' RSI. */
import * as z from 'zod';
import { extreme, extremeSchema, highestPush, isFull, lowestPush, ring, ringPush, ringSchema, wilderForgetting } from './cells.ts';
import { emaForgetting, emaNext, emaStart, emaStateSchema } from './ema.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { rsiNext, rsiStart, rsiStateSchema } from './rsi.ts';
import { emaFeed } from './smoothed.ts';

const trixSchema = z.object({ stages: z.array(emaStateSchema), previous: z.number().nullable() });

/** TRIX, percent: the change of a three times smoothed average from one bar to the next. TRIX 1 of 10, 11 is 10. TA-Lib TRIX. */
export const TRIX = defineIndicator<'value', z.infer<typeof trixSchema>>({
  id: 'TRIX', title: 'TRIX', group: 'momentum', unit: 'percent', formula: '100 × (e3 / e3 before - 1), e3 = EMA(EMA(EMA))', source: 'J. Hutson, Stocks & Commodities 1:5 (1983); TA-Lib TRIX',
  parameters: [period('period', 'Period', 30)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => 3 * (n - 1) + 1, forgetting: ([n = 1]) => 4 * emaForgetting(n), state: trixSchema,
  start: ([n = 1]) => ({ stages: [emaStart(n), emaStart(n), emaStart(n)], previous: null }),
  next(state, bar, out) {
    const { previous } = state;
    let value = bar.close;
    for (const cell of state.stages) value = emaFeed(cell, value);
    if (!Number.isNaN(value)) state.previous = value;
    if (previous === null) out[0] = NaN;
    else out[0] = previous === 0 ? 0 : (value / previous - 1) * 100;
  },
});
/** TRIX over `length` bars. */
export const trix = (length = 30, options: UseOptions = {}): IndicatorUse<'value'> => use(TRIX, [length], options);

const strengthSchema = z.object({ previous: z.number().nullable(), change: emaStateSchema, changeAgain: emaStateSchema, size: emaStateSchema, sizeAgain: emaStateSchema });

/** True strength, -100..100: 100 x EMA(EMA(change)) / EMA(EMA(|change|)); 0 when nothing moved. TSI 1, 2 of 10, 12, 11, 14 ends in 33.3333, 86.6667: 0.5 of 1.5, 2.1667 of 2.5. */
export const TSI = defineIndicator<'value', z.infer<typeof strengthSchema>>({
  id: 'TSI', title: 'True strength index', group: 'momentum', unit: 'index', formula: '100 × EMA(EMA(change, long), short) / EMA(EMA(|change|, long), short)', source: 'W. Blau, Stocks & Commodities 9:11 (1991)',
  parameters: [period('long', 'Long period', 25), period('short', 'Short period', 13)], inputs: ['close'], outputs: ['value'], lookback: ([long = 1, short = 1]) => long + short - 1, forgetting: ([long = 1, short = 1]) => 2 * emaForgetting(long) + emaForgetting(short), state: strengthSchema,
  start: ([long = 1, short = 1]) => ({ previous: null, change: emaStart(long), changeAgain: emaStart(short), size: emaStart(long), sizeAgain: emaStart(short) }),
  next(state, { close }, out) {
    const { previous } = state;
    state.previous = close;
    out[0] = NaN;
    if (previous === null) return;
    const change = emaFeed(state.changeAgain, emaNext(state.change, close - previous));
    const size = emaFeed(state.sizeAgain, emaNext(state.size, Math.abs(close - previous)));
    out[0] = size === 0 ? 0 : (100 * change) / size;
  },
});
/** TSI of two smoothings. */
export const tsi = (long = 25, short = 13, options: UseOptions = {}): IndicatorUse<'value'> => use(TSI, [long, short], options);

const fisherSchema = z.object({ high: extremeSchema, low: extremeSchema, position: z.number(), value: z.number() });
/** Beyond this the logarithm runs away. */
const EDGE = 0.999;

/**
 * Fisher's transform of where the middle price stands in its window: turning points become sharp. `trigger` is the value before. FISHER 2 of closes 1, 2, 3, 4 ends in
 * 0.7914, 1.2615: the positions are 0.33, 0.5511, 0.6992.
 */
export const FISHER = defineIndicator<'fisher' | 'trigger', z.infer<typeof fisherSchema>>({
  id: 'FISHER', title: "Fisher's transform", group: 'momentum', unit: 'index', formula: '0.5 × ln((1 + p) / (1 - p)) + 0.5 × value before; p = 0.66 × (standing - 0.5) + 0.67 × p before, within ±0.999', source: 'J. F. Ehlers, Stocks & Commodities 20:11 (2002)',
  parameters: [period('period', 'Period', 10, 2)], inputs: ['high', 'low'], outputs: ['fisher', 'trigger'], lookback: ([n = 1]) => n, forgetting: ([n = 1]) => n + 60, state: fisherSchema,
  start: ([n = 1]) => ({ high: extreme(n), low: extreme(n), position: 0, value: 0 }),
  next(state, bar, out) {
    const price = (bar.high + bar.low) / 2;
    const [isSecond, before] = [isFull(state.high), state.value];
    const highest = highestPush(state.high, price);
    const lowest = lowestPush(state.low, price);
    out.fill(NaN);
    if (!isFull(state.high)) return;
    const standing = highest === lowest ? 0.5 : (price - lowest) / (highest - lowest);
    state.position = Math.max(-EDGE, Math.min(EDGE, 0.66 * (standing - 0.5) + 0.67 * state.position));
    state.value = 0.5 * Math.log((1 + state.position) / (1 - state.position)) + 0.5 * before;
    if (!isSecond) return;
    out[0] = state.value;
    out[1] = before;
  },
});
/** FISHER over `length` bars. */
export const fisher = (length = 10, options: UseOptions = {}): IndicatorUse<'fisher' | 'trigger'> => use(FISHER, [length], options);

const connorsSchema = z.object({ previous: z.number().nullable(), streak: z.number().int(), strength: rsiStateSchema, streakStrength: rsiStateSchema, changes: ringSchema });

/** Percent of the numbers in a full ring that are smaller. */
function rankIn(numbers: z.infer<typeof ringSchema>, value: number): number {
  const { period: length, window } = numbers;
  let smaller = 0;
  for (let at = 0; at < length; at += 1) smaller += Number((window[at] ?? NaN) < value);
  return (100 * smaller) / length;
}

/** Connors' RSI, 0..100: the mean of RSI(price), RSI(length of the run of rises or falls) and the percent of the last `rank` changes that were smaller than today's. O(rank) a bar. CRSI 2, 2, 2 of 10, 11, 10, 12 ends in 84.9206: RSI 83.3333, RSI of the runs 0, 1, -1, 1 = 71.4286, rank 100. */
export const CRSI = defineIndicator<'value', z.infer<typeof connorsSchema>>({
  id: 'CRSI', title: "Connors' RSI", group: 'momentum', unit: 'index', formula: '(RSI(price) + RSI(run length) + percent rank of the change) / 3', source: 'L. Connors, C. Alvarez, An Introduction to ConnorsRSI (2012)',
  parameters: [period('price', 'RSI of the price', 3), period('run', 'RSI of the run', 2), period('rank', 'Changes ranked', 100, [2, 1_000])], inputs: ['close'], outputs: ['value'],
  lookback: ([price = 1, run = 1, rank = 1]) => Math.max(price, run, rank + 1), forgetting: ([price = 1, run = 1, rank = 1]) => 2 * (wilderForgetting(price) + wilderForgetting(run)) + rank, state: connorsSchema,
  start: ([price = 1, run = 1, rank = 1]) => ({ previous: null, streak: 0, strength: rsiStart(price), streakStrength: rsiStart(run), changes: ring(rank) }),
  next(state, { close }, out) {
    const { previous, changes } = state;
    state.previous = close;
    if (previous !== null) {
      if (close > previous) state.streak = Math.max(1, state.streak + 1);
      else state.streak = close < previous ? Math.min(-1, state.streak - 1) : 0;
    }
    const strength = rsiNext(state.strength, close) + rsiNext(state.streakStrength, state.streak);
    const change = previous === null || previous === 0 ? 1 : close / previous;
    out[0] = isFull(changes) ? (strength + rankIn(changes, change)) / 3 : NaN;
    if (previous !== null) ringPush(changes, change);
  },
});
/** CRSI of two RSI periods and a number of changes. */
export const crsi = (price = 3, run = 2, rank = 100, options: UseOptions = {}): IndicatorUse<'value'> => use(CRSI, [price, run, rank], options);
