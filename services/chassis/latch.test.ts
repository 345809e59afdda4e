/** The latch of the kill switch: strictest pull, told once, released by key. */
import { describe, expect, it } from 'vitest';
import type { FromWorker } from '#app/contracts/control.ts';
import type { Latch } from '#app/contracts/kill.ts';
import { createLatch, type KillLatchKeeper } from './latch.ts';
import { createLog } from './log.ts';

const pull = (key: string, fields: Partial<Latch> = {}): Latch => ({ key, state: 'HALTED', isCanceling: false, reason: 'test', actor: 'tester', at: 1, ...fields });
const keep = (configured: readonly Latch[] = []): { latch: KillLatchKeeper; said: FromWorker[] } => {
  const said: FromWorker[] = [];
  return { said, latch: createLatch({ configured, log: createLog('execution', 'fatal'), send: (message) => void said.push(message) }) };
};

describe('latch', () => {
  it('allows everything until it is pulled', () => {
    const { latch } = keep();
    expect([latch.now(), latch.allows(false)]).toEqual([null, true]);
  });
  it('allows reducing orders while REDUCING and none while HALTED, and a weaker pull opens nothing', () => {
    const { latch } = keep();
    latch.tell(pull('first-key', { state: 'REDUCING' }));
    expect([latch.allows(false), latch.allows(true)]).toEqual([false, true]);
    latch.tell(pull('second-key'));
    latch.tell(pull('third-key', { state: 'REDUCING' }));
    expect([latch.allows(false), latch.allows(true), latch.now()?.key]).toEqual([false, false, 'second-key']);
  });
  it('answers every telling, and listeners hear each pull once, also those from before', () => {
    const { latch, said } = keep([pull('early-key')]);
    const heard: string[] = [];
    latch.onLatch(({ key }) => void heard.push(key));
    latch.tell(pull('later-key'));
    latch.tell(pull('later-key'));
    expect(heard).toEqual(['early-key', 'later-key']);
    expect(said).toEqual(['early-key', 'later-key', 'later-key'].map((key) => ({ type: 'latched', key, isStored: false })));
  });
  it('holds until the supervisor releases the key, not when this worker stored it', () => {
    const { latch, said } = keep([pull('early-key')]);
    latch.stored('early-key');
    expect([latch.allows(true), said.at(-1)]).toEqual([false, { type: 'latched', key: 'early-key', isStored: true }]);
    latch.release('other-key');
    expect(latch.allows(false)).toBe(false);
    latch.release('early-key');
    expect([latch.allows(false), latch.now()]).toEqual([true, null]);
  });
});
