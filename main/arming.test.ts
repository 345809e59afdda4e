/** Arming: the phrase, the time, and clocks that somebody moves. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIVE_PHRASE } from '#app/contracts/shell.ts';
import type { Mode } from '#app/contracts/config.ts';
import { openArming } from './arming.ts';
import type { Arming } from './arming.ts';

const HOUR = 3_600_000;
const clock = { wall: 1_000_000, monotonic: 5_000 };
let applied: (number | null)[];
let told: string[];
let isUp: boolean;

function arming(mode: Mode = 'live'): Arming {
  return openArming({ mode, wall: () => clock.wall, monotonic: () => clock.monotonic, isUp: () => isUp, apply: (until) => applied.push(until), tell: (text) => told.push(text) });
}
/** Both clocks go on, as they do; the timer fires each second. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 1_000) {
    clock.wall += 1_000;
    clock.monotonic += 1_000;
    vi.advanceTimersByTime(1_000);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(clock, { wall: 1_000_000, monotonic: 5_000 });
  applied = [];
  told = [];
  isUp = true;
});
afterEach(() => vi.useRealTimers());

describe('arming', () => {
  it('wants the exact phrase, a time of the list, the live market, and parts that run', () => {
    const live = arming();
    for (const phrase of ['', 'trade real money', `${LIVE_PHRASE} `, `${LIVE_PHRASE}!`]) expect(() => live.arm(phrase, 60)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
    for (const minutes of [0, 1, 59, 61, 481, -60, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => live.arm(LIVE_PHRASE, minutes)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
    for (const mode of ['demo', 'paper'] as const) expect(() => arming(mode).arm(LIVE_PHRASE, 60)).toThrow(expect.objectContaining({ code: 'LIVE_REFUSED', family: 'denied' }) as Error);
    isUp = false;
    expect(() => live.arm(LIVE_PHRASE, 60)).toThrow(expect.objectContaining({ code: 'LIVE_REFUSED' }) as Error);
    expect([live.armedUntil(), applied, told]).toEqual([null, [], []]);
  });

  it('tells the workers and people, and disarms itself when the time is over', () => {
    const live = arming();
    expect(live.arm(LIVE_PHRASE, 60)).toBe(1_000_000 + HOUR);
    expect(applied).toEqual([1_000_000 + HOUR]);
    pass(HOUR - 1_000);
    expect(live.armedUntil()).toBe(1_000_000 + HOUR);
    pass(1_000);
    expect(applied).toEqual([1_000_000 + HOUR, null]);
    expect(live.armedUntil()).toBeNull();
    expect(told).toEqual([expect.stringContaining('ARMED for 60 minutes'), expect.stringContaining('its time is over')]);
  });

  it('is not prolonged by a clock that is set back, and a worker that starts then is not told more than is left', () => {
    const live = arming();
    live.arm(LIVE_PHRASE, 60);
    pass(HOUR / 2);
    clock.wall -= 10 * HOUR;
    expect(live.armedUntil()).toBe(clock.wall + HOUR / 2);
    pass(HOUR / 2);
    expect([live.armedUntil(), applied.at(-1)]).toEqual([null, null]);
  });

  it('ends when the clock is set forward or the computer slept, whichever clock stood still', () => {
    const live = arming();
    live.arm(LIVE_PHRASE, 60);
    clock.wall += 10 * 60_000;
    expect(live.armedUntil()).toBeNull();
    live.arm(LIVE_PHRASE, 60);
    clock.wall += 10 * 60_000;
    clock.monotonic += 10 * 60_000;
    vi.advanceTimersByTime(1_000);
    expect(applied.at(-1)).toBeNull();
    expect(told.at(-1)).toContain('slept');
  });

  it('is disarmed once, by whoever asks first, and can be armed anew', () => {
    const live = arming();
    live.disarm('nothing to do');
    expect([applied, told]).toEqual([[], []]);
    live.arm(LIVE_PHRASE, 60);
    live.arm(LIVE_PHRASE, 240);
    live.disarm('asked for');
    live.disarm('again');
    expect(applied).toEqual([1_000_000 + HOUR, 1_000_000 + 4 * HOUR, null]);
    pass(5 * HOUR);
    expect(told).toHaveLength(3);
  });
});
