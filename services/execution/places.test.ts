/** Who may be on the way, and in which order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlaces, type Wanting } from './places.ts';

const want = (id: string, key: string, fields: Partial<Wanting> = {}): Wanting => ({ id, key, isUrgent: false, isHeld: false, ...fields });
/** Places with sendings that the test answers and ends by hand. */
const start = () => {
  const sent: string[] = [];
  const open = new Map<string, { answer: () => void; end: () => void }>();
  let freed = 0;
  const places = createPlaces(() => { freed += 1; });
  const fill = (...waiting: readonly Wanting[]): void => places.fill(waiting, (one, onAnswer) => {
    sent.push(one.id);
    const { promise, resolve } = Promise.withResolvers<void>();
    open.set(one.id, { answer: onAnswer, end: resolve });
    return promise;
  });
  const end = async (id: string): Promise<void> => {
    open.get(id)?.end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { fill, sent, end, answer: (id: string) => open.get(id)?.answer(), freed: () => freed };
};

describe('places', () => {
  it('sends those of one key one after another, the next as soon as the broker has answered', async () => {
    const { fill, sent, answer, end, freed } = start();
    const all = [want('a1', 'A'), want('a2', 'A'), want('b1', 'B')];
    fill(...all);
    expect(sent).toEqual(['a1', 'b1']);
    answer('a1');
    expect(freed()).toBe(1);
    fill(...all);
    expect(sent).toEqual(['a1', 'b1', 'a2']);
    // The end of the first does not free the key for which the second waits.
    await end('a1');
    fill(want('a2', 'A'), want('a3', 'A'), want('b1', 'B'));
    expect(sent).toEqual(['a1', 'b1', 'a2']);
  });
  it('keeps the turn of one that is held, without holding up others', () => {
    const { fill, sent } = start();
    fill(want('a1', 'A', { isHeld: true }), want('a2', 'A'), want('b1', 'B'));
    expect(sent).toEqual(['b1']);
  });
  it('leaves places free for exits, however many entries wait', async () => {
    const { fill, sent, end } = start();
    const entries = Array.from({ length: 20 }, (_, n) => want(`e${n}`, `E${n}`));
    fill(...entries);
    expect(sent).toHaveLength(6);
    const exits = Array.from({ length: 3 }, (_, n) => want(`x${n}`, `X${n}`, { isUrgent: true }));
    fill(...exits, ...entries);
    expect(sent.slice(6)).toEqual(['x0', 'x1']);
    await end('e0');
    fill(...exits, ...entries.slice(1));
    expect(sent.slice(8)).toEqual(['x2']);
  });
  it('sends everything once, in the order of each key, whatever is answered when', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ key: fc.constantFrom('A', 'B', 'C'), isUrgent: fc.boolean() }), { maxLength: 30 }), fc.infiniteStream(fc.nat()), async (list, noise) => {
      const { fill, sent, answer, end } = start();
      let left = list.map(({ key, isUrgent }, n) => want(`${key}${n}`, key, { isUrgent }));
      const open: string[] = [];
      while (left.length > 0) {
        const before = sent.length;
        fill(...left);
        open.push(...sent.slice(before));
        const [id] = open.splice(Number(noise.next().value) % open.length, 1);
        if (id === undefined) break;
        answer(id);
        left = left.filter((one) => one.id !== id);
        await end(id);
      }
      const byKey = (key: string, ids: readonly string[]) => ids.filter((id) => id.startsWith(key));
      for (const key of ['A', 'B', 'C']) expect(byKey(key, sent)).toEqual(byKey(key, list.map((one, n) => `${one.key}${n}`)));
    }), { numRuns: 100 });
  });
});
