/** The simulated venue: one broker account and its orders, matched against bars, deterministic to the last id. */
import { fail, invariant, ok, type Result } from '#app/domain/errors.ts';
import { addQuantity, Decimal, money, price, quantity, roundToLedger, subtractQuantity, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { bookFill, equityOf, figuresOf, heldQuantity, openAccount, rollDay, type AccountBook, type AccountFigures } from './account.ts';
import { admit } from './admission.ts';
import { feeOf } from './fees.ts';
import { availableUnderCap, fillPrice, wantedQuantity, type MatchBar } from './fills.ts';
import { uuidOf } from './venue-ids.ts';
import type { OrderContext, OrderRequest, VenueBar, VenueConfig, VenueEvent, VenueOrder, VenueRejection } from './venue-types.ts';

/** Everything that can be done to a venue; the journal of a simulator is a list of these. */
export type VenueOperation =
  | { readonly op: 'submit'; readonly request: OrderRequest; readonly context: OrderContext }
  /** `isSlow`: the cancel takes effect after the next bars, which may fill the order first. */
  | { readonly op: 'cancel'; readonly orderId: string; readonly at: EpochMs; readonly isSlow: boolean }
  /** One step of the tape: bars [at, at + barMs) of the symbols that matter here. */
  | { readonly op: 'step'; readonly at: EpochMs; readonly barMs: number; readonly isRegular: boolean; readonly bars: readonly VenueBar[] }
  /** Time passes without bars: what has expired by `to` is closed; `isSessionEnd` closes the day's books. */
  | { readonly op: 'advance'; readonly to: EpochMs; readonly isSessionEnd: boolean };

/** What an operation brought: the events in order and, for a submission, the order as the broker's reply shows it. */
export type VenueOutcome = { readonly reply: VenueOrder | null; readonly events: readonly VenueEvent[] };

/** The state that outlives a process; see venue-snapshot.ts for its text form. */
export type VenueState = {
  readonly account: AccountBook;
  /** Open orders by id, oldest first. */
  readonly open: Map<string, VenueOrder>;
  orderSeq: number;
  executionSeq: number;
  /** Market time of the last operation. */
  now: EpochMs;
};

/** A venue at work. Closed orders are handed out in the events and then forgotten: the host keeps the history. */
export type Venue = {
  /**
   * Carries out an operation, or says in the broker's words why not; a refused operation changes nothing.
   * @throws AppError INVARIANT_BROKEN when time would go backwards or a bar is impossible.
   */
  apply(operation: VenueOperation): Result<VenueOutcome, VenueRejection>;
  openOrders(): readonly VenueOrder[];
  positions(): readonly Position[];
  /** Signed shares held at the end of the last session. */
  overnightQuantity(symbol: string): Quantity;
  figures(): AccountFigures;
  /** The symbols whose next bar can change anything here: those with an open order or a position. */
  liveSymbols(): ReadonlySet<string>;
  readonly state: VenueState;
};

/** The state before the first operation. */
export function newVenueState(config: VenueConfig): VenueState {
  return { account: openAccount(money(config.startingCash)), open: new Map(), orderSeq: 0, executionSeq: 0, now: 0 as EpochMs };
}

/** Sets up a venue over a state (which it owns from then on). */
export function openVenue(config: VenueConfig, state: VenueState = newVenueState(config)): Venue {
  const figures = (): AccountFigures => figuresOf(state.account, state.open.values(), config.multiplier);
  return {
    state,
    apply: (operation) => applyOperation(config, state, operation, figures),
    openOrders: () => [...state.open.values()],
    positions: () => [...state.account.positions.values()],
    overnightQuantity: (symbol) => state.account.overnight.get(symbol) ?? ZERO_QUANTITY,
    figures,
    liveSymbols: () => new Set([...state.account.positions.keys(), ...[...state.open.values()].map((order) => order.symbol)]),
  };
}

function applyOperation(config: VenueConfig, state: VenueState, operation: VenueOperation, figures: () => AccountFigures): Result<VenueOutcome, VenueRejection> {
  switch (operation.op) {
    case 'submit':
      return submit(config, state, operation, figures);
    case 'cancel':
      return cancel(state, operation);
    case 'step': {
      const events = expire(state, operation.at);
      match(config, state, operation, events);
      passTo(state, (operation.at + operation.barMs) as EpochMs);
      return ok({ reply: null, events });
    }
    case 'advance': {
      const events = expire(state, operation.to);
      passTo(state, operation.to);
      if (operation.isSessionEnd) rollDay(state.account);
      return ok({ reply: null, events });
    }
  }
}

function passTo(state: VenueState, now: EpochMs): void {
  invariant(now >= state.now, 'Market time must not go backwards', { from: state.now, to: now });
  state.now = now;
}

/** Stores the order's next form, or forgets it when it is closed. */
function keep(state: VenueState, order: VenueOrder): VenueOrder {
  if (order.status === 'filled' || order.status === 'canceled' || order.status === 'expired') state.open.delete(order.id);
  else state.open.set(order.id, order);
  return order;
}

function submit(config: VenueConfig, state: VenueState, { request, context }: Extract<VenueOperation, { op: 'submit' }>, figures: () => AccountFigures): Result<VenueOutcome, VenueRejection> {
  const terms = admit(request, context, {
    openOrders: [...state.open.values()], held: heldQuantity(state.account, request.symbol), buyingPower: figures().buyingPower, isShortingEnabled: config.isShortingEnabled,
  });
  if (!terms.ok) return terms;
  passTo(state, context.at);
  state.orderSeq += 1;
  const reply: VenueOrder = {
    id: uuidOf(config.seed, 'order', state.orderSeq), clientOrderId: request.clientOrderId, seq: state.orderSeq, symbol: request.symbol, side: request.side,
    type: request.type, timeInForce: request.timeInForce, ...terms.value, extendedHours: request.extendedHours, status: context.isOpen ? 'pending_new' : 'accepted',
    filledQty: ZERO_QUANTITY, filledAvgPrice: null, createdAt: context.at, updatedAt: context.at, expiresAt: context.expiresAt, filledAt: null, canceledAt: null, expiredAt: null,
  };
  const order = keep(state, context.isOpen ? { ...reply, status: 'new' } : reply);
  return ok({ reply, events: [{ kind: context.isOpen ? 'new' : 'accepted', at: context.at, order, fill: null }] });
}

function cancel(state: VenueState, { orderId, at, isSlow }: Extract<VenueOperation, { op: 'cancel' }>): Result<VenueOutcome, VenueRejection> {
  const order = state.open.get(orderId);
  if (!order) return fail({ status: 404, code: 40_410_000, message: 'order not found', details: {} });
  if (order.status === 'pending_cancel') return ok({ reply: null, events: [] });
  passTo(state, at);
  const next = keep(state, isSlow ? { ...order, status: 'pending_cancel', updatedAt: at } : { ...order, status: 'canceled', updatedAt: at, canceledAt: at });
  return ok({ reply: null, events: [{ kind: isSlow ? 'pending_cancel' : 'canceled', at, order: next, fill: null }] });
}

function expire(state: VenueState, now: EpochMs): VenueEvent[] {
  const events: VenueEvent[] = [];
  for (const order of state.open.values()) {
    if (order.expiresAt > now) continue;
    const at = order.expiresAt > order.updatedAt ? order.expiresAt : order.updatedAt;
    events.push({ kind: 'expired', at, order: keep(state, { ...order, status: 'expired', updatedAt: at, expiredAt: at }), fill: null });
  }
  return events;
}

function readBar(bar: VenueBar): MatchBar & { readonly close: Price } {
  const read = { open: price(bar.open), high: price(bar.high), low: price(bar.low), close: price(bar.close), volume: quantity(bar.volume) };
  const isPossible = read.low.gt(0) && read.low.lte(Decimal.min(read.open, read.close)) && read.high.gte(Decimal.max(read.open, read.close)) && read.volume.gte(0);
  invariant(isPossible, 'A bar on the tape is impossible', { bar });
  return read;
}

/** Fills in the order of time: first everything at the open, then what the bar reached later; within each by age of the order. */
function match(config: VenueConfig, state: VenueState, step: Extract<VenueOperation, { op: 'step' }>, events: VenueEvent[]): void {
  const bars = new Map(step.bars.map((bar) => [bar.symbol, readBar(bar)]));
  const used = new Map<string, Quantity>();
  // An order never fills at a price from before it was placed.
  const isEligible = (order: VenueOrder): boolean => (step.isRegular || order.extendedHours) && order.createdAt <= step.at;
  for (const order of [...state.open.values()]) {
    if (order.status !== 'accepted' || !isEligible(order)) continue;
    events.push({ kind: 'new', at: step.at, order: keep(state, { ...order, status: 'new', updatedAt: step.at }), fill: null });
  }
  for (const isAtOpen of [true, false]) {
    const at = (isAtOpen ? step.at : step.at + step.barMs - 1) as EpochMs;
    for (const order of [...state.open.values()]) {
      const bar = bars.get(order.symbol);
      const found = bar && isEligible(order) ? fillPrice(order, bar, config.slippageBps) : null;
      if (!bar || found?.isAtOpen !== isAtOpen) continue;
      const wanted = wantedQuantity(order, found.price);
      const taken = used.get(order.symbol) ?? ZERO_QUANTITY;
      const left = order.qty === null ? null : availableUnderCap(bar.volume, config.volumeCap, taken);
      const qty = left !== null && left.lt(wanted) ? left : wanted;
      if (!qty.gt(0)) continue;
      used.set(order.symbol, addQuantity(taken, qty));
      events.push(execute(config, state, order, { qty, price: found.price, at }));
    }
  }
  closeSlowCancels(state, (step.at + step.barMs) as EpochMs, events);
  for (const [symbol, bar] of bars) if (state.account.positions.has(symbol)) state.account.marks.set(symbol, bar.close);
}

function execute(config: VenueConfig, state: VenueState, order: VenueOrder, fill: { qty: Quantity; price: Price; at: EpochMs }): VenueEvent {
  state.executionSeq += 1;
  const fee = feeOf(config.fees, { side: order.side, ...fill });
  const positionQty = bookFill(state.account, { symbol: order.symbol, side: order.side, qty: fill.qty, price: fill.price, fee });
  const filledQty = addQuantity(order.filledQty, fill.qty);
  const paid = (order.filledAvgPrice ?? ZERO_QUANTITY).times(order.filledQty).plus(fill.price.times(fill.qty));
  const isComplete = order.qty === null || filledQty.eq(order.qty);
  invariant(order.qty === null || filledQty.lte(order.qty), 'An order must not fill beyond its quantity', { orderId: order.id });
  const next = keep(state, {
    ...order, filledQty, filledAvgPrice: roundToLedger(paid.div(filledQty)) as Price, updatedAt: fill.at, filledAt: fill.at,
    status: isComplete ? 'filled' : order.status === 'pending_cancel' ? 'pending_cancel' : 'partially_filled',
  });
  const executionId = uuidOf(config.seed, 'execution', state.executionSeq);
  return { kind: isComplete ? 'fill' : 'partial_fill', at: fill.at, order: next, fill: { executionId, qty: fill.qty, price: fill.price, fee, positionQty } };
}

function closeSlowCancels(state: VenueState, at: EpochMs, events: VenueEvent[]): void {
  for (const order of [...state.open.values()]) {
    if (order.status !== 'pending_cancel') continue;
    events.push({ kind: 'canceled', at, order: keep(state, { ...order, status: 'canceled', updatedAt: at, canceledAt: at }), fill: null });
  }
}

/** Shares of a position that no open exit holds. */
export function availableQuantity(venue: Venue, position: Position): Quantity {
  const exitSide = position.qty.gt(0) ? 'sell' : 'buy';
  let left = position.qty.abs() as Quantity;
  for (const order of venue.openOrders()) {
    if (order.symbol === position.symbol && order.side === exitSide && order.qty) left = subtractQuantity(left, subtractQuantity(order.qty, order.filledQty));
  }
  return left;
}

/** Cash plus positions at their last prices. */
export function venueEquity(venue: Venue): Decimal {
  return equityOf(venue.state.account);
}
