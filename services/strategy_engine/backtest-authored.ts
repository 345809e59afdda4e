/** The back-test of a strategy that was written here: it runs in its sandbox, and so do the further runs that a verdict needs. */
import { MAX_SEARCH_TRIALS } from '#app/contracts/search.ts';
import type { ProjectFile } from '#app/contracts/author.ts';
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import { jitterParameters, type PriceJitter } from '#app/analytics/jitter.ts';
import { figuresOf } from '#app/backtest/search/figures.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import { movable, NOISE_BPS } from '../research/backtest-tool-check.ts';
import { CHECK_MS, leftOutWords, LOOK_PART, summaryOf, type Tried } from '../research/check-time.ts';
import type { Job } from '../research/job.ts';
import { isCheckable } from '../research/measure.ts';
import type { SingleOptions } from '../research/pool.ts';
import type { Ran } from '../research/run-told.ts';
import { openSandboxPool, refusedPoints } from '../research/sandbox-pool.ts';
import { sandboxType } from '../research/sandbox-type.ts';
import { holdBars } from '../research/sandbox/hold-bars.ts';
import type { SandboxPoints, SandboxResult } from '../research/sandbox/protocol.ts';
import { openSandbox, type Sandbox } from '../research/sandbox/sandbox.ts';
import { WHOLE_SPAN } from '../research/work.ts';
import { readProjectVersion } from './author-read.ts';
import type { BacktestPlan } from './backtest-request.ts';
import { searchCores, type Searchers } from './backtest-search.ts';

/** Starts sandboxes. */
export type SandboxOpener = (files: readonly ProjectFile[], parameters: unknown) => Promise<Sandbox>;

/** A run to check: what it gave, told and line by line. */
export type AuthoredRun = { readonly job: Job; readonly bars: ReadonlyMap<string, BarColumns>; readonly ran: Ran; readonly lines: readonly string[]; readonly plan: BacktestPlan };

/** A version of a project, loaded in its sandbox. Dispose of it when the run is over. */
export type Authored = Disposable & {
  readonly type: StrategyType; readonly hash: string; /** What the look over its files warned of. */ readonly warnings: readonly string[];
  /** @throws AppError STRATEGY_FAILED and the like, with path, line, symbol and bar */
  run(job: Job, bars: ReadonlyMap<string, BarColumns>, options: SingleOptions): Promise<SandboxResult>;
  /** Further runs: later bars taken away, noise on the prices, parameters beside. What cannot be found out is said in words. @throws the signal's reason */
  check(run: AuthoredRun, signal: AbortSignal): Promise<{ readonly found: FoundElsewhere; readonly words: readonly string[] }>;
  /** Processes for a search: one core is left to those who trade. */
  searchers(): Searchers;
  readonly sandbox: Sandbox;
};

/** The name under which the bars of the run are kept on the other side. */
const HELD = 'run';
/** Runs of each kind beside, and bars that they may take together: some seconds. */
const VARIANTS = 20;
const FEWEST_VARIANTS = 5;
const CHECK_BARS = 2_000_000;
const SHARPE = ['sharpe'] as const;
const NOTHING_TRIED: Tried = { ratios: [], run: 0, planned: 0 };

/** Reads the files of a version and loads them. @throws AppError PROJECT_NOT_FOUND, STRATEGY_CODE_INVALID, STRATEGY_OUT_OF_TIME */
export async function openAuthored({ db, sandboxes = openSandbox }: { readonly db: Queryable; readonly sandboxes?: SandboxOpener }, { projectId, version }: { readonly projectId: string; readonly version: number }): Promise<Authored> {
  const { files, hash } = await readProjectVersion(db, projectId, version);
  const open = (): Promise<Sandbox> => sandboxes(files, {});
  const sandbox = await open();
  const { facts } = sandbox;
  let held: ReadonlyMap<string, BarColumns> | null = null;
  const hold = async (bars: ReadonlyMap<string, BarColumns>): Promise<{ readonly held: string }> => {
    if (held !== bars) await holdBars(sandbox, HELD, bars);
    held = bars;
    return { held: HELD };
  };
  return {
    type: sandboxType(facts), hash, sandbox, warnings: facts.findings.map(({ path, line, message }) => `${path ?? 'The project'}${line > 0 ? `:${line}` : ''}: ${message}`),
    async run({ strategy, ...job }, bars, { signal, onProgress }) {
      return sandbox.ask('backtest', { parameters: strategy.parameters, job, bars: await hold(bars), hasLines: true, isOneText: true }, signal, ({ done }) => onProgress?.(done));
    },
    async check(run, signal) {
      if (!run.plan.hasChecks || !isCheckable([...run.bars.values()].map((bars) => ({ bars })))) return { found: {}, words: [] };
      return checked({ sandbox, type: sandboxType(facts), run, bars: await hold(run.bars), signal });
    },
    searchers() {
      const pool = openSandboxPool({ sandboxes: searchCores(), open });
      return { pool, code: hash, unusable: (space, signal) => refusedPoints(sandbox, space, { most: MAX_SEARCH_TRIALS, signal }), [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
    },
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

type Check = { readonly sandbox: Sandbox; readonly type: StrategyType; readonly run: AuthoredRun; readonly bars: { readonly held: string }; readonly signal: AbortSignal };

/** A part of the check that fails says nothing of the run that went well: then it is not known, and said. */
async function part<T>(signal: AbortSignal, words: string[], what: string, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    words.push(`${what} could not be found out: ${describeError(error)}`);
    return null;
  }
}

async function checked(check: Check): Promise<{ readonly found: FoundElsewhere; readonly words: readonly string[] }> {
  const { run: { ran, job }, signal } = check;
  const words: string[] = [];
  const began = monotonicMs();
  const isOver = (): boolean => monotonicMs() - began > CHECK_MS;
  const look = await part(signal, words, 'Whether it knows the future', () => lookedAhead(check, words));
  const base = figuresOf(ran.result, job.account.cash, { names: SHARPE })[0] ?? NaN;
  const tried = await part(signal, words, 'What noise on the prices and other parameters do to it', () => variantsTried(check, isOver));
  words.push(...leftOutWords({ noise: tried?.noise ?? NOTHING_TRIED, beside: tried?.beside ?? NOTHING_TRIED, look: look?.places ?? null }));
  return { words, found: { ...(look === null ? {} : { lookAhead: look.said }), ...(tried === null ? {} : { parameterJitter: summaryOf(base, tried.beside), priceJitter: summaryOf(base, tried.noise) }) } };
}

async function lookedAhead({ sandbox, run: { job }, bars, signal }: Check, words: string[]): Promise<{ readonly said: 'clean' | 'found'; readonly places: { readonly cuts: number; readonly left: number } } | null> {
  const { lookAhead, problem } = await sandbox.ask('look', { parameters: job.strategy.parameters, bars, timeframe: job.timeframe, withinMs: CHECK_MS * LOOK_PART }, signal);
  if (problem !== null) words.push(`The look for the future could not be finished: ${problem}`);
  if (lookAhead === null) return null;
  words.push(...lookAhead.findings.map(({ message }) => message));
  return { said: lookAhead.findings.length === 0 ? 'clean' : 'found', places: lookAhead };
}

function variantsOf(run: AuthoredRun): number {
  const bars = [...run.bars.values()].reduce((sum, { time }) => sum + time.length, 0);
  return Math.max(FEWEST_VARIANTS, Math.min(VARIANTS, Math.floor(CHECK_BARS / Math.max(1, bars))));
}

/** A run with noise and one with other parameters in turn, so that of both some are made before the time is over. */
async function variantsTried({ sandbox, type, run, bars, signal }: Check, isOver: () => boolean): Promise<{ readonly noise: Tried; readonly beside: Tried }> {
  const { strategy, ...job } = run.job;
  const { seed } = run.plan;
  const variants = variantsOf(run);
  const moved = jitterParameters(movable(type, strategy.parameters), { seed, variants });
  const ratioOf = async (point: SandboxPoints['points'][number], noise?: PriceJitter): Promise<number[]> => {
    const { rows } = await sandbox.ask('points', { job, bars, span: WHOLE_SPAN, points: [point], figures: SHARPE, periods: 0, ...(noise === undefined ? {} : { noise }) }, signal);
    return [...rows].filter((ratio) => Number.isFinite(ratio));
  };
  const noise = { ratios: [] as number[], run: 0, planned: variants };
  const beside = { ratios: [] as number[], run: 0, planned: moved.length };
  for (let variant = 0; variant < variants && !isOver(); variant += 1) {
    noise.ratios.push(...(await ratioOf(strategy.parameters, { seed, variant, basisPoints: NOISE_BPS })));
    noise.run += 1;
    const other = moved[variant];
    if (other === undefined || isOver()) continue;
    beside.ratios.push(...(await ratioOf({ ...strategy.parameters, ...other })));
    beside.run += 1;
  }
  return { noise, beside };
}
