/** Volume against the change of the price: force, ease, positive and negative volume, price-volume trend, relative volume. */
import * as z from 'zod';
import { isFull, slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { emaNext, emaStart, emaStateSchema } from './ema.ts';
import { wholeVolume } from './flow.ts';
import { type AnyIndicator, defineIndicator, factor, type IndicatorUse, period, use } from './indicator.ts';
import { windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

const efiSchema = z.object({ previous: z.number().nullable(), average: emaStateSchema });

/** Elder's force index, dollars x shares: exponential average of (close - previous close) x volume. A rise of 0.5 on 200 shares over period 1: 100. */
export const EFI = defineIndicator<'value', z.infer<typeof efiSchema>>({
  id: 'EFI', title: 'Elder force index', group: 'volume', unit: 'index', formula: 'EMA((close - previous close) × volume)', source: 'A. Elder, Trading for a Living (1993), section 42',
  parameters: [period('period', 'Period', 13)], inputs: ['close', 'volume'], outputs: ['value'], lookback: ([n = 0]) => n, forgetting: ([n = 0]) => 10 * n + 1, state: efiSchema,
  start: ([n = 0]) => ({ previous: null, average: emaStart(n) }),
  next(state, bar, out) {
    const { previous } = state;
    state.previous = bar.close;
    out[0] = previous === null ? NaN : emaNext(state.average, (bar.close - previous) * bar.volume);
  },
});
/** Force index over `length` bars. */
export const efi = (length = 13): IndicatorUse<'value'> => use(EFI, [length]);

const eomSchema = z.object({ previous: z.number().nullable(), scale: z.number(), sum: windowSumSchema });

/** Ease of movement: mean of (change of hl2) x (high - low) x scale / volume; a bar without volume counts 0. A rise of the middle by 1 over a range of 2 on 100 million shares: 2. */
export const EOM = defineIndicator<'value', z.infer<typeof eomSchema>>({
  id: 'EOM', title: 'Ease of movement', group: 'volume', unit: 'index', formula: 'mean of (hl2 - previous hl2) × (high - low) × scale / volume', source: 'R. W. Arms, Volume Cycles in the Stock Market (1983)',
  parameters: [period('period', 'Period', 14), factor('scale', 'Volume scale', 100_000_000, [1, 1e12])], inputs: ['high', 'low', 'volume'], outputs: ['value'], lookback: ([n = 0]) => n, state: eomSchema,
  start: ([n = 0, scale = 0]) => ({ previous: null, scale, sum: windowSum(n) }),
  next(state, bar, out) {
    const middle = (bar.high + bar.low) / 2;
    const { previous } = state;
    state.previous = middle;
    if (previous === null) {
      out[0] = NaN;
      return;
    }
    const ease = bar.volume <= 0 ? 0 : ((middle - previous) * (bar.high - bar.low) * state.scale) / bar.volume;
    out[0] = windowSumPush(state.sum, ease) / state.sum.period;
  },
});
/** Ease of movement over `length` bars. */
export const eom = (length = 14, scale = 100_000_000): IndicatorUse<'value'> => use(EOM, [length, scale]);

const indexSchema = z.object({ previous: z.object({ close: z.number(), volume: z.number() }).nullable(), value: z.number() });

/** An index from 1,000 that takes the change of the close on some bars and rests on the others. */
function volumeIndex(id: string, title: string, formula: string, counts: (more: number) => boolean): AnyIndicator<'value'> {
  return defineIndicator<'value', z.infer<typeof indexSchema>>({
    id, title, formula, group: 'volume', isCumulative: true, unit: 'index', source: 'P. Dysart (1936), N. G. Fosback, Stock Market Logic (1976), p. 120',
    parameters: [], inputs: ['close', 'volume'], outputs: ['value'], lookback: () => 0, state: indexSchema,
    start: () => ({ previous: null, value: 1_000 }),
    next(state, bar, out) {
      const { previous } = state;
      state.previous = { close: bar.close, volume: bar.volume };
      const more = previous === null ? 0 : bar.volume - previous.volume;
      if (previous !== null && counts(more)) state.value *= bar.close / previous.close;
      if (Number.isNaN(more)) state.value = NaN;
      out[0] = state.value;
    },
  });
}

/** Negative volume index from 1,000: takes the change of the close on bars of less volume than before. A rise of 10 % on less volume: 1,100. */
export const NVI = volumeIndex('NVI', 'Negative volume index', 'from 1,000, × close / previous close when the volume is smaller than before', (more) => more < 0);
/** Negative volume index. */
export const nvi = (): IndicatorUse<'value'> => use(NVI);

/** Positive volume index from 1,000: takes the change of the close on bars of more volume than before. A rise of 10 % on more volume: 1,100. */
export const PVI = volumeIndex('PVI', 'Positive volume index', 'from 1,000, × close / previous close when the volume is larger than before', (more) => more > 0);
/** Positive volume index. */
export const pvi = (): IndicatorUse<'value'> => use(PVI);

const pvtSchema = z.object({ previous: z.number().nullable(), total: z.number() });

/** Price-volume trend, shares: running sum of the relative change of the close x volume, 0 at the first bar. 100 to 110 on 500 shares: 50. */
export const PVT = defineIndicator<'value', z.infer<typeof pvtSchema>>({
  id: 'PVT', title: 'Price-volume trend', group: 'volume', isCumulative: true, unit: 'shares', formula: 'Σ (close / previous close - 1) × volume', source: 'S. Achelis, Technical Analysis from A to Z (1995), p. 243',
  parameters: [], inputs: ['close', 'volume'], outputs: ['value'], lookback: () => 0, state: pvtSchema,
  start: () => ({ previous: null, total: 0 }),
  next(state, bar, out) {
    if (state.previous !== null) state.total += ((bar.close - state.previous) / state.previous) * bar.volume;
    state.previous = bar.close;
    out[0] = state.total;
  },
});
/** Price-volume trend. */
export const pvt = (): IndicatorUse<'value'> => use(PVT);

const MEAN_UNIT = wholeVolume(1);

/** Mean volume of the last bars, shares. Over 2 of 100, 300: 200. */
export const VOLSMA = defineIndicator<'value', z.infer<typeof slidingSumSchema>>({
  id: 'VOLSMA', title: 'Average volume', group: 'volume', unit: 'shares', formula: 'mean of the volume over the period', source: 'definition',
  parameters: [period('period', 'Period', 20)], inputs: ['volume'], outputs: ['value'], lookback: ([n = 1]) => n - 1, state: slidingSumSchema,
  start: ([n = 0]) => slidingSum(n),
  next(state, bar, out) {
    out[0] = sumPush(state, wholeVolume(bar.volume)) / (state.period * MEAN_UNIT);
  },
});
/** Mean volume of the last `length` bars. */
export const volumeSma = (length = 20): IndicatorUse<'value'> => use(VOLSMA, [length]);

/** Relative volume: that of the bar by the mean of the `period` bars before it; 0 when those had none. 300 after 100 and 200 over 2: 2. */
export const RVOL = defineIndicator<'value', z.infer<typeof slidingSumSchema>>({
  id: 'RVOL', title: 'Relative volume', group: 'volume', unit: 'ratio', formula: 'volume / mean volume of the period before the bar', source: 'definition',
  parameters: [period('period', 'Period', 20)], inputs: ['volume'], outputs: ['value'], lookback: ([n = 0]) => n, state: slidingSumSchema,
  start: ([n = 0]) => slidingSum(n),
  next(state, bar, out) {
    const mean = isFull(state) ? state.sum / (state.period * MEAN_UNIT) : NaN;
    sumPush(state, wholeVolume(bar.volume));
    out[0] = mean === 0 ? 0 : bar.volume / mean;
  },
});
/** Volume relative to the `length` bars before. */
export const relativeVolume = (length = 20): IndicatorUse<'value'> => use(RVOL, [length]);
