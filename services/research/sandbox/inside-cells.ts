/** Live work inside of the sandbox's process: the cells of a deployment, moment by moment, and runs again that explain a bar. */
import { isMainThread } from 'node:worker_threads';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import { MAX_LOG_LINES } from '#app/contracts/studio.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { Rerun } from '#app/strategy/explain.ts';
import { openHost, restoreHost, type StrategyHost } from '#app/strategy/host.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import type { HostFacts } from '#app/strategy/host.ts';
import { memoryText } from './guest-strategy.ts';
import type { InsideStrategy } from './inside-strategy.ts';
import type { Machine } from './machine.ts';
import type { SandboxAdvanced, SandboxCell, SandboxMoment, SandboxRecord, SandboxTasks } from './protocol.ts';
import { RunLog } from './run-log.ts';

/** What this process has taken so far; a thread's share of its process is not told apart. */
function usageNow(): SandboxAdvanced['usage'] {
  if (!isMainThread) return null;
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000, memoryBytes: process.memoryUsage.rss() };
}

/** Cells of one process, and lines that a moment of one may write. */
const MAX_CELLS = 1_000;
const MAX_MOMENT_LINES = 200;

/** A cell as it was after its last good moment. */
type Cell = { readonly ask: SandboxCell; readonly log: RunLog; readonly parameters: unknown; host: StrategyHost; machine: Machine; saved: unknown; isSpoilt: boolean };

const factsOf = ({ equity, cash, positions }: SandboxMoment): HostFacts => ({ equity, cash, positionOf: (symbol) => positions.get(symbol) ?? FLAT_POSITION });

/** The cells that are open. */
export class InsideCells {
  readonly #inside: InsideStrategy;
  readonly #cells = new Map<string, Cell>();
  /** All cells share a machine: it is theirs alone. */
  #machine: Machine | null = null;

  constructor(inside: InsideStrategy) {
    this.#inside = inside;
  }

  /** Opens a cell, or begins it anew. @throws AppError INPUT_INVALID for too many cells, or for a number of symbols that the strategy does not take; INVARIANT_BROKEN for what was not saved by it */
  async open(ask: SandboxCell): Promise<null> {
    if (!this.#cells.has(ask.cell) && this.#cells.size >= MAX_CELLS) throw new AppError('INPUT_INVALID', `A strategy's process holds ${MAX_CELLS} cells at most`);
    const { parameters } = this.#inside.terms;
    const log = new RunLog(MAX_MOMENT_LINES);
    const machine = await this.#live();
    this.#cells.set(ask.cell, { ask, log, parameters, machine, saved: ask.saved, isSpoilt: false, host: this.#hostOf({ ask, log, parameters, machine, saved: ask.saved }) });
    return null;
  }

  close(cell: string): null {
    this.#cells.delete(cell);
    return null;
  }

  /** One more moment. After an error the cell is where it was before. @throws AppError STRATEGY_FAILED, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY */
  async advance({ cell: name, ...moment }: SandboxTasks['advance']['ask']): Promise<SandboxAdvanced> {
    const began = performance.now();
    const cell = this.#cells.get(name);
    invariant(cell, 'No cell is open under this name', { cell: name });
    if (cell.isSpoilt || cell.machine.isBroken) {
      cell.machine = await this.#live();
      cell.host = this.#hostOf(cell);
      cell.isSpoilt = false;
    }
    cell.isSpoilt = true;
    const { openTime, closeTime, bars, mode } = moment;
    const signals = cell.host.advance({ openTime, closeTime, bars }, mode, factsOf(moment));
    cell.saved = cell.host.save();
    cell.isSpoilt = false;
    const states = new Map(cell.host.symbols.flatMap((symbol) => {
      const state = cell.host.stateOf(symbol);
      return state === null ? [] : [[symbol, state] as const];
    }));
    return { signals, saved: cell.saved, log: cell.log.take(), states, tookMs: performance.now() - began, usage: usageNow() };
  }

  /** What a cell wrote in a moment that failed, taken out. */
  takeLog(name: string): RunLog | null {
    return this.#cells.get(name)?.log ?? null;
  }

  /** Runs it again over the moments, in a machine of its own where it could remember; the last one is taken down. @throws AppError STRATEGY_FAILED, INPUT_INVALID for no moments */
  async record({ symbols, symbol, follows, wishes, checks, moments }: SandboxRecord): Promise<SandboxTasks['record']['answer']> {
    const last = moments.at(-1);
    if (last === undefined) throw new AppError('INPUT_INVALID', 'There is no bar to explain');
    const log = new RunLog(MAX_LOG_LINES);
    const machine = this.#inside.isMemoryFree ? await this.#live() : await this.#inside.fresh();
    using strategy = this.#inside.guest(machine, this.#inside.terms.parameters, { times: null, hasReasons: true, log });
    const run = new Rerun({ strategy, symbols, symbol, follows, options: { wide: REGULAR_WIDE_BARS, ...(wishes === null ? {} : { wishes }) } });
    for (const moment of moments.slice(0, -1)) run.show(moment, factsOf(moment), moment.raised);
    log.take();
    const record = run.explain(last, factsOf(last), { checks });
    const { before, after } = record.memory;
    return { ...record, memory: { before: JSON.parse(memoryText(before)) as unknown, after: JSON.parse(memoryText(after)) as unknown }, log: log.take() };
  }

  async #live(): Promise<Machine> {
    if (this.#machine === null || this.#machine.isBroken) this.#machine = await this.#inside.fresh();
    return this.#machine;
  }

  #hostOf({ ask: { symbols, wishes }, log, parameters, machine, saved }: Omit<Cell, 'host' | 'isSpoilt'>): StrategyHost {
    const strategy = this.#inside.guest(machine, parameters, { times: null, hasReasons: true, log });
    if (saved !== null) return restoreHost(strategy, symbols, saved, { wide: REGULAR_WIDE_BARS });
    return openHost(strategy, symbols, { wide: REGULAR_WIDE_BARS, ...(wishes === null ? {} : { wishes }) });
  }
}
