/** The simulated venue: one broker account and its orders, matched against bars, deterministic to the last id. */
import { fail, ok, type Result } from '#app/domain/errors.ts';
import { addMoney, ceilToCent, Decimal, money, subtractQuantity, ZERO_QUANTITY, type Money, type Quantity } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { equityOf, figuresOf, openAccount, rollDay, type AccountFigures } from './account.ts';
import { admit } from './admission.ts';
import { act, bookFees, pay, transfer } from './corporate.ts';
import { makeLegs, workedMember } from './groups.ts';
import { isIncoming, OpenOrders } from './open-orders.ts';
import { endPending, expire, match } from './matching.ts';
import { forbidden, invalid, ORDER_NOT_FOUND } from './refusals.ts';
import { refuseReplacement, replace } from './replace.ts';
import { beginTurn, end, FRESH, nextOrderId, passTo, tell, type Turn, type VenueState } from './venue-state.ts';
import type { VenueAsset, VenueConfig, VenueOperation, VenueOrder, VenueOutcome, VenueRejection, VenueSettings } from './venue-types.ts';

/** A venue at work. Closed orders are handed out in the events and then forgotten: the host keeps the history. */
export type Venue = {
  /**
   * Carries out an operation, or says in the broker's words why not; a refused operation changes nothing.
   * @throws AppError INVARIANT_BROKEN when time would go backwards or a bar is impossible.
   */
  apply(operation: VenueOperation): Result<VenueOutcome, VenueRejection>;
  /** Oldest first. */
  openOrders(): readonly VenueOrder[];
  openOrder(id: string): VenueOrder | null;
  positions(): readonly Position[];
  /** Signed shares held at the end of the last session. */
  overnightQuantity(symbol: string): Quantity;
  figures(): AccountFigures;
  /** The symbols whose next bar can change anything here: those with an open order or a position. */
  liveSymbols(): ReadonlySet<string>;
  readonly config: VenueConfig;
  readonly state: VenueState;
};

type Applied = Result<VenueOrder | null, VenueRejection>;
type Operation<Kind extends VenueOperation['op']> = Extract<VenueOperation, { op: Kind }>;

/** The switches of a fresh account. */
function settingsOf(config: VenueConfig): VenueSettings {
  return { suspendTrade: false, noShorting: !config.isShortingEnabled, fractionalTrading: true, maxMarginMultiplier: config.multiplier, tradingBlocked: false };
}

/** The state before the first operation. */
export function newVenueState(config: VenueConfig): VenueState {
  return {
    account: openAccount(money(config.startingCash)), open: new OpenOrders(), settings: settingsOf(config), payables: [], stuck: new Set(), orderSeq: 0, executionSeq: 0, activitySeq: 0, now: 0 as EpochMs,
  };
}

/** The state of an account that goes on under other terms. What its owner had switched stays where the new terms allow it; what the terms themselves had set follows them. */
export function changeTerms(state: VenueState, from: VenueConfig, to: VenueConfig): VenueState {
  const { noShorting, maxMarginMultiplier } = state.settings;
  const isSameMargin = from.multiplier === to.multiplier && maxMarginMultiplier <= to.multiplier;
  state.settings = {
    ...state.settings, noShorting: from.isShortingEnabled === to.isShortingEnabled ? noShorting : !to.isShortingEnabled, maxMarginMultiplier: isSameMargin ? maxMarginMultiplier : to.multiplier,
  };
  return state;
}

/** Sets up a venue over a state (which it owns from then on). */
export function openVenue(config: VenueConfig, state: VenueState = newVenueState(config)): Venue {
  const figures = (): AccountFigures => figuresOf(state.account, {
    multiplier: config.multiplier, maxMultiplier: state.settings.maxMarginMultiplier, reserved: state.open.reserved(),
    accruedFees: addMoney(ceilToCent(state.account.secDue), ceilToCent(state.account.tafDue)),
  });
  return {
    config, state, figures,
    apply: (operation) => {
      const turn = beginTurn(config, state);
      const applied = applyOperation(turn, operation, figures);
      return applied.ok ? ok({ reply: applied.value, events: turn.events, changed: [...turn.changed.values()], activities: turn.activities }) : applied;
    },
    openOrders: () => state.open.all(),
    openOrder: (id) => state.open.get(id) ?? null,
    positions: () => [...state.account.positions.values()],
    overnightQuantity: (symbol) => state.account.overnight.get(symbol) ?? ZERO_QUANTITY,
    liveSymbols: () => new Set([...state.account.positions.keys(), ...state.open.symbolsInUse()]),
  };
}

function applyOperation(turn: Turn, operation: VenueOperation, figures: () => AccountFigures): Applied {
  const { state, config } = turn;
  switch (operation.op) {
    case 'submit':
      return submit(turn, operation, figures);
    case 'replace':
      return replace(turn, operation, { config, state, figures, replacing: null });
    case 'cancel':
      return cancel(turn, operation);
    case 'settle':
      return settle(turn, operation);
    case 'step':
      expire(turn, operation.at);
      pay(turn, operation.at);
      match(turn, operation);
      passTo(state, (operation.at + operation.barMs) as EpochMs);
      return ok(null);
    default:
      return applyQuiet(turn, operation);
  }
}

/** Operations without an order of their own. */
function applyQuiet(turn: Turn, operation: Operation<'advance' | 'corporateAction' | 'transfer' | 'configure'>): Applied {
  const { state } = turn;
  const at = operation.op === 'advance' ? operation.to : operation.at;
  if (operation.op === 'transfer' && state.account.cash.plus(money(operation.amount)).lt(0)) return fail(forbidden('insufficient funds for the transfer'));
  expire(turn, at);
  pay(turn, at);
  passTo(state, at);
  if (operation.op === 'advance' && operation.isSessionEnd) {
    bookFees(turn, at);
    rollDay(state.account);
  }
  if (operation.op === 'corporateAction') act(turn, operation.action, at);
  if (operation.op === 'transfer') transfer(turn, operation.amount, at);
  if (operation.op === 'configure') state.settings = operation.settings;
  return ok(null);
}

function submit(turn: Turn, { request, context, isStuck }: Operation<'submit'>, figures: () => AccountFigures): Applied {
  const { state, config } = turn;
  const admitted = admit(request, context, { config, state, figures, replacing: null });
  if (!admitted.ok) return admitted;
  const terms = admitted.value;
  passTo(state, context.at);
  if (context.asset) learnMarginTerms(state, request.symbol, context.asset);
  const isWorked = context.isOpen || (context.isExtendedOpen && request.extendedHours);
  const made: VenueOrder = {
    ...FRESH, ...nextOrderId(turn), clientOrderId: request.clientOrderId, symbol: request.symbol, side: request.side, type: request.type, timeInForce: request.timeInForce,
    orderClass: request.orderClass, role: request.orderClass === 'oco' ? 'take_profit' : 'order', positionIntent: terms.positionIntent, qty: terms.qty, notional: terms.notional,
    limitPrice: terms.limitPrice, stopPrice: terms.stopPrice, trailPrice: terms.trailPrice, trailPercent: terms.trailPercent, hwm: terms.hwm, extendedHours: request.extendedHours,
    status: isWorked || isStuck === true ? 'pending_new' : 'accepted', reservePrice: terms.reservePrice, bandPrice: terms.bandPrice, auctionAt: context.auctionAt,
    createdAt: context.at, updatedAt: context.at, submittedAt: context.at, expiresAt: context.expiresAt,
  };
  const legs = request.orderClass === 'simple' ? [] : makeLegs(turn, made, terms);
  const reply: VenueOrder = legs.length === 0 ? made : { ...made, legs: legs.map((leg) => leg.id) };
  if (isStuck === true) tell(turn, 'pending_new', context.at, reply);
  else tell(turn, isWorked ? 'new' : 'accepted', context.at, isWorked ? { ...reply, status: 'new' } : reply);
  for (const leg of legs) tell(turn, 'held', context.at, leg);
  return ok(reply);
}

function learnMarginTerms(state: VenueState, symbol: string, { isMarginable, maintenancePercent }: VenueAsset): void {
  const known = state.account.marginTerms.get(symbol);
  if (known?.isMarginable === isMarginable && known.maintenancePercent === maintenancePercent) return;
  state.account.marginTerms.set(symbol, { isMarginable, maintenancePercent });
}

function cancel(turn: Turn, { orderId, at, isSlow, isStuck }: Operation<'cancel'>): Applied {
  const asked = turn.state.open.get(orderId);
  if (!asked) return fail(ORDER_NOT_FOUND);
  if (isIncoming(asked)) return fail(invalid(`order is already in "${asked.status}" state`));
  const order = isSlow ? workedMember(turn, asked) : asked;
  if (order.status === 'pending_cancel') return ok(null);
  passTo(turn.state, at);
  if (!isSlow || order.status === 'held') end(turn, order, 'canceled', at);
  else {
    if (order.status === 'pending_replace') refuseReplacement(turn, order, at, 'the order was canceled before it could be replaced');
    tell(turn, 'pending_cancel', at, { ...(turn.state.open.get(order.id) ?? order), status: 'pending_cancel', updatedAt: at });
    if (isStuck === true) turn.state.stuck.add(order.id);
  }
  return ok(null);
}

/** The exchange does not let the order go: it is worked on as before. */
function refuseCancel(turn: Turn, order: VenueOrder, at: EpochMs): Applied {
  if (order.status !== 'pending_cancel') return fail(invalid(`order is in "${order.status}" state, no cancel is under way`));
  passTo(turn.state, at);
  tell(turn, 'order_cancel_rejected', at, { ...order, status: order.filledQty.gt(0) ? 'partially_filled' : 'new', updatedAt: at });
  return ok(null);
}

/** The broker's late word about an order that it had taken. */
function settle(turn: Turn, { orderId, at, outcome, reason }: Operation<'settle'>): Applied {
  const { open } = turn.state;
  const order = open.get(orderId);
  if (!order) return fail(ORDER_NOT_FOUND);
  if (outcome === 'cancel_rejected') return refuseCancel(turn, order, at);
  if (outcome === 'new' && turn.state.stuck.delete(order.id)) {
    passTo(turn.state, at);
    endPending(turn, at, order.id);
    return ok(null);
  }
  if (outcome === 'new' && (order.status !== 'pending_new' || isIncoming(order))) return fail(invalid(`order is already in "${order.status}" state`));
  passTo(turn.state, at);
  const old = isIncoming(order) && order.replaces !== null ? open.get(order.replaces) : undefined;
  if (outcome === 'new') tell(turn, 'new', at, { ...order, status: 'new', updatedAt: at, submittedAt: at });
  else if (old) refuseReplacement(turn, old, at, reason ?? 'rejected');
  else end(turn, { ...order, rejectReason: reason }, 'rejected', at);
  return ok(null);
}

/** Shares of a position that no open exit holds. */
export function availableQuantity(venue: Venue, position: Position): Quantity {
  const exitSide = position.qty.gt(0) ? 'sell' : 'buy';
  return Decimal.max(0, subtractQuantity(position.qty.abs() as Quantity, venue.state.open.exiting(position.symbol, exitSide))) as Quantity;
}

/** Cash plus positions at their last prices. */
export function venueEquity(venue: Venue): Money {
  return equityOf(venue.state.account);
}
