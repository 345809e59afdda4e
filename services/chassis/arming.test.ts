/** A worker's view of the arming: the supervisor tells, the clocks end it, and nothing but a new message brings it back. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mode } from '#app/contracts/config.ts';
import type { Arming } from '#app/domain/arming.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { createArming, type LiveArmingKeeper } from './arming.ts';

const NOON = 1_800_000_000_000;
const MINUTE = 60_000;
let wall = NOON;
let monotonic = 0;
const pass = (ms: number): void => {
  wall += ms;
  monotonic += ms;
  vi.advanceTimersByTime(ms);
};
const keep = (mode: Mode, configured?: { armedUntil: number | null }): { arming: LiveArmingKeeper; heard: Arming[] } => {
  const arming = createArming({ mode, configured, clocks: () => ({ wall: wall as EpochMs, monotonic }), log: pino({ level: 'silent' }) });
  const heard: Arming[] = [];
  arming.onChange((now) => heard.push(now));
  return { arming, heard };
};

beforeEach(() => {
  [wall, monotonic] = [NOON, 0];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('arming in a worker', () => {
  it.each(['demo', 'paper'] as const)('in %s none is needed, whatever is told', (mode) => {
    const { arming, heard } = keep(mode, { armedUntil: NOON + MINUTE });
    arming.tell(NOON + MINUTE);
    expect([arming.now(), arming.armedUntil(), heard]).toEqual(['not_needed', null, []]);
  });
  it('in live it starts disarmed without a word, and with one that is over', () => {
    expect([keep('live'), keep('live', { armedUntil: null }), keep('live', { armedUntil: NOON })].map(({ arming }) => arming.now())).toEqual(['disarmed', 'disarmed', 'disarmed']);
  });
  it('takes over what holds when it starts again', () => {
    const { arming } = keep('live', { armedUntil: NOON + MINUTE });
    expect([arming.now(), arming.armedUntil()]).toEqual(['armed', NOON + MINUTE]);
  });
  it('is armed and disarmed by messages, told once each', () => {
    const { arming, heard } = keep('live', { armedUntil: null });
    arming.tell(null);
    arming.tell(NOON + MINUTE);
    expect(arming.now()).toBe('armed');
    arming.tell(null);
    arming.tell(null);
    expect([arming.now(), heard]).toEqual(['disarmed', ['armed', 'disarmed']]);
  });
  it('disarms itself and says so without being asked', () => {
    const { arming, heard } = keep('live', { armedUntil: NOON + MINUTE });
    pass(MINUTE - 1);
    expect(heard).toEqual([]);
    pass(1);
    expect(heard).toEqual(['disarmed']);
    expect([arming.now(), arming.armedUntil()]).toEqual(['disarmed', null]);
  });
  it('a later message prolongs, an earlier one shortens; the old timer means nothing', () => {
    const { arming, heard } = keep('live', { armedUntil: NOON + MINUTE });
    arming.tell(NOON + 3 * MINUTE);
    pass(2 * MINUTE);
    expect(arming.now()).toBe('armed');
    arming.tell(wall + 10);
    pass(10);
    expect([arming.now(), heard]).toEqual(['disarmed', ['armed', 'armed', 'disarmed']]);
  });
  it('a clock set back prolongs nothing; one set forward ends it for good, also when it is set back again', () => {
    const { arming } = keep('live', { armedUntil: NOON + MINUTE });
    wall -= 60 * MINUTE;
    expect(arming.armedUntil()).toBe(wall + MINUTE);
    pass(MINUTE);
    expect(arming.now()).toBe('disarmed');
    arming.tell(wall + MINUTE);
    wall += 2 * MINUTE;
    expect(arming.now()).toBe('disarmed');
    wall -= 2 * MINUTE;
    expect(arming.now()).toBe('disarmed');
  });
});
