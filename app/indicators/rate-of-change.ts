/** How far the price has come since a while ago: momentum, rates of change, and what Pring and Coppock make of them. */
import * as z from 'zod';
import { type BarColumns, barCount } from '#app/domain/bar-columns.ts';
import { type Ring, ring, ringPush, ringSchema, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { type AnyIndicator, defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { outputColumns, ticksOf, TICKS_PER_DOLLAR } from './period.ts';
import { weightedMeanOf } from './weighted.ts';
import { windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

type Change = (price: number, before: number) => number;
type Words = { readonly id: string; readonly title: string; readonly unit: AnyIndicator['unit']; readonly formula: string };

const difference: Change = (price, before) => price - before;
/** 0 where TA-Lib has it: against a price of 0. */
const percent: Change = (price, before) => (before === 0 ? 0 : (price / before - 1) * 100);
const part: Change = (price, before) => (before === 0 ? 0 : (price - before) / before);
const ratio: Change = (price, before) => (before === 0 ? 0 : price / before);

function changeColumns(change: Change, bars: BarColumns, n: number, out: readonly Float64Array[] | undefined): readonly Float64Array[] {
  const length = barCount(bars);
  const columns = outputColumns(length, 1, out);
  const result = columns[0] ?? new Float64Array(length);
  const { close } = bars;
  result.fill(NaN, 0, Math.min(n, length));
  for (let i = n, past = 0; i < length; i += 1, past += 1) result[i] = change(close[i] ?? NaN, close[past] ?? NaN);
  return columns;
}

/** An indicator that compares the price with the one `period` bars ago. */
function against(words: Words, change: Change): AnyIndicator<'value'> {
  return defineIndicator<'value', Ring>({
    ...words, group: 'momentum', source: `TA-Lib ${words.id}`, parameters: [period('period', 'Period', 10)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => n, state: ringSchema,
    columns: (bars, [n = 1], out) => changeColumns(change, bars, n, out),
    start: ([n = 1]) => ring(n),
    next(state, { close }, out) {
      out[0] = change(close, ringPush(state, close));
    },
  });
}

/** Momentum, dollars: price - price `period` bars ago. MOM 2 of 10, 11, 12.5 is 2.5. */
export const MOM = against({ id: 'MOM', title: 'Momentum', unit: 'price', formula: 'price - price period bars ago' }, difference);
/** Rate of change, percent: 100 x (price / price `period` bars ago - 1). ROC 2 of 10, 11, 12.5 is 25. */
export const ROC = against({ id: 'ROC', title: 'Rate of change', unit: 'percent', formula: '100 × (price / price period bars ago - 1)' }, percent);
/** Rate of change as a part of one: (price - before) / before. ROCP 2 of 10, 11, 12.5 is 0.25. */
export const ROCP = against({ id: 'ROCP', title: 'Rate of change, as a part', unit: 'ratio', formula: '(price - before) / before' }, part);
/** Ratio of prices: price / price `period` bars ago. ROCR 2 of 10, 11, 12.5 is 1.25. */
export const ROCR = against({ id: 'ROCR', title: 'Rate of change, as a ratio', unit: 'ratio', formula: 'price / price period bars ago' }, ratio);
/** MOM against `length` bars ago. */
export const mom = (length = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(MOM, [length], options);
/** ROC against `length` bars ago. */
export const roc = (length = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(ROC, [length], options);
/** ROCP against `length` bars ago. */
export const rocp = (length = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(ROCP, [length], options);
/** ROCR against `length` bars ago. */
export const rocr = (length = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(ROCR, [length], options);

const kstLegSchema = z.object({ prices: ringSchema, sum: windowSumSchema });
const kstSchema = z.object({ legs: z.array(kstLegSchema), signal: windowSumSchema });
const KST_LEGS = 4;

/** The slowest leg decides. */
function kstBegins(values: readonly number[]): number {
  return Math.max(...Array.from({ length: KST_LEGS }, (_, leg) => (values[leg] ?? 1) + (values[leg + KST_LEGS] ?? 1) - 1));
}

const KST_PARAMETERS = [10, 15, 20, 30].map((normal, leg) => period(`change${leg + 1}`, `Rate of change ${leg + 1}`, normal))
  .concat([10, 10, 10, 15].map((normal, leg) => period(`mean${leg + 1}`, `Its mean ${leg + 1}`, normal)), period('signal', 'Signal period', 9));

/** Pring's "know sure thing", percent: four smoothed rates of change, weighed 1 to 4, and its simple mean as signal. KST 1, 1, 1, 1, 1, 1, 1, 1, 2 of 10, 11, 13.2 ends in kst 200, signal 150: (1 + 2 + 3 + 4) x 20. */
export const KST = defineIndicator<'kst' | 'signal', z.infer<typeof kstSchema>>({
  id: 'KST', title: 'Know sure thing', group: 'momentum', unit: 'percent', formula: 'Σ leg × SMA(ROC(change), mean) over four legs; signal = its SMA', source: 'M. Pring, Stocks & Commodities 10:9 (1992)',
  parameters: KST_PARAMETERS, inputs: ['close'], outputs: ['kst', 'signal'], lookback: (values) => kstBegins(values) + (values[8] ?? 1) - 1, state: kstSchema,
  start: (values) => ({
    legs: Array.from({ length: KST_LEGS }, (_, leg) => ({ prices: ring(values[leg] ?? 1), sum: windowSum(values[leg + KST_LEGS] ?? 1) })),
    signal: windowSum(values[8] ?? 1),
  }),
  next({ legs, signal }, { close }, out) {
    let line = 0;
    for (let at = 0; at < legs.length; at += 1) {
      const leg = legs[at];
      if (leg === undefined) continue;
      const change = percent(close, ringPush(leg.prices, close));
      line += Number.isNaN(change) ? NaN : ((at + 1) * windowSumPush(leg.sum, change)) / leg.sum.period;
    }
    const mean = Number.isNaN(line) ? NaN : windowSumPush(signal, line) / signal.period;
    out[0] = Number.isNaN(mean) ? NaN : line;
    out[1] = mean;
  },
});
/** KST; what `values` leaves out is Pring's: four changes, four means, the signal. */
export const kst = (values: readonly number[] = [], options: UseOptions = {}): IndicatorUse<'kst' | 'signal'> => use(KST, values, options);

const coppockSchema = z.object({ long: ringSchema, short: ringSchema, sums: ringSchema });

/** Coppock curve, percent: weighted mean of ROC(long) + ROC(short). COPPOCK 2, 1, 2 of 10, 10, 11, 12.1 ends in 27.3333: (20 + 2 x 31) / 3. Made for monthly bars. */
export const COPPOCK = defineIndicator<'value', z.infer<typeof coppockSchema>>({
  id: 'COPPOCK', title: 'Coppock curve', group: 'momentum', unit: 'percent', formula: 'WMA(ROC(long) + ROC(short), mean)', source: "E. S. C. Coppock, Barron's, 15 October 1962",
  parameters: [period('long', 'Long change', 14), period('short', 'Short change', 11), period('mean', 'Weighted mean', 10, [1, 500])], inputs: ['close'], outputs: ['value'],
  lookback: ([long = 1, short = 1, mean = 1]) => Math.max(long, short) + mean - 1, state: coppockSchema,
  start: ([long = 1, short = 1, mean = 1]) => ({ long: ring(long), short: ring(short), sums: ring(mean) }),
  next({ long, short, sums }, { close }, out) {
    const sum = percent(close, ringPush(long, close)) + percent(close, ringPush(short, close));
    if (!Number.isNaN(sum)) ringPush(sums, sum);
    out[0] = weightedMeanOf(sums);
  },
});
/** Coppock's curve of two changes and a mean. */
export const coppock = (long = 14, short = 11, mean = 10, options: UseOptions = {}): IndicatorUse<'value'> => use(COPPOCK, [long, short, mean], options);

const dpoSchema = z.object({ prices: ringSchema, sum: slidingSumSchema });

/** Detrended price, dollars: the price period / 2 + 1 bars ago - the simple average now. Nothing is shifted into the past: bar t knows only bars up to t. DPO 2 of 5, 1, 3 is 3: 5 - 2. */
export const DPO = defineIndicator<'value', z.infer<typeof dpoSchema>>({
  id: 'DPO', title: 'Detrended price oscillator', group: 'momentum', unit: 'price', formula: 'price (period / 2 + 1) bars ago - SMA', source: 'R. W. Colby, The Encyclopedia of Technical Market Indicators (2002)',
  parameters: [period('period', 'Period', 20)], inputs: ['close'], outputs: ['value'], lookback: ([n = 1]) => Math.max(n - 1, Math.floor(n / 2) + 1), state: dpoSchema,
  start: ([n = 1]) => ({ prices: ring(Math.floor(n / 2) + 1), sum: slidingSum(n) }),
  next({ prices, sum }, { close }, out) {
    const before = ringPush(prices, close);
    out[0] = before - sumPush(sum, ticksOf(close)) / (sum.period * TICKS_PER_DOLLAR);
  },
});
/** DPO over `length` bars. */
export const dpo = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(DPO, [length], options);
