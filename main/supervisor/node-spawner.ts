/** Starts processes through node:child_process. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { stillborn } from './spawner.ts';
import type { Child, ProcessEnd, ProgramSpec, SpawnSpec, Spawner } from './spawner.ts';

/** After the end of a process its pipes may be held open by grandchildren: wait this long for `close`, then report the end anyway. */
const PIPE_GRACE_MS = 500;

function findSetpriv(): string | null {
  if (process.platform !== 'linux') return null;
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/sbin']) {
    const file = path.join(folder, 'setpriv');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'EACCES') continue;
      throw error;
    }
  }
  return null;
}

type CommandLine = { readonly command: string; readonly args: readonly string[] };

/** The command behind `setpriv`, which changes the user first and sets the death signal last, then becomes the command (same pid). */
function throughSetpriv(setpriv: string, spec: ProgramSpec): CommandLine {
  const user = spec.runAs ? ['--reuid', String(spec.runAs.uid), '--regid', String(spec.runAs.gid), '--clear-groups'] : [];
  return { command: setpriv, args: [...user, '--pdeathsig', String(spec.deathSignal), '--', spec.command, ...spec.args] };
}

/** A spawner for headless use, tests, and always for the databases. */
export function nodeSpawner(): Spawner {
  const setpriv = findSetpriv();
  return {
    start: (spec) => {
      try {
        return wrap(spec.kind === 'worker' ? launch(spec, { command: process.execPath, args: [...spec.nodeFlags, ...spec.v8Flags, spec.module] }, 'ipc') : launchProgram(spec, setpriv));
      } catch (error) {
        // Node tells of a missing program later, and throws for the rest (a scanner holds it, no memory).
        return stillborn(error);
      }
    },
  };
}

function launchProgram(spec: ProgramSpec, setpriv: string | null): ChildProcess {
  if (setpriv !== null && spec.deathSignal !== undefined) return launch(spec, throughSetpriv(setpriv, spec), null);
  return launch(spec, spec, null, spec.runAs);
}

function launch(spec: SpawnSpec, { command, args }: CommandLine, channel: 'ipc' | null, user?: ProgramSpec['runAs']): ChildProcess {
  return spawn(command, args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(channel === null ? [] : [channel])],
    // Own session on Unix: Ctrl-C in the terminal must reach us alone, we stop the others in order.
    // Never on Windows: there a detached child leaves the job that ends it together with us.
    detached: process.platform !== 'win32',
    windowsHide: true,
    shell: false,
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  });
}

function wrap(child: ChildProcess): Child {
  const listeners: ((end: ProcessEnd) => void)[] = [];
  let end: ProcessEnd | null = null;
  const finish = (how: ProcessEnd): void => {
    if (end) return;
    end = how;
    for (const listener of listeners) listener(how);
  };
  child.once('error', (error) => {
    // `error` is also emitted for a failed kill or send; only a process that never lived has no pid.
    if (child.pid === undefined) finish({ code: null, signal: null, error });
  });
  child.once('exit', (code, signal) => {
    setTimeout(() => finish({ code, signal }), PIPE_GRACE_MS).unref();
  });
  child.once('close', (code, signal) => finish({ code, signal }));
  return {
    pid: child.pid ?? null,
    // There are none when the system had no more handles.
    stdout: child.stdout ?? null,
    stderr: child.stderr ?? null,
    onStarted: (listener) => {
      if (child.pid !== undefined) listener(child.pid);
    },
    send: (message) => {
      if (!child.connected) return;
      // A failed write means the process is ending; `close` reports it.
      child.send(message as object, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => child.on('message', listener),
    onEnd: (listener) => {
      if (end) listener(end);
      else listeners.push(listener);
    },
    signal: (name) => end === null && child.exitCode === null && child.signalCode === null && child.kill(name),
  };
}
