/** The back-test of a strategy that was written here: it runs in its sandbox, and so do the further runs that a verdict needs. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAX_SEARCH_TRIALS } from '#app/contracts/search.ts';
import type { ProjectFile } from '#app/contracts/author.ts';
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import { jitterBars, jitterParameters, summariseVariants } from '#app/analytics/jitter.ts';
import { figuresOf } from '#app/backtest/search/figures.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import type { Queryable } from '#chassis/db.ts';
import { movable, NOISE_BPS } from '../research/backtest-tool-check.ts';
import type { Job } from '../research/job.ts';
import { isCheckable } from '../research/measure.ts';
import type { SingleOptions } from '../research/pool.ts';
import type { Ran } from '../research/run-told.ts';
import { openSandboxPool, refusedPoints } from '../research/sandbox-pool.ts';
import { sandboxType } from '../research/sandbox-type.ts';
import type { SandboxResult } from '../research/sandbox/protocol.ts';
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

/** The name under which the bars of the run are kept on the other side, and those with noise. */
const HELD = 'run';
/** Runs of each kind beside, and bars that they may take together: some seconds. */
const VARIANTS = 20;
const FEWEST_VARIANTS = 5;
const CHECK_BARS = 2_000_000;
const SHARPE = ['sharpe'] as const;

/** Reads the files of a version and loads them. @throws AppError PROJECT_NOT_FOUND, STRATEGY_CODE_INVALID, STRATEGY_OUT_OF_TIME */
export async function openAuthored({ db, sandboxes = openSandbox }: { readonly db: Queryable; readonly sandboxes?: SandboxOpener }, { projectId, version }: { readonly projectId: string; readonly version: number }): Promise<Authored> {
  const { files, hash } = await readProjectVersion(db, projectId, version);
  const open = (): Promise<Sandbox> => sandboxes(files, {});
  const sandbox = await open();
  const { facts } = sandbox;
  let held: ReadonlyMap<string, BarColumns> | null = null;
  const hold = async (bars: ReadonlyMap<string, BarColumns>): Promise<{ readonly held: string }> => {
    if (held !== bars) await sandbox.ask('hold', { name: HELD, bars });
    held = bars;
    return { held: HELD };
  };
  return {
    type: sandboxType(facts), hash, sandbox, warnings: facts.findings.map(({ path, line, message }) => `${path ?? 'The project'}${line > 0 ? `:${line}` : ''}: ${message}`),
    async run({ strategy, ...job }, bars, { signal, onProgress }) {
      return sandbox.ask('backtest', { parameters: strategy.parameters, job, bars: await hold(bars), hasLines: true }, signal, ({ done }) => onProgress?.(done));
    },
    async check(run, signal) {
      if (!run.plan.hasChecks || !isCheckable([...run.bars.values()].map((bars) => ({ bars })))) return { found: {}, words: [] };
      return checked({ sandbox, type: sandboxType(facts), run, bars: await hold(run.bars), signal });
    },
    searchers() {
      const pool = openSandboxPool({ sandboxes: searchCores(), open });
      return { pool, code: hash, unusable: (space) => refusedPoints(sandbox, space, { most: MAX_SEARCH_TRIALS, signal: new AbortController().signal }), [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
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
  const look = await part(signal, words, 'Whether it knows the future', () => lookedAhead(check, words));
  const base = figuresOf(ran.result, job.account.cash, { names: SHARPE })[0] ?? NaN;
  const beside = await part(signal, words, 'What other parameters would do to it', () => ratiosBeside(check));
  const noisy = await part(signal, words, 'What noise on the prices does to it', () => ratiosOfNoise(check));
  return {
    words, found: {
      ...(look === null ? {} : { lookAhead: look }), ...(beside === null ? {} : { parameterJitter: summariseVariants(base, beside) }), ...(noisy === null ? {} : { priceJitter: summariseVariants(base, noisy) }),
    },
  };
}

async function lookedAhead({ sandbox, run: { job }, bars, signal }: Check, words: string[]): Promise<'clean' | 'found' | null> {
  const { lookAhead, problem } = await sandbox.ask('look', { parameters: job.strategy.parameters, bars, timeframe: job.timeframe }, signal);
  if (problem !== null) words.push(`The look for the future could not be finished: ${problem}`);
  if (lookAhead === null) return null;
  words.push(...lookAhead.findings.map(({ message }) => message));
  return lookAhead.findings.length === 0 ? 'clean' : 'found';
}

function variantsOf(run: AuthoredRun): number {
  const bars = [...run.bars.values()].reduce((sum, { time }) => sum + time.length, 0);
  return Math.max(FEWEST_VARIANTS, Math.min(VARIANTS, Math.floor(CHECK_BARS / Math.max(1, bars))));
}

async function ratiosBeside({ sandbox, type, run, bars, signal }: Check): Promise<number[]> {
  const { strategy, ...job } = run.job;
  const points = jitterParameters(movable(type, strategy.parameters), { seed: run.plan.seed, variants: variantsOf(run) }).map((moved) => ({ ...strategy.parameters, ...moved }));
  if (points.length === 0) return [];
  const { rows, width } = await sandbox.ask('points', { job, bars, span: WHOLE_SPAN, points, figures: SHARPE, periods: 0 }, signal);
  return points.map((_point, n) => rows[n * width] ?? NaN).filter((ratio) => Number.isFinite(ratio));
}

async function ratiosOfNoise({ sandbox, run, signal }: Check): Promise<number[]> {
  const { strategy, ...job } = run.job;
  const ratios: number[] = [];
  for (let variant = 0; variant < variantsOf(run); variant += 1) {
    const bars = new Map<string, BarColumns>();
    for (const [name, columns] of run.bars) {
      bars.set(name, jitterBars(columns, { seed: run.plan.seed, variant, basisPoints: NOISE_BPS }));
      // Strategies that trade must not wait for one that is tried out.
      await nextTurn();
    }
    const result = await sandbox.ask('backtest', { parameters: strategy.parameters, job, bars, hasLines: false }, signal);
    const [ratio = NaN] = figuresOf(result, job.account.cash, { names: SHARPE });
    if (Number.isFinite(ratio)) ratios.push(ratio);
  }
  return ratios;
}
