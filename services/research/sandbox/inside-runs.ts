/** Back-tests inside of the sandbox's process: one in full, or the figures of many points over the same bars. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jitterBars } from '#app/analytics/jitter.ts';
import { figuresOf, periodReturns } from '#app/backtest/search/figures.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import { AppError } from '#app/domain/errors.ts';
import { barsAmong, readJob, runConfigOf, type Job } from '../job.ts';
import { StudyMarkets } from '../study-markets.ts';
import { closesOf, type InsideStrategy } from './inside-strategy.ts';
import type { SandboxPoints, SandboxProgress, SandboxResult, SandboxRows, SandboxRun } from './protocol.ts';
import { RunLog } from './run-log.ts';

/** Tells how far a task is. */
export type TellProgress = (progress: SandboxProgress) => void;

const TELL_MS = 100;
/** Points in a row that were stopped for their time: the next ones would not end either. */
const MAX_OUT_OF_TIME = 3;

/** The job of a strategy in here, whose parameters are its own business. */
export function jobOf(inside: InsideStrategy, job: SandboxRun['job']): Job {
  return readJob({ ...job, strategy: { kind: inside.terms.kind, parameters: {} } });
}

/** Runs it over all bars, or over a span of them. @throws AppError what the engine and the strategy throw */
export async function insideBacktest(inside: InsideStrategy, { parameters, job, bars, hasLines, isOneText = false, span }: SandboxRun, tell: TellProgress): Promise<SandboxResult> {
  const machine = await inside.fresh();
  using runs = new DisposableStack();
  const log = new RunLog();
  const times = new Map<string, Float64Array>();
  const strategyType = () => inside.typeOf(machine, () => runs.use(inside.guest(machine, parameters, { times, hasReasons: hasLines, log })));
  const config = runConfigOf(jobOf(inside, job), { strategyType, barsOf: barsAmong(inside.barsOf(bars)) });
  const stretch = span === undefined || (span.from === -Infinity && span.to === Infinity) ? null : new StudyMarkets(config.markets, config.timeframe).stretch(config.strategy, span);
  const markets = stretch?.markets ?? config.markets;
  for (const [symbol, close] of closesOf(markets, config.timeframe)) times.set(symbol, close);
  let toldAt = performance.now();
  const progress = (done: number): boolean => {
    if (performance.now() - toldAt < TELL_MS) return true;
    tell({ done, rows: new Map() });
    toldAt = performance.now();
    return true;
  };
  try {
    const result = runBacktest({ ...config, markets }, { hasLines, progress, ...(stretch === null ? {} : { columns: stretch.columns }) });
    runs.dispose();
    return { ...result, lines: isOneText && result.lines.length > 0 ? [result.lines.join('\n')] : result.lines, log: log.take() };
  } catch (error) {
    // What it wrote before it failed often says why.
    runs.dispose();
    throw new FailedRun(error, log);
  }
}

/** A run that failed, with what was written up to there. */
export class FailedRun extends Error {
  readonly log: RunLog;

  constructor(cause: unknown, log: RunLog) {
    super('The run failed', { cause });
    this.log = log;
  }
}

/** The rows of many points. A point that fails leaves its row unknown, and its reason. @throws AppError when several in a row do not end */
export async function insidePoints(inside: InsideStrategy, ask: SandboxPoints, tell: TellProgress): Promise<SandboxRows> {
  const { points, figures, periods } = ask;
  const width = figures.length + periods;
  const rows = new Float64Array(points.length * width).fill(NaN);
  const failed = new Map<number, string>();
  const study = new PointRuns(inside, ask);
  let toldAt = performance.now();
  let news = new Map<number, Float64Array>();
  let late = 0;
  for (let n = 0; n < points.length; n += 1) {
    try {
      const row = await study.run(n);
      rows.set(row, n * width);
      news.set(n, row);
      late = 0;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failed.set(n, causeOf(error).message);
      late = causeOf(error).code === 'STRATEGY_OUT_OF_TIME' ? late + 1 : 0;
      if (late >= MAX_OUT_OF_TIME) throw error;
    }
    if (performance.now() - toldAt < TELL_MS) continue;
    tell({ done: (n + 1) / points.length, rows: news });
    news = new Map();
    toldAt = performance.now();
    // Whoever asked hears of it now, and not when everything is done.
    await nextTurn();
  }
  tell({ done: 1, rows: news });
  return { width, rows, failed };
}

/** What the points of a question have in common, made once. */
class PointRuns {
  readonly #inside: InsideStrategy;
  readonly #ask: SandboxPoints;
  #base: { readonly config: ReturnType<typeof runConfigOf>; readonly markets: StudyMarkets } | null = null;

  constructor(inside: InsideStrategy, ask: SandboxPoints) {
    [this.#inside, this.#ask] = [inside, ask];
  }

  async run(n: number): Promise<Float64Array> {
    const { points, span, figures, periods } = this.#ask;
    const machine = await this.#inside.fresh();
    using runs = new DisposableStack();
    const times = new Map<string, Float64Array>();
    const strategy = runs.use(this.#inside.guest(machine, points[n] ?? {}, { times, hasReasons: false }));
    this.#base ??= this.#begin(() => this.#inside.typeOf(machine, () => strategy));
    const { config, markets } = this.#base;
    const stretch = markets.stretch(strategy, span);
    for (const [symbol, close] of closesOf(stretch.markets, config.timeframe)) times.set(symbol, close);
    const result = runBacktest({ ...config, strategy, markets: stretch.markets }, { columns: stretch.columns });
    const row = new Float64Array(figures.length + periods);
    row.set(figuresOf(result, config.account.cash, { names: figures, from: span.from }));
    if (periods > 0) row.set(periodReturns(result, config.account.cash, { from: span.from, periods }), figures.length);
    return row;
  }

  #begin(strategyType: Parameters<typeof runConfigOf>[1]['strategyType']): { readonly config: ReturnType<typeof runConfigOf>; readonly markets: StudyMarkets } {
    const { job, bars, noise } = this.#ask;
    const exact = this.#inside.barsOf(bars);
    const shown = noise === undefined ? exact : new Map([...exact].map(([name, columns]) => [name, jitterBars(columns, noise)]));
    const config = runConfigOf(jobOf(this.#inside, job), { strategyType, barsOf: barsAmong(shown) });
    return { config, markets: new StudyMarkets(config.markets, config.timeframe) };
  }
}

/** The first error in the chain that the strategy's author can do something about. */
export function causeOf(error: unknown): AppError {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof AppError && !(at.cause instanceof AppError)) return at;
  }
  return error instanceof AppError ? error : new AppError('STRATEGY_FAILED', error instanceof Error ? error.message : String(error), { cause: error });
}
