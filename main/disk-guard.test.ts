/** The disk guard: one word for each step, a halt for a full disk, a new try for what gave up, and never a halt because the disk did not answer. */
import { afterEach, describe, expect, it } from 'vitest';
import type { KillWish } from '#app/contracts/kill.ts';
import { HALT_BELOW_BYTES, PAUSE_BELOW_BYTES } from '#app/domain/disk.ts';
import { watchDisk, type DiskGuard } from './disk-guard.ts';

let guard: DiskGuard | null = null;
afterEach(() => guard?.close());

function setUp(first: number | null) {
  const seen = { told: [] as string[], halts: [] as KillWish[], restarts: [] as string[] };
  let free: number | null = first;
  guard = watchDisk({
    freeBytes: () => free, halt: (wish) => void seen.halts.push(wish), restartFailed: (reason) => void seen.restarts.push(reason), tell: (level, text) => void seen.told.push(`${level}: ${text}`), wall: () => 1_767_623_400_000,
  });
  const become = (next: number | null): void => {
    free = next;
    guard?.look();
  };
  return { ...seen, become };
}

describe('the disk guard', () => {
  it('says nothing while there is room, and nothing of a disk that cannot be asked', () => {
    const { told, halts, become } = setUp(PAUSE_BELOW_BYTES * 5);
    become(null);
    become(PAUSE_BELOW_BYTES);
    expect([told, halts]).toEqual([[], []]);
  });

  it('warns once, halts once, tries again what gave up, and leaves it to a person to resume', () => {
    const { told, halts, restarts, become } = setUp(PAUSE_BELOW_BYTES - 1);
    become(PAUSE_BELOW_BYTES - 2);
    expect(told).toHaveLength(1);
    become(HALT_BELOW_BYTES - 1);
    become(0);
    expect(halts).toEqual([{ key: 'disk-full-1767623400000', level: 'halt', actor: 'disk guard', reason: 'The disk is full: 199 MB are free, 200 MB are needed to trade' }]);
    expect(restarts).toEqual([]);
    become(HALT_BELOW_BYTES * 2);
    expect(restarts).toEqual(['there is room on the disk again']);
    become(PAUSE_BELOW_BYTES * 2);
    expect(told.map((text) => text.split(':')[0])).toEqual(['warn', 'error', 'warn', 'info']);
    expect(told[2]).toContain('until you resume it');
  });

  it('halts at its first look when the disk is full already', () => {
    expect(setUp(0).halts).toHaveLength(1);
  });
});
