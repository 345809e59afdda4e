/** The host of an authored strategy as the engine holds it: what the book knows of it. It decides in a process of its own, and never here. */
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import { savedWishes, type HostSignal, type Recording, type StandingWish, type StrategyHost, type SymbolState } from '#app/strategy/host.ts';
import { FLAT_WISH } from '#app/strategy/view.ts';

const NOTHING: StandingWish = { wish: FLAT_WISH, isExitOwed: false };

/** Written in place of a host's own words before it has seen a bar: only what the version before it wished. */
const unseenSchema = z.object({ isUnseen: z.literal(true) });
const shownSchema = z.array(z.object({
  symbol: z.string(), seen: z.number().int(), needed: z.number().int().nullable(), outputs: z.array(z.object({ name: z.string(), output: z.string(), value: z.number().nullable() })),
}));
/** What a strategy shows of its symbols, as it is kept beside its state. A value that is not known is null. */
export type Shown = z.infer<typeof shownSchema>;

/** What a process has made of a host: its own words, to be kept and given back to it, and what it shows. */
export type RemoteState = { readonly saved: unknown; readonly shown: Shown };

function never(): never {
  throw new AppError('INVARIANT_BROKEN', 'An authored strategy decides in its own process');
}

/** See above. Changed by `become` alone: the process has gone on. */
export class RemoteHost implements StrategyHost {
  readonly symbols: readonly string[];
  readonly wishes: ReadonlyMap<string, StandingWish>;
  #state: RemoteState | null;

  constructor(symbols: readonly string[], wishes: ReadonlyMap<string, StandingWish>, state: RemoteState | null = null) {
    this.symbols = [...symbols].sort();
    this.wishes = wishes;
    this.#state = state;
  }

  /** What its process made of it last, null before its first bar. The same object as long as nothing has happened: who holds it knows where the process stands. */
  get state(): RemoteState | null {
    return this.#state;
  }

  become(state: RemoteState): void {
    this.#state = state;
  }

  save(): unknown {
    if (this.#state !== null) return this.#state.saved;
    return { isUnseen: true, symbols: [...this.wishes].map(([symbol, { wish, isExitOwed }]) => ({ symbol, wish, isExitOwed, owedReasons: [], owedCancels: [] })) };
  }

  copy(): RemoteHost {
    return new RemoteHost(this.symbols, this.wishes, this.#state);
  }

  wishOf(symbol: string): StandingWish {
    const wishes = this.#state === null ? this.wishes : savedWishes(this.#state.saved);
    return wishes.get(symbol) ?? NOTHING;
  }

  isWarm(): boolean {
    return this.#state?.shown.some(({ seen, needed }) => needed !== null && seen >= needed) ?? false;
  }

  stateOf(symbol: string): SymbolState | null {
    const shown = this.#state?.shown.find((one) => one.symbol === symbol);
    return shown === undefined ? null : { seen: shown.seen, needed: shown.needed, outputs: shown.outputs.map(({ name, output, value }) => ({ name, output, value: value ?? NaN })) };
  }

  advance(): HostSignal[] {
    return never();
  }

  record(): Recording {
    return never();
  }

  amend(): void {
    never();
  }
}

/** A host that has seen nothing. */
export function unseenHost(symbols: readonly string[], wishes: ReadonlyMap<string, StandingWish> = new Map()): RemoteHost {
  return new RemoteHost(symbols, wishes);
}

/** A host as it lies in the book. @throws AppError INVARIANT_BROKEN when it cannot be read */
export function storedHost(symbols: readonly string[], saved: unknown, shown: unknown): RemoteHost {
  const wishes = savedWishes(saved);
  if (unseenSchema.safeParse(saved).success) return new RemoteHost(symbols, wishes);
  return new RemoteHost(symbols, wishes, { saved, shown: shownSchema.safeParse(shown).data ?? [] });
}

/** What a process shows, as it is kept. */
export function shownOf(states: ReadonlyMap<string, SymbolState>): Shown {
  return [...states].map(([symbol, { seen, needed, outputs }]) => ({ symbol, seen, needed, outputs: outputs.map(({ name, output, value }) => ({ name, output, value: Number.isFinite(value) ? value : null })) }));
}
