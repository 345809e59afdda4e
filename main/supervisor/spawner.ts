/** The port through which processes are started: plain Node has one behind it, Electron another. */
import type { Readable } from 'node:stream';
import { describeError } from '#app/domain/errors.ts';

/** A program that is not ours (PostgreSQL, Redis). `env` is complete: nothing of our own environment is inherited beside it. */
export type ProgramSpec = {
  readonly kind: 'program';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Run as this user (only possible for root on Unix). */
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
  /** Signal that the kernel sends to the process when we die, where the system can do that. */
  readonly deathSignal?: 'INT' | 'TERM' | 'KILL' | undefined;
};

/** A worker of ours: a module run by Node, with a message channel. `env` is complete. */
export type WorkerSpec = {
  readonly kind: 'worker';
  /** Absolute path of the module. */
  readonly module: string;
  /** What the process is called where people look at processes. */
  readonly name: string;
  /** Flags of Node itself, which Electron's own Node does not take: nothing may depend on them. */
  readonly nodeFlags: readonly string[];
  /** Flags of V8. */
  readonly v8Flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
};

/** What to start. */
export type SpawnSpec = ProgramSpec | WorkerSpec;

/** How a process ended. */
export type ProcessEnd = { readonly code: number | null; readonly signal: string | null; readonly error?: Error };

/** A process that was asked for. It may come to life later, or never; `onEnd` then tells why. */
export type Child = {
  /** Null until it lives, and for ever when it could not be started. */
  readonly pid: number | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Called once with the pid, at once when it is known already; never for a process that could not be started. */
  onStarted(listener: (pid: number) => void): void;
  /** Sends a message; before the process lives they wait in order. A process that is gone is not an error, its end is reported anyway. */
  send(message: unknown): void;
  onMessage(listener: (raw: unknown) => void): void;
  /** Called once, after the end of the process and of its output; called at once when it has ended already. */
  onEnd(listener: (end: ProcessEnd) => void): void;
  /** Sends a signal; false when the process is gone. On Windows every signal is a hard kill. One that does not live yet is ended as soon as it does. */
  signal(name: NodeJS.Signals): boolean;
};

/** Starts processes. Never throws: what the system refuses at once is a child that tells of it. */
export type Spawner = { start(spec: SpawnSpec): Child };

/** A process that was refused before it began. */
export function stillborn(reason: unknown): Child {
  const error = reason instanceof Error ? reason : new Error(describeError(reason));
  return {
    pid: null, stdout: null, stderr: null,
    onStarted: () => undefined,
    send: () => undefined,
    onMessage: () => undefined,
    onEnd: (listener) => listener({ code: null, signal: null, error }),
    signal: () => false,
  };
}
