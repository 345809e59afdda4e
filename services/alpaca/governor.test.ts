/** The request budget: its limit, its priorities, what it learns from replies. */
import { describe, expect, it } from 'vitest';
import { createGovernor } from './governor.ts';

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

  it('gives up what waits when it is closed', async () => {
    const governor = createGovernor({ perMinute: 1, ...clock() });
    await governor.acquire('cancel');
    const waiting = governor.acquire('cancel');
    governor.close();
    await expect(waiting).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});
