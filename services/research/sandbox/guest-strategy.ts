/**
 * A user's strategy as the engines run it: a BoundStrategy whose `onBar` asks the machine.
 *
 * Crossing the border at each bar costs more than the strategy itself. In a back-test of single symbols the guest therefore runs ahead over the bars by itself, on the account as it
 * stands, until it acts; the engine goes bar by bar and finds that answer waiting. Should the account change before (a resting order fills), the guest's memory is taken back to
 * where it began, brought to the present bar again, and it runs on with the account as it is. The outcome is that of asking at every bar.
 */
import * as z from 'zod';
import { invariant } from '#app/domain/errors.ts';
import type { Context } from '#app/strategy/context.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { actRequests, actTargets, readRequests } from './guest-acts.ts';
import { cursorOf, GuestHandle } from './guest-handle.ts';
import type { Machine } from './machine.ts';
import { AT, HEADER, OF, ROW } from './guest.ts';

/** The memory of a guest as engines keep it: its JSON. */
const memorySchema = z.object({ memory: z.string().max(1_000_000) });

/** Bars that a guest runs ahead: few after the account surprised it, twice as many each time that it did not. */
const FEW_BARS = 64;
const MANY_BARS = 65_536;

/** `times`: close of each bar by symbol, epoch ms, for runs over whole columns; null for the live host, whose columns slide. `hasReasons`: somebody will read them. */
export type GuestMode = { readonly times: ReadonlyMap<string, Float64Array> | null; readonly hasReasons: boolean };

/** What a strategy says of itself with these parameters; `memory` = its memory at the beginning, JSON. */
export type GuestTerms = Omit<BoundStrategy, 'initialState' | 'readState' | 'onBar'> & { readonly memory: string };

/** Makes a strategy for the engines out of what is in the machine. Its columns stay in the machine until the next run of the same symbol. */
export function guestStrategy(machine: Machine, terms: GuestTerms, { times, hasReasons }: GuestMode): BoundStrategy {
  const guests = new Map<string, Guest>();
  const { memory, ...bound } = terms;
  return {
    ...bound,
    initialState: () => ({ memory }),
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
        guest = new Guest({ machine, terms, times: times?.get(symbol) ?? null, hasReasons, context });
        guests.set(symbol, guest);
      }
      guest.onBar();
    },
  };
}

type GuestParts = { readonly machine: Machine; readonly terms: GuestTerms; readonly times: Float64Array | null; readonly hasReasons: boolean; readonly context: Context };

/** A run ahead: from this bar on this account; `end`: the first bar that it has not run; `actAt`: the bar in which it acts, -1 for none; `reads`: it has looked at cash or equity. */
type Ahead = { readonly from: number; readonly facts: Float64Array; readonly end: number; readonly actAt: number; readonly box: Float64Array; readonly requests: unknown; readonly reads: boolean };

/** One context's counterpart in the machine. */
class Guest {
  readonly context: Context;
  readonly #machine: Machine;
  readonly #terms: GuestTerms;
  readonly #times: Float64Array | null;
  readonly #hasReasons: boolean;
  readonly #tickets = new Map<number, number>();
  readonly #box: Float64Array;
  #handle: GuestHandle | null = null;
  #ahead: Ahead | null = null;
  #bars = FEW_BARS;
  /** It is asked at each bar: its answers hang on more than its own symbol and share of the position. */
  #isAsked: boolean;

  constructor({ machine, terms, times, hasReasons, context }: GuestParts) {
    this.context = context;
    this.#machine = machine;
    this.#terms = terms;
    this.#times = times;
    this.#hasReasons = hasReasons;
    this.#isAsked = times === null || terms.scope === 'portfolio';
    this.#box = new Float64Array(HEADER + ROW * context.all.length);
  }

  onBar(): void {
    if (this.#times === null) this.#askLive();
    else if (this.#isAsked) this.#ask(this.#open());
    else this.#goOn(cursorOf(this.context.on, true), this.#times.length);
  }

  close(): void {
    this.#handle?.[Symbol.dispose]();
    this.#handle = null;
    this.#ahead = null;
  }

  #open(): GuestHandle {
    this.#handle ??= new GuestHandle(this.#machine, {
      views: this.context.all, parameters: this.context.parameters, times: this.#times, depth: this.#terms.history, isWhole: this.#times !== null, hasReasons: this.#hasReasons,
    });
    return this.#handle;
  }

  /** The live columns have slid since the last bar: they are shown again, and its memory lives in the context's state. */
  #askLive(): void {
    const state = this.context.state as z.infer<typeof memorySchema>;
    using handle = this.#open();
    this.#handle = null;
    handle.restore(state.memory);
    this.#ask(handle);
    state.memory = handle.save();
  }

  #ask(handle: GuestHandle): void {
    this.#tell();
    handle.call('once', this.#box);
    this.#act(this.#box, this.#box[AT.acted] === 2 ? handle.take() : []);
  }

  #goOn(i: number, length: number): void {
    const known = this.#ahead;
    if (known !== null && i < known.end && this.#holds(known, i)) {
      if (i === known.actAt) this.#act(known.box, known.requests);
      return;
    }
    const handle = this.#open();
    if (known !== null && i < known.end) this.#takeBack(handle, known, i);
    this.#tell();
    const ahead = this.#runAhead(handle, i, length);
    if (ahead.reads) {
      // Cash and equity move with every symbol: from here on it is asked at each bar.
      this.#takeBack(handle, ahead, i);
      this.#isAsked = true;
      this.#tell();
      this.#ask(handle);
    } else if (i === ahead.actAt) this.#act(ahead.box, ahead.requests);
  }

  /** Whether the account is still what the run ahead began with. */
  #holds({ facts, from }: Ahead, i: number): boolean {
    const { position } = this.context.on;
    const held = facts[HEADER + OF.held] ?? -1;
    return position.qty === facts[HEADER + OF.qty] && (held < 0 || (position.barsHeld === held + i - from && position.averagePrice === facts[HEADER + OF.price]));
  }

  /** It ran on an account that is not: back to where it began, and to this bar again. */
  #takeBack(handle: GuestHandle, { from, facts }: Ahead, i: number): void {
    const before = facts.slice();
    before[AT.from] = from;
    before[AT.to] = i;
    handle.call('again', before);
    invariant(before[AT.until] === i, 'A strategy did something else when it was run again: it must depend on its context and its state alone', { kind: this.#terms.kind });
    this.#ahead = null;
    this.#bars = FEW_BARS;
  }

  #runAhead(handle: GuestHandle, i: number, length: number): Ahead {
    const to = Math.min(length, i + this.#bars);
    this.#bars = Math.min(MANY_BARS, this.#bars * 2);
    const facts = this.#box.slice();
    const box = this.#box;
    box[AT.from] = i;
    box[AT.to] = to;
    handle.call('ahead', box);
    const until = box[AT.until] ?? i;
    const hasActed = (box[AT.acted] ?? 0) > 0;
    this.#ahead = { from: i, facts, end: hasActed ? until + 1 : to, actAt: hasActed ? until : -1, box: box.slice(), requests: box[AT.acted] === 2 ? handle.take() : [], reads: box[AT.reads] === 1 };
    return this.#ahead;
  }

  /** Writes the account into the box. */
  #tell(): void {
    const { context } = this;
    const box = this.#box;
    const isWhole = this.#times !== null;
    [box[AT.cash], box[AT.equity], box[AT.time]] = [context.cash, context.equity, context.time];
    for (let v = 0; v < context.all.length; v += 1) {
      const view = context.all[v];
      if (view === undefined) continue;
      const row = HEADER + v * ROW;
      const { position, wish } = view;
      box[row + OF.cursor] = cursorOf(view, isWhole);
      box[row + OF.hasBar] = view.hasBar ? 1 : 0;
      box[row + OF.qty] = position.qty;
      box[row + OF.price] = position.averagePrice;
      box[row + OF.held] = position.barsHeld;
      box[row + OF.wish] = wish.side === 'long' ? 1 : wish.side === 'short' ? -1 : 0;
      box[row + OF.wishWeight] = wish.weight ?? NaN;
    }
  }

  #act(box: Float64Array, raw: unknown): void {
    const requests = readRequests(raw);
    actTargets(box, this.context.all, requests);
    actRequests(requests, this.context.all, this.#tickets);
  }
}
