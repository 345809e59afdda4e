/** A search as a part of a back-test: many runs over the same bars, kept in a journal, judged, and what it found out about the parameters that were chosen. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MAX_SEARCH_TRIALS, type SearchRequest } from '#app/contracts/search.ts';
import { dayEnds } from '#app/analytics/daily-closes.ts';
import { trialsOf, type TrialsFacts } from '#app/analytics/deflated-sharpe.ts';
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import { simpleReturns } from '#app/analytics/returns.ts';
import { sharpe } from '#app/analytics/sharpe.ts';
import { OBJECTIVES, type Objective } from '#app/backtest/search/objective.ts';
import type { SearchMethod } from '#app/backtest/search/proposer.ts';
import { parametersAt, searchSpace, wholeRanges, type AxisRange, type AxisValue } from '#app/backtest/search/space.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import type { Job } from '../research/job.ts';
import { openJournal, type Journal, type JournalOptions } from '../research/journal.ts';
import { openPool, type Pool } from '../research/pool.ts';
import { searchReport, type SearchReport } from '../research/search-report.ts';
import { runSearch, type SearchMeans, type SearchPlan, type SearchProgress, type WalkForwardOutcome } from '../research/search.ts';
import type { LoadedSeries } from './backtest-bars.ts';


/** What a search has found out about the run that it led to. */
export type SearchFacts = { readonly searchId: string; readonly trials: TrialsFacts | null; readonly found: FoundElsewhere };

/** Who runs the points of a search. Dispose of it when it is done. */
export type Searchers = AsyncDisposable & { readonly pool: Pick<Pool, 'run' | 'single'> } & Pick<SearchMeans, 'code' | 'unusable'>;

/** Threads for a strategy of the house: one core is left to those who trade. */
export function houseSearchers(): Searchers {
  const pool = openPool({ threads: searchCores() });
  return { pool, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}

/** How many runs of a search may be at work at one time. */
export function searchCores(): number {
  return Math.max(1, os.availableParallelism() - 1);
}

/** What is searched, with what, and who hears of it. `folder`: of journals. */
export type SearchTask = {
  readonly type: StrategyType; readonly searchers: Searchers; readonly searchId: string; readonly folder: string; readonly request: SearchRequest; readonly job: Job; readonly series: readonly LoadedSeries[]; readonly signal: AbortSignal; readonly onProgress: (progress: SearchProgress) => void;
};

/** The report as it is stored, the parameters that were chosen, and what is known of them beside their run. */
export type Searched = { readonly report: SearchReport; readonly parameters: Readonly<Record<string, AxisValue>>; readonly facts: SearchFacts; /** Removes the journal: call it when the result is kept. */ readonly forget: () => void };

/** Id of the search of a back-test: a run that is taken up again goes on with the same journal. */
export function searchIdOf(backtestId: string): string {
  return backtestId.replace(/^bt_/, 'se_');
}

function refuse(what: string): never {
  throw new AppError('FLOW_INPUT_INVALID', `search: ${what}`);
}

function objectiveOf({ objective, minTrades, maxDrawdownPercent }: SearchRequest): Objective {
  const figure = OBJECTIVES.find((known) => known === objective) ?? refuse(`objective must be one of ${OBJECTIVES.join(', ')}`);
  return { figure, minTrades, maxDrawdown: maxDrawdownPercent === undefined ? null : maxDrawdownPercent / 100 };
}

/** The plan of a search. @throws AppError FLOW_INPUT_INVALID for figures, parameters and numbers of points that it cannot be; INPUT_INVALID for ranges */
export function searchPlanOf(request: SearchRequest, type: StrategyType, job: Job): SearchPlan {
  const objective = objectiveOf(request);
  const method: SearchMethod = request.method === 'grid' ? { kind: 'grid' } : { kind: request.method, trials: request.trials, seed: 1 };
  const ranges = (request.ranges ?? wholeRanges(type.parameterSet)) as Readonly<Record<string, AxisRange>>;
  const stranger = Object.keys(ranges).find((name) => !Object.hasOwn(type.parameterSet, name));
  if (stranger !== undefined) refuse(`"${stranger}" is none of the parameters of ${type.kind}: ${Object.keys(type.parameterSet).join(', ')}`);
  const fixed = Object.fromEntries(Object.entries(job.strategy.parameters).filter(([name]) => !Object.hasOwn(ranges, name)));
  const { size } = searchSpace(type.parameterSet, { ranges, fixed });
  if (method.kind === 'grid' && size > MAX_SEARCH_TRIALS) refuse(`a grid of ${size} points is more than ${MAX_SEARCH_TRIALS}. Take fewer parameters, wider steps, or the method tpe`);
  const { walkForward, choose } = request;
  return { job, request: { ranges, fixed }, method, objective, ...(walkForward === undefined ? {} : { walkForward: { ...walkForward, choice: choose } }) };
}

/** The journal of a search; one of other bars or rules (the book has grown since a crash) is begun anew. */
function journalIn(folder: string, searchId: string): { readonly file: string; open(options: JournalOptions): Journal } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `${createHash('sha256').update(searchId).digest('hex').slice(0, 32)}.journal`);
  return {
    file,
    open(options) {
      try {
        return openJournal(file, options);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'INPUT_INVALID') throw error;
        rmSync(file, { force: true });
        return openJournal(file, options);
      }
    },
  };
}

/** Sharpe ratios per year inside and behind the windows; null when nothing can be said. */
function outOfSampleOf(walk: WalkForwardOutcome | null, figures: readonly string[]): FoundElsewhere['outOfSample'] {
  if (walk === null) return null;
  const place = figures.indexOf('sharpe');
  const inside = walk.folds.flatMap(({ inSample }) => (inSample === null || !Number.isFinite(inSample[place] ?? NaN) ? [] : [inSample[place] ?? 0]));
  const { time, equity, cash } = walk.curve;
  if (place < 0 || inside.length === 0 || time.length === 0) return null;
  const ends = dayEnds(time, newYorkOffsetMs);
  const outside = sharpe(simpleReturns([cash, ...Array.from(ends.steps, (step) => equity[step] ?? 0)]));
  return outside === null ? null : { inside: inside.reduce((sum, value) => sum + value, 0) / inside.length, outside, days: ends.days.length };
}

/** Searches. Cancelled, its journal stays, and the same run goes on from it. @throws the signal's reason; INPUT_INVALID when no point could be judged */
export async function searchParameters(task: SearchTask): Promise<Searched> {
  const { type, searchers, searchId, job, series, signal, onProgress } = task;
  const plan = searchPlanOf(task.request, type, job);
  const bars = new Map(series.map((one) => [one.symbol, one.bars]));
  const journal = journalIn(task.folder, searchId);
  const { pool, code = null, unusable } = searchers;
  const result = await runSearch(plan, {
    pool, code, strategyType: () => type, signal, onProgress, journal: journal.open, ...(unusable === undefined ? {} : { unusable }),
    barsOf(ref) {
      const found = bars.get(ref);
      invariant(found, 'A job names bars that were loaded', { ref });
      return found;
    },
  });
  signal.throwIfAborted();
  const { whole, space, study } = result;
  const chosen = task.request.choose === 'sturdiest' ? (whole.sturdy ?? whole.best) : whole.best;
  if (chosen === null) throw new AppError('INPUT_INVALID', `The search tried ${whole.table.length} points and could judge none of them${result.failures.size > 0 ? `: ${[...result.failures.values()][0] ?? ''}` : ''}`);
  const report = searchReport(result, plan);
  const sharpes = [...whole.table.column('sharpe')].filter((value) => Number.isFinite(value));
  const plateau = (chosen === whole.sturdy ? report.sturdy : report.best)?.plateau?.score ?? null;
  return {
    report, parameters: parametersAt(space, chosen), forget: () => rmSync(journal.file, { force: true }),
    facts: { searchId, trials: sharpes.length > 1 ? trialsOf(sharpes) : null, found: { plateau, overfitting: report.overfitting, outOfSample: outOfSampleOf(result.walkForward, study.figures) ?? null } },
  };
}
