/** Starts our workers through Electron's utilityProcess, since the hardened program cannot run itself as Node; other programs go on to the plain spawner. */
import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { ForkOptions, UtilityProcess } from 'electron';
import { EXIT } from '#app/contracts/control.ts';
import { stillborn } from '../supervisor/spawner.ts';
import type { Child, ProcessEnd, Spawner, WorkerSpec } from '../supervisor/spawner.ts';

/** Electron tells of a process that could not be launched by silence: this long, in milliseconds, and it is given up. */
const SPAWN_LIMIT_MS = 20_000;
/** `exit` comes before the last lines, and even before the process is gone: its pipes get this long to end, in milliseconds. */
const OUTPUT_GRACE_MS = 2_000;
/** Signals that end a process from outside or by a crash; the other low numbers are exit codes of Node's own. */
const DEADLY = ['SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const;
const CORE_DUMPED = 0x80;

/** Electron's `utilityProcess.fork`. */
export type Fork = (module: string, args: string[], options: ForkOptions) => UtilityProcess;

/** A spawner for the desktop: workers by `fork`, everything else by `programs`. */
export function utilitySpawner({ fork, programs }: { readonly fork: Fork; readonly programs: Spawner }): Spawner {
  return { start: (spec) => (spec.kind === 'program' ? programs.start(spec) : startWorker(fork, spec)) };
}

function startWorker(fork: Fork, spec: WorkerSpec): Child {
  try {
    // Node's own flags have no meaning here (Electron drops them); those of V8 travel in Chromium's switch.
    const execArgv = spec.v8Flags.length === 0 ? [] : [`--js-flags=${spec.v8Flags.join(' ')}`];
    return childOver(fork(spec.module, [], { env: { ...spec.env }, cwd: spec.cwd, stdio: ['ignore', 'pipe', 'pipe'], serviceName: spec.name, execArgv }));
  } catch (error) {
    return stillborn(error);
  }
}

/** How a process ended, from what Electron tells: the code of process.exit(), or on POSIX the raw status of waitpid. */
export function endOf(code: number, asked: NodeJS.Signals | null, platform: NodeJS.Platform = process.platform): ProcessEnd {
  if (platform === 'win32') return asked !== null && code === 1 ? { code: null, signal: asked } : { code, signal: null };
  if (code > 0xff && (code & 0xff) === 0) return { code: (code >> 8) & 0xff, signal: null };
  const signal = DEADLY.find((name) => constants.signals[name] === (code & ~CORE_DUMPED));
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}

/** Our own end of a pipe. At `exit` Electron takes every listener off its stream, with the last lines still in it: then it is hung up again. */
function ownPipe(source: NodeJS.ReadableStream | null): { readonly stream: PassThrough; hangUpAgain(): void } {
  const stream = new PassThrough();
  source?.pipe(stream);
  return { stream, hangUpAgain: () => void source?.pipe(stream) };
}

/** Acts once everything in the streams was read; before or after the process has ended. */
function whenAllRead(streams: readonly Readable[], act: () => void): void {
  let open = streams.filter((stream) => !stream.closed).length;
  if (open === 0) act();
  for (const stream of streams) {
    stream.once('close', () => {
      open -= 1;
      if (open === 0) act();
    });
  }
}

/** By pid, not by the utility's own kill(): that one begins mildly, and waits. False when the process is gone. */
function deliver(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function childOver(utility: UtilityProcess): Child {
  const startListeners: ((pid: number) => void)[] = [];
  const endListeners: ((end: ProcessEnd) => void)[] = [];
  const stdout = ownPipe(utility.stdout);
  const stderr = ownPipe(utility.stderr);
  let pid: number | null = null;
  let asked: NodeJS.Signals | null = null;
  let exit: ProcessEnd | null = null;
  let end: ProcessEnd | null = null;

  const finish = (how: ProcessEnd): void => {
    if (end) return;
    end = how;
    for (const listener of endListeners) listener(how);
  };
  const giveUp = setTimeout(() => {
    asked = 'SIGKILL';
    stderr.stream.end(`The system did not start the process within ${SPAWN_LIMIT_MS / 1_000} s\n`);
    stdout.stream.end();
    finish({ code: EXIT.bug, signal: null });
  }, SPAWN_LIMIT_MS);

  utility.once('spawn', () => {
    clearTimeout(giveUp);
    pid = utility.pid ?? null;
    if (pid === null) return;
    if (asked !== null) deliver(pid, asked);
    for (const listener of startListeners.splice(0)) listener(pid);
  });
  // Without a listener this event would be thrown, and end the whole application. Its report is long and holds the environment.
  utility.on('error', (type, location) => stderr.stream.write(`${type} of V8 in ${location}\n`));
  utility.once('exit', (code) => {
    clearTimeout(giveUp);
    const how = endOf(code, asked);
    exit = how;
    whenAllRead([stdout.stream, stderr.stream], () => finish(how));
    // After Electron has taken the listeners off.
    process.nextTick(() => {
      stdout.hangUpAgain();
      stderr.hangUpAgain();
    });
    setTimeout(() => {
      // The end was told, and its pipes are still held: it hangs in its own exit, and would outlive the application.
      if (end === null && pid !== null) deliver(pid, 'SIGKILL');
      finish(how);
    }, OUTPUT_GRACE_MS).unref();
  });

  return {
    get pid() {
      return pid;
    },
    stdout: stdout.stream,
    stderr: stderr.stream,
    onStarted: (listener) => {
      if (pid === null) startListeners.push(listener);
      else listener(pid);
    },
    send: (message) => {
      if (exit === null && end === null) utility.postMessage(message);
    },
    onMessage: (listener) => void utility.on('message', listener),
    onEnd: (listener) => {
      if (end) listener(end);
      else endListeners.push(listener);
    },
    signal: (name) => {
      if (exit !== null || end !== null) return false;
      asked = name;
      return pid === null || deliver(pid, name);
    },
  };
}
