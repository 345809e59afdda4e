/** Every figure of the catalogue out of days, round trips and what was held: the one place that decides which rule applies to which number. */
import { DAY_MS } from '#app/domain/time.ts';
import { alpha } from './alpha.ts';
import { beta } from './beta.ts';
import { cagr, cagrOfReturns } from './cagr.ts';
import { calmar } from './calmar.ts';
import { monthlyReturns, yearlyReturns } from './calendar-returns.ts';
import { downCapture, upCapture } from './capture.ts';
import { FIGURES, MIN_DAYS_FOR_YEARLY, type FigureName, type Figures } from './catalogue.ts';
import { commonSenseRatio } from './common-sense-ratio.ts';
import { correlation, rSquared } from './correlation.ts';
import { cpcIndex } from './cpc-index.ts';
import { deflatedSharpe, type TrialsFacts } from './deflated-sharpe.ts';
import { downsideDeviation } from './downside-deviation.ts';
import { datedFall, fallsFrom, summariseFalls } from './drawdowns.ts';
import { expectedReturn } from './expected-return.ts';
import { extremes } from './extremes.ts';
import { gainToPain } from './gain-to-pain.ts';
import { excessKurtosis } from './kurtosis.ts';
import { omega } from './omega.ts';
import { outlierLossRatio, outlierWinRatio } from './outlier-ratio.ts';
import { returnOverMonths, returnToDate, yearlyReturnOverMonths } from './period-returns.ts';
import { minimumTrackRecord, probabilisticSharpe } from './probabilistic-sharpe.ts';
import { ascending } from './quantile.ts';
import { recoveryFactor } from './recovery-factor.ts';
import { simpleReturns, TRADING_DAYS_PER_YEAR } from './returns.ts';
import { riskReturnRatio } from './risk-return-ratio.ts';
import { serenityRatio } from './serenity-ratio.ts';
import { sharpe, type RatioOptions } from './sharpe.ts';
import { skewness } from './skewness.ts';
import type { Slippage } from './slippage.ts';
import { smartSharpe } from './smart-sharpe.ts';
import { adjustedSortino, sortino } from './sortino.ts';
import { tailRatio } from './tail-ratio.ts';
import { totalReturn } from './total-return.ts';
import { informationRatio, trackingError } from './tracking-error.ts';
import { treynor } from './treynor.ts';
import { tripFigures, type TripFacts } from './trip-figures.ts';
import { turnover } from './turnover.ts';
import { fallsOf, martinRatio, ulcerIndex } from './ulcer-index.ts';
import { expectedShortfall, normalShortfall, normalValueAtRisk, valueAtRisk } from './value-at-risk.ts';
import { volatility } from './volatility.ts';

/** What figures are made of. A part that nobody knows is null, and its figures are, too. */
export type FigureParts = {
  /** Equity before the first day and at the end of each, dollars. */ readonly daily: Float64Array;
  /** Local day numbers of those ends, and the local day in which the curve begins. */ readonly dates: { readonly days: ArrayLike<number>; readonly startDay: number } | null;
  /** From the beginning to the end, ms. */ readonly spanMs: number;
  /** The deepest fall over every step, a fraction <= 0, and its length in calendar days. */ readonly deepest: number; readonly deepestDays: number | null;
  /** Value of the benchmark at the end of each day; NaN where it is not known. */ readonly benchmark: Float64Array | null;
  readonly trips: TripFacts;
  /** Parts of the time and of the equity, 0 and up. */ readonly exposure: { readonly time: number; readonly gross: number } | null;
  /** Dollars bought and sold, and mean equity. */ readonly traded: { readonly value: number; readonly meanEquity: number } | null;
  /** Dollars paid in fees, above 0. */ readonly costs: number | null; readonly fills: number;
  /** Fills against the prices that were decided on, where these are known. */ readonly slippage?: Slippage;
  readonly riskFree?: number; readonly periodsPerYear?: number; readonly trials?: TrialsFacts | null;
};

const DAYS_PER_YEAR = 365.25;
const MONTHS_OF_3_YEARS = 36;
const MONTHS_OF_5_YEARS = 60;

type Group = Partial<Record<FigureName, number | null>>;

/** What every group needs. */
type Basis = { readonly parts: FigureParts; readonly options: Required<RatioOptions>; readonly returns: Float64Array; readonly total: number | null; readonly growth: number | null };

function returnFigures({ parts, options, returns, total, growth }: Basis): Group {
  const { daily, dates } = parts;
  const days = extremes(returns);
  const values: Group = { total_return: total, cagr: growth, cagr_trading_days: cagrOfReturns(returns, options.periodsPerYear), best_day: days?.best ?? null, worst_day: days?.worst ?? null, expected_day: expectedReturn(returns) };
  if (dates === null) return values;
  const curve = { daily, days: dates.days, startDay: dates.startDay };
  const [months, years] = [monthlyReturns, yearlyReturns].map((of) => of({ days: dates.days, returns }).map((each) => each.value));
  const [month, year] = [extremes(months ?? []), extremes(years ?? [])];
  return {
    ...values, return_mtd: returnToDate(curve, 'month'), return_ytd: returnToDate(curve, 'year'), return_3m: returnOverMonths(curve, 3), return_6m: returnOverMonths(curve, 6), return_1y: returnOverMonths(curve, 12),
    return_3y: yearlyReturnOverMonths(curve, MONTHS_OF_3_YEARS), return_5y: yearlyReturnOverMonths(curve, MONTHS_OF_5_YEARS),
    best_month: month?.best ?? null, worst_month: month?.worst ?? null, best_year: year?.best ?? null, worst_year: year?.worst ?? null,
    expected_month: expectedReturn(months ?? []), expected_year: expectedReturn(years ?? []), gain_to_pain_monthly: gainToPain(months ?? []),
  };
}

function fallFigures({ daily, dates, deepest, deepestDays }: FigureParts): Group {
  const closes = daily.subarray(1);
  const ends = dates && Float64Array.from(dates.days, (day) => day * DAY_MS);
  const summary = summariseFalls(fallsFrom(daily[0] ?? 0, closes).map((fall) => datedFall(fall, ends ?? [], (dates?.startDay ?? 0) * DAY_MS)));
  return {
    max_drawdown: deepest, max_drawdown_days: deepestDays, average_drawdown: summary.averageFall,
    longest_drawdown_days: ends && summary.longestDays, average_drawdown_days: ends && summary.averageDays,
  };
}

function riskFigures({ parts, options, returns, total, growth }: Basis): Group {
  const falls = fallsOf(parts.daily);
  const [ulcer, spread] = [ulcerIndex(falls), volatility(returns, options.periodsPerYear)];
  // The order of the days is nothing to a quantile: they are sorted once.
  const sorted = ascending(returns);
  return {
    ...fallFigures(parts), volatility: spread, downside_deviation: downsideDeviation(returns, options), recovery_factor: recoveryFactor(total, parts.deepest), ulcer_index: ulcer,
    value_at_risk_95: valueAtRisk(sorted, 0.95), value_at_risk_99: valueAtRisk(sorted, 0.99), expected_shortfall_95: expectedShortfall(sorted, 0.95), expected_shortfall_99: expectedShortfall(sorted, 0.99),
    normal_value_at_risk_95: normalValueAtRisk(returns, 0.95), normal_value_at_risk_99: normalValueAtRisk(returns, 0.99), normal_shortfall_95: normalShortfall(returns, 0.95), normal_shortfall_99: normalShortfall(returns, 0.99),
    skewness: skewness(returns), kurtosis: excessKurtosis(returns), tail_ratio: tailRatio(sorted), outlier_win_ratio: outlierWinRatio(sorted), outlier_loss_ratio: outlierLossRatio(sorted),
    calmar: calmar(growth, parts.deepest), martin_ratio: martinRatio(growth, options.riskFree, ulcer), serenity_ratio: serenityRatio({ growth, riskFree: options.riskFree, volatility: spread, falls }),
  };
}

function ratioFigures({ parts, options, returns }: Basis): Group {
  return {
    sharpe: sharpe(returns, options), smart_sharpe: smartSharpe(returns, options), sortino: sortino(returns, options), adjusted_sortino: adjustedSortino(returns, options),
    probabilistic_sharpe: probabilisticSharpe(returns, options), minimum_track_record: minimumTrackRecord(returns, 0.95, options), deflated_sharpe: parts.trials ? deflatedSharpe(returns, parts.trials, options) : null,
    omega: omega(returns), risk_return_ratio: riskReturnRatio(returns), gain_to_pain: gainToPain(returns), common_sense_ratio: commonSenseRatio(returns),
  };
}

/** Returns of the curve and the benchmark on the days on which both have one; the benchmark's begin with the second day. */
function pairedReturns({ benchmark, dates }: FigureParts, returns: Float64Array): { readonly own: Float64Array; readonly its: Float64Array; readonly days: number[] } {
  const [own, its, days]: [number[], number[], number[]] = [[], [], []];
  for (let n = 1; n < returns.length; n += 1) {
    const theirs = (benchmark?.[n] ?? Number.NaN) / (benchmark?.[n - 1] ?? Number.NaN) - 1;
    if (!Number.isFinite(theirs)) continue;
    own.push(returns[n] ?? 0);
    its.push(theirs);
    days.push(dates?.days[n] ?? 0);
  }
  return { own: Float64Array.from(own), its: Float64Array.from(its), days };
}

/** Last / first value that is known - 1: a day without one takes nothing from the whole, where a product of daily returns would lose two of them. Null with fewer than two. */
function benchmarkReturn(benchmark: Float64Array | null): number | null {
  const known = benchmark?.filter((value) => value > 0);
  return known === undefined || known.length < 2 ? null : totalReturn(known);
}

function benchmarkFigures({ parts, options, returns }: Basis): Group {
  const values: Group = { benchmark_return: benchmarkReturn(parts.benchmark) };
  const { own, its, days } = pairedReturns(parts, returns);
  if (its.length < MIN_DAYS_FOR_YEARLY) return values;
  const slope = beta(own, its);
  const [months, theirs] = [own, its].map((column) => (parts.dates === null ? [] : monthlyReturns({ days, returns: column }).map((each) => each.value)));
  return {
    ...values, alpha: alpha(own, its, options), beta: slope, correlation: correlation(own, its), r_squared: rSquared(own, its), tracking_error: trackingError(own, its, options.periodsPerYear),
    information_ratio: informationRatio(own, its, options.periodsPerYear), treynor: treynor(own, slope, options), up_capture: upCapture(months ?? [], theirs ?? []), down_capture: downCapture(months ?? [], theirs ?? []),
  };
}

function marketFigures({ exposure, traded, costs, fills, slippage, spanMs }: FigureParts): Group {
  const lost = slippage?.dollars ?? null;
  return {
    exposure: exposure?.time ?? null, average_exposure: exposure?.gross ?? null, turnover: traded && turnover(traded.value, traded.meanEquity, spanMs / (DAYS_PER_YEAR * DAY_MS)),
    // A cost is shown as a loss; nothing paid is 0, not -0.
    costs: costs === null ? null : 0 - costs, slippage: lost === null ? null : 0 - lost, slippage_bps: slippage?.basisPoints ?? null, fills,
  };
}

/** Measures. Figures per year stay null below 20 daily returns; a value that is not finite has no meaning and is null. */
export function measureFigures(parts: FigureParts): Figures {
  const options = { riskFree: parts.riskFree ?? 0, periodsPerYear: parts.periodsPerYear ?? TRADING_DAYS_PER_YEAR };
  const returns = simpleReturns(parts.daily);
  const isLong = returns.length >= MIN_DAYS_FOR_YEARLY;
  const basis: Basis = { parts, options, returns, total: totalReturn(parts.daily), growth: isLong ? cagr(parts.daily, parts.spanMs) : null };
  const trips = tripFigures(parts.trips, parts.daily[0] ?? 0);
  const all: Group = {
    ...returnFigures(basis), ...riskFigures(basis), ...ratioFigures(basis), ...benchmarkFigures(basis), ...trips, ...marketFigures(parts),
    cpc_index: cpcIndex(trips.profit_factor, trips.win_rate, trips.payoff_ratio), trading_days: returns.length,
  };
  const shown = ({ name, isYearly }: (typeof FIGURES)[number]): number | null => {
    const value = all[name] ?? null;
    return value === null || !Number.isFinite(value) || (isYearly && !isLong) ? null : value;
  };
  return Object.fromEntries(FIGURES.map((entry) => [entry.name, shown(entry)])) as Record<FigureName, number | null>;
}
