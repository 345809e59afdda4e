/** The job that the options of a command line and loaded bars make: the same for one run and for a search. */
import { AppError, invariant } from '#app/domain/errors.ts';
import type { Parameter } from '#app/strategy/parameters.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { OptionError, type ToolOptions } from './backtest-tool-options.ts';
import { readJob, type Job, type JobInput } from './job.ts';
import type { LoadedBars } from './load.ts';

/** Percent of equity that is put to work unless told: what is left pays for a price that opens higher than the one that sized the order. */
const MOST_INVESTED = 95;

/** A parameter's value out of the words of a command line; what it may be is the strategy's business. */
export function valueOfWord(parameter: Parameter | undefined, given: string): number | boolean | string {
  if (parameter?.kind === 'flag' && /^(true|false)$/.test(given)) return given === 'true';
  return (parameter === undefined || parameter.kind === 'integer' || parameter.kind === 'number') && given.trim() !== '' && Number.isFinite(Number(given)) ? Number(given) : given;
}

/** The parameters that the options name. */
export function namedParameters(type: StrategyType, options: Pick<ToolOptions, 'parameters'>): Readonly<Record<string, number | boolean | string>> {
  return Object.fromEntries([...options.parameters].map(([name, given]) => [name, valueOfWord(type.parameterSet[name], given)]));
}

/** The job. Bars go by the name of their symbol; unless told otherwise each symbol has an equal part of 95 % of the equity. @throws OptionError for an amount that no back-test can have */
export function toolJob(type: StrategyType, options: ToolOptions, loaded: readonly LoadedBars[]): Job {
  const [first] = loaded;
  invariant(first !== undefined, 'Loading gave no bars and no error');
  const part = type.scope === 'symbol' ? Math.floor((MOST_INVESTED * 100) / loaded.length) / 100 : MOST_INVESTED;
  const job: JobInput = {
    ...options.rules, sizing: options.sizing ?? { method: 'percent_of_equity', percent: part.toFixed(2) }, strategy: { kind: type.kind, parameters: namedParameters(type, options) }, timeframe: first.timeframe,
    markets: loaded.map(({ symbol }) => ({ symbol, bars: symbol, isShortable: options.rules.account?.canShort ?? false })),
  };
  try {
    return readJob(job);
  } catch (error) {
    if (error instanceof AppError && error.code === 'INPUT_INVALID') throw new OptionError(error.message);
    throw error;
  }
}
