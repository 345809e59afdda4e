/** An arming ends by whichever clock is first, and never lasts longer than a person could ask for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARM_MINUTES } from '#app/contracts/shell.ts';
import { ARMED_MAX_MS, armedDeadline, armedForMs, maySendLive, type Instant } from './arming.ts';
import { HOUR_MS, MINUTE_MS, type EpochMs } from './time.ts';

const at = (wall: number, monotonic: number): Instant => ({ wall: wall as EpochMs, monotonic });
const NOON = 1_800_000_000_000;

describe('an arming', () => {
  it('lasts until its time and not a millisecond longer', () => {
    const deadline = armedDeadline(NOON + HOUR_MS, at(NOON, 500));
    expect(armedForMs(deadline, at(NOON, 500))).toBe(HOUR_MS);
    expect(armedForMs(deadline, at(NOON + HOUR_MS - 1, 500 + HOUR_MS - 1))).toBe(1);
    expect(armedForMs(deadline, at(NOON + HOUR_MS, 500 + HOUR_MS))).toBe(0);
  });
  it.each([
    ['the clock was set back by a day', NOON - 24 * HOUR_MS, HOUR_MS],
    ['the clock was set forward', NOON + 2 * HOUR_MS, MINUTE_MS],
    ['the computer slept, and its monotonic clock with it', NOON + 9 * HOUR_MS, 10],
  ])('ends when %s', (_, wall, elapsed) => {
    expect(armedForMs(armedDeadline(NOON + HOUR_MS, at(NOON, 0)), at(wall, elapsed))).toBe(0);
  });
  it('is none when it was never given, is over, or makes no sense', () => {
    for (const until of [null, NOON, NOON - 1, Number.NaN, -Infinity]) expect(armedDeadline(until, at(NOON, 0))).toBeNull();
  });
  it('is cut to the longest that can be asked for', () => {
    expect(ARMED_MAX_MS).toBe(Math.max(...ARM_MINUTES) * MINUTE_MS);
    for (const until of [NOON + 99 * HOUR_MS, Infinity]) expect(armedForMs(armedDeadline(until, at(NOON, 0)), at(NOON, 0))).toBe(ARMED_MAX_MS);
  });
  it('is never longer than either clock allows, wherever the wall clock jumps', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 * ARMED_MAX_MS }), fc.array(fc.record({ jump: fc.integer({ min: -1e12, max: 1e12 }), elapsed: fc.integer({ min: 0, max: ARMED_MAX_MS }) })), (lasts, moves) => {
      const deadline = armedDeadline(NOON + lasts, at(NOON, 0));
      let elapsed = 0;
      for (const move of moves) {
        elapsed += move.elapsed;
        const left = armedForMs(deadline, at(NOON + elapsed + move.jump, elapsed));
        expect(left).toBeLessThanOrEqual(Math.max(0, Math.min(lasts, ARMED_MAX_MS) - elapsed));
      }
    }));
  });
});

it('disarmed stops what opens or enlarges, never what reduces; outside of live nothing needs arming', () => {
  expect((['not_needed', 'armed', 'disarmed'] as const).map((arming) => [maySendLive(arming, false), maySendLive(arming, true)])).toEqual([[true, true], [true, true], [false, true]]);
});
