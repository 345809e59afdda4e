/** The order: its terms, its life (ONE transition table), and the pure step from one state to the next. */
import * as z from 'zod';
import { AppError, fail, invariant, ok, type Result } from './errors.ts';
import { addQuantity, roundToLedger, ZERO_QUANTITY, type Price, type Quantity } from './numeric.ts';

/** Both directions of an order. */
export const SIDES = ['buy', 'sell'] as const;
/** Buy or sell. */
export type Side = (typeof SIDES)[number];
/** Buy or sell, on the wire. */
export const sideSchema = z.enum(SIDES);

/** The order types that we send. */
export const ORDER_TYPES = ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'] as const;
/** Market: at the next price; limit: at that price or better; stop: at market once the price is reached; stop_limit: as a limit order from then on; trailing_stop: a stop that follows the best price. */
export type OrderType = (typeof ORDER_TYPES)[number];
/** An order type, on the wire. */
export const orderTypeSchema = z.enum(ORDER_TYPES);

/** How long our orders live. */
export const TIMES_IN_FORCE = ['day', 'gtc', 'opg', 'cls', 'ioc', 'fok'] as const;
/** Day: until the close; gtc: until canceled, at most 90 days at Alpaca; opg and cls: in the opening or closing auction; ioc: at once, what is left is canceled; fok: all at once or not at all. */
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];
/** A time in force, on the wire. */
export const timeInForceSchema = z.enum(TIMES_IN_FORCE);

/** Order classes: one order alone; an entry with both exits; two exits of which one cancels the other; an entry with one exit. */
export const ORDER_CLASSES = ['simple', 'bracket', 'oco', 'oto'] as const;
/** How an order belongs to others. */
export type OrderClass = (typeof ORDER_CLASSES)[number];
/** An order's class, on the wire. */
export const orderClassSchema = z.enum(ORDER_CLASSES);

/** What an order is within its class: the order that we sent, or a leg that the broker made of it. The limit order of an `oco` is the order itself. */
export const ORDER_ROLES = ['order', 'take_profit', 'stop_loss'] as const;
/** An order's role within its class. */
export type OrderRole = (typeof ORDER_ROLES)[number];
/** An order's role, on the wire. */
export const orderRoleSchema = z.enum(ORDER_ROLES);

/** Who asked for the order: a strategy's signal, a person, risk itself (a follow-up exit, a flatten), or somebody at the broker beside us (found there and adopted). */
export const ORDER_SOURCES = ['strategy', 'manual', 'risk', 'broker'] as const;
/** Who asked for an order. */
export type OrderSource = (typeof ORDER_SOURCES)[number];
/** An order's source, on the wire. */
export const orderSourceSchema = z.enum(ORDER_SOURCES);

/**
 * initialized: approved, stored, not sent (waits for the risk lease). submitted: stored and perhaps sent; the broker's answer is not known.
 * held: the broker has it and does not work it yet (a leg whose entry is not filled). pending_replace: another order shall take its place.
 * denied = by us, rejected = by the broker. Closed: filled, canceled, expired, rejected, denied, replaced.
 */
export const ORDER_STATUSES = ['initialized', 'submitted', 'held', 'accepted', 'partially_filled', 'pending_cancel', 'pending_replace', 'filled', 'canceled', 'expired', 'rejected', 'denied', 'replaced'] as const;
/** A status of an order. */
export type OrderStatus = (typeof ORDER_STATUSES)[number];
/** A status, on the wire. */
export const orderStatusSchema = z.enum(ORDER_STATUSES);

const CLOSED: ReadonlySet<OrderStatus> = new Set<OrderStatus>(['filled', 'canceled', 'expired', 'rejected', 'denied', 'replaced']);
/** No further status can follow. */
export function isClosed(status: OrderStatus): boolean {
  return CLOSED.has(status);
}

/**
 * What can happen to an order. `fill` carries quantity and price, `restated` a new quantity (the broker shrinks a leg as its sibling fills); the others only
 * change the status. `initialized` or, for an order that was found at the broker (a leg, or one placed elsewhere), `adopted` is the first event of every life.
 */
export const ORDER_EVENT_KINDS = [
  'initialized', 'adopted', 'submitted', 'outcome_unknown', 'held', 'accepted', 'rejected', 'denied', 'fill', 'restated', 'cancel_requested', 'cancel_rejected', 'replace_requested', 'replace_rejected',
  'canceled', 'expired', 'replaced',
] as const;
/** The kind of an event in an order's life. */
export type OrderEventKind = (typeof ORDER_EVENT_KINDS)[number];
/** An event's kind, on the wire. */
export const orderEventKindSchema = z.enum(ORDER_EVENT_KINDS);

/** What moves an order. */
export type OrderEvent =
  | { readonly kind: Exclude<OrderEventKind, 'fill' | 'restated'> }
  | { readonly kind: 'restated'; readonly qty: Quantity }
  | { readonly kind: 'fill'; readonly qty: Quantity; readonly price: Price };

/** The moving part of an order. `avgFillPrice` is null before the first fill; `version` counts applied events from 1. */
export type OrderState = {
  readonly status: OrderStatus;
  readonly qty: Quantity;
  readonly filledQty: Quantity;
  readonly avgFillPrice: Price | null;
  readonly version: number;
};

/** What the broker may say of any order that it has. */
const OPEN_AT_BROKER = { rejected: 'rejected', restated: 'same', cancel_requested: 'pending_cancel', canceled: 'canceled', expired: 'expired', replaced: 'replaced' } as const;

/**
 * status x event -> next status. 'same' keeps the status (the event is recorded); 'open' = accepted or partially_filled by filled quantity;
 * an absent entry is illegal: ask the broker, never guess. A fill is not in the table: money moved, so it always counts (see applyOrderEvent).
 */
export const ORDER_TRANSITIONS: Readonly<Record<OrderStatus, Partial<Record<OrderEventKind, OrderStatus | 'same' | 'open'>>>> = {
  initialized: { submitted: 'submitted', denied: 'denied', canceled: 'canceled' },
  submitted: { outcome_unknown: 'same', held: 'held', accepted: 'open', ...OPEN_AT_BROKER },
  held: { held: 'same', accepted: 'open', ...OPEN_AT_BROKER, replace_requested: 'pending_replace', replace_rejected: 'same' },
  accepted: { accepted: 'same', cancel_rejected: 'same', ...OPEN_AT_BROKER, replace_requested: 'pending_replace', replace_rejected: 'same' },
  partially_filled: { accepted: 'same', cancel_rejected: 'same', ...OPEN_AT_BROKER, replace_requested: 'pending_replace', replace_rejected: 'same' },
  pending_cancel: { outcome_unknown: 'same', held: 'same', accepted: 'same', ...OPEN_AT_BROKER, cancel_requested: 'same', cancel_rejected: 'open', replace_rejected: 'same' },
  pending_replace: { outcome_unknown: 'same', held: 'same', accepted: 'same', ...OPEN_AT_BROKER, replace_requested: 'same', replace_rejected: 'open', cancel_rejected: 'same' },
  filled: {}, canceled: {}, expired: {}, rejected: {}, denied: {}, replaced: {},
};

/** The state of an order that was just written down. */
export function newOrderState(qty: Quantity): OrderState {
  invariant(qty.gt(0), 'An order needs a quantity greater than zero', { qty: qty.toString() });
  return { status: 'initialized', qty, filledQty: ZERO_QUANTITY, avgFillPrice: null, version: 1 };
}

/** The state of an order that was found at the broker: it was sent, by whomever; what the broker says of it follows. */
export function adoptedOrderState(qty: Quantity): OrderState {
  return { ...newOrderState(qty), status: 'submitted' };
}

function applyFill(state: OrderState, qty: Quantity, price: Price): Result<OrderState> {
  invariant(qty.gt(0) && price.gt(0), 'A fill needs quantity and price greater than zero', { qty: qty.toString(), price: price.toString() });
  const filledQty = addQuantity(state.filledQty, qty);
  if (filledQty.gt(state.qty) || state.status === 'denied' || state.status === 'initialized') {
    return fail(new AppError('ORDER_TRANSITION_ILLEGAL', 'The broker reports a fill that this order cannot have; reconcile it', { context: { status: state.status, filledQty: filledQty.toString(), qty: state.qty.toString() } }));
  }
  const paid = (state.avgFillPrice ?? ZERO_QUANTITY).times(state.filledQty).plus(price.times(qty));
  const avgFillPrice = roundToLedger(paid.div(filledQty)) as Price;
  const isComplete = filledQty.eq(state.qty);
  const status: OrderStatus = isClosed(state.status) ? state.status : isComplete ? 'filled' : state.status === 'pending_cancel' || state.status === 'pending_replace' ? state.status : 'partially_filled';
  return ok({ ...state, status, filledQty, avgFillPrice, version: state.version + 1 });
}

/**
 * The next state, or why there is none. A fill on an order that was closed meanwhile (the race of cancel and fill) still counts
 * in the ledger and leaves the status alone; every other event on a closed order is illegal.
 */
export function applyOrderEvent(state: OrderState, event: OrderEvent): Result<OrderState> {
  if (event.kind === 'fill') return applyFill(state, event.qty, event.price);
  const next = ORDER_TRANSITIONS[state.status][event.kind];
  if (next === undefined) {
    return fail(new AppError('ORDER_TRANSITION_ILLEGAL', `An order that is ${state.status} cannot become ${event.kind}; reconcile it with the broker`, { context: { status: state.status, event: event.kind } }));
  }
  if (event.kind === 'restated' && (!event.qty.gt(0) || event.qty.lt(state.filledQty))) {
    return fail(new AppError('ORDER_TRANSITION_ILLEGAL', 'The broker restates an order to less than it has filled; reconcile it', { context: { qty: event.qty.toString(), filledQty: state.filledQty.toString() } }));
  }
  // Restated to what it has filled, nothing is left to do.
  if (event.kind === 'restated' && event.qty.eq(state.filledQty)) return ok({ ...state, status: 'filled', qty: event.qty, version: state.version + 1 });
  const open: OrderStatus = state.filledQty.gt(0) ? 'partially_filled' : 'accepted';
  const status = next === 'same' ? state.status : next === 'open' ? open : next;
  return ok({ ...state, status, qty: event.kind === 'restated' ? event.qty : state.qty, version: state.version + 1 });
}
