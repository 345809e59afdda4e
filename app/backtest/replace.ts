/** Replacing an order (PATCH): a new order takes the place of the old one, at once or behind the next bars, in which the old one may fill first. */
import { AppError, fail, ok, type Result } from '#app/domain/errors.ts';
import { price, quantity, subtractQuantity, toText, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { admit, type AdmissionView } from './admission.ts';
import { checkIncrement, checkLegPrices, checkStopAgainstMarket } from './admission-terms.ts';
import { bandAbove, trailingStop } from './fills.ts';
import { isWaitingForEntry, rivalOf } from './groups.ts';
import { leavesOf } from './open-orders.ts';
import { invalid, malformed, ORDER_NOT_FOUND, type Refusal } from './refusals.ts';
import { uuidOf } from './venue-ids.ts';
import { keep, nextOrderId, passTo, tell, type Turn } from './venue-state.ts';
import type { OrderContext, OrderRequest, ReplaceRequest, VenueOperation, VenueOrder, VenueRejection } from './venue-types.ts';

type Replace = Extract<VenueOperation, { op: 'replace' }>;
/** The terms that a replacement can change, as they shall be. */
type NewTerms = Pick<VenueOrder, 'qty' | 'timeInForce' | 'limitPrice' | 'stopPrice' | 'trailPrice' | 'trailPercent'>;

/** Orders that cannot be replaced, whatever is asked. */
function checkState(order: VenueOrder): Refusal {
  if (order.status === 'accepted' || order.status === 'pending_new') return invalid("unable to replace order, order isn't sent to exchange yet");
  if (order.status === 'pending_cancel' || order.status === 'pending_replace') return invalid(`cannot replace order in ${order.status} status`);
  if (order.notional !== null) return invalid('notional orders cannot be replaced');
  if (order.orderClass === 'oto') return invalid('oto orders cannot be replaced');
  return order.triggeredAt !== null && order.type !== 'stop_limit' ? invalid('cannot replace order: its stop has been reached') : null;
}

/** Terms that the order's type or class does not let be changed. */
function checkAsked(order: VenueOrder, request: ReplaceRequest): Refusal {
  const hasLimit = order.type === 'limit' || order.type === 'stop_limit';
  const hasStop = order.type === 'stop' || order.type === 'stop_limit';
  if (request.limitPrice !== null && !hasLimit) return malformed(`${order.type} orders require no limit price`);
  if (request.stopPrice !== null && (!hasStop || order.triggeredAt !== null)) return malformed(`${order.type} orders require no stop price`);
  if (request.trail !== null && order.type !== 'trailing_stop') return malformed('only trailing stop orders accept trail');
  if (request.qty !== null && order.qty?.isInteger() === false) return invalid('qty of fractional orders cannot be changed');
  if (order.orderClass !== 'simple' && (request.qty !== null || request.timeInForce !== null)) return invalid(`only prices of ${order.orderClass} orders can be replaced`);
  return null;
}

function readTerms(order: VenueOrder, request: ReplaceRequest): Result<NewTerms, VenueRejection> {
  try {
    const trail = request.trail === null ? null : price(request.trail);
    return ok({
      qty: request.qty === null ? leavesOf(order) : quantity(request.qty),
      timeInForce: request.timeInForce ?? order.timeInForce,
      limitPrice: request.limitPrice === null ? order.limitPrice : price(request.limitPrice),
      stopPrice: request.stopPrice === null ? order.stopPrice : price(request.stopPrice),
      trailPrice: order.trailPrice === null ? null : (trail ?? order.trailPrice),
      trailPercent: order.trailPercent === null ? null : (trail ?? order.trailPercent),
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return fail(malformed(error.message));
  }
}

const isSame = (a: Price | Quantity | null, b: Price | Quantity | null): boolean => (a === null || b === null ? a === b : a.eq(b));

function isUnchanged(order: VenueOrder, terms: NewTerms): boolean {
  return isSame(terms.qty, leavesOf(order)) && terms.timeInForce === order.timeInForce && isSame(terms.limitPrice, order.limitPrice) && isSame(terms.stopPrice, order.stopPrice)
    && isSame(terms.trailPrice, order.trailPrice) && isSame(terms.trailPercent, order.trailPercent);
}

/** A leg may be moved within its group: the exits keep their order, a stop stays beyond the market, before the entry both beyond its price. What does not move is not judged again. */
function checkLeg(turn: Turn, order: VenueOrder, terms: NewTerms, context: OrderContext): Refusal {
  const positive = [terms.limitPrice, terms.stopPrice].find((value) => value?.gt(0) === false);
  if (positive) return malformed('price must be > 0');
  const increments = checkIncrement('limit_price', terms.limitPrice) ?? checkIncrement('stop_price', terms.stopPrice);
  // Its stop lies behind the market and its sibling is gone: what is left is a limit order, and its price is free.
  if (increments || order.triggeredAt !== null) return increments;
  const rival = rivalOf(turn, order);
  const isProfit = order.role === 'take_profit';
  const [takeProfit, stop] = isProfit ? [terms.limitPrice, rival?.stopPrice ?? null] : [rival?.limitPrice ?? null, terms.stopPrice];
  const last = context.lastPrice === null ? null : price(context.lastPrice);
  const isStopMoved = !isProfit && !isSame(terms.stopPrice, order.stopPrice);
  const entry = isWaitingForEntry(turn, order) && order.parentId !== null ? turn.state.open.get(order.parentId) : undefined;
  const start = entry ? entry.limitPrice ?? last : null;
  const exitSide = order.side;
  const fromStart = start === null ? null : checkLegPrices({ exitSide, base: start, takeProfit: isProfit ? takeProfit : null, stop: isStopMoved ? stop : null, stopLimit: null });
  // At work, a take-profit may lie anywhere beyond the stop: one through the market trades at once.
  const base = takeProfit ?? last;
  const shape = fromStart ?? (base === null ? null : checkLegPrices({ exitSide, base, takeProfit: null, stop, stopLimit: isProfit ? null : terms.limitPrice }));
  return shape ?? (isStopMoved && last !== null ? checkStopAgainstMarket(exitSide, terms.stopPrice, last) : null);
}

function requestOf(turn: Turn, order: VenueOrder, terms: NewTerms, clientOrderId: string): OrderRequest {
  const text = (value: Price | Quantity | null): string | null => (value === null ? null : toText(value));
  const legs = order.orderClass === 'simple' ? [] : turn.state.open.group(order);
  const profit = legs.find((leg) => leg.role === 'take_profit');
  const stop = legs.find((leg) => leg.role === 'stop_loss');
  const isTriggered = order.triggeredAt !== null;
  return {
    clientOrderId, symbol: order.symbol, side: order.side, type: isTriggered ? 'limit' : order.type, timeInForce: terms.timeInForce, orderClass: order.orderClass, qty: text(terms.qty), notional: null,
    limitPrice: text(terms.limitPrice), stopPrice: isTriggered || order.type === 'trailing_stop' ? null : text(terms.stopPrice), trailPrice: text(terms.trailPrice), trailPercent: text(terms.trailPercent),
    extendedHours: order.extendedHours, takeProfit: profit ? { limitPrice: text(profit.limitPrice) } : null,
    stopLoss: stop ? { stopPrice: text(stop.stopPrice), limitPrice: text(stop.limitPrice) } : null, positionIntent: null,
  };
}

/** Held against the same rules as a new order; returns what it holds back. */
function check(turn: Turn, order: VenueOrder, terms: NewTerms, ask: { readonly op: Replace; readonly view: AdmissionView }): Result<Pick<VenueOrder, 'reservePrice' | 'positionIntent'>, VenueRejection> {
  const { context, request } = ask.op;
  const clientOrderId = request.clientOrderId ?? '';
  if (request.clientOrderId !== null && turn.state.open.hasClientId(request.clientOrderId)) return fail(malformed('client_order_id must be unique'));
  if (order.parentId !== null) {
    const refusal = checkLeg(turn, order, terms, context);
    return refusal ? fail(refusal) : ok({ reservePrice: null, positionIntent: order.positionIntent });
  }
  return admit(requestOf(turn, order, terms, clientOrderId), context, { ...ask.view, replacing: order });
}

/** The stop and the hidden limit that follow from new terms; a trailing stop keeps its best price. */
function derived(order: VenueOrder, terms: NewTerms): Pick<VenueOrder, 'stopPrice' | 'bandPrice'> {
  if (order.type === 'trailing_stop' && order.hwm) return { stopPrice: trailingStop({ ...terms, side: order.side }, order.hwm), bandPrice: null };
  if (order.type === 'stop' && order.side === 'buy' && terms.stopPrice) return { stopPrice: terms.stopPrice, bandPrice: bandAbove(terms.stopPrice) };
  return { stopPrice: terms.stopPrice, bandPrice: order.bandPrice };
}

/** Replaces an open order. The reply is the new order. */
export function replace(turn: Turn, op: Replace, view: AdmissionView): Result<VenueOrder, VenueRejection> {
  const order = turn.state.open.get(op.orderId);
  if (!order) return fail(ORDER_NOT_FOUND);
  const refusal = checkState(order) ?? checkAsked(order, op.request);
  if (refusal) return fail(refusal);
  const read = readTerms(order, op.request);
  if (!read.ok) return read;
  if (isUnchanged(order, read.value)) return fail(invalid('order parameters are not changed'));
  const checked = check(turn, order, read.value, { op, view });
  if (!checked.ok) return checked;
  const { context } = op;
  passTo(turn.state, context.at);
  const { id, seq } = nextOrderId(turn);
  const incoming: VenueOrder = {
    ...order, ...read.value, ...derived(order, read.value), reservePrice: checked.value.reservePrice, positionIntent: checked.value.positionIntent, id, seq, clientOrderId: op.request.clientOrderId ?? uuidOf(turn.config.seed, 'replacement', seq),
    filledQty: ZERO_QUANTITY, filledAvgPrice: null, replaces: order.id, replacedBy: null, status: 'pending_new', createdAt: context.at, updatedAt: context.at,
    submittedAt: context.at, filledAt: null,
    ...(order.orderClass === 'simple' ? { expiresAt: context.expiresAt, auctionAt: context.auctionAt } : {}),
  };
  if (!op.isSlow || order.status === 'held') return ok(swap(turn, order, incoming, { at: context.at, isOpen: context.isOpen || (context.isExtendedOpen && order.extendedHours) }));
  tell(turn, 'pending_replace', context.at, { ...order, status: 'pending_replace', replacedBy: id, updatedAt: context.at });
  if (op.isStuck === true) turn.state.stuck.add(order.id);
  return ok(tell(turn, 'pending_new', context.at, incoming));
}

/** Puts the new order into the old one's place, in its group too. */
function swap(turn: Turn, old: VenueOrder, incoming: VenueOrder, moment: { readonly at: EpochMs; readonly isOpen: boolean }): VenueOrder {
  const { open } = turn.state;
  const { at } = moment;
  const mates = open.group(old);
  tell(turn, 'replaced', at, { ...old, status: 'replaced', replacedBy: incoming.id, replacedAt: at, updatedAt: at });
  const status = old.status === 'held' ? 'held' : moment.isOpen ? 'new' : 'accepted';
  const placed = tell(turn, status, at, { ...incoming, status, updatedAt: at, submittedAt: at });
  for (const mate of mates) {
    if (mate.id === incoming.id) continue;
    const legs = mate.legs.map((id) => (id === old.id ? incoming.id : id));
    if (mate.parentId === old.id) keep(turn, { ...mate, parentId: incoming.id });
    else if (mate.legs.includes(old.id)) keep(turn, { ...mate, legs });
  }
  return placed;
}

/** Behind the bars: the slow replacement takes its place. */
export function settleReplacement(turn: Turn, old: VenueOrder, at: EpochMs): void {
  const incoming = old.replacedBy === null ? undefined : turn.state.open.get(old.replacedBy);
  if (incoming) swap(turn, old, incoming, { at, isOpen: true });
}

/** The old order is worked on: the replacement is refused. */
export function refuseReplacement(turn: Turn, old: VenueOrder, at: EpochMs, reason: string): void {
  const incoming = old.replacedBy === null ? undefined : turn.state.open.get(old.replacedBy);
  const status = old.status === 'pending_replace' ? (old.filledQty.gt(0) ? 'partially_filled' : 'new') : old.status;
  tell(turn, 'order_replace_rejected', at, { ...old, status, replacedBy: null, updatedAt: at });
  if (incoming) tell(turn, 'rejected', at, { ...incoming, status: 'rejected', failedAt: at, updatedAt: at, rejectReason: reason });
}

/** The old order has filled (in part) while its replacement was on the way: the replacement may only trade what that leaves. */
export function shrinkReplacement(turn: Turn, old: VenueOrder, filled: Quantity, at: EpochMs): void {
  const incoming = old.replacedBy === null ? undefined : turn.state.open.get(old.replacedBy);
  if (!incoming?.qty) return;
  const left = subtractQuantity(incoming.qty, filled);
  if (old.status === 'filled' || !left.gt(0)) refuseReplacement(turn, old, at, 'the order filled before it could be replaced');
  else keep(turn, { ...incoming, qty: left });
}
