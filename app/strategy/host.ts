/** A strategy at work on closed bars as they come: what it wishes, what it remembers, and the signals that it raises. */
import * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { PositionView, Reason, StrategyOrder, TargetOptions, Wish } from './context.ts';
import { copyPlain, plainDefect, textDefect } from './plain.ts';
import { Series } from './series.ts';
import type { BoundStrategy } from './spec.ts';
import { savedTapeSchema, Tape, type WideBars } from './tape.ts';
import { FLAT_WISH, StrategyContext, strategyFailed, View, type BarListener, type HeardCheck, type Slate } from './view.ts';

/** One moment of the clock: the bars that opened at `openTime` and have closed at `closeTime`, epoch ms, by symbol. A symbol without a bar is left out. */
export type Moment = { readonly openTime: number; readonly closeTime: number; readonly bars: ReadonlyMap<string, NumericBar> };

/** What the strategy may know of the account, as of the last close. Dollars. */
export type HostFacts = { readonly equity: number; readonly cash: number; positionOf(symbol: string): PositionView };

/** Prices of the exits at the broker, dollars per share; null = none. */
export type ExitPrices = { readonly stopPrice: number | null; readonly takeProfitPrice: number | null };

/**
 * What a strategy wants now. A target (`order` and `cancels` null): it replaces the one before. `weight`: signed part of the equity, null when the deployment's sizing
 * says how much. Or an order of its own, under `orderId`; or the end of the order `cancels`. `atr`: dollars, null while unknown. `n`: counts the signals of this symbol at this moment, from 0.
 */
export type HostSignal = {
  readonly symbol: string;
  readonly target: Wish['side'];
  readonly weight: number | null;
  readonly atr: number | null;
  readonly exits?: ExitPrices;
  readonly order: Omit<StrategyOrder, 'reasons'> | null;
  readonly orderId: number | null;
  readonly cancels: number | null;
  readonly reasons: readonly Reason[];
  readonly n: number;
};

/** What a host is given beside strategy and symbols. `wishes`: of a version before this one, for the position is the same. */
export type HostOptions = { readonly wide?: WideBars; readonly wishes?: ReadonlyMap<string, StandingWish> };

/** What was last raised for a symbol, and whether an exit is owed: while it was quiet, the strategy wanted out. */
export type StandingWish = { readonly wish: Wish; readonly isExitOwed: boolean };

/** A moment taken down: what came of it, every condition in the order in which it was asked (`left`: how many more there were), and the memory before and after. `wasAsked`: the strategy was warm. `named`: the target that it named last of each symbol, news or not. */
export type Recording = {
  readonly signals: readonly HostSignal[]; readonly wasAsked: boolean; readonly checks: readonly HeardCheck[]; readonly checksLeftOut: number; readonly named: ReadonlyMap<string, Wish>;
  readonly memory: { readonly before: unknown; readonly after: unknown };
};

/** What a host shows of one symbol. `outputs`: the present values of the declared indicators, NaN while unknown; `needed`: bars after which it is warm, null while nobody can say. */
export type SymbolState = { readonly seen: number; readonly needed: number | null; readonly outputs: readonly { readonly name: string; readonly output: string; readonly value: number }[] };

/** A strategy at work. */
export type StrategyHost = {
  readonly symbols: readonly string[];
  /**
   * Shows it one more moment and returns the signals that come of it, in the order of the symbols.
   *
   * A symbol's indicators see its own bars only: without a bar at a moment they stand still, `hasBar` is false, `now` is that of its last bar. `onBar` is called at every moment at which at least
   * as many symbols as the strategy needs are warm (`firstBar`); a symbol that is not warm yet shows NaN. Within a portfolio a target may be given to a symbol without a bar: it waits for its next one.
   *
   * `quiet` (history that warms up, a disabled strategy): everything moves on and nothing is raised. An entry that was missed that way stays missed; an exit is owed, and is raised
   * at the first moment that may speak, because a position that its strategy has left behind is a risk. So is the end of an order.
   * @throws AppError STRATEGY_FAILED when the strategy throws: this host is then of no more use, go on with a copy or with what was saved before.
   */
  advance(moment: Moment, mode: 'live' | 'quiet', facts: HostFacts): HostSignal[];
  /** As `advance`, with ears on: for explaining a bar. At most `limits.checks` conditions are kept, those of `limits.symbols` alone. @throws AppError STRATEGY_FAILED */
  record(moment: Moment, facts: HostFacts, limits: { readonly checks: number; readonly symbols: ReadonlySet<string> }): Recording;
  /** Puts what was raised in truth in place of what this host has come to, and forgets what it owes: for a run that follows the book. */
  amend(symbol: string, wish: Wish): void;
  /** What it shows of a symbol, null for one that it does not have. */
  stateOf(symbol: string): SymbolState | null;
  /** Everything it knows, as plain JSON. */
  save(): unknown;
  /** A copy that shares nothing: advance the copy, keep the original until the book has the new one. */
  copy(): StrategyHost;
  wishOf(symbol: string): StandingWish;
  /** Whether it has seen enough bars to be asked. */
  isWarm(): boolean;
};

/** The facts of an account that nobody looks at: for warming up, for fingerprints. $100,000, nothing held. */
export const NO_HOST_FACTS: HostFacts = { equity: 100_000, cash: 100_000, positionOf: () => ({ qty: 0, averagePrice: NaN, barsHeld: -1, openProfit: 0 }) };

const wishSchema = z.object({ side: z.enum(['long', 'short', 'flat']), weight: z.number().nullable() });
const reasonSchema = z.object({ name: z.string(), value: z.string(), threshold: z.string().nullable() });
const standingSchema = z.object({ symbol: z.string(), wish: wishSchema, isExitOwed: z.boolean(), owedReasons: z.array(reasonSchema), owedCancels: z.array(z.number().int()) });
const savedSchema = z.object({ state: z.unknown(), lastOrderId: z.number().int().min(0), symbols: z.array(standingSchema.extend({ tape: savedTapeSchema })) });

/** Begins: nothing held, nothing seen. @throws AppError INPUT_INVALID for a number of symbols that the strategy does not take */
export function openHost(strategy: BoundStrategy, symbols: readonly string[], options: HostOptions = {}): StrategyHost {
  return new Host(strategy, { symbols, options, state: strategy.initialState() });
}

/** Goes on from what `save` gave. @throws AppError INVARIANT_BROKEN when it is not of this strategy and these symbols. */
export function restoreHost(strategy: BoundStrategy, symbols: readonly string[], raw: unknown, options: HostOptions = {}): StrategyHost {
  const saved = savedSchema.safeParse(raw);
  invariant(saved.success, 'The stored run of a strategy cannot be read', { kind: strategy.kind });
  const host = new Host(strategy, { symbols, options, state: strategy.readState(saved.data.state) });
  host.load(saved.data);
  return host;
}

/** What a stored run wishes, whatever strategy it is of: for the version that takes over. @throws AppError INVARIANT_BROKEN when it cannot be read. */
export function savedWishes(raw: unknown): ReadonlyMap<string, StandingWish> {
  const saved = z.object({ symbols: z.array(standingSchema) }).safeParse(raw);
  invariant(saved.success, 'The stored run of a strategy cannot be read');
  return new Map(saved.data.symbols.map(({ symbol, wish, isExitOwed }) => [symbol, { wish, isExitOwed }]));
}

/** A view, and what is owed for its symbol. */
export type Standing = { readonly view: View; isExitOwed: boolean; owedReasons: readonly Reason[]; owedCancels: number[] };
/** One symbol of a host. */
type Part = Standing & { readonly tape: Tape };

type Start = { readonly symbols: readonly string[]; readonly options: HostOptions; readonly state: unknown };

class Host implements StrategyHost {
  readonly symbols: readonly string[];
  readonly #strategy: BoundStrategy;
  readonly #options: HostOptions;
  readonly #slate: Slate = { hasSpoken: false, lastOrderId: 0 };
  readonly #parts: readonly Part[];
  readonly #context: StrategyContext;

  constructor(strategy: BoundStrategy, { symbols, options, state }: Start) {
    const [min, max] = strategy.symbols;
    if (symbols.length < min || symbols.length > max || new Set(symbols).size !== symbols.length) {
      throw new AppError('INPUT_INVALID', `The strategy ${strategy.kind} takes ${min === max ? min : `${min} to ${max}`} different symbols, not ${symbols.length}`);
    }
    this.symbols = [...symbols].sort();
    this.#strategy = strategy;
    this.#options = options;
    this.#parts = this.symbols.map((symbol) => {
      const tape = new Tape(strategy, options.wide ?? null);
      const view = new View({ symbol, bars: tape.bars, uses: strategy.indicators, columns: tape.columnsOf(strategy.indicators), cursor: tape.cursor, slate: this.#slate });
      const standing = options.wishes?.get(symbol);
      view.wish = standing?.wish ?? FLAT_WISH;
      return { view, tape, isExitOwed: standing?.isExitOwed ?? false, owedReasons: [], owedCancels: [] };
    });
    const [first, ...others] = this.#parts.map((part) => part.view);
    invariant(first, 'A strategy needs a symbol', { kind: strategy.kind });
    this.#context = new StrategyContext(strategy, state, [first, ...others]);
  }

  load(saved: z.infer<typeof savedSchema>): void {
    invariant(saved.symbols.length === this.#parts.length && saved.symbols.every((from, at) => from.symbol === this.#parts[at]?.view.symbol), 'The stored run is of other symbols', { kind: this.#strategy.kind });
    this.#slate.lastOrderId = saved.lastOrderId;
    this.#parts.forEach((part, at) => {
      const from = saved.symbols[at];
      if (from === undefined) return;
      part.tape.load(from.tape);
      part.view.wish = from.wish;
      [part.isExitOwed, part.owedReasons, part.owedCancels] = [from.isExitOwed, from.owedReasons, from.owedCancels];
    });
  }

  advance(moment: Moment, mode: 'live' | 'quiet', facts: HostFacts): HostSignal[] {
    let warm = 0;
    for (const { view, tape } of this.#parts) {
      const bar = moment.bars.get(view.symbol);
      view.hasBar = bar !== undefined;
      if (bar !== undefined) tape.push(bar, moment.closeTime);
      if (tape.isWarm) warm += 1;
    }
    if (warm >= this.#strategy.symbols[0]) this.#ask(moment, facts);
    const signals = this.#parts.flatMap((part) => (mode === 'live' ? raise(part) : keepQuiet(part)));
    for (const { view } of this.#parts) view.settle();
    this.#slate.hasSpoken = false;
    return signals;
  }

  record(moment: Moment, facts: HostFacts, limits: { readonly checks: number; readonly symbols: ReadonlySet<string> }): Recording {
    const checks: HeardCheck[] = [];
    const named = new Map<string, Wish>();
    let asked = 0;
    const listener: BarListener = {
      heard(check) {
        asked += 1;
        if (checks.length < limits.checks) checks.push(check);
      },
      named: (symbol, wish) => void named.set(symbol, wish),
    };
    const before = copyPlain(this.#context.state);
    for (const { view } of this.#parts) if (limits.symbols.has(view.symbol)) view.listener = listener;
    try {
      const signals = this.advance(moment, 'live', facts);
      return { signals, wasAsked: this.isWarm(), checks, checksLeftOut: asked - checks.length, named, memory: { before, after: copyPlain(this.#context.state) } };
    } finally {
      for (const { view } of this.#parts) view.listener = null;
    }
  }

  amend(symbol: string, wish: Wish): void {
    const part = this.#parts.find(({ view }) => view.symbol === symbol);
    if (part === undefined) return;
    part.view.wish = wish;
    [part.isExitOwed, part.owedReasons] = [false, []];
  }

  stateOf(symbol: string): SymbolState | null {
    const part = this.#parts.find(({ view }) => view.symbol === symbol);
    if (part === undefined) return null;
    const outputs = Object.entries(part.view.indicators).flatMap(([name, series]) =>
      series instanceof Series ? [{ name, output: '', value: series.now }] : Object.entries(series as Readonly<Record<string, Series>>).map(([output, one]) => ({ name, output, value: one.now })));
    return { ...part.tape.progress, outputs };
  }

  #ask(moment: Moment, facts: HostFacts): void {
    const context = this.#context;
    [context.time, context.equity, context.cash] = [moment.closeTime, facts.equity, facts.cash];
    for (const { view } of this.#parts) view.position = facts.positionOf(view.symbol);
    try {
      this.#strategy.onBar(context);
      const defect = plainDefect(context.state, 'state');
      if (defect !== null) throw new AppError('INPUT_INVALID', `${defect}: memory is plain JSON, because it must come back from the book as it was. Use null for a number that is not known`);
      const unkept = textDefect(context.state, 'state');
      if (unkept !== null) throw new AppError('INPUT_INVALID', `${unkept}: the book cannot keep it. Take it out of what is remembered`);
    } catch (error) {
      throw strategyFailed(this.#strategy.kind, { symbol: this.symbols.join(', '), at: toRfc3339(moment.closeTime as EpochMs) }, error);
    }
  }

  save(): unknown {
    const symbols = this.#parts.map(({ view, tape, isExitOwed, owedReasons, owedCancels }) => ({ symbol: view.symbol, wish: view.wish, isExitOwed, owedReasons, owedCancels, tape: tape.save() }));
    return copyPlain({ state: this.#context.state, lastOrderId: this.#slate.lastOrderId, symbols });
  }

  copy(): StrategyHost {
    const copy = new Host(this.#strategy, { symbols: this.symbols, options: this.#options, state: copyPlain(this.#context.state) });
    copy.#slate.lastOrderId = this.#slate.lastOrderId;
    copy.#parts.forEach((part, at) => {
      const from = this.#parts[at];
      invariant(from, 'A copy has the symbols of its original');
      part.tape.copyFrom(from.tape);
      part.view.wish = from.view.wish;
      [part.isExitOwed, part.owedReasons, part.owedCancels] = [from.isExitOwed, from.owedReasons, [...from.owedCancels]];
    });
    return copy;
  }

  wishOf(symbol: string): StandingWish {
    const part = this.#parts.find(({ view }) => view.symbol === symbol);
    return part === undefined ? { wish: FLAT_WISH, isExitOwed: false } : { wish: part.view.wish, isExitOwed: part.isExitOwed };
  }

  isWarm(): boolean {
    return this.#parts.filter(({ tape }) => tape.isWarm).length >= this.#strategy.symbols[0];
  }
}

/** Nothing is raised: what must not be forgotten is owed. */
function keepQuiet(part: Standing): [] {
  const { view } = part;
  if (view.opinion !== null) {
    part.isExitOwed = view.wish.side !== 'flat' && view.opinion !== view.wish.side;
    part.owedReasons = part.isExitOwed ? (view.options?.reasons?.() ?? []) : [];
  }
  for (const request of view.requests) if (request.order === null) part.owedCancels.push(request.id);
  return [];
}

/** The signals that come of what was said to a view in this call; the wish becomes what was said. */
export function raise(part: Standing): HostSignal[] {
  const { view } = part;
  const signals: HostSignal[] = [];
  const plain = { symbol: view.symbol, order: null, orderId: null, cancels: null, atr: null, reasons: [] };
  for (const cancels of part.owedCancels) signals.push({ ...plain, target: view.wish.side, weight: view.wish.weight, cancels, n: signals.length });
  if (view.isNews) {
    const { opinion, options } = view;
    view.wish = { side: opinion ?? 'flat', weight: view.opinionWeight };
    const exits = exitsOf(view.wish.side, options);
    const atr = options?.atr ?? NaN;
    signals.push({ ...plain, target: view.wish.side, weight: view.wish.weight, atr: atr > 0 ? atr : null, ...(exits === null ? {} : { exits }), reasons: options?.reasons?.() ?? [], n: signals.length });
  } else if (view.opinion === null && part.isExitOwed) {
    view.wish = FLAT_WISH;
    signals.push({ ...plain, target: 'flat', weight: null, reasons: part.owedReasons, n: signals.length });
  }
  [part.isExitOwed, part.owedReasons, part.owedCancels] = [false, [], []];
  for (const { id, order } of view.requests) {
    const { reasons, ...terms } = order ?? { reasons: undefined };
    signals.push({ ...plain, target: view.wish.side, weight: view.wish.weight, order: order === null ? null : (terms as HostSignal['order']), orderId: order === null ? null : id, cancels: order === null ? id : null, reasons: reasons?.() ?? [], n: signals.length });
  }
  return signals;
}

/** The exits that an entry asks for, null for none. One at or below nothing is left out. */
function exitsOf(side: Wish['side'], options: TargetOptions | null): ExitPrices | null {
  if (side === 'flat' || options === null) return null;
  const known = (price: number | undefined): number | null => (price !== undefined && price > 0 && Number.isFinite(price) ? price : null);
  const exits = { stopPrice: known(options.stopPrice), takeProfitPrice: known(options.takeProfitPrice) };
  return exits.stopPrice === null && exits.takeProfitPrice === null ? null : exits;
}
