/** The options of `npm run optimise`: its own, and all of `npm run backtest` that say what is run. */
import { parseArgs } from 'node:util';
import { describeError } from '#app/domain/errors.ts';
import { OBJECTIVES, type Objective } from '#app/backtest/search/objective.ts';
import type { SearchMethod } from '#app/backtest/search/proposer.ts';
import type { WalkForwardPlan } from '#app/backtest/search/walk-forward.ts';
import { OptionError, readOptions as readRunOptions, type ToolOptions } from './backtest-tool-options.ts';
import type { Choice } from './search.ts';

/** A range of a parameter in words: from..to by a step, or a list. What they mean is up to the parameter. */
export type RangeWords = { readonly from: number; readonly to: number; readonly step?: number } | readonly string[];

/** What the tool was told. `run`: strategy, bars and rules; its parameters stay as they are. `asGiven`: the words of these, for the run behind the search. */
export type OptimiseOptions = {
  readonly run: ToolOptions; readonly asGiven: readonly string[]; readonly ranges: Readonly<Record<string, RangeWords>>; readonly method: SearchMethod; readonly objective: Objective;
  readonly walkForward: (WalkForwardPlan & { readonly choice: Choice }) | null; readonly threads: number | null; readonly report: string | null; readonly journal: string | null; readonly isQuiet: boolean;
};
/** What is to be done. */
export type Asked = { readonly kind: 'help' } | { readonly kind: 'run'; readonly options: OptimiseOptions };

/** The help text. */
export const HELP = `npm run optimise -- --strategy KIND --data PATH[,PATH ...] --grid NAME=FROM:TO[:STEP] [options]

Searches the parameters of a strategy on all cores. Ctrl-C stops it; the same command goes on where it stopped.

  --grid NAME=RANGE    a parameter to search: FROM:TO, FROM:TO:STEP or a list a|b|c; may be repeated; left out: all parameters over their whole range
  --method M           grid (every point, default), random, latin (spread evenly) or tpe (learns where it is good)
  --trials N           points to try by random, latin and tpe (default 200)
  --seed N             seed of their draws (default 1)
  --objective NAME     ${OBJECTIVES.join(', ')} (default sharpe)
  --min-trades N       a good score with fewer closed trades shrinks (default 10)
  --max-drawdown P     a good score with a deeper fall shrinks, for example 25%
  --walk-forward N     choose on N windows and try each choice on what follows; IN/OUT: windows of so many bars, for example 500/125
  --anchored           windows begin at the beginning (default: they roll along)
  --out-part P         part of a rolling window that is out of sample (default 25%)
  --choose HOW         what a window takes along: best (default) or sturdiest (best on a plateau)
  --threads N          threads (default: all cores)
  --report FILE        write everything as JSON, for npm run backtest -- --search FILE
  --journal FILE       where finished points are kept until the search ends (default: a file of its own in the folder for temporary files)
  --quiet              no progress
  --help               this text

What is run is said as for npm run backtest: --strategy, --data, --param (a parameter that stays as it is), --cash, --sizing, --commission, --slippage, --short and so on; npm run backtest -- --help lists them.
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const SPEC = {
  grid: { type: 'string', multiple: true }, method: text, trials: text, seed: text, objective: text, 'min-trades': text, 'max-drawdown': text, 'walk-forward': text, anchored: flag, 'out-part': text,
  choose: text, threads: text, report: text, journal: text, quiet: flag, help: flag,
} as const;
/** What `npm run backtest` does with its result is not for a search. */
const NOT_HERE = ['search', 'benchmark', 'json', 'check', 'strategies'];

function number(name: string, given: string | undefined, fallback: number, [least, most]: readonly [number, number]): number {
  if (given === undefined) return fallback;
  const value = given.trim() === '' ? NaN : Number(given);
  if (!(value >= least && value <= most)) throw new OptionError(`--${name} takes a number from ${least} to ${most}, not "${given}"`);
  return value;
}

function whole(name: string, given: string | undefined, fallback: number, range: readonly [number, number]): number {
  const value = number(name, given, fallback, range);
  if (!Number.isInteger(value)) throw new OptionError(`--${name} takes a whole number, not "${given ?? ''}"`);
  return value;
}

/** Percent, with or without the sign, as a number of percent. */
function percent(name: string, given: string | undefined, fallback: number, range: readonly [number, number]): number {
  return number(name, given?.replace(/\s*%$/, ''), fallback, range);
}

function oneOf<T extends string>(name: string, given: string | undefined, fallback: T, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === (given ?? fallback));
  if (found === undefined) throw new OptionError(`--${name} takes ${allowed.join(' or ')}, not "${given ?? ''}"`);
  return found;
}

function rangeOf(given: string): readonly [string, RangeWords] {
  const [, name, value] = /^([A-Za-z][A-Za-z0-9]*)=(.+)$/.exec(given) ?? [];
  const parts = value?.split(':') ?? [];
  const numbers = parts.map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [from = NaN, to = NaN, step] = numbers;
  if (name === undefined || value === undefined || parts.length > 3 || (parts.length > 1 && numbers.some((part) => !Number.isFinite(part)))) throw new OptionError(`--grid takes NAME=FROM:TO:STEP or NAME=a|b|c, not "${given}"`);
  if (parts.length === 1) return [name, value.split('|')];
  return [name, step === undefined ? { from, to } : { from, to, step }];
}

/** The words in two heaps: those of the search, and the others. */
function sorted(args: readonly string[]): { readonly values: ReturnType<typeof parse>; readonly others: readonly string[] } {
  const own: string[] = [];
  const others: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    const [, name = '', equals] = /^--([a-z-]+)(=.*)?$/s.exec(word) ?? [];
    if (NOT_HERE.includes(name)) throw new OptionError(`--${name} is for npm run backtest: run the point that the search finds`);
    const option = Object.hasOwn(SPEC, name) ? SPEC[name as keyof typeof SPEC] : null;
    const heap = option === null ? others : own;
    heap.push(word);
    // The value of an option of ours goes with it.
    if (option?.type !== 'string' || equals !== undefined || at + 1 >= args.length) continue;
    at += 1;
    heap.push(args[at] ?? '');
  }
  return { values: parse(own), others };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: SPEC, allowPositionals: false }).values;
  } catch (error) {
    throw new OptionError(describeError(error));
  }
}

type Values = ReturnType<typeof parse>;

function methodOf(values: Values): SearchMethod {
  const kind = oneOf('method', values.method, 'grid', ['grid', 'random', 'latin', 'tpe']);
  return kind === 'grid' ? { kind } : { kind, trials: whole('trials', values.trials, 200, [1, 200_000]), seed: whole('seed', values.seed, 1, [0, 2_147_483_647]) };
}

function walkForwardOf(values: Values): OptimiseOptions['walkForward'] {
  const given = values['walk-forward'];
  if (given === undefined) return null;
  const bars = /^(\d{1,9})\/(\d{1,9})$/.exec(given);
  return {
    kind: values.anchored === true ? 'anchored' : 'rolling',
    ...(bars === null ? { folds: whole('walk-forward', given, 5, [1, 200]), outPart: percent('out-part', values['out-part'], 25, [1, 99]) / 100 } : { inBars: Number(bars[1]), outBars: Number(bars[2]) }),
    choice: oneOf('choose', values.choose, 'best', ['best', 'sturdiest']),
  };
}

/** Reads the command line. @throws OptionError */
export function readOptions(args: readonly string[]): Asked {
  const { values, others } = sorted(args);
  if (values.help === true) return { kind: 'help' };
  const run = readRunOptions(others);
  if (run.kind !== 'run') throw new OptionError('--strategy and --data must be given');
  const maxDrawdown = values['max-drawdown'] === undefined ? null : percent('max-drawdown', values['max-drawdown'], 100, [0.1, 100]) / 100;
  return {
    kind: 'run',
    options: {
      run: run.options, asGiven: others, ranges: Object.fromEntries((values.grid ?? []).map(rangeOf)), method: methodOf(values), walkForward: walkForwardOf(values),
      objective: { figure: oneOf('objective', values.objective, 'sharpe', OBJECTIVES), minTrades: whole('min-trades', values['min-trades'], 10, [0, 1e6]), maxDrawdown },
      threads: values.threads === undefined ? null : whole('threads', values.threads, 1, [1, 64]), report: values.report ?? null, journal: values.journal ?? null, isQuiet: values.quiet === true,
    },
  };
}
