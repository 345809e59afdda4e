/** Runs side by side: which settings differ, which figures are best, curves from one start. Pure. */
import type { BacktestDetail } from '#app/contracts/studio.ts';
import { money, NOTHING } from '../../../ui/format.ts';
import { spanWords, symbolWords } from './run-words.ts';

/** Most runs side by side. */
export const MAX_COMPARED = 6;

/** One setting over all runs. */
type SettingRow = { readonly name: string; readonly values: readonly string[]; readonly isDifferent: boolean };

const words = (value: unknown): string => {
  if (value === undefined || value === null || value === '') return NOTHING;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return Object.entries(value).filter(([, part]) => part !== 0).map(([key, part]) => (key === 'kind' || key === 'method' ? String(part) : `${key} ${String(part)}`)).join(', ') || NOTHING;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
};

function settingsOf({ view, request }: BacktestDetail): ReadonlyMap<string, string> {
  const parameters = Object.entries(view.parameters).map(([name, value]): [string, string] => [name, words(value)]);
  return new Map<string, string>([
    ['Version', view.project === null ? (view.strategyId ?? view.kind) : `v${view.project.version}`], ...parameters, ['Symbols', symbolWords(view.symbols)], ['Bars', view.timeframe], ['Days', spanWords(view)], ['Capital', `${money(view.startEquity, { decimals: 0 })} USD`],
    ['Position size', words(request['sizing'])], ['Slippage', words(request['slippage'])], ['Commission', words(request['commission'])], ['Fees', words(request['hasFees'])], ['Orders by', request['desk'] === 'plain' ? 'sizing alone' : 'the live risk rules'], ['Benchmark', view.benchmark ?? NOTHING],
  ]);
}

/** The settings of all runs, those that differ first. */
export function settingRows(details: readonly BacktestDetail[]): readonly SettingRow[] {
  const all = details.map(settingsOf);
  const names = [...new Set(all.flatMap((one) => [...one.keys()]))];
  const rows = names.map((name): SettingRow => {
    const values = all.map((one) => one.get(name) ?? NOTHING);
    return { name, values, isDifferent: new Set(values).size > 1 };
  });
  return [...rows.filter(({ isDifferent }) => isDifferent), ...rows.filter(({ isDifferent }) => !isDifferent)];
}

/** Figures that are compared. */
export const COMPARED_FIGURES = ['total_return', 'cagr', 'sharpe', 'sortino', 'calmar', 'max_drawdown', 'volatility', 'win_rate', 'profit_factor', 'expectancy', 'round_trips', 'average_holding', 'exposure', 'turnover', 'costs', 'alpha', 'beta'] as const;

/** Growth since the first point, a fraction: of any curve, so that all begin at 0. Empty when it begins at nothing. */
export function growthOf(curve: readonly (readonly [number, number])[]): { readonly at: readonly number[]; readonly growth: readonly number[] } {
  const first = curve[0]?.[1] ?? 0;
  if (first <= 0) return { at: [], growth: [] };
  return { at: curve.map(([at]) => at), growth: curve.map(([, value]) => value / first - 1) };
}
