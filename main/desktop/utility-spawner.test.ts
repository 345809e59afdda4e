/** What Electron does at its edges, forged: refusals, silence, fatal errors, and the many spellings of an end. The rest is the contract of the spawners. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ForkOptions, UtilityProcess } from 'electron';
import type { Child, ProcessEnd, Spawner, WorkerSpec } from '../supervisor/spawner.ts';
import { endOf, utilitySpawner } from './utility-spawner.ts';

const SPEC: WorkerSpec = { kind: 'worker', module: '/x/execution.mjs', name: 'execution', nodeFlags: ['--disable-warning=x'], v8Flags: ['--max-semi-space-size=4', '--optimize-for-size'], env: { TZ: 'UTC' }, cwd: '/data' };
const NO_PROGRAMS: Spawner = { start: () => { throw new Error('No program is expected here'); } };

class Forged extends EventEmitter {
  pid: number | undefined;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly posted: unknown[] = [];
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
}

let forged: Forged;
let asked: { module: string; args: string[]; options: ForkOptions } | null;

function start(): { child: Child; ends: ProcessEnd[]; errors: () => string } {
  forged = new Forged();
  const fork = (module: string, args: string[], options: ForkOptions): UtilityProcess => {
    asked = { module, args, options };
    return forged as unknown as UtilityProcess;
  };
  const child = utilitySpawner({ fork, programs: NO_PROGRAMS }).start(SPEC);
  const ends: ProcessEnd[] = [];
  let errors = '';
  child.onEnd((end) => void ends.push(end));
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { child, ends, errors: () => errors };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a worker under Electron', () => {
  it('is forked with a complete environment, its pipes, its name, and the flags of V8 alone', () => {
    start();
    expect(asked).toEqual({
      module: '/x/execution.mjs', args: [],
      options: { env: { TZ: 'UTC' }, cwd: '/data', stdio: ['ignore', 'pipe', 'pipe'], serviceName: 'execution', execArgv: ['--js-flags=--max-semi-space-size=4 --optimize-for-size'] },
    });
  });

  it('is reported, not thrown, when Electron refuses it', () => {
    const child = utilitySpawner({ fork: () => { throw new TypeError('utilityProcess cannot be created before app is ready.'); }, programs: NO_PROGRAMS }).start(SPEC);
    const ends: ProcessEnd[] = [];
    child.onEnd((end) => void ends.push(end));
    expect(ends).toMatchObject([{ code: null, error: { message: 'utilityProcess cannot be created before app is ready.' } }]);
    expect([child.pid, child.signal('SIGKILL')]).toEqual([null, false]);
  });

  it('is given up when the system stays silent about it, and killed when it comes to life after all', () => {
    const { child, ends } = start();
    vi.advanceTimersByTime(20_000);
    expect(ends).toEqual([{ code: 70, signal: null }]);
    expect(child.signal('SIGKILL')).toBe(false);
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    forged.pid = 4_711;
    forged.emit('spawn');
    expect(kill.mock.calls).toEqual([[4_711, 'SIGKILL']]);
    kill.mockRestore();
  });

  it('is ended for good when it has told its end and still holds its pipes: it hangs in its own exit', () => {
    const { ends } = start();
    forged.pid = 4_711;
    forged.emit('spawn');
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    forged.emit('exit', 0);
    vi.advanceTimersByTime(1_999);
    expect([kill.mock.calls, ends]).toEqual([[], []]);
    vi.advanceTimersByTime(1);
    expect([kill.mock.calls, ends]).toEqual([[[4_711, 'SIGKILL']], [{ code: 0, signal: null }]]);
    kill.mockRestore();
  });

  it('does not take the application down when V8 gives up in it', async () => {
    const { errors } = start();
    forged.emit('error', 'FatalError', 'v8::internal::Heap', '{"environmentVariables":{"KEY":"x"}}');
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors()).toBe('FatalError of V8 in v8::internal::Heap\n');
  });

  it('ends for us only when its last words were read, although Electron takes the listeners off before', async () => {
    const { ends, errors } = start();
    forged.pid = 1;
    forged.emit('spawn');
    forged.emit('exit', 70);
    forged.stdout.removeAllListeners();
    forged.stderr.removeAllListeners();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual([]);
    forged.stderr.end('an invariant broke\n');
    forged.stdout.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect([ends, errors()]).toEqual([[{ code: 70, signal: null }], 'an invariant broke\n']);
  });

  it('ends for us in any case, when something holds its pipes open', () => {
    const { ends } = start();
    forged.pid = 1;
    forged.emit('spawn');
    forged.emit('exit', 0);
    vi.advanceTimersByTime(2_000);
    expect(ends).toEqual([{ code: 0, signal: null }]);
  });
});

describe('an end', () => {
  it.each([
    [0, null, 0, null], [70, null, 70, null], [75, 'SIGKILL', 75, null], [1, null, 1, null],
    // The raw status of waitpid: the code in the high byte, or a signal in the low one, with a bit for the core file.
    [70 << 8, null, 70, null], [9, 'SIGKILL', null, 'SIGKILL'], [9, null, null, 'SIGKILL'], [15, null, null, 'SIGTERM'], [11, null, null, 'SIGSEGV'], [11 | 0x80, null, null, 'SIGSEGV'], [6 | 0x80, null, null, 'SIGABRT'],
  ] as const)('that Electron tells as %i (asked: %s) is code %s, signal %s on POSIX', (told, signalAsked, code, signal) => {
    expect(endOf(told, signalAsked, 'linux')).toEqual({ code, signal });
  });

  it.each([[0, null, 0, null], [78, 'SIGKILL', 78, null], [1, 'SIGKILL', null, 'SIGKILL'], [1, null, 1, null], [0xc0000005, null, 0xc0000005, null]] as const)(
    'that Electron tells as %i (asked: %s) is code %s, signal %s on Windows', (told, signalAsked, code, signal) => {
      expect(endOf(told, signalAsked, 'win32')).toEqual({ code, signal });
    });
});
