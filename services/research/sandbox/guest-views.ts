/**
 * What a strategy sees inside of the sandbox: series, positions, symbols, the context. Sent there as text (guest-text.ts), so it stands on nothing outside of this file.
 * Columns lie in closures, out of a strategy's reach; everything that it is given is frozen, so that nothing but its state can remember anything.
 */

/** Where a symbol stands in its columns. `depth`: bars that the strategy may look back. */
export type GuestCursor = { i: number; readonly depth: number };
/** What a strategy says beside the numbers of its targets, as it crosses the border: plain JSON. `v` = which symbol. */
export type GuestAct =
  | { readonly v: number; readonly kind: 'reasons'; readonly reasons: unknown }
  | { readonly v: number; readonly kind: 'submit'; readonly ticket: number; readonly order: Readonly<Record<string, unknown>>; readonly reasons: unknown }
  | { readonly v: number; readonly kind: 'cancel'; readonly ticket: number }
  | { readonly v: number; readonly kind: 'check'; readonly name: string; readonly isMet: boolean; readonly value: number | null; readonly threshold: number | null };
/** What a strategy may want to hold. */
export type GuestSide = 'long' | 'short' | 'flat';
/** A target that was said in this call. */
export type GuestOpinion = { readonly side: GuestSide; readonly weight: number | null; readonly options: Readonly<Record<string, unknown>> };
/** What a strategy says in one call: the last target of each symbol, its orders in turn, how many conditions it told, and the next free number of an order. */
export type GuestSlate = { hasSpoken: boolean; opinions: (GuestOpinion | null)[]; requests: GuestAct[]; checks: number; nextOrder: number };

/** A series: now and before. */
export type GuestSeries = { readonly now: number; ago(bars: number): number };

/**
 * Makes a series whose column nobody else can reach. Variables of a closure, and no more steps than needed: each costs an interpreter some 20 ns. The place is checked once it is a
 * number: an object for `bars` could be one number when it is looked at and another when it is used. Before the column's first bar lie NaN, `depth` and one of them.
 */
export function guestSeries(values: Float64Array, cursor: GuestCursor): GuestSeries {
  const { depth } = cursor;
  const beyond = (bars: number): number => {
    if (!(bars > depth)) return NaN;
    throw new RangeError(`ago(${String(bars)}) looks further back than the history of ${String(depth)} bars that the strategy declares: declare more with history()`);
  };
  const series = {
    get now(): number {
      return values[cursor.i] as number;
    },
    ago(bars: number): number {
      const { i } = cursor;
      const at = i - bars;
      return at <= i && at >= i - depth ? (values[at] ?? NaN) : beyond(bars);
    },
  };
  for (const part of Object.values(Object.getOwnPropertyDescriptors(series))) Object.freeze(part.get ?? part.value);
  return Object.freeze(series);
}

/** What the engine knows of the account, refreshed before the strategy is asked; and where the run stands. */
export class GuestFacts {
  cash = 0;
  equity = 0;
  /** Close of the bar, epoch ms, of a guest that is asked bar by bar. */
  time = 0;
  /** The guest runs by itself: nothing but its own symbol moves. */
  isAhead = false;
  /** It runs on past its own acts, which is right as long as it does not look at what came of them. */
  isFree = false;
  /** What it has looked at: 1 = its position while it ran free, 2 = cash or equity. */
  reads = 0;
  /** Somebody wants to know its conditions. */
  hears = false;
  qty: number[] = [];
  averagePrice: number[] = [];
  /** Bars held when the cursor stood at `anchor`, -1 while flat. */
  barsHeld: number[] = [];
  anchor: number[] = [];
  hasBar: boolean[] = [];
  wishSide: GuestSide[] = [];
  wishWeight: (number | null)[] = [];
}

/** A share of a position; what it is worth follows the closes. */
export class GuestPosition {
  readonly #facts: GuestFacts;
  readonly #v: number;
  readonly #cursor: GuestCursor;
  readonly #close: GuestSeries;
  readonly #slate: GuestSlate;

  constructor(setup: { readonly facts: GuestFacts; readonly slate: GuestSlate; readonly v: number; readonly cursor: GuestCursor; readonly close: GuestSeries }) {
    this.#facts = setup.facts;
    this.#slate = setup.slate;
    this.#v = setup.v;
    this.#cursor = setup.cursor;
    this.#close = setup.close;
    Object.freeze(this);
  }

  get qty(): number {
    if (this.#facts.isFree) this.#look();
    return this.#facts.qty[this.#v] ?? 0;
  }

  get averagePrice(): number {
    if (this.#facts.isFree) this.#look();
    return this.#facts.averagePrice[this.#v] ?? NaN;
  }

  get barsHeld(): number {
    if (this.#facts.isFree) this.#look();
    const held = this.#facts.barsHeld[this.#v] ?? -1;
    return held < 0 ? -1 : held + this.#cursor.i - (this.#facts.anchor[this.#v] ?? 0);
  }

  get openProfit(): number {
    const { qty, averagePrice } = this;
    return qty === 0 ? 0 : qty * (this.#close.now - averagePrice);
  }

  #look(): void {
    this.#facts.reads = Math.max(1, this.#facts.reads);
    this.#slate.hasSpoken = true;
  }
}

/** The series of a bar's fields. */
type Fields = Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume', GuestSeries>>;

/** One symbol: app/strategy/context.ts says what each part means. */
export class GuestView {
  readonly symbol: string;
  readonly open: GuestSeries;
  readonly high: GuestSeries;
  readonly low: GuestSeries;
  readonly close: GuestSeries;
  readonly volume: GuestSeries;
  readonly indicators: Readonly<Record<string, unknown>>;
  readonly position: GuestPosition;
  readonly #facts: GuestFacts;
  readonly #slate: GuestSlate;
  readonly #v: number;

  constructor(setup: { readonly symbol: string; readonly v: number; readonly cursor: GuestCursor; readonly series: Fields; readonly indicators: Readonly<Record<string, unknown>>; readonly facts: GuestFacts; readonly slate: GuestSlate }) {
    const { series, facts, slate, v } = setup;
    this.symbol = setup.symbol;
    [this.open, this.high, this.low, this.close, this.volume] = [series.open, series.high, series.low, series.close, series.volume];
    this.indicators = setup.indicators;
    this.position = new GuestPosition({ facts, slate, v, cursor: setup.cursor, close: this.close });
    this.#facts = facts;
    this.#slate = slate;
    this.#v = v;
    Object.freeze(this);
  }

  get hasBar(): boolean {
    return this.#facts.hasBar[this.#v] ?? true;
  }

  get wish(): { readonly side: GuestSide; readonly weight: number | null } {
    return { side: this.#facts.wishSide[this.#v] ?? 'flat', weight: this.#facts.wishWeight[this.#v] ?? null };
  }

  /** A condition by its name: told where somebody listens, else the answer is the answer. */
  check(name: string, isMet: boolean, value?: number, threshold?: number): boolean {
    if (this.#facts.hears) this.#tell(name, isMet, [value, threshold]);
    return isMet;
  }

  long(options?: Readonly<Record<string, unknown>>): void {
    this.#say('long', null, options);
  }

  short(options?: Readonly<Record<string, unknown>>): void {
    this.#say('short', null, options);
  }

  flat(options?: Readonly<Record<string, unknown>>): void {
    this.#say('flat', null, options);
  }

  weight(part: number, options?: Readonly<Record<string, unknown>>): void {
    if (!Number.isFinite(part)) throw new TypeError(`weight(${String(part)}) of ${this.symbol} is no part of the equity: check that every number behind it is known`);
    if (part === 0) this.#say('flat', null, options);
    else this.#say(part > 0 ? 'long' : 'short', part, options);
  }

  submit(order: Readonly<Record<string, unknown>>): number {
    if (typeof order !== 'object' || order === null) throw new TypeError('submit(...) needs an order such as { side: "buy", qty: 10 }');
    const slate = this.#slate;
    const ticket = slate.nextOrder;
    slate.nextOrder += 1;
    slate.hasSpoken = true;
    const reasons = typeof order['reasons'] === 'function' ? (order['reasons'] as () => unknown)() : [];
    slate.requests.push({ v: this.#v, kind: 'submit', ticket, order, reasons });
    return ticket;
  }

  cancel(ticket: number): void {
    this.#slate.hasSpoken = true;
    this.#slate.requests.push({ v: this.#v, kind: 'cancel', ticket });
  }

  #tell(name: string, isMet: boolean, numbers: readonly unknown[]): void {
    const slate = this.#slate;
    slate.checks += 1;
    if (slate.checks > 500) return;
    const [value = null, threshold = null] = numbers.map((one) => (typeof one === 'number' && Number.isFinite(one) ? one : null));
    slate.hasSpoken = true;
    slate.requests.push({ v: this.#v, kind: 'check', name: typeof name === 'string' ? name.slice(0, 200) : 'a condition without a name', isMet: isMet === true, value, threshold });
  }

  #say(side: GuestSide, weight: number | null, options: Readonly<Record<string, unknown>> = {}): void {
    this.#slate.hasSpoken = true;
    this.#slate.opinions[this.#v] = { side, weight, options };
  }
}

/** A strategy's definition as its author wrote it: the parts that a run needs. */
export type GuestSpec = { initialState?(parameters: unknown): unknown; onBar(context: unknown): void };

/** The context of `onBar`, as app/strategy/context.ts has it. */
export class GuestContext {
  readonly parameters: unknown;
  state: unknown;
  readonly on: GuestView;
  readonly all: readonly GuestView[];
  readonly #facts: GuestFacts;
  readonly #slate: GuestSlate;
  readonly #closes: GuestSeries;

  constructor(setup: { readonly parameters: unknown; readonly state: unknown; readonly on: GuestView; readonly all: readonly GuestView[]; readonly facts: GuestFacts; readonly slate: GuestSlate; readonly closes: GuestSeries }) {
    this.parameters = setup.parameters;
    this.state = setup.state;
    this.on = setup.on;
    this.all = setup.all;
    this.#facts = setup.facts;
    this.#slate = setup.slate;
    this.#closes = setup.closes;
    // All but the state, which is taken back and brought forward.
    for (const name of ['parameters', 'on', 'all']) Object.defineProperty(this, name, { writable: false, configurable: false });
    Object.preventExtensions(this);
  }

  get time(): number {
    return this.#facts.isAhead ? this.#closes.now : this.#facts.time;
  }

  get cash(): number {
    this.#look();
    return this.#facts.cash;
  }

  get equity(): number {
    this.#look();
    return this.#facts.equity;
  }

  #look(): void {
    this.#facts.reads = 2;
    if (this.#facts.isAhead) this.#slate.hasSpoken = true;
  }
}
