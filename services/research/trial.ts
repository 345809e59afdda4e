/** One point of a search, run: its parameters bound, the bars of its span cut out, its figures taken. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { figuresOf } from '#app/backtest/search/figures.ts';
import { parametersAt, type Space } from '#app/backtest/search/space.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import { runConfigOf, type Job } from './job.ts';
import { StudyMarkets } from './study-markets.ts';
import { WHOLE_SPAN, type SingleRun, type Span, type Study } from './work.ts';

/** Who knows strategies by kind. */
export type StrategyTypes = (kind: string) => StrategyType;

/** Asked now and then with the part that is done, 0..1; false ends the run. */
export type GoOn = (done: number) => boolean;

function barsOf(bars: ReadonlyMap<string, BarColumns>): (ref: string) => BarColumns {
  return (ref) => {
    const found = bars.get(ref);
    invariant(found, 'The bars that a job names are not at hand', { ref });
    return found;
  };
}

/** Runs a single back-test. @throws what the engine throws */
export function runSingle({ job, bars, span = WHOLE_SPAN, hasLines = false }: SingleRun, types: StrategyTypes, goOn: GoOn): RunResult {
  const config = runConfigOf(job, { strategyType: types, barsOf: barsOf(bars) });
  if (span.from === -Infinity && span.to === Infinity) return runBacktest(config, { hasLines, progress: goOn });
  const { markets, columns } = new StudyMarkets(config.markets, config.timeframe).stretch(config.strategy, span);
  return runBacktest({ ...config, markets }, { hasLines, columns, progress: goOn });
}

/** The job of a point: what a single back-test of it is made of. */
export function jobAt(study: Pick<Study, 'job' | 'axes' | 'fixed'>, point: number): Job {
  return { ...study.job, strategy: { kind: study.job.strategy.kind, parameters: parametersAt(spaceOf(study), point) } };
}

/** The space of a study. */
export function spaceOf({ axes, fixed }: Pick<Study, 'axes' | 'fixed'>): Space {
  return { axes, fixed, size: axes.reduce((product, axis) => product * axis.values.length, 1) };
}

/** A study on one thread: what its points have in common is made once. */
export class Trials {
  private readonly study: Study;
  private readonly space: Space;
  private readonly types: StrategyTypes;
  private base: { readonly config: RunConfig; readonly markets: StudyMarkets } | null = null;

  constructor(study: Study, types: StrategyTypes) {
    this.study = study;
    this.space = spaceOf(study);
    this.types = types;
  }

  /** The figures of a point. @throws what the strategy and the engine throw */
  run(point: number, span: Span, goOn: GoOn): Float64Array {
    const strategy = this.types(this.study.job.strategy.kind).bind(parametersAt(this.space, point));
    const { config, markets: all } = this.begin(point);
    const { markets, columns } = all.stretch(strategy, span);
    const result = runBacktest({ ...config, strategy, markets }, { columns, progress: goOn });
    return figuresOf(result, config.account.cash, { names: this.study.figures, from: span.from });
  }

  private begin(point: number): { readonly config: RunConfig; readonly markets: StudyMarkets } {
    if (this.base === null) {
      const config = runConfigOf(jobAt(this.study, point), { strategyType: this.types, barsOf: barsOf(this.study.bars) });
      this.base = { config, markets: new StudyMarkets(config.markets, config.timeframe) };
    }
    return this.base;
  }
}
