/** The process that reads: used again, started again when it ended, and believed only where the files are why it ended. */
import { describe, expect, it } from 'vitest';
import { OVERDUE, type SandboxChild } from '../research/sandbox/child-spawner.ts';
import { sourceReader, type SourceReader } from './author-check-read.ts';

const FILES = [{ path: 'strategy.ts', text: 'export {};' }];
/** What the next processes do with each question: answer, or end for a reason. */
type Act = 'answer' | 'wait' | { readonly ends: string };

function acting(...acts: Act[]): { readonly reader: SourceReader; readonly started: () => number } {
  let started = 0;
  const start = (): SandboxChild => {
    started += 1;
    let [answer, ended] = [(_: unknown): void => undefined, (_: string): void => undefined];
    return {
      post({ id }) {
        const act = acts.shift() ?? 'answer';
        if (act === 'answer') queueMicrotask(() => answer({ id, answer: { findings: [] } }));
        else if (act !== 'wait') queueMicrotask(() => ended(act.ends));
      },
      onAnswer: (listener) => void (answer = listener), onEnd: (listener) => void (ended = listener), kill: () => ended('SIGKILL'),
    };
  };
  return { reader: sourceReader({ start }), started: () => started };
}

describe('a reader of what a person writes', () => {
  it('keeps its process from one reading to the next', async () => {
    const { reader, started } = acting();
    expect([await reader.read(FILES), await reader.read(FILES), started()]).toEqual([[], [], 1]);
    reader[Symbol.dispose]();
  });

  it.each([OVERDUE, 'SIGKILL'])('reads again where the process was ended early by somebody else (%s)', async (ends) => {
    const { reader, started } = acting({ ends });
    expect([await reader.read(FILES), started()]).toEqual([[], 2]);
    reader[Symbol.dispose]();
  });

  it('says so where it ends again', async () => {
    const { reader, started } = acting({ ends: 'SIGABRT' }, { ends: 'SIGABRT' });
    expect(await reader.read(FILES)).toEqual([expect.objectContaining({ source: 'syntax', rule: 'reading_memory', severity: 'error', path: 'strategy.ts' })]);
    expect([await reader.read(FILES), started()]).toEqual([[], 3]);
    reader[Symbol.dispose]();
  });

  it('tells nothing of files that were being read when it was closed', async () => {
    const { reader } = acting('wait');
    const reading = reader.read(FILES);
    reader[Symbol.dispose]();
    await expect(reading).rejects.toMatchObject({ code: expect.stringMatching(/^STRATEGY_/) as string });
    await expect(reader.read(FILES)).rejects.toMatchObject({ code: 'STRATEGY_FAILED' });
  });
});
