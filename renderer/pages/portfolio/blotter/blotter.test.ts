/** The blotter's logic: groups, chains, filters, words and changes of orders. */
import { describe, expect, it } from 'vitest';
import type { OrderView } from '#app/contracts/views.ts';
import { DENIAL_CODES } from '#app/domain/limits.ts';
import { ORDER_STATUSES } from '#app/domain/order.ts';
import { anOrder } from '../../../data/an-order.ts';
import { changeWords, editOf, isEditable, readEdit } from './edit.ts';
import { filterGroups, sourcesOf, statusKind } from './filters.ts';
import type { OrderFilter } from './filters.ts';
import { groupOrders, mergeOrders, rowsOf } from './groups.ts';
import { DENIAL_REMEDIES, messageOf, priceWords, roleWords, statusAbout, troubleOf, typeWords } from './words.ts';

const closed = (status: OrderView['status']): Partial<OrderView> => ({ status, isClosed: true });
const entry = anOrder('entry', { orderClass: 'bracket', ...closed('filled'), createdAt: 5 });
const target = anOrder('entry:take_profit', { role: 'take_profit', parentOrderId: 'entry', type: 'limit', limitPrice: '110', side: 'sell', createdAt: 5 });
const stop = anOrder('entry:stop_loss', { role: 'stop_loss', parentOrderId: 'entry', type: 'stop', stopPrice: '95', side: 'sell', status: 'held', createdAt: 5 });
const shape = (orders: readonly OrderView[]): unknown[] => rowsOf(groupOrders(orders), new Map()).map((row) => [row.kind, row.order.orderId]);

describe('groups', () => {
  it('put the exits beneath their entry, the take-profit first, unfolded while one lives', () => {
    expect(shape([stop, target, entry])).toEqual([['head', 'entry'], ['leg', 'entry:take_profit'], ['leg', 'entry:stop_loss']]);
    const over = [entry, { ...target, ...closed('filled') }, { ...stop, ...closed('canceled') }];
    expect(shape(over)).toEqual([['head', 'entry']]);
    expect(rowsOf(groupOrders(over), new Map([['entry', true]]))).toHaveLength(3);
  });
  it('fold what an order was before beneath what it is now; a refused change stands for itself', () => {
    const first = anOrder('a', { ...closed('replaced'), replacedByOrderId: 'b' });
    const second = anOrder('b', { ...closed('replaced'), replacesOrderId: 'a', replacedByOrderId: 'c' });
    const third = anOrder('c', { replacesOrderId: 'b' });
    expect(groupOrders([third, second, first]).map((group) => [group.order.orderId, group.past.map((order) => order.orderId)])).toEqual([['c', ['b', 'a']]]);
    expect(groupOrders([anOrder('e', { replacesOrderId: 'd', ...closed('rejected') }), anOrder('d')]).map((group) => group.order.orderId)).toEqual(['e', 'd']);
  });
  it('keep legs with the changed entry, and a changed leg with its entry', () => {
    const changed = anOrder('entry2', { orderClass: 'bracket', replacesOrderId: 'entry', createdAt: 6 });
    const moved = anOrder('entry:stop_loss:2', { role: 'stop_loss', parentOrderId: 'entry', replacesOrderId: 'entry:stop_loss', createdAt: 7 });
    expect(shape([moved, changed, { ...entry, ...closed('replaced'), replacedByOrderId: 'entry2' }, target, { ...stop, ...closed('replaced') }])).toEqual([['head', 'entry2'], ['leg', 'entry:take_profit'], ['leg', 'entry:stop_loss:2'], ['past', 'entry:stop_loss'], ['past', 'entry']]);
  });
  it('know a changed exit by the one that it replaced, over several changes', () => {
    const once = anOrder('r1', { ...closed('replaced'), replacesOrderId: 'entry:stop_loss', type: 'stop', stopPrice: '94', createdAt: 7 });
    const twice = anOrder('r2', { replacesOrderId: 'r1', type: 'stop', stopPrice: '93', status: 'held', createdAt: 8 });
    const rows = rowsOf(groupOrders([twice, once, entry, target, { ...stop, ...closed('replaced') }]), new Map());
    expect(rows.map((row) => [row.kind, row.order.orderId, row.order.role])).toEqual([['head', 'entry', 'order'], ['leg', 'entry:take_profit', 'take_profit'], ['leg', 'r2', 'stop_loss'], ['past', 'r1', 'stop_loss'], ['past', 'entry:stop_loss', 'stop_loss']]);
  });
  it('survive a leg without its entry and a chain that bites its tail', () => {
    expect(shape([stop])).toEqual([['head', 'entry:stop_loss']]);
    expect(shape([anOrder('x', { replacesOrderId: 'y' }), anOrder('y', { replacesOrderId: 'x' })])).toEqual([['head', 'x'], ['head', 'y']]);
  });
  it('take the later version of an order that came twice', () => {
    expect(mergeOrders([anOrder('a', { version: 3, status: 'filled' })], [anOrder('a', { version: 2 })]).map((order) => order.status)).toEqual(['filled']);
  });
});

describe('filters', () => {
  const filter = (change: Partial<OrderFilter>): OrderFilter => ({ scope: 'all', symbol: '', source: '', status: 'any', ...change });
  const day = Date.parse('2026-03-02T15:00:00Z');
  const groups = groupOrders([entry, target, stop, anOrder('old', { symbol: 'KO', source: 'manual', strategyId: null, ...closed('rejected'), tsMarket: day - 86_400_000 })]);
  const found = (change: Partial<OrderFilter>): string[] => filterGroups(groups, filter(change), day).map((group) => group.order.orderId);
  it('find a group by any of its orders', () => {
    expect([found({ scope: 'open' }), found({ symbol: 'k' }), found({ status: 'failed' }), found({ source: 'manual' })]).toEqual([['entry'], ['old'], ['old'], ['old']]);
    expect(found({ scope: 'today' })).toEqual(['entry']);
    expect(sourcesOf([entry, anOrder('m', { source: 'manual', strategyId: null })])).toEqual(['manual', 's']);
  });
  it('count an order whose answer is not known as unsure until it is closed', () => {
    expect([statusKind({ status: 'submitted', unknownSince: 1, isClosed: false }), statusKind({ status: 'filled', unknownSince: 1, isClosed: true }), statusKind({ status: 'held', unknownSince: null, isClosed: false })]).toEqual(['unsure', 'filled', 'working']);
  });
});

describe('words', () => {
  it('say what an order is', () => {
    expect([typeWords(stop), priceWords(stop), roleWords(stop), roleWords(entry), roleWords(anOrder('a'))]).toEqual(['Stop · day', '95.00', 'stop-loss', 'bracket', null]);
    expect(priceWords(anOrder('t', { type: 'trailing_stop', trailPercent: '2.5' }))).toBe('2.5 %');
  });
  it('explain every status and every denial', () => {
    for (const status of ORDER_STATUSES) expect(statusAbout({ status, unknownSince: null, isClosed: false }).length).toBeGreaterThan(10);
    for (const code of DENIAL_CODES) expect(DENIAL_REMEDIES[code].length).toBeGreaterThan(10);
    expect(statusAbout({ status: 'submitted', unknownSince: 1, isClosed: false })).toContain('never sent twice');
  });
  it('tell the reason of a failure and nothing of a success', () => {
    expect(troubleOf({ status: 'rejected', denialCode: null, reason: 'insufficient qty' })?.why).toBe('insufficient qty');
    expect(troubleOf({ status: 'filled', denialCode: null, reason: null })).toBeNull();
    expect([messageOf({ brokerOrderId: 'x', message: 'no' }), messageOf({ reason: '' })]).toEqual(['no', null]);
  });
});

describe('a change', () => {
  const limit = anOrder('l', { type: 'limit', limitPrice: '100', filledQty: '4' });
  it('carries what differs and nothing else', () => {
    expect(readEdit(limit, { qty: '10', limitPrice: '101' }).change).toEqual({ clientOrderId: 'ms-l', qty: null, limitPrice: '101', stopPrice: null, trail: null });
    expect(readEdit(limit, { qty: '10.0', limitPrice: '100.00' })).toEqual({ change: null, errors: {} });
  });
  it('is refused where the broker would refuse it', () => {
    expect(readEdit(limit, { qty: '4', limitPrice: '100' }).errors.qty).toContain('4 are filled');
    expect(readEdit(limit, { qty: 'x', limitPrice: '' }).errors).toEqual({ qty: 'Needs a number greater than zero', limitPrice: 'Needs a number greater than zero' });
    expect(readEdit(limit, { qty: '10', limitPrice: '100.001' }).errors.limitPrice).toContain('finer');
  });
  it('of a leg is judged by itself', () => {
    expect(readEdit({ ...stop, orderClass: 'bracket' }, { stopPrice: '96' })).toMatchObject({ change: { qty: null, stopPrice: '96' }, errors: {} });
  });
  it('offers the quantity only where the broker lets it be changed', () => {
    const fields = (change: Partial<OrderView>): string[] => Object.keys(editOf({ ...limit, ...change }));
    expect([fields({}), fields({ orderClass: 'bracket' }), fields({ role: 'take_profit' }), fields({ qty: '10.5' })]).toEqual([['qty', 'limitPrice'], ['limitPrice'], ['limitPrice'], ['limitPrice']]);
    expect(readEdit(limit, { qty: '9.5', limitPrice: '100' }).errors.qty).toContain('Whole shares');
  });
  it('is read back in a sentence', () => {
    expect(changeWords(limit, { clientOrderId: 'ms-l', qty: '8', limitPrice: '101' })).toBe('Change buy AAPL: quantity 10 to 8, limit 100 to 101');
  });
  it('waits while another is under way', () => {
    expect([isEditable(limit), isEditable({ ...limit, status: 'pending_replace' }), isEditable({ ...limit, unknownSince: 1 }), isEditable(stop), isEditable(anOrder('m')), isEditable({ ...limit, orderClass: 'oto' })]).toEqual([true, false, false, true, false, false]);
  });
});
