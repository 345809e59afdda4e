/** What a search found, as plain JSON for files, the book and the screen, and as text for a terminal. */
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { overfitting, type Overfitting } from '#app/analytics/pbo.ts';
import { heatMap, type HeatMap } from '#app/backtest/search/heat-map.ts';
import type { RunFigure } from '#app/backtest/search/figures.ts';
import { plateauAt, type Plateau } from '#app/backtest/search/plateau.ts';
import type { SearchMethod } from '#app/backtest/search/proposer.ts';
import { parametersAt, type AxisValue } from '#app/backtest/search/space.ts';
import type { ParameterPath } from '#app/backtest/search/walk-forward.ts';
import type { Objective } from '#app/backtest/search/objective.ts';
import type { SearchOutcome, SearchResult } from './search.ts';

/** Figures by name; null where one is not known, `Infinity` (a profit factor without a loss) as null too. */
export type FiguresByName = Readonly<Partial<Record<RunFigure, number | null>>>;
/** One trial, told. */
export type TrialReport = { readonly parameters: Readonly<Record<string, AxisValue>>; readonly score: number | null; readonly figures: FiguresByName; readonly plateau: Plateau | null };
/** One window. Epoch ms. */
export type FoldReport = { readonly inFrom: number; readonly outFrom: number; readonly outTo: number; readonly parameters: Readonly<Record<string, AxisValue>> | null; readonly inSample: FiguresByName | null; readonly outOfSample: FiguresByName | null };

/** The whole search. `sharpes`: yearly, of all trials in the order of their proposal, for a deflated ratio. */
export type SearchReport = {
  readonly identity: string; readonly strategy: string; readonly symbols: readonly string[]; readonly timeframe: string; readonly method: SearchMethod; readonly objective: Objective;
  readonly points: number; readonly unusable: number; readonly trials: number; readonly runs: number; readonly failed: number; readonly isComplete: boolean;
  readonly best: TrialReport | null; readonly sturdy: TrialReport | null; readonly top: readonly TrialReport[]; readonly maps: readonly HeatMap[]; readonly overfitting: Overfitting | null; readonly sharpes: readonly (number | null)[];
  readonly failures: readonly { readonly parameters: Readonly<Record<string, AxisValue>>; readonly why: string }[];
  readonly walkForward: {
    readonly folds: readonly FoldReport[]; readonly efficiency: { readonly growth: number | null; readonly objective: number | null }; readonly paths: readonly ParameterPath[]; readonly isComplete: boolean;
    readonly curve: { readonly cash: number; readonly at: readonly number[]; readonly equity: readonly number[] };
  } | null;
};

const TOP = 50;
const MAX_MAPS = 6;
/** 924 splits: 10,000 trials take a tenth of a second. */
const PBO_BLOCKS = 12;
/** Points of a curve in a report. */
const MAX_CURVE = 2_000;

const known = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);

function named(names: readonly RunFigure[], values: Float64Array | null): FiguresByName | null {
  return values === null ? null : Object.fromEntries(names.map((name, at) => [name, known(values[at])]));
}

function trialReport({ space, study }: SearchResult, { table }: SearchOutcome, point: number): TrialReport {
  return {
    parameters: parametersAt(space, point), score: known(table.score(point)), plateau: plateauAt(space, table, point),
    figures: Object.fromEntries(study.figures.map((name) => [name, known(table.figure(point, name))])),
  };
}

/** Maps of the pairs of parameters, the first six. */
function mapsOf({ space }: SearchResult, { table }: SearchOutcome): readonly HeatMap[] {
  const names = space.axes.filter(({ values }) => values.length > 1).map(({ name }) => name);
  const pairs = names.flatMap((y, at) => names.slice(at + 1).map((x) => ({ x, y })));
  return pairs.slice(0, MAX_MAPS).map((pair) => heatMap(space, table, pair));
}

/** Each stretch's last point, so that the end is the end. */
function thinned(column: Float64Array): number[] {
  const stride = Math.max(1, Math.ceil(column.length / MAX_CURVE));
  return [...column].filter((_value, at) => (column.length - 1 - at) % stride === 0);
}

/** Makes the report of a search. */
export function searchReport(result: SearchResult, { method, objective }: { readonly method: SearchMethod; readonly objective: Objective }): SearchReport {
  const { whole, walkForward, study, space } = result;
  const trial = (point: number | null): TrialReport | null => (point === null ? null : trialReport(result, whole, point));
  return {
    identity: result.identity, strategy: study.job.strategy.kind, symbols: study.job.markets.map(({ symbol }) => symbol), timeframe: study.job.timeframe, method, objective,
    points: space.size, unusable: whole.unusable, trials: result.trials, runs: result.runs, failed: whole.table.failed, isComplete: result.isComplete,
    best: trial(whole.best), sturdy: trial(whole.sturdy), top: whole.table.ranking().slice(0, TOP).map((point) => trialReport(result, whole, point)), maps: mapsOf(result, whole), overfitting: overfitting(whole.returns, PBO_BLOCKS),
    sharpes: study.figures.includes('sharpe') ? [...whole.table.column('sharpe')].map(known) : [],
    failures: [...result.failures].map(([point, why]) => ({ parameters: parametersAt(space, point), why })),
    walkForward: walkForward && {
      folds: walkForward.folds.map(({ fold, chosen, inSample, outOfSample }) => ({
        inFrom: fold.inFrom, outFrom: fold.outFrom, outTo: fold.outTo, parameters: chosen === null ? null : parametersAt(space, chosen), inSample: named(study.figures, inSample), outOfSample: named(study.figures, outOfSample),
      })),
      efficiency: walkForward.efficiency, paths: walkForward.paths, isComplete: walkForward.isComplete,
      curve: { cash: walkForward.curve.cash, at: thinned(walkForward.curve.time), equity: thinned(walkForward.curve.equity) },
    },
  };
}

const PERCENT: ReadonlySet<RunFigure> = new Set(['total_return', 'cagr', 'volatility', 'max_drawdown', 'win_rate', 'exposure']);
const COLUMNS: readonly RunFigure[] = ['total_return', 'cagr', 'sharpe', 'max_drawdown', 'profit_factor', 'sqn', 'trades'];
const ROWS = 10;

function show(name: RunFigure | 'score', value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  if (name === 'trades') return value.toFixed(0);
  return name !== 'score' && PERCENT.has(name) ? `${(value * 100).toFixed(2)}%` : value.toFixed(3);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_head, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  '));
}

const day = (at: number): string => exchangeDay(at as EpochMs);
const inWords = (parameters: Readonly<Record<string, AxisValue>> | null): string => (parameters === null ? 'nothing could be chosen' : Object.entries(parameters).map(([name, value]) => `${name}=${value}`).join(' '));

/** The report for a terminal. */
export function searchText(report: SearchReport): string {
  const searched = report.maps[0] === undefined ? Object.keys(report.best?.parameters ?? {}) : [...new Set(report.maps.flatMap(({ x, y }) => [y, x]))];
  const rows = report.top.slice(0, ROWS).map(({ parameters, score, figures, plateau }) => [...searched.map((name) => String(parameters[name])), show('score', score), show('score', plateau?.score), ...COLUMNS.map((name) => show(name, figures[name]))]);
  const lines = [
    `${report.strategy} on ${report.symbols.join(', ')} (${report.timeframe}): ${report.trials} trials by ${report.method.kind}, objective ${report.objective.figure}${report.unusable > 0 ? `, ${report.unusable} points unusable` : ''}${report.failed > 0 ? `, ${report.failed} failed` : ''}${report.isComplete ? '' : ' (not complete)'}`,
    '', ...table([[...searched, 'score', 'plateau', ...COLUMNS], ...rows]),
  ];
  if (report.sturdy) lines.push('', `On the best plateau: ${inWords(report.sturdy.parameters)} (score ${show('score', report.sturdy.score)}, ${show('score', report.sturdy.plateau?.score)} of it left around)`);
  if (report.overfitting) lines.push('', `Probability that the choice is overfitted: ${(report.overfitting.probability * 100).toFixed(0)}% of ${report.overfitting.splits} splits; of a loss out of sample: ${(report.overfitting.chanceOfLoss * 100).toFixed(0)}%`);
  const { walkForward } = report;
  if (walkForward) {
    const objective = report.objective.figure;
    const folds = walkForward.folds.map((fold) => [`${day(fold.outFrom)} to ${day(fold.outTo - 1)}`, inWords(fold.parameters), show(objective, fold.inSample?.[objective]), show(objective, fold.outOfSample?.[objective]), show('cagr', fold.inSample?.cagr), show('cagr', fold.outOfSample?.cagr)]);
    const last = walkForward.curve.equity.at(-1);
    lines.push('', 'Walk-forward', ...table([['out of sample', 'chosen', `${objective} in`, 'out', 'cagr in', 'out'], ...folds]));
    lines.push(`Efficiency (out of sample / in sample): growth ${show('score', walkForward.efficiency.growth)}, ${objective} ${show('score', walkForward.efficiency.objective)}; out of sample together ${last === undefined ? '-' : show('total_return', last / walkForward.curve.cash - 1)}`);
    lines.push(`Stability of the parameters: ${walkForward.paths.map(({ name, stability, isAtEdge }) => `${name} ${stability.toFixed(2)}${isAtEdge ? ' (at the edge of its range: widen it)' : ''}`).join(', ')}`);
  }
  for (const { parameters, why } of report.failures.slice(0, ROWS)) lines.push('', `Failed: ${inWords(parameters)}: ${why}`);
  return `${lines.join('\n')}\n`;
}
