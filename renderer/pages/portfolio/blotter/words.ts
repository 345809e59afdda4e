/** Orders in words: what they are, where they stand, why they failed and what to do about it. Pure. */
import type { OrderStory, OrderView } from '#app/contracts/views.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import type { OrderEventKind, OrderStatus, OrderType } from '#app/domain/order.ts';
import { price, quantity } from '../../../ui/format.ts';

/** Tones of a status. */
export const STATUS_TONES: Readonly<Record<OrderStatus, 'good' | 'warn' | 'bad' | 'idle' | 'busy'>> = {
  initialized: 'warn', submitted: 'busy', held: 'idle', accepted: 'busy', partially_filled: 'busy', pending_cancel: 'warn', pending_replace: 'warn', filled: 'good', canceled: 'idle', expired: 'idle', rejected: 'bad', denied: 'bad', replaced: 'idle',
};
/** A status in a word or two. */
export const STATUS_WORDS: Readonly<Record<OrderStatus, string>> = {
  initialized: 'not sent yet', submitted: 'sent', held: 'held', accepted: 'working', partially_filled: 'part filled', pending_cancel: 'canceling', pending_replace: 'changing', filled: 'filled', canceled: 'canceled', expired: 'expired', rejected: 'rejected', denied: 'denied', replaced: 'replaced',
};
const STATUS_ABOUT: Readonly<Record<OrderStatus, string>> = {
  initialized: 'Approved and written down; it waits until orders may go out', submitted: 'On its way: the broker has not answered yet', held: 'The broker has it and works it once its entry is filled', accepted: 'Working at the broker', partially_filled: 'Working; a part is filled',
  pending_cancel: 'A cancel was asked for; until the broker confirms, it may still fill', pending_replace: 'A change was asked for; until the broker confirms, the old terms stand', filled: 'All of it is filled', canceled: 'Ended before it was filled completely',
  expired: 'Its time ran out', rejected: 'The broker refused it', denied: 'Mainspring did not send it', replaced: 'A changed order took its place',
};

/** What a status means, in a sentence; an unknown outcome says so. */
export function statusAbout(order: Pick<OrderView, 'status' | 'unknownSince' | 'isClosed'>): string {
  if (order.unknownSince !== null && !order.isClosed) return 'The broker did not answer in time. It is asked under the order’s own id until it is known whether the order stands; it is never sent twice';
  return STATUS_ABOUT[order.status];
}

const TYPE_WORDS: Readonly<Record<OrderType, string>> = { market: 'Market', limit: 'Limit', stop: 'Stop', stop_limit: 'Stop limit', trailing_stop: 'Trailing stop' };
type Terms = Pick<OrderView, 'type' | 'limitPrice' | 'stopPrice' | 'trailPrice' | 'trailPercent'>;

/** The prices of an order, without its type; '' for a market order. */
export function priceWords(order: Terms): string {
  switch (order.type) {
    case 'market': return '';
    case 'limit': return price(order.limitPrice);
    case 'stop': return price(order.stopPrice);
    case 'stop_limit': return `${price(order.stopPrice)} / ${price(order.limitPrice)}`;
    case 'trailing_stop': return order.trailPercent !== null ? `${quantity(order.trailPercent)} %` : price(order.trailPrice);
  }
}

/** Type and time in force: "Stop limit · GTC". */
export function typeWords(order: Pick<OrderView, 'type' | 'timeInForce' | 'extendedHours'>): string {
  return `${TYPE_WORDS[order.type]} · ${order.timeInForce === 'day' ? 'day' : order.timeInForce.toUpperCase()}${order.extendedHours ? ' · extended' : ''}`;
}

/** What a leg is to its entry; an entry's class when it has exits; null for an order alone. */
export function roleWords(order: Pick<OrderView, 'role' | 'orderClass'>): string | null {
  if (order.role === 'take_profit') return 'take-profit';
  if (order.role === 'stop_loss') return 'stop-loss';
  return order.orderClass === 'simple' ? null : order.orderClass === 'bracket' ? 'bracket' : order.orderClass.toUpperCase();
}

/** The price that must be reached before the order trades; null for market and trailing orders. */
export function triggerOf(order: Terms): string | null {
  return order.type === 'limit' ? order.limitPrice : order.type === 'stop' || order.type === 'stop_limit' ? order.stopPrice : null;
}

/** Where an order came from. */
export function sourceOf(order: Pick<OrderView, 'source' | 'strategyId'>): string {
  return order.strategyId !== null && order.strategyId !== '' ? order.strategyId : order.source;
}

const EVENT_WORDS: Readonly<Record<OrderEventKind, string>> = {
  initialized: 'Approved and written down', adopted: 'Found at the broker', submitted: 'Sent to the broker', outcome_unknown: 'No answer: outcome not known', held: 'Held by the broker', accepted: 'Accepted by the broker', rejected: 'Rejected by the broker',
  denied: 'Not sent: denied', fill: 'Filled', restated: 'Quantity restated by the broker', cancel_requested: 'Cancel asked for', cancel_rejected: 'Cancel refused', replace_requested: 'Change asked for', replace_rejected: 'Change refused; the old terms stand',
  canceled: 'Canceled', expired: 'Expired', replaced: 'Replaced by the changed order',
};
/** What happened, in words. */
export function eventWords(event: Pick<OrderStory['events'][number], 'kind' | 'filledQty'>): string {
  return event.kind === 'fill' ? `Filled, ${quantity(event.filledQty)} in all` : EVENT_WORDS[event.kind];
}

const TELLERS: Readonly<Record<string, string>> = { local: 'Mainspring', stream: 'broker, live', rest: 'broker, asked', activities: 'broker’s activities', reconcile: 'reconciliation' };
/** Who told of it. */
export function tellerWords(source: string): string {
  return TELLERS[source] ?? source.replaceAll('_', ' ');
}

/** What the broker, or we, said about an event: the first of the usual names in its detail. */
export function messageOf(detail: Readonly<Record<string, unknown>>): string | null {
  for (const key of ['message', 'brokerMessage', 'reason', 'error']) {
    const text = detail[key];
    if (typeof text === 'string' && text !== '') return text;
  }
  return null;
}

/** What to do about a denial. */
export const DENIAL_REMEDIES: Readonly<Record<DenialCode, string>> = {
  TRADING_HALTED: 'Resume trading, with a reason, when it is right to trade again.', TRADING_REDUCING_ONLY: 'Only orders that reduce a position pass now. Resume trading to open new ones.', LIVE_DISARMED: 'Arm live trading; the time it stays armed is yours to choose.',
  RISK_LEASE_STALE: 'Risk management was away. Look at the health panel; once it is back the order can be placed again.', APPROVAL_EXPIRED: 'The approval waited too long to be sent. Place the order again at today’s price.', STREAM_RECONCILING: 'The books were being compared with the broker’s. Try again in a few seconds.',
  ORDER_TERMS_INVALID: 'The broker takes no such order. Change its type, time in force or exits.', SUB_PENNY: 'Round the price: two digits after the point from one dollar, four below.', SYMBOL_NOT_TRADABLE: 'The broker does not trade this symbol now.', PRICE_MISSING: 'There is no price of this symbol yet. Watch it, then try again.',
  DATA_STALE: 'The newest price is too old to decide on. Look at the data feed on the health panel.', SESSION_CLOSED: 'Wait for the session, or use a limit order for extended hours.', PRICE_COLLAR_EXCEEDED: 'The price lies far from the market. Check it for a slip of the finger, or widen the collar in the limits.',
  STOP_WRONG_SIDE: 'The stop would trade at once: put it on the other side of the price.', QUANTITY_ZERO: 'Nothing is left to order after sizing. Order more, or check the sizing of the strategy.', NOTHING_TO_EXIT: 'There is no position to close.', EXIT_PENDING: 'An exit of this position is on its way already. Follow that one, or cancel it first.',
  TARGET_ALREADY_HELD: 'The strategy holds what it wants.', ORDER_NOT_REPLACEABLE: 'The order is closed, or a cancel or change of it is under way. Look at its timeline.', OPPOSITE_ORDER_OPEN: 'An order on the other side is open and both could trade with each other. Cancel it first.',
  SHORT_NOT_ALLOWED: 'Selling more than is held is switched off. Sell less, or allow short positions in the limits.', BUYING_POWER_EXCEEDED: 'Order less, or free money: cancel open orders or close a position.', MARGIN_HEADROOM_EXCEEDED: 'Order less: too little of the equity would stay above the maintenance margin.',
  ORDER_NOTIONAL_EXCEEDED: 'Order less, or raise the largest order in the limits.', ORDER_QUANTITY_EXCEEDED: 'Order fewer shares, or raise the limit.', POSITION_NOTIONAL_EXCEEDED: 'The position would become too large. Order less, or raise the limit.', GROSS_EXPOSURE_EXCEEDED: 'Close something first, or raise the limit of gross exposure.',
  NET_EXPOSURE_EXCEEDED: 'Long and short would be too far apart. Close something first, or raise the limit.', STRATEGY_NOTIONAL_EXCEEDED: 'The strategy would hold more than its own limit. Close a part of it, or raise its limit on the author page.', ORDERS_PER_DAY_EXCEEDED: 'No more entries today; exits always pass.',
  STRATEGY_ORDERS_PER_DAY_EXCEEDED: 'The strategy has used up its entries of today; its exits always pass.', STRATEGY_STOPPED: 'The strategy is paused or stopped: its exits pass, nothing new is opened until you start it.', DAILY_LOSS_EXCEEDED: 'The day’s loss has reached its limit: only exits pass until the next session.', DRAWDOWN_EXCEEDED: 'The equity has fallen too far from its highest point: only exits pass until you resume trading.',
};

/** Why an order failed and what to do; null for one that did not fail. */
export function troubleOf(order: Pick<OrderView, 'status' | 'denialCode' | 'reason'>): { why: string; remedy: string } | null {
  if (order.status !== 'rejected' && order.status !== 'denied') return null;
  const why = order.reason ?? (order.status === 'rejected' ? 'The broker gave no reason' : 'No reason was kept');
  if (order.denialCode !== null) return { why, remedy: DENIAL_REMEDIES[order.denialCode] };
  return { why, remedy: 'Nothing was traded. Mend what the broker names, then place the order again.' };
}
