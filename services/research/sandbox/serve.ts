/** The inside of the sandbox's process: it holds one strategy, runs it over columns by the engine, or bar by bar by the live host. */
import { timedBars } from '#app/backtest/run/sessions.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import { openHost, restoreHost, type StrategyHost } from '#app/strategy/host.ts';
import { parametersJsonSchema } from '#app/strategy/parameters.ts';
import { firstBar, warmUpBars, type StrategyType } from '#app/strategy/spec.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import type { StaticFinding } from '#app/strategy/static-check.ts';
import { barsAmong, readJob, runConfigOf } from '../job.ts';
import { checkSource } from '../strategy-source.ts';
import { bindGuest, describeGuest, indicatorFunctions } from './guest-terms.ts';
import { guestStrategy, type GuestMode, type GuestTerms } from './guest-strategy.ts';
import { Machine } from './machine.ts';
import type { SandboxAnswer, SandboxAsk, SandboxFacts, SandboxMoment, SandboxRun, SandboxTasks } from './protocol.ts';

const FUNCTIONS = indicatorFunctions(INDICATORS);
const DAY = '1Day';

/** Who listens and answers: a process's channel, or a thread's port. */
export type SandboxPort = { onAsk(listener: (ask: SandboxAsk) => void): void; answer(answer: SandboxAnswer): void };

type Loaded = { readonly source: string; readonly machine: Machine; readonly terms: GuestTerms };

/** Looks over the source. @throws AppError STRATEGY_CODE_INVALID when it cannot be read, or for what makes every result of it meaningless */
function findingsOf(source: string): readonly StaticFinding[] {
  const { defect, findings } = checkSource(source);
  if (defect !== null) throw new AppError('STRATEGY_CODE_INVALID', `Line ${defect.line}, column ${defect.column}: ${defect.message}`, { context: { line: defect.line, column: defect.column } });
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return findings;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  throw new AppError('STRATEGY_CODE_INVALID', `Line ${first.line}: ${first.message}${more}`, { context: { line: first.line, column: first.column, findings } });
}

class Inside {
  #loaded: Loaded | null = null;
  #host: StrategyHost | null = null;

  async load({ source, parameters }: SandboxTasks['load']['ask']): Promise<SandboxFacts> {
    const findings = findingsOf(source);
    const machine = await Machine.load(source, [...FUNCTIONS.keys()]);
    const terms = bindGuest(machine, parameters, FUNCTIONS);
    [this.#loaded, this.#host] = [{ source, machine, terms }, null];
    return { ...describeGuest(machine), bound: terms.parameters, firstBar: firstBar(terms), warmUpBars: warmUpBars(terms, DAY), findings, isMemoryFree: machine.isMemoryFree };
  }

  async backtest({ parameters, job, bars, hasLines }: SandboxRun): Promise<RunResult> {
    const { machine, terms } = await this.#fresh();
    const read = readJob({ ...job, strategy: { kind: terms.kind, parameters } });
    const barsOf = barsAmong(bars);
    const times = new Map(read.markets.map((market) => [market.symbol, timedBars(barsOf(market.bars), read.timeframe).sessions.close] as const));
    using runs = new DisposableStack();
    const config = runConfigOf(read, {
      strategyType: () => this.#typeOf(machine, { times, hasReasons: hasLines }, runs),
      barsOf,
    });
    return runBacktest(config, { hasLines });
  }

  async open({ symbols, saved, wishes }: SandboxTasks['open']['ask']): Promise<null> {
    const { machine, terms } = await this.#fresh();
    const strategy = guestStrategy(machine, terms, { times: null, hasReasons: true });
    const options = wishes === null ? {} : { wishes };
    this.#host = saved === null ? openHost(strategy, symbols, options) : restoreHost(strategy, symbols, saved, options);
    return null;
  }

  advance({ openTime, closeTime, bars, mode, equity, cash, positions }: SandboxMoment): SandboxTasks['advance']['answer'] {
    invariant(this.#host, 'No strategy is open');
    const signals = this.#host.advance({ openTime, closeTime, bars }, mode, { equity, cash, positionOf: (symbol) => positions.get(symbol) ?? FLAT_POSITION });
    return { signals, saved: this.#host.save() };
  }

  /** What is loaded, with nothing in it of the runs before. */
  async #fresh(): Promise<Loaded> {
    invariant(this.#loaded, 'No strategy is loaded');
    const { source, machine, terms } = this.#loaded;
    if (machine.isBroken || !machine.isMemoryFree) this.#loaded = { source, machine: await Machine.load(source, [...FUNCTIONS.keys()]), terms };
    return this.#loaded;
  }

  #typeOf(machine: Machine, mode: GuestMode, runs: DisposableStack): StrategyType {
    const { kind, title, description, scope, parameters } = describeGuest(machine);
    return { kind, title, description, scope, parameterSet: parameters, parametersJsonSchema: () => parametersJsonSchema(parameters), bind: (raw) => runs.use(guestStrategy(machine, bindGuest(machine, raw, FUNCTIONS), mode)) };
  }
}

/** The first error in the chain that the strategy's author can do something about. */
function causeOf(error: unknown): AppError {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof AppError && !(at.cause instanceof AppError)) return at;
  }
  return error instanceof AppError ? error : new AppError('STRATEGY_FAILED', describeError(error), { cause: error });
}

/** Answers tasks, one after the other. */
export function serveSandbox(port: SandboxPort): void {
  const inside = new Inside();
  const run = async ({ task, ask }: SandboxAsk): Promise<unknown> => {
    switch (task) {
      case 'load':
        return inside.load(ask);
      case 'backtest':
        return inside.backtest(ask);
      case 'open':
        return inside.open(ask);
      case 'advance':
        return inside.advance(ask);
    }
  };
  port.onAsk((ask) => {
    run(ask).then(
      (answer) => port.answer({ id: ask.id, answer }),
      (error: unknown) => {
        const { code, message, context } = causeOf(error);
        port.answer({ id: ask.id, error: { code, message, context } });
      },
    );
  });
}
