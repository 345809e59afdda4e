/** Room for bars: waits below a gigabyte, goes on with a margin, and a disk that does not answer changes nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PAUSE_BELOW_BYTES } from '#app/domain/disk.ts';
import { watchRoom } from './room.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('room for bars', () => {
  it('is gone below a gigabyte and back with a margin, each said once', async () => {
    const ending = new AbortController();
    const reasons: (string | null)[] = [];
    let free: number | Error = PAUSE_BELOW_BYTES * 2;
    const room = watchRoom({ folder: '/', signal: ending.signal, onChange: (reason) => void reasons.push(reason), freeBytes: () => (free instanceof Error ? Promise.reject(free) : Promise.resolve(free)) });
    const after = async (next: number | Error): Promise<boolean> => {
      free = next;
      await vi.advanceTimersByTimeAsync(1_000);
      return room.hasRoom();
    };
    expect(await after(PAUSE_BELOW_BYTES)).toBe(true);
    expect(await after(PAUSE_BELOW_BYTES - 1)).toBe(false);
    expect(await after(new Error('gone'))).toBe(false);
    expect(await after(PAUSE_BELOW_BYTES + 1)).toBe(false);
    expect(await after(PAUSE_BELOW_BYTES * 2)).toBe(true);
    expect(reasons).toEqual([expect.stringContaining('1023 MB left'), null]);
    ending.abort();
    expect(vi.getTimerCount()).toBe(0);
  });
});
