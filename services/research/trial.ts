/** One point of a search, run: its parameters bound, the bars of its span cut out, its figures taken. */
import { invariant } from '#app/domain/errors.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { figuresOf, periodReturns } from '#app/backtest/search/figures.ts';
import { parametersAt, type Space } from '#app/backtest/search/space.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import { barsAmong, runConfigOf, type Job } from './job.ts';
import { StudyMarkets, type Stretch } from './study-markets.ts';
import { rowWidth, WHOLE_SPAN, type SingleRun, type Span, type Study } from './work.ts';

/** Who knows strategies by kind. */
export type StrategyTypes = (kind: string) => StrategyType;

/** Asked now and then with the part that is done, 0..1; false ends the run. */
export type GoOn = (done: number) => boolean;

/** Runs a single back-test. All memory of the result is its own, to be handed over: the times of a run may be the clock of its bars, which the next run over the same days needs. @throws what the engine throws */
export function runSingle({ job, bars, span = WHOLE_SPAN, hasLines = false }: SingleRun, types: StrategyTypes, goOn: GoOn): RunResult {
  const config = runConfigOf(job, { strategyType: types, barsOf: barsAmong(bars) });
  const isWhole = span.from === -Infinity && span.to === Infinity;
  const { markets, columns } = isWhole ? { markets: config.markets, columns: null } : new StudyMarkets(config.markets, config.timeframe).stretch(config.strategy, span);
  const result = runBacktest({ ...config, markets }, { hasLines, progress: goOn, ...(columns === null ? {} : { columns }) });
  return { ...result, time: result.time.slice() };
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
  private readonly clocks = new WeakMap<Stretch, Float64Array>();
  private base: { readonly config: RunConfig; readonly markets: StudyMarkets } | null = null;

  constructor(study: Study, types: StrategyTypes) {
    this.study = study;
    this.space = spaceOf(study);
    this.types = types;
  }

  /** The row of a point: figures, then returns. @throws what the strategy and the engine throw */
  run(point: number, span: Span, goOn: GoOn): Float64Array {
    const strategy = this.types(this.study.job.strategy.kind).bind(parametersAt(this.space, point));
    const { config, markets: all } = this.begin(point);
    const stretch = all.stretch(strategy, span);
    const result = runBacktest({ ...config, strategy, markets: stretch.markets }, { columns: stretch.columns, progress: goOn });
    // Whatever a strategy does, the clock is that of the bars: what is known of one run's times is known of all.
    const time = this.clocks.get(stretch) ?? result.time;
    invariant(time.length === result.time.length, 'Two runs over the same bars have not the same steps', { steps: time.length, own: result.time.length });
    this.clocks.set(stretch, time);
    const { figures, periods } = this.study;
    const { cash } = config.account;
    const row = new Float64Array(rowWidth(this.study));
    row.set(figuresOf({ ...result, time }, cash, { names: figures, from: span.from }));
    if (periods > 0) row.set(periodReturns(result, cash, { from: span.from, periods }), figures.length);
    return row;
  }

  private begin(point: number): { readonly config: RunConfig; readonly markets: StudyMarkets } {
    if (this.base === null) {
      const config = runConfigOf(jobAt(this.study, point), { strategyType: this.types, barsOf: barsAmong(this.study.bars) });
      this.base = { config, markets: new StudyMarkets(config.markets, config.timeframe) };
    }
    return this.base;
  }
}
