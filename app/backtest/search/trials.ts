/** What a search has found: one row for each trial, ranked. */
import { invariant } from '#app/domain/errors.ts';
import { scoreOf, type Objective } from './objective.ts';
import type { RunFigure } from './figures.ts';

/** One trial. `values`: figures in the order of the table's names; `why`: what went wrong, null when nothing did. */
export type Trial = { readonly point: number; readonly values: Float64Array; readonly why: string | null };

/** The trials of one search in the order in which they were proposed, each point once. */
export class TrialTable {
  readonly names: readonly RunFigure[];
  readonly objective: Objective;
  private readonly trials: Trial[] = [];
  private readonly places = new Map<number, number>();
  private readonly marks: number[] = [];

  constructor(names: readonly RunFigure[], objective: Objective) {
    this.names = names;
    this.objective = objective;
  }

  get length(): number {
    return this.trials.length;
  }

  get failed(): number {
    return this.trials.reduce((sum, { why }) => sum + (why === null ? 0 : 1), 0);
  }

  /** Adds a trial. @returns its score */
  add(trial: Trial): number {
    invariant(!this.places.has(trial.point), 'A point was tried twice', { point: trial.point });
    invariant(trial.values.length === this.names.length, 'A trial has not the figures of its table', { point: trial.point });
    const score = trial.why === null ? scoreOf(this.objective, (name) => trial.values[this.columnOf(name)] ?? NaN) : NaN;
    this.places.set(trial.point, this.trials.length);
    this.trials.push(trial);
    this.marks.push(score);
    return score;
  }

  /** Score of a point; NaN when it was not tried, failed, or could not be judged. */
  score(point: number): number {
    return this.marks[this.places.get(point) ?? -1] ?? NaN;
  }

  /** A figure of a point; NaN when it is not known. */
  figure(point: number, name: RunFigure): number {
    return this.trials[this.places.get(point) ?? -1]?.values[this.columnOf(name)] ?? NaN;
  }

  /** All trials in the order of their proposal. */
  all(): readonly Trial[] {
    return this.trials;
  }

  /** Points by score, best first, unjudged ones last; of equals the lower point first: the order does not depend on who was quicker. */
  ranking(): readonly number[] {
    const rank = (point: number): number => {
      const score = this.score(point);
      return Number.isNaN(score) ? -Infinity : score;
    };
    return this.trials.map(({ point }) => point).sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) > rank(a) ? 1 : -1));
  }

  /** The best judged point, null when none was. */
  best(): number | null {
    const [first] = this.ranking();
    return first === undefined || Number.isNaN(this.score(first)) ? null : first;
  }

  /** A figure over all trials that did not fail, in the order of proposal: the variance of Sharpe ratios that a deflated one asks for. */
  column(name: RunFigure): Float64Array {
    const at = this.columnOf(name);
    return Float64Array.from(this.trials.filter(({ why }) => why === null), ({ values }) => values[at] ?? NaN);
  }

  private columnOf(name: RunFigure): number {
    const at = this.names.indexOf(name);
    invariant(at >= 0, 'The search did not keep this figure', { name });
    return at;
  }
}
