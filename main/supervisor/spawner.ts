/** The port through which processes are started: plain Node has one behind it, Electron another. */
import type { Readable } from 'node:stream';

/** What to start. `env` is complete: nothing of our own environment is inherited beside it. */
export type SpawnSpec = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Opens a message channel (workers); databases have none. */
  readonly hasChannel: boolean;
  /** Run as this user (only possible for root on Unix). */
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
  /** Signal that the kernel sends to the process when we die, where the system can do that. */
  readonly deathSignal?: 'INT' | 'TERM' | 'KILL' | undefined;
};

/** How a process ended. */
export type ProcessEnd = { readonly code: number | null; readonly signal: string | null; readonly error?: Error };

/** A started process. `pid` is null when it could not be started; `onEnd` then tells why. */
export type Child = {
  readonly pid: number | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Sends a message; a process that is gone is not an error, its end is reported anyway. */
  send(message: unknown): void;
  onMessage(listener: (raw: unknown) => void): void;
  /** Called once, after the end of the process and of its output; called at once when it has ended already. */
  onEnd(listener: (end: ProcessEnd) => void): void;
  /** Sends a signal; false when the process is gone. On Windows every signal is a hard kill. */
  signal(name: NodeJS.Signals): boolean;
};

/** Starts processes. */
export type Spawner = { start(spec: SpawnSpec): Child };
