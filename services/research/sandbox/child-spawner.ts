/** Starts the process in which strangers' strategies run: without secrets, without rights, ended at any time. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { isOverdue, sharedDeadline, WATCH_MS } from './deadline.ts';
import type { SandboxAsk } from './protocol.ts';

/** A started process or thread. */
export type SandboxChild = {
  post(ask: SandboxAsk): void;
  /** Answers come from where a stranger's code runs: they are read like any other input. */
  onAnswer(listener: (answer: unknown) => void): void;
  /** Called at least once, however it ended; `OVERDUE` when it was ended for a call that heard no interrupt. */
  onEnd(listener: (why: string) => void): void;
  kill(): void;
};

const HEAP_MB = 2_048;

/** How a process ends itself when a call hears no interrupt. */
export const OVERDUE = 'SIGTERM';

/** The file that it runs: beside this one in the sources, beside the service in the product. */
function entryOf(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './inside.ts' : './research-sandbox.mjs', import.meta.url);
}

/** What the child may read: its own code. In the sources that is the whole house. */
function readable(entry: URL): string {
  return fileURLToPath(import.meta.url.endsWith('.ts') ? new URL('../../../', import.meta.url) : entry);
}

/** Nothing of our environment: there are keys in it. Windows cannot start a process without knowing its own folder. */
function bareEnvironment(): Record<string, string> {
  const { SystemRoot: root } = process.env;
  return root === undefined ? {} : { SystemRoot: root };
}

function childProcess(entry: URL): SandboxChild {
  const child = fork(fileURLToPath(entry), [], {
    env: bareEnvironment(), stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced',
    execArgv: ['--permission', `--allow-fs-read=${readable(entry)}`, '--allow-worker', `--max-old-space-size=${HEAP_MB}`, '--disable-proto=throw', '--no-warnings'],
  });
  return {
    // A process that has ended takes nothing more; its end is told below.
    post: (ask) => void child.send(ask, () => undefined),
    onAnswer: (listener) => void child.on('message', listener),
    onEnd(listener) {
      child.on('error', (error) => listener(error.message));
      child.once('exit', (code, signal) => listener(signal === null ? `exit ${code ?? 'without a code'}` : signal));
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Within Electron no second Node can be started (its hardened build refuses): a thread without our environment, which can be ended too. */
function thread(entry: URL): SandboxChild {
  const deadline = sharedDeadline();
  const worker = new Worker(entry, { env: bareEnvironment(), resourceLimits: { maxOldGenerationSizeMb: HEAP_MB }, stdout: true, stderr: true, workerData: deadline });
  let isOver = false;
  // A thread cannot end itself from within a loop.
  const watch = setInterval(() => {
    if (!isOverdue(deadline)) return;
    isOver = true;
    clearInterval(watch);
    void worker.terminate();
  }, WATCH_MS).unref();
  worker.once('exit', () => clearInterval(watch));
  return {
    post: (ask) => worker.postMessage(ask),
    onAnswer: (listener) => void worker.on('message', listener),
    onEnd(listener) {
      worker.on('error', (error) => listener(error instanceof Error ? error.message : 'an error'));
      worker.once('exit', (code) => listener(isOver ? OVERDUE : `exit ${code}`));
    },
    kill: () => void worker.terminate(),
  };
}

/** A process of its own where that is possible. */
const USUAL = 'electron' in process.versions ? 'thread' : 'process';

/** Starts one. */
export function startSandboxChild(kind: 'process' | 'thread' = USUAL): SandboxChild {
  return kind === 'process' ? childProcess(entryOf()) : thread(entryOf());
}
