/** One point of a search, run: its parameters bound, the bars of its span cut out, its figures taken. */
import { sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { firstBar, type BoundStrategy, type StrategyType } from '#app/strategy/spec.ts';
import { figuresOf } from '#app/backtest/search/figures.ts';
import { parametersAt, type Space } from '#app/backtest/search/space.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { Market, RunConfig, RunResult } from '#app/backtest/run/types.ts';
import { runConfigOf, type Job } from './job.ts';
import { WHOLE_SPAN, type SingleRun, type Span, type Study } from './work.ts';

/** Who knows strategies by kind. */
export type StrategyTypes = (kind: string) => StrategyType;

/** Asked now and then with the part that is done, 0..1; false ends the run. */
export type GoOn = (done: number) => boolean;

const MAX_CUTS = 256;

/** Bars of the market that a run over the span sees: those in it, and as many before as the strategy needs before its first decision, so that this falls on the span's first bar. */
export function cutMarket(market: Market, span: Span, warmUp: number): Market {
  const { bars, detail } = market;
  const begin = Math.max(0, firstAtOrAfter(bars.time, span.from) - warmUp);
  const end = firstAtOrAfter(bars.time, span.to);
  const opened = bars.time[begin] ?? Infinity;
  return {
    ...market,
    bars: sliceColumns(bars, begin, Math.max(begin, end)),
    detail: detail === null ? null : sliceColumns(detail, firstAtOrAfter(detail.time, opened), firstAtOrAfter(detail.time, span.to)),
    // What happened before the first bar is in its price already.
    actions: market.actions.filter(({ at }) => at > opened && at < span.to),
  };
}

function firstAtOrAfter(time: Float64Array, at: number): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] ?? Infinity) >= at) high = middle;
    else low = middle + 1;
  }
  return low;
}

function barsOf(bars: ReadonlyMap<string, BarColumns>): (ref: string) => BarColumns {
  return (ref) => {
    const found = bars.get(ref);
    invariant(found, 'The bars that a job names are not at hand', { ref });
    return found;
  };
}

/** Cuts one thread has made. The engine knows columns again by themselves: it keeps what it has worked out about them. */
class Cuts {
  private readonly made = new Map<string, readonly Market[]>();

  of(config: RunConfig, span: Span): RunConfig {
    if (span.from === -Infinity && span.to === Infinity) return config;
    const warmUp = firstBar(config.strategy);
    const key = `${span.from} ${span.to} ${warmUp}`;
    const markets = this.made.get(key) ?? config.markets.map((market) => cutMarket(market, span, warmUp)).filter(({ bars }) => bars.time.length > 0);
    invariant(markets.length > 0, 'There are no bars in the span', { from: span.from, to: span.to });
    if (this.made.size >= MAX_CUTS) this.made.clear();
    this.made.set(key, markets);
    return { ...config, markets };
  }
}

/** Runs a single back-test. @throws what the engine throws */
export function runSingle({ job, bars, span = WHOLE_SPAN, hasLines = false }: SingleRun, types: StrategyTypes, goOn: GoOn): RunResult {
  return runBacktest(new Cuts().of(runConfigOf(job, { strategyType: types, barsOf: barsOf(bars) }), span), { hasLines, progress: goOn });
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
  private readonly cuts = new Cuts();
  private base: RunConfig | null = null;

  constructor(study: Study, types: StrategyTypes) {
    this.study = study;
    this.space = spaceOf(study);
    this.types = types;
  }

  /** The figures of a point. @throws what the strategy and the engine throw */
  run(point: number, span: Span, goOn: GoOn): Float64Array {
    const config = this.configAt(point);
    const result = runBacktest(this.cuts.of(config, span), { progress: goOn });
    return figuresOf(result, config.account.cash, { names: this.study.figures, from: span.from });
  }

  private configAt(point: number): RunConfig {
    const { job, bars } = this.study;
    const strategy: BoundStrategy = this.types(job.strategy.kind).bind(parametersAt(this.space, point));
    this.base ??= runConfigOf(jobAt(this.study, point), { strategyType: this.types, barsOf: barsOf(bars) });
    return { ...this.base, strategy };
  }
}
