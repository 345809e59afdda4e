/** Every figure by name: what people call it, its unit, how it is made and where that comes from. Tables and reports show it beside the number. */

/** How a figure is written: `dollars` and `percent` (of a fraction) with their sign, `share` a fraction that has none, a plain `ratio`, a `count`, a `duration` of milliseconds. */
export type FigureKind = 'dollars' | 'percent' | 'share' | 'ratio' | 'count' | 'duration';

/** Under which heading it is shown. */
export type FigureGroup = 'return' | 'risk' | 'ratio' | 'benchmark' | 'trades';

/** One entry. `isYearly`: a figure per year or out of many days, which stays empty below MIN_DAYS_FOR_YEARLY days. */
export type FigureEntry = {
  readonly name: FigureName; readonly group: FigureGroup; readonly label: string; readonly kind: FigureKind; readonly unit: string; readonly formula: string; readonly source: string; readonly isYearly: boolean;
};

/** Yearly figures out of a few days are noise dressed as numbers: below this many daily returns they stay empty. */
export const MIN_DAYS_FOR_YEARLY = 20;

type Row = readonly [label: string, kind: FigureKind, unit: string, formula: string, source: string, yearly?: 'yearly'];

const RETURN = {
  total_return: ['Total return', 'percent', 'fraction', 'last equity / first equity − 1', 'Definition; the first equity is that of the first day’s opening'],
  cagr: ['Growth per year (CAGR)', 'percent', 'fraction per year', '(last / first) ^ (365.25 / calendar days) − 1', 'Definition, calendar days', 'yearly'],
  cagr_trading_days: ['Growth per 252 trading days', 'percent', 'fraction per year', '(1 + R) ^ (252 / trading days) − 1', 'Definition, trading days', 'yearly'],
  return_mtd: ['This month', 'percent', 'fraction', 'last equity / equity at the end of the month before − 1', 'Definition'],
  return_3m: ['Last 3 months', 'percent', 'fraction', 'last equity / equity three calendar months before − 1', 'Definition'],
  return_6m: ['Last 6 months', 'percent', 'fraction', 'last equity / equity six calendar months before − 1', 'Definition'],
  return_ytd: ['This year', 'percent', 'fraction', 'last equity / equity at the end of the year before − 1', 'Definition'],
  return_1y: ['Last year', 'percent', 'fraction', 'last equity / equity twelve calendar months before − 1', 'Definition'],
  return_3y: ['Last 3 years, per year', 'percent', 'fraction per year', '(last / equity 36 calendar months before) ^ (1/3) − 1', 'Definition'],
  return_5y: ['Last 5 years, per year', 'percent', 'fraction per year', '(last / equity 60 calendar months before) ^ (1/5) − 1', 'Definition'],
  best_day: ['Best day', 'percent', 'fraction', 'largest daily return', 'Definition'],
  worst_day: ['Worst day', 'percent', 'fraction', 'smallest daily return', 'Definition'],
  best_month: ['Best month', 'percent', 'fraction', 'largest return of a calendar month; the first and last may be parts', 'Definition'],
  worst_month: ['Worst month', 'percent', 'fraction', 'smallest return of a calendar month; the first and last may be parts', 'Definition'],
  best_year: ['Best year', 'percent', 'fraction', 'largest return of a calendar year; the first and last may be parts', 'Definition'],
  worst_year: ['Worst year', 'percent', 'fraction', 'smallest return of a calendar year; the first and last may be parts', 'Definition'],
  expected_day: ['Expected day', 'percent', 'fraction', 'geometric mean of daily returns', 'Definition; as QuantStats'],
  expected_month: ['Expected month', 'percent', 'fraction', 'geometric mean of monthly returns', 'Definition; as QuantStats', 'yearly'],
  expected_year: ['Expected year', 'percent', 'fraction', 'geometric mean of the returns of calendar years', 'Definition; as QuantStats', 'yearly'],
} as const satisfies Readonly<Record<string, Row>>;

const RISK = {
  volatility: ['Volatility', 'share', 'fraction per year', 'sample deviation of daily returns × √252', 'Definition; log returns are not used', 'yearly'],
  downside_deviation: ['Downside deviation', 'share', 'fraction per year', '√(Σ min(r − rf, 0)² / n) × √252, n = all days', 'Sortino and van der Meer, Journal of Portfolio Management 17(4), 1991', 'yearly'],
  max_drawdown: ['Maximum drawdown', 'percent', 'fraction', 'smallest (equity / highest equity before − 1), over every step of the curve', 'Definition'],
  max_drawdown_days: ['Length of the deepest fall', 'count', 'calendar days', 'from its peak to its recovery, or to the end while there is none', 'Definition'],
  longest_drawdown_days: ['Longest time under water', 'count', 'calendar days', 'longest way from a peak to its recovery, over daily closes', 'Definition'],
  average_drawdown: ['Average drawdown', 'percent', 'fraction', 'mean depth of all falls between two peaks, over daily closes', 'Definition; as QuantStats'],
  average_drawdown_days: ['Average length of a fall', 'count', 'calendar days', 'mean time from peak to recovery, over daily closes', 'Definition'],
  recovery_factor: ['Recovery factor', 'ratio', 'ratio', 'total return / |maximum drawdown|', 'Definition; compounded return'],
  ulcer_index: ['Ulcer index', 'share', 'fraction', '√(Σ fall² / n) over daily closes', 'Martin and McCann, The Investor’s Guide to Fidelity Funds, 1989'],
  value_at_risk_95: ['Value at risk, 95 %', 'percent', 'fraction of a day', '5 % quantile of daily returns, interpolated', 'Historical simulation; Jorion, Value at Risk, 2007', 'yearly'],
  value_at_risk_99: ['Value at risk, 99 %', 'percent', 'fraction of a day', '1 % quantile of daily returns, interpolated', 'Historical simulation; Jorion, Value at Risk, 2007', 'yearly'],
  expected_shortfall_95: ['Expected shortfall, 95 %', 'percent', 'fraction of a day', 'mean of the returns at or below the 5 % quantile (CVaR)', 'Rockafellar and Uryasev, Journal of Risk 2(3), 2000', 'yearly'],
  expected_shortfall_99: ['Expected shortfall, 99 %', 'percent', 'fraction of a day', 'mean of the returns at or below the 1 % quantile (CVaR)', 'Rockafellar and Uryasev, Journal of Risk 2(3), 2000', 'yearly'],
  normal_value_at_risk_95: ['Normal value at risk, 95 %', 'percent', 'fraction of a day', 'mean + Φ⁻¹(5 %) × deviation', 'Variance-covariance method; Jorion, 2007', 'yearly'],
  normal_value_at_risk_99: ['Normal value at risk, 99 %', 'percent', 'fraction of a day', 'mean + Φ⁻¹(1 %) × deviation', 'Variance-covariance method; Jorion, 2007', 'yearly'],
  normal_shortfall_95: ['Normal expected shortfall, 95 %', 'percent', 'fraction of a day', 'mean − deviation × φ(Φ⁻¹(5 %)) / 5 %', 'McNeil, Frey and Embrechts, Quantitative Risk Management, 2005, 2.2.4', 'yearly'],
  normal_shortfall_99: ['Normal expected shortfall, 99 %', 'percent', 'fraction of a day', 'mean − deviation × φ(Φ⁻¹(1 %)) / 1 %', 'McNeil, Frey and Embrechts, Quantitative Risk Management, 2005, 2.2.4', 'yearly'],
  skewness: ['Skewness', 'ratio', 'ratio', 'm₃ / m₂^1.5 of daily returns (0 for a normal distribution)', 'Definition, moments with divisor n', 'yearly'],
  kurtosis: ['Excess kurtosis', 'ratio', 'ratio', 'm₄ / m₂² − 3 of daily returns (0 for a normal distribution)', 'Definition, moments with divisor n', 'yearly'],
  tail_ratio: ['Tail ratio', 'ratio', 'ratio', '95 % quantile / |5 % quantile| of daily returns', 'As empyrical and QuantStats', 'yearly'],
  outlier_win_ratio: ['Outlier win ratio', 'ratio', 'ratio', '99 % quantile of daily returns / mean of those ≥ 0', 'As QuantStats', 'yearly'],
  outlier_loss_ratio: ['Outlier loss ratio', 'ratio', 'ratio', '1 % quantile of daily returns / mean of those < 0', 'As QuantStats', 'yearly'],
} as const satisfies Readonly<Record<string, Row>>;

const RATIO = {
  sharpe: ['Sharpe ratio', 'ratio', 'per year', 'mean(r − rf) / sample deviation(r) × √252', 'Sharpe, Journal of Portfolio Management 21(1), 1994', 'yearly'],
  smart_sharpe: ['Smart Sharpe ratio', 'ratio', 'per year', 'Sharpe / √(1 + 2 Σ (1 − k/n) ρᵏ), ρ = autocorrelation of one day', 'Lo, Financial Analysts Journal 58(4), 2002', 'yearly'],
  probabilistic_sharpe: ['Probability that Sharpe > 0', 'share', 'probability', 'Φ(SR √(n − 1) / √(1 − γ₃ SR + (γ₄ − 1)/4 SR²)), SR per day', 'Bailey and López de Prado, Journal of Risk 15(2), 2012', 'yearly'],
  deflated_sharpe: ['Deflated Sharpe ratio', 'share', 'probability', 'the same against the Sharpe expected of the best of N worthless trials', 'Bailey and López de Prado, Journal of Portfolio Management 40(5), 2014', 'yearly'],
  minimum_track_record: ['Days needed to believe the Sharpe', 'count', 'trading days', '1 + (1 − γ₃ SR + (γ₄ − 1)/4 SR²) (Φ⁻¹(95 %) / SR)²', 'Bailey and López de Prado, Journal of Risk 15(2), 2012', 'yearly'],
  sortino: ['Sortino ratio', 'ratio', 'per year', 'mean(r − rf) / √(Σ min(r − rf, 0)² / n) × √252', 'Sortino and van der Meer, Journal of Portfolio Management 17(4), 1991', 'yearly'],
  adjusted_sortino: ['Sortino / √2', 'ratio', 'per year', 'Sortino ratio / √2: on the scale of the Sharpe ratio', 'Schwager, 2010, as in QuantStats', 'yearly'],
  calmar: ['Calmar ratio', 'ratio', 'per year', 'CAGR / |maximum drawdown|, whole period', 'Young, Futures, October 1991'],
  martin_ratio: ['Martin ratio (UPI)', 'ratio', 'per year', '(CAGR − rf) / ulcer index', 'Martin and McCann, 1989'],
  serenity_ratio: ['Serenity ratio', 'ratio', 'per year', '(CAGR − rf) / (ulcer index × mean of the deepest 5 % of falls / volatility)', 'KeyQuant, Introducing the Serenity Ratio, 2015', 'yearly'],
  omega: ['Omega ratio', 'ratio', 'ratio', 'Σ max(r, 0) / Σ max(−r, 0) of daily returns', 'Keating and Shadwick, Journal of Performance Measurement 6(3), 2002', 'yearly'],
  risk_return_ratio: ['Return per risk of a day', 'ratio', 'per day', 'mean / sample deviation of daily returns', 'As QuantStats', 'yearly'],
  gain_to_pain: ['Gain to pain, days', 'ratio', 'ratio', 'Σ r / Σ |r < 0| of daily returns', 'Schwager, Hedge Fund Market Wizards, 2012, appendix A', 'yearly'],
  gain_to_pain_monthly: ['Gain to pain, months', 'ratio', 'ratio', 'Σ r / Σ |r < 0| of monthly returns', 'Schwager, Hedge Fund Market Wizards, 2012, appendix A', 'yearly'],
  common_sense_ratio: ['Common sense ratio', 'ratio', 'ratio', 'tail ratio × Σ max(r, 0) / Σ max(−r, 0), daily', 'Bernut, Algorithmic Short Selling with Python, 2021', 'yearly'],
  cpc_index: ['CPC index', 'ratio', 'ratio', 'profit factor × win rate × payoff ratio', 'As QuantStats; Tradery'],
} as const satisfies Readonly<Record<string, Row>>;

const BENCHMARK = {
  benchmark_return: ['Return of the benchmark', 'percent', 'fraction', 'last / first known value at the end of a day − 1', 'Definition'],
  alpha: ['Alpha', 'percent', 'fraction per year', '(mean(r − rf) − β mean(b − rf)) × 252', 'Jensen, Journal of Finance 23(2), 1968', 'yearly'],
  beta: ['Beta', 'ratio', 'ratio', 'cov(r, b) / var(b), simple daily returns', 'Sharpe, Journal of Finance 19(3), 1964', 'yearly'],
  correlation: ['Correlation', 'ratio', 'ratio', 'cov(r, b) / (σ(r) σ(b))', 'Definition (Pearson)', 'yearly'],
  r_squared: ['R²', 'share', 'fraction', 'correlation²', 'Definition', 'yearly'],
  tracking_error: ['Tracking error', 'share', 'fraction per year', 'sample deviation(r − b) × √252', 'Grinold and Kahn, Active Portfolio Management, 1999', 'yearly'],
  information_ratio: ['Information ratio', 'ratio', 'per year', 'mean(r − b) / sample deviation(r − b) × √252', 'Grinold and Kahn, Active Portfolio Management, 1999', 'yearly'],
  treynor: ['Treynor ratio', 'percent', 'fraction per year', 'mean(r − rf) × 252 / β', 'Treynor, Harvard Business Review 43(1), 1965', 'yearly'],
  up_capture: ['Up capture', 'ratio', 'ratio', 'geometric mean of months in which the benchmark rose / that of the benchmark', 'Morningstar, Upside and Downside Capture Ratio', 'yearly'],
  down_capture: ['Down capture', 'ratio', 'ratio', 'geometric mean of months in which the benchmark fell / that of the benchmark', 'Morningstar, Upside and Downside Capture Ratio', 'yearly'],
} as const satisfies Readonly<Record<string, Row>>;

const TRADES = {
  round_trips: ['Round trips', 'count', 'count', 'closed positions, from flat to flat, per strategy and symbol', 'Definition'],
  win_rate: ['Win rate', 'share', 'fraction', 'winners / (winners + losers), closed round trips after fees', 'Definition; break-even trips count on neither side'],
  break_even_trips: ['Broke even', 'count', 'count', 'closed round trips of a profit of 0', 'Definition'],
  average_win: ['Average winner', 'dollars', 'dollars per round trip', 'mean profit of the winners after fees', 'Definition'],
  average_loss: ['Average loser', 'dollars', 'dollars per round trip', 'mean profit of the losers after fees', 'Definition'],
  best_trip: ['Best round trip', 'dollars', 'dollars', 'largest profit of a closed round trip', 'Definition'],
  worst_trip: ['Worst round trip', 'dollars', 'dollars', 'smallest profit of a closed round trip', 'Definition'],
  payoff_ratio: ['Payoff ratio', 'ratio', 'ratio', 'mean winner / mean loser', 'Definition'],
  profit_factor: ['Profit factor', 'ratio', 'ratio', 'dollars won / dollars lost', 'Definition; empty while nothing was lost'],
  expectancy: ['Expectancy', 'dollars', 'dollars per round trip', 'mean profit of a closed round trip after fees', 'Definition'],
  expectancy_r: ['Expectancy in R', 'ratio', 'R', 'mean of profit / dollars at risk by the stop at the entry; of trips that had one', 'Tharp, Trade Your Way to Financial Freedom, 1998'],
  system_quality: ['System quality number (SQN)', 'ratio', 'ratio', '√min(n, 100) × mean(R) / sample deviation(R); R = dollars unless every trip had a stop', 'Tharp, Definitive Guide to Position Sizing, 2008'],
  kelly: ['Kelly part', 'percent', 'fraction of equity', 'W − (1 − W) / payoff ratio', 'Kelly, Bell System Technical Journal 35(4), 1956'],
  half_kelly: ['Half Kelly', 'percent', 'fraction of equity', 'Kelly part / 2', 'MacLean, Thorp and Ziemba, Quantitative Finance 10(7), 2010'],
  risk_of_ruin: ['Risk of ruin', 'share', 'probability', 'exp(−2 mean / deviation²) of profits as parts of the equity before each (an account: of its first), sizes staying as they are', 'Cox and Miller, The Theory of Stochastic Processes, 1965, 5.7'],
  winning_streak: ['Winners in a row', 'count', 'count', 'longest run of winning round trips, in order of their exits', 'Definition'],
  losing_streak: ['Losers in a row', 'count', 'count', 'longest run of losing round trips, in order of their exits', 'Definition'],
  average_holding: ['Average holding time', 'duration', 'milliseconds', 'mean time from entry to exit', 'Definition'],
  longest_holding: ['Longest holding time', 'duration', 'milliseconds', 'longest time from entry to exit', 'Definition'],
  average_mae: ['Average adverse excursion (MAE)', 'dollars', 'dollars per round trip', 'mean of the furthest fall of the open profit', 'Sweeney, Maximum Adverse Excursion, 1996'],
  average_mfe: ['Average favourable excursion (MFE)', 'dollars', 'dollars per round trip', 'mean of the furthest rise of the open profit', 'Sweeney, Maximum Adverse Excursion, 1996'],
  exposure: ['Time in the market', 'share', 'fraction', 'steps with a position / steps', 'Definition'],
  average_exposure: ['Average exposure', 'share', 'fraction of equity', 'mean of gross value held / equity', 'Definition'],
  turnover: ['Turnover per year', 'ratio', 'times per year', '(bought + sold) / 2 / mean equity / years', 'Definition', 'yearly'],
  costs: ['Fees paid', 'dollars', 'dollars', 'commissions and fees of all fills, as a loss', 'Definition'],
  slippage: ['Slippage', 'dollars', 'dollars', 'what fills cost beyond the price on which their orders were decided, as a loss', 'Perold, Journal of Portfolio Management 14(3), 1988'],
  slippage_bps: ['Slippage per value', 'ratio', 'basis points', 'the same, of the value at the prices decided on; above 0 is a loss', 'Perold, Journal of Portfolio Management 14(3), 1988'],
  cost_of_gains: ['Fees per dollar of gain', 'ratio', 'ratio', 'fees / (profit before fees), of closed round trips; empty without a gain', 'Definition'],
  long_trips: ['Long round trips', 'count', 'count', 'closed round trips that began with a purchase', 'Definition'],
  long_profit: ['Profit of long trips', 'dollars', 'dollars', 'sum after fees', 'Definition'],
  long_win_rate: ['Win rate, long', 'share', 'fraction', 'winners / (winners + losers) of them', 'Definition'],
  short_trips: ['Short round trips', 'count', 'count', 'closed round trips that began with a short sale', 'Definition'],
  short_profit: ['Profit of short trips', 'dollars', 'dollars', 'sum after fees', 'Definition'],
  short_win_rate: ['Win rate, short', 'share', 'fraction', 'winners / (winners + losers) of them', 'Definition'],
  fills: ['Fills', 'count', 'count', 'executions in the ledger', 'Definition'],
  trading_days: ['Trading days', 'count', 'count', 'exchange days with a point of the equity curve', 'Definition'],
} as const satisfies Readonly<Record<string, Row>>;

const ROWS = { return: RETURN, risk: RISK, ratio: RATIO, benchmark: BENCHMARK, trades: TRADES } as const satisfies Readonly<Record<FigureGroup, Readonly<Record<string, Row>>>>;

/** The name of a figure, as it stands in tables. */
export type FigureName = keyof typeof RETURN | keyof typeof RISK | keyof typeof RATIO | keyof typeof BENCHMARK | keyof typeof TRADES;

/** Every figure, null where it has no meaning. */
export type Figures = Readonly<Record<FigureName, number | null>>;

/** The figures of an account or a backtest, in the order in which they are shown. */
export const FIGURES: readonly FigureEntry[] = Object.entries(ROWS).flatMap(([group, rows]) =>
  Object.entries(rows as Readonly<Record<string, Row>>).map(([name, [label, kind, unit, formula, source, yearly]]): FigureEntry => (
    { name: name as FigureName, group: group as FigureGroup, label, kind, unit, formula, source, isYearly: yearly === 'yearly' })));
