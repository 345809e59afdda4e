/** Pushes that cross an answer on its way are not lost. */
import { describe, expect, it } from 'vitest';
import type { LiveBody } from '#app/contracts/live.ts';
import { anOrder } from './an-order.ts';
import { applyToPages, mergeOf } from './apply-push.ts';
import type { Merge, OrderList } from './apply-push.ts';
import { askAmidPushes, tellThoseUnderWay } from './crossing.ts';

const KEY = ['orders', 'all'];
const merge = mergeOf(KEY) as Merge<OrderList>;
const tell = (body: LiveBody, outdated: readonly string[] = []): void => tellThoseUnderWay({ body, isOutdated: (key) => outdated.includes(String(key[0])) });
const list = (...ids: string[]): OrderList => ({ orders: ids.map((id) => anOrder(id)), openTotal: ids.length, total: ids.length });
const names = (known: OrderList): string[] => known.orders.map((order) => order.orderId).sort();

describe('an answer that was read before a push', () => {
  it('takes the rows that were pushed while it travelled, in their order', async () => {
    const answer = await askAmidPushes(KEY, () => {
      tell({ type: 'orders', orders: [anOrder('stop', { version: 1, status: 'held' })] });
      tell({ type: 'orders', orders: [anOrder('stop', { version: 2, status: 'accepted' })] });
      return Promise.resolve(list('entry'));
    }, merge);
    expect(names(answer)).toEqual(['entry', 'stop']);
    expect([answer.orders.find((order) => order.orderId === 'stop')?.status, answer.total, answer.openTotal]).toEqual(['accepted', 2, 2]);
  });

  it('is left alone by pushes before the question, after the answer, and of other kinds', async () => {
    tell({ type: 'orders', orders: [anOrder('before')] });
    const known = list('entry');
    const answer = await askAmidPushes(KEY, () => {
      tell({ type: 'positions', positions: [] });
      return Promise.resolve(known);
    }, merge);
    tell({ type: 'orders', orders: [anOrder('after')] });
    expect(answer).toBe(known);
  });

  it('is asked for again when a push says that it is wrong, a few times at most', async () => {
    let asked = 0;
    const ask = (wrongUntil: number) => (): Promise<OrderList> => {
      asked += 1;
      if (asked <= wrongUntil) tell({ type: 'resync', reason: 'test' }, ['orders']);
      return Promise.resolve(list(`answer ${asked}`));
    };
    expect(names(await askAmidPushes(KEY, ask(1), merge))).toEqual(['answer 2']);
    asked = 0;
    expect(names(await askAmidPushes(KEY, ask(99), merge))).toEqual(['answer 3']);
  });

  it('fails as its question does, and hears nothing more', async () => {
    await expect(askAmidPushes(KEY, () => Promise.reject(new Error('no answer')), merge)).rejects.toThrow('no answer');
    expect(() => { tell({ type: 'orders', orders: [anOrder('later')] }); }).not.toThrow();
  });

  it('keeps the version of an older page that was pushed meanwhile', async () => {
    const page = { ...list('old') };
    const answer = await askAmidPushes(['orders older', 'all'], () => {
      tell({ type: 'orders', orders: [anOrder('old', { version: 9, status: 'canceled' })] });
      return Promise.resolve(page);
    }, (known, body) => (body.type === 'orders' ? (applyToPages([known], body.orders)[0] ?? known) : known));
    expect(answer.orders[0]?.status).toBe('canceled');
  });
});
