/** What a strategy is: a deterministic function of closed bars that says what to hold; and how its wish becomes signals. */
import * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';

/** What a strategy wants to hold of a symbol. Shorts are not offered. */
export const targetSchema = z.enum(['long', 'flat']);
export type Target = z.infer<typeof targetSchema>;

/** A closed bar as strategies see it: dollars and shares as float64. */
export type StrategyBar = { readonly open: number; readonly high: number; readonly low: number; readonly close: number; readonly volume: number };

/** One condition behind a signal, in words and numbers, for "why did it trade here". */
export type Reason = { name: string; value: string; threshold: string | null };

/** Distances of the exits at the broker from the entry's price, in average true ranges; 0 = none. */
export type ExitDistances = { readonly stopAtr: number; readonly takeProfitAtr: number };

/** Prices of the exits at the broker, dollars per share; null = none. */
export type ExitPrices = { readonly stopPrice: number | null; readonly takeProfitPrice: number | null };

const MAX_ATRS = 100;
const atrs = (what: string): z.ZodOptional<z.ZodNumber> => z.number().min(0).max(MAX_ATRS).optional().meta({ default: 0, description: what });

/** Parameters of exits at the broker, for a strategy's own. Without them, or at 0, there are none: a strategy that does not name them is what it was before there were any. */
export const exitParameters = {
  stopAtr: atrs('Stop-loss at the broker, average true ranges below the entry; 0 = none'),
  takeProfitAtr: atrs('Take-profit at the broker, average true ranges above the entry; 0 = none'),
};

/** The exits that the parameters ask for. */
export function exitsOf(given: { readonly stopAtr?: number | undefined; readonly takeProfitAtr?: number | undefined }): ExitDistances {
  return { stopAtr: given.stopAtr ?? 0, takeProfitAtr: given.takeProfitAtr ?? 0 };
}

/** Where the exits of an entry lie. Close 100, range 2, distances 3 and 5 = 94 and 110. An exit that would lie at or below nothing is left out; without a range there are none. */
export function exitPrices(distances: ExitDistances, close: number, range: number): ExitPrices | null {
  if (!(range > 0)) return null;
  const stop = distances.stopAtr > 0 ? close - distances.stopAtr * range : 0;
  const takeProfitPrice = distances.takeProfitAtr > 0 ? close + distances.takeProfitAtr * range : null;
  return stop > 0 || takeProfitPrice !== null ? { stopPrice: stop > 0 ? stop : null, takeProfitPrice } : null;
}

/**
 * A kind of strategy, as its author writes it. `onBar` sees bars of one symbol in order, each once, only when they are
 * closed and only of regular sessions. It must depend on nothing but its arguments: no clock, no randomness, no memory
 * outside `state`.
 */
export type StrategyDefinition<P, S> = {
  /** Name in the book, snake_case. */
  readonly kind: string;
  readonly title: string;
  /** What it does, for a person, in a sentence or two. */
  readonly description: string;
  /** Parameters with their defaults; `{}` must give a working set. */
  readonly parameters: z.ZodType<P>;
  /** Running state: plain JSON, checked when it comes back from the book. */
  readonly state: z.ZodType<S>;
  /** Bars after which it can have an opinion. */
  warmUpBars(parameters: P): number;
  initialState(parameters: P): S;
  /** Advances `state`, in place, by one bar. Returns what to hold from here on, null for no opinion: keep what is held. */
  onBar(state: S, bar: StrategyBar, parameters: P): Target | null;
  /** The conditions as they stand after the last bar. Asked only when a signal is raised. */
  explain(state: S, parameters: P): Reason[];
  /** Average true range after the last bar, dollars, for sizing; NaN while unknown. */
  averageTrueRange(state: S): number;
  /** Exits that the broker shall watch from an entry on, as distances from its price in average true ranges; 0 = none. Left out: it closes its positions itself. */
  exits?(parameters: P): ExitDistances;
  /** The indicators that it looks at, by their names in the book (`SMA_20`, app/indicators/named.ts): they are kept for people and pages. */
  indicators(parameters: P): readonly string[];
};

/** A definition with its parameters filled in and its state's type hidden: what the engines run. */
export type Strategy = {
  readonly kind: string;
  /** As filled in from the defaults. */
  readonly parameters: unknown;
  readonly warmUpBars: number;
  initialState(): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this strategy. */
  readState(raw: unknown): unknown;
  onBar(state: unknown, bar: StrategyBar): Target | null;
  explain(state: unknown): Reason[];
  averageTrueRange(state: unknown): number;
  readonly exits?: ExitDistances;
  /** The indicators that it looks at, by their names in the book. */
  readonly indicators: readonly string[];
};

/** A kind of strategy for catalogues and for running. */
export type StrategyKind = {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of the parameters, with defaults and descriptions. */
  parametersJsonSchema(): Record<string, unknown>;
  /** @throws AppError STRATEGY_PARAMETERS_INVALID */
  configure(parameters: unknown): Strategy;
};

const NO_EXITS: ExitDistances = { stopAtr: 0, takeProfitAtr: 0 };

/** Makes a definition runnable. The state that passes in and out is of the definition's own type: only `initialState` and `readState` make one. */
export function defineStrategy<P, S>(definition: StrategyDefinition<P, S>): StrategyKind {
  return {
    kind: definition.kind,
    title: definition.title,
    description: definition.description,
    parametersJsonSchema: () => z.toJSONSchema(definition.parameters, { io: 'input' }),
    configure(raw) {
      const parsed = definition.parameters.safeParse(raw);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        throw new AppError('STRATEGY_PARAMETERS_INVALID', `The strategy ${definition.kind} cannot use its parameters: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
      }
      const parameters = parsed.data;
      return {
        kind: definition.kind,
        parameters,
        warmUpBars: definition.warmUpBars(parameters),
        initialState: () => definition.initialState(parameters),
        readState(stored) {
          const state = definition.state.safeParse(stored);
          invariant(state.success, 'The stored state is not one of this strategy', { kind: definition.kind, issue: state.error?.issues[0]?.message });
          return state.data;
        },
        onBar: (state, bar) => definition.onBar(state as S, bar, parameters),
        explain: (state) => definition.explain(state as S, parameters),
        averageTrueRange: (state) => definition.averageTrueRange(state as S),
        exits: definition.exits?.(parameters) ?? NO_EXITS,
        indicators: definition.indicators(parameters),
      };
    },
  };
}

/** A strategy at work on one symbol: what it last asked for, and its state. Plain JSON. */
export type StrategyRun = {
  /** The last target that was raised as a signal; `flat` before the first. */
  wish: Target;
  /** While it was quiet, a holding strategy wanted out. The exit is raised at its first bar that may speak. */
  isExitOwed: boolean;
  state: unknown;
};

/** Wire form of the part that every strategy has. */
export const strategyRunSchema = z.object({ wish: targetSchema, isExitOwed: z.boolean(), state: z.unknown() });

/** A change of the wish. `atr` is the average true range in dollars, null while unknown; `exits` of an entry that the broker shall watch. */
export type StrategySignal = { readonly target: Target; readonly atr: number | null; readonly exits?: ExitPrices; readonly reasons: Reason[] };

/** Begins a run: nothing held, nothing seen. */
export function startRun(strategy: Strategy): StrategyRun {
  return { wish: 'flat', isExitOwed: false, state: strategy.initialState() };
}

/** Reads a run back from the book. @throws AppError INVARIANT_BROKEN when it is not one of this strategy. */
export function readRun(strategy: Strategy, raw: unknown): StrategyRun {
  const parsed = strategyRunSchema.safeParse(raw);
  invariant(parsed.success, 'The stored run of a strategy cannot be read', { kind: strategy.kind });
  return { wish: parsed.data.wish, isExitOwed: parsed.data.isExitOwed, state: strategy.readState(parsed.data.state) };
}

/**
 * Shows a run one more bar, changing it in place, and returns a signal when its wish changes.
 * A `quiet` bar (history that warms up, a disabled strategy) advances the indicators and raises nothing. An entry that
 * was missed that way stays missed; an exit is owed, because a position that its strategy has left behind is a risk.
 */
export function advance(strategy: Strategy, run: StrategyRun, bar: StrategyBar, mode: 'live' | 'quiet'): StrategySignal | null {
  const opinion = strategy.onBar(run.state, bar);
  if (mode === 'quiet') {
    if (opinion !== null) run.isExitOwed = opinion === 'flat' && run.wish === 'long';
    return null;
  }
  const target = opinion ?? (run.isExitOwed ? 'flat' : null);
  run.isExitOwed = false;
  if (target === null || target === run.wish) return null;
  run.wish = target;
  const atr = strategy.averageTrueRange(run.state);
  const exits = target === 'long' ? exitPrices(strategy.exits ?? NO_EXITS, bar.close, atr) : null;
  return { target, atr: atr > 0 ? atr : null, ...(exits === null ? {} : { exits }), reasons: strategy.explain(run.state) };
}

/** A copy that shares nothing: advance the copy, keep the original until the book has the new one. */
export function copyRun(run: StrategyRun): StrategyRun {
  return { wish: run.wish, isExitOwed: run.isExitOwed, state: copyPlain(run.state) };
}

function copyPlain(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.map(copyPlain) : value.slice();
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyPlain(Reflect.get(value, key));
  return copy;
}

/** A statistic as text for a reason: six digits after the point, without trailing zeros. reasonNumber(30.125) = "30.125". */
export function reasonNumber(value: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  const text = value.toFixed(6);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
