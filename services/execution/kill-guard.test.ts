/** No POST after the kill switch was pulled. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Latch } from '#app/contracts/kill.ts';
import { createLatch } from '#chassis/latch.ts';
import { createKillGuard } from './kill-guard.ts';

const pull = (key: string, state: Latch['state']): Latch => ({ key, state, isCanceling: false, reason: 'test', actor: 'ann', at: 1 });
const guarded = () => {
  const latch = createLatch({ configured: [], log: pino({ level: 'silent' }), send: () => undefined });
  return { latch, guard: createKillGuard(latch) };
};

describe('the kill guard', () => {
  it('lets everything pass until the switch is pulled', () => {
    const { guard } = guarded();
    expect(guard.forbids(guard.mark(), false)).toBeNull();
  });
  it('halted stops all, reducing stops what does not reduce', () => {
    const { latch, guard } = guarded();
    const mark = guard.mark();
    latch.tell(pull('key-00001', 'REDUCING'));
    expect([guard.forbids(mark, true), guard.forbids(mark, false)?.code]).toEqual([null, 'TRADING_REDUCING_ONLY']);
    latch.tell(pull('key-00002', 'HALTED'));
    expect([guard.forbids(mark, true)?.code, guard.forbids(guard.mark(), false)?.code]).toEqual(['TRADING_HALTED', 'TRADING_HALTED']);
  });
  it('does not overlook a pull that the book took over between the commit and the POST', () => {
    const { latch, guard } = guarded();
    const mark = guard.mark();
    latch.tell(pull('key-00001', 'HALTED'));
    latch.release('key-00001');
    expect(guard.forbids(mark, true)?.code).toBe('TRADING_HALTED');
    // Whoever asks the book from now on finds it there.
    expect(guard.forbids(guard.mark(), true)).toBeNull();
  });
});
