/** The strategy that a command line names: one of the house, or a file of the user's, which runs in the sandbox. */
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { RunConfig, RunResult } from '#app/backtest/run/types.ts';
import { sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { strategyType } from '#app/strategy/registry.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { barsAmong, runConfigOf, type Job } from './job.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { sandboxType } from './sandbox-type.ts';
import { isStrategyFile, type ToolOptions } from './backtest-tool-options.ts';
import { namedParameters } from './tool-job.ts';

/** Bars by the names that a job gives them. */
type BarsByName = ReadonlyMap<string, BarColumns>;

/**
 * A strategy to run. `code`: what tells versions apart, null where the house's own fingerprint does. `warnings`: of the look over a user's source. `isHouse`: it runs in this process, and may be run again
 * many times for its check; a user's is checked by `knowsFuture`. Dispose of it when it is done: a user's has a process.
 */
export type ToolStrategy = Disposable & {
  readonly type: StrategyType; readonly code: string | null; readonly warnings: readonly string[]; readonly isHouse: boolean;
  run(job: Job, bars: BarsByName): Promise<{ readonly config: RunConfig; readonly result: RunResult }>;
  /** Whether anything that it did would be another if later bars had not come: it is run again over shorter histories. */
  knowsFuture(job: Job, bars: BarsByName, result: RunResult): Promise<boolean>;
};

/** Parts of the history after which it is cut for the check. */
const CUTS = [0.25, 0.5, 0.75, 0.95] as const;

function ofHouse(type: StrategyType): ToolStrategy {
  return {
    type, code: null, warnings: [], isHouse: true,
    run: (job, bars) => {
      const config = runConfigOf(job, { strategyType: () => type, barsOf: barsAmong(bars) });
      return Promise.resolve({ config, result: runBacktest(config, { hasLines: true }) });
    },
    knowsFuture: () => Promise.reject(new AppError('INVARIANT_BROKEN', 'A strategy of the house is checked by its signals')),
    [Symbol.dispose]: () => undefined,
  };
}

/** The lines of a shorter run that say what was done before its end: its last step has no next bar in which anything could come of it. */
function isBeginningOf(shorter: readonly string[], whole: readonly string[]): boolean {
  return shorter.every((line, n) => line === whole[n]);
}

function barsBefore(bars: BarColumns, at: number): BarColumns {
  const end = bars.time.findIndex((time) => time >= at);
  return end < 0 ? bars : sliceColumns(bars, 0, end);
}

function inSandbox(sandbox: Sandbox, source: string): ToolStrategy {
  const type = sandboxType(sandbox.facts);
  const backtest = ({ strategy, ...job }: Job, bars: BarsByName): Promise<RunResult> => sandbox.ask('backtest', { parameters: strategy.parameters, job, bars, hasLines: true });
  return {
    type, code: createHash('sha256').update(source).digest('hex').slice(0, 16), isHouse: false,
    warnings: sandbox.facts.findings.map(({ line, message }) => `Line ${line}: ${message}`),
    run: async (job, bars) => ({ config: runConfigOf(job, { strategyType: () => type, barsOf: barsAmong(bars) }), result: await backtest(job, bars) }),
    async knowsFuture(job, bars, result) {
      const [longest] = [...bars.values()].sort((a, b) => b.time.length - a.time.length);
      for (const part of CUTS) {
        const at = longest?.time[Math.floor(longest.time.length * part)] ?? Infinity;
        const shorter = new Map([...bars].map(([name, columns]) => [name, barsBefore(columns, at)] as const));
        const isEveryoneThere = [...shorter.values()].every(({ time }) => time.length > 0);
        if (isEveryoneThere && !isBeginningOf((await backtest(job, shorter)).lines, result.lines)) return true;
      }
      return false;
    },
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

function sourceOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new AppError('INPUT_INVALID', `${file}: there is no such file of a strategy, or it cannot be read`, { cause: error });
  }
}

/** Opens the strategy. @throws AppError STRATEGY_NOT_FOUND, STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID, INPUT_INVALID for a file that is not there */
export async function openToolStrategy(options: ToolOptions): Promise<ToolStrategy> {
  if (!isStrategyFile(options.strategy)) return ofHouse(strategyType(options.strategy));
  const source = sourceOf(options.strategy);
  const { openSandbox } = await import('./sandbox/sandbox.ts');
  const sandbox = await openSandbox(source, {});
  try {
    const made = inSandbox(sandbox, source);
    // Wrong values are told before any bar is read.
    made.type.bind(namedParameters(made.type, options));
    return made;
  } catch (error) {
    sandbox[Symbol.dispose]();
    throw error;
  }
}
