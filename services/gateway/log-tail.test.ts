/** The live tail of one part: whoever goes away is not read for any longer. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { LogLine } from '#app/contracts/health.ts';
import { streamLogs } from './log-tail.ts';

it('ends with its reader, also while the part says nothing', async () => {
  const line: LogLine = { seq: 4, at: 1, unit: 'redis', stream: 'stdout', text: 'ready' };
  const asked: (number | undefined)[] = [];
  const read = (_unit: string, _lines: number, afterSeq?: number): Promise<LogLine[]> => {
    asked.push(afterSeq);
    return Promise.resolve(afterSeq === undefined ? [line] : []);
  };
  const gone = new AbortController();
  const stream = streamLogs({ read }, { unit: 'redis', lines: 1 }, gone.signal);
  const texts: string[] = [];
  stream.on('data', (text) => texts.push(String(text)));
  await once(stream, 'data');
  gone.abort();
  await once(stream, 'end');
  expect(texts).toEqual([`${JSON.stringify(line)}\n`]);
  expect(asked.length).toBeLessThanOrEqual(2);
});
