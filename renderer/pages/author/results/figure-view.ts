/** Figures as they are read: written by their kind, with the formula and source of the catalogue and the inputs of this run. Pure. */
import { FIGURES } from '#app/analytics/catalogue.ts';
import type { FigureEntry, FigureKind } from '#app/analytics/catalogue.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { age, count, marketDay, money, NOTHING, percent } from '../../../ui/format.ts';

const BY_NAME = new Map(FIGURES.map((entry) => [entry.name as string, entry]));

/** The catalogue's entry; null for figures of searches that it does not name. */
export const entryOf = (name: string): FigureEntry | null => BY_NAME.get(name) ?? null;

const ratio = (value: number): string => value.toFixed(2).replace('-', '−');

/** A value as it stands in tables. */
export function written(kind: FigureKind, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  switch (kind) {
    case 'percent': return percent(value);
    case 'share': return percent(value, { signed: false, decimals: 1 });
    case 'dollars': return money(value, { signed: true });
    case 'count': return count(Math.round(value));
    case 'duration': return age(value);
    default: return ratio(value);
  }
}

/** Names that searches use beside the catalogue's. */
const SEARCH_NAMES: Readonly<Record<string, readonly [string, FigureKind]>> = { trades: ['Round trips', 'count'], sqn: ['System quality (SQN)', 'ratio'], score: ['Score', 'ratio'] };

/** What a figure is called, by any of its names. */
export const nameOf = (name: string): string => entryOf(name)?.label ?? SEARCH_NAMES[name]?.[0] ?? name.replaceAll('_', ' ');
/** How a figure of any name is written. */
export const writtenBy = (name: string, value: number | null | undefined): string => written(entryOf(name)?.kind ?? SEARCH_NAMES[name]?.[1] ?? 'ratio', value);

/** Figures of which less is better; of all others more is. Drawdowns and losses are below 0, so that more is better there too. */
const LESS: ReadonlySet<string> = new Set([
  'volatility', 'downside_deviation', 'ulcer_index', 'kurtosis', 'max_drawdown_days', 'longest_drawdown_days', 'average_drawdown_days', 'risk_of_ruin', 'losing_streak', 'minimum_track_record', 'cost_of_gains', 'slippage_bps', 'tracking_error', 'down_capture',
]);
/** Figures that are neither good nor bad. */
const NEUTRAL: ReadonlySet<string> = new Set(['round_trips', 'trades', 'fills', 'trading_days', 'exposure', 'average_exposure', 'turnover', 'average_holding', 'longest_holding', 'beta', 'correlation', 'r_squared', 'benchmark_return', 'long_trips', 'short_trips', 'break_even_trips', 'skewness', 'kelly', 'half_kelly']);

/** Is more of it better, less of it, or neither? */
function betterWay(name: string): 'more' | 'less' | 'neither' {
  if (NEUTRAL.has(name)) return 'neither';
  return LESS.has(name) ? 'less' : 'more';
}

/** Which of some values is best: their indices, all that read the same; none when fewer than two are known. */
export function bestOf(name: string, values: readonly (number | null | undefined)[]): ReadonlySet<number> {
  const way = betterWay(name);
  const known = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (way === 'neither' || known.length < 2) return new Set();
  const best = way === 'more' ? Math.max(...known) : Math.min(...known);
  const words = writtenBy(name, best);
  if (known.every((value) => writtenBy(name, value) === words)) return new Set();
  return new Set(values.flatMap((value, n) => (typeof value === 'number' && writtenBy(name, value) === words ? [n] : [])));
}

/** Names for narrow places. */
const SHORT: Readonly<Record<string, string>> = { total_return: 'Return', cagr: 'Per year', sharpe: 'Sharpe', sortino: 'Sortino', calmar: 'Calmar', max_drawdown: 'Deepest fall', exposure: 'In the market', trades: 'Trips' };
/** What a figure is called where there is little room. */
export const shortNameOf = (name: string): string => SHORT[name] ?? nameOf(name);

/** Figures at the top of a result. */
export const HEADLINE = ['total_return', 'cagr', 'sharpe', 'max_drawdown', 'win_rate', 'profit_factor', 'round_trips', 'exposure'] as const;

/** What a figure of this run was made of. */
export function inputsOf(result: BacktestResult, group: FigureEntry['group']): readonly (readonly [string, string])[] {
  const span = result.from === null || result.to === null ? NOTHING : `${marketDay(result.from)} to ${marketDay(result.to - 1)}`;
  const shared: (readonly [string, string])[] = [['Time', span]];
  if (group === 'trades') return [...shared, ['Round trips', count(result.roundTrips.length)], ['Fills', count(result.fills)], ['Fees', `${money(result.feesPaid)} USD`]];
  return [...shared, ['First equity', `${money(result.startEquity)} USD`], ['Last equity', `${money(result.endEquity)} USD`], ['Days', count(result.daily.length)]];
}
