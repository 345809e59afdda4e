/** The options of `npm run optimise`: read, checked, explained. */
import { parseArgs } from 'node:util';
import { describeError } from '#app/domain/errors.ts';
import { OBJECTIVES, type Objective } from '#app/backtest/search/objective.ts';
import type { SearchMethod } from '#app/backtest/search/proposer.ts';
import type { AxisRange, AxisValue } from '#app/backtest/search/space.ts';
import type { WalkForwardPlan } from '#app/backtest/search/walk-forward.ts';
import type { JobInput } from './job.ts';
import type { Choice } from './search.ts';

/** What the tool was told. `rules`: everything of the job but its strategy and its bars. */
export type OptimiseOptions = {
  readonly kind: string; readonly data: readonly string[]; readonly isLenient: boolean; readonly ranges: Readonly<Record<string, AxisRange>>; readonly fixed: Readonly<Record<string, AxisValue>>;
  readonly method: SearchMethod; readonly objective: Objective; readonly walkForward: (WalkForwardPlan & { readonly choice: Choice }) | null;
  readonly rules: Pick<JobInput, 'sizing' | 'account' | 'slippage' | 'commission' | 'fees'>; readonly threads: number | null; readonly report: string | null; readonly journal: string | null; readonly isQuiet: boolean;
};
/** What is to be done. */
export type Asked = { readonly kind: 'help' } | { readonly kind: 'run'; readonly options: OptimiseOptions };

/** An option that cannot be used; the message says what to write instead. */
export class OptionError extends Error {}

/** The help text. */
export const HELP = `npm run optimise -- --strategy KIND --data FILE --grid NAME=FROM:TO[:STEP] [options]

Searches the parameters of a strategy on all cores. Ctrl-C stops it; the same command goes on where it stopped.

  --strategy KIND      kind of strategy, for example sma_cross
  --data PATHS         CSV files (.csv, .csv.gz) or folders of them, separated by commas
  --lenient            drop rows that cannot be used, and count them (otherwise such a file is refused)
  --grid NAME=RANGE    a parameter to search: FROM:TO, FROM:TO:STEP or a list a|b|c; may be repeated; left out: all parameters over their whole range
  --set NAME=VALUE     a parameter that stays as it is; may be repeated
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
  --cash DOLLARS       opening cash (default 100000)
  --size P             part of the equity in an entry (default 95%)
  --commission P       percent of each fill's value, for example 0.2% (default 0)
  --slippage bps:N     fills are worse by so many hundredths of a percent (default 0)
  --fees us|none       regulatory fees on sales (default us)
  --short              margin account that may short
  --threads N          threads (default: all cores)
  --report FILE        write everything as JSON
  --journal FILE       where finished points are kept until the search ends (default: a file of its own in the folder for temporary files)
  --quiet              no progress
  --help               this text
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const many = { type: 'string', multiple: true } as const;
const SPEC = {
  strategy: text, data: many, lenient: flag, grid: many, set: many, method: text, trials: text, seed: text, objective: text, 'min-trades': text, 'max-drawdown': text, 'walk-forward': text, anchored: flag, 'out-part': text,
  choose: text, cash: text, size: text, commission: text, slippage: text, fees: text, short: flag, threads: text, report: text, journal: text, quiet: flag, help: flag,
} as const;

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

function valueOf(given: string): AxisValue {
  if (given === 'true' || given === 'false') return given === 'true';
  return given.trim() !== '' && Number.isFinite(Number(given)) ? Number(given) : given;
}

function named(option: string, given: string): readonly [name: string, value: string] {
  const at = given.indexOf('=');
  if (at < 1 || at === given.length - 1) throw new OptionError(`--${option} takes NAME=VALUE, not "${given}"`);
  return [given.slice(0, at), given.slice(at + 1)];
}

function rangeOf(given: string): readonly [string, AxisRange] {
  const [name, value] = named('grid', given);
  const parts = value.split(':');
  if (parts.length === 1) return [name, value.split('|').map(valueOf)];
  const numbers = parts.map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [from = NaN, to = NaN, step] = numbers;
  if (parts.length > 3 || numbers.some((part) => !Number.isFinite(part))) throw new OptionError(`--grid takes NAME=FROM:TO:STEP or NAME=a|b|c, not "${given}"`);
  return [name, step === undefined ? { from, to } : { from, to, step }];
}

type Values = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: SPEC, allowPositionals: false }).values;
  } catch (error) {
    throw new OptionError(describeError(error));
  }
}

function rulesOf(values: Values): OptimiseOptions['rules'] {
  const slippage = values.slippage === undefined ? null : /^bps:(\d+(?:\.\d+)?)$/.exec(values.slippage);
  if (values.slippage !== undefined && slippage === null) throw new OptionError(`--slippage takes bps:N, not "${values.slippage}"`);
  const isShort = values.short === true;
  return {
    sizing: { method: 'percent_of_equity', percent: String(percent('size', values.size, 95, [0.01, 100])) },
    account: { cash: number('cash', values.cash, 100_000, [1, 1e12]), multiplier: isShort ? 2 : 1, canShort: isShort, borrowPercent: 0, marginInterestPercent: 0 },
    slippage: slippage === null ? { kind: 'none' } : { kind: 'bps', bps: Number(slippage[1]) },
    commission: { perOrder: 0, perShare: 0, percent: percent('commission', values.commission, 0, [0, 100]), minimum: 0 },
    fees: oneOf<'us' | 'none'>('fees', values.fees, 'us', ['us', 'none']),
  };
}

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
  const values = parse(args);
  if (values.help === true) return { kind: 'help' };
  if (values.strategy === undefined || values.data === undefined) throw new OptionError('--strategy and --data must be given');
  const maxDrawdown = values['max-drawdown'] === undefined ? null : percent('max-drawdown', values['max-drawdown'], 100, [0.1, 100]) / 100;
  return {
    kind: 'run',
    options: {
      kind: values.strategy.replaceAll('-', '_'), data: values.data.flatMap((paths) => paths.split(',')).filter((path) => path !== ''), isLenient: values.lenient === true,
      ranges: Object.fromEntries((values.grid ?? []).map(rangeOf)), fixed: Object.fromEntries((values.set ?? []).map((given) => named('set', given)).map(([name, value]) => [name, valueOf(value)])),
      method: methodOf(values), walkForward: walkForwardOf(values), rules: rulesOf(values),
      objective: { figure: oneOf('objective', values.objective, 'sharpe', OBJECTIVES), minTrades: whole('min-trades', values['min-trades'], 10, [0, 1e6]), maxDrawdown },
      threads: values.threads === undefined ? null : whole('threads', values.threads, 1, [1, 64]), report: values.report ?? null, journal: values.journal ?? null, isQuiet: values.quiet === true,
    },
  };
}
