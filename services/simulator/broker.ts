/** The simulated broker: the venue behind its journal, asked in market time, heard by listeners after each commit. */
import type { Result } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, latestSession, nextClose } from '#app/market/calendar.ts';
import { orderTimes } from '#app/backtest/order-times.ts';
import {
  PLAIN_ASSET, type CorporateAction, type OrderContext, type OrderRequest, type ReplaceRequest, type VenueAsset, type VenueConfig, type VenueEvent, type VenueOperation, type VenueOrder, type VenueRejection, type VenueSettings,
} from '#app/backtest/venue-types.ts';
import type { Venue } from '#app/backtest/venue.ts';
import type { Journal } from './journal.ts';
import type { AssetFault } from './faults-schema.ts';
import type { AnnouncedAction } from './journal-lists.ts';
import { assetIdOf, BAR_MS, venueBarOf, type Market, type MarketBar, type Step } from './market.ts';
import { amendmentKey, withActions, withAmendments } from './market-actions.ts';

type Outcome = Result<VenueOrder, VenueRejection>;
type Settlement = Extract<VenueOperation, { op: 'settle' }>['outcome'];
/** When a cancel or a replacement takes effect: at once, after the next bars (which may fill the order first), or not until it is settled. */
export type Pace = 'now' | 'slow' | 'stuck';
const paceOf = (how: Pace): { readonly isSlow: boolean; readonly isStuck?: boolean } => (how === 'stuck' ? { isSlow: true, isStuck: true } : { isSlow: how === 'slow' });

/** The account and the market as the wire needs them. What is done is on disk, and told to listeners, once `settled` resolves. */
export type Broker = {
  readonly config: VenueConfig;
  readonly market: Market;
  readonly journal: Journal;
  readonly venue: Venue;
  /** Market time: the close of the last released minute. It stands still between releases. */
  now(): EpochMs;
  /** Last released price of a symbol. */
  lastBar(symbol: string): MarketBar | null;
  /** Last bar before the session of `now` (or the latest one), for day changes. */
  previousClose(symbol: string): number | null;
  /** What the listing says of a symbol; null when it is unknown. */
  asset(symbol: string): VenueAsset | null;
  /** The symbol of a ticker or an asset id. */
  symbolOf(key: string): string | null;
  /** Takes an order, or says why not. `isStuck`: it stays pending_new. */
  submit(request: OrderRequest, isStuck?: boolean): Outcome;
  /** Puts another order in the place of one. */
  replace(orderId: string, request: ReplaceRequest, how: Pace): Outcome;
  /** Cancels one open order. */
  cancel(orderId: string, how: Pace): Result<readonly VenueEvent[], VenueRejection>;
  /** Decides about an order that was taken: a stuck one goes on, any open one can be rejected, a slow cancel refused. */
  settle(orderId: string, outcome: Settlement, reason: string | null): void;
  configure(settings: VenueSettings): void;
  /** Cash in (positive) or out, dollars as text; not more than there is. */
  transfer(amount: string): VenueRejection | null;
  /** Makes a released minute another: a print came late, was corrected or taken back. Known until the process ends. */
  amend(bar: MarketBar): void;
  /** Notes a corporate action; it is carried out before the first bar of its ex-date. */
  announce(action: AnnouncedAction): void;
  /** Releases a step of the tape: journal first, then its fills. */
  release(step: Step): Promise<void>;
  /** Lets market time pass to a session's end. */
  endSession(to: EpochMs): Promise<void>;
  /** Resolves when everything done so far is on disk and told. @throws what the disk said; the process must end then */
  settled(): Promise<void>;
  /** Open time of the last released step; null before the first. */
  released(): EpochMs | null;
  counts(): { readonly steps: number; readonly bars: number };
  onEvents(listener: (events: readonly VenueEvent[]) => void): void;
};

/** What a broker may be given beside account and tape. */
export type BrokerOptions = {
  /** What a fault says of a symbol's listing. */
  assetFault(symbol: string): AssetFault | null;
  /** Hears that the disk failed. */
  onFailure(error: unknown): void;
};

const defined = (fields: object): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Late prints are a handful; more of them are forgotten all at once. */
const MAX_AMENDED = 10_000;
const DUPLICATE: VenueRejection = { status: 422, code: 40_010_001, message: 'client_order_id must be unique', details: {} };

class JournaledBroker implements Broker {
  readonly config: VenueConfig;
  readonly market: Market;
  readonly journal: Journal;
  readonly venue: Venue;
  readonly #options: BrokerOptions;
  readonly #listeners: ((events: readonly VenueEvent[]) => void)[] = [];
  readonly #latest = new Map<string, MarketBar>();
  readonly #amended = new Map<string, MarketBar>();
  readonly #symbolOfId: ReadonlyMap<string, string>;
  #cursor;
  #told: Promise<void> = Promise.resolve();

  constructor(config: VenueConfig, journal: Journal, tape: Market, options: BrokerOptions) {
    [this.config, this.journal, this.venue, this.#options] = [config, journal, journal.venue, options];
    // Recorded prices have their splits in them already.
    this.market = withAmendments(tape.kind === 'replay' ? tape : withActions(tape, () => journal.lists.actions()), this.#amended);
    this.#symbolOfId = new Map([...tape.assets.keys()].map((symbol) => [assetIdOf(symbol), symbol]));
    this.#cursor = journal.cursor();
  }

  now(): EpochMs {
    return this.venue.state.now === 0 ? this.market.startTime : this.venue.state.now;
  }

  lastBar(symbol: string): MarketBar | null {
    const known = this.#latest.get(symbol);
    // What is not on the tape is known only as long as no further minute was released.
    if (known && (this.market.tape.has(symbol) || known.openTime >= (this.#cursor?.openTime ?? 0))) return known;
    const [found] = this.market.bars(symbol, { from: 0 as EpochMs, to: (this.#cursor?.openTime ?? this.market.startTime - BAR_MS) as EpochMs, limit: 1, isDescending: true });
    if (found) this.#latest.set(symbol, found);
    return found ?? null;
  }

  previousClose(symbol: string): number | null {
    const [bar] = this.market.bars(symbol, { from: 0 as EpochMs, to: (latestSession(this.now()).open - 1) as EpochMs, limit: 1, isDescending: true });
    return bar?.close ?? null;
  }

  asset(symbol: string): VenueAsset | null {
    if (!this.market.assets.has(symbol)) return null;
    const said = this.#options.assetFault(symbol);
    return said === null ? PLAIN_ASSET : { ...PLAIN_ASSET, ...defined(said) };
  }

  symbolOf(key: string): string | null {
    return this.market.assets.has(key) ? key : this.#symbolOfId.get(key) ?? null;
  }

  #context(symbol: string, terms: Parameters<typeof orderTimes>[0]): OrderContext {
    const bar = this.lastBar(symbol);
    return { ...orderTimes(terms, this.now()), lastPrice: bar === null ? null : String(bar.close), bid: null, ask: null, asset: this.asset(symbol) };
  }

  /** Commits, and tells the listeners once it is on disk. */
  #commit(operation: VenueOperation): ReturnType<Venue['apply']> {
    const result = this.journal.commit(operation);
    if (result.ok) this.#tell(result.value.events);
    return result;
  }

  #tell(events: readonly VenueEvent[]): void {
    if (events.length === 0) return;
    const told = this.journal.settled().then(() => {
      for (const listener of this.#listeners) listener(events);
    });
    told.catch(this.#options.onFailure);
    this.#told = told;
  }

  submit(request: OrderRequest, isStuck = false): Outcome {
    if (this.journal.orderByClientId(request.clientOrderId)) return { ok: false, error: DUPLICATE };
    return replied(this.#commit({ op: 'submit', request, context: this.#context(request.symbol, request), ...(isStuck ? { isStuck } : {}) }));
  }

  replace(orderId: string, request: ReplaceRequest, how: Pace): Outcome {
    if (request.clientOrderId !== null && this.journal.orderByClientId(request.clientOrderId)) return { ok: false, error: DUPLICATE };
    const order = this.venue.state.open.get(orderId);
    const terms = { timeInForce: request.timeInForce ?? order?.timeInForce ?? 'day', extendedHours: order?.extendedHours ?? false };
    return replied(this.#commit({ op: 'replace', orderId, request, context: this.#context(order?.symbol ?? '', terms), ...paceOf(how) }));
  }

  cancel(orderId: string, how: Pace): Result<readonly VenueEvent[], VenueRejection> {
    const result = this.#commit({ op: 'cancel', orderId, at: this.now(), ...paceOf(how) });
    return result.ok ? { ok: true, value: result.value.events } : result;
  }

  settle(orderId: string, outcome: Settlement, reason: string | null): void {
    this.#commit({ op: 'settle', orderId, at: this.now(), outcome, reason });
  }

  configure(settings: VenueSettings): void {
    this.#commit({ op: 'configure', at: this.now(), settings });
  }

  transfer(amount: string): VenueRejection | null {
    const result = this.#commit({ op: 'transfer', at: this.now(), amount });
    return result.ok ? null : result.error;
  }

  amend(bar: MarketBar): void {
    if (this.#amended.size >= MAX_AMENDED) this.#amended.clear();
    this.#amended.set(amendmentKey(bar), bar);
  }

  announce(action: AnnouncedAction): void {
    this.journal.lists.putAction(action);
  }

  /** Carries out what has its ex-date on or before the day of the step. */
  #actUntil(at: EpochMs): void {
    const day = exchangeDay(at);
    for (const action of this.journal.lists.actions()) {
      if (action.isDone || action.exDate > day) continue;
      const result = this.journal.commit({ op: 'corporateAction', at, action: venueAction(action) }, { also: () => this.journal.lists.putAction({ ...action, isDone: true }) });
      if (result.ok) this.#tell(result.value.events);
      this.journal.flush();
    }
  }

  async release(step: Step): Promise<void> {
    const cursor = this.#cursor;
    this.#actUntil(step.openTime);
    const next = { openTime: step.openTime, steps: (cursor?.steps ?? 0) + 1, bars: (cursor?.bars ?? 0) + step.bars.length };
    const live = this.venue.liveSymbols();
    const aside = [...live].flatMap((symbol) => (this.market.tape.has(symbol) ? [] : this.market.barAt(symbol, step.openTime) ?? []));
    const bars = [...step.bars.filter((bar) => live.has(bar.symbol)), ...aside].map(venueBarOf);
    const result = this.journal.commit({ op: 'step', at: step.openTime, barMs: BAR_MS, isRegular: step.isRegular, bars }, { cursor: next });
    this.#cursor = next;
    for (const bar of [...step.bars, ...aside]) this.#latest.set(bar.symbol, bar);
    if (result.ok) this.#tell(result.value.events);
    this.journal.flush();
    await this.settled();
  }

  async endSession(to: EpochMs): Promise<void> {
    this.#commit({ op: 'advance', to, isSessionEnd: true });
    this.journal.flush();
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.journal.settled();
    await this.#told;
  }

  released(): EpochMs | null {
    return this.#cursor?.openTime ?? null;
  }

  counts(): { readonly steps: number; readonly bars: number } {
    return { steps: this.#cursor?.steps ?? 0, bars: this.#cursor?.bars ?? 0 };
  }

  onEvents(listener: (events: readonly VenueEvent[]) => void): void {
    this.#listeners.push(listener);
  }
}

function venueAction(action: AnnouncedAction): CorporateAction {
  return action.kind === 'split'
    ? { kind: 'split', symbol: action.symbol, oldRate: action.oldRate ?? '1', newRate: action.newRate ?? '1' }
    : { kind: 'cash_dividend', symbol: action.symbol, rate: action.cash ?? '0', payableAt: fromNewYork(action.payableDate, 0) };
}

function replied(result: ReturnType<Venue['apply']>): Outcome {
  if (!result.ok) return result;
  const { reply } = result.value;
  return reply ? { ok: true, value: reply } : { ok: false, error: { status: 422, code: 40_010_001, message: 'order not accepted', details: {} } };
}

/** Joins venue, journal and market. */
export function openBroker(config: VenueConfig, journal: Journal, market: Market, options: BrokerOptions): Broker {
  return new JournaledBroker(config, journal, market, options);
}

/** Session ends in (from, to]: the first, and when days are skipped also the last, so that nothing outlives its day. */
export function sessionEndsBetween(from: EpochMs, to: EpochMs): readonly EpochMs[] {
  const first = nextClose(from);
  if (first > to) return [];
  const last = latestSession((to - 1) as EpochMs);
  const end = last.close <= to ? last.close : latestSession((last.open - 1) as EpochMs).close;
  return end > first ? [first, end] : [first];
}
