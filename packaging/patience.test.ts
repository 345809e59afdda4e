/** electron-builder's limit for makensis is lifted, and only that one, and only while it runs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { withPatience } from './patience.ts';

describe('patience', () => {
  it('stretches the timer of four minutes, and no other', async () => {
    vi.useFakeTimers();
    try {
      const fired: number[] = [];
      await withPatience(() => {
        for (const minutes of [3, 4, 5]) setTimeout((label: number) => fired.push(label), minutes * 60_000, minutes);
        return Promise.resolve();
      });
      vi.advanceTimersByTime(10 * 60_000);
      expect(fired).toEqual([3, 5]);
      vi.advanceTimersByTime(50 * 60_000);
      expect(fired).toEqual([3, 5, 4]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends with the work, also when that fails', async () => {
    const original = globalThis.setTimeout;
    await expect(withPatience(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(globalThis.setTimeout).toBe(original);
  });

  it('meets the limit that electron-builder really has', () => {
    const source = readFileSync(path.join(import.meta.dirname, '..', 'node_modules', 'builder-util', 'out', 'util.js'), 'utf8');
    expect(source.slice(source.indexOf('function spawnAndWriteWithOutput('))).toContain('4 * 60 * 1000');
  });
});
