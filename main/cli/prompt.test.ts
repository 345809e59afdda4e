/** Asking a person: what is typed at a hidden question appears nowhere, and a pipe must hold exactly what was asked. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ask } from './prompt.ts';
import type { AnswerSource } from './prompt.ts';

const TWO = [{ text: 'one? ', isHidden: true }, { text: 'two? ', isHidden: false }];

/** A terminal that a test types on. */
function terminal(): { input: AnswerSource & { write(text: string): void }; shown: () => string; output: Writable } {
  let text = '';
  const output = new Writable({ write: (chunk: Buffer, _encoding, done) => { text += chunk.toString(); done(); } });
  const input = Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => undefined });
  return { input, output, shown: () => text };
}

async function untilShown(shown: () => string, text: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!shown().includes(text)) {
    if (performance.now() > deadline) throw new Error(`"${text}" was not shown`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a question', () => {
  it('on a terminal hides what must be hidden and shows the rest', async () => {
    const { input, output, shown } = terminal();
    const answers = ask(TWO, input, output);
    await untilShown(shown, 'one? ');
    input.write('planted-secret\r');
    await untilShown(shown, 'two? ');
    input.write(' seen \r');
    expect(await answers).toEqual(['planted-secret', 'seen']);
    expect(shown()).not.toContain('planted');
    expect(shown()).toContain('seen');
  });

  it('takes what was typed ahead, without showing it', async () => {
    const { input, output, shown } = terminal();
    input.write('planted-one\r');
    const answers = ask([TWO[0] ?? { text: '', isHidden: true }], input, output);
    expect(await answers).toEqual(['planted-one']);
    expect(shown()).not.toContain('planted');
  });

  it('can be left with Ctrl-C', async () => {
    const { input, output, shown } = terminal();
    const answers = ask(TWO, input, output);
    await untilShown(shown, 'one? ');
    input.write('plan\u0003');
    await expect(answers).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('Nothing was changed') as string });
  });

  it('through a pipe wants exactly its lines', async () => {
    const output = new PassThrough();
    expect(await ask(TWO, Readable.from(['\uFEFFone\r\n two\n\n']), output)).toEqual(['one', 'two']);
    for (const text of ['', 'one\n', 'one\n\ntwo\n', 'one\ntwo\nthree\n', 'x'.repeat(5_000)]) await expect(ask(TWO, Readable.from([text]), output), JSON.stringify(text.slice(0, 20))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(output.read()).toBeNull();
  });
});
