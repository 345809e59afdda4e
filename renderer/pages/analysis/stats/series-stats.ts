/** What a stretch of bars comes to: returns, key figures with how they are made, falls, seasons. Pure; the arithmetic is that of app/analytics. */
import type { ChartTimeframe } from '#app/contracts/market-data.ts';
import { cagr } from '#app/analytics/cagr.ts';
import { monthlyReturns } from '#app/analytics/calendar-returns.ts';
import { datedFall, fallsFrom, type Drawdown } from '#app/analytics/drawdowns.ts';
import { extremes } from '#app/analytics/extremes.ts';
import { excessKurtosis } from '#app/analytics/kurtosis.ts';
import { maxDrawdown } from '#app/analytics/max-drawdown.ts';
import { simpleReturns } from '#app/analytics/returns.ts';
import { monthTable, seasonsOf, type MonthRow, type Season } from '#app/analytics/seasonality.ts';
import { sharpe } from '#app/analytics/sharpe.ts';
import { skewness } from '#app/analytics/skewness.ts';
import { sortino } from '#app/analytics/sortino.ts';
import { expectedShortfall, valueAtRisk } from '#app/analytics/value-at-risk.ts';
import { volatility } from '#app/analytics/volatility.ts';
import { barCount, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { calendarCovers, toNewYork } from '#app/market/calendar.ts';
import { newYorkDayNumber, weekdayOf } from '#app/market/nyse-zone.ts';
import { isIntraday } from '../series.ts';

/** How much of the loaded bars is looked at, in calendar days before the newest; null = all. */
export const SPANS = { All: null, '5Y': 1_826, '1Y': 365, '3M': 91, '1M': 31 } as const;
/** One of them. */
export type Span = keyof typeof SPANS;

/** Bars below which no figure is told. */
export const LEAST_BARS = 3;
/** Returns below which yearly figures are noise dressed as numbers. */
const LEAST_YEARLY = 20;
const TRADING_DAYS = 252;
const WEEKS = 52;
const MONTHS = 12;

/** A stretch of bars with what everything else is made of. `periodsPerYear`: bars in a year of trading. */
export type Stretch = { readonly bars: BarColumns; readonly returns: Float64Array; readonly timeframe: ChartTimeframe; readonly periodsPerYear: number };

/** Bars of a year: 252 days, 52 weeks, 12 months; of narrower bars 252 times the bars of an average day of the stretch. */
export function periodsOfYear(bars: BarColumns, timeframe: ChartTimeframe): number {
  if (timeframe === '1Day') return TRADING_DAYS;
  if (timeframe === '1Week') return WEEKS;
  if (timeframe === '1Month') return MONTHS;
  const days = new Set(daysOf(bars));
  return days.size === 0 ? TRADING_DAYS : (TRADING_DAYS * barCount(bars)) / days.size;
}

/** The bars of the newest so many calendar days. */
export function stretchOf(all: BarColumns, timeframe: ChartTimeframe, span: Span): Stretch {
  const days = SPANS[span];
  const last = all.time.at(-1) ?? 0;
  const from = days === null ? 0 : Math.max(0, all.time.findIndex((time) => time >= last - days * DAY_MS));
  const bars = sliceColumns(all, from, barCount(all));
  return { bars, returns: simpleReturns(bars.close), timeframe, periodsPerYear: periodsOfYear(bars, timeframe) };
}

/** How a figure is written. */
type Kind = 'percent' | 'share' | 'ratio' | 'days' | 'count';
/** A figure with how it is made. `value` a fraction for percent and share; null where it has no meaning. */
export type KeyFigure = { readonly label: string; readonly value: number | null; readonly kind: Kind; readonly formula: string };

const barWord: Readonly<Record<ChartTimeframe, string>> = { '1Min': 'minute bars', '5Min': '5-minute bars', '15Min': '15-minute bars', '30Min': '30-minute bars', '1Hour': 'hours', '1Day': 'days', '1Week': 'weeks', '1Month': 'months' };
/** The bars of a timeframe in words. */
export function barsWord(timeframe: ChartTimeframe): string {
  return barWord[timeframe];
}

/** The key figures of a stretch. */
export function keyFigures({ bars, returns, timeframe, periodsPerYear }: Stretch): KeyFigure[] {
  const { close, time } = bars;
  const [first, last] = [close[0], close.at(-1)];
  const spanMs = (time.at(-1) ?? 0) - (time[0] ?? 0);
  const yearly = returns.length >= LEAST_YEARLY;
  const options = { periodsPerYear };
  const falls = drawdownsOf(bars);
  const best = extremes(returns);
  const [word, root] = [barsWord(timeframe), `√${Math.round(periodsPerYear).toLocaleString('en-US')}`];
  const figure = (label: string, kind: Kind, value: number | null, formula: string): KeyFigure => ({ label, kind, value: value !== null && Number.isFinite(value) ? value : null, formula });
  return [
    figure('Return', 'percent', first === undefined || last === undefined || !(first > 0) ? null : last / first - 1, 'last close / first close − 1'),
    figure('Growth a year', 'percent', yearly && spanMs >= 30 * DAY_MS ? cagr(close, spanMs) : null, '(last / first) ^ (365.25 / calendar days) − 1'),
    figure('Volatility a year', 'share', yearly ? volatility(returns, periodsPerYear) : null, `sample deviation of returns of ${word} × ${root}`),
    figure('Sharpe', 'ratio', yearly ? sharpe(returns, options) : null, `mean / sample deviation × ${root}, no risk-free rate`),
    figure('Sortino', 'ratio', yearly ? sortino(returns, options) : null, `mean / downside deviation × ${root}, no risk-free rate`),
    figure('Deepest fall', 'percent', maxDrawdown(close), 'smallest (close / highest close before − 1)'),
    figure('Longest under water', 'days', falls.length === 0 ? 0 : Math.max(...falls.map((fall) => fall.days)), 'calendar days from a peak until it is reached again, or to the end'),
    figure('Value at risk, 95 %', 'percent', yearly ? valueAtRisk(returns, 0.95) : null, `5 % quantile of returns of ${word}, interpolated`),
    figure('Expected shortfall, 95 %', 'percent', yearly ? expectedShortfall(returns, 0.95) : null, 'mean of the returns at or below the 5 % quantile (CVaR)'),
    figure('Best', 'percent', best?.best ?? null, `largest return of one of the ${word}`),
    figure('Worst', 'percent', best?.worst ?? null, `smallest return of one of the ${word}`),
    figure('Up', 'share', returns.length === 0 ? null : returns.filter((value) => value > 0).length / returns.length, `part of the ${word} that closed higher than the one before`),
    figure('Skewness', 'ratio', yearly ? skewness(returns) : null, 'm₃ / m₂^1.5 of returns; 0 for a normal distribution'),
    figure('Excess kurtosis', 'ratio', yearly ? excessKurtosis(returns) : null, 'm₄ / m₂² − 3 of returns; 0 for a normal distribution'),
    figure('Bars', 'count', barCount(bars), `${word} in this stretch, the running one included`),
  ];
}

/** All falls from peak to recovery, in order of time. */
export function drawdownsOf({ time, close }: BarColumns): Drawdown[] {
  const [start] = close;
  return start === undefined ? [] : fallsFrom(start, close).map((fall) => datedFall(fall, time, time[0] ?? 0));
}

/** The deepest falls first. */
export function deepestFalls(bars: BarColumns, most: number): Drawdown[] {
  return drawdownsOf(bars).sort((a, b) => a.fall - b.fall).slice(0, most);
}

/** Local day number of each bar, in New York. */
function daysOf({ time }: Pick<BarColumns, 'time'>): number[] {
  return Array.from(time, (at) => (calendarCovers(at as EpochMs) ? newYorkDayNumber(at as EpochMs) : Math.floor(at / DAY_MS)));
}

/** Calendar days from one bar's day to the next, beyond which bars are missing: no weekend with its holidays is as long. */
const GAP_DAYS: Readonly<Partial<Record<ChartTimeframe, number>>> = { '1Week': 15, '1Month': 62 };
const GAP_DAYS_ELSE = 7;

/**
 * The return of each day: bars of a day together. Weeks and months count to the day on which they begin. The first is taken from its open, and so is one behind missing bars: what the price did
 * where there are none belongs to no day, month or weekday.
 */
export function dailyReturns(bars: BarColumns, timeframe: ChartTimeframe = '1Day'): { readonly days: readonly number[]; readonly returns: readonly number[] } {
  const numbers = daysOf(bars);
  const [days, returns]: [number[], number[]] = [[], []];
  const gap = GAP_DAYS[timeframe] ?? GAP_DAYS_ELSE;
  let before = bars.open[0] ?? NaN;
  for (let n = 0; n < numbers.length; n += 1) {
    const day = numbers[n] ?? NaN;
    if (n > 0 && day - (numbers[n - 1] ?? NaN) > gap) before = bars.open[n] ?? NaN;
    if (day === numbers[n + 1]) continue;
    const close = bars.close[n] ?? NaN;
    days.push(day);
    returns.push(close / before - 1);
    before = close;
  }
  return { days, returns };
}

/** The hours of trading days: return of each clock hour in New York, from its first bar's open to its last bar's close, so that the night counts to none. */
function hourReturns(bars: BarColumns): { readonly hours: readonly number[]; readonly returns: readonly number[] } {
  const [hours, returns]: [number[], number[]] = [[], []];
  let [key, hour, open] = [-1, 0, NaN];
  for (let n = 0; n < bars.time.length; n += 1) {
    const { dayNumber, hour: now } = toNewYork((bars.time[n] ?? 0) as EpochMs);
    const next = dayNumber * 24 + now;
    if (next !== key) [key, hour, open] = [next, now, bars.open[n] ?? NaN];
    const following = bars.time[n + 1];
    const isLast = following === undefined || toNewYork(following as EpochMs).dayNumber * 24 + toNewYork(following as EpochMs).hour !== key;
    if (!isLast) continue;
    hours.push(hour);
    returns.push((bars.close[n] ?? NaN) / open - 1);
  }
  return { hours, returns };
}

/** Seasons of a stretch. `weekdays`: 1 = Monday; `hours` of the clock in New York, none for days and wider. */
export type Seasons = { readonly months: readonly MonthRow[]; readonly weekdays: readonly Season[]; readonly hours: readonly Season[] };

/** What the returns of months, weekdays and hours have in common. */
export function seasonsIn({ bars, timeframe }: Pick<Stretch, 'bars' | 'timeframe'>): Seasons {
  const daily = dailyReturns(bars, timeframe);
  const hourly = isIntraday(timeframe) ? hourReturns(bars) : null;
  const hasWeekdays = timeframe !== '1Week' && timeframe !== '1Month';
  return { months: monthTable(monthlyReturns(daily)), weekdays: hasWeekdays ? seasonsOf(daily.returns, daily.days.map(weekdayOf)) : [], hours: hourly === null ? [] : seasonsOf(hourly.returns, hourly.hours) };
}
