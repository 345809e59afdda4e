/** Functions of the formula language: what they take, what they give, and what people are told of them. */

/** Unit of a number. `fraction`: 0.05 is 5 %; `percent`: 5 is 5 %; `ratio`: so many times; `dollars`: money, `price`: money a share; null: a bare number. */
export type Unit = 'price' | 'shares' | 'dollars' | 'fraction' | 'percent' | 'ratio' | 'index' | 'bars' | 'flag' | null;

/** What a function takes. `bars`: a whole number that is written out. `isMany`: two or more of them. */
export type Parameter = { readonly name: string; readonly kind: 'series' | 'condition' | 'bars'; readonly default?: number; readonly min?: number; readonly max?: number; readonly isMany?: true };

/** A function. `unit` 'first': that of its first series. */
export type FunctionSpec = {
  readonly parameters: readonly Parameter[]; readonly result: 'number' | 'boolean'; readonly unit: Unit | 'first';
  readonly explanation: string; readonly example: string;
};

/** Longest window and farthest step back, bars. */
export const WINDOW_MAX = 5_000;
/** Bars of a year of day bars: 52 weeks of five days without the holidays. */
export const YEAR_BARS = 252;

const x: Parameter = { name: 'x', kind: 'series' };
const a: Parameter = { name: 'a', kind: 'series' };
const b: Parameter = { name: 'b', kind: 'series' };
const condition: Parameter = { name: 'condition', kind: 'condition' };
const many: Parameter = { name: 'x', kind: 'series', isMany: true };
const bars = (name: string, normal?: number, min = 1, max = WINDOW_MAX): Parameter => ({ name, kind: 'bars', min, max, ...(normal === undefined ? {} : { default: normal }) });

const number = (parameters: readonly Parameter[], unit: Unit | 'first', explanation: string, example: string): FunctionSpec => ({ parameters, result: 'number', unit, explanation, example });
const truth = (parameters: readonly Parameter[], explanation: string, example: string): FunctionSpec => ({ parameters, result: 'boolean', unit: 'flag', explanation, example });

/** All of them by name. */
export const FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  change: number([bars('n', 1)], 'fraction', 'Change of the close over n bars, a fraction: close / close[n] - 1. From 100 to 105 it is 0.05, or 5%.', 'change(5) > 10%'),
  gap: number([], 'fraction', 'Open against the close before, a fraction: open / close[1] - 1. An open of 98 after a close of 100 is -0.02, or -2%.', 'gap < -2%'),
  high52: number([], 'price', 'Highest high of the last 252 bars: 52 weeks of day bars. No value with fewer bars.', 'close >= high52 * 0.98'),
  low52: number([], 'price', 'Lowest low of the last 252 bars: 52 weeks of day bars. No value with fewer bars.', 'close <= low52 * 1.02'),
  from_high52: number([], 'fraction', 'Distance of the close from the 52-week high, a fraction of it, 0 or below: 95 under a high of 100 is -5%.', 'from_high52 > -5%'),
  from_low52: number([], 'fraction', 'Distance of the close from the 52-week low, a fraction of it, 0 or above: 110 over a low of 100 is 10%.', 'from_low52 < 10%'),
  highest: number([x, bars('n')], 'first', 'Highest value of x in the last n bars, this one included.', 'close >= highest(high, 20)'),
  lowest: number([x, bars('n')], 'first', 'Lowest value of x in the last n bars, this one included.', 'close <= lowest(low, 20)'),
  avg: number([x, bars('n')], 'first', 'Mean of x over the last n bars.', 'volume > 2 * avg(volume, 20)'),
  sum: number([x, bars('n')], 'first', 'Sum of x over the last n bars.', 'sum(volume, 5) > 10M'),
  stdev: number([x, bars('n', undefined, 2)], 'first', 'Standard deviation of x over the last n bars, of the sample (divided by n - 1). Of 1, 2, 3: 1.', 'stdev(close, 20) / close < 2%'),
  median: number([x, bars('n')], 'first', 'Median of x over the last n bars; of an even number the mean of the middle two.', 'median(volume, 20) > 500k'),
  volatility: number([bars('n', 20, 2)], 'fraction', 'Volatility of the closes over n bars, annualised with 252 bars, a fraction: 0.35 is 35% a year.', 'volatility(20) > 40%'),
  atr_percent: number([bars('n', 14)], 'fraction', 'Average true range over n bars as a fraction of the close: 0.03 is 3%.', 'atr_percent(14) > 3%'),
  crosses_above: truth([a, b, bars('within', 1)], 'a was not above b one bar before and is above it now; with a third number: in one of the last so many bars.', 'crosses_above(sma(50), sma(200), 3)'),
  crosses_below: truth([a, b, bars('within', 1)], 'a was not below b one bar before and is below it now; with a third number: in one of the last so many bars.', 'crosses_below(close, sma(50))'),
  since: number([condition, bars('most', 250)], 'bars', 'Bars since the condition was last true: 0 is now. The second number when it was not within that many bars.', 'since(crosses_above(close, sma(200))) < 10'),
  count: number([condition, bars('n')], 'bars', 'In how many of the last n bars the condition was true.', 'count(close > open, 10) >= 7'),
  any: truth([condition, bars('n')], 'The condition was true in at least one of the last n bars.', 'any(rsi(14) < 30, 5)'),
  all: truth([condition, bars('n')], 'The condition was true in each of the last n bars.', 'all(close > sma(20), 10)'),
  rising: truth([x, bars('n', 1)], 'x rose at each of the last n bars.', 'rising(close, 3)'),
  falling: truth([x, bars('n', 1)], 'x fell at each of the last n bars.', 'falling(close, 3)'),
  abs: number([x], 'first', 'Size without the sign.', 'abs(gap) > 3%'),
  min: number([many], 'first', 'Smallest of its arguments.', 'min(open, close) > sma(20)'),
  max: number([many], 'first', 'Largest of its arguments.', 'max(open, close) < sma(20)'),
  sqrt: number([x], null, 'Square root; no value below 0.', 'sqrt(volume) > 1000'),
  log: number([x], null, 'Natural logarithm; no value at or below 0.', 'log(close / close[20]) > 0.1'),
  exp: number([x], null, 'e to the power of x.', 'exp(log(close)) > 10'),
  round: number([x, bars('digits', 0, 0, 8)], 'first', 'Rounded to so many digits after the point, halves upwards. 2.5 is 3.', 'round(rsi(14)) = 30'),
  sign: number([x], null, '1 above 0, -1 below it, 0 at it.', 'sign(change(1)) = sign(change(5))'),
  if: number([condition, a, b], null, 'a where the condition is true, b where it is false.', 'if(close > open, volume, 0) > 1M'),
};
