/** When an order may take another's place, and what is asked of the broker. */
import { describe, expect, it } from 'vitest';
import { price, quantity, type Price, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS } from '#app/domain/order-terms.ts';
import { newOrderState, ORDER_STATUSES, isClosed, type OrderStatus } from '#app/domain/order.ts';
import { epochMs } from '#app/domain/time.ts';
import type { Order } from './orders.ts';
import { judgeReplace, replaceTicketOf } from './replacing.ts';

const limit = (dollars: string) => ({ ...MARKET_TERMS, type: 'limit', timeInForce: 'gtc', limitPrice: price(dollars) as Price | null }) as const;
const orderOf = (id: string, qty: string, fields: Partial<Order> = {}): Order => ({
  orderId: id, clientOrderId: `ms-${id}`, decisionId: id, brokerOrderId: null, source: 'manual', strategyId: null, signalId: null, symbol: 'AAPL', side: 'buy', terms: limit('100'), role: 'order', parentOrderId: null,
  replacesOrderId: null, isReducing: false, state: newOrderState(quantity(qty)), denialCode: null, reason: null, tsMarket: epochMs(1), tsBarSeen: null, unknownSince: null, ...fields,
});
const old = (status: OrderStatus, filled = '0', fields: Partial<Order> = {}): Order => {
  const order = orderOf('old', '10', { brokerOrderId: status === 'initialized' || status === 'submitted' ? null : 'o-1', ...fields });
  return { ...order, state: { ...order.state, status, filledQty: quantity(filled) } };
};
const fresh = (qty = '10', fields: Partial<Order> = {}): Order => orderOf('new', qty, { terms: limit('101'), replacesOrderId: 'old', ...fields });

describe('replacing', () => {
  it.each(ORDER_STATUSES)('decides about every status of the old order: %s', (status) => {
    const kinds = { initialized: 'post', submitted: 'wait', held: 'patch', accepted: 'patch', partially_filled: 'patch' } as const;
    const expected = status in kinds ? kinds[status as keyof typeof kinds] : 'deny';
    expect(judgeReplace(fresh(), old(status), quantity('0')).kind).toBe(expected);
    if (isClosed(status) || expected === 'deny') expect(judgeReplace(fresh(), old(status), null)).toMatchObject({ code: 'ORDER_NOT_REPLACEABLE' });
  });
  it.each<[string, string, Quantity | null, string]>([
    ['as much as the decision knew', '7', quantity('3'), 'patch'], ['more than the decision knew', '7', quantity('2'), 'deny'], ['not told, within what is left', '7', null, 'patch'],
    ['not told, beyond what is left', '8', null, 'deny'],
  ])('never fills beyond what was wanted when the old one had filled 3: %s', (_, qty, then, kind) => {
    expect(judgeReplace(fresh(qty), old('partially_filled', '3'), then).kind).toBe(kind);
  });
  it('changes only an order of the same symbol, side and type', () => {
    for (const fields of [{ symbol: 'MSFT' }, { side: 'sell' }, { terms: MARKET_TERMS }] as const) expect(judgeReplace(fresh('10', fields), old('accepted'), null).kind).toBe('deny');
  });
  it('posts again, after a crash, what took the place of an order that never left', () => {
    expect(judgeReplace(fresh(), old('canceled', '0', { brokerOrderId: null, reason: 'replaced by ms-new before it left' }), null).kind).toBe('post');
    expect(judgeReplace(fresh(), old('canceled', '0', { brokerOrderId: null, reason: 'canceled by ann' }), null).kind).toBe('deny');
  });
  it('sends the prices, and a quantity only when it changes', () => {
    expect(replaceTicketOf(fresh(), old('accepted'))).toEqual({ brokerOrderId: 'o-1', clientOrderId: 'ms-new', qty: null, limitPrice: price('101'), stopPrice: null, trail: null, timeInForce: null });
    expect(replaceTicketOf(fresh('7'), old('partially_filled', '3')).qty?.toString()).toBe('7');
    const trailing = { ...MARKET_TERMS, type: 'trailing_stop', trailPercent: price('2') } as const;
    const ticket = replaceTicketOf(fresh('10', { terms: { ...trailing, trailPercent: price('3'), timeInForce: 'gtc' } }), old('accepted', '0', { terms: trailing }));
    expect([ticket.trail?.toString(), ticket.timeInForce]).toEqual(['3', 'gtc']);
  });
});
