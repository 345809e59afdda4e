/**
 * The guest's side of the sandbox: what a strategy sees there, and how it is run. It is sent there as text (guest-text.ts), so it stands on nothing outside of this file.
 * Columns are out of a strategy's reach: it can look back and has no way to look ahead. Numbers pass through one Float64Array, the box.
 */

/** Numbers before the rows: see `AT`. */
export const HEADER = 8;
/** Numbers of a symbol: see `OF`. */
export const ROW = 13;

/** Places in the header. The engine writes cash, equity (dollars), time (epoch ms), from and to (bars); the guest until, hasActed, hasRequests and readsAccount over them (0 or 1). */
export const AT = { cash: 0, equity: 1, time: 2, from: 3, to: 4, until: 5, acted: 6, reads: 7 } as const;

/**
 * Places in a symbol's row. The engine writes the account: cursor, whether there is a bar, shares, average price, bars held, wish (1 long, -1 short, 0 flat) and its weight (NaN = none);
 * the guest writes the target: say (2 = nothing), its weight, average true range, stop, take-profit (NaN = none), again.
 */
export const OF = { cursor: 0, hasBar: 1, qty: 2, price: 3, held: 4, wish: 5, wishWeight: 6, say: 7, weight: 8, atr: 9, stop: 10, profit: 11, again: 12 } as const;

/** Where a symbol stands in its columns. `depth`: bars that the strategy may look back. */
export type GuestCursor = { i: number; readonly depth: number };
/** What a strategy says beside the numbers of its targets, as it crosses the border: plain JSON. `v` = which symbol. */
export type GuestAct =
  | { readonly v: number; readonly kind: 'reasons'; readonly reasons: unknown }
  | { readonly v: number; readonly kind: 'submit'; readonly ticket: number; readonly order: Readonly<Record<string, unknown>>; readonly reasons: unknown }
  | { readonly v: number; readonly kind: 'cancel'; readonly ticket: number };
/** What a strategy may want to hold. */
export type GuestSide = 'long' | 'short' | 'flat';
/** A target that was said in this call. */
export type GuestOpinion = { readonly side: GuestSide; readonly weight: number | null; readonly options: Readonly<Record<string, unknown>> };
/** What a strategy says in one call: the last target of each symbol, its orders in turn, and the next free number of an order. */
export type GuestSlate = { hasSpoken: boolean; opinions: (GuestOpinion | null)[]; requests: GuestAct[]; nextTicket: number };

/** A series: now and before. */
export type GuestSeries = { readonly now: number; ago(bars: number): number };

/** Makes a series whose column nobody else can reach. Variables of a closure, and no more steps than needed: each costs an interpreter some 20 ns. A strategy is asked only where `depth` bars stand behind. */
export function guestSeries(values: Float64Array, cursor: GuestCursor): GuestSeries {
  const { depth } = cursor;
  const beyond = (bars: number): number => {
    if (bars < 0) return NaN;
    throw new RangeError(`ago(${String(bars)}) looks further back than the history of ${String(depth)} bars that the strategy declares: declare more with history()`);
  };
  return Object.freeze({
    get now(): number {
      return values[cursor.i] as number;
    },
    ago(bars: number): number {
      return bars >= 0 && bars <= depth ? (values[cursor.i - bars] as number) : beyond(bars);
    },
  });
}

/** What the engine knows of the account, refreshed before the strategy is asked; and where the run stands. */
export class GuestFacts {
  cash = 0;
  equity = 0;
  /** Close of the bar, epoch ms, of a guest that is asked bar by bar. */
  time = 0;
  /** The guest runs by itself: nothing but its own symbol moves. */
  isAhead = false;
  /** It has looked at cash or equity. */
  readsAccount = false;
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

  constructor(facts: GuestFacts, v: number, cursor: GuestCursor, close: GuestSeries) {
    this.#facts = facts;
    this.#v = v;
    this.#cursor = cursor;
    this.#close = close;
  }

  get qty(): number {
    return this.#facts.qty[this.#v] ?? 0;
  }

  get averagePrice(): number {
    return this.#facts.averagePrice[this.#v] ?? NaN;
  }

  get barsHeld(): number {
    const held = this.#facts.barsHeld[this.#v] ?? -1;
    return held < 0 ? -1 : held + this.#cursor.i - (this.#facts.anchor[this.#v] ?? 0);
  }

  get openProfit(): number {
    const { qty, averagePrice } = this;
    return qty === 0 ? 0 : qty * (this.#close.now - averagePrice);
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
    this.position = new GuestPosition(facts, v, setup.cursor, this.close);
    this.#facts = facts;
    this.#slate = slate;
    this.#v = v;
  }

  get hasBar(): boolean {
    return this.#facts.hasBar[this.#v] ?? true;
  }

  get wish(): { readonly side: GuestSide; readonly weight: number | null } {
    return { side: this.#facts.wishSide[this.#v] ?? 'flat', weight: this.#facts.wishWeight[this.#v] ?? null };
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
    const ticket = slate.nextTicket;
    slate.nextTicket += 1;
    slate.hasSpoken = true;
    const reasons = typeof order['reasons'] === 'function' ? (order['reasons'] as () => unknown)() : [];
    slate.requests.push({ v: this.#v, kind: 'submit', ticket, order, reasons });
    return ticket;
  }

  cancel(ticket: number): void {
    this.#slate.hasSpoken = true;
    this.#slate.requests.push({ v: this.#v, kind: 'cancel', ticket });
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
  readonly #closes: GuestSeries;

  constructor(setup: { readonly parameters: unknown; readonly state: unknown; readonly on: GuestView; readonly all: readonly GuestView[]; readonly facts: GuestFacts; readonly closes: GuestSeries }) {
    this.parameters = setup.parameters;
    this.state = setup.state;
    this.on = setup.on;
    this.all = setup.all;
    this.#facts = setup.facts;
    this.#closes = setup.closes;
  }

  get time(): number {
    return this.#facts.isAhead ? this.#closes.now : this.#facts.time;
  }

  get cash(): number {
    this.#facts.readsAccount = true;
    return this.#facts.cash;
  }

  get equity(): number {
    this.#facts.readsAccount = true;
    return this.#facts.equity;
  }
}

/** What the host hands over before the first bar: one entry per symbol. Columns by name: the fields of bars, `indicator.` of one output, `indicator.output` of several. */
export type GuestColumns = { readonly symbol: string; readonly columns: Readonly<Record<string, Float64Array>> };

/** A run inside of the sandbox. */
export class GuestRun {
  readonly box: Float64Array;
  readonly #spec: GuestSpec;
  readonly #context: GuestContext;
  readonly #facts = new GuestFacts();
  readonly #slate: GuestSlate = { hasSpoken: false, opinions: [], requests: [], nextTicket: 1 };
  readonly #cursors: GuestCursor[] = [];
  readonly #hasReasons: boolean;
  #acts: GuestAct[] = [];
  #saved = 'null';
  #savedTicket = 1;

  constructor(spec: GuestSpec, setup: { readonly parameters: unknown; readonly markets: readonly GuestColumns[]; readonly times: Float64Array; readonly depth: number; readonly hasReasons: boolean }) {
    this.#spec = spec;
    this.#hasReasons = setup.hasReasons;
    const views = setup.markets.map((market, v) => this.#view(market, v, setup.depth));
    const [on] = views;
    if (on === undefined) throw new Error('A run needs a symbol');
    this.box = new Float64Array(HEADER + ROW * views.length);
    this.#context = new GuestContext({ parameters: setup.parameters, state: spec.initialState?.(setup.parameters) ?? {}, on, all: Object.freeze(views), facts: this.#facts, closes: guestSeries(setup.times, this.#cursors[0] ?? { i: 0, depth: 0 }) });
  }

  /** Runs bars [from, to) of the only symbol on the account in `facts` and ends after the first one in which the strategy acts. */
  ahead(facts: ArrayBuffer): void {
    const { box } = this;
    box.set(new Float64Array(facts));
    const from = box[AT.from] ?? 0;
    const to = box[AT.to] ?? 0;
    this.#read();
    this.#facts.isAhead = true;
    this.#saved = JSON.stringify(this.#context.state);
    this.#savedTicket = this.#slate.nextTicket;
    box[AT.until] = this.#over(from, to);
    box[AT.reads] = this.#facts.readsAccount ? 1 : 0;
  }

  /** Goes back to where the last run ahead began, and through its bars before `to` again, on the account in `facts`: it is known not to act there. */
  again(facts: ArrayBuffer): void {
    const { box } = this;
    box.set(new Float64Array(facts));
    this.#context.state = JSON.parse(this.#saved) as unknown;
    this.#slate.nextTicket = this.#savedTicket;
    this.#acts = [];
    this.#read();
    this.#facts.isAhead = true;
    box[AT.until] = this.#over(box[AT.from] ?? 0, box[AT.to] ?? 0);
  }

  /** Asks once, on the account in `facts`. */
  once(facts: ArrayBuffer): void {
    this.box.set(new Float64Array(facts));
    this.#read();
    this.#facts.isAhead = false;
    this.box[AT.acted] = 0;
    this.#spec.onBar(this.#context);
    if (this.#slate.hasSpoken) this.#hear();
  }

  /** Orders, cancels and reasons of the last call as JSON. */
  take(): string {
    const text = JSON.stringify(this.#acts);
    this.#acts = [];
    return text;
  }

  save(): string {
    return JSON.stringify(this.#context.state) ?? 'null';
  }

  restore(text: string): void {
    this.#context.state = JSON.parse(text) as unknown;
  }

  #over(from: number, to: number): number {
    const [cursor] = this.#cursors;
    const spec = this.#spec;
    const context = this.#context;
    const slate = this.#slate;
    this.box[AT.acted] = 0;
    if (cursor === undefined) return to;
    for (let i = from; i < to; i += 1) {
      cursor.i = i;
      spec.onBar(context);
      if (slate.hasSpoken && this.#hear()) return i;
    }
    return to;
  }

  /** Takes the account out of the box. */
  #read(): void {
    const { box } = this;
    const facts = this.#facts;
    facts.cash = box[AT.cash] ?? NaN;
    facts.equity = box[AT.equity] ?? NaN;
    facts.time = box[AT.time] ?? NaN;
    for (let v = 0; v < this.#cursors.length; v += 1) {
      const row = HEADER + v * ROW;
      const cursor = this.#cursors[v];
      if (cursor === undefined) continue;
      cursor.i = box[row + OF.cursor] ?? 0;
      facts.anchor[v] = cursor.i;
      facts.hasBar[v] = box[row + OF.hasBar] === 1;
      facts.qty[v] = box[row + OF.qty] ?? 0;
      facts.averagePrice[v] = box[row + OF.price] ?? NaN;
      facts.barsHeld[v] = box[row + OF.held] ?? -1;
      const side = box[row + OF.wish] ?? 0;
      facts.wishSide[v] = side > 0 ? 'long' : side < 0 ? 'short' : 'flat';
      const weight = box[row + OF.wishWeight] ?? NaN;
      facts.wishWeight[v] = Number.isNaN(weight) ? null : weight;
      box[row + OF.say] = 2;
    }
  }

  /** Writes down what was said in this call, and forgets what is wished already. @returns whether anything is left */
  #hear(): boolean {
    const slate = this.#slate;
    let hasActed = slate.requests.length > 0;
    for (let v = 0; v < slate.opinions.length; v += 1) {
      const opinion = slate.opinions[v];
      if (opinion === null || opinion === undefined) continue;
      slate.opinions[v] = null;
      hasActed = this.#want(v, opinion) || hasActed;
    }
    for (const request of slate.requests) this.#acts.push(request);
    slate.requests = [];
    slate.hasSpoken = false;
    // 2: there is more to read than numbers.
    if (hasActed) this.box[AT.acted] = this.#acts.length > 0 ? 2 : 1;
    return hasActed;
  }

  #want(v: number, { side, weight, options }: { readonly side: GuestSide; readonly weight: number | null; readonly options: Readonly<Record<string, unknown>> }): boolean {
    const facts = this.#facts;
    const again = options['again'] === true;
    // While it runs ahead only what is new ends the run; asked bar by bar, its engine is told everything and judges itself.
    if (facts.isAhead && facts.wishSide[v] === side && facts.wishWeight[v] === weight && (side === 'flat' || !again)) return false;
    facts.wishSide[v] = side;
    facts.wishWeight[v] = weight;
    const { box } = this;
    const row = HEADER + v * ROW;
    const given = (name: string): number => {
      const value = options[name];
      if (value === undefined || value === null) return NaN;
      if (typeof value !== 'number') throw new TypeError(`${name} must be a number`);
      return value;
    };
    box[row + OF.say] = side === 'long' ? 1 : side === 'short' ? -1 : 0;
    box[row + OF.weight] = weight ?? NaN;
    box[row + OF.atr] = given('atr');
    box[row + OF.stop] = given('stopPrice');
    box[row + OF.profit] = given('takeProfitPrice');
    box[row + OF.again] = again ? 1 : 0;
    if (this.#hasReasons && typeof options['reasons'] === 'function') this.#acts.push({ v, kind: 'reasons', reasons: (options['reasons'] as () => unknown)() });
    return true;
  }

  #view({ symbol, columns }: GuestColumns, v: number, depth: number): GuestView {
    const cursor: GuestCursor = { i: 0, depth };
    this.#cursors.push(cursor);
    const series: Record<string, GuestSeries> = {};
    const indicators: Record<string, unknown> = {};
    for (const [name, values] of Object.entries(columns)) {
      const [owner = '', output] = name.split('.');
      const made = guestSeries(values, cursor);
      if (output === undefined) series[name] = made;
      else if (output === '') indicators[owner] = made;
      else {
        const group = (indicators[owner] ?? {}) as Record<string, GuestSeries>;
        group[output] = made;
        indicators[owner] = group;
      }
    }
    for (const group of Object.values(indicators)) Object.freeze(group);
    return new GuestView({ symbol, v, cursor, series: series as Fields, indicators: Object.freeze(indicators), facts: this.#facts, slate: this.#slate });
  }
}
