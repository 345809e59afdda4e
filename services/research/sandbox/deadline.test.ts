/** The deadline that two threads see: calls that begin and end all the time are never taken for one that does not end. */
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { beginCall, endCall, isOverdue, sharedDeadline, shareDeadline, withinReading } from './deadline.ts';

afterEach(() => shareDeadline(new Float64Array(1)));

/** Begins and ends calls in a thread, as fast as it can, until it is told to stop. */
const BUSY = `const { workerData: { deadline, flag } } = require('node:worker_threads');
const far = (() => { const [s] = process.hrtime(); return s * 1_000 + 1e9; })();
while (Atomics.load(flag, 0) === 0) { deadline[0] = far; deadline[0] = 0; }`;

describe('a deadline', () => {
  it('is over only while a call is under way that should have ended', () => {
    const shared = sharedDeadline();
    shareDeadline(shared);
    expect(isOverdue(shared)).toBe(false);
    beginCall(1_000);
    expect(isOverdue(shared)).toBe(false);
    beginCall(-10_000);
    expect(isOverdue(shared)).toBe(true);
    endCall();
    expect(isOverdue(shared)).toBe(false);
  });

  it('stands for the reading of a source while it lasts, longer for a longer one, and ends with what is thrown', () => {
    const shared = sharedDeadline();
    shareDeadline(shared);
    const until = (characters: number): number => withinReading(characters, () => shared[0] ?? 0);
    expect(until(1_000_000) - until(0)).toBeGreaterThan(4_000);
    expect(shared[0]).toBe(0);
    expect(() => withinReading(10, () => { throw new Error('unreadable'); })).toThrow('unreadable');
    expect(shared[0]).toBe(0);
    withinReading(-10_000_000, () => expect(isOverdue(shared)).toBe(true));
    expect(isOverdue(shared)).toBe(false);
  });

  it('never sees one in calls that begin and end while it looks', async () => {
    const deadline = sharedDeadline();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const busy = new Worker(BUSY, { eval: true, workerData: { deadline, flag } });
    await new Promise((resolve) => busy.once('online', resolve));
    let wrong = 0;
    for (let look = 0; look < 300_000; look += 1) if (isOverdue(deadline)) wrong += 1;
    Atomics.store(flag, 0, 1);
    await new Promise((resolve) => busy.once('exit', resolve));
    expect(wrong).toBe(0);
  });
});
