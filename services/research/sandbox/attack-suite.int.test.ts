/** The attack suite against one worker, most of it against one process of the sandbox that lives through all of it: each is contained with a clear word, and others are answered meanwhile. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from './attack-suite.ts';
import type { AttackedAnswer, AttackedAsk } from './testing-attacked.ts';

/** How much the worker may grow over the suite, MB. */
const GROWTH_MB = 150;
/** Lines and characters that a strategy may write. */
const [MOST_LINES, LONGEST] = [5_000, 500];
/** What has a process or thread of its own; `npm run attacks` gives one to each. */
const APART = [['process', 'search through 2^53 places in one call'], ['thread', 'search through 2^53 places in one call'], ['process', 'functions nested in the defaults of parameters'], ['thread', 'functions nested in the defaults of parameters'], ['thread', '200 MB of numbers']] as const;

let worker: ChildProcess;
let asked = 0;
let before: AttackedAnswer;
const waiting = new Map<number, (answer: AttackedAnswer) => void>();

function ask(what: AttackedAsk['what'], place = 0, where: AttackedAsk['where'] = 'lasting'): Promise<AttackedAnswer> {
  asked += 1;
  const { promise, resolve } = Promise.withResolvers<AttackedAnswer>();
  waiting.set(asked, resolve);
  worker.send({ id: asked, what, place, where } satisfies AttackedAsk);
  return promise;
}

function expectContained(place: number, { code, message, lines, longest }: AttackedAnswer): void {
  const attack = ATTACKS[place];
  expect({ code, message }).toEqual({ code: attack?.code, message: attack?.code === null ? '' : (expect.stringMatching(attack?.words ?? /./) as string) });
  expect(longest).toBeLessThanOrEqual(LONGEST);
  expect(lines).toBeLessThanOrEqual(MOST_LINES);
}

beforeAll(async () => {
  worker = fork(fileURLToPath(new URL('./testing-attacked.ts', import.meta.url)), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  worker.on('message', (raw) => {
    const answer = raw as AttackedAnswer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  await ask('other');
  before = await ask('sound');
});
afterAll(() => void worker.disconnect());

describe('one process of the sandbox against all that hear an interrupt', () => {
  const heard = ATTACKS.flatMap(({ name, isDeaf }, place) => (isDeaf ? [] : [[name, place] as const]));
  expect(heard.length).toBeGreaterThan(50);
  it.each(heard)('contains %s', async (_, place) => {
    const [answer, other] = await Promise.all([ask('attack', place), ask('other')]);
    expectContained(place, answer);
    expect(other).toMatchObject({ code: null, ended: null });
  });

  it('runs a sound strategy afterwards as before', async () => {
    expect(before).toMatchObject({ code: null, ended: null });
    expect(before.lines).toBeGreaterThan(5);
    expect(await ask('sound')).toMatchObject({ code: null, ended: null, lines: before.lines, longest: before.longest });
  });
});

it.each(APART)('ends a %s of its own: %s', async (where, name) => {
  const place = ATTACKS.findIndex((attack) => attack.name === name);
  let isOver = false;
  const run = ask('attack', place, where).finally(() => {
    isOver = true;
  });
  expect((await ask('other')).code).toBeNull();
  // It is waited for over seconds, in which the worker has others to serve.
  if (ATTACKS[place]?.isDeaf === true) expect(isOver).toBe(false);
  expectContained(place, await run);
});

it('leaves the worker as it was', async () => {
  const { code, rssMb } = await ask('other');
  expect(code).toBeNull();
  expect(worker.exitCode).toBeNull();
  expect(rssMb - before.rssMb).toBeLessThan(GROWTH_MB);
});
