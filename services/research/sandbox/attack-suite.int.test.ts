/** The attack suite against one worker that lives through all of it: each is contained with a clear word, and others are answered meanwhile. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from './attack-suite.ts';
import type { AttackedAnswer, AttackedAsk } from './testing-attacked.ts';

/** How long the worker may take to say that it is there while an attack runs, ms; and how much it may grow over the suite, MB. */
const PING_MS = 3_000;
const GROWTH_MB = 150;

let worker: ChildProcess;
let asked = 0;
const waiting = new Map<number, (answer: AttackedAnswer) => void>();

/** Attacks that run at once: each of them burns a processor. */
const AT_ONCE = 2;
const turns: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());

function ask(what: AttackedAsk['what'], place = 0, kind: AttackedAsk['kind'] = 'process'): Promise<AttackedAnswer> {
  asked += 1;
  const { promise, resolve } = Promise.withResolvers<AttackedAnswer>();
  waiting.set(asked, resolve);
  worker.send({ id: asked, what, place, kind } satisfies AttackedAsk);
  return promise;
}

beforeAll(async () => {
  worker = fork(fileURLToPath(new URL('./testing-attacked.ts', import.meta.url)), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  worker.on('message', (raw) => {
    const answer = raw as AttackedAnswer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  expect(await ask('sound')).toMatchObject({ code: null });
});
afterAll(() => void worker.disconnect());

describe('the attack suite against one worker', () => {
  let before = 0;
  it.concurrent.each(ATTACKS.map(({ name }, place) => [name, place] as const))('%s', async (_, place) => {
    const attack = ATTACKS[place];
    const run = (turns[place % AT_ONCE] ?? Promise.resolve()).then(() => ask('attack', place));
    turns[place % AT_ONCE] = run;
    const began = performance.now();
    const { rssMb } = await ask('ping');
    if (before === 0) before = rssMb;
    expect(performance.now() - began).toBeLessThan(PING_MS);
    const answer = await run;
    // On a busy computer its time may end before its memory does: both contain it.
    const isLate = attack?.code === 'STRATEGY_OUT_OF_MEMORY' && answer.code === 'STRATEGY_OUT_OF_TIME';
    if (!isLate) expect({ code: answer.code, message: answer.message }).toEqual({ code: attack?.code, message: attack?.code === null ? '' : (expect.stringMatching(attack?.words ?? /./) as string) });
    expect(answer.longest).toBeLessThanOrEqual(500);
    expect(answer.lines).toBeLessThanOrEqual(5_000);
  }, 240_000);

  it('is lived through: the worker answers, runs a sound strategy as before, and has not grown', async () => {
    expect(worker.exitCode).toBeNull();
    const sound = await ask('sound');
    expect(sound).toMatchObject({ code: null });
    expect(sound.lines).toBeGreaterThan(5);
    expect(sound.rssMb - before).toBeLessThan(GROWTH_MB);
  });

  it('is stopped in a thread as well, where no process can be had', async () => {
    const names = ['endless loop in onBar', 'search through 2^53 places in one call', '200 MB of numbers', 'code of text by a constructor'];
    for (const name of names) {
      const place = ATTACKS.findIndex((one) => one.name === name);
      expect(await ask('attack', place, 'thread'), name).toMatchObject({ code: ATTACKS[place]?.code });
    }
  });
});
