/** Averages that weigh the prices of a window: by age (WMA, HMA, TRIMA, ALMA) or by volume (VWMA). */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { isFull, ring, ringPush, ringSchema, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { defineIndicator, factor, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { outputColumns, ticksOf, TICKS_PER_DOLLAR } from './period.ts';
import { windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

/** Ticks by age: `sum` plain, `weighted` with weight 1 for the oldest up to `period` for the newest. Exact as long as `weighted` stays below 2^53: 200 prices of $400,000. */
const weightedSchema = z.object({ ...slidingSumSchema.shape, weighted: z.number() });
type Weighted = z.infer<typeof weightedSchema>;

const weighted = (length: number): Weighted => ({ ...slidingSum(length), weighted: 0 });
const weightsOf = (length: number): number => (length * (length + 1)) / 2;

/** Adds a price and gives the weighted mean, dollars; NaN until there are enough. */
function weightedPush(cell: Weighted, price: number): number {
  const ticks = ticksOf(price);
  const { period: length, window, sum } = cell;
  // One bar later every price in the window weighs one less.
  cell.weighted += window.length < length ? (window.length + 1) * ticks : length * ticks - sum;
  return Number.isNaN(sumPush(cell, ticks)) ? NaN : cell.weighted / (weightsOf(length) * TICKS_PER_DOLLAR);
}

/** The last numbers weighed 1 for the oldest up to the length of the ring for the newest; NaN until it is full. */
export function weightedMeanOf(numbers: z.infer<typeof ringSchema>): number {
  if (!isFull(numbers)) return NaN;
  const { period: length, window, next } = numbers;
  let sum = 0;
  let weight = 1;
  for (let at = next; at < length; at += 1, weight += 1) sum += weight * (window[at] ?? NaN);
  for (let at = 0; at < next; at += 1, weight += 1) sum += weight * (window[at] ?? NaN);
  return sum / weightsOf(length);
}

/** Weighted moving average, dollars: weight 1 for the oldest price, `period` for the newest. WMA 3 of 1, 2, 6, 3 ends in 3.8333, 3.8333: (1 + 4 + 18) / 6, (2 + 12 + 9) / 6. TA-Lib WMA. */
export const WMA = defineIndicator<'value', Weighted>({
  id: 'WMA', title: 'Weighted moving average', group: 'overlap', unit: 'price', formula: 'Σ weight × price / Σ weight, weights 1 (oldest) to period (newest)', source: 'TA-Lib WMA; on whole ticks',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: weightedSchema,
  columns({ close, ...bars }, [n = 1], out) {
    const length = barCount({ close, ...bars });
    const columns = outputColumns(length, 1, out);
    const result = columns[0] ?? new Float64Array(length);
    const divisor = weightsOf(n) * TICKS_PER_DOLLAR;
    let sum = 0;
    let weights = 0;
    for (let i = 0; i < n && i < length; i += 1) {
      const ticks = ticksOf(close[i] ?? NaN);
      weights += (i + 1) * ticks;
      sum += ticks;
      result[i] = i < n - 1 ? NaN : weights / divisor;
    }
    for (let i = n, gone = 0; i < length; i += 1, gone += 1) {
      const ticks = ticksOf(close[i] ?? NaN);
      weights += n * ticks - sum;
      sum += ticks - ticksOf(close[gone] ?? NaN);
      result[i] = weights / divisor;
    }
    return columns;
  },
  start: ([n = 1]) => weighted(n),
  next(state, bar, out) {
    out[0] = weightedPush(state, bar.close);
  },
});
/** WMA of the last `length` prices. */
export const wma = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(WMA, [length], options);

const hullSchema = z.object({ half: weightedSchema, whole: weightedSchema, leads: ringSchema });
const hullSmoothing = (n: number): number => Math.floor(Math.sqrt(n));

/** Hull moving average, dollars: WMA of 2 x WMA(period / 2) - WMA(period) over sqrt(period) bars, both rounded down. HMA 4 of 1, 2, 3, 4, 5, 7 ends in 5, 6.6222: a straight line is followed without lag. */
export const HMA = defineIndicator<'value', z.infer<typeof hullSchema>>({
  id: 'HMA', title: 'Hull moving average', group: 'overlap', unit: 'price', formula: 'WMA(2 × WMA(period / 2) - WMA(period), √period)', source: 'A. Hull, Active Investing (2005)',
  parameters: [period('period', 'Period', 16, 2)], inputs: ['close'], outputs: ['value'], lookback: ([n = 2]) => n - 1 + hullSmoothing(n) - 1, state: hullSchema,
  start: ([n = 2]) => ({ half: weighted(Math.floor(n / 2)), whole: weighted(n), leads: ring(hullSmoothing(n)) }),
  next(state, bar, out) {
    const lead = 2 * weightedPush(state.half, bar.close) - weightedPush(state.whole, bar.close);
    if (!Number.isNaN(lead)) ringPush(state.leads, lead);
    out[0] = weightedMeanOf(state.leads);
  },
});
/** HMA over `length` bars. */
export const hma = (length = 16, options: UseOptions = {}): IndicatorUse<'value'> => use(HMA, [length], options);

const triangleSchema = z.object({ inner: slidingSumSchema, outer: slidingSumSchema });

/** Triangular moving average, dollars: the simple average of a simple average, so that the middle of the window weighs most. TRIMA 4 of 1, 2, 6, 3 is 3.3333: (1 + 2 x 2 + 2 x 6 + 3) / 6. TA-Lib TRIMA. */
export const TRIMA = defineIndicator<'value', z.infer<typeof triangleSchema>>({
  id: 'TRIMA', title: 'Triangular moving average', group: 'overlap', unit: 'price', formula: 'SMA of an SMA over half the period each', source: 'TA-Lib TRIMA; on whole ticks',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: triangleSchema,
  start: ([n = 1]) => ({ inner: slidingSum(Math.floor(n / 2) + 1), outer: slidingSum(Math.ceil(n / 2)) }),
  next({ inner, outer }, bar, out) {
    const sum = sumPush(inner, ticksOf(bar.close));
    out[0] = Number.isNaN(sum) ? NaN : sumPush(outer, sum) / (inner.period * outer.period * TICKS_PER_DOLLAR);
  },
});
/** TRIMA of the last `length` prices. */
export const trima = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(TRIMA, [length], options);

const bellSchema = z.object({ prices: ringSchema, weights: z.array(z.number()) });

/** Arnaud Legoux moving average, dollars: a bell of weights around the place `offset` (1 = the newest) of the window. ALMA 3, 0.85, 6 of 1, 2, 6 is 4.7503: weights exp(-(i - 1.7)^2 / 0.5). */
export const ALMA = defineIndicator<'value', z.infer<typeof bellSchema>>({
  id: 'ALMA', title: 'Arnaud Legoux moving average', group: 'overlap', unit: 'price', formula: 'Σ w × price / Σ w, w = exp(-(i - offset × (period - 1))² / (2 × (period / sigma)²))', source: 'A. Legoux, D. Kouzis-Loukas (2009)',
  parameters: [period('period', 'Period', 9, [1, 1_000]), factor('offset', 'Offset', 0.85, [0, 1]), factor('sigma', 'Sigma', 6, [0.5, 50])], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: bellSchema,
  start([n = 1, offset = 0.85, sigma = 6]) {
    const raw = Array.from({ length: n }, (_, i) => Math.exp(-((i - offset * (n - 1)) ** 2) / (2 * (n / sigma) ** 2)));
    const sum = raw.reduce((all, weight) => all + weight, 0);
    return { prices: ring(n), weights: raw.map((weight) => weight / sum) };
  },
  next({ prices, weights }, bar, out) {
    ringPush(prices, bar.close);
    const { window, next: oldest } = prices;
    let value = isFull(prices) ? 0 : NaN;
    let place = 0;
    for (let at = oldest; at < window.length; at += 1, place += 1) value += (weights[place] ?? NaN) * (window[at] ?? NaN);
    for (let at = 0; at < oldest; at += 1, place += 1) value += (weights[place] ?? NaN) * (window[at] ?? NaN);
    out[0] = value;
  },
});
/** ALMA over `length` bars. */
export const alma = (length = 9, offset = 0.85, sigma = 6, options: UseOptions = {}): IndicatorUse<'value'> => use(ALMA, [length, offset, sigma], options);

const volumeWeightedSchema = z.object({ money: windowSumSchema, shares: windowSumSchema });

/** Volume-weighted moving average, dollars: sum of close x volume / sum of volume; the close when no share was traded. VWMA 2 of closes 10, 13 with volumes 100, 200 is 12. */
export const VWMA = defineIndicator<'value', z.infer<typeof volumeWeightedSchema>>({
  id: 'VWMA', title: 'Volume-weighted moving average', group: 'overlap', unit: 'price', formula: 'Σ close × volume / Σ volume', source: 'R. W. Colby, The Encyclopedia of Technical Market Indicators (2002)',
  parameters: [period('period', 'Period', 20)], inputs: ['close', 'volume'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: volumeWeightedSchema,
  start: ([n = 1]) => ({ money: windowSum(n), shares: windowSum(n) }),
  next({ money, shares }, { close, volume }, out) {
    const dollars = windowSumPush(money, close * volume);
    const count = windowSumPush(shares, volume);
    out[0] = count === 0 ? close : dollars / count;
  },
});
/** VWMA of the last `length` bars. */
export const vwma = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(VWMA, [length], options);
