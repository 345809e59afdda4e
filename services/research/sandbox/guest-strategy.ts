/**
 * A user's strategy as the engines run it: a BoundStrategy whose `onBar` asks the machine.
 *
 * Crossing the border at each bar costs more than the strategy itself. In a back-test of single symbols the guest therefore runs ahead over the bars by itself, on the account as it
 * stands, until it acts; the engine goes bar by bar and finds that answer waiting. Should the account change before (a resting order fills), the guest's memory is taken back to
 * where it began, brought to the present bar again, and it runs on with the account as it is. The outcome is that of asking at every bar.
 */
import * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Context } from '#app/strategy/context.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { View } from '#app/strategy/view.ts';
import { actRequests, actTarget, actTargets, readRequests, type GuestRequest } from './guest-acts.ts';
import { cursorOf, GuestHandle } from './guest-handle.ts';
import type { Machine } from './machine.ts';
import type { RunLog } from './run-log.ts';
import { GUEST_AT, GUEST_HEADER, GUEST_LOG_ROW, GUEST_OF, GUEST_ROW } from './guest.ts';

/** Characters of JSON that a strategy may remember: it is written at every bar. */
export const MAX_MEMORY = 1_000_000;

/** The memory of a guest as engines keep it: its state as JSON, and the number of its next order. */
const memorySchema = z.object({ memory: z.string().max(MAX_MEMORY), nextOrder: z.number().int().min(1) });

/** Bars that a guest runs ahead: few after the account surprised it, twice as many each time that it did not. */
const FEW_BARS = 64;
const MANY_BARS = 65_536;

/**
 * `times`: close of each bar by symbol, epoch ms, for runs over whole columns; null for the live host, whose columns slide. `hasReasons`: somebody will read them. `log`: who keeps its lines; left out, they
 * are thrown away. `stops`: closes of bars at which it is asked in its turn instead of running ahead, in order: for whoever looks at it there.
 */
export type GuestMode = { readonly times: ReadonlyMap<string, Float64Array> | null; readonly hasReasons: boolean; readonly log?: RunLog; readonly stops?: readonly number[] };

/** A strategy for the engines. `memoryOf`: what it remembers now in the run of this symbol (of a portfolio: its first), JSON. */
export type GuestStrategy = BoundStrategy & Disposable & { memoryOf(symbol: string): string };

/** What a strategy says of itself with these parameters; `memory` = its memory at the beginning, JSON. */
export type GuestTerms = Omit<BoundStrategy, 'initialState' | 'readState' | 'onBar'> & { readonly memory: string };

/** A strategy's own memory out of what engines keep of it, JSON. */
export function memoryText(state: unknown): string {
  return memorySchema.safeParse(state).data?.memory ?? 'null';
}

/** Makes a strategy for the engines out of what is in the machine. Its columns stay there until it is disposed of. */
export function guestStrategy(machine: Machine, terms: GuestTerms, mode: GuestMode): GuestStrategy {
  const guests = new Map<string, Guest>();
  const { memory, ...bound } = terms;
  return {
    ...bound,
    initialState: () => ({ memory, nextOrder: 1 }),
    readState(raw) {
      const state = memorySchema.safeParse(raw);
      invariant(state.success, 'The stored state is not one of this strategy', { kind: terms.kind });
      return state.data;
    },
    onBar(context) {
      const { symbol } = context.on;
      let guest = guests.get(symbol);
      if (guest?.context !== context) {
        guest?.close();
        guest = new Guest({ machine, terms, times: mode.times?.get(symbol) ?? null, mode, context });
        guests.set(symbol, guest);
      }
      guest.onBar();
    },
    memoryOf: (symbol) => guests.get(symbol)?.memory() ?? memory,
    [Symbol.dispose]() {
      for (const guest of guests.values()) guest.close();
      guests.clear();
    },
  };
}

type GuestParts = { readonly machine: Machine; readonly terms: GuestTerms; readonly times: Float64Array | null; readonly mode: GuestMode; readonly context: Context };

/** Something said in a bar: the numbers of its target, and what came with it. */
type Act = { readonly bar: number; readonly said: Float64Array; readonly requests: readonly GuestRequest[] };

/** A run ahead: from this bar on this account; `end`: the first bar that it has not run; `acts` in order, of which `next` comes next; `isFree`: it has not looked at its position. */
type Ahead = { readonly from: number; readonly facts: Float64Array; readonly end: number; readonly acts: readonly Act[]; readonly isFree: boolean; next: number };

/** One context's counterpart in the machine. */
class Guest {
  readonly context: Context;
  readonly #machine: Machine;
  readonly #terms: GuestTerms;
  readonly #times: Float64Array | null;
  readonly #mode: GuestMode;
  readonly #box: Float64Array;
  #handle: GuestHandle | null = null;
  #ahead: Ahead | null = null;
  #bars = FEW_BARS;
  /** Bars at which it is asked, in order, and which of them comes next. */
  readonly #stops: readonly number[];
  #stop = 0;
  /** It wrote lines that nobody has taken. */
  #isWriting = false;
  /** It is asked at each bar: its answers hang on more than its own symbol and share of the position. */
  #isAsked: boolean;
  /** The bar from which on it is. */
  #askFrom = Infinity;
  /** It has not looked at its position so far: it runs on past its own acts. */
  #isFree = true;

  constructor({ machine, terms, times, mode, context }: GuestParts) {
    this.context = context;
    this.#machine = machine;
    this.#terms = terms;
    this.#times = times;
    this.#mode = mode;
    this.#stops = times === null || mode.stops === undefined ? [] : stopsOf(times, mode.stops);
    this.#isAsked = times === null || terms.scope === 'portfolio' || !machine.isMemoryFree;
    this.#box = new Float64Array(GUEST_HEADER + GUEST_ROW * context.all.length);
  }

  onBar(): void {
    if (this.#times === null) this.#askLive();
    else if (this.#isAsked) this.#ask(this.#open());
    else this.#goOn(cursorOf(this.context.on, true), this.#times.length);
  }

  memory(): string {
    return this.#handle?.save().memory ?? this.#terms.memory;
  }

  close(): void {
    if (this.#handle !== null && this.#isWriting) this.#takeLog(this.#handle);
    this.#isWriting = false;
    this.#handle?.[Symbol.dispose]();
    this.#handle = null;
    this.#ahead = null;
  }

  #open(): GuestHandle {
    this.#handle ??= new GuestHandle(this.#machine, {
      views: this.context.all, parameters: this.context.parameters, times: this.#times, depth: this.#terms.history, isWhole: this.#times !== null, hasReasons: this.#mode.hasReasons,
    });
    return this.#handle;
  }

  /** The live columns have slid since the last bar: they are shown again, and its memory lives in the context's state. */
  #askLive(): void {
    const state = this.context.state as z.infer<typeof memorySchema>;
    using handle = this.#open();
    this.#handle = null;
    handle.restore(state);
    this.#ask(handle);
    const { memory, nextOrder } = handle.save();
    if (memory.length > MAX_MEMORY) throw new AppError('STRATEGY_OUT_OF_MEMORY', `The strategy remembers more than ${MAX_MEMORY} characters of JSON. Keep less in its state`);
    [state.memory, state.nextOrder] = [memory, nextOrder];
  }

  #ask(handle: GuestHandle): void {
    this.#tell();
    try {
      handle.call('once', this.#box);
    } catch (error) {
      // What it wrote before it threw says why.
      this.#takeLog(handle);
      throw error;
    }
    if (this.#box[GUEST_AT.logged] === 1) this.#takeLog(handle);
    const requests = this.#box[GUEST_AT.acted] === 2 ? readRequests(handle.take()) : [];
    actTargets(this.#box, this.context.all, requests);
    actRequests(requests, this.context.all);
  }

  #goOn(i: number, length: number): void {
    const known = this.#ahead;
    if (known !== null && i < known.end && (known.isFree || this.#holds(known, i))) {
      this.#act(known, i);
      return;
    }
    const handle = this.#open();
    if (known !== null && i < known.end) this.#takeBack(handle, known, i);
    const stop = this.#nextStop(i);
    if (stop === i) {
      this.#ahead = null;
      this.#ask(handle);
      return;
    }
    if (i < this.#askFrom) {
      const ahead = this.#runAhead(handle, i, Math.min(length, stop));
      if (i < ahead.end) {
        this.#act(ahead, i);
        return;
      }
      // In this very bar it looked at its position, for the first time: with the account as it is.
      if (i < this.#askFrom) return this.#goOn(i, length);
    }
    this.#isAsked = true;
    this.#ask(handle);
  }

  /** Whether the account is still what the run ahead began with. */
  #holds({ facts, from }: Ahead, i: number): boolean {
    const { position } = this.context.on;
    const held = facts[GUEST_HEADER + GUEST_OF.held] ?? -1;
    return position.qty === facts[GUEST_HEADER + GUEST_OF.qty] && (held < 0 || (position.barsHeld === held + i - from && position.averagePrice === facts[GUEST_HEADER + GUEST_OF.price]));
  }

  /** It ran on an account that is not: back to where it began, and to this bar again. */
  #takeBack(handle: GuestHandle, { from, facts }: Ahead, i: number): void {
    const before = facts.slice();
    before[GUEST_AT.from] = from;
    before[GUEST_AT.to] = i;
    handle.call('again', before);
    this.#isWriting = before[GUEST_AT.logged] === 1;
    invariant(before[GUEST_AT.until] === i, 'A strategy did something else when it was run again: it must depend on its context and its state alone', { kind: this.#terms.kind });
    this.#ahead = null;
    this.#bars = FEW_BARS;
  }

  #nextStop(i: number): number {
    while ((this.#stops[this.#stop] ?? Infinity) < i) this.#stop += 1;
    return this.#stops[this.#stop] ?? Infinity;
  }

  /** Hands on what it wrote in bars that have been. */
  #takeLog(handle: GuestHandle): void {
    const { log } = this.#mode;
    const { scope } = this.#terms;
    log?.add(handle.takeLog(), { symbol: scope === 'portfolio' ? null : this.context.on.symbol, until: this.context.time });
  }

  #runAhead(handle: GuestHandle, i: number, length: number): Ahead {
    // The stretch before has been lived through: nothing takes back what was written there.
    if (this.#isWriting) this.#takeLog(handle);
    this.#isWriting = false;
    const to = Math.min(length, i + this.#bars);
    this.#bars = Math.min(MANY_BARS, this.#bars * 2);
    this.#tell();
    const facts = this.#box.slice();
    const box = this.#box;
    const isFree = this.#isFree;
    [box[GUEST_AT.from], box[GUEST_AT.to], box[GUEST_AT.isFree]] = [i, to, isFree ? 1 : 0];
    this.#callAhead(handle, i);
    this.#isWriting = box[GUEST_AT.logged] === 1;
    const [end = i, acted = 0, reads = 0] = [box[GUEST_AT.until], box[GUEST_AT.acted], box[GUEST_AT.reads]];
    if (reads === 1) this.#isFree = false;
    // Cash and equity move with every symbol; and what it throws belongs to that bar.
    if (reads > 1) this.#askFrom = end;
    this.#ahead = { from: i, facts, end, acts: actsOf(handle, acted), isFree, next: 0 };
    return this.#ahead;
  }

  /** It is asked for bar `i` and runs on: what is ended there was ended in a bar behind it, which has to be told. */
  #callAhead(handle: GuestHandle, i: number): void {
    try {
      handle.call('ahead', this.#box);
    } catch (error) {
      const closed = error instanceof AppError && this.#machine.isBroken ? this.#times?.[Math.max(i, handle.endedAt() ?? i)] : undefined;
      if (!(error instanceof AppError) || closed === undefined) throw error;
      throw new AppError(error.code, error.message, { cause: error.cause, context: { ...error.context, at: toRfc3339(closed as EpochMs) } });
    }
  }

  /** Writes the account into the box. */
  #tell(): void {
    const { context } = this;
    const box = this.#box;
    const isWhole = this.#times !== null;
    [box[GUEST_AT.cash], box[GUEST_AT.equity], box[GUEST_AT.time]] = [context.cash, context.equity, context.time];
    [box[GUEST_AT.hears], box[GUEST_AT.room]] = [0, this.#mode.log?.room ?? 0];
    for (let v = 0; v < context.all.length; v += 1) {
      const view = context.all[v];
      if (view === undefined) continue;
      const row = GUEST_HEADER + v * GUEST_ROW;
      const { position, wish } = view;
      if (view instanceof View && view.listener !== null) box[GUEST_AT.hears] = 1;
      box[row + GUEST_OF.cursor] = cursorOf(view, isWhole);
      box[row + GUEST_OF.hasBar] = view.hasBar ? 1 : 0;
      box[row + GUEST_OF.qty] = position.qty;
      box[row + GUEST_OF.price] = position.averagePrice;
      box[row + GUEST_OF.held] = position.barsHeld;
      box[row + GUEST_OF.wish] = wish.side === 'long' ? 1 : wish.side === 'short' ? -1 : 0;
      box[row + GUEST_OF.wishWeight] = wish.weight ?? NaN;
    }
  }

  /** Says what was said in bar `i`, if anything was. */
  #act(ahead: Ahead, i: number): void {
    const act = ahead.acts[ahead.next];
    if (act?.bar !== i) return;
    ahead.next += 1;
    actTarget(this.context.on, act.said, act.requests);
    actRequests(act.requests, this.context.all);
  }
}

/** The indexes of the bars that close at these times, in order. */
function stopsOf(times: Float64Array, closes: readonly number[]): readonly number[] {
  const wanted = new Set(closes);
  const stops: number[] = [];
  times.forEach((time, i) => {
    if (wanted.has(time)) stops.push(i);
  });
  return stops;
}

/** The acts of a run ahead. */
function actsOf(handle: GuestHandle, rows: number): Act[] {
  if (rows === 0) return [];
  const log = handle.log(rows);
  const counts = Array.from({ length: rows }, (_, n) => log[n * GUEST_LOG_ROW + 1] ?? 0);
  const requests = counts.some((count) => count > 0) ? readRequests(handle.take()) : [];
  let taken = 0;
  return counts.map((count, n) => {
    const row = n * GUEST_LOG_ROW;
    taken += count;
    return { bar: log[row] ?? -1, said: log.subarray(row + 2, row + GUEST_LOG_ROW), requests: requests.slice(taken - count, taken) };
  });
}
