/** A strategy as its author writes it, and as the engines run it. */
import type * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { HOUR_MS, timeframeMs, type Timeframe } from '#app/domain/time.ts';
import type { IndicatorUse } from '#app/indicators/indicator.ts';
import type { Context } from './context.ts';
import { parametersJsonSchema, readParameters, type ParameterSet, type ParameterValues } from './parameters.ts';

/** The indicators that a strategy declares, by the names it gives them. */
export type IndicatorUses = Readonly<Record<string, IndicatorUse>>;

/**
 * A kind of strategy. `onBar` is called at each close from the first on at which every indicator has a value (and `history` bars stand behind it). It must depend on nothing
 * but its context: no clock, no randomness, no memory outside of `state`. It is synchronous.
 */
export type StrategySpec<P extends ParameterSet, I extends IndicatorUses, S> = {
  /** Name in the book, snake_case. */
  readonly kind: string;
  readonly title: string;
  /** What it does, for a person, in a sentence or two. */
  readonly description: string;
  /** `symbol`: run for each symbol apart, none knows the others. `portfolio`: once, over all of them. */
  readonly scope: 'symbol' | 'portfolio';
  /** Symbols that a portfolio needs at least and takes at most; pairs: [2, 2]. */
  readonly symbols?: readonly [min: number, max: number];
  /** It may owe shares: only where the account may short. With some parameters alone: the function that tells. */
  readonly usesShorts?: boolean | ((parameters: ParameterValues<P>) => boolean);
  /** It places orders of its own beside targets. */
  readonly usesOrders?: boolean;
  readonly parameters: P;
  /** Why these values do not go together, null when they do. */
  check?(parameters: ParameterValues<P>): string | null;
  /** Indicators of each symbol. */
  indicators(parameters: ParameterValues<P>): I;
  /** Bars that it looks back with `ago` at most; 1 when left out: now and the bar before. */
  history?(parameters: ParameterValues<P>): number;
  /** Bars after which its own memory no longer shows where it began, when it keeps more than its indicators do; 0 when left out. */
  forgetting?(parameters: ParameterValues<P>): number;
  /** Memory at the beginning. Plain JSON. */
  initialState(parameters: ParameterValues<P>): S;
  readonly state: z.ZodType<S>;
  onBar(context: Context<P, I, S>): void;
};

/** Bars that a strategy may look back at most: they are kept for every symbol, live. */
const MAX_HISTORY = 10_000;
const MAX_FORGETTING = 1_000_000;

/** A strategy with its parameters filled in, its types hidden: what the engines run. */
export type BoundStrategy = {
  readonly kind: string;
  readonly scope: 'symbol' | 'portfolio';
  readonly symbols: readonly [min: number, max: number];
  readonly usesShorts: boolean;
  readonly usesOrders: boolean;
  readonly parameters: ParameterValues;
  readonly indicators: IndicatorUses;
  /** Bars that `ago` may look back. */
  readonly history: number;
  /** Bars that its own memory goes back. */
  readonly forgetting: number;
  initialState(): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this strategy. */
  readState(raw: unknown): unknown;
  onBar(context: Context): void;
};

/** A kind for catalogues and for running. */
export type StrategyType = {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly scope: 'symbol' | 'portfolio';
  readonly parameterSet: ParameterSet;
  parametersJsonSchema(): Record<string, unknown>;
  /** @throws AppError STRATEGY_PARAMETERS_INVALID */
  bind(parameters: unknown): BoundStrategy;
};

const MAX_PORTFOLIO = 1_000;

/** Makes a spec runnable. */
export function strategy<P extends ParameterSet, I extends IndicatorUses, S>(spec: StrategySpec<P, I, S>): StrategyType {
  const { kind, title, description, scope } = spec;
  return {
    kind, title, description, scope, parameterSet: spec.parameters,
    parametersJsonSchema: () => parametersJsonSchema(spec.parameters),
    bind(raw) {
      const parameters = readParameters(kind, spec.parameters, raw) as ParameterValues<P>;
      const defect = spec.check?.(parameters) ?? null;
      if (defect !== null) throw new AppError('STRATEGY_PARAMETERS_INVALID', `The strategy ${kind} cannot use its parameters: ${defect}`);
      const bars = (name: string, count: number, most: number): number => {
        if (Number.isInteger(count) && count >= 0 && count <= most) return count;
        throw new AppError('STRATEGY_PARAMETERS_INVALID', `The strategy ${kind} cannot be run: its ${name} is ${count}, which is no whole number of bars from 0 to ${most}`);
      };
      const { usesShorts = false } = spec;
      return {
        kind, scope, symbols: spec.symbols ?? [1, scope === 'symbol' ? 1 : MAX_PORTFOLIO], usesShorts: typeof usesShorts === 'function' ? usesShorts(parameters) : usesShorts, usesOrders: spec.usesOrders ?? false, parameters,
        indicators: spec.indicators(parameters), history: bars('history', spec.history?.(parameters) ?? 1, MAX_HISTORY), forgetting: bars('forgetting', spec.forgetting?.(parameters) ?? 0, MAX_FORGETTING),
        initialState: () => spec.initialState(parameters),
        readState(stored) {
          const state = spec.state.safeParse(stored);
          invariant(state.success, 'The stored state is not one of this strategy', { kind, issue: state.error?.issues[0]?.message });
          return state.data;
        },
        // The engines build the context out of this very strategy: its indicators and its state.
        onBar: (context) => spec.onBar(context as unknown as Context<P, I, S>),
      };
    },
  };
}

/**
 * Index of the first bar of a symbol at which a strategy may be asked: every indicator has a value now and `history` bars before. Indicators of a wider timeframe do not count here:
 * they add the bars up to their own first value, which the sessions decide (with `readyAt`, the index of the bar at which a wide indicator first had one: max(firstBar, readyAt + history)).
 * A portfolio is asked from the first moment on at which as many symbols as it needs (`symbols[0]`) are that far.
 */
export function firstBar(bound: Pick<BoundStrategy, 'indicators' | 'history'>): number {
  const lookbacks = Object.values(bound.indicators).map(({ indicator, values, timeframe }) => (timeframe === null ? indicator.lookback(values) : 0));
  return Math.max(0, ...lookbacks) + bound.history;
}

const SESSION_MS = 6.5 * HOUR_MS;
const barsPerSession = (timeframe: Timeframe): number => (timeframe === '1Day' ? 1 : Math.ceil(SESSION_MS / timeframeMs(timeframe)));

/** Bars of `timeframe` after which it no longer shows where the bars began (to a part in ten thousand): what to warm a strategy up on before its first live bar. */
export function warmUpBars(bound: Pick<BoundStrategy, 'indicators' | 'history' | 'forgetting'>, timeframe: Timeframe): number {
  const needs = Object.values(bound.indicators).map(({ indicator, values, timeframe: wide }) => {
    const own = Math.max(indicator.lookback(values) + 1, indicator.forgetting?.(values) ?? 0);
    return wide === null ? own : Math.ceil(((own + 1) * barsPerSession(timeframe)) / barsPerSession(wide));
  });
  return Math.max(1, ...needs) + bound.history + bound.forgetting;
}
