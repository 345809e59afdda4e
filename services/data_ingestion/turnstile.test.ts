/** Charts take turns: never more of them at once than are let through, and one that fails keeps nobody out. */
import { expect, it } from 'vitest';
import { turnstile } from './turnstile.ts';

it('lets two through at a time, in their order, whatever becomes of them', async () => {
  const inTurn = turnstile(2);
  let [inside, most] = [0, 0];
  const begun: number[] = [];
  const work = (n: number) => inTurn(async () => {
    begun.push(n);
    most = Math.max(most, (inside += 1));
    await new Promise((done) => setImmediate(done));
    inside -= 1;
    if (n % 3 === 0) throw new Error(`work ${n}`);
    return n;
  });
  const ended = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map(work));
  expect([most, inside, begun]).toEqual([2, 0, [0, 1, 2, 3, 4, 5, 6]]);
  expect(ended.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual(['failed', 1, 2, 'failed', 4, 5, 'failed']);
  expect(await work(7)).toBe(7);
});
