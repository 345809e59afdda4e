/** Asking a person on the terminal, with or without echo; from a pipe, one line for each question. Secrets are never arguments. */
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { AppError } from '#app/domain/errors.ts';

const MAX_BYTES = 4_096;

/** One question; `isHidden`: what is typed does not appear. */
export type Question = { readonly text: string; readonly isHidden: boolean };

/** Where answers come from: a terminal, or a pipe. */
export type AnswerSource = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** The answers, without the spaces around them. @throws AppError INPUT_INVALID when a person gave up, or the pipe has too few lines. */
export async function ask(questions: readonly Question[], input: AnswerSource = process.stdin, output: NodeJS.WritableStream = process.stderr): Promise<string[]> {
  return input.isTTY === true ? fromTerminal(questions, input, output) : fromPipe(input, questions.length);
}

async function fromPipe(input: AnswerSource, count: number): Promise<string[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) throw new AppError('INPUT_INVALID', `More than ${MAX_BYTES} bytes came through the pipe; ${count} short lines are expected.`);
    chunks.push(bytes);
  }
  const lines = Buffer.concat(chunks).toString('utf8').replace(/^\uFEFF/, '').split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  if (lines.length !== count || lines.includes('')) throw new AppError('INPUT_INVALID', `Exactly ${count} lines are expected through the pipe, and ${lines.length} came. Nothing was changed.`);
  return lines;
}

/** One line editor for all questions, taken before the first is shown: between two of them the terminal would echo by itself. */
async function fromTerminal(questions: readonly Question[], input: AnswerSource, output: NodeJS.WritableStream): Promise<string[]> {
  let isHidden = true;
  const echo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!isHidden) output.write(chunk);
      done();
    },
  });
  const reader = createInterface({ input, output: echo, terminal: true, historySize: 0 });
  const lines = linesOf(reader);
  try {
    const answers: string[] = [];
    for (const question of questions) {
      isHidden = question.isHidden;
      output.write(question.text);
      answers.push(await lines());
      if (isHidden) output.write('\n');
    }
    return answers;
  } finally {
    isHidden = true;
    reader.close();
  }
}

/** The next line each time, typed ahead or not; refused once the person gave up. */
function linesOf(reader: Interface): () => Promise<string> {
  const waiting: string[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  reader.on('line', (line) => {
    waiting.push(line.trim());
    wake();
  });
  reader.once('SIGINT', () => reader.close());
  reader.once('close', () => {
    isOver = true;
    wake();
  });
  return async () => {
    while (waiting.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve));
    const line = waiting.shift();
    if (line === undefined) throw new AppError('INPUT_INVALID', '\nNothing was changed.');
    return line;
  };
}
