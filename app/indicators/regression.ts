/** Straight line through the last prices: where it ends, how steep it is, how well it fits. Bars count 0 (oldest) to n - 1. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { ringSchema } from './cells.ts';
import { type AnyIndicator, defineIndicator, factor, type IndicatorParameter, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { moments, momentsPush, momentsSchema, varianceOf } from './moments.ts';
import { outputColumns, TICKS_PER_DOLLAR, ticksOf } from './period.ts';

/** Sums of ticks and of place x ticks: whole numbers, exact for 1,000 prices of up to $18,000. */
const lineSchema = z.object({ ...ringSchema.shape, sum: z.number(), weighted: z.number() });
type Line = z.infer<typeof lineSchema>;
type Sums = Pick<Line, 'period' | 'sum' | 'weighted'>;

function linePush(state: Line, price: number): boolean {
  const { period: n, window, next } = state;
  const ticks = ticksOf(price);
  if (window.length < n) {
    state.weighted += window.length * ticks;
    state.sum += ticks;
    window.push(ticks);
    return window.length === n;
  }
  const gone = window[next] as number;
  state.weighted += (n - 1) * ticks - (state.sum - gone);
  state.sum += ticks - gone;
  window[next] = ticks;
  state.next = next + 1 === n ? 0 : next + 1;
  return true;
}

/** Variance of the places 0..n-1. */
const placesVariance = (n: number): number => (n * n - 1) / 12;

/** Dollars a bar: (n Σxy - Σx Σy) / (n Σx² - (Σx)²). */
function slopeOf({ period: n, sum, weighted }: Sums): number {
  return (n * weighted - ((n * (n - 1)) / 2) * sum) / (n * n * placesVariance(n)) / TICKS_PER_DOLLAR;
}

/** The line at a place, dollars: mean + slope x (place - mean place). */
function lineAt(state: Sums, place: number): number {
  const n = state.period;
  return state.sum / (n * TICKS_PER_DOLLAR) + slopeOf(state) * (place - (n - 1) / 2);
}

const lookback = ([n = 1]: readonly number[]): number => n - 1;
const length = (normal = 14): IndicatorParameter => period('period', 'Period', normal, [2, 1_000]);
type What = { readonly id: string; readonly title: string; readonly formula: string; readonly source: string; readonly unit: 'price' | 'index' };

/** A value of the line at each index; the sums are those of the running form, the window is the column itself. */
function lineColumn(prices: Float64Array, n: number, value: (sums: Sums) => number, column: Float64Array): void {
  const sums = { period: n, sum: 0, weighted: 0 };
  for (let i = 0; i < prices.length; i += 1) {
    const ticks = ticksOf(prices[i] as number);
    if (i < n) {
      sums.weighted += i * ticks;
      sums.sum += ticks;
    } else {
      const gone = ticksOf(prices[i - n] as number);
      sums.weighted += (n - 1) * ticks - (sums.sum - gone);
      sums.sum += ticks - gone;
    }
    column[i] = i < n - 1 ? NaN : value(sums);
  }
}

function ofLine(what: What, value: (sums: Sums) => number): AnyIndicator<'value'> {
  return defineIndicator<'value', Line>({
    ...what, group: 'statistics', parameters: [length()], inputs: ['close'], outputs: ['value'], lookback, state: lineSchema,
    columns(bars, [n = 0], out) {
      const columns = outputColumns(barCount(bars), 1, out);
      lineColumn(bars.close, n, value, columns[0] as Float64Array);
      return columns;
    },
    start: ([n = 0]) => ({ period: n, window: [], next: 0, sum: 0, weighted: 0 }),
    next(state, bar, out) {
      out[0] = linePush(state, bar.close) ? value(state) : NaN;
    },
  });
}

/** End of the least-squares line, dollars. Over 3 of 1, 2, 4 it is 3.8333. TA-Lib LINEARREG. */
export const LINEARREG = ofLine({ id: 'LINEARREG', title: 'Linear regression', formula: 'least-squares line at the last bar', source: 'TA-Lib LINEARREG', unit: 'price' }, (state) => lineAt(state, state.period - 1));
/** End of the line through the last `bars` prices. */
export const linearReg = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(LINEARREG, [bars], options);

/** Slope of the line, dollars a bar. Over 3 of 1, 2, 4 it is 1.5. TA-Lib LINEARREG_SLOPE. */
export const LINEARREG_SLOPE = ofLine({ id: 'LINEARREG_SLOPE', title: 'Slope of the regression', formula: 'slope of the least-squares line a bar', source: 'TA-Lib LINEARREG_SLOPE', unit: 'index' }, slopeOf);
/** Slope of the line through the last `bars` prices. */
export const linearRegSlope = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(LINEARREG_SLOPE, [bars], options);

/** Angle of the line, degrees, a dollar a bar being 45. Over 3 of 1, 2, 4 it is 56.3099. TA-Lib LINEARREG_ANGLE. */
export const LINEARREG_ANGLE = ofLine({ id: 'LINEARREG_ANGLE', title: 'Angle of the regression', formula: 'atan(slope) in degrees', source: 'TA-Lib LINEARREG_ANGLE', unit: 'index' }, (state) => (Math.atan(slopeOf(state)) * 180) / Math.PI);
/** Angle of the line through the last `bars` prices. */
export const linearRegAngle = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(LINEARREG_ANGLE, [bars], options);

/** Beginning of the line, dollars. Over 3 of 1, 2, 4 it is 0.8333. TA-Lib LINEARREG_INTERCEPT. */
export const LINEARREG_INTERCEPT = ofLine({ id: 'LINEARREG_INTERCEPT', title: 'Intercept of the regression', formula: 'least-squares line at the first bar of the period', source: 'TA-Lib LINEARREG_INTERCEPT', unit: 'price' }, (state) => lineAt(state, 0));
/** Beginning of the line through the last `bars` prices. */
export const linearRegIntercept = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(LINEARREG_INTERCEPT, [bars], options);

/** The line one bar ahead, dollars: a forecast, made of closed bars alone. Over 3 of 1, 2, 4 it is 5.3333. TA-Lib TSF. */
export const TSF = ofLine({ id: 'TSF', title: 'Time series forecast', formula: 'least-squares line one bar ahead', source: 'TA-Lib TSF', unit: 'price' }, (state) => lineAt(state, state.period));
/** The line through the last `bars` prices, one bar ahead. */
export const tsf = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(TSF, [bars], options);

const fitSchema = z.object({ line: lineSchema, spread: momentsSchema, deviations: z.number() });
type Fit = z.infer<typeof fitSchema>;
const fitStart = ([n = 0, deviations = 0]: readonly number[]): Fit => ({ line: { period: n, window: [], next: 0, sum: 0, weighted: 0 }, spread: moments(n), deviations });

function fitPush(state: Fit, price: number): boolean {
  momentsPush(state.spread, price);
  return linePush(state.line, price);
}

/** Mean square of what the line leaves unexplained, dollars squared. */
function residual({ line, spread }: Fit): number {
  const slope = slopeOf(line);
  return Math.max(0, varianceOf(spread) - slope * slope * placesVariance(line.period));
}

/** Part of the variance that the line explains, 0..1; 0 in a flat market. Over 3 of 1, 2, 4 it is 0.9643. */
export const RSQUARED = defineIndicator<'value', Fit>({
  id: 'RSQUARED', title: 'R squared', group: 'statistics', unit: 'ratio', formula: '1 - mean square around the line / variance', source: 'N. R. Draper, H. Smith, Applied Regression Analysis (1998), p. 33',
  parameters: [length()], inputs: ['close'], outputs: ['value'], lookback, state: fitSchema, start: fitStart,
  next(state, bar, out) {
    const isReady = fitPush(state, bar.close);
    const all = varianceOf(state.spread);
    out[0] = isReady ? (all === 0 ? 0 : 1 - residual(state) / all) : NaN;
  },
});
/** R squared of the line through the last `bars` prices. */
export const rSquared = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(RSQUARED, [bars], options);

/** Standard error of the line, dollars: sqrt(sum of squares around it / (n - 2)). Over 3 of 1, 2, 4 it is 0.4082. */
export const STDERR = defineIndicator<'value', Fit>({
  id: 'STDERR', title: 'Standard error', group: 'statistics', unit: 'price', formula: '√(Σ (price - line)² / (n - 2))', source: 'N. R. Draper, H. Smith, Applied Regression Analysis (1998), p. 36',
  parameters: [period('period', 'Period', 14, [3, 1_000])], inputs: ['close'], outputs: ['value'], lookback, state: fitSchema, start: fitStart,
  next(state, bar, out) {
    const n = state.line.period;
    out[0] = fitPush(state, bar.close) ? Math.sqrt((residual(state) * n) / (n - 2)) : NaN;
  },
});
/** Standard error of the line through the last `bars` prices. */
export const standardError = (bars = 14, options: UseOptions = {}): IndicatorUse<'value'> => use(STDERR, [bars], options);

/** Channel around the end of the line, dollars, `deviations` root mean squares wide. Over 3 of 1, 2, 4 with 2: 4.3047, 3.8333, 3.3619. */
export const LRCHANNEL = defineIndicator<'upper' | 'middle' | 'lower', Fit>({
  id: 'LRCHANNEL', title: 'Linear regression channel', group: 'channel', unit: 'price', formula: 'end of the least-squares line ± deviations × √(mean square around it)', source: 'G. Raff, Trading the Regression Channel, Stocks & Commodities 9:10 (1991), with deviations for extremes',
  parameters: [length(100), factor('deviations', 'Deviations', 2, [0, 20])], inputs: ['close'], outputs: ['upper', 'middle', 'lower'], lookback, state: fitSchema, start: fitStart,
  next(state, bar, out) {
    const isReady = fitPush(state, bar.close);
    const centre = isReady ? lineAt(state.line, state.line.period - 1) : NaN;
    const width = isReady ? state.deviations * Math.sqrt(residual(state)) : NaN;
    out[0] = centre + width;
    out[1] = centre;
    out[2] = centre - width;
  },
});
/** Regression channel of `bars` prices, `deviations` wide. */
export const regressionChannel = (bars = 100, deviations = 2, options: UseOptions = {}): IndicatorUse<'upper' | 'middle' | 'lower'> => use(LRCHANNEL, [bars, deviations], options);
