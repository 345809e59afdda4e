/** The figures of a run that a search keeps, by name: one row of numbers for each trial. */
import { calmar } from '#app/analytics/calmar.ts';
import { cagr } from '#app/analytics/cagr.ts';
import { dayEnds } from '#app/analytics/daily-closes.ts';
import { expectancy } from '#app/analytics/expectancy.ts';
import { profitFactor } from '#app/analytics/profit-factor.ts';
import { simpleReturns } from '#app/analytics/returns.ts';
import { sharpe } from '#app/analytics/sharpe.ts';
import { sortino } from '#app/analytics/sortino.ts';
import { systemQuality } from '#app/analytics/system-quality.ts';
import { volatility } from '#app/analytics/volatility.ts';
import { winRate } from '#app/analytics/win-rate.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import type { RunResult } from '../run/types.ts';

/** What a search can keep of a run. Dollars, fractions, ratios by the year; counts. */
export const RUN_FIGURES = [
  'final_equity', 'total_return', 'cagr', 'sharpe', 'sortino', 'volatility', 'max_drawdown', 'calmar', 'profit_factor', 'sqn', 'expectancy', 'win_rate', 'trades', 'exposure', 'costs', 'days',
] as const;
/** One of them. */
export type RunFigure = (typeof RUN_FIGURES)[number];

/** The run with what several figures are made of. `daily`: equity at the start and at the end of each day; `profits`: dollars of each closed round trip; `fall`: the deepest one, asked for twice and found once. */
type Facts = { readonly result: RunResult; readonly begin: number; readonly daily: Float64Array; readonly returns: Float64Array; readonly spanMs: number; readonly profits: Float64Array; fall: number | null };

const known = new WeakMap<Float64Array, { readonly begin: number; readonly steps: Int32Array }>();

/** Last steps of the days, counted from `begin`. Kept for as long as the column of times is: the runs of a search over the same bars share it. */
function lastSteps(time: Float64Array, begin: number): Int32Array {
  const found = known.get(time);
  if (found?.begin === begin) return found.steps;
  const { steps } = dayEnds(time.subarray(begin), newYorkOffsetMs);
  known.set(time, { begin, steps });
  return steps;
}

/** Equity at the beginning and at the end of each exchange day, dollars: ratios by the year are made of days, whatever the bars. `begin`: first step that counts. */
export function dailyEquity({ time, equity }: Pick<RunResult, 'time' | 'equity'>, cash: number, begin = 0): Float64Array {
  const steps = lastSteps(time, begin);
  const daily = new Float64Array(steps.length + 1);
  daily[0] = cash;
  for (let day = 0; day < steps.length; day += 1) daily[day + 1] = equity[begin + (steps[day] ?? 0)] ?? NaN;
  return daily;
}

function closedProfits({ trips }: RunResult): Float64Array {
  const profits = new Float64Array(trips.length);
  let count = 0;
  for (let row = 0; row < trips.length; row += 1) {
    if (trips.isOpen[row] === 1) continue;
    profits[count] = trips.profit[row] ?? NaN;
    count += 1;
  }
  return profits.subarray(0, count);
}

/** Deepest fall over every step, the equity at the beginning included: days would hide what happened within them. The definition of `maxDrawdown`, without an object a step. */
function deepestFall({ equity }: RunResult, begin: number, first: number): number {
  // Lowest since the highest: of one peak the lowest value is the deepest fall, so that a division is made for each peak alone.
  let [peak, low, deepest] = [first, Infinity, 0];
  for (let step = begin; step < equity.length; step += 1) {
    const value = equity[step] ?? NaN;
    if (value < peak) {
      if (value < low) low = value;
    } else if (low !== Infinity || value > peak) {
      if (peak > 0 && low < peak) deepest = Math.min(deepest, low / peak - 1);
      peak = value;
      low = Infinity;
    }
  }
  return peak > 0 && low < peak ? Math.min(deepest, low / peak - 1) : deepest;
}

function fallOf(facts: Facts): number {
  facts.fall ??= deepestFall(facts.result, facts.begin, facts.daily[0] ?? NaN);
  return facts.fall;
}

/** Part of the steps at which something was held. */
function exposure({ result, begin }: Facts): number | null {
  const steps = result.gross.length - begin;
  if (steps <= 0) return null;
  let held = 0;
  for (let step = begin; step < result.gross.length; step += 1) if ((result.gross[step] ?? 0) > 0) held += 1;
  return held / steps;
}

/** Nothing lost and something won has no upper end: it is Infinity here, and the objective caps it. */
function profitFactorOf(profits: Float64Array): number | null {
  return profitFactor(profits) ?? (profits.some((profit) => profit > 0) ? Infinity : null);
}

const MAKE: Readonly<Record<RunFigure, (facts: Facts) => number | null>> = {
  final_equity: ({ daily }) => daily[daily.length - 1] ?? null,
  total_return: ({ daily }) => ((daily[0] ?? 0) > 0 ? (daily[daily.length - 1] ?? NaN) / (daily[0] ?? NaN) - 1 : null),
  cagr: ({ daily, spanMs }) => cagr(daily, spanMs),
  sharpe: ({ returns }) => sharpe(returns),
  sortino: ({ returns }) => sortino(returns),
  volatility: ({ returns }) => volatility(returns),
  max_drawdown: fallOf,
  calmar: (facts) => calmar(cagr(facts.daily, facts.spanMs), fallOf(facts)),
  profit_factor: ({ profits }) => profitFactorOf(profits),
  sqn: ({ profits }) => systemQuality(profits),
  expectancy: ({ profits }) => expectancy(profits),
  win_rate: ({ profits }) => winRate(profits),
  trades: ({ profits }) => profits.length,
  exposure,
  costs: ({ result }) => result.costs,
  days: ({ returns }) => returns.length,
};

/**
 * The figures asked for, in their order, NaN where one is not known. `cash`: equity at the beginning; `from`: epoch ms, steps that close at or before it are warm-up and do not count: the equity
 * that they end with is the beginning.
 */
export function figuresOf(result: RunResult, cash: number, { names, from = -Infinity }: { readonly names: readonly RunFigure[]; readonly from?: number }): Float64Array {
  const begin = firstAfter(result.time, from);
  const daily = dailyEquity(result, result.equity[begin - 1] ?? cash, begin);
  const first = Math.max(from, result.time[begin - 1] ?? -Infinity);
  const last = result.time[result.time.length - 1] ?? NaN;
  const facts: Facts = { result, begin, daily, returns: simpleReturns(daily), spanMs: last - (Number.isFinite(first) ? first : (result.time[0] ?? NaN)), profits: closedProfits(result), fall: null };
  return Float64Array.from(names, (name) => MAKE[name](facts) ?? NaN);
}

/**
 * Returns over `periods` stretches of an equal number of steps, as fractions: what tells whether the trials of a search rank alike in other parts of the time (probability of overfitting).
 * A stretch without a step has 0. `cash` and `from` as for `figuresOf`.
 */
export function periodReturns({ time, equity }: Pick<RunResult, 'time' | 'equity'>, cash: number, { from = -Infinity, periods }: { readonly from?: number; readonly periods: number }): Float64Array {
  const begin = firstAfter(time, from);
  const returns = new Float64Array(periods);
  let before = equity[begin - 1] ?? cash;
  for (let period = 0; period < periods; period += 1) {
    const end = begin + Math.floor(((period + 1) * (time.length - begin)) / periods);
    const value = end > begin ? (equity[end - 1] ?? NaN) : before;
    returns[period] = before > 0 ? value / before - 1 : 0;
    before = value;
  }
  return returns;
}

/** Index of the first time after `at`; the length when there is none. Times rise. */
export function firstAfter(time: Float64Array, at: number): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] ?? Infinity) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
