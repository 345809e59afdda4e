/** Trading objects as Alpaca writes them: exact key sets, numbers as strings, times in RFC 3339. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { Decimal, price, roundToLedger, toText } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import { isInSession, latestSession, nextClose, nextOpen, sessionsBetween, toNewYork, type Session } from '#app/market/calendar.ts';
import { marketValue } from '#app/backtest/account.ts';
import { uuidOf } from '#app/backtest/venue-ids.ts';
import { orderToText } from '#app/backtest/venue-snapshot.ts';
import type { VenueEvent, VenueOrder, VenueRejection } from '#app/backtest/venue-types.ts';
import { availableQuantity } from '#app/backtest/venue.ts';
import type { Broker } from './broker.ts';
import type { ActivityText, OrderText } from './journal-queries.ts';
import { assetIdOf, type ListedAsset } from './market.ts';

/** A JSON object on its way out. */
export type WireObject = Readonly<Record<string, unknown>>;

const timeOrNull = (at: number | null): string | null => (at === null ? null : toRfc3339(at as EpochMs));
const twoPlaces = (value: Decimal): string => toText(value.toDecimalPlaces(2));
const ratio = (part: Decimal, whole: Decimal): string => (whole.isZero() ? '0' : toText(roundToLedger(part.div(whole))));

/** An order object. */
export function wireOrder(order: OrderText): WireObject {
  const intent = `${order.side}_to_${order.reservePrice === null ? 'close' : 'open'}`;
  return {
    id: order.id, client_order_id: order.clientOrderId, created_at: timeOrNull(order.createdAt), updated_at: timeOrNull(order.updatedAt), submitted_at: timeOrNull(order.createdAt),
    filled_at: order.status === 'filled' ? timeOrNull(order.filledAt) : null, expired_at: timeOrNull(order.expiredAt), expires_at: timeOrNull(order.expiresAt),
    canceled_at: timeOrNull(order.canceledAt), failed_at: null, replaced_at: null, replaced_by: null, replaces: null, asset_id: assetIdOf(order.symbol), symbol: order.symbol,
    asset_class: 'us_equity', notional: order.notional, qty: order.qty, filled_qty: order.filledQty, filled_avg_price: order.filledAvgPrice, order_class: '',
    order_type: order.type, type: order.type, side: order.side, position_intent: intent, time_in_force: order.timeInForce, limit_price: order.limitPrice, stop_price: null,
    status: order.status, extended_hours: order.extendedHours, legs: null, trail_percent: null, trail_price: null, hwm: null, subtag: null, source: null,
  };
}

/** An order of the venue as the wire shows it. */
export function wireVenueOrder(order: VenueOrder): WireObject {
  return wireOrder(orderToText(order));
}

/** The body of a refusal. */
export function wireRejection(rejection: VenueRejection): WireObject {
  return { code: rejection.code, message: rejection.message, ...rejection.details };
}

/** A message of the trade_updates stream. */
export function wireTradeUpdate(event: VenueEvent): WireObject {
  const data = { event: event.kind, order: wireVenueOrder(event.order), timestamp: toRfc3339(event.at) };
  const { fill } = event;
  const full = fill ? { ...data, execution_id: fill.executionId, price: toText(fill.price), qty: toText(fill.qty), position_qty: toText(fill.positionQty) } : data;
  return { stream: 'trade_updates', data: full };
}

/** The account object. */
export function wireAccount(broker: Broker): WireObject {
  const figures = broker.venue.figures();
  const config = broker.config;
  const isMargin = config.multiplier === 2;
  const buyingPower = twoPlaces(figures.buyingPower);
  return {
    id: uuidOf(config.seed, 'account', 1), account_number: accountNumberOf(config.seed), status: 'ACTIVE', crypto_status: 'INACTIVE', currency: 'USD', cash: toText(figures.cash),
    portfolio_value: toText(figures.equity), equity: toText(figures.equity), last_equity: toText(figures.lastEquity),
    balance_asof: latestSession((latestSession(broker.now()).open - 1) as EpochMs).date,
    long_market_value: toText(figures.longMarketValue), short_market_value: toText(figures.shortMarketValue),
    position_market_value: toText(figures.longMarketValue.minus(figures.shortMarketValue)), buying_power: buyingPower,
    regt_buying_power: buyingPower, non_marginable_buying_power: twoPlaces(Decimal.max(0, figures.cash.minus(figures.reserved))), options_buying_power: '0',
    initial_margin: toText(figures.initialMargin), maintenance_margin: toText(figures.maintenanceMargin), last_maintenance_margin: '0', sma: '0', multiplier: String(config.multiplier),
    accrued_fees: '0', pending_transfer_in: '0', pending_transfer_out: '0', pending_reg_taf_fees: '0', intraday_adjustments: '0', trading_blocked: false, transfers_blocked: false,
    account_blocked: false, trade_suspended_by_user: false, shorting_enabled: config.isShortingEnabled && isMargin, options_approved_level: 0, options_trading_level: 0,
    created_at: toRfc3339(broker.market.startTime),
  };
}

/** A number such as PA3F29C11A7B: PA marks a paper account. */
export function accountNumberOf(seed: number): string {
  return `PA${uuidOf(seed, 'account', 1).replaceAll('-', '').slice(0, 10).toUpperCase()}`;
}

/** The account's configuration object. */
export function wireConfigurations(broker: Broker): WireObject {
  return {
    dtbp_check: 'entry', fractional_trading: true, max_margin_multiplier: String(broker.config.multiplier), no_shorting: !broker.config.isShortingEnabled, pdt_check: 'entry',
    ptp_no_exception_entry: false, suspend_trade: false, trade_confirm_email: 'none', max_options_trading_level: 0, disable_overnight_trading: true,
  };
}

/** A position object. Intraday gain counts from yesterday's close for what was held overnight, from the entry for the rest. */
export function wirePosition(broker: Broker, position: Position): WireObject {
  const { symbol } = position;
  const value = marketValue(broker.venue.state.account, position);
  const current = broker.venue.state.account.marks.get(symbol) ?? position.avgPrice ?? price('0');
  const entry = position.avgPrice ?? current;
  const previous = broker.previousClose(symbol);
  const lastDay = previous === null ? entry : price(String(previous));
  const overnight = Decimal.min(position.qty.abs(), broker.venue.overnightQuantity(symbol).abs()).times(position.qty.s);
  const cost = entry.times(position.qty);
  const intradayCost = lastDay.times(overnight).plus(entry.times(position.qty.minus(overnight)));
  const gain = value.minus(cost);
  const intradayGain = value.minus(intradayCost);
  return {
    asset_id: assetIdOf(symbol), symbol, exchange: broker.market.assets.get(symbol)?.exchange ?? 'NYSE', asset_class: 'us_equity', asset_marginable: true, qty: toText(position.qty),
    avg_entry_price: toText(entry), side: position.qty.lt(0) ? 'short' : 'long', market_value: toText(value), cost_basis: toText(cost), unrealized_pl: toText(gain),
    unrealized_plpc: ratio(gain, cost.abs()), unrealized_intraday_pl: toText(intradayGain), unrealized_intraday_plpc: ratio(intradayGain, intradayCost.abs()),
    current_price: toText(current), lastday_price: toText(lastDay), change_today: ratio(current.minus(lastDay), lastDay), qty_available: toText(availableQuantity(broker.venue, position)),
  };
}

/** An asset object. */
export function wireAsset(asset: ListedAsset): WireObject {
  return {
    id: assetIdOf(asset.symbol), class: 'us_equity', cusip: null, exchange: asset.exchange, symbol: asset.symbol, name: asset.name, status: 'active', tradable: true,
    marginable: true, maintenance_margin_requirement: 30, margin_requirement_long: '30', margin_requirement_short: '30', shortable: true, easy_to_borrow: true,
    borrow_status: 'easy_to_borrow', fractionable: true, attributes: [],
  };
}

/** A FILL activity. */
export function wireActivity(activity: ActivityText): WireObject {
  return {
    id: activity.id, activity_type: 'FILL', transaction_time: toRfc3339(activity.at), type: activity.kind, price: activity.price, qty: activity.qty, side: activity.side,
    symbol: activity.symbol, leaves_qty: activity.leavesQty, order_id: activity.orderId, cum_qty: activity.cumQty, order_status: activity.orderStatus,
  };
}

/** RFC 3339 with New York's offset, as the clock has it: `2024-07-01T09:30:00-04:00`. */
export function newYorkText(at: EpochMs): string {
  const { date, hour, minute, second, offsetMinutes } = toNewYork(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}-${two(Math.floor(-offsetMinutes / 60))}:${two(-offsetMinutes % 60)}`;
}

/** The clock object. */
export function wireClock(now: EpochMs): WireObject {
  return { timestamp: newYorkText(now), is_open: isInSession(now), next_open: newYorkText(nextOpen(now)), next_close: newYorkText(nextClose(now)) };
}

/** Calendar days in a range of civil days, both included. */
export function wireCalendar(from: string, to: string): readonly WireObject[] {
  const clockText = (at: EpochMs, separator: string): string => {
    const { hour, minute } = toNewYork(at);
    return `${String(hour).padStart(2, '0')}${separator}${String(minute).padStart(2, '0')}`;
  };
  return sessionsBetween(from, to).map((session: Session) => ({
    date: session.date, open: clockText(session.open, ':'), close: clockText(session.close, ':'), session_open: clockText(session.preMarketOpen, ''), session_close: clockText(session.afterHoursClose, ''),
    settlement_date: latestSession(nextOpen(session.open)).date,
  }));
}
