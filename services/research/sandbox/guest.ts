/** How a strategy is run inside of the sandbox. Sent there as text (guest-text.ts), so it stands on nothing outside of this file: what it is made of is handed in. Numbers pass through Float64Arrays. */
import type { GuestJournal, GuestPage } from './guest-journal.ts';
import type { GuestContext, GuestCursor, GuestFacts, GuestOpinion, guestSeries, GuestSeries, GuestSlate, GuestSpec, GuestView } from './guest-views.ts';

/** Numbers before the rows of the box: see `GUEST_AT`. */
export const GUEST_HEADER = 10;
/** Numbers of a symbol in the box: see `GUEST_OF`. */
export const GUEST_ROW = 13;
/** Numbers of an act in the log: its bar, how many requests came with it, and what a symbol's row says from `say` on. */
export const GUEST_LOG_ROW = 8;
/** Acts that the log holds. */
export const GUEST_LOG_ROWS = 2_048;
/** Requests after which a guest that runs free stops for somebody to take them. */
export const GUEST_REQUESTS = 500;

/**
 * Places in the header. The engine writes cash, equity (dollars), time (epoch ms), from and to (bars), isFree; the guest over them until (the first bar it has not run), acted (a guest that runs ahead: acts
 * in the log; asked once: 1 for targets, 2 when there are requests to take) and reads (1 = its position while it ran free, 2 = cash or equity, 3 = it threw: the bar `until` was not run then).
 * The engine writes hears (1 = somebody wants to know its conditions) and room (lines that it may write), the guest logged (whether there are lines to take).
 */
export const GUEST_AT = { cash: 0, equity: 1, time: 2, from: 3, to: 4, until: 5, acted: 6, reads: 7, isFree: 7, hears: 8, room: 9, logged: 9 } as const;

/**
 * Places in a symbol's row. The engine writes the account: cursor, whether there is a bar, shares, average price, bars held, wish (1 long, -1 short, 0 flat) and its weight (NaN = none);
 * the guest writes the target: say (2 = nothing), its weight, average true range, stop, take-profit (NaN = none), again.
 */
export const GUEST_OF = { cursor: 0, hasBar: 1, qty: 2, price: 3, held: 4, wish: 5, wishWeight: 6, say: 7, weight: 8, atr: 9, stop: 10, profit: 11, again: 12 } as const;

/** What the host hands over before the first bar: one entry per symbol. Columns by name: the fields of bars, `indicator.` of one output, `indicator.output` of several. `pad`: NaN before the first bar. */
export type GuestColumns = { readonly symbol: string; readonly columns: Readonly<Record<string, Float64Array>> };
/** What a run is opened with. */
export type GuestRunSetup = { readonly parameters: unknown; readonly markets: readonly GuestColumns[]; readonly times: Float64Array; readonly depth: number; readonly hasReasons: boolean };
/** What a run is made of. `plainDefect`: where a value is no plain JSON. */
export type GuestParts = {
  readonly guestSeries: typeof guestSeries; readonly GuestFacts: typeof GuestFacts; readonly GuestView: typeof GuestView; readonly GuestContext: typeof GuestContext;
  readonly journal: GuestJournal; readonly linesAtOnce: number;
  plainDefect(value: unknown, path?: string): string | null;
};

/** A run inside of the sandbox. */
export class GuestRun {
  readonly box: Float64Array;
  readonly log: Float64Array;
  readonly #spec: GuestSpec;
  readonly #parts: GuestParts;
  readonly #context: GuestContext;
  readonly #facts: GuestFacts;
  readonly #slate: GuestSlate = { hasSpoken: false, opinions: [], requests: [], checks: 0, nextOrder: 1 };
  readonly #cursors: GuestCursor[] = [];
  readonly #hasReasons: boolean;
  readonly #pad: number;
  readonly #page: GuestPage;
  /** As text from the moment on at which they were said: what a strategy does to its objects later must not change what it asked for. */
  #acts: string[] = [];
  #saved = 'null';
  #savedOrder = 1;

  constructor(spec: GuestSpec, setup: GuestRunSetup, parts: GuestParts) {
    this.#spec = spec;
    this.#parts = parts;
    this.#facts = new parts.GuestFacts();
    this.#hasReasons = setup.hasReasons;
    this.#pad = setup.depth + 1;
    const views = setup.markets.map((market, v) => this.#view(market, v, setup.depth));
    const [on] = views;
    if (on === undefined) throw new Error('A run needs a symbol');
    this.box = new Float64Array(GUEST_HEADER + GUEST_ROW * views.length);
    this.log = new Float64Array(views.length === 1 ? GUEST_LOG_ROW * GUEST_LOG_ROWS : 0);
    const state = spec.initialState?.(setup.parameters) ?? {};
    const context = new parts.GuestContext({ parameters: setup.parameters, state, on, all: Object.freeze(views), facts: this.#facts, slate: this.#slate, closes: parts.guestSeries(setup.times, this.#cursors[0] ?? { i: 0, depth: 0 }) });
    this.#context = context;
    this.#page = { lines: [], dropped: 0, room: 0, inBar: 0, slate: this.#slate, time: () => context.time };
  }

  /**
   * Runs bars [from, to) of the only symbol on the account in `facts`. It ends after the first bar in which the strategy acts; one that is free goes on past its acts until it looks at its position.
   * Should it look at what it must not know any more, the run is taken back to the beginning of that bar.
   */
  ahead(facts: ArrayBuffer): void {
    const { box } = this;
    this.#take(facts);
    const from = box[GUEST_AT.from] ?? 0;
    const to = box[GUEST_AT.to] ?? 0;
    const isFree = box[GUEST_AT.isFree] === 1;
    this.#saved = this.save();
    this.#savedOrder = this.#slate.nextOrder;
    this.#begin(isFree);
    const { until, reads } = this.#try(from, to);
    if (reads > 0) {
      const acted = box[GUEST_AT.acted] ?? 0;
      const acts = this.#acts;
      this.#back(from, until, isFree);
      this.#acts = acts;
      box[GUEST_AT.acted] = acted;
    }
    box[GUEST_AT.until] = until;
    box[GUEST_AT.reads] = reads;
    this.#logged();
  }

  /** Goes back to where the last run ahead began, and through its bars before `to` again, on the account in `facts`: it is known not to act there. */
  again(facts: ArrayBuffer): void {
    const { box } = this;
    this.#take(facts);
    this.#acts = [];
    box[GUEST_AT.until] = this.#back(box[GUEST_AT.from] ?? 0, box[GUEST_AT.to] ?? 0, false);
    this.#logged();
  }

  /** Asks once, on the account in `facts`. */
  once(facts: ArrayBuffer): void {
    this.#take(facts);
    this.#read();
    this.#facts.isAhead = false;
    this.#facts.isFree = false;
    this.#facts.hears = this.box[GUEST_AT.hears] === 1;
    this.#slate.checks = 0;
    this.box[GUEST_AT.acted] = 0;
    this.#spec.onBar(this.#context);
    this.#facts.hears = false;
    if (this.#slate.hasSpoken && this.#hear()) this.box[GUEST_AT.acted] = this.#acts.length > 0 ? 2 : 1;
    this.#logged();
  }

  /** The lines that it wrote since they were last taken, as JSON. */
  takeLog(): string {
    return this.#parts.journal.take(this.#page);
  }

  /** Orders, cancels and reasons since they were last taken, as JSON. */
  take(): string {
    const text = `[${this.#acts.join(',')}]`;
    this.#acts = [];
    return text;
  }

  /** Its memory as JSON. @throws TypeError where it is no plain JSON: it could not be brought back */
  save(): string {
    const { state } = this.#context;
    const defect = this.#parts.plainDefect(state, 'state');
    if (defect !== null) throw new TypeError(`${defect}: memory is plain JSON, because it must come back from the book as it was. Use null for a number that is not known`);
    return JSON.stringify(state);
  }

  /** Takes a stored memory; `nextOrder`: the number of its next order. */
  restore(text: string, nextOrder: number): void {
    this.#context.state = JSON.parse(text) as unknown;
    this.#slate.nextOrder = nextOrder;
  }

  /** The bar that it is at, of its first symbol: in a run ahead, the one that did not end. */
  at(): number {
    return (this.#cursors[0]?.i ?? 0) - this.#pad;
  }

  /** The number of its next order. */
  nextOrder(): number {
    return this.#slate.nextOrder;
  }

  /** Takes over what the engine wrote; what is logged from now on belongs to this run. */
  #take(facts: ArrayBuffer): void {
    this.box.set(new Float64Array(facts));
    this.#page.room = this.box[GUEST_AT.room] ?? 0;
    this.#page.inBar = 0;
    this.#parts.journal.turn(this.#page);
  }

  /** Says whether there are lines to take. */
  #logged(): void {
    const { lines, dropped } = this.#page;
    this.box[GUEST_AT.logged] = lines.length > 0 || dropped > 0 ? 1 : 0;
    this.#parts.journal.turn(null);
  }

  #begin(isFree: boolean): void {
    this.#read();
    this.#facts.isAhead = true;
    this.#facts.isFree = isFree;
    this.#facts.reads = 0;
  }

  /** As far as it goes. Whatever it throws is thrown again when its bar is asked: the error is of that bar, on the account of that bar. */
  #try(from: number, to: number): { readonly until: number; readonly reads: number } {
    try {
      return { until: this.#over(from, to), reads: this.#facts.reads };
    } catch {
      return { until: (this.#cursors[0]?.i ?? 0) - this.#pad, reads: 3 };
    }
  }

  #back(from: number, to: number, isFree: boolean): number {
    this.restore(this.#saved, this.#savedOrder);
    this.#slate.opinions = [];
    this.#slate.requests = [];
    this.#slate.hasSpoken = false;
    this.#acts = [];
    this.#parts.journal.clear(this.#page);
    this.#begin(isFree);
    return this.#over(from, to);
  }

  #over(from: number, to: number): number {
    const [cursor] = this.#cursors;
    const spec = this.#spec;
    const context = this.#context;
    const slate = this.#slate;
    const pad = this.#pad;
    this.box[GUEST_AT.acted] = 0;
    if (cursor === undefined) return to;
    const end = to + pad;
    for (let at = from + pad; at < end; at += 1) {
      cursor.i = at;
      spec.onBar(context);
      if (slate.hasSpoken) {
        const stop = this.#note(at - pad);
        if (stop >= 0) return stop;
      }
    }
    return to;
  }

  /** Something was said or looked at in bar `i`. @returns the first bar that is not run; -1 to go on */
  #note(i: number): number {
    const facts = this.#facts;
    if (facts.reads > 0) return i;
    const before = this.#acts.length;
    const page = this.#page;
    page.inBar = 0;
    const isFull = page.lines.length >= this.#parts.linesAtOnce && page.lines.length < page.room;
    if (!this.#hear()) return isFull ? i + 1 : -1;
    const { box, log } = this;
    const acted = box[GUEST_AT.acted] ?? 0;
    const row = acted * GUEST_LOG_ROW;
    log[row] = i;
    log[row + 1] = this.#acts.length - before;
    log.set(box.subarray(GUEST_HEADER + GUEST_OF.say, GUEST_HEADER + GUEST_ROW), row + 2);
    box[GUEST_HEADER + GUEST_OF.say] = 2;
    box[GUEST_AT.acted] = acted + 1;
    return facts.isFree && !isFull && acted + 1 < GUEST_LOG_ROWS && this.#acts.length < GUEST_REQUESTS ? -1 : i + 1;
  }

  /** Takes the account out of the box. */
  #read(): void {
    const { box } = this;
    const facts = this.#facts;
    facts.cash = box[GUEST_AT.cash] ?? NaN;
    facts.equity = box[GUEST_AT.equity] ?? NaN;
    facts.time = box[GUEST_AT.time] ?? NaN;
    for (let v = 0; v < this.#cursors.length; v += 1) {
      const row = GUEST_HEADER + v * GUEST_ROW;
      const cursor = this.#cursors[v];
      if (cursor === undefined) continue;
      cursor.i = (box[row + GUEST_OF.cursor] ?? 0) + this.#pad;
      facts.anchor[v] = cursor.i;
      facts.hasBar[v] = box[row + GUEST_OF.hasBar] === 1;
      facts.qty[v] = box[row + GUEST_OF.qty] ?? 0;
      facts.averagePrice[v] = box[row + GUEST_OF.price] ?? NaN;
      facts.barsHeld[v] = box[row + GUEST_OF.held] ?? -1;
      const side = box[row + GUEST_OF.wish] ?? 0;
      facts.wishSide[v] = side > 0 ? 'long' : side < 0 ? 'short' : 'flat';
      const weight = box[row + GUEST_OF.wishWeight] ?? NaN;
      facts.wishWeight[v] = Number.isNaN(weight) ? null : weight;
      box[row + GUEST_OF.say] = 2;
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
    for (const request of slate.requests) this.#acts.push(JSON.stringify(request));
    slate.requests = [];
    slate.hasSpoken = false;
    return hasActed;
  }

  #want(v: number, { side, weight, options }: GuestOpinion): boolean {
    const facts = this.#facts;
    const again = options['again'] === true;
    // While it runs ahead only what is new ends the run; asked bar by bar, its engine is told everything and judges itself.
    if (facts.isAhead && facts.wishSide[v] === side && facts.wishWeight[v] === weight && (side === 'flat' || !again)) return false;
    facts.wishSide[v] = side;
    facts.wishWeight[v] = weight;
    const { box } = this;
    const row = GUEST_HEADER + v * GUEST_ROW;
    const given = (name: string): number => {
      const value = options[name];
      if (value === undefined || value === null) return NaN;
      if (typeof value !== 'number') throw new TypeError(`${name} must be a number`);
      if (name !== 'atr' && !Number.isFinite(value)) throw new TypeError(`${name} ${value} is no price: leave it out for none, and check that every number behind it is known`);
      return value;
    };
    box[row + GUEST_OF.say] = side === 'long' ? 1 : side === 'short' ? -1 : 0;
    box[row + GUEST_OF.weight] = weight ?? NaN;
    box[row + GUEST_OF.atr] = given('atr');
    box[row + GUEST_OF.stop] = given('stopPrice');
    box[row + GUEST_OF.profit] = given('takeProfitPrice');
    box[row + GUEST_OF.again] = again ? 1 : 0;
    if (this.#hasReasons && typeof options['reasons'] === 'function') this.#acts.push(JSON.stringify({ v, kind: 'reasons', reasons: (options['reasons'] as () => unknown)() }));
    return true;
  }

  #view({ symbol, columns }: GuestColumns, v: number, depth: number): GuestView {
    const { guestSeries: seriesOf, GuestView: ViewOf } = this.#parts;
    const cursor: GuestCursor = { i: 0, depth };
    this.#cursors.push(cursor);
    const series: Record<string, GuestSeries> = {};
    const indicators: Record<string, unknown> = {};
    for (const [name, values] of Object.entries(columns)) {
      const [owner = '', output] = name.split('.');
      const made = seriesOf(values, cursor);
      if (output === undefined) series[name] = made;
      else if (output === '') indicators[owner] = made;
      else {
        const group = (indicators[owner] ?? {}) as Record<string, GuestSeries>;
        group[output] = made;
        indicators[owner] = group;
      }
    }
    for (const group of Object.values(indicators)) Object.freeze(group);
    return new ViewOf({ symbol, v, cursor, series: series as Record<'open' | 'high' | 'low' | 'close' | 'volume', GuestSeries>, indicators: Object.freeze(indicators), facts: this.#facts, slate: this.#slate });
  }
}
