/** Sleep is counted once, whoever tells of it first. */
import { describe, expect, it } from 'vitest';
import { watchPauses } from './pauses.ts';
import { TICK_MS } from './watchdog.ts';

/** Clocks that move by hand; a computer whose monotonic clock stands still in its sleep. */
function stand() {
  let monotonic = 1_000;
  let wall = 1_700_000_000_000;
  const pauses = watchPauses({ monotonic: () => monotonic, wall: () => wall });
  return {
    pauses,
    pass: (ms: number) => {
      monotonic += ms;
      wall += ms;
    },
    sleep: (ms: number) => {
      wall += ms;
    },
  };
}

describe('pauses', () => {
  it('are nothing while the ticks come on time', () => {
    const { pauses, pass } = stand();
    for (let tick = 0; tick < 100; tick += 1) {
      pass(TICK_MS);
      expect(pauses.tick()).toBeNull();
    }
  });

  it('are noticed by the first late tick, and the word of the system that follows is no news', () => {
    const { pauses, pass, sleep } = stand();
    pauses.suspend();
    sleep(600_000);
    pass(TICK_MS);
    expect(pauses.tick()).toEqual({ pausedMs: 600_000, isNews: true });
    expect(pauses.isSuspended).toBe(false);
    pass(800);
    expect(pauses.resume(600_300)).toEqual({ pausedMs: 600_300, isNews: false });
  });

  it('are told by the system first, and the tick after it sees nothing', () => {
    const { pauses, pass, sleep } = stand();
    pauses.suspend();
    expect(pauses.isSuspended).toBe(true);
    sleep(60_000);
    expect(pauses.resume(59_000)).toEqual({ pausedMs: 60_000, isNews: true });
    pass(TICK_MS);
    expect(pauses.tick()).toBeNull();
  });

  it('are told once when both words of the system arrive only after the sleep', () => {
    const { pauses, pass, sleep } = stand();
    sleep(60_000);
    pass(TICK_MS);
    expect(pauses.tick()).toMatchObject({ isNews: true });
    pauses.suspend();
    pass(40);
    expect(pauses.resume(40)).toMatchObject({ isNews: false });
  });

  it('are news again when the computer sleeps a second time, however soon', () => {
    const { pauses, pass, sleep } = stand();
    pauses.suspend();
    sleep(60_000);
    expect(pauses.resume(60_000)).toMatchObject({ isNews: true });
    pass(2_000);
    pauses.begin();
    pauses.suspend();
    sleep(30_000);
    expect(pauses.resume(30_000)).toMatchObject({ isNews: true });
  });

  it('end by themselves when sleep was announced and never came', () => {
    const { pauses, pass } = stand();
    pauses.suspend();
    for (let tick = 1; tick < 60; tick += 1) {
      pass(TICK_MS);
      expect(pauses.tick()).toBeNull();
    }
    pass(TICK_MS);
    expect(pauses.tick()).toEqual({ pausedMs: 0, isNews: false });
    expect(pauses.isSuspended).toBe(false);
  });
});
