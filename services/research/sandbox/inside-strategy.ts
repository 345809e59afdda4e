/** The strategy that a sandbox's process holds: its files, its machine, what it says of itself, and the bars that are kept for it. */
import { timedBars } from '#app/backtest/run/sessions.ts';
import type { Market } from '#app/backtest/run/types.ts';
import type { ProjectFinding } from '#app/contracts/author.ts';
import { BAR_FIELDS, barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { TIMEFRAMES, type Timeframe } from '#app/domain/time.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { parametersJsonSchema } from '#app/strategy/parameters.ts';
import { firstBar, warmUpBars, type StrategyType } from '#app/strategy/spec.ts';
import { checkFiles, type ProjectFileLike } from '../strategy-source.ts';
import { withinReading } from './deadline.ts';
import { wordsOf } from './guest-code.ts';
import { guestStrategy, type GuestMode, type GuestStrategy, type GuestTerms } from './guest-strategy.ts';
import { bindGuest, describeGuest, indicatorFunctions } from './guest-terms.ts';
import { Machine, MACHINE_LIMITS, type MachineLimits } from './machine.ts';
import type { SandboxBars, SandboxFacts, SandboxPiece, SandboxTasks } from './protocol.ts';
import { RunLog } from './run-log.ts';

const FUNCTIONS = indicatorFunctions(INDICATORS);
const NAMES = [...FUNCTIONS.keys()];
const DAY = '1Day';
/** Sets of bars that are kept at once. */
const MAX_HELD = 8;

/** Files that were read, and what was found in them. */
export type ReadFiles = { readonly files: readonly ProjectFileLike[]; readonly findings: readonly ProjectFinding[] };

/** Reads files and looks over them, within the time that reading may take. */
export function readFiles(files: readonly ProjectFileLike[]): ReadFiles {
  return { files, findings: withinReading(files.reduce((sum, { text }) => sum + text.length, 0), () => checkFiles(files)) };
}

/** What was found, warnings alone. @throws AppError STRATEGY_CODE_INVALID for a file that cannot be read, or for what makes every result of it meaningless */
function warningsOf(findings: readonly ProjectFinding[]): readonly ProjectFinding[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return findings;
  const { path, line, column } = first;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  const where = path === null ? '' : `${wordsOf({ path, line })}${first.rule === 'syntax' ? `, column ${column}` : ''}: `;
  throw new AppError('STRATEGY_CODE_INVALID', `${where}${first.message}${more}`, { context: { path, line, column, findings } });
}

/** Less than usual, where somebody wishes so; never more. */
function limitsOf(wished: Partial<MachineLimits> = {}): MachineLimits {
  const least = (name: keyof MachineLimits): number => Math.max(1, Math.min(MACHINE_LIMITS[name], wished[name] ?? Infinity));
  return { bytes: least('bytes'), loadMs: least('loadMs'), barMs: least('barMs'), batchMs: least('batchMs') };
}

/** Closes of the bars of each market, as the engine runs them. */
export function closesOf(markets: readonly Pick<Market, 'symbol' | 'bars'>[], timeframe: Timeframe): Map<string, Float64Array> {
  return new Map(markets.map(({ symbol, bars }) => [symbol, timedBars(bars, timeframe).sessions.close] as const));
}

/** Columns with one more piece in its place; the first one says how long they will be. */
function withPiece(known: BarColumns | undefined, part: BarColumns, { from, rows }: SandboxPiece): BarColumns {
  const whole = from === 0 || known === undefined ? barColumns(rows) : known;
  if (whole.time.length !== rows || from + part.time.length > rows) throw new AppError('INPUT_INVALID', 'A piece of bars lies outside of its columns', { context: { from, rows } });
  for (const field of ['time', ...BAR_FIELDS] as const) whole[field].set(part[field], from);
  return whole;
}

/** A loaded strategy. */
export class InsideStrategy {
  readonly files: readonly ProjectFileLike[];
  readonly #limits: MachineLimits;
  readonly #findings: readonly ProjectFinding[];
  readonly #held = new Map<string, ReadonlyMap<string, BarColumns>>();
  #machine: Machine;
  #terms: GuestTerms;
  /** The machine has run nothing so far. */
  #isUnused = true;

  private constructor({ files, limits, findings, machine, terms }: { readonly files: readonly ProjectFileLike[]; readonly limits: MachineLimits; readonly findings: readonly ProjectFinding[]; readonly machine: Machine; readonly terms: GuestTerms }) {
    [this.files, this.#limits, this.#findings, this.#machine, this.#terms] = [files, limits, findings, machine, terms];
  }

  /** @throws AppError STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY */
  static async load({ files, findings: found }: ReadFiles, { parameters, limits: wished }: SandboxTasks['load']['ask']): Promise<InsideStrategy> {
    const findings = warningsOf(found);
    const limits = limitsOf(wished);
    const machine = await Machine.load(files, NAMES, limits);
    return new InsideStrategy({ files, limits, findings, machine, terms: bindGuest(machine, parameters, FUNCTIONS) });
  }

  get terms(): GuestTerms {
    return this.#terms;
  }

  get isMemoryFree(): boolean {
    return this.#machine.isMemoryFree;
  }

  /** Other parameters from now on. */
  async bind(parameters: unknown): Promise<SandboxFacts> {
    this.#terms = bindGuest(await this.#whole(), parameters, FUNCTIONS);
    return this.facts();
  }

  facts(): SandboxFacts {
    const { parameters, history, forgetting } = this.#terms;
    const warmUps = Object.fromEntries(TIMEFRAMES.map((timeframe) => [timeframe, warmUpBars(this.#terms, timeframe)])) as Record<Timeframe, number>;
    const log = new RunLog();
    log.add(this.#machine.outside(), { symbol: null, until: Infinity });
    return { ...describeGuest(this.#machine), bound: parameters, firstBar: firstBar(this.#terms), warmUpBars: warmUpBars(this.#terms, DAY), warmUps, history, forgetting, findings: this.#findings, isMemoryFree: this.isMemoryFree, log: log.take() };
  }

  /** Keeps bars under a name; null lets go of them, a piece is added to them. @throws AppError INPUT_INVALID for too many sets, and for a piece that lies outside of its columns */
  hold({ name, bars, piece }: SandboxTasks['hold']['ask']): number {
    const before = this.#held.get(name) ?? new Map<string, BarColumns>();
    this.#held.delete(name);
    if (bars === null) return 0;
    if (this.#held.size >= MAX_HELD) throw new AppError('INPUT_INVALID', `A strategy's process keeps ${MAX_HELD} sets of bars at most: let go of one first`);
    this.#held.set(name, piece === undefined ? bars : new Map([...before, ...[...bars].map(([symbol, part]) => [symbol, withPiece(before.get(symbol), part, piece)] as const)]));
    return [...bars.values()].reduce((sum, { time }) => sum + time.length, 0);
  }

  /** Bars that were handed over now, or are held. @throws AppError INVARIANT_BROKEN for a name that is not held */
  barsOf(bars: SandboxBars): ReadonlyMap<string, BarColumns> {
    if (!('held' in bars)) return bars;
    const held = this.#held.get(bars.held);
    invariant(held, 'No bars are held under this name', { held: bars.held });
    return held;
  }

  /** A machine with nothing in it of the runs before. */
  async fresh(): Promise<Machine> {
    const isClean = this.#isUnused || this.#machine.isMemoryFree;
    if (this.#machine.isBroken || !isClean) this.#machine = this.#machine.again() ?? (await this.#load());
    this.#isUnused = false;
    return this.#machine;
  }

  /** A fresh one at once, for runs that cannot wait; null where only loading gives one. */
  freshNow(): Machine | null {
    if (this.#machine.isMemoryFree && !this.#machine.isBroken) return this.#machine;
    const next = this.#machine.again();
    if (next !== null) this.#machine = next;
    return next;
  }

  /** The strategy in a machine, with parameters of its own. @throws AppError STRATEGY_PARAMETERS_INVALID, STRATEGY_CODE_INVALID */
  guest(machine: Machine, parameters: unknown, mode: GuestMode): GuestStrategy {
    return guestStrategy(machine, bindGuest(machine, parameters, FUNCTIONS), mode);
  }

  /** As jobs know strategies: `bind` gives what `made` makes. */
  typeOf(machine: Machine, made: (parameters: unknown) => GuestStrategy): StrategyType {
    const { kind, title, description, scope, parameters } = describeGuest(machine);
    return { kind, title, description, scope, parameterSet: parameters, parametersJsonSchema: () => parametersJsonSchema(parameters), bind: made };
  }

  async #whole(): Promise<Machine> {
    if (this.#machine.isBroken) this.#machine = await this.#load();
    return this.#machine;
  }

  #load(): Promise<Machine> {
    return Machine.load(this.files, NAMES, this.#limits);
  }
}
