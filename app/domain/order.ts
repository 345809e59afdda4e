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
export const ORDER_TYPES = ['market', 'limit'] as const;
/** Market: at the next price; limit: at that price or better. */
export type OrderType = (typeof ORDER_TYPES)[number];
/** An order type, on the wire. */
export const orderTypeSchema = z.enum(ORDER_TYPES);

/** How long our orders live. */
export const TIMES_IN_FORCE = ['day', 'gtc'] as const;
/** Day: until the close; gtc: until canceled, at most 90 days at Alpaca. */
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];
/** A time in force, on the wire. */
export const timeInForceSchema = z.enum(TIMES_IN_FORCE);

/** Who asked for the order: a strategy's signal, a person, or risk itself (a follow-up exit, a flatten). */
export const ORDER_SOURCES = ['strategy', 'manual', 'risk'] as const;
/** Who asked for an order. */
export type OrderSource = (typeof ORDER_SOURCES)[number];
/** An order's source, on the wire. */
export const orderSourceSchema = z.enum(ORDER_SOURCES);

/**
 * initialized: approved, stored, not sent (waits for the risk lease). submitted: stored and perhaps sent; the broker's answer is not known.
 * denied = by us, rejected = by the broker. Closed: filled, canceled, expired, rejected, denied, replaced.
 */
export const ORDER_STATUSES = ['initialized', 'submitted', 'accepted', 'partially_filled', 'pending_cancel', 'filled', 'canceled', 'expired', 'rejected', 'denied', 'replaced'] as const;
/** A status of an order. */
export type OrderStatus = (typeof ORDER_STATUSES)[number];
/** A status, on the wire. */
export const orderStatusSchema = z.enum(ORDER_STATUSES);

const CLOSED: ReadonlySet<OrderStatus> = new Set<OrderStatus>(['filled', 'canceled', 'expired', 'rejected', 'denied', 'replaced']);
/** No further status can follow. */
export function isClosed(status: OrderStatus): boolean {
  return CLOSED.has(status);
}

/** What can happen to an order. `fill` carries quantity and price; the others only change the status. */
export const ORDER_EVENT_KINDS = ['initialized', 'submitted', 'outcome_unknown', 'accepted', 'rejected', 'denied', 'fill', 'cancel_requested', 'cancel_rejected', 'canceled', 'expired', 'replaced'] as const;
/** The kind of an event in an order's life. */
export type OrderEventKind = (typeof ORDER_EVENT_KINDS)[number];
/** An event's kind, on the wire. */
export const orderEventKindSchema = z.enum(ORDER_EVENT_KINDS);

/** What moves an order. */
export type OrderEvent =
  | { readonly kind: Exclude<OrderEventKind, 'fill'> }
  | { readonly kind: 'fill'; readonly qty: Quantity; readonly price: Price };

/** The moving part of an order. `avgFillPrice` is null before the first fill; `version` counts applied events from 1. */
export type OrderState = {
  readonly status: OrderStatus;
  readonly qty: Quantity;
  readonly filledQty: Quantity;
  readonly avgFillPrice: Price | null;
  readonly version: number;
};

/**
 * status x event -> next status. 'same' keeps the status (the event is recorded); 'open' = accepted or partially_filled by filled quantity;
 * an absent entry is illegal: ask the broker, never guess. A fill is not in the table: money moved, so it always counts (see applyOrderEvent).
 */
export const ORDER_TRANSITIONS: Readonly<Record<OrderStatus, Partial<Record<OrderEventKind, OrderStatus | 'same' | 'open'>>>> = {
  initialized: { submitted: 'submitted', denied: 'denied', canceled: 'canceled' },
  submitted: { outcome_unknown: 'same', accepted: 'open', rejected: 'rejected', cancel_requested: 'pending_cancel', canceled: 'canceled', expired: 'expired', replaced: 'replaced' },
  accepted: { accepted: 'same', rejected: 'rejected', cancel_requested: 'pending_cancel', cancel_rejected: 'same', canceled: 'canceled', expired: 'expired', replaced: 'replaced' },
  partially_filled: { accepted: 'same', rejected: 'rejected', cancel_requested: 'pending_cancel', cancel_rejected: 'same', canceled: 'canceled', expired: 'expired', replaced: 'replaced' },
  pending_cancel: { outcome_unknown: 'same', accepted: 'same', rejected: 'rejected', cancel_requested: 'same', cancel_rejected: 'open', canceled: 'canceled', expired: 'expired', replaced: 'replaced' },
  filled: {}, canceled: {}, expired: {}, rejected: {}, denied: {}, replaced: {},
};

/** The state of an order that was just written down. */
export function newOrderState(qty: Quantity): OrderState {
  invariant(qty.gt(0), 'An order needs a quantity greater than zero', { qty: qty.toString() });
  return { status: 'initialized', qty, filledQty: ZERO_QUANTITY, avgFillPrice: null, version: 1 };
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
  const status: OrderStatus = isClosed(state.status) ? state.status : isComplete ? 'filled' : state.status === 'pending_cancel' ? 'pending_cancel' : 'partially_filled';
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
  const open: OrderStatus = state.filledQty.gt(0) ? 'partially_filled' : 'accepted';
  const status = next === 'same' ? state.status : next === 'open' ? open : next;
  return ok({ ...state, status, version: state.version + 1 });
}
