/** What an optimisation varies while one types, how many points that is, and the request it makes. Pure. */
import type { ParameterView } from '#app/contracts/author.ts';
import type { BacktestView } from '#app/contracts/studio.ts';
import { MAX_SEARCH_TRIALS } from '#app/contracts/search.ts';
import { parameterProblem, typedNumber } from './run-draft.ts';
import type { Problems, RunRequest } from './run-draft.ts';

/** One parameter as text: numbers from, to, step; of a choice or a flag the values that are tried. */
export type RangeDraft = { readonly isVaried: boolean; readonly from: string; readonly to: string; readonly step: string; readonly values: readonly string[] };
/** The form. */
export type SearchDraft = {
  readonly ranges: Readonly<Record<string, RangeDraft>>; readonly method: 'grid' | 'random' | 'latin' | 'tpe'; readonly trials: string; readonly objective: string; readonly minTrades: string; readonly maxDrawdown: string;
  readonly isWalkForward: boolean; readonly kind: 'rolling' | 'anchored'; readonly folds: string; readonly outPart: string; readonly choose: 'best' | 'sturdiest';
};

/** How an optimisation begins: what is carried on is the sturdiest point, tried on time that it has not seen. */
export const FRESH_SEARCH: SearchDraft = {
  ranges: {}, method: 'grid', trials: '200', objective: 'sharpe', minTrades: '10', maxDrawdown: '', isWalkForward: true, kind: 'rolling', folds: '5', outPart: '25', choose: 'sturdiest',
};
/** Figures that may decide, with what people call them. */
export const OBJECTIVES = [['sharpe', 'Sharpe ratio'], ['sortino', 'Sortino ratio'], ['calmar', 'Calmar ratio'], ['cagr', 'Growth per year'], ['total_return', 'Total return'], ['profit_factor', 'Profit factor'], ['sqn', 'System quality (SQN)']] as const;
/** Ways to look for points. */
export const METHODS = [
  ['grid', 'Every point', 'Tries every combination: the only way that shows the whole map'], ['latin', 'Spread evenly', 'So many points, spread evenly over the ranges'],
  ['random', 'At random', 'So many points by chance'], ['tpe', 'Learning', 'So many points, more of them where earlier ones did well'],
] as const;

const MOST_STEPS = 1_000;
/** Steps that a fresh range is cut into. */
const FRESH_STEPS = 8;

const short = (value: number): string => String(Number(value.toPrecision(6)));

/** The range that a parameter begins with: around its default, within its bounds. */
export function freshRange(view: ParameterView, isVaried: boolean): RangeDraft {
  if (view.kind === 'flag') return { isVaried, from: '', to: '', step: '', values: ['true', 'false'] };
  if (view.kind === 'choice') return { isVaried, from: '', to: '', step: '', values: view.choices };
  const middle = Number(view.default);
  const whole = view.kind === 'integer';
  const [least, most] = [Math.max(view.min ?? -Infinity, middle === 0 ? -1 : middle * 0.5), Math.min(view.max ?? Infinity, middle === 0 ? 1 : middle * 1.5)];
  const [from, to] = [Math.min(least, most), Math.max(least, most)];
  const rough = (to - from) / FRESH_STEPS;
  const step = Math.max(view.step ?? (whole ? 1 : 0), whole ? Math.max(1, Math.round(rough)) : rough) || 1;
  return { isVaried, from: short(whole ? Math.round(from) : from), to: short(whole ? Math.round(to) : to), step: short(step), values: [] };
}

/** The range of a parameter in a form; the first two that are numbers are varied until somebody chooses. */
export function rangeOf(draft: SearchDraft, parameters: readonly ParameterView[], view: ParameterView): RangeDraft {
  const numbers = parameters.filter(({ kind }) => kind === 'integer' || kind === 'number');
  return draft.ranges[view.name] ?? freshRange(view, numbers.indexOf(view) >= 0 && numbers.indexOf(view) < 2);
}

function isNumber(view: ParameterView): boolean {
  return view.kind === 'integer' || view.kind === 'number';
}

/** Values of a range; 0 when the text is no range. */
export function stepsOf(view: ParameterView, range: RangeDraft): number {
  if (!isNumber(view)) return range.values.length;
  const [from, to, step] = [typedNumber(range.from), typedNumber(range.to), typedNumber(range.step)];
  if (from === null || to === null || step === null || step <= 0 || to < from) return 0;
  return Math.floor((to - from) / step + 1e-9) + 1;
}

/** Points that are tried: of a grid all, else so many as are asked for. 0 when a range is none. */
export function pointsOf(draft: SearchDraft, parameters: readonly ParameterView[]): { readonly all: number; readonly tried: number } {
  const varied = parameters.map((view) => ({ view, range: rangeOf(draft, parameters, view) })).filter(({ range }) => range.isVaried);
  const all = varied.length === 0 ? 0 : varied.reduce((product, { view, range }) => product * stepsOf(view, range), 1);
  return { all, tried: draft.method === 'grid' ? all : Math.min(all, typedNumber(draft.trials) ?? 0) };
}

function rangeProblem(view: ParameterView, range: RangeDraft): string | null {
  if (!range.isVaried) return null;
  if (!isNumber(view)) return range.values.length === 0 ? 'Choose at least one value' : null;
  const wrong = parameterProblem(view, range.from) ?? parameterProblem(view, range.to);
  if (wrong !== null) return wrong;
  const steps = stepsOf(view, range);
  if (steps === 0) return 'From must not lie above to, and the step must be above 0';
  return steps > MOST_STEPS ? `${steps} values: take a wider step` : null;
}

const bounded = (text: string, { least, most, isWhole = true }: { readonly least: number; readonly most: number; readonly isWhole?: boolean }): string | null => {
  const value = typedNumber(text);
  if (value === null || (isWhole && !Number.isInteger(value))) return isWhole ? 'A whole number' : 'Type a number';
  return value < least || value > most ? `From ${least} to ${most}` : null;
};

/** What is wrong with the form, by field; ranges as `ranges.<name>`. */
export function searchProblems(draft: SearchDraft, parameters: readonly ParameterView[]): Problems {
  const { all, tried } = pointsOf(draft, parameters);
  const found: [string, string | null][] = [
    ...parameters.map((view): [string, string | null] => [`ranges.${view.name}`, rangeProblem(view, rangeOf(draft, parameters, view))]),
    ['trials', draft.method === 'grid' ? null : bounded(draft.trials, { least: 1, most: MAX_SEARCH_TRIALS })], ['minTrades', bounded(draft.minTrades, { least: 0, most: 10_000 })],
    ['maxDrawdown', draft.maxDrawdown === '' ? null : bounded(draft.maxDrawdown, { least: 0.1, most: 100, isWhole: false })], ['folds', draft.isWalkForward ? bounded(draft.folds, { least: 1, most: 50 }) : null],
    ['outPart', draft.isWalkForward ? bounded(draft.outPart, { least: 5, most: 90, isWhole: false }) : null],
    ['points', parameters.length === 0 ? 'The strategy has no parameters to vary' : all === 0 ? 'Choose at least one parameter to vary' : tried > MAX_SEARCH_TRIALS ? `${tried.toLocaleString('en-US')} points are more than ${MAX_SEARCH_TRIALS.toLocaleString('en-US')}: take wider steps, fewer parameters, or a method that tries fewer` : null],
  ];
  return Object.fromEntries(found.flatMap(([name, words]) => (words === null ? [] : [[name, words]])));
}

/** The search of a request. The form must be without problems. */
export function searchOf(draft: SearchDraft, parameters: readonly ParameterView[]): NonNullable<RunRequest['search']> {
  const ranges = Object.fromEntries(parameters.flatMap((view): [string, NonNullable<NonNullable<RunRequest['search']>['ranges']>[string]][] => {
    const range = rangeOf(draft, parameters, view);
    if (!range.isVaried) return [];
    if (isNumber(view)) return [[view.name, { from: typedNumber(range.from) ?? 0, to: typedNumber(range.to) ?? 0, step: typedNumber(range.step) ?? 1 }]];
    return [[view.name, view.kind === 'flag' ? range.values.map((value) => value === 'true') : [...range.values]]];
  }));
  const drawdown = typedNumber(draft.maxDrawdown);
  return {
    ranges, method: draft.method, ...(draft.method === 'grid' ? {} : { trials: typedNumber(draft.trials) ?? 1 }), objective: draft.objective, minTrades: typedNumber(draft.minTrades) ?? 0, ...(drawdown === null ? {} : { maxDrawdownPercent: drawdown }),
    ...(draft.isWalkForward ? { walkForward: { kind: draft.kind, folds: typedNumber(draft.folds) ?? 5, outPart: (typedNumber(draft.outPart) ?? 25) / 100 } } : {}), choose: draft.choose,
  };
}

/** Milliseconds that a point takes: as long as the engine ran, without starting and loading, where that is known. Null when nothing has run yet. */
export function pointTime(lastRun: Pick<BacktestView, 'engineMs' | 'ranMs' | 'tookMs'> | null): number | null {
  return lastRun?.engineMs ?? lastRun?.ranMs ?? lastRun?.tookMs ?? null;
}

/** Milliseconds that a search will take at most, from a run that took `runMs`; windows of a walk-forward try the same points again on parts of the time. Null when nothing has run yet. */
export function searchTime(draft: SearchDraft, points: number, runMs: number | null): number | null {
  if (runMs === null || points === 0) return null;
  const windows = draft.isWalkForward ? (typedNumber(draft.folds) ?? 0) * (1 - (typedNumber(draft.outPart) ?? 0) / 100) * (draft.kind === 'rolling' ? 0.5 : 0.75) : 0;
  return points * runMs * (1 + windows);
}
