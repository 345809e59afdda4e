/** Who answers for a strategy when its day is run again: the strategy of the house here, an authored one in a sandbox. */
import * as z from 'zod';
import type { ProjectFile } from '#app/contracts/author.ts';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Wish } from '#app/strategy/context.ts';
import { NO_HOST_FACTS, openHost, type HostFacts, type HostSignal, type Moment, type StrategyHost } from '#app/strategy/host.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { warmUpBars } from '#app/strategy/spec.ts';
import { openSandbox, type Sandbox } from '../research/sandbox/sandbox.ts';

/** Bars before the day at least: what goes on for ever has forgotten where it began. */
const LEAST_WARM_UP = 300;
const MOST_WARM_UP = 5_000;

/** A strategy that can be asked. `warmUp`: bars of each symbol to show it before the day; `usesShorts`: it may sell short. */
export type StrategySource = AsyncDisposable & {
  readonly scope: 'symbol' | 'portfolio'; readonly usesShorts: boolean; readonly warmUp: number;
  /** Begins a cell: one symbol, or all of a portfolio. */
  open(symbols: readonly string[]): Promise<void>;
  /** Shows a cell a moment. */
  advance(cell: string, moment: Moment, mode: 'live' | 'quiet', facts: HostFacts): Promise<readonly HostSignal[]>;
  /** Puts what was last raised in truth in place of what a cell has come to: from here on it follows the book. */
  follow(cell: string, wishes: ReadonlyMap<string, Wish>): Promise<void>;
};

/** Name of a cell: its first symbol. */
export function cellOf(symbols: readonly string[]): string {
  return [...symbols].sort()[0] ?? '';
}

const warmth = (bars: number): number => Math.min(MOST_WARM_UP, Math.max(LEAST_WARM_UP, bars));

/** A strategy of the house. @throws AppError STRATEGY_NOT_FOUND, STRATEGY_PARAMETERS_INVALID */
export function houseSource(kind: string, parameters: unknown, timeframe: Timeframe): StrategySource {
  const strategy = strategyType(kind).bind(parameters);
  const hosts = new Map<string, StrategyHost>();
  const hostOf = (cell: string): StrategyHost => {
    const host = hosts.get(cell);
    invariant(host, 'A cell is opened before it is asked', { cell });
    return host;
  };
  return {
    scope: strategy.scope, usesShorts: strategy.usesShorts, warmUp: warmth(warmUpBars(strategy, timeframe)),
    open(symbols) {
      hosts.set(cellOf(symbols), openHost(strategy, symbols, { wide: REGULAR_WIDE_BARS }));
      return Promise.resolve();
    },
    advance: (cell, moment, mode, facts) => Promise.resolve(hostOf(cell).advance(moment, mode, facts)),
    follow(cell, wishes) {
      const host = hostOf(cell);
      for (const symbol of host.symbols) host.amend(symbol, wishes.get(symbol) ?? { side: 'flat', weight: null });
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A saved host, as far as its wishes go. */
const savedSchema = z.looseObject({ symbols: z.array(z.looseObject({ symbol: z.string() })) });

class AuthoredSource implements StrategySource {
  readonly scope: 'symbol' | 'portfolio';
  readonly usesShorts: boolean;
  readonly warmUp: number;
  readonly #sandbox: Sandbox;
  readonly #cells = new Map<string, { readonly symbols: readonly string[]; saved: unknown }>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    [this.scope, this.usesShorts, this.warmUp] = [sandbox.facts.scope, sandbox.facts.usesShorts ?? false, warmth(sandbox.facts.warmUpBars)];
  }

  async open(symbols: readonly string[]): Promise<void> {
    const cell = cellOf(symbols);
    this.#cells.set(cell, { symbols, saved: null });
    await this.#sandbox.ask('open', { cell, symbols, saved: null, wishes: null });
  }

  async advance(cell: string, { openTime, closeTime, bars }: Moment, mode: 'live' | 'quiet', facts: HostFacts): Promise<readonly HostSignal[]> {
    const known = this.#cells.get(cell);
    invariant(known, 'A cell is opened before it is asked', { cell });
    const positions = new Map(known.symbols.map((symbol) => [symbol, facts.positionOf(symbol)]));
    const { signals, saved } = await this.#sandbox.ask('advance', { cell, openTime, closeTime, bars, mode, equity: facts.equity, cash: facts.cash, positions });
    known.saved = saved;
    return signals;
  }

  async follow(cell: string, wishes: ReadonlyMap<string, Wish>): Promise<void> {
    const known = this.#cells.get(cell);
    invariant(known, 'A cell is opened before it is asked', { cell });
    if (known.saved === null) {
      await this.#sandbox.ask('open', { cell, symbols: known.symbols, saved: null, wishes: new Map([...wishes].map(([symbol, wish]) => [symbol, { wish, isExitOwed: false }])) });
      return;
    }
    const saved = savedSchema.parse(known.saved);
    const symbols = saved.symbols.map((one) => ({ ...one, wish: wishes.get(one.symbol) ?? { side: 'flat', weight: null }, isExitOwed: false, owedReasons: [], owedCancels: [] }));
    known.saved = { ...saved, symbols };
    await this.#sandbox.ask('open', { cell, symbols: known.symbols, saved: known.saved, wishes: null });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#sandbox[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** An authored strategy, in a process of its own. @throws AppError STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID and what the sandbox throws */
export async function authoredSource(files: readonly ProjectFile[], parameters: unknown): Promise<StrategySource> {
  return new AuthoredSource(await openSandbox(files, parameters));
}

/** The account while a strategy warms up: nobody looks at it. */
export const WARM_UP_FACTS = NO_HOST_FACTS;
