/** Performance of the account over the stored curve, as named figures. Nothing here writes. */
import { cagr } from '#app/analytics/cagr.ts';
import { calmar } from '#app/analytics/calmar.ts';
import { FIGURES } from '#app/analytics/catalogue.ts';
import { expectancy, payoffRatio } from '#app/analytics/expectancy.ts';
import { profitFactor } from '#app/analytics/profit-factor.ts';
import { simpleReturns } from '#app/analytics/returns.ts';
import { profitsOf, roundTrips } from '#app/analytics/round-trips.ts';
import { sharpe } from '#app/analytics/sharpe.ts';
import { sortino } from '#app/analytics/sortino.ts';
import { totalReturn } from '#app/analytics/total-return.ts';
import { volatility } from '#app/analytics/volatility.ts';
import { winRate } from '#app/analytics/win-rate.ts';
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';
import { endOfDay, readCurve } from './curve.ts';
import { readFills } from './fills.ts';
import { readOpenings } from './openings.ts';

/** One figure; `value` null when there is not enough data for it. */
export type Metric = { readonly name: string; readonly value: number | null; readonly unit: string };

/** The figures and the market time they cover; `day`: the last exchange day in them. */
export type Performance = { readonly from: EpochMs; readonly to: EpochMs; readonly day: string; readonly metrics: readonly Metric[] };

/** Yearly figures out of a few days are noise dressed as numbers: below this many trading days they stay empty. */
export const MIN_DAYS_FOR_YEARLY = 20;

/** What figures are made of: equity before the first day and at each day's end, the span in milliseconds, the deepest fall (a fraction <= 0), profits of closed round trips in dollars. */
export type FigureParts = { readonly daily: readonly number[]; readonly spanMs: number; readonly deepest: number; readonly profits: Float64Array; readonly fills: number };

/** The named figures, in the order of the catalogue. Rates are fractions; the risk-free rate is 0. */
export function figures({ daily, spanMs, deepest, profits, fills }: FigureParts): Metric[] {
  const returns = simpleReturns(daily);
  const yearly = <T>(value: () => T): T | null => (returns.length >= MIN_DAYS_FOR_YEARLY ? value() : null);
  const growth = yearly(() => cagr(daily, spanMs));
  const values: Readonly<Record<string, number | null>> = {
    total_return: totalReturn(daily), cagr: growth, volatility: yearly(() => volatility(returns)), sharpe: yearly(() => sharpe(returns)), sortino: yearly(() => sortino(returns)), max_drawdown: deepest, calmar: calmar(growth, deepest),
    best_day: returns.length === 0 ? null : Math.max(...returns), worst_day: returns.length === 0 ? null : Math.min(...returns),
    win_rate: winRate(profits), profit_factor: profitFactor(profits), expectancy: expectancy(profits), payoff_ratio: payoffRatio(profits), round_trips: profits.length, fills, trading_days: returns.length,
  };
  return FIGURES.map(({ name, unit }) => {
    const value = values[name];
    invariant(value !== undefined, 'Every figure of the catalogue is measured', { name });
    return { name, value, unit };
  });
}

/** Measures what was traded up to the end of an exchange day (null = everything); null before the first point of the curve. */
export async function measurePerformance(db: Queryable, day: string | null = null): Promise<Performance | null> {
  const curve = await readCurve(db, day);
  const last = curve?.days.at(-1);
  if (!curve || !last) return null;
  const fills = await readFills(db, day === null ? null : endOfDay(day));
  const profits = profitsOf(roundTrips(fills, await readOpenings(db)));
  const daily = [curve.start, ...curve.days.map((one) => one.close)];
  return { from: curve.from, to: curve.to, day: last.day, metrics: figures({ daily, spanMs: curve.to - curve.from, deepest: curve.drawdown.deepest, profits, fills: fills.length }) };
}
