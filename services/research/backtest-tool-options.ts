/** The options of the back-test on the command line: read, checked, explained. */
import { parseArgs } from 'node:util';
import { describeError } from '#app/domain/errors.ts';
import { parseDate, TIMEFRAMES } from '#app/domain/time.ts';
import type { JobInput } from './job.ts';
import type { LoadOptions } from './load.ts';

/** What the tool was told. `benchmark`: a file, `own` = the symbol of the run itself, held; null = none. `sizing` null: 95 % of equity, an equal part for each symbol. */
export type ToolOptions = {
  readonly strategy: string; readonly parameters: ReadonlyMap<string, string>; readonly data: readonly string[]; readonly load: LoadOptions;
  readonly rules: Required<Pick<JobInput, 'account' | 'fills' | 'slippage' | 'commission' | 'fees'>>; readonly sizing: JobInput['sizing'] | null;
  readonly benchmark: string | null; readonly search: string | null; readonly report: string | null; readonly json: string | null; readonly seed: number; readonly isChecked: boolean;
};
/** What is to be done. */
export type Asked = { readonly kind: 'help' } | { readonly kind: 'strategies' } | { readonly kind: 'run'; readonly options: ToolOptions };

/** An option that cannot be used; the message says what to write instead. */
export class OptionError extends Error {}

/** The help text. */
export const HELP = `npm run backtest -- --strategy KIND --data PATH[,PATH ...] [options]

Runs a strategy over bars of CSV files and says what came of it, and whether to believe it.

  --strategy KIND       such as ma-crossover, rsi-reversion, pairs-trading; --strategies lists all with their parameters;
                        or a file of your own, my-strategy.ts (docs/strategy-guide.md), which runs in a sandbox
  --param NAME=VALUE    a parameter, for example fast=10; may be repeated
  --data PATH[,PATH]    CSV files (plain or .gz) or folders of them, one symbol each, named after it: aapl.csv.gz.
                        Columns by name: time (or date), open, high, low, close, volume. Several files are a portfolio
  --from, --to DAY      YYYY-MM-DD, both included
  --timeframe WIDTH     ${TIMEFRAMES.join(', ')}; found out by itself unless bars are missing
  --symbol NAME         which symbol of a file that holds several
  --utc                 times without an offset are Greenwich's (default: New York's)
  --lenient             drop rows that cannot be used (default: refuse the file and name them)
  --factors PATH        split and dividend factors, a file or a folder; --adjust split|all (default all)

  --cash DOLLARS        at the beginning (default 100000)
  --sizing HOW          percent:95 of equity (default: that, an equal part for each symbol), notional:5000 dollars, shares are whole; atr:1,2,50 = 1 % at risk over 2 ATR, at most 50 %
  --margin 1|2|4        buying power; 1 = cash account (default), 2 or 4 may sell short with --short
  --short               short sales; --borrow PERCENT and --interest PERCENT a year
  --commission TEXT     0.2% of the value, 1.50 an order, 0.005/share, or several: 0.1%,min:1 (default none)
  --fees us|none        regulatory fees of sales (default us)
  --slippage TEXT       none (default), bps:5, spread:4, volume:0.1, atr:0.1, sqrt:1
  --volume-cap PART     of a bar's volume that may be traded, 0 to 1 (default no cap)
  --fill next-open|this-close   where market orders fill (default next-open; this-close is a wish, for comparisons)
  --intrabar RULE       pessimistic (default), adaptive, open_high_low_close, open_low_high_close

  --benchmark PATH      bars to compare with (default: the symbol itself, when there is one); none = no comparison
  --report FILE         write the report, one HTML page
  --json FILE           write figures, verdict, trades and hashes
  --check               also look for signals that know the future, and try it with noise on prices and parameters
                        (done anyway for a report over at most 100,000 bars)
  --search FILE         what npm run optimise wrote with --report: counts the trials against the result, shows map and walk-forward
  --seed N              of the statistics that draw at random (default 1)
  --help                this text

Exit codes: 0 done, 64 wrong options, 65 data that cannot be used, 66 no such file, 1 anything else.
`;

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;
const SPEC = {
  strategy: text, param: many, data: many, from: text, to: text, timeframe: text, symbol: text, utc: flag, lenient: flag, factors: text, adjust: text, cash: text, sizing: text, margin: text, short: flag, borrow: text, interest: text,
  commission: text, fees: text, slippage: text, 'volume-cap': text, fill: text, intrabar: text, benchmark: text, search: text, report: text, json: text, check: flag, seed: text, strategies: flag, help: flag,
} as const;
type Given = ReturnType<typeof parse>['values'];

/** What the engine keeps exact books of. */
const MOST_CASH = 4e9;
const DECIMAL = /^\d{1,12}(\.\d{1,9})?$/;
const ALIASES: Readonly<Record<string, string>> = { ma_crossover: 'sma_cross', sma_crossover: 'sma_cross', ma_cross: 'sma_cross' };

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: SPEC, allowPositionals: true });
}

function numberOf(name: string, given: string, [least, most]: readonly [number, number]): number {
  const value = DECIMAL.test(given) ? Number(given) : NaN;
  if (!(value >= least && value <= most)) throw new OptionError(`--${name} takes a number from ${least} to ${most}, not "${given}"`);
  return value;
}

function seedOf(given: string): number {
  if (!/^\d{1,10}$/.test(given)) throw new OptionError(`--seed takes a whole number from 0 to ${2 ** 31}, not "${given}"`);
  return numberOf('seed', given, [0, 2 ** 31]);
}

function oneOf<T extends string>(name: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw new OptionError(`--${name} takes ${allowed.join(' or ')}, not "${given}"`);
  return found;
}

function dayOf(name: string, given: string): string {
  try {
    parseDate(given);
    return given;
  } catch {
    throw new OptionError(`--${name} takes a day such as 2020-01-31, not "${given}"`);
  }
}

/** `0.2%,min:1` */
function commissionOf(given: string): NonNullable<JobInput['commission']> {
  const found = { perOrder: 0, perShare: 0, percent: 0, minimum: 0 };
  for (const part of given.split(',')) {
    const [, minimum, amount, unit] = /^(min:)?(\d{1,9}(?:\.\d{1,9})?)(%|\/share)?$/.exec(part.trim()) ?? [];
    if (amount === undefined || (minimum !== undefined && unit !== undefined)) throw new OptionError(`--commission takes 0.2%, 1.50, 0.005/share or min:1, several with commas, not "${part}"`);
    if (unit === '%' && Number(amount) > 100) throw new OptionError(`--commission takes at most 100 % of the value, not "${part}"`);
    found[minimum !== undefined ? 'minimum' : unit === '%' ? 'percent' : unit === '/share' ? 'perShare' : 'perOrder'] = Number(amount);
  }
  return found;
}

function slippageOf(given: string): NonNullable<JobInput['slippage']> {
  const [kind = '', amount] = given.split(':');
  if (kind === 'none' && amount === undefined) return { kind: 'none' };
  const value = amount === undefined ? NaN : numberOf('slippage', amount, [0, 10_000]);
  switch (kind) {
    case 'bps':
    case 'spread':
      return { kind, bps: value };
    case 'volume':
      return { kind: 'volume_share', impact: value };
    case 'atr':
      return { kind: 'atr', multiple: value, period: 14 };
    case 'sqrt':
      return { kind: 'square_root', coefficient: value };
    default:
      throw new OptionError(`--slippage takes none, bps:5, spread:4, volume:0.1, atr:0.1 or sqrt:1, not "${given}"`);
  }
}

function sizingOf(given: string): JobInput['sizing'] {
  const [kind = '', amounts = ''] = given.split(':');
  const parts = amounts.split(',');
  const [first = '', second = '', third = ''] = parts;
  if (parts.every((part) => DECIMAL.test(part))) {
    if (kind === 'percent' && parts.length === 1) return { method: 'percent_of_equity', percent: first };
    if (kind === 'notional' && parts.length === 1) return { method: 'fixed_notional', notional: first };
    if (kind === 'atr' && parts.length === 3) return { method: 'atr_risk', riskPercent: first, atrMultiple: second, maxPercent: third };
  }
  throw new OptionError(`--sizing takes percent:95, notional:5000 or atr:1,2,50, not "${given}"`);
}

function accountOf(given: Given): NonNullable<JobInput['account']> {
  const multiplier = Number(oneOf('margin', given.margin ?? (given.short === true ? '2' : '1'), ['1', '2', '4'])) as 1 | 2 | 4;
  if (given.short === true && multiplier === 1) throw new OptionError('--short needs a margin account: --margin 2 or 4');
  return {
    cash: numberOf('cash', given.cash ?? '100000', [1, MOST_CASH]), multiplier, canShort: given.short === true,
    borrowPercent: numberOf('borrow', given.borrow ?? '0', [0, 1_000]), marginInterestPercent: numberOf('interest', given.interest ?? '0', [0, 1_000]),
  };
}

function rulesOf(given: Given): ToolOptions['rules'] {
  return {
    account: accountOf(given), slippage: slippageOf(given.slippage ?? 'none'), fees: oneOf('fees', given.fees ?? 'us', ['us', 'none'] as const),
    commission: given.commission === undefined ? { perOrder: 0, perShare: 0, percent: 0, minimum: 0 } : commissionOf(given.commission),
    fills: {
      marketAt: oneOf('fill', given.fill ?? 'next-open', ['next-open', 'this-close']) === 'next-open' ? 'next_open' : 'this_close', limit: 'through',
      intrabar: oneOf('intrabar', given.intrabar ?? 'pessimistic', ['pessimistic', 'adaptive', 'open_high_low_close', 'open_low_high_close']), volumeCap: given['volume-cap'] === undefined ? null : numberOf('volume-cap', given['volume-cap'], [0.000_001, 1]),
    },
  };
}

function loadOf(given: Given): LoadOptions {
  if (given.from !== undefined && given.to !== undefined && dayOf('from', given.from) > dayOf('to', given.to)) throw new OptionError(`--from ${given.from} is later than --to ${given.to}`);
  return {
    isLenient: given.lenient === true, zone: given.utc === true ? 'utc' : 'exchange', adjustment: oneOf('adjust', given.adjust ?? 'all', ['all', 'split']),
    ...(given.timeframe === undefined ? {} : { timeframe: oneOf('timeframe', given.timeframe, TIMEFRAMES) }), ...(given.symbol === undefined ? {} : { symbol: given.symbol }), ...(given.factors === undefined ? {} : { factors: given.factors }),
    ...(given.from === undefined ? {} : { from: dayOf('from', given.from) }), ...(given.to === undefined ? {} : { to: dayOf('to', given.to) }),
  };
}

function parametersOf(given: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const one of given) {
    const [, name, value] = /^([A-Za-z][A-Za-z0-9]*)=(.+)$/.exec(one) ?? [];
    if (name === undefined || value === undefined) throw new OptionError(`--param takes a name and a value such as fast=10, not "${one}"`);
    if (found.has(name)) throw new OptionError(`--param ${name} is given twice`);
    found.set(name, value);
  }
  return found;
}

/** Whether a strategy is named by its file. */
export function isStrategyFile(named: string): boolean {
  return /\.(m?ts|m?js)$/i.test(named);
}

/** A kind as the book has it: with underscores, the usual other names understood; the name of a file as it is. */
export function kindOf(given: string): string {
  if (isStrategyFile(given)) return given;
  const kind = given.toLowerCase().replaceAll('-', '_');
  return ALIASES[kind] ?? kind;
}

/** Reads the options. @throws OptionError, saying what to write instead */
export function readOptions(args: readonly string[]): Asked {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new OptionError(describeError(error));
  }
  const { values: given, positionals } = parsed;
  if (given.help === true) return { kind: 'help' };
  if (given.strategies === true) return { kind: 'strategies' };
  // A name behind the options is what a shell made of a pattern: data/*.csv.
  const data = [...(given.data ?? []).flatMap((list) => list.split(',')), ...(given.data === undefined ? [] : positionals)].filter((place) => place !== '');
  if (given.strategy === undefined) throw new OptionError('--strategy is missing: the kind of strategy to run, for example ma-crossover');
  if (data.length === 0) throw new OptionError('--data is missing: the CSV file or folder with the bars');
  const options: ToolOptions = {
    strategy: kindOf(given.strategy), parameters: parametersOf(given.param ?? []), data, load: loadOf(given), rules: rulesOf(given), sizing: given.sizing === undefined ? null : sizingOf(given.sizing), benchmark: given.benchmark === 'none' ? null : (given.benchmark ?? 'own'),
    search: given.search ?? null, report: given.report ?? null, json: given.json ?? null, seed: seedOf(given.seed ?? '1'), isChecked: given.check === true,
  };
  return { kind: 'run', options };
}
