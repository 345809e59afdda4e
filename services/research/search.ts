/** A search over the parameters of a strategy, on the threads of a pool: proposes, runs, judges; with a walk-forward when asked. */
import { createHash } from 'node:crypto';
import { BAR_FIELDS, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { ENGINE_VERSION } from '#app/backtest/run/run.ts';
import { figuresNeeded, type Objective } from '#app/backtest/search/objective.ts';
import { figuresOf, firstAfter, RUN_FIGURES, type RunFigure } from '#app/backtest/search/figures.ts';
import { sturdiest } from '#app/backtest/search/plateau.ts';
import { openProposer, type SearchMethod } from '#app/backtest/search/proposer.ts';
import { defectAt, firstUsable, searchSpace, type Space, type SpaceRequest } from '#app/backtest/search/space.ts';
import { TrialTable } from '#app/backtest/search/trials.ts';
import { chain, efficiency, foldCount, foldsOf, parameterPaths, type Fold, type OutOfSample, type ParameterPath, type WalkForwardPlan } from '#app/backtest/search/walk-forward.ts';
import { barsRefsOf, type Job } from './job.ts';
import type { Journal, JournalOptions } from './journal.ts';
import type { Pool } from './pool.ts';
import { regularBars } from './study-markets.ts';
import { jobAt } from './trial.ts';
import { rowWidth, sharedColumns, WHOLE_SPAN, type Batch, type Span, type Study } from './work.ts';

/** Which point a window of a walk-forward takes along: the best, or the best on a plateau (the best where no plateau can be seen). */
export type Choice = 'best' | 'sturdiest';

/** What to search. The job's own parameters are those that the request neither varies nor fixes. `figures`: what is kept of each trial; left out: everything. */
export type SearchPlan = {
  readonly job: Job; readonly request: SpaceRequest; readonly method: SearchMethod; readonly objective: Objective; readonly figures?: readonly RunFigure[];
  readonly walkForward?: (WalkForwardPlan & { readonly choice: Choice }) | undefined;
};

/** How far it is. `planned`: trials there will be, as far as is known; `fresh`: run now and not found in the journal. */
export type SearchProgress = { readonly done: number; readonly planned: number; readonly fresh: number; readonly failed: number; readonly stage: string };

/** With what. `code`: what tells versions of the strategy apart, where its behaviour cannot be asked for here; `unusable`: points of which it is known that the strategy refuses them, beside those that its type refuses. */
export type SearchMeans = {
  readonly pool: Pick<Pool, 'run' | 'single'>; strategyType(kind: string): StrategyType; barsOf(ref: string): BarColumns;
  readonly code?: string | null; readonly unusable?: (space: Space, signal: AbortSignal | undefined) => Promise<ReadonlySet<number>>;
  readonly journal?: (options: JournalOptions) => Journal; readonly signal?: AbortSignal; readonly onProgress?: (progress: SearchProgress) => void;
};

/** What one stretch of time gave. `returns`: of each trial that did not fail, over equal parts of the stretch (none in very large searches). `isComplete`: false when it was cancelled. */
export type SearchOutcome = { readonly table: TrialTable; readonly returns: readonly Float64Array[]; readonly best: number | null; readonly sturdy: number | null; readonly unusable: number; readonly isComplete: boolean };

/** A window: what was found in it, and what the chosen point did afterwards (figures in the order of the study, null when nothing could be chosen). */
export type FoldOutcome = { readonly fold: Fold; readonly found: SearchOutcome; readonly chosen: number | null; readonly inSample: Float64Array | null; readonly outOfSample: Float64Array | null };

/** A walk-forward. `efficiency`: of yearly growth, and of the objective. `isComplete`: each window was tried. */
export type WalkForwardOutcome = { readonly folds: readonly FoldOutcome[]; readonly curve: OutOfSample; readonly efficiency: { readonly growth: number | null; readonly objective: number | null }; readonly paths: readonly ParameterPath[]; readonly isComplete: boolean };

/** The whole. `trials`: points that were run over all bars: the number that a deflated Sharpe ratio must be told; `runs`: those of the windows among them; `fresh`: of them run now. */
export type SearchResult = {
  readonly space: Space; readonly study: Study; readonly whole: SearchOutcome; readonly walkForward: WalkForwardOutcome | null; readonly identity: string;
  readonly trials: number; readonly runs: number; readonly fresh: number; readonly failures: ReadonlyMap<number, string>; readonly isComplete: boolean;
};

/** Changes with anything that changes figures without changing a plan: journals of another version are not read. */
const SEARCH_VERSION = 1;
const MAX_FAILURES = 100;
/** Equal parts of the time over which returns are kept, in searches of not too many trials: a kilobyte each. */
const PERIODS = 128;
const MAX_TRACKED = 10_000;
function plannedTrials(method: SearchMethod, { size }: Space): number {
  return method.kind === 'grid' ? size : Math.min(method.trials, size);
}

/** What the strategy does: its code is a part of what figures depend on. */
function behaviourOf(type: StrategyType, space: Space): string {
  const bound = firstUsable(type, space);
  return bound === null ? '' : behaviourHash(bound);
}

/** Hash of everything that the figures of a point depend on. */
function identityOf(study: Study, code: string): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([SEARCH_VERSION, study.job, study.axes, study.fixed, study.figures, study.periods, ENGINE_VERSION, code]));
  for (const [ref, bars] of study.bars) {
    hash.update(ref);
    for (const column of [bars.time, ...BAR_FIELDS.map((field) => bars[field])]) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('hex');
}

/** What is to be searched, read and made ready. @throws AppError INPUT_INVALID, STRATEGY_NOT_FOUND */
function studyOf(plan: SearchPlan, means: SearchMeans): { readonly study: Study; readonly space: Space; readonly type: StrategyType } {
  const { job, request, objective, figures = RUN_FIGURES } = plan;
  const type = means.strategyType(job.strategy.kind);
  const given = Object.fromEntries(Object.entries(job.strategy.parameters).filter(([name]) => !Object.hasOwn(request.ranges, name)));
  const space = searchSpace(type.parameterSet, { ranges: request.ranges, fixed: { ...given, ...request.fixed } });
  // cagr: a walk-forward compares yearly growth.
  const wanted = RUN_FIGURES.filter((name) => figures.includes(name) || figuresNeeded(objective).includes(name) || name === 'cagr');
  const own = new Set(job.markets.map((market) => market.bars));
  const bars = new Map(barsRefsOf(job).map((ref) => [ref, sharedColumns(own.has(ref) ? regularBars(means.barsOf(ref), job.timeframe) : means.barsOf(ref))]));
  const study: Study = { id: '', job: { ...job, strategy: { kind: job.strategy.kind, parameters: {} } }, bars, axes: space.axes, fixed: space.fixed, figures: wanted, periods: plannedTrials(plan.method, space) <= MAX_TRACKED ? PERIODS : 0 };
  return { study: { ...study, id: identityOf(study, means.code ?? behaviourOf(type, space)) }, space, type };
}

/** One search at work: its study, its journal, its counters. */
class Searcher {
  readonly study: Study;
  readonly space: Space;
  readonly failures = new Map<number, string>();
  private readonly plan: SearchPlan;
  private readonly means: SearchMeans;
  private readonly journal: Journal | null;
  private readonly usable = new Map<number, boolean>();
  private refused: ReadonlySet<number> = new Set();
  private readonly type: StrategyType;
  private stage = '';
  private planned = 0;
  private done = 0;
  private failed = 0;
  fresh = 0;

  constructor(plan: SearchPlan, means: SearchMeans) {
    const { study, space, type } = studyOf(plan, means);
    [this.study, this.space, this.type, this.plan, this.means] = [study, space, type, plan, means];
    const stages = 1 + (plan.walkForward === undefined ? 0 : foldCount(plan.walkForward, clockOf(study).length));
    this.planned = stages * plannedTrials(plan.method, space);
    this.journal = means.journal?.({ identity: study.id, width: rowWidth(study) }) ?? null;
  }

  /** Finds out which points the strategy refuses, where only it can say. */
  async prepare(): Promise<void> {
    if (this.means.unusable !== undefined) this.refused = await this.means.unusable(this.space, this.means.signal);
  }

  close(): void {
    this.journal?.[Symbol.dispose]();
  }

  /** Searches one stretch of time. */
  async search(span: Span, stage: string): Promise<SearchOutcome> {
    this.stage = stage;
    const table = new TrialTable(this.study.figures, this.plan.objective);
    const isUsable = (point: number): boolean => {
      const known = this.usable.get(point) ?? (!this.refused.has(point) && defectAt(this.type, this.space, point, this.study.job.account.canShort) === null);
      this.usable.set(point, known);
      return known;
    };
    const proposer = openProposer(this.space, this.plan.method, isUsable);
    const returns: Float64Array[] = [];
    let isComplete = true;
    for (let points = proposer.next(); points.length > 0 && isComplete; points = isComplete ? proposer.next() : []) {
      const found = await this.runAll(points, span);
      for (const point of points) {
        const values = found.get(point);
        if (values === undefined) isComplete = false;
        else proposer.tell(point, table.add({ point, values: values?.subarray(0, this.study.figures.length) ?? this.nothing(), why: values === null ? (this.failures.get(point) ?? 'It failed.') : null }));
        if (values && this.study.periods > 0) returns.push(values.subarray(this.study.figures.length));
      }
    }
    if (this.plan.method.kind === 'grid') this.planned -= proposer.unusable;
    return { table, returns, best: table.best(), sturdy: sturdiest(this.space, table)?.point ?? null, unusable: proposer.unusable, isComplete: isComplete && this.means.signal?.aborted !== true };
  }

  /** The equity of a point over a stretch, from its first bar on, and its figures. */
  async outOfSample(point: number, span: Span): Promise<OutOfSample & { readonly figures: Float64Array }> {
    const { pool, signal } = this.means;
    const { job, bars } = this.study;
    const result = await pool.single({ job: jobAt(this.study, point), bars, span }, signal === undefined ? {} : { signal });
    const begin = firstAfter(result.time, span.from);
    return { time: result.time.subarray(begin), equity: result.equity.subarray(begin), cash: result.equity[begin - 1] ?? job.account.cash, figures: figuresOf(result, job.account.cash, { names: this.study.figures, from: span.from }) };
  }

  /** Figures of the points: known ones from the journal, null for those that failed; what was cancelled is missing. */
  private async runAll(points: readonly number[], span: Span): Promise<Map<number, Float64Array | null>> {
    const { pool, signal } = this.means;
    const found = new Map<number, Float64Array | null>();
    for (const point of points) {
      const known = this.journal?.find(span, point) ?? null;
      if (known !== null) found.set(point, known);
    }
    this.done += found.size;
    const open = points.filter((point) => !found.has(point));
    const width = rowWidth(this.study);
    const take = (places: readonly number[], batch: Batch): void => {
      const rows = places.map((place) => ({ point: batch.points[place] ?? -1, values: batch.values.slice(place * width, (place + 1) * width) }));
      this.journal?.keep(span, rows);
      for (const { point, values } of rows) found.set(point, values);
      this.done += rows.length;
      this.fresh += rows.length;
      this.tell();
    };
    if (open.length > 0) {
      const { batch, why } = await pool.run(this.study, { span, points: open }, { onDone: take, ...(signal === undefined ? {} : { signal }) });
      for (const [place, text] of why) {
        const point = batch.points[place] ?? -1;
        found.set(point, null);
        if (this.failures.size < MAX_FAILURES) this.failures.set(point, text);
        this.done += 1;
        this.failed += 1;
      }
    }
    this.tell();
    return found;
  }

  private nothing(): Float64Array {
    return new Float64Array(this.study.figures.length).fill(NaN);
  }

  private tell(): void {
    const { done, fresh, failed, stage } = this;
    this.means.onProgress?.({ done, planned: Math.max(done, this.planned), fresh, failed, stage });
  }
}

/** The clock of a walk-forward: the opens of the market with the most bars. */
function clockOf({ bars, job }: Study): Float64Array {
  const longest = job.markets.map((market) => bars.get(market.bars)).reduce((most, own) => ((own?.time.length ?? 0) > (most?.time.length ?? 0) ? own : most));
  invariant(longest, 'A search has no bars');
  return longest.time;
}

async function walk(searcher: Searcher, plan: WalkForwardPlan & { readonly choice: Choice }, isStopped: () => boolean): Promise<WalkForwardOutcome> {
  const folds: FoldOutcome[] = [];
  const curves: OutOfSample[] = [];
  const windows = foldsOf(clockOf(searcher.study), plan);
  for (const [n, fold] of windows.entries()) {
    if (isStopped()) break;
    const found = await searcher.search({ from: fold.inFrom, to: fold.outFrom }, `window ${n + 1} of ${windows.length}`);
    if (!found.isComplete) break;
    const chosen = plan.choice === 'sturdiest' ? (found.sturdy ?? found.best) : found.best;
    const inSample = chosen === null ? null : (found.table.all().find(({ point }) => point === chosen)?.values ?? null);
    let after: Awaited<ReturnType<Searcher['outOfSample']>> | null = null;
    try {
      if (chosen !== null) after = await searcher.outOfSample(chosen, { from: fold.outFrom, to: fold.outTo });
    } catch (error) {
      if (isStopped()) break;
      // What fails on bars that it has not seen has no figures there: the window says so, the others are told all the same.
      if (!(error instanceof AppError) || !error.code.startsWith('STRATEGY_')) throw error;
      searcher.failures.set(chosen ?? -1, `Chosen in window ${n + 1}, it failed out of sample: ${error.message}`);
    }
    if (after !== null) curves.push(after);
    folds.push({ fold, found, chosen, inSample, outOfSample: after?.figures ?? null });
  }
  const pairsOf = (name: RunFigure): (readonly [number, number])[] => {
    const at = searcher.study.figures.indexOf(name);
    return folds.map(({ inSample, outOfSample }) => [inSample?.[at] ?? NaN, outOfSample?.[at] ?? NaN] as const);
  };
  const objective = folds[0]?.found.table.objective.figure;
  return {
    folds, curve: chain(curves), isComplete: folds.length === windows.length,
    efficiency: { growth: efficiency(pairsOf('cagr')), objective: objective === undefined ? null : efficiency(pairsOf(objective)) },
    paths: parameterPaths(searcher.space, folds.flatMap(({ chosen }) => (chosen === null ? [] : [chosen]))),
  };
}

/**
 * Runs a search, and its walk-forward. The same plan over the same bars gives the same result to the last bit, on any number of threads, and whether or not it was interrupted.
 * Cancelled, it gives what it has (`isComplete` false). @throws AppError INPUT_INVALID for a plan that is none; STRATEGY_NOT_FOUND
 */
export async function runSearch(plan: SearchPlan, means: SearchMeans): Promise<SearchResult> {
  const searcher = new Searcher(plan, means);
  const isStopped = (): boolean => means.signal?.aborted === true;
  try {
    await searcher.prepare();
    const whole = await searcher.search(WHOLE_SPAN, 'all bars');
    const { walkForward: asked } = plan;
    const isWanted = asked !== undefined && whole.isComplete;
    const walkForward = isWanted ? await walk(searcher, asked, isStopped) : null;
    const stretches = [whole, ...(walkForward?.folds.map(({ found }) => found) ?? [])];
    const judged = ({ table }: SearchOutcome): number => table.length - table.failed;
    return {
      space: searcher.space, study: searcher.study, whole, walkForward, identity: searcher.study.id, fresh: searcher.fresh, failures: searcher.failures,
      trials: judged(whole), runs: stretches.reduce((sum, found) => sum + judged(found), 0), isComplete: whole.isComplete && (asked === undefined || walkForward?.isComplete === true),
    };
  } finally {
    searcher.close();
  }
}
