/** The limits of the disk: two steps down, and up again only with a margin. */
import { describe, expect, it } from 'vitest';
import { HALT_BELOW_BYTES, judgeRoom, megabytes, PAUSE_BELOW_BYTES, type DiskRoom } from './disk.ts';

describe('the room on the disk', () => {
  it.each<[DiskRoom, number, DiskRoom]>([
    ['enough', PAUSE_BELOW_BYTES, 'enough'], ['enough', PAUSE_BELOW_BYTES - 1, 'low'], ['low', PAUSE_BELOW_BYTES, 'low'], ['low', PAUSE_BELOW_BYTES * 1.1, 'enough'],
    ['low', HALT_BELOW_BYTES, 'low'], ['low', HALT_BELOW_BYTES - 1, 'full'], ['enough', 0, 'full'], ['full', HALT_BELOW_BYTES, 'full'], ['full', HALT_BELOW_BYTES * 1.1, 'low'], ['full', PAUSE_BELOW_BYTES * 2, 'enough'],
  ])('%s with %d bytes free is %s', (before, free, after) => expect(judgeRoom(before, free)).toBe(after));

  it('is told in whole megabytes', () => expect(megabytes(PAUSE_BELOW_BYTES - 1)).toBe('1023 MB'));
});
