/** The request budget: its limit, its priorities, what it learns from replies. */
import { describe, expect, it } from 'vitest';
import { createGovernor } from './governor.ts';
import type { Priority } from './ports.ts';

const clock = () => {
  let now = 1_000_000;
  return { monotonicMs: () => now, nowMs: () => now, pass: (ms: number) => { now += ms; } };
};
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let isDone = false;
  void promise.then(() => { isDone = true; }, () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 120));
  return isDone;
};

describe('governor', () => {
  it('keeps places for the urgent when polls have used theirs', async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 10, ...time });
    for (let n = 0; n < 7; n += 1) await governor.acquire('poll');
    const poll = governor.acquire('poll');
    expect(await settled(poll)).toBe(false);
    await governor.acquire('exit');
    await governor.acquire('exit');
    await governor.acquire('cancel');
    expect(await settled(governor.acquire('cancel'))).toBe(false);
    time.pass(61_500);
    expect(await settled(poll)).toBe(true);
    governor.close();
  });

  it('learns the limit from a reply and stands still while the broker says nothing is left', async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 10, ...time });
    governor.heed({ limit: 1_000, remaining: 999, resetAtSeconds: null });
    for (let n = 0; n < 600; n += 1) await governor.acquire('poll');
    governor.heed({ limit: 1_000, remaining: 0, resetAtSeconds: (time.nowMs() + 5_000) / 1000 });
    const cancel = governor.acquire('cancel');
    expect(await settled(cancel)).toBe(false);
    time.pass(5_001);
    expect(await settled(cancel)).toBe(true);
    governor.close();
  });

  it('stands still no longer than a period, however far the wall clock is behind: a cancel must not wait for an hour', async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 10, ...time });
    governor.heed({ limit: 10, remaining: 0, resetAtSeconds: (time.nowMs() + 3_600_000) / 1000 });
    const cancel = governor.acquire('cancel');
    time.pass(59_000);
    expect(await settled(cancel)).toBe(false);
    time.pass(1_001);
    expect(await settled(cancel)).toBe(true);
    governor.heed({ limit: 10, remaining: 8, resetAtSeconds: (time.nowMs() + 3_600_000) / 1000 });
    expect(await settled(governor.acquire('poll'))).toBe(true);
    governor.close();
  });

  it('gives up what waits when it is closed', async () => {
    const governor = createGovernor({ perMinute: 1, ...clock() });
    await governor.acquire('cancel');
    const waiting = governor.acquire('cancel');
    governor.close();
    await expect(waiting).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('lets a cancel overtake everything that waits, and takes its place from nobody who is more urgent', async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 10, ...time });
    for (let n = 0; n < 10; n += 1) await governor.acquire('cancel');
    const order: string[] = [];
    const ask = (priority: Priority) => governor.acquire(priority).then(() => order.push(priority));
    const all = [ask('poll'), ask('entry'), ask('exit'), ask('cancel')];
    time.pass(61_500);
    await Promise.all(all);
    expect(order).toEqual(['cancel', 'exit', 'entry', 'poll']);
    governor.close();
  });

  it('starves nobody: behind steady entries a poll gets a place each second after five', async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 100, ...time });
    for (let n = 0; n < 88; n += 1) await governor.acquire('entry');
    const poll = governor.acquire('poll');
    await governor.acquire('entry');
    expect(await settled(poll)).toBe(false);
    time.pass(5_001);
    expect(await settled(poll)).toBe(true);
    governor.close();
  });

  it('never lets the aged take the place of a cancel', async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 100, ...time });
    for (let n = 0; n < 95; n += 1) await governor.acquire('exit');
    const waiting = [governor.acquire('poll'), governor.acquire('entry')];
    time.pass(30_000);
    expect(await Promise.all(waiting.map(settled))).toEqual([false, false]);
    for (let n = 0; n < 5; n += 1) expect(await settled(governor.acquire('cancel'))).toBe(true);
    void Promise.allSettled(waiting);
    governor.close();
  });

  it("counts the broker's own figure: what others use up is gone, and the urgent places stay", async () => {
    const time = clock();
    const governor = createGovernor({ perMinute: 100, ...time });
    const resetAtSeconds = (time.nowMs() + 30_000) / 1000;
    governor.heed({ limit: 100, remaining: 12, resetAtSeconds });
    governor.heed({ limit: 100, remaining: 40, resetAtSeconds });
    const poll = governor.acquire('poll');
    expect(await settled(poll)).toBe(false);
    for (let n = 0; n < 2; n += 1) expect(await settled(governor.acquire('entry'))).toBe(true);
    const entry = governor.acquire('entry');
    expect(await settled(entry)).toBe(false);
    for (let n = 0; n < 5; n += 1) expect(await settled(governor.acquire('exit'))).toBe(true);
    expect(await settled(governor.acquire('cancel'))).toBe(true);
    time.pass(30_001);
    expect(await settled(Promise.all([poll, entry]))).toBe(true);
    governor.close();
  });

  it('keeps the queue of one priority from shutting out another', async () => {
    const governor = createGovernor({ perMinute: 1, ...clock() });
    await governor.acquire('cancel');
    const polls = Array.from({ length: 1_001 }, () => governor.acquire('poll').catch((error: unknown) => error));
    expect(await polls.at(-1)).toMatchObject({ code: 'RATE_LIMITED' });
    const cancel = governor.acquire('cancel').catch((error: unknown) => error);
    expect(governor.waiting()).toBe(1_001);
    governor.close();
    await Promise.all([...polls, cancel]);
  });
});
