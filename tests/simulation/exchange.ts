/** The broker's side of a simulation: one account at the venue, everything that was ever placed there, and a market that goes on by itself. */
import { orderTimes } from '#app/backtest/order-times.ts';
import { randomOf, type Random } from '#app/domain/random.ts';
import { openVenue, type Venue } from '#app/backtest/venue.ts';
import { DEFAULT_VENUE_CONFIG, isOpenStatus, PLAIN_ASSET, type OrderContext, type OrderRequest, type ReplaceRequest, type VenueBar, type VenueEvent, type VenueOperation, type VenueOrder, type VenueRejection } from '#app/backtest/venue-types.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { invariant, type Result } from '#app/domain/errors.ts';
import { toText, type Decimal, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { world } from './world.ts';

/** What is traded. */
export const SYMBOLS = ['AAA', 'BBB', 'CCC'] as const;
/** A minute after the open of a plain Monday, 10:00 in New York. */
export const MARKET_BEGINS = Date.UTC(2026, 0, 5, 15, 0) as EpochMs;
/** Cash of the account. */
export const OPENING_CASH = '100000';

/** One execution, as it really happened. */
export type Execution = { readonly seq: number; readonly executionId: string; readonly order: VenueOrder; readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly price: Price; readonly cumQty: Quantity; readonly at: EpochMs };

/** The id of an execution among the account's activities: later ones are greater. */
export function activityId({ at, seq, executionId }: Execution): string {
  return `${String(at).padStart(17, '0')}${String(seq).padStart(6, '0')}::${executionId}`;
}

const VOLUME_CAP = 0.1;
const STEP_SPREAD = 0.004;
const STUCK_MS = { least: 3_000, most: 25_000 };

/** The account and its market. */
export class Exchange {
  readonly venue: Venue;
  readonly orders = new Map<string, VenueOrder>();
  readonly executions: Execution[] = [];
  readonly bars: BarWire[] = [];
  readonly #byClient = new Map<string, string>();
  readonly #takenAt = new Map<string, number>();
  readonly #listeners = new Set<(event: VenueEvent) => void>();
  readonly #market: Random;
  readonly #last = new Map<string, number>();
  #minute = 0;

  constructor(seed: number) {
    this.venue = openVenue({ ...DEFAULT_VENUE_CONFIG, seed, startingCash: OPENING_CASH, slippageBps: 2, volumeCap: VOLUME_CAP, partialFillPercent: 25, multiplier: 2, isShortingEnabled: true });
    this.#market = randomOf(seed, 'market');
    for (const symbol of SYMBOLS) this.#last.set(symbol, Math.round((20 + 180 * this.#market.next()) * 100) / 100);
  }

  now(): EpochMs {
    return (MARKET_BEGINS + this.#minute * MINUTE_MS) as EpochMs;
  }

  hear(listener: (event: VenueEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  lastPrice(symbol: string): number {
    return this.#last.get(symbol) ?? 100;
  }

  byClientId(clientOrderId: string): VenueOrder | null {
    return this.orders.get(this.#byClient.get(clientOrderId) ?? '') ?? null;
  }

  /** How long ago the order was taken: look-ups may lag behind. */
  ageMs(order: VenueOrder): number {
    return world().time.elapsed() - (this.#takenAt.get(order.id) ?? 0);
  }

  legsOf(order: VenueOrder): VenueOrder[] {
    return [...this.orders.values()].filter((one) => one.parentId === order.id);
  }

  open(): VenueOrder[] {
    return [...this.orders.values()].filter((order) => isOpenStatus(order.status)).sort((a, b) => b.seq - a.seq);
  }

  #context(terms: { readonly timeInForce: OrderRequest['timeInForce']; readonly extendedHours: boolean }, symbol: string): OrderContext {
    return { ...orderTimes(terms, this.now()), isOpen: true, isExtendedOpen: false, lastPrice: this.lastPrice(symbol).toFixed(2), bid: null, ask: null, asset: (SYMBOLS as readonly string[]).includes(symbol) ? PLAIN_ASSET : null };
  }

  #keep(order: VenueOrder): void {
    this.orders.set(order.id, order);
    if (!this.#byClient.has(order.clientOrderId)) this.#takenAt.set(order.id, world().time.elapsed());
    this.#byClient.set(order.clientOrderId, order.id);
  }

  #apply(operation: VenueOperation): Result<VenueOrder | null, VenueRejection> {
    const result = this.venue.apply(operation);
    if (!result.ok) return result;
    const { reply, events, changed } = result.value;
    if (reply) this.#keep(reply);
    for (const order of changed) this.#keep(order);
    for (const event of events) {
      this.#keep(event.order);
      if (event.fill) this.#execute(event.order, event.fill, event.at);
      world().trace.note(`venue ${event.kind} ${event.order.clientOrderId} ${event.order.status} ${toText(event.order.filledQty)}${event.fill ? ` +${toText(event.fill.qty)} at ${toText(event.fill.price)}` : ''}`);
    }
    for (const event of events) for (const listener of [...this.#listeners]) listener(event);
    return { ok: true, value: reply };
  }

  #execute(order: VenueOrder, fill: NonNullable<VenueEvent['fill']>, at: EpochMs): void {
    const { executionId, qty, price } = fill;
    this.executions.push({ seq: this.executions.length + 1, executionId, order, symbol: order.symbol, side: order.side, qty, price, cumQty: order.filledQty, at });
  }

  /** Places an order; the broker keeps client order ids for ever. */
  submit(request: OrderRequest): Result<VenueOrder, VenueRejection> {
    if (this.#byClient.has(request.clientOrderId)) return { ok: false, error: { status: 422, code: 40_010_001, message: 'client_order_id must be unique', details: {} } };
    const { faults, time } = world();
    const isStuck = faults.strikes('submit_stuck');
    const result = this.#apply({ op: 'submit', request, context: this.#context(request, request.symbol), isStuck });
    if (!result.ok) return result;
    invariant(result.value, 'A submission is answered with its order');
    const { id } = result.value;
    if (isStuck) time.after(faults.between(STUCK_MS.least, STUCK_MS.most), () => this.#settle(id, 'new'));
    if (faults.strikes('rejected_after_accept')) time.after(faults.between(100, 4_000), () => this.#settle(id, 'rejected'));
    return { ok: true, value: this.orders.get(id) ?? result.value };
  }

  #settle(orderId: string, outcome: 'new' | 'rejected'): void {
    const order = this.orders.get(orderId);
    if (!order || !isOpenStatus(order.status) || order.filledQty.gt(0) || (outcome === 'new' && order.status !== 'pending_new')) return;
    this.#apply({ op: 'settle', orderId, at: this.now(), outcome, reason: outcome === 'rejected' ? 'rejected by the exchange' : null });
  }

  replace(orderId: string, request: ReplaceRequest): Result<VenueOrder, VenueRejection> {
    const order = this.orders.get(orderId);
    if (!order) return { ok: false, error: { status: 404, code: 40_410_000, message: 'order not found', details: {} } };
    if (request.clientOrderId !== null && this.#byClient.has(request.clientOrderId)) return { ok: false, error: { status: 422, code: 40_010_001, message: 'client_order_id must be unique', details: {} } };
    const result = this.#apply({ op: 'replace', orderId, request, context: this.#context(order, order.symbol), isSlow: world().faults.strikes('slow_cancel') });
    if (!result.ok) return result;
    invariant(result.value, 'A replacement is answered with its order');
    return { ok: true, value: this.orders.get(result.value.id) ?? result.value };
  }

  cancel(orderId: string): Result<null, VenueRejection> {
    const result = this.#apply({ op: 'cancel', orderId, at: this.now(), isSlow: world().faults.strikes('slow_cancel') });
    return result.ok ? { ok: true, value: null } : result;
  }

  /** One minute of the market: orders meet its bars, then the bars are known. */
  step(): void {
    const at = this.now();
    const bars = SYMBOLS.map((symbol): VenueBar => this.#bar(symbol));
    this.#minute += 1;
    this.#apply({ op: 'step', at, barMs: MINUTE_MS, isRegular: true, bars });
    for (const bar of bars) this.bars.push({ ...bar, timeframe: '1Min', openTime: at });
  }

  #bar(symbol: string): VenueBar {
    const random = this.#market;
    const open = this.lastPrice(symbol);
    const move = (from: number): number => Math.max(1, Math.round(from * (1 + STEP_SPREAD * random.normal()) * 100) / 100);
    const close = move(open);
    const high = Math.max(open, close, move(Math.max(open, close)));
    const low = Math.min(open, close, move(Math.min(open, close)));
    this.#last.set(symbol, close);
    return { symbol, open: open.toFixed(2), high: high.toFixed(2), low: low.toFixed(2), close: close.toFixed(2), volume: String(Math.round(50 + 900 * random.next() ** 2)) };
  }

  /** Shares by symbol, without those that are flat. */
  holdings(): Map<string, Decimal> {
    return new Map(this.venue.positions().filter((position) => !position.qty.isZero()).map((position) => [position.symbol, position.qty]));
  }
}
