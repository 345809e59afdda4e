/** Waiting for runs: all with one question, an end to it by signal, and no question when nobody waits. */
import { describe, expect, it } from 'vitest';
import { openRunWaiter } from './flows-await.ts';

describe('waiting for runs', () => {
  it('asks about all at once and wakes whoever waits for an ended one', async () => {
    const asked: string[][] = [];
    const ended = new Set<string>();
    const waiter = openRunWaiter((runIds) => {
      asked.push([...runIds]);
      return Promise.resolve(runIds.filter((runId) => ended.has(runId)));
    }, () => undefined);
    const never = new AbortController();
    const all = Promise.all([waiter.wait('a', never.signal), waiter.wait('b', never.signal), waiter.wait('a', never.signal)]);
    ended.add('a').add('b');
    expect(await all).toEqual([true, true, true]);
    expect(asked[0]).toEqual(['a', 'b']);
    const count = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked).toHaveLength(count);
    ended.add('c');
    expect(await waiter.wait('c', never.signal)).toBe(true);
  });

  it('gives up when told to, and asks again after trouble', async () => {
    let troubles = 0;
    let isDown = true;
    const waiter = openRunWaiter((runIds) => (isDown ? Promise.reject(new Error('down')) : Promise.resolve([...runIds])), () => {
      troubles += 1;
      isDown = troubles < 2;
    });
    const stop = new AbortController();
    const given = waiter.wait('x', stop.signal);
    stop.abort();
    expect(await given).toBe(false);
    expect(await waiter.wait('x', stop.signal)).toBe(false);
    expect(await waiter.wait('y', new AbortController().signal)).toBe(true);
    expect(troubles).toBe(2);
  });
});
