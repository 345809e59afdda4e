/** Checks wait for each other: the newest text that is typed takes the place of the one that waits, and what was saved is never left out. */
import { describe, expect, it } from 'vitest';
import type { ProjectFile, ProjectFinding } from '#app/contracts/author.ts';
import type { Db } from '#chassis/db.ts';
import { hashOfFiles } from '#chassis/project-files.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import type { SourceReader } from './author-check-read.ts';
import { createChecker, type Checker } from './author-check.ts';

const one = (text: string): ProjectFile[] => [{ path: 'strategy.ts', text }];
const REFUSED: ProjectFinding = { source: 'syntax', rule: 'syntax', severity: 'error', path: 'strategy.ts', line: 1, column: 1, endLine: null, endColumn: null, message: 'Unreadable', explanation: 'For tests' };

/** A reader that answers when it is told to, and refuses everything, so that nothing is loaded. */
function slowReader(): { readonly reader: SourceReader; readonly read: string[]; answer(): Promise<void> } {
  const read: string[] = [];
  const waiting: (() => void)[] = [];
  const reader: SourceReader = {
    read(files) {
      read.push(files[0]?.text ?? '');
      const { promise, resolve } = Promise.withResolvers<readonly ProjectFinding[]>();
      waiting.push(() => resolve([REFUSED]));
      return promise;
    },
    [Symbol.dispose]: () => undefined,
  };
  return {
    reader, read,
    async answer() {
      await expect.poll(() => waiting.length).toBe(1);
      waiting.shift()?.();
    },
  };
}

const NO_SANDBOX: WarmSandboxes = { take: () => { throw new Error('Nothing is to be loaded'); }, [Symbol.dispose]: () => undefined };
const checkerOf = (reader: SourceReader): Checker => createChecker({ db: {} as Db, reader, warm: NO_SANDBOX, version: '1' });

describe('texts that are typed while another one is read', () => {
  it('are left out for the newest one, which waits for that one alone', async () => {
    const { reader, read, answer } = slowReader();
    const checker = checkerOf(reader);
    const first = checker.check(one('first'));
    await expect.poll(() => read).toEqual(['first']);
    const second = checker.check(one('second'));
    const third = checker.check(one('third'));
    const again = checker.check(one('third'));
    await expect(second).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await answer();
    expect((await first).hash).toBe(hashOfFiles(one('first')));
    await answer();
    expect(await again).toBe(await third);
    expect((await third).hash).toBe(hashOfFiles(one('third')));
    expect(read).toEqual(['first', 'third']);
  });

  it('are answered at once where the same was looked at before', async () => {
    const { reader, read, answer } = slowReader();
    const checker = checkerOf(reader);
    const known = checker.check(one('known'));
    await answer();
    await known;
    const slow = checker.check(one('slow'));
    expect(await checker.check(one('known'))).toBe(await known);
    await answer();
    await slow;
    expect(read).toEqual(['known', 'slow']);
  });
});
