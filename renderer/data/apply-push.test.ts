/** Pushes into lists: newer replaces, older is ignored, nothing is counted twice. */
import { describe, expect, it } from 'vitest';
import type { LivePrice, LiveQuote } from '#app/contracts/live.ts';
import type { FillView, OrderView } from '#app/contracts/views.ts';
import { anOrder } from './an-order.ts';
import { applyEquity, applyFills, applyOrders, applyNewest, applyToPages } from './apply-push.ts';

const order = (orderId: string, version: number, change: Partial<OrderView> = {}): OrderView => anOrder(orderId, { version, createdAt: Number(orderId), ...change });
const fill = (fillId: string, ledgerSeq: number): FillView => ({ fillId, orderId: '1', clientOrderId: 'c', strategyId: null, symbol: 'AAPL', side: 'buy', qty: '1', price: '1', fee: '0', ledgerSeq, tsEvent: 1, tsSeen: 1, source: 'stream', referencePrice: '1', realizedPnl: null });

describe('applyOrders', () => {
  const list = { orders: [order('2', 3), order('1', 5)], openTotal: 2, total: 2 };
  it('puts a new order first and counts it once', () => {
    const once = applyOrders(list, [order('3', 1)], 'all');
    expect([once.orders.map((row) => row.orderId), once.total, once.openTotal]).toEqual([['3', '2', '1'], 3, 3]);
    expect(applyOrders(once, [order('3', 1)], 'all')).toEqual(once);
  });
  it('counts a new order whose first version was missed, and no old one', () => {
    expect(applyOrders(list, [order('4', 3)], 'all')).toMatchObject({ total: 3, openTotal: 3 });
    expect(applyOrders(list, [order('0', 3)], 'all')).toMatchObject({ total: 2, openTotal: 2 });
  });
  it('ignores an older version and takes a newer one', () => {
    expect(applyOrders(list, [order('1', 4, { status: 'submitted' })], 'all').orders[1]?.status).toBe('accepted');
    const closed = applyOrders(list, [order('1', 6, { status: 'filled', isClosed: true })], 'open');
    expect([closed.orders.map((row) => row.orderId), closed.openTotal]).toEqual([['2'], 1]);
  });
});

describe('applyFills', () => {
  it('takes each fill once, newest first', () => {
    const list = applyFills({ fills: [fill('a', 1)], total: 1 }, [fill('a', 1), fill('b', 2)]);
    expect([list.fills.map((row) => row.fillId), list.total]).toEqual([['b', 'a'], 2]);
  });
});

describe('applyEquity', () => {
  it('appends, and replaces what is told again', () => {
    expect(applyEquity([[1, 10, null], [2, 11, null]], [[2, 12, null], [3, 13, null]])).toEqual([[1, 10, null], [2, 12, null], [3, 13, null]]);
    expect(applyEquity([[1, 10, null]], [])).toEqual([[1, 10, null]]);
  });
});

describe('applyNewest', () => {
  it('never goes back in market time', () => {
    const price = (value: string, tsMarket: number) => ({ symbol: 'AAPL', price: value, tsMarket, tsSeen: 0 });
    const known = applyNewest(new Map<string, LivePrice>(), [price('2', 20)]);
    expect(applyNewest(known, [price('1', 10)]).get('AAPL')?.price).toBe('2');
    expect(applyNewest(known, [price('3', 20)]).get('AAPL')?.price).toBe('3');
    const quote = (bid: number, tsMarket: number): LiveQuote => ({ symbol: 'AAPL', bid, bidSize: 1, ask: bid + 1, askSize: 1, tsMarket, tsSeen: 0 });
    expect(applyNewest(new Map([['AAPL', quote(9, 20)]]), [quote(8, 10)]).get('AAPL')?.bid).toBe(9);
  });
});

describe('older pages', () => {
  it('take a newer version where they hold the order, and nothing else', () => {
    const pages = [{ orders: [anOrder('a', { version: 3 })] }, { orders: [anOrder('b', { version: 3 })] }];
    const after = applyToPages(pages, [anOrder('b', { version: 4, status: 'filled' }), anOrder('a', { version: 2, status: 'submitted' }), anOrder('new')]);
    expect(after.map((page) => page.orders.map(({ orderId, version }) => [orderId, version]))).toEqual([[['a', 3]], [['b', 4]]]);
    expect(applyToPages(pages, [anOrder('new')])[0]).toBe(pages[0]);
  });
});
