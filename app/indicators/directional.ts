/** Wilder's directional movement: how much of the range goes up, how much down, and how one-sided it is. */
import * as z from 'zod';
import { type BarColumns, barCount } from '#app/domain/bar-columns.ts';
import { trueRange } from './atr.ts';
import { ring, ringPush, ringSchema, wilder, wilderForgetting, wilderKeep, type Wilder, wilderSchema } from './cells.ts';
import { type AnyIndicator, defineIndicator, type IndicatorUse, type NumericBar, period, use, type UseOptions } from './indicator.ts';
import { outputColumns } from './period.ts';

/** Sums of movements and ranges, dollars: of the first period - 1 changes, then sum - sum / period + new (Wilder's way of adding up). `index`: the last direction, carried over bars without any. */
const movesSchema = z.object({ period: z.number().int().min(2), count: z.number().int().min(0), high: z.number(), low: z.number(), close: z.number(), plus: z.number(), minus: z.number(), range: z.number(), index: z.number() });
type Moves = z.infer<typeof movesSchema>;
const moves = (n: number): Moves => ({ period: n, count: 0, high: 0, low: 0, close: 0, plus: 0, minus: 0, range: 0, index: 0 });

/** What TA-Lib takes for nothing. */
const NOTHING = 1e-14;

/** Adds a bar: the larger of the moves beyond the bar before counts, equal ones not. */
function movesNext(state: Moves, { high, low, close }: NumericBar): void {
  const up = high - state.high;
  const down = state.low - low;
  if (state.count > 0) {
    const keep = state.count < state.period ? 1 : wilderKeep(state.period);
    state.plus = state.plus * keep + (up > down && up > 0 ? up : 0);
    state.minus = state.minus * keep + (down > up && down > 0 ? down : 0);
    state.range = state.range * keep + trueRange(high, low, state.close);
  }
  state.count = Math.min(state.count + 1, state.period + 1);
  state.high = high;
  state.low = low;
  state.close = close;
}

const hasMoves = (state: Moves): boolean => state.count >= state.period;
const hasDirections = (state: Moves): boolean => state.count > state.period;
const part = (sum: number, range: number): number => (range < NOTHING ? 0 : 100 * (sum / range));

/** How one-sided the movement is, 0..100; null where there is no movement. */
function oneSided({ plus, minus, range }: Moves): number | null {
  const both = plus + minus;
  return range < NOTHING || both < NOTHING ? null : 100 * (Math.abs(plus - minus) / both);
}

const WILDER = 'J. W. Wilder, New Concepts in Technical Trading Systems (1978), section IV; TA-Lib';
const parameters = [period('period', 'Period', 14, 2)];
type Words = Pick<AnyIndicator, 'id' | 'title' | 'unit' | 'formula'> & { readonly isSum: boolean };

/** One of the four that are read off the sums directly. */
function directional({ isSum, ...words }: Words, value: (state: Moves) => number): AnyIndicator<'value'> {
  return defineIndicator<'value', Moves>({
    ...words, group: 'trend', source: `${WILDER} ${words.id}`, parameters, inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 2]) => (isSum ? n - 1 : n), forgetting: ([n = 2]) => wilderForgetting(n), state: movesSchema,
    start: ([n = 2]) => moves(n),
    next(state, bar, out) {
      movesNext(state, bar);
      out[0] = (isSum ? hasMoves(state) : hasDirections(state)) ? value(state) : NaN;
    },
  });
}

/** Upward movement, dollars, added up as Wilder does. PLUS_DM 2 of high 10, 11, 13, low 9, 9.5, 10, close 9.5, 10.5, 12 ends in 1, 2.5: 1 - 0.5 + 2. TA-Lib PLUS_DM. */
export const PLUS_DM = directional({ id: 'PLUS_DM', title: 'Upward movement', unit: 'price', formula: "Wilder's sum of the moves above the high before", isSum: true }, (state) => state.plus);
/** Downward movement, dollars, added up as Wilder does. PLUS_DM's bars with signs changed: MINUS_DM 2 of high 10, 9.5, 9, low 9, 8, 6, close 9, 8, 7 ends in 1, 2.5. TA-Lib MINUS_DM. */
export const MINUS_DM = directional({ id: 'MINUS_DM', title: 'Downward movement', unit: 'price', formula: "Wilder's sum of the moves below the low before", isSum: true }, (state) => state.minus);
/** Upward movement in percent of the range. PLUS_DI 2 of high 10, 11, 13, low 9, 9.5, 10, close 9.5, 10.5, 12 is 66.6667: 2.5 of 1.5 - 0.75 + 3. TA-Lib PLUS_DI. */
export const PLUS_DI = directional({ id: 'PLUS_DI', title: 'Upward direction', unit: 'index', formula: '100 × sum of upward moves / sum of true ranges', isSum: false }, (state) => part(state.plus, state.range));
/** Downward movement in percent of the range. MINUS_DI 2 of high 10, 9.5, 9, low 9, 8, 6, close 9, 8, 7 is 66.6667. TA-Lib MINUS_DI. */
export const MINUS_DI = directional({ id: 'MINUS_DI', title: 'Downward direction', unit: 'index', formula: '100 × sum of downward moves / sum of true ranges', isSum: false }, (state) => part(state.minus, state.range));
/** One-sidedness, 0..100: 100 x |up - down| / (up + down); where nothing moves, as before. DX 2 of high 10, 11, 13, low 9, 9.5, 10, close 9.5, 10.5, 12 is 100: no downward move. TA-Lib DX. */
export const DX = directional({ id: 'DX', title: 'Directional index', unit: 'index', formula: '100 × |+DI - -DI| / (+DI + -DI)', isSum: false }, (state) => (state.index = oneSided(state) ?? state.index));

/** PLUS_DM over `length` bars. */
export const plusDm = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(PLUS_DM, [length], options);
/** MINUS_DM over `length` bars. */
export const minusDm = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(MINUS_DM, [length], options);
/** PLUS_DI over `length` bars. */
export const plusDi = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(PLUS_DI, [length], options);
/** MINUS_DI over `length` bars. */
export const minusDi = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(MINUS_DI, [length], options);
/** DX over `length` bars. */
export const dx = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(DX, [length], options);

const averageSchema = z.object({ moves: movesSchema, average: wilderSchema });

/** Adds a bar; the average direction, NaN until there are enough. A bar without any movement counts as 0 in the seed and changes nothing later. */
function averageNext(state: { readonly moves: Moves; readonly average: Wilder }, bar: NumericBar): number {
  movesNext(state.moves, bar);
  if (!hasDirections(state.moves)) return NaN;
  const index = oneSided(state.moves);
  const { average } = state;
  if (average.count < average.period) {
    average.count += 1;
    average.value += index ?? 0;
    if (average.count < average.period) return NaN;
    average.value /= average.period;
  } else if (index !== null) {
    const keep = wilderKeep(average.period);
    average.value = average.value * keep + index * (1 - keep);
  }
  return average.value;
}

/** Sums after a bar of a column. */
type Sums = { plus: number; minus: number; range: number };

/** The first `n` - 1 changes are added up as they are. */
function seedSums({ high, low, close }: BarColumns, n: number): Sums {
  const sums = { plus: 0, minus: 0, range: 0 };
  for (let i = 1; i < n; i += 1) {
    const [h, l, top, bottom] = [high[i] ?? NaN, low[i] ?? NaN, high[i - 1] ?? NaN, low[i - 1] ?? NaN];
    const [up, down] = [h - top, bottom - l];
    sums.plus += up > down && up > 0 ? up : 0;
    sums.minus += down > up && down > 0 ? down : 0;
    sums.range += trueRange(h, l, close[i - 1] ?? NaN);
  }
  return sums;
}

/** Hot: up and down are told apart without a branch, as either comes as often. A comparison as a number is 0 or 1. */
function adxColumns(bars: BarColumns, [n = 2]: readonly number[], out?: readonly Float64Array[]): readonly Float64Array[] {
  const length = barCount(bars);
  const columns = outputColumns(length, 1, out);
  const result = columns[0] ?? new Float64Array(length);
  result.fill(NaN, 0, Math.min(2 * n - 1, length));
  if (length < n) return columns;
  const { high, low, close } = bars;
  const keep = wilderKeep(n);
  const take = 1 - keep;
  const last = 2 * n - 1;
  let { plus, minus, range } = seedSums(bars, n);
  let [top, bottom, before, average] = [high[n - 1] ?? NaN, low[n - 1] ?? NaN, close[n - 1] ?? NaN, 0];
  for (let i = n; i < length; i += 1) {
    const h = high[i] ?? NaN;
    const l = low[i] ?? NaN;
    let up = h - top;
    let down = bottom - l;
    up = (up + Math.abs(up)) * 0.5;
    down = (down + Math.abs(down)) * 0.5;
    plus = plus * keep + up * Number(up > down);
    minus = minus * keep + down * Number(down > up);
    range = range * keep + trueRange(h, l, before);
    top = h;
    bottom = l;
    before = close[i] ?? NaN;
    const both = plus + minus;
    const isNothing = range < NOTHING || both < NOTHING;
    if (i > last) {
      if (!isNothing) average = average * keep + 100 * (Math.abs(plus - minus) / both) * take;
      result[i] = average;
    } else {
      if (!isNothing) average += 100 * (Math.abs(plus - minus) / both);
      if (i === last) result[i] = average /= n;
    }
  }
  return columns;
}

/** Average directional index, 0..100: Wilder's average of DX. ADX 2 of high 10, 11, 13, 12, low 9, 9.5, 10, 9.5, close 9.5, 10.5, 12, 10 ends in 71.4286: DX 100 and (1.25 - 0.5) / 1.75 x 100 = 42.8571. TA-Lib ADX. */
export const ADX = defineIndicator<'value', z.infer<typeof averageSchema>>({
  id: 'ADX', title: 'Average directional index', group: 'trend', unit: 'index', formula: "Wilder's average of DX", source: `${WILDER} ADX`,
  parameters, inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 2]) => 2 * n - 1, forgetting: ([n = 2]) => 2 * wilderForgetting(n), state: averageSchema,
  columns: adxColumns,
  start: ([n = 2]) => ({ moves: moves(n), average: wilder(n) }),
  next(state, bar, out) {
    out[0] = averageNext(state, bar);
  },
});
/** ADX over `length` bars. */
export const adx = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(ADX, [length], options);

const ratingSchema = z.object({ ...averageSchema.shape, before: ringSchema });

/** Directional rating, 0..100: the mean of ADX now and `period` - 1 bars ago. ADXR 2 of high 10, 11, 13, 12, 12, low 9, 9.5, 10, 9.5, 9, close 9.5, 10.5, 12, 10, 10 ends in 55.8442: ADX 71.4286 and 40.2597. TA-Lib ADXR. */
export const ADXR = defineIndicator<'value', z.infer<typeof ratingSchema>>({
  id: 'ADXR', title: 'Average directional rating', group: 'trend', unit: 'index', formula: '(ADX + ADX period - 1 bars ago) / 2', source: `${WILDER} ADXR`,
  parameters, inputs: ['high', 'low', 'close'], outputs: ['value'], lookback: ([n = 2]) => 3 * n - 2, forgetting: ([n = 2]) => 2 * wilderForgetting(n) + n, state: ratingSchema,
  start: ([n = 2]) => ({ moves: moves(n), average: wilder(n), before: ring(n - 1) }),
  next(state, bar, out) {
    const average = averageNext(state, bar);
    out[0] = Number.isNaN(average) ? NaN : (average + ringPush(state.before, average)) / 2;
  },
});
/** ADXR over `length` bars. */
export const adxr = (length = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(ADXR, [length], options);
