/** Two books that disagree in each way there is, and what is done about it. */
import { describe, expect, it } from 'vitest';
import { money, price, quantity } from '#app/domain/numeric.ts';
import { newOrderState, type OrderEvent } from '#app/domain/order.ts';
import { epochMs } from '#app/domain/time.ts';
import { afterPlan, foldEvents, planNews, type LocalOrder } from './news.ts';
import { compareHoldings, compareOrders, type OurOrder, type TheirFill, type TheirOrder } from './reconcile.ts';
import { invariant } from '#app/domain/errors.ts';

const ours = (events: readonly OrderEvent[], fields: Partial<OurOrder> = {}): OurOrder => {
  const state = foldEvents(newOrderState(quantity('10')), [{ kind: 'submitted' }, ...events]);
  invariant(state, 'a legal path');
  return { orderId: 'a', clientOrderId: 'ms-a', brokerOrderId: events.length > 0 ? 'b' : null, symbol: 'AAPL', side: 'buy', type: 'market', limitPrice: null, fills: [], lastCancelNewsAt: null, isKnownToBroker: events.length > 0, state, ...fields };
};
const theirs = (fields: Partial<TheirOrder> = {}): TheirOrder =>
  ({ id: 'b', clientOrderId: 'ms-a', symbol: 'AAPL', side: 'buy', type: 'market', qty: quantity('10'), limitPrice: null, status: 'new', filledQty: quantity('0'), updatedAt: epochMs(5), ...fields });
const fill = (id: string, qty: string, cum: string, order = 'b'): TheirFill => ({ executionId: id, brokerOrderId: order, symbol: 'AAPL', side: 'buy', qty: quantity(qty), price: price('10'), cumQty: quantity(cum), at: epochMs(4) });
const compare = (mine: readonly OurOrder[], given: { open?: TheirOrder[]; looked?: (TheirOrder | null)[]; fills?: TheirFill[] } = {}) =>
  compareOrders(mine, { open: given.open ?? [], looked: new Map((given.looked ?? []).map((order) => ['ms-a', order])), fills: given.fills ?? [] });

describe('orders', () => {
  it('agree: nothing to do', () => {
    expect(compare([ours([{ kind: 'accepted' }])], { open: [theirs()] })).toEqual({ actions: [], differences: [] });
  });
  it('adopts an order whose reply was lost, quietly', () => {
    const found = compare([ours([])], { open: [theirs()] });
    expect(found.actions).toMatchObject([{ kind: 'news', orderId: 'a', news: [{ kind: 'accepted' }] }]);
    expect(found.differences).toEqual([]);
  });
  it('books fills that came while we were away, in the order of their counts, then the end', () => {
    const found = compare([ours([{ kind: 'accepted' }])], { looked: [theirs({ status: 'canceled', filledQty: quantity('7') })], fills: [fill('e2', '4', '7'), fill('e1', '3', '3')] });
    expect(found.actions).toMatchObject([{ kind: 'news', news: [{ execution: { id: 'e1' } }, { execution: { id: 'e2' } }, { kind: 'canceled' }] }]);
    expect(found.differences).toMatchObject([{ kind: 'order_status' }]);
  });
  it('never books on top of the total of the broker, whatever the ids of the activities', () => {
    const partly = ours([{ kind: 'accepted' }, { kind: 'fill', qty: quantity('4'), price: price('10') }], { fills: [{ id: 's1', qty: quantity('4'), price: price('10'), cumQty: quantity('9'), source: 'stream' }] });
    expect(compare([partly], { open: [theirs({ status: 'partially_filled', filledQty: quantity('4') })], fills: [fill('x', '4', '4')] })).toEqual({ actions: [], differences: [] });
  });
  it('asks again when the activities lag behind the order', () => {
    const found = compare([ours([{ kind: 'accepted' }])], { looked: [theirs({ status: 'filled', filledQty: quantity('10') })] });
    expect(found.actions).toEqual([{ kind: 'look_up', orderId: 'a' }]);
    expect(found.differences).toMatchObject([{ kind: 'fill_missing', ours: '0', theirs: '10' }]);
  });
  it.each(['canceled', 'expired', 'replaced'])('does not end an order as %s before its fills are here: what it filled would be ordered again', (status) => {
    const there = theirs({ status, filledQty: quantity('7') });
    const open = ours([{ kind: 'accepted' }]);
    expect(compare([open], { looked: [there], fills: [fill('e1', '3', '3')] }).actions).toMatchObject([{ kind: 'news', news: [{ execution: { id: 'e1' } }] }, { kind: 'look_up' }]);
    expect(compare([ours([])], { looked: [there] }).actions).toMatchObject([{ kind: 'news', news: [{ kind: 'accepted' }] }, { kind: 'look_up' }]);
    expect(compare([open], { looked: [there], fills: [fill('e1', '3', '3'), fill('e2', '4', '7')] }).actions).toMatchObject([{ kind: 'news', news: [{}, {}, { kind: status }] }]);
  });
  it('leaves an unknown one to the resolver, and reports one that the broker has lost', () => {
    expect(compare([ours([])], { looked: [null] })).toEqual({ actions: [{ kind: 'look_up', orderId: 'a' }], differences: [] });
    expect(compare([ours([{ kind: 'accepted' }])], { looked: [null] }).differences).toMatchObject([{ kind: 'order_missing' }]);
  });
  it('cancels there what is closed here', () => {
    expect(compare([ours([{ kind: 'canceled' }])], { open: [theirs()] }).actions).toEqual([{ kind: 'cancel', brokerOrderId: 'b' }]);
  });
  it('touches no order with other fields', () => {
    const found = compare([ours([])], { open: [theirs({ qty: quantity('11') })] });
    expect(found.actions).toEqual([]);
    expect(found.differences.map((one) => one.kind)).toEqual(['order_fields']);
  });
  it('lets terms move once the id of the broker is proof: a leg shrinks, a stop that buys becomes a stop-limit', () => {
    const leg = ours([{ kind: 'accepted' }], { type: 'stop', role: 'stop_loss' });
    expect(compare([leg], { open: [theirs({ qty: quantity('4'), type: 'stop_limit', limitPrice: price('9') })] }).actions).toMatchObject([{ kind: 'news', news: [{ qty: quantity('4') }] }]);
    expect(compare([ours([], { type: 'stop' })], { open: [theirs({ type: 'stop_limit', limitPrice: price('9') })] }).differences).toEqual([]);
    expect(compare([leg], { open: [theirs({ side: 'sell', type: 'stop' })] }).differences).toMatchObject([{ kind: 'order_fields' }]);
  });
});

describe('an order in the place of another that filled until the change took effect', () => {
  const known = ours([{ kind: 'accepted' }], { replacesOrderId: 'old' });
  const shrunk = (fields: Partial<TheirOrder> = {}): TheirOrder => theirs({ qty: quantity('7'), replaces: 'old-there', ...fields });
  const outcome = (order: OurOrder, there: TheirOrder, fills: TheirFill[] = []): { status: string; qty: string } => {
    let local: LocalOrder = order;
    const [action] = compare([order], { looked: [there], fills }).actions;
    invariant(action?.kind === 'news', 'it is booked');
    for (const news of action.news) local = afterPlan(local, news, planNews(local, news));
    return { status: local.state.status, qty: local.state.qty.toString() };
  };
  it('shrinks when the stream did not tell', () => {
    expect(outcome(known, shrunk())).toEqual({ status: 'accepted', qty: '7' });
  });
  it('is filled when the smaller quantity is', () => {
    expect(outcome(known, shrunk({ status: 'filled', filledQty: quantity('7') }), [fill('e1', '3', '3'), fill('e2', '4', '7')])).toEqual({ status: 'filled', qty: '7' });
    const booked = ours([{ kind: 'accepted' }, { kind: 'fill', qty: quantity('7'), price: price('10') }], { replacesOrderId: 'old' });
    expect(outcome(booked, shrunk({ status: 'filled', filledQty: quantity('7') }))).toEqual({ status: 'filled', qty: '7' });
  });
  it('is ours when the answer to the change was lost, too; only a smaller one, and only a replacement', () => {
    const unheard = ours([], { replacesOrderId: 'old' });
    expect(compare([unheard], { looked: [shrunk()] })).toMatchObject({ actions: [{ kind: 'news' }], differences: [] });
    expect(compare([unheard], { looked: [shrunk({ qty: quantity('11') })] }).differences).toMatchObject([{ kind: 'order_fields' }]);
    expect(compare([unheard], { looked: [shrunk({ replaces: null })] }).differences).toMatchObject([{ kind: 'order_fields' }]);
    expect(compare([ours([])], { looked: [shrunk()] }).differences).toMatchObject([{ kind: 'order_fields' }]);
  });
});

describe('orders placed elsewhere', () => {
  const foreign = (fields: Partial<TheirOrder> = {}) => theirs({ id: 'c', clientOrderId: 'web-1', ...fields });
  it('are taken over with their fills, the oldest first', () => {
    const found = compare([], { open: [foreign({ filledQty: quantity('7'), status: 'partially_filled' })], fills: [fill('e2', '4', '7', 'c'), fill('e1', '3', '3', 'c')] });
    expect(found.actions).toMatchObject([{ kind: 'adopt', brokerOrderId: 'c', qty: quantity('10'), news: [{ execution: { id: 'e1' } }, { execution: { id: 'e2' } }, { kind: 'accepted' }] }]);
    expect(found.differences).toMatchObject([{ kind: 'foreign_order', action: 'placed elsewhere; taken over into our book' }]);
  });
  it('wait while the activities do not tell all their fills', () => {
    const found = compare([], { open: [foreign({ filledQty: quantity('7') })], fills: [fill('e1', '3', '3', 'c')] });
    expect([found.actions, found.differences.map((one) => one.action)]).toEqual([[], ['placed elsewhere; taken over when its fills are in the activities']]);
  });
  it('by dollars are taken over when they are done, with what they filled', () => {
    const open = foreign({ qty: null });
    expect(compare([], { open: [open] }).actions).toEqual([]);
    const done = compareOrders([], { open: [], looked: new Map(), fills: [fill('e1', '2.5', '2.5', 'c')], found: [foreign({ qty: null, status: 'filled', filledQty: quantity('2.5') })] });
    expect(done.actions).toMatchObject([{ kind: 'adopt', qty: quantity('2.5') }]);
  });
  it('that ended without a fill are nothing', () => {
    expect(compareOrders([], { open: [], looked: new Map(), fills: [], found: [foreign({ qty: null, status: 'canceled' })] })).toEqual({ actions: [], differences: [] });
  });
  it('are not taken over twice, and legs of ours not at all', () => {
    const known = ours([{ kind: 'accepted' }], { orderId: 'broker:c', clientOrderId: 'web-1', brokerOrderId: 'c' });
    expect(compare([known], { open: [foreign()] })).toEqual({ actions: [], differences: [] });
    expect(compareOrders([], { open: [foreign()], looked: new Map(), fills: [fill('e', '1', '1', 'c')], legs: new Set(['c']) })).toEqual({ actions: [], differences: [] });
  });
  it('whose order the broker does not show stay a difference', () => {
    expect(compare([], { fills: [fill('e', '1', '1', 'zz')] })).toMatchObject({ actions: [], differences: [{ kind: 'foreign_fill', subject: 'zz' }] });
  });
});

describe('holdings', () => {
  const holdings = (positions: Record<string, string>, cash: string) => ({ positions: new Map(Object.entries(positions).map(([symbol, qty]) => [symbol, quantity(qty)])), cash: money(cash) });
  it('agree to the last digit, flat positions aside', () => {
    expect(compareHoldings(holdings({ A: '1.000000001', B: '0' }, '5'), holdings({ A: '1.000000001' }, '5.0'))).toEqual([]);
  });
  it('name what differs', () => {
    expect(compareHoldings(holdings({ A: '1' }, '5'), holdings({ A: '1.000000001', C: '-2' }, '5.01')).map((one) => [one.kind, one.subject])).toEqual([['position', 'A'], ['position', 'C'], ['cash', 'USD']]);
  });
});
