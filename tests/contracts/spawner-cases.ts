/** What every spawner owes the supervisor, as a list of cases: run over plain Node, over the stand-in of Electron, and, where there is one, inside Electron. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child, ProcessEnd, Spawner, WorkerSpec } from '#main/supervisor/spawner.ts';

/** A spawner under test, the module it starts, and a folder that exists. */
export type Stand = { readonly spawner: Spawner; readonly subject: string; readonly folder: string };
/** One thing that is owed. */
export type SpawnerCase = { readonly name: string; readonly run: (stand: Stand) => Promise<void> };

const DEADLINE_MS = 10_000;
/** What a child of ours gets on every system; Windows programs do not start without the first. */
const BASE_ENV: Readonly<Record<string, string>> = {
  ...(process.env['SystemRoot'] === undefined ? {} : { SystemRoot: process.env['SystemRoot'] }), SUBJECT: 'of a contract',
};
/** Variables that the system or Chromium adds by itself to every process. */
const ADDED_BY_SYSTEM = /^(__CF|LC_CTYPE$|ELECTRON_|CHROME_|GOOGLE_|ORIGINAL_XDG)/;

/** A started subject with all that it told. */
class Subject {
  readonly child: Child;
  readonly messages: Record<string, unknown>[] = [];
  out = '';
  err = '';
  end: ProcessEnd | null = null;

  constructor({ spawner, subject, folder }: Stand, more: Partial<WorkerSpec> = {}) {
    this.child = spawner.start({ kind: 'worker', module: subject, name: 'subject', nodeFlags: [], v8Flags: [], env: BASE_ENV, cwd: folder, ...more });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.child.onMessage((raw) => void this.messages.push(raw as Record<string, unknown>));
    this.child.onEnd((end) => (this.end = end));
  }

  async until(what: string, condition: () => boolean, limitMs = DEADLINE_MS): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}. It said: ${JSON.stringify(this.messages).slice(0, 300)} ${this.out.slice(-300)} ${this.err.slice(-600)}`);
      await sleep(5);
    }
  }

  async started(): Promise<this> {
    await this.until('the subject to start', () => this.messages.length > 0);
    return this;
  }

  async ended(limitMs = DEADLINE_MS): Promise<ProcessEnd> {
    await this.until('the subject to end', () => this.end !== null, limitMs);
    assert.ok(this.end);
    return this.end;
  }

  async facts(): Promise<{ pid: number; cwd: string; argv: string[]; env: Record<string, string> }> {
    await this.started();
    this.child.send({ act: 'facts' });
    await this.until('its facts', () => this.messages.some((message) => 'facts' in message));
    return this.messages.find((message) => 'facts' in message)?.['facts'] as Awaited<ReturnType<Subject['facts']>>;
  }
}

/** Runs with a subject that is gone afterwards, whatever happens. */
function subjectCase(name: string, act: (subject: Subject, stand: Stand) => Promise<void>, more: Partial<WorkerSpec> = {}): SpawnerCase {
  const run = async (stand: Stand): Promise<void> => {
    const subject = new Subject(stand, more);
    try {
      await act(subject, stand);
    } finally {
      subject.child.signal('SIGKILL');
      await subject.ended();
    }
  };
  return { name, run };
}

const BEGINNING: readonly SpawnerCase[] = [
  subjectCase('tells the pid as soon as it is known, and also to whoever asks later', async (subject) => {
    const told: number[] = [];
    subject.child.onStarted((pid) => void told.push(pid));
    const { pid } = await subject.facts();
    subject.child.onStarted((later) => void told.push(later));
    assert.deepEqual([told, subject.child.pid], [[pid, pid], pid]);
  }),
  subjectCase('gives the child exactly its environment, in its folder, and no argument but its module', async (subject, { subject: module, folder }) => {
    process.env['MAINSPRING_TEST_LEAK'] = 'must not get through';
    try {
      const { env, cwd, argv } = await subject.facts();
      const own = Object.fromEntries(Object.entries(env).filter(([name]) => !ADDED_BY_SYSTEM.test(name)));
      assert.deepEqual(own, BASE_ENV);
      assert.equal(cwd, folder);
      assert.deepEqual(argv, [module]);
    } finally {
      delete process.env['MAINSPRING_TEST_LEAK'];
    }
  }),
  subjectCase('takes the flags of V8', async (subject) => {
    await subject.started();
  }, { v8Flags: ['--max-semi-space-size=4', '--optimize-for-size'] }),
];

const MESSAGES: readonly SpawnerCase[] = [
  subjectCase('carries messages both ways in order, also those sent before it lived', async (subject) => {
    for (let index = 0; index < 50; index += 1) subject.child.send({ act: 'echo', payload: { index, text: 'für "Anführer" \u{1f600}' } });
    await subject.started();
    for (let index = 50; index < 100; index += 1) subject.child.send({ act: 'echo', payload: { index, text: 'later' } });
    await subject.until('100 answers', () => subject.messages.length === 101);
    const echoes = subject.messages.slice(1).map(({ echo }) => echo as { index: number; text: string });
    assert.deepEqual(echoes.map(({ index }) => index), Array.from({ length: 100 }, (_, index) => index));
    assert.equal(echoes[0]?.text, 'für "Anführer" \u{1f600}');
  }),
  subjectCase('carries a megabyte unhurt', async (subject) => {
    await subject.started();
    const payload = { rows: Array.from({ length: 10_000 }, (_, index) => ({ index, text: 'x'.repeat(80), nothing: null, yes: true, price: 0.1 + index })) };
    subject.child.send({ act: 'echo', payload });
    await subject.until('the echo', () => subject.messages.length === 2);
    assert.deepEqual(subject.messages[1], { echo: payload });
  }),
  subjectCase('forgets what is sent to a process that is gone', async (subject) => {
    await subject.started();
    subject.child.send({ act: 'exit', code: 0 });
    await subject.ended();
    subject.child.send({ act: 'echo', payload: 1 });
    assert.equal(subject.child.signal('SIGKILL'), false);
  }),
];

const ENDS: readonly SpawnerCase[] = [
  ...[0, 1, 70, 75, 78].map((code) =>
    subjectCase(`tells the exit code ${code}, once, and again to whoever asks later`, async (subject) => {
      await subject.started();
      let times = 0;
      subject.child.onEnd(() => (times += 1));
      subject.child.send({ act: 'exit', code });
      assert.deepEqual(await subject.ended(), { code, signal: null });
      subject.child.onEnd((end) => assert.equal(end.code, code));
      assert.equal(times, 1);
    })),
  subjectCase('delivers both outputs to the last line before it tells the end', async (subject) => {
    await subject.started();
    let atEnd = '';
    let errorsAtEnd = '';
    subject.child.onEnd(() => {
      atEnd = subject.out;
      errorsAtEnd = subject.err;
    });
    subject.child.send({ act: 'talk', lines: 500, code: 70 });
    await subject.ended();
    assert.equal(atEnd.endsWith('out 499\nout 500\nthe last words, without an end of line'), true, atEnd.slice(-100));
    assert.equal(errorsAtEnd.endsWith('err 499\nerr 500\n'), true, errorsAtEnd.slice(-100));
  }),
  subjectCase('closes both outputs, so that whoever reads lines gets the last one', async (subject) => {
    await subject.started();
    const closed: string[] = [];
    subject.child.stdout?.once('close', () => void closed.push('stdout'));
    subject.child.stderr?.once('close', () => void closed.push('stderr'));
    subject.child.send({ act: 'exit', code: 0 });
    await subject.ended();
    assert.deepEqual(closed.sort(), ['stderr', 'stdout']);
  }),
  subjectCase('ends one that is killed, and one that hangs', async (subject) => {
    await subject.started();
    subject.child.send({ act: 'spin' });
    assert.equal(subject.child.signal('SIGKILL'), true);
    assert.deepEqual(await subject.ended(2_000), { code: null, signal: 'SIGKILL' });
  }),
  subjectCase('tells of a kill from outside', async (subject) => {
    await subject.started();
    process.kill(subject.child.pid ?? 0, 'SIGKILL');
    const end = await subject.ended(2_000);
    assert.notEqual(end.code, 0);
    if (process.platform !== 'win32') assert.equal(end.signal, 'SIGKILL');
  }),
  subjectCase('ends one that is killed before it lives', async (subject) => {
    assert.equal(subject.child.signal('SIGKILL'), true);
    assert.equal((await subject.ended(3_000)).code, null);
    assert.deepEqual(subject.messages, []);
  }),
  subjectCase('tells of one that crashes while it is loaded, with its words', async (subject) => {
    assert.deepEqual(await subject.ended(), { code: 1, signal: null });
    assert.match(subject.err, /planted: it cannot be loaded/);
  }, { env: { ...BASE_ENV, SUBJECT_CRASHES_AT_LOAD: '1' } }),
  {
    name: 'tells of a module that is missing, with its name',
    run: async (stand) => {
      const subject = new Subject({ ...stand, subject: `${stand.subject}.missing.mjs` });
      const end = await subject.ended();
      assert.deepEqual([end.code, end.signal], [1, null]);
      assert.match(subject.err, /missing\.mjs/);
    },
  },
];

const PROGRAMS: readonly SpawnerCase[] = [
  {
    name: 'starts other programs too, and tells when one does not exist',
    run: async ({ spawner, folder }) => {
      const start = (command: string) => spawner.start({ kind: 'program', command, args: ['--version'], env: BASE_ENV, cwd: folder });
      const node = process.env['npm_node_execpath'] ?? process.execPath;
      assert.equal(existsSync(node), true);
      const end = await new Promise<ProcessEnd>((resolve) => {
        const child = start(node);
        child.stdout?.resume();
        child.stderr?.resume();
        child.onEnd(resolve);
      });
      assert.deepEqual(end, { code: 0, signal: null });
      const missing = start(`${node}-that-is-not-there`);
      assert.equal(missing.pid, null);
      const refusal = await new Promise<ProcessEnd>((resolve) => missing.onEnd(resolve));
      assert.match(refusal.error?.message ?? '', /ENOENT/);
    },
  },
];

/** Every case. */
export const SPAWNER_CASES: readonly SpawnerCase[] = [...BEGINNING, ...MESSAGES, ...ENDS, ...PROGRAMS];
