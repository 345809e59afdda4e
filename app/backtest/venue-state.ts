/** The venue's state, and the small steps that every rule of it is made of: store an order, tell what happened, end an order with its group. */
import { ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { invariant } from '#app/domain/errors.ts';
import type { AccountBook } from './account.ts';
import type { OpenOrders } from './open-orders.ts';
import { uuidOf } from './venue-ids.ts';
import type { VenueActivity, VenueConfig, VenueEvent, VenueOrder, VenueSettings } from './venue-types.ts';

/** A dividend that is owed: paid (by a short position: taken) when its day comes. */
export type Payable = { readonly at: EpochMs; readonly symbol: string; readonly qty: Quantity; readonly rate: Price; readonly amount: Money };

/** The state that outlives a process; see venue-snapshot.ts for its text form. */
export type VenueState = {
  readonly account: AccountBook;
  readonly open: OpenOrders;
  settings: VenueSettings;
  payables: readonly Payable[];
  /** Orders whose cancel or replacement waits until it is settled. */
  readonly stuck: Set<string>;
  orderSeq: number;
  executionSeq: number;
  activitySeq: number;
  /** Market time of the last operation. */
  now: EpochMs;
};

/** One operation at work: what it changes and what it has brought so far. */
export type Turn = {
  readonly config: VenueConfig;
  readonly state: VenueState;
  readonly events: VenueEvent[];
  readonly changed: Map<string, VenueOrder>;
  readonly activities: VenueActivity[];
};

/** Begins an operation. */
export function beginTurn(config: VenueConfig, state: VenueState): Turn {
  return { config, state, events: [], changed: new Map(), activities: [] };
}

/** Moves market time on. */
export function passTo(state: VenueState, now: EpochMs): void {
  invariant(now >= state.now, 'Market time must not go backwards', { from: state.now, to: now });
  state.now = now;
}

/** Stores an order's next form and tells what happened to it. */
export function tell(turn: Turn, kind: Exclude<VenueEvent['kind'], 'fill' | 'partial_fill'>, at: EpochMs, order: VenueOrder): VenueOrder {
  turn.state.open.put(order);
  if (order.status !== 'pending_cancel' && order.status !== 'pending_replace') turn.state.stuck.delete(order.id);
  turn.changed.delete(order.id);
  turn.events.push({ kind, at, order, fill: null });
  return order;
}

/** Stores an order's next form of which the broker says nothing. */
export function keep(turn: Turn, order: VenueOrder): VenueOrder {
  turn.state.open.put(order);
  turn.changed.set(order.id, order);
  return order;
}

/** Writes down an activity. */
export function note(turn: Turn, activity: Omit<VenueActivity, 'id'>): void {
  turn.state.activitySeq += 1;
  turn.activities.push({ id: uuidOf(turn.config.seed, 'activity', turn.state.activitySeq), ...activity });
}

const ENDINGS = {
  canceled: (at: EpochMs) => ({ status: 'canceled' as const, canceledAt: at }),
  expired: (at: EpochMs) => ({ status: 'expired' as const, expiredAt: at }),
  rejected: (at: EpochMs) => ({ status: 'rejected' as const, failedAt: at }),
};

/** Ends one order without its group; a replacement that still waits for it ends too. */
export function endAlone(turn: Turn, order: VenueOrder, how: keyof typeof ENDINGS, at: EpochMs): void {
  const current = turn.state.open.get(order.id);
  if (!current) return;
  tell(turn, how, at, { ...current, rejectReason: how === 'rejected' ? order.rejectReason : current.rejectReason, updatedAt: at, ...ENDINGS[how](at) });
  const incoming = current.replacedBy === null ? undefined : turn.state.open.get(current.replacedBy);
  if (incoming) tell(turn, 'rejected', at, { ...incoming, status: 'rejected', updatedAt: at, failedAt: at, rejectReason: `order ${current.id} is ${how}` });
}

/** How an order ends whose time has come: day orders expire; what was good until canceled, for an auction or for the moment is canceled. */
export function endingOf(order: VenueOrder): 'expired' | 'canceled' {
  return order.timeInForce === 'day' ? 'expired' : 'canceled';
}

/** Ends an order and with it its group: when one of them goes, the others go. */
export function end(turn: Turn, order: VenueOrder, how: keyof typeof ENDINGS, at: EpochMs): void {
  const mates = turn.state.open.group(order);
  endAlone(turn, order, how, at);
  for (const mate of mates) endAlone(turn, mate, mate.expiresAt <= at ? endingOf(mate) : 'canceled', at);
}

/** The fields of an order that has just been made. */
export const FRESH = {
  filledQty: ZERO_QUANTITY, filledAvgPrice: null, legs: [], parentId: null, replaces: null, replacedBy: null, triggeredAt: null,
  filledAt: null, canceledAt: null, expiredAt: null, failedAt: null, replacedAt: null, rejectReason: null,
} as const satisfies Partial<VenueOrder>;

/** The next number and id of an order. */
export function nextOrderId(turn: Turn): { readonly seq: number; readonly id: string } {
  turn.state.orderSeq += 1;
  return { seq: turn.state.orderSeq, id: uuidOf(turn.config.seed, 'order', turn.state.orderSeq) };
}
