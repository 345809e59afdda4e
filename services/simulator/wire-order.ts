/** Orders, updates of orders and refusals as Alpaca writes them: exact key sets, numbers as strings. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { toText } from '#app/domain/numeric.ts';
import { orderToText } from '#app/backtest/venue-snapshot.ts';
import type { VenueEvent, VenueOrder, VenueRejection } from '#app/backtest/venue-types.ts';
import type { OrderText } from './journal-queries.ts';
import { assetIdOf } from './market.ts';
import { timeOrNull, type WireObject } from './wire-common.ts';

/** Finds the orders that hang on another. */
export type LegsOf = (order: Pick<OrderText, 'legs'>) => readonly OrderText[];
/** For replies that show an order alone. */
export const NO_LEGS: LegsOf = () => [];

/** An order object. `legs` is null where none are asked for or there are none. */
export function wireOrder(order: OrderText, legsOf: LegsOf = NO_LEGS): WireObject {
  const legs = order.legs.length === 0 ? [] : legsOf(order);
  return {
    id: order.id, client_order_id: order.clientOrderId, created_at: timeOrNull(order.createdAt), updated_at: timeOrNull(order.updatedAt), submitted_at: timeOrNull(order.submittedAt),
    filled_at: order.status === 'filled' ? timeOrNull(order.filledAt) : null, expired_at: timeOrNull(order.expiredAt), expires_at: timeOrNull(order.expiresAt),
    canceled_at: timeOrNull(order.canceledAt), failed_at: timeOrNull(order.failedAt), replaced_at: timeOrNull(order.replacedAt), replaced_by: order.status === 'replaced' ? order.replacedBy : null,
    replaces: order.replaces, asset_id: assetIdOf(order.symbol), symbol: order.symbol, asset_class: 'us_equity', notional: order.notional, qty: order.qty, filled_qty: order.filledQty,
    filled_avg_price: order.filledAvgPrice, order_class: order.orderClass === 'simple' ? '' : order.orderClass, order_type: order.type, type: order.type, side: order.side,
    position_intent: order.positionIntent, time_in_force: order.timeInForce, limit_price: order.limitPrice, stop_price: order.stopPrice, status: order.status, extended_hours: order.extendedHours,
    legs: legs.length === 0 ? null : legs.map((leg) => wireOrder(leg)), trail_percent: order.trailPercent, trail_price: order.trailPrice, hwm: order.hwm, subtag: null, source: null,
  };
}

/** An order of the venue as the wire shows it. */
export function wireVenueOrder(order: VenueOrder, legsOf: LegsOf = NO_LEGS): WireObject {
  return wireOrder(orderToText(order), legsOf);
}

/** The body of a refusal. */
export function wireRejection(rejection: VenueRejection): WireObject {
  return { code: rejection.code, message: rejection.message, ...rejection.details };
}

/** A message of the trade_updates stream. `skewMs`: how wrong the broker's clock is. */
export function wireTradeUpdate(event: VenueEvent, legsOf: LegsOf, skewMs: number): WireObject {
  const data = { event: event.kind, order: wireVenueOrder(event.order, legsOf), timestamp: toRfc3339((event.at + skewMs) as EpochMs) };
  const { fill } = event;
  if (fill) return { stream: 'trade_updates', data: { ...data, execution_id: fill.executionId, price: toText(fill.price), qty: toText(fill.qty), position_qty: toText(fill.positionQty) } };
  const reason = event.kind === 'rejected' && event.order.rejectReason !== null ? { reason: event.order.rejectReason } : {};
  return { stream: 'trade_updates', data: { ...data, ...reason } };
}
