/** Volume that follows the price: on-balance volume, accumulation, money flow, and their oscillators. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { emaNext, emaStart, emaStateSchema } from './ema.ts';
import { defineIndicator, type IndicatorUse, type NumericBar, period, use } from './indicator.ts';
import { outputColumns, ROUNDER } from './period.ts';
import { windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

const HLCV = ['high', 'low', 'close', 'volume'] as const;
const CHAIKIN = 'M. Chaikin; S. Achelis, Technical Analysis from A to Z (1995), p. 52';

/** Thousandths of a share, so that sums of a window are whole numbers: exact up to 9 million million shares. */
const THOUSANDTHS = 1_000;
/** A volume as whole thousandths of a share. */
export const wholeVolume = (volume: number): number => volume * THOUSANDTHS + ROUNDER - ROUNDER;

/** The volume with the sign of a change of the close; 0 for none, NaN for a change that is no number. */
function signedVolume(change: number, volume: number): number {
  if (change > 0) return volume;
  return change < 0 ? -volume : change;
}

const obvSchema = z.object({ previous: z.number().nullable(), total: z.number() });

/** On-balance volume, shares: begins at the first volume, adds that of rising and takes that of falling closes. Closes 10, 11, 10.5 with 100, 200, 50 shares: 100, 300, 250. TA-Lib OBV. */
export const OBV = defineIndicator<'value', z.infer<typeof obvSchema>>({
  id: 'OBV', title: 'On-balance volume', group: 'volume', isCumulative: true, unit: 'shares', formula: 'sum of the volume, with the sign of the change of the close', source: 'J. E. Granville, New Key to Stock Market Profits (1963); TA-Lib OBV, which begins at the first volume',
  parameters: [], inputs: ['close', 'volume'], outputs: ['value'], lookback: () => 0, state: obvSchema,
  columns(bars, _, out) {
    const columns = outputColumns(barCount(bars), 1, out);
    const [column = new Float64Array()] = columns;
    const { close, volume } = bars;
    let total = 0;
    for (let i = 0; i < close.length; i += 1) {
      const change = i === 0 ? 1 : (close[i] as number) - (close[i - 1] as number);
      total += signedVolume(change, volume[i] as number);
      column[i] = total;
    }
    return columns;
  },
  start: () => ({ previous: null, total: 0 }),
  next(state, bar, out) {
    const { previous } = state;
    state.previous = bar.close;
    state.total += signedVolume(previous === null ? 1 : bar.close - previous, bar.volume);
    out[0] = state.total;
  },
});
/** On-balance volume of all bars. */
export const obv = (): IndicatorUse<'value'> => use(OBV);

/** The part of a bar's volume that was bought: -1..1 times the volume by where it closed in its range; 0 without a range. */
function moneyFlow({ high, low, close, volume }: NumericBar): number {
  const range = high - low;
  return range <= 0 ? 0 : ((close - low - (high - close)) / range) * volume;
}

const totalSchema = z.object({ total: z.number() });

/** Accumulation/distribution, shares: running sum of ((close - low) - (high - close)) / (high - low) x volume. A close at the high of a bar with 500 shares adds 500. TA-Lib AD. */
export const AD = defineIndicator<'value', z.infer<typeof totalSchema>>({
  id: 'AD', title: 'Accumulation/distribution line', group: 'volume', isCumulative: true, unit: 'shares', formula: 'Σ ((close - low) - (high - close)) / (high - low) × volume', source: `${CHAIKIN}; TA-Lib AD`,
  parameters: [], inputs: HLCV, outputs: ['value'], lookback: () => 0, state: totalSchema,
  start: () => ({ total: 0 }),
  next(state, bar, out) {
    state.total += moneyFlow(bar);
    out[0] = state.total;
  },
});
/** Accumulation/distribution line of all bars. */
export const ad = (): IndicatorUse<'value'> => use(AD);

const adoscSchema = z.object({ fast: z.number(), slow: z.number(), total: z.number(), count: z.number().int(), fastAverage: z.number(), slowAverage: z.number() });

/** Chaikin oscillator, shares: fast less slow exponential average of the accumulation line, both begun at its first value. ADOSC 1, 3 of a line 0, 100, 100: the third is 25. TA-Lib ADOSC. */
export const ADOSC = defineIndicator<'value', z.infer<typeof adoscSchema>>({
  id: 'ADOSC', title: 'Chaikin oscillator', group: 'volume', unit: 'shares', formula: 'EMA(AD, fast) - EMA(AD, slow), seeded with the first value', source: `${CHAIKIN}; TA-Lib ADOSC`,
  parameters: [period('fast', 'Fast', 3), period('slow', 'Slow', 10)], inputs: HLCV, outputs: ['value'], lookback: ([fast = 1, slow = 1]) => Math.max(fast, slow) - 1,
  forgetting: ([fast = 0, slow = 0]) => 10 * Math.max(fast, slow), state: adoscSchema,
  start: ([fast = 0, slow = 0]) => ({ fast, slow, total: 0, count: 0, fastAverage: 0, slowAverage: 0 }),
  next(state, bar, out) {
    state.total += moneyFlow(bar);
    const isFirst = state.count === 0;
    state.fastAverage = isFirst ? state.total : (state.total - state.fastAverage) * (2 / (state.fast + 1)) + state.fastAverage;
    state.slowAverage = isFirst ? state.total : (state.total - state.slowAverage) * (2 / (state.slow + 1)) + state.slowAverage;
    state.count = Math.min(state.count + 1, Math.max(state.fast, state.slow));
    out[0] = state.count < Math.max(state.fast, state.slow) ? NaN : state.fastAverage - state.slowAverage;
  },
});
/** Chaikin oscillator of `fast` and `slow` bars. */
export const adosc = (fast = 3, slow = 10): IndicatorUse<'value'> => use(ADOSC, [fast, slow]);

const mfiSchema = z.object({ previous: z.number().nullable(), up: windowSumSchema, down: windowSumSchema });

/** Money flow index, 0..100: the part of typical price x volume that came on rising typical prices; 0 while less than a dollar flowed. Flows +300, -100 over period 2: 75. TA-Lib MFI. */
export const MFI = defineIndicator<'value', z.infer<typeof mfiSchema>>({
  id: 'MFI', title: 'Money flow index', group: 'volume', unit: 'index', formula: '100 × positive flow / (positive + negative flow), flow = hlc3 × volume', source: 'G. Quong, A. Soudack, Volume-Weighted RSI: Money Flow, Stocks & Commodities 7:3 (1989); TA-Lib MFI',
  parameters: [period('period', 'Period', 14)], inputs: HLCV, outputs: ['value'], lookback: ([n = 0]) => n, state: mfiSchema,
  start: ([n = 0]) => ({ previous: null, up: windowSum(n), down: windowSum(n) }),
  next(state, bar, out) {
    const typical = (bar.high + bar.low + bar.close) / 3;
    const { previous } = state;
    state.previous = typical;
    if (previous === null) {
      out[0] = NaN;
      return;
    }
    const flow = signedVolume(typical - previous, typical * bar.volume);
    const up = windowSumPush(state.up, flow < 0 ? 0 : flow);
    const total = up + windowSumPush(state.down, flow < 0 ? -flow : 0);
    out[0] = total < 1 ? 0 : 100 * (up / total);
  },
});
/** Money flow index over `length` bars. */
export const mfi = (length = 14): IndicatorUse<'value'> => use(MFI, [length]);

const cmfSchema = z.object({ flow: windowSumSchema, volume: slidingSumSchema });

/** Chaikin money flow, -1..1: accumulated volume of the period by all of its volume; 0 without volume. Two bars of 100 shares, one closed at its high and one half-way: 0.5. */
export const CMF = defineIndicator<'value', z.infer<typeof cmfSchema>>({
  id: 'CMF', title: 'Chaikin money flow', group: 'volume', unit: 'ratio', formula: 'Σ money-flow volume / Σ volume over the period', source: CHAIKIN,
  parameters: [period('period', 'Period', 20)], inputs: HLCV, outputs: ['value'], lookback: ([n = 1]) => n - 1, state: cmfSchema,
  start: ([n = 0]) => ({ flow: windowSum(n), volume: slidingSum(n) }),
  next(state, bar, out) {
    const flow = windowSumPush(state.flow, moneyFlow(bar));
    const volume = sumPush(state.volume, wholeVolume(bar.volume)) / THOUSANDTHS;
    out[0] = volume === 0 ? 0 : flow / volume;
  },
});
/** Chaikin money flow over `length` bars. */
export const cmf = (length = 20): IndicatorUse<'value'> => use(CMF, [length]);

const kvoSchema = z.object({ previous: z.object({ sum: z.number(), range: z.number(), trend: z.number(), path: z.number() }).nullable(), fast: emaStateSchema, slow: emaStateSchema, signal: emaStateSchema });

/**
 * Klinger oscillator, shares x 100: fast less slow average of the volume force, volume x |2 (range / path - 1)| x trend x 100, and its signal. The trend is +1
 * when high + low + close rises, else -1; the path adds the ranges of bars of one trend, and begins anew with the last two ranges when it turns.
 */
export const KVO = defineIndicator<'oscillator' | 'signal', z.infer<typeof kvoSchema>>({
  id: 'KVO', title: 'Klinger volume oscillator', group: 'volume', unit: 'shares', formula: 'EMA(volume force, fast) - EMA(volume force, slow); signal = EMA of it', source: 'S. J. Klinger, Identifying Trends with Volume Analysis, Stocks & Commodities 15:12 (1997)',
  parameters: [period('fast', 'Fast', 34), period('slow', 'Slow', 55), period('signal', 'Signal', 13)], inputs: HLCV, outputs: ['oscillator', 'signal'], lookback: ([fast = 0, slow = 0, signal = 1]) => Math.max(fast, slow) + signal - 1,
  forgetting: ([fast = 0, slow = 0, signal = 0]) => 10 * (Math.max(fast, slow) + signal), state: kvoSchema,
  start: ([fast = 0, slow = 0, signal = 0]) => ({ previous: null, fast: emaStart(fast), slow: emaStart(slow), signal: emaStart(signal) }),
  next(state, bar, out) {
    const sum = bar.high + bar.low + bar.close;
    const range = bar.high - bar.low;
    const { previous } = state;
    const rise = previous === null ? 0 : sum - previous.sum;
    const trend = rise > 0 ? 1 : -1;
    const path = previous === null ? range : (trend === previous.trend ? previous.path : previous.range) + range;
    state.previous = { sum, range, trend: previous === null ? 0 : trend, path };
    out.fill(NaN);
    if (previous === null) return;
    const force = path === 0 || Number.isNaN(rise) ? rise * 0 : bar.volume * Math.abs(2 * (range / path - 1)) * trend * 100;
    const value = emaNext(state.fast, force) - emaNext(state.slow, force);
    if (Number.isNaN(value)) return;
    const signal = emaNext(state.signal, value);
    out[0] = Number.isNaN(signal) ? NaN : value;
    out[1] = signal;
  },
});
/** Klinger oscillator. */
export const kvo = (fast = 34, slow = 55, signal = 13): IndicatorUse<'oscillator' | 'signal'> => use(KVO, [fast, slow, signal]);
