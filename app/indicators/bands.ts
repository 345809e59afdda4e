/** Channels around an average: Keltner's, ATR bands, envelopes, the Chandelier exit. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { atrColumn, atrNext, atrStart, atrStateSchema } from './atr.ts';
import { extreme, extremeSchema, highestPush, lowestPush, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { emaColumn, emaNext, emaStart, emaStateSchema } from './ema.ts';
import { defineIndicator, factor, type IndicatorParameter, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { outputColumns, TICKS_PER_DOLLAR, ticksOf } from './period.ts';
import { rangeColumns } from './range-extremes.ts';
import { smaColumn } from './sma.ts';

type Bands = 'upper' | 'middle' | 'lower';
const BANDS: readonly Bands[] = ['upper', 'middle', 'lower'];

function write(out: Float64Array, centre: number, width: number): void {
  const isReady = !Number.isNaN(centre + width);
  out[0] = isReady ? centre + width : NaN;
  out[1] = isReady ? centre : NaN;
  out[2] = isReady ? centre - width : NaN;
}

/** The same as columns: `middle` holds the centre, `upper` what the width is `times` of; NaN before `first`. */
function writeColumns([upper, middle, lower]: Columns, times: number, { first, length }: { readonly first: number; readonly length: number }): void {
  for (let i = first; i < length; i += 1) {
    const centre = middle[i] as number;
    const width = times * (upper[i] as number);
    upper[i] = centre + width;
    lower[i] = centre - width;
  }
  for (const column of [upper, middle, lower]) column.fill(NaN, 0, Math.min(first, length));
}
type Columns = readonly [Float64Array, Float64Array, Float64Array];

const multiple = (normal: number): IndicatorParameter => factor('multiple', 'Average true ranges', normal, [0, 100]);

const keltnerSchema = z.object({ range: atrStateSchema, centre: emaStateSchema, multiple: z.number() });

/** Keltner channel, dollars: exponential average of the closes, `multiple` average true ranges (Wilder) above and below. An average of 100 and an ATR of 1.5 with 2: 103, 100, 97. */
export const KELTNER = defineIndicator<Bands, z.infer<typeof keltnerSchema>>({
  id: 'KELTNER', title: 'Keltner channel', group: 'channel', unit: 'price', formula: 'EMA(close) ± multiple × ATR (Wilder)', source: 'C. W. Keltner, How to Make Money in Commodities (1960), in the form of L. B. Raschke with EMA and ATR',
  parameters: [period('period', 'Period of the average', 20), period('atr', 'Period of the true range', 10), multiple(2)], inputs: ['high', 'low', 'close'], outputs: BANDS, lookback: ([n = 1, atr = 0]) => Math.max(n - 1, atr),
  forgetting: ([n = 0, atr = 0]) => 10 * Math.max(n, atr) + 1, state: keltnerSchema,
  columns(bars, [n = 0, atr = 0, times = 0], out) {
    const length = barCount(bars);
    const columns = outputColumns(length, 3, out) as Columns;
    atrColumn(bars, atr, columns[0]);
    emaColumn(bars.close, n, columns[1]);
    writeColumns(columns, times, { first: Math.max(n - 1, atr), length });
    return columns;
  },
  start: ([n = 0, atr = 0, times = 0]) => ({ range: atrStart(atr), centre: emaStart(n), multiple: times }),
  next(state, bar, out) {
    write(out, emaNext(state.centre, bar.close), state.multiple * atrNext(state.range, bar));
  },
});
/** Keltner channel: average over `length` bars, true range over `atr`, `times` of it wide. */
export const keltner = (length = 20, atr = 10, times = 2): IndicatorUse<Bands> => use(KELTNER, [length, atr, times]);

const atrBandsSchema = z.object({ range: atrStateSchema, multiple: z.number() });

/** ATR bands, dollars: the close and `multiple` average true ranges above and below, where stops are put. A close of 50 and an ATR of 2 with 3: 56, 50, 44. */
export const ATRBANDS = defineIndicator<Bands, z.infer<typeof atrBandsSchema>>({
  id: 'ATRBANDS', title: 'ATR bands', group: 'channel', unit: 'price', formula: 'close ± multiple × ATR (Wilder)', source: 'J. W. Wilder, New Concepts in Technical Trading Systems (1978), section III (volatility stop)',
  parameters: [period('period', 'Period', 14), multiple(3)], inputs: ['high', 'low', 'close'], outputs: BANDS, lookback: ([n = 0]) => n, forgetting: ([n = 0]) => 10 * n + 1, state: atrBandsSchema,
  columns(bars, [n = 0, times = 0], out) {
    const length = barCount(bars);
    const columns = outputColumns(length, 3, out) as Columns;
    atrColumn(bars, n, columns[0]);
    columns[1].set(bars.close);
    writeColumns(columns, times, { first: n, length });
    return columns;
  },
  start: ([n = 0, times = 0]) => ({ range: atrStart(n), multiple: times }),
  next(state, bar, out) {
    write(out, bar.close, state.multiple * atrNext(state.range, bar));
  },
});
/** ATR bands over `length` bars, `times` the range wide. */
export const atrBands = (length = 14, times = 3): IndicatorUse<Bands> => use(ATRBANDS, [length, times]);

const envelopeSchema = z.object({ ...slidingSumSchema.shape, percent: z.number() });

/** Moving-average envelope, dollars: the simple average and `percent` of it above and below. An average of 200 with 2.5 %: 205, 200, 195. */
export const ENVELOPE = defineIndicator<Bands, z.infer<typeof envelopeSchema>>({
  id: 'ENVELOPE', title: 'Moving-average envelope', group: 'channel', unit: 'price', formula: 'SMA × (1 ± percent / 100)', source: 'S. Achelis, Technical Analysis from A to Z (1995), p. 142',
  parameters: [period('period', 'Period', 20), factor('percent', 'Percent', 2.5, [0, 100])], inputs: ['close'], outputs: BANDS, lookback: ([n = 1]) => n - 1, state: envelopeSchema,
  columns(bars, [n = 0, percent = 0], out) {
    const length = barCount(bars);
    const columns = outputColumns(length, 3, out) as Columns;
    smaColumn(bars.close, n, columns[1]);
    columns[0].set(columns[1].subarray(0, length));
    writeColumns(columns, percent / 100, { first: n - 1, length });
    return columns;
  },
  start: ([n = 0, percent = 0]) => ({ ...slidingSum(n), percent }),
  next(state, bar, out) {
    const centre = sumPush(state, ticksOf(bar.close)) / (state.period * TICKS_PER_DOLLAR);
    write(out, centre, (state.percent / 100) * centre);
  },
});
/** Envelope of `percent` around the average of `length` bars. */
export const envelope = (length = 20, percent = 2.5, options: UseOptions = {}): IndicatorUse<Bands> => use(ENVELOPE, [length, percent], options);

const chandelierSchema = z.object({ range: atrStateSchema, high: extremeSchema, low: extremeSchema, multiple: z.number() });

/** Chandelier exit, dollars: `long` hangs `multiple` average true ranges below the highest high, `short` stands as far above the lowest low. High 60, ATR 2 with 3: long 54. */
export const CHANDELIER = defineIndicator<'long' | 'short', z.infer<typeof chandelierSchema>>({
  id: 'CHANDELIER', title: 'Chandelier exit', group: 'channel', unit: 'price', formula: 'highest high - multiple × ATR; lowest low + multiple × ATR (Wilder)', source: 'C. Le Beau, in A. Elder, Come Into My Trading Room (2002), p. 180',
  parameters: [period('period', 'Period', 22), multiple(3)], inputs: ['high', 'low', 'close'], outputs: ['long', 'short'], lookback: ([n = 0]) => n, forgetting: ([n = 0]) => 10 * n + 1, state: chandelierSchema,
  columns(bars, [n = 0, times = 0], out) {
    const length = barCount(bars);
    const columns = outputColumns(length, 2, out);
    const [long, short] = columns as readonly [Float64Array, Float64Array];
    const range = atrColumn(bars, n);
    rangeColumns(bars, n, { top: long, bottom: short });
    for (let i = n - 1; i < length; i += 1) {
      const away = times * (range[i] as number);
      long[i] = (long[i] as number) - away;
      short[i] = (short[i] as number) + away;
    }
    return columns;
  },
  start: ([n = 0, times = 0]) => ({ range: atrStart(n), high: extreme(n), low: extreme(n), multiple: times }),
  next(state, bar, out) {
    const away = state.multiple * atrNext(state.range, bar);
    out[0] = highestPush(state.high, bar.high) - away;
    out[1] = lowestPush(state.low, bar.low) + away;
  },
});
/** Chandelier exit over `length` bars, `times` the range away. */
export const chandelier = (length = 22, times = 3): IndicatorUse<'long' | 'short'> => use(CHANDELIER, [length, times]);
