/** Volatility of the past, in percent a year: from closes, and from the range of each bar, which says more of the same bars. */
import * as z from 'zod';
import { type AnyIndicator, defineIndicator, factor, type IndicatorUse, type NumericBar, period, use, type UseOptions } from './indicator.ts';
import { type WindowSum, windowSum, windowSumPush, windowSumSchema } from './window-sum.ts';

const perYear = factor('year', 'Bars in a year', 252, [1, 1_000_000]);
const windowLookback = ([n = 1]: readonly number[]): number => n - 1;

/** From a variance of one bar to percent a year. Rounding may leave a flat market a hair below nothing. */
function annual(variance: number, year: number): number {
  return 100 * Math.sqrt(Math.max(variance, 0) * year);
}

/** Sample variance from the sum and the sum of squares of `n` numbers. */
function sampleVariance(sum: number, squares: number, n: number): number {
  return (squares - (sum * sum) / n) / (n - 1);
}

const closesSchema = z.object({ year: z.number(), previous: z.number().nullable(), sum: windowSumSchema, squares: windowSumSchema });

/** Sample deviation of the logarithmic returns of closes, percent a year. Over 2 bars, 100, 110, 99 with 252 a year: returns 0.0953, -0.1054, deviation 0.1419, 225.25 %. */
export const HISTVOL = defineIndicator<'value', z.infer<typeof closesSchema>>({
  id: 'HISTVOL', title: 'Historical volatility', group: 'volatility', unit: 'percent', formula: '100 × sample σ of ln(close / previous close) × √(bars in a year)', source: 'J. C. Hull, Options, Futures, and Other Derivatives, section 15.4',
  parameters: [period('period', 'Period', 20, 2), perYear], inputs: ['close'], outputs: ['value'], lookback: ([n = 0]) => n, state: closesSchema,
  start: ([n = 0, year = 0]) => ({ year, previous: null, sum: windowSum(n), squares: windowSum(n) }),
  next(state, bar, out) {
    const { previous } = state;
    state.previous = bar.close;
    if (previous === null) {
      out[0] = NaN;
      return;
    }
    const change = Math.log(bar.close / previous);
    const sum = windowSumPush(state.sum, change);
    out[0] = annual(sampleVariance(sum, windowSumPush(state.squares, change * change), state.sum.period), state.year);
  },
});
/** HISTVOL of the last `length` returns; `year` bars make a year. */
export const histvol = (length = 20, year = 252, options: UseOptions = {}): IndicatorUse<'value'> => use(HISTVOL, [length, year], options);

const rangeSchema = z.object({ year: z.number(), sum: windowSumSchema });
type RangeState = z.infer<typeof rangeSchema>;

/** The mean of a term over a window, as a variance. */
function ofTerms(id: string, what: { title: string; formula: string; source: string }, term: (bar: NumericBar) => number): AnyIndicator<'value'> {
  return defineIndicator<'value', RangeState>({
    id, ...what, group: 'volatility', unit: 'percent', parameters: [period('period', 'Period', 20), perYear], inputs: ['open', 'high', 'low', 'close'], outputs: ['value'], lookback: windowLookback, state: rangeSchema,
    start: ([n = 0, year = 0]) => ({ year, sum: windowSum(n) }),
    next(state, bar, out) {
      out[0] = annual(windowSumPush(state.sum, term(bar)) / state.sum.period, state.year);
    },
  });
}

const square = (value: number): number => value * value;
const LN2 = Math.LN2;
const parkinsonTerm = ({ high, low }: NumericBar): number => square(Math.log(high / low)) / (4 * LN2);
const garmanKlassTerm = ({ open, high, low, close }: NumericBar): number => 0.5 * square(Math.log(high / low)) - (2 * LN2 - 1) * square(Math.log(close / open));
const rogersSatchellTerm = ({ open, high, low, close }: NumericBar): number => Math.log(high / close) * Math.log(high / open) + Math.log(low / close) * Math.log(low / open);

/** Volatility of the ranges, percent a year: variance = mean(ln(high / low)^2) / (4 ln 2). One bar of 110 to 100, 252 a year: 90.87 %. No drift, no gaps. */
export const PARKINSON = ofTerms('PARKINSON', { title: 'Parkinson volatility', formula: '100 × √(mean(ln(high / low)²) / (4 ln 2) × bars in a year)', source: 'M. Parkinson, The Extreme Value Method for Estimating the Variance of the Rate of Return, Journal of Business 53 (1980), p. 61' }, parkinsonTerm);
/** PARKINSON of the last `length` bars; `year` bars make a year. */
export const parkinson = (length = 20, year = 252, options: UseOptions = {}): IndicatorUse<'value'> => use(PARKINSON, [length, year], options);

/** Volatility of ranges and bodies, percent a year: variance = mean(ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2). One bar 100/110/100/105: 95.54 %. */
export const GARMANKLASS = ofTerms('GARMANKLASS', { title: 'Garman-Klass volatility', formula: '100 × √(mean(½ ln(high / low)² - (2 ln 2 - 1) ln(close / open)²) × bars in a year)', source: 'M. Garman, M. Klass, On the Estimation of Security Price Volatilities from Historical Data, Journal of Business 53 (1980), p. 67' }, garmanKlassTerm);
/** GARMANKLASS of the last `length` bars; `year` bars make a year. */
export const garmanKlass = (length = 20, year = 252, options: UseOptions = {}): IndicatorUse<'value'> => use(GARMANKLASS, [length, year], options);

/** Volatility of ranges that a drift does not disturb, percent a year: variance = mean(ln(h/c) ln(h/o) + ln(l/c) ln(l/o)). One bar 100/110/100/105: 105.70 %. */
export const ROGERSSATCHELL = ofTerms('ROGERSSATCHELL', { title: 'Rogers-Satchell volatility', formula: '100 × √(mean(ln(h/c) ln(h/o) + ln(l/c) ln(l/o)) × bars in a year)', source: 'L. C. G. Rogers, S. E. Satchell, Estimating Variance from High, Low and Closing Prices, Annals of Applied Probability 1 (1991), p. 504' }, rogersSatchellTerm);
/** ROGERSSATCHELL of the last `length` bars; `year` bars make a year. */
export const rogersSatchell = (length = 20, year = 252, options: UseOptions = {}): IndicatorUse<'value'> => use(ROGERSSATCHELL, [length, year], options);

const yangZhangSchema = z.object({ year: z.number(), previous: z.number().nullable(), gap: windowSumSchema, gaps: windowSumSchema, body: windowSumSchema, bodies: windowSumSchema, inner: windowSumSchema });

const spreadOf = (sum: WindowSum, squares: WindowSum, value: number): number => sampleVariance(windowSumPush(sum, value), windowSumPush(squares, value * value), sum.period);

/**
 * Volatility with gaps, drift and ranges, percent a year: variance of the gaps + k x variance of the bodies + (1 - k) x Rogers-Satchell,
 * k = 0.34 / (1.34 + (n + 1) / (n - 1)), over the last n bars; the first bar has no gap. After a close of 100 the bars 100/110/100/110 and 110/110/99/99: 63.05 %.
 */
export const YANGZHANG = defineIndicator<'value', z.infer<typeof yangZhangSchema>>({
  id: 'YANGZHANG', title: 'Yang-Zhang volatility', group: 'volatility', unit: 'percent', formula: '100 × √((σ²(ln open / previous close) + k σ²(ln close / open) + (1 - k) Rogers-Satchell) × bars in a year), k = 0.34 / (1.34 + (n + 1) / (n - 1))',
  source: 'D. Yang, Q. Zhang, Drift-Independent Volatility Estimation Based on High, Low, Open, and Close Prices, Journal of Business 73 (2000), p. 485',
  parameters: [period('period', 'Period', 20, 2), perYear], inputs: ['open', 'high', 'low', 'close'], outputs: ['value'], lookback: ([n = 0]) => n, state: yangZhangSchema,
  start: ([n = 0, year = 0]) => ({ year, previous: null, gap: windowSum(n), gaps: windowSum(n), body: windowSum(n), bodies: windowSum(n), inner: windowSum(n) }),
  next(state, bar, out) {
    const { previous } = state;
    state.previous = bar.close;
    if (previous === null) {
      out[0] = NaN;
      return;
    }
    const n = state.inner.period;
    const k = 0.34 / (1.34 + (n + 1) / (n - 1));
    const inner = windowSumPush(state.inner, rogersSatchellTerm(bar)) / n;
    out[0] = annual(spreadOf(state.gap, state.gaps, Math.log(bar.open / previous)) + k * spreadOf(state.body, state.bodies, Math.log(bar.close / bar.open)) + (1 - k) * inner, state.year);
  },
});
/** YANGZHANG of the last `length` bars; `year` bars make a year. */
export const yangZhang = (length = 20, year = 252, options: UseOptions = {}): IndicatorUse<'value'> => use(YANGZHANG, [length, year], options);
