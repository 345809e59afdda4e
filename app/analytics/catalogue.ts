/** Every figure by name: what people call it, its unit, how it is made and where that comes from. Tables and reports show it beside the number. */

/** How a figure is written: `dollars` and `percent` (of a fraction) with their sign, `share` a fraction that has none, a plain `ratio`, a `count`. */
export type FigureKind = 'dollars' | 'percent' | 'share' | 'ratio' | 'count';

/** One entry. */
export type FigureEntry = { readonly name: string; readonly label: string; readonly kind: FigureKind; readonly unit: string; readonly formula: string; readonly source: string };

/** The figures of an account or a backtest, in the order in which they are shown. */
export const FIGURES: readonly FigureEntry[] = [
  { name: 'total_return', label: 'Total return', kind: 'percent', unit: 'fraction', formula: 'last equity / first equity − 1', source: 'Definition; the first equity is that of the first day’s opening' },
  { name: 'cagr', label: 'Growth per year (CAGR)', kind: 'percent', unit: 'fraction per year', formula: '(last / first) ^ (365.25 / calendar days) − 1', source: 'Definition, calendar days' },
  { name: 'volatility', label: 'Volatility', kind: 'share', unit: 'fraction per year', formula: 'sample deviation of daily returns × √252', source: 'Definition; log returns are not used' },
  { name: 'sharpe', label: 'Sharpe ratio', kind: 'ratio', unit: 'per year', formula: 'mean(r) / sample deviation(r) × √252, risk-free rate 0', source: 'Sharpe, Journal of Portfolio Management 21(1), 1994' },
  { name: 'sortino', label: 'Sortino ratio', kind: 'ratio', unit: 'per year', formula: 'mean(r) / √(Σ min(r, 0)² / n) × √252', source: 'Sortino and van der Meer, Journal of Portfolio Management 17(4), 1991' },
  { name: 'max_drawdown', label: 'Maximum drawdown', kind: 'percent', unit: 'fraction', formula: 'smallest (equity / highest equity before − 1), over every minute', source: 'Definition' },
  { name: 'calmar', label: 'Calmar ratio', kind: 'ratio', unit: 'per year', formula: 'CAGR / |maximum drawdown|, whole period', source: 'Young, Futures, October 1991' },
  { name: 'best_day', label: 'Best day', kind: 'percent', unit: 'fraction', formula: 'largest daily return', source: 'Definition' },
  { name: 'worst_day', label: 'Worst day', kind: 'percent', unit: 'fraction', formula: 'smallest daily return', source: 'Definition' },
  { name: 'win_rate', label: 'Win rate', kind: 'share', unit: 'fraction', formula: 'winners / (winners + losers), closed round trips after fees', source: 'Definition; break-even trips count on neither side' },
  { name: 'profit_factor', label: 'Profit factor', kind: 'ratio', unit: 'ratio', formula: 'dollars won / dollars lost', source: 'Definition; empty while nothing was lost' },
  { name: 'expectancy', label: 'Expectancy', kind: 'dollars', unit: 'dollars per round trip', formula: 'mean profit of a closed round trip after fees', source: 'Definition' },
  { name: 'payoff_ratio', label: 'Payoff ratio', kind: 'ratio', unit: 'ratio', formula: 'mean winner / mean loser', source: 'Definition' },
  { name: 'round_trips', label: 'Round trips', kind: 'count', unit: 'count', formula: 'positions from flat to flat, per strategy and symbol', source: 'Definition' },
  { name: 'fills', label: 'Fills', kind: 'count', unit: 'count', formula: 'executions in the ledger', source: 'Definition' },
  { name: 'trading_days', label: 'Trading days', kind: 'count', unit: 'count', formula: 'exchange days with a point of the equity curve', source: 'Definition' },
];
