/** Account, positions and activities as Alpaca writes them. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { Decimal, price, toText } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import { exchangeDay, latestSession } from '#app/market/calendar.ts';
import { marketValue } from '#app/backtest/account.ts';
import { uuidOf } from '#app/backtest/venue-ids.ts';
import { availableQuantity } from '#app/backtest/venue.ts';
import type { Broker } from './broker.ts';
import type { ActivityText, OtherActivityText } from './journal-queries.ts';
import { assetIdOf } from './market.ts';
import { ratio, twoPlaces, type WireObject } from './wire-common.ts';

/** The account object. */
export function wireAccount(broker: Broker): WireObject {
  const figures = broker.venue.figures();
  const { config } = broker;
  const settings = broker.venue.state.settings;
  const buyingPower = twoPlaces(figures.buyingPower);
  return {
    id: accountIdOf(config.seed), account_number: accountNumberOf(config.seed), status: 'ACTIVE', crypto_status: 'INACTIVE', currency: 'USD', cash: toText(figures.cash),
    portfolio_value: toText(figures.equity), equity: toText(figures.equity), last_equity: toText(figures.lastEquity),
    balance_asof: latestSession((latestSession(broker.now()).open - 1) as EpochMs).date,
    long_market_value: toText(figures.longMarketValue), short_market_value: toText(figures.shortMarketValue),
    position_market_value: toText(figures.longMarketValue.minus(figures.shortMarketValue)), buying_power: buyingPower,
    regt_buying_power: twoPlaces(figures.regtBuyingPower), non_marginable_buying_power: twoPlaces(figures.nonMarginableBuyingPower), options_buying_power: '0',
    initial_margin: toText(figures.initialMargin), maintenance_margin: toText(figures.maintenanceMargin), last_maintenance_margin: toText(figures.lastMaintenanceMargin), sma: toText(figures.sma), multiplier: String(figures.multiplier),
    accrued_fees: toText(figures.accruedFees), pending_transfer_in: '0', pending_transfer_out: '0', pending_reg_taf_fees: toText(figures.accruedFees), intraday_adjustments: '0', trading_blocked: settings.tradingBlocked, transfers_blocked: false,
    account_blocked: false, trade_suspended_by_user: settings.suspendTrade, shorting_enabled: config.isShortingEnabled && !settings.noShorting && figures.multiplier > 1,
    options_approved_level: 0, options_trading_level: 0, created_at: toRfc3339(broker.market.startTime),
  };
}

/** The account's id, the same for the same seed. */
export function accountIdOf(seed: number): string {
  return uuidOf(seed, 'account', 1);
}

/** A number such as PA3F29C11A7B: PA marks a paper account. */
export function accountNumberOf(seed: number): string {
  return `PA${accountIdOf(seed).replaceAll('-', '').slice(0, 10).toUpperCase()}`;
}

/** Configuration without effect on trading here, as a fresh account has it. */
export const DEFAULT_PREFERENCES = { dtbp_check: 'entry', pdt_check: 'entry', ptp_no_exception_entry: false, trade_confirm_email: 'none', max_options_trading_level: 0, disable_overnight_trading: true };

/** The account's configuration object. */
export function wireConfigurations(broker: Broker): WireObject {
  const settings = broker.venue.state.settings;
  return {
    ...DEFAULT_PREFERENCES, ...broker.journal.lists.preferences(), fractional_trading: settings.fractionalTrading, max_margin_multiplier: String(settings.maxMarginMultiplier),
    no_shorting: settings.noShorting, suspend_trade: settings.suspendTrade,
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
    asset_id: assetIdOf(symbol), symbol, exchange: broker.market.assets.get(symbol)?.exchange ?? 'NYSE', asset_class: 'us_equity', asset_marginable: broker.asset(symbol)?.isMarginable ?? true,
    qty: toText(position.qty), avg_entry_price: toText(entry), side: position.qty.lt(0) ? 'short' : 'long', market_value: toText(value), cost_basis: toText(cost), unrealized_pl: toText(gain),
    unrealized_plpc: ratio(gain, cost.abs()), unrealized_intraday_pl: toText(intradayGain), unrealized_intraday_plpc: ratio(intradayGain, intradayCost.abs()),
    current_price: toText(current), lastday_price: toText(lastDay), change_today: ratio(current.minus(lastDay), lastDay), qty_available: toText(availableQuantity(broker.venue, position)),
  };
}

/** Alpaca's finer classification, where there is one. Cash in place of a part of a share comes among the miscellaneous ones. */
function subType(activity: OtherActivityText): WireObject {
  if (activity.type === 'DIV') return { activity_sub_type: 'CDIV' };
  if (activity.type === 'SPLIT') return { activity_sub_type: (activity.qty ?? '').startsWith('-') ? 'RSPLIT' : 'FSPLIT' };
  if (activity.type === 'FEE') return { activity_sub_type: /\bTAF\b/.test(activity.description) ? 'TAF' : 'REG' };
  return {};
}

/** An activity: a FILL, or a non-trade activity. */
export function wireActivity(activity: ActivityText): WireObject {
  if (activity.type === 'FILL') {
    return {
      id: activity.id, activity_type: 'FILL', transaction_time: toRfc3339(activity.at), type: activity.kind, price: activity.price, qty: activity.qty, side: activity.side,
      symbol: activity.symbol, leaves_qty: activity.leavesQty, order_id: activity.orderId, cum_qty: activity.cumQty, order_status: activity.orderStatus,
    };
  }
  return {
    id: activity.id, activity_type: activity.type === 'CIL' ? 'MISC' : activity.type, ...subType(activity), date: exchangeDay(activity.at), created_at: toRfc3339(activity.at), currency: 'USD', net_amount: activity.netAmount,
    ...(activity.symbol === null ? {} : { symbol: activity.symbol }), ...(activity.qty === null ? {} : { qty: activity.qty }),
    ...(activity.perShareAmount === null ? {} : { per_share_amount: activity.perShareAmount }), description: activity.description, status: 'executed',
  };
}
