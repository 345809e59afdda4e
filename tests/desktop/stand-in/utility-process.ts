/**
 * A stand-in for Electron's utilityProcess over plain child processes, with its habits: the pid comes with `spawn` and goes with `exit`, `exit` is
 * told before the last lines, and then every listener is taken off both pipes; a signal shows as its bare number; unhandled rejections do not end the process.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ForkOptions, UtilityProcess } from 'electron';

const CHILD = path.join(path.dirname(fileURLToPath(import.meta.url)), 'utility-child.mjs');
const JS_FLAGS = '--js-flags=';
/** How the child must be run so that it behaves as the Node inside Electron: a rejection that nobody handles is only a warning. */
const NODE_FLAGS = ['--unhandled-rejections=warn-with-error-code', '--disable-warning=ExperimentalWarning'];

type FromChild = { readonly message?: unknown; readonly exit?: number };

/** The checks of Electron's own constructor, in its words. */
function checkOptions(module: string, options: ForkOptions): void {
  if (!module) throw new Error('Missing UtilityProcess entry script.');
  if (options.execArgv !== undefined && !Array.isArray(options.execArgv)) throw new TypeError('execArgv must be an array of strings.');
  if (!Array.isArray(options.stdio)) throw new Error('The stand-in serves stdio as a list alone');
  if (options.stdio.length < 3) throw new Error('configuration missing for stdin, stdout or stderr.');
  if (options.stdio[0] !== 'ignore') throw new Error('stdin value other than ignore is not supported.');
}

/** V8's flags out of Chromium's switch; anything else in execArgv is dropped, as Electron drops what it does not know. */
function v8FlagsOf(execArgv: readonly string[] = []): string[] {
  return execArgv.filter((flag) => flag.startsWith(JS_FLAGS)).flatMap((flag) => flag.slice(JS_FLAGS.length).split(' '));
}

class StandInUtilityProcess extends EventEmitter implements UtilityProcess {
  #child: ChildProcess | null = null;
  #stdout: PassThrough | null;
  #stderr: PassThrough | null;
  #hasEnded = false;
  #wasKilled = false;
  #queue: unknown[] = [];

  constructor(module: string, args: readonly string[], options: ForkOptions) {
    super();
    checkOptions(module, options);
    this.#stdout = options.stdio?.[1] === 'pipe' ? new PassThrough() : null;
    this.#stderr = options.stdio?.[2] === 'pipe' ? new PassThrough() : null;
    // The real one asks the system on another thread: nothing is known in this turn.
    setImmediate(() => this.#launch(module, args, options));
  }

  get pid(): number | undefined {
    return this.#hasEnded ? undefined : this.#child?.pid;
  }

  get stdout(): NodeJS.ReadableStream | null {
    return this.#stdout;
  }

  get stderr(): NodeJS.ReadableStream | null {
    return this.#stderr;
  }

  postMessage(message: unknown): void {
    if (this.#hasEnded) return;
    // What cannot be cloned is refused here and now, as the real one does.
    const copy: unknown = structuredClone(message);
    if (this.#child === null) this.#queue.push(copy);
    else if (this.#child.connected) this.#child.send(copy as object, undefined, undefined, () => undefined);
  }

  kill(): boolean {
    if (this.#child === null || this.#hasEnded) return false;
    this.#wasKilled = this.#child.kill('SIGTERM');
    return this.#wasKilled;
  }

  #launch(module: string, args: readonly string[], options: ForkOptions): void {
    const child: ChildProcess = spawn(process.execPath, [...NODE_FLAGS, ...v8FlagsOf(options.execArgv), CHILD, module, ...args], {
      env: { ...(options.env ?? process.env) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['ignore', this.#stdout ? 'pipe' : 'inherit', this.#stderr ? 'pipe' : 'inherit', 'ipc'],
      // As structured clones, not as JSON.
      serialization: 'advanced',
      windowsHide: true,
    });
    // A process that the system refuses is never heard of again.
    child.once('error', () => undefined);
    if (child.pid === undefined) return;
    this.#child = child;
    if (this.#stdout) child.stdout?.pipe(this.#stdout);
    if (this.#stderr) child.stderr?.pipe(this.#stderr);
    child.on('message', (raw: FromChild) => {
      if (raw.exit !== undefined) this.#end(raw.exit);
      else if (!this.#hasEnded) this.emit('message', raw.message);
    });
    child.once('exit', (code, signal) => this.#end(code ?? (signal === null ? 0 : this.#statusOf(signal))));
    this.emit('spawn');
    for (const message of this.#queue.splice(0)) child.send(message as object, undefined, undefined, () => undefined);
  }

  #statusOf(signal: NodeJS.Signals): number {
    return this.#wasKilled && (signal === 'SIGTERM' || signal === 'SIGKILL') ? 0 : constants.signals[signal];
  }

  #end(code: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.emit('exit', code);
    } finally {
      this.#stdout?.removeAllListeners();
      this.#stderr?.removeAllListeners();
      this.#stdout = null;
      this.#stderr = null;
    }
  }
}

/** What `utilityProcess` of Electron offers. */
export const utilityProcess = {
  fork: (module: string, args: string[] = [], options: ForkOptions = {}): UtilityProcess => new StandInUtilityProcess(module, args, options),
};
