/** Performance of the account over the stored curve, as named figures. Nothing here writes. */
import { FIGURES, type FigureEntry, type FigureName } from '#app/analytics/catalogue.ts';
import { measureFigures } from '#app/analytics/figures.ts';
import { holdingsOf, profitsOf, roundTrips } from '#app/analytics/round-trips.ts';
import { slippage, type Slippage } from '#app/analytics/slippage.ts';
import { toFloat } from '#app/domain/numeric.ts';
import { daysFromCivil, parseDate, type EpochMs } from '#app/domain/time.ts';
import { endOfDay } from '#app/market/calendar.ts';
import type { Queryable } from '#chassis/db.ts';
import { readCurve } from './curve.ts';
import { readFills } from './fills.ts';
import { readOpenings } from './openings.ts';

/** One figure; `value` null when there is not enough data for it. */
export type Metric = { readonly name: string; readonly value: number | null; readonly unit: string };

/** The figures and the market time they cover; `day`: the last exchange day in them. */
export type Performance = { readonly from: EpochMs; readonly to: EpochMs; readonly day: string; readonly metrics: readonly Metric[] };

/**
 * What figures are made of: equity before the first day and at each day's end, their exchange days where they are known, the span in milliseconds, the deepest fall (a fraction <= 0),
 * profits of closed round trips in dollars and how long each was held, in order of their exits, number of fills, the dollars paid in fees, and what the fills cost beyond the prices decided on.
 */
export type FigureParts = {
  readonly daily: readonly number[]; readonly days?: readonly string[]; readonly spanMs: number; readonly deepest: number; readonly profits: Float64Array; readonly holdingMs?: Float64Array; readonly fills: number; readonly fees?: number;
  readonly slippage?: Slippage;
};

/** Without a benchmark, stops, and the value held at every minute these have nothing to stand on: an account's table would show them empty for ever. */
const NEVER_MEASURED: ReadonlySet<FigureName> = new Set([
  'deflated_sharpe', 'max_drawdown_days', 'expectancy_r', 'average_mae', 'average_mfe', 'exposure', 'average_exposure', 'turnover', 'cost_of_gains', 'long_trips', 'long_profit', 'long_win_rate', 'short_trips', 'short_profit', 'short_win_rate',
]);

/** The figures of the catalogue that an account has, in its order. */
export const ACCOUNT_FIGURES: readonly FigureEntry[] = FIGURES.filter(({ name, group }) => group !== 'benchmark' && !NEVER_MEASURED.has(name));

/** The named figures, in the order of the catalogue. Rates are fractions; the risk-free rate is 0. */
export function figures({ daily, days, spanMs, deepest, profits, holdingMs, fills, fees, slippage: lost }: FigureParts): Metric[] {
  const dayNumbers = days?.map((day) => daysFromCivil(parseDate(day))) ?? null;
  const [startDay] = dayNumbers ?? [];
  const values = measureFigures({
    daily: Float64Array.from(daily), dates: dayNumbers === null || startDay === undefined ? null : { days: dayNumbers, startDay }, spanMs, deepest, deepestDays: null, benchmark: null,
    trips: { profit: profits, ...(holdingMs ? { holdingMs } : {}) }, exposure: null, traded: null, costs: fees ?? null, fills, ...(lost ? { slippage: lost } : {}),
  });
  return ACCOUNT_FIGURES.map(({ name, unit }) => ({ name, value: values[name], unit }));
}

/** Measures what was traded up to the end of an exchange day (null = everything); null before the first point of the curve. */
export async function measurePerformance(db: Queryable, day: string | null = null): Promise<Performance | null> {
  const curve = await readCurve(db, day);
  const last = curve?.days.at(-1);
  if (!curve || !last) return null;
  const fills = await readFills(db, day === null ? null : endOfDay(day));
  const trips = roundTrips(fills, await readOpenings(db));
  const metrics = figures({
    daily: [curve.start, ...curve.days.map((one) => one.close)], days: curve.days.map((one) => one.day), spanMs: curve.to - curve.from, deepest: curve.drawdown.deepest,
    profits: profitsOf(trips), holdingMs: holdingsOf(trips), fills: fills.length, fees: fills.reduce((sum, fill) => sum + toFloat(fill.fee), 0),
    slippage: slippage(fills.map(({ side, qty, price, reference }) => ({ side, qty: toFloat(qty), price: toFloat(price), reference }))),
  });
  return { from: curve.from, to: curve.to, day: last.day, metrics };
}
