/** What was taken is let go again, whatever fails on the way. */
import { describe, expect, it } from 'vitest';
import { undoAll } from './open-folder.ts';
import type { Undo } from './open-folder.ts';

describe('letting go', () => {
  it('does every act, last first, and tells of every failure', async () => {
    const done: string[] = [];
    const told: unknown[] = [];
    const undo: Undo = [
      () => void done.push('lock'),
      () => { throw new Error('second'); },
      () => void done.push('ports'),
      () => Promise.reject(new Error('first')),
    ];
    await expect(undoAll(undo, (failure) => told.push(failure))).rejects.toThrow('first');
    expect([done, told, undo]).toEqual([['ports', 'lock'], [new Error('second')], []]);
    await undoAll(undo, (failure) => told.push(failure));
    expect(told).toHaveLength(1);
  });
});
