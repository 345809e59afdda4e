/** Places of a flow: never more taken than there are, in order, given up while waiting and given back once. */
import { describe, expect, it } from 'vitest';
import { holdPlace, openGate, openPlaces } from './flows-places.ts';

const settled = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await Promise.resolve();
};

describe('places', () => {
  it('are taken up to the limit and handed on in order, those who come back first', async () => {
    let freed = 0;
    const places = openPlaces(2, () => (freed += 1));
    expect(places.take(5)).toBe(2);
    const order: string[] = [];
    void places.acquire().then(() => order.push('new'));
    void places.acquire(true).then(() => order.push('back'));
    places.release();
    await settled();
    expect(order).toEqual(['back']);
    places.release();
    await settled();
    expect(order).toEqual(['back', 'new']);
    expect([places.free, freed]).toEqual([0, 0]);
    places.release();
    expect([places.free, freed]).toEqual([1, 1]);
  });

  it('are free for others while their holder waits, however many it waits for', async () => {
    const places = openPlaces(1, () => undefined);
    places.take(1);
    const hold = holdPlace(places);
    hold.leave();
    hold.leave();
    expect(places.free).toBe(1);
    expect(places.take(1)).toBe(1);
    await hold.comeBack();
    let isBack = false;
    const back = hold.comeBack().then(() => (isBack = true));
    await settled();
    expect(isBack).toBe(false);
    places.release();
    await back;
    expect(places.free).toBe(0);
    expect(hold.end()).toBe(true);
    expect(hold.end()).toBe(false);
    expect(places.free).toBe(1);
  });

  it('go to the next when their holder was given up while it waited to come back', async () => {
    const places = openPlaces(1, () => undefined);
    places.take(1);
    const hold = holdPlace(places);
    hold.leave();
    places.take(1);
    const back = hold.comeBack();
    expect(hold.end()).toBe(false);
    places.release();
    await back;
    expect(places.free).toBe(1);
  });

  it('go on to others when one who comes back has left again meanwhile', async () => {
    const places = openPlaces(1, () => undefined);
    places.take(1);
    const hold = holdPlace(places);
    hold.leave();
    places.take(1);
    const back = hold.comeBack();
    hold.leave();
    places.release();
    await back;
    expect(places.free).toBe(1);
    await hold.comeBack();
    expect(places.free).toBe(0);
    hold.end();
    expect(places.free).toBe(1);
  });
});

describe('the gate', () => {
  it('closes at once when nothing moves, and aborts what moves at the deadline', async () => {
    const quiet = openGate();
    quiet.enter().leave();
    await quiet.close(60_000);
    expect(quiet.isClosed).toBe(true);
    const busy = openGate();
    const passage = busy.enter();
    let isClosing = false;
    busy.closing.addEventListener('abort', () => (isClosing = true));
    const closed = busy.close(20);
    expect([isClosing, busy.isClosed, busy.aborted.aborted]).toEqual([true, true, false]);
    await closed;
    expect(busy.aborted.aborted).toBe(true);
    void passage.park();
  });

  it('takes a parked execution for one at rest', async () => {
    const gate = openGate();
    const passage = gate.enter();
    gate.closing.addEventListener('abort', () => void passage.park());
    const began = performance.now();
    await gate.close(60_000);
    // Far from the minute that it may take, also where the processor is busy.
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});
