/** A stranger's strategy as workers hold it: asked over a border, stopped when it does not answer. */
import { ENTRY_FILE } from '#app/contracts/author.ts';
import { AppError } from '#app/domain/errors.ts';
import type { ProjectFileLike } from '../strategy-source.ts';
import { readAnswer, readSignals } from './answers.ts';
import { OVERDUE, startSandboxChild, type SandboxChild } from './child-spawner.ts';
import type { MachineLimits } from './machine.ts';
import type { SandboxAsk, SandboxFacts, SandboxProgress, SandboxTask, SandboxTasks } from './protocol.ts';
import type { WarmSandboxes } from './warm.ts';

/** How long a task may take before its process is ended, ms: the machine's own limits come first. */
const LIMITS_MS: Readonly<Record<SandboxTask, number>> = {
  rehearse: 30_000, read: 30_000, load: 30_000, bind: 30_000, hold: 60_000, backtest: 600_000, points: 3_600_000, look: 300_000, steps: 120_000, open: 30_000, close: 5_000, advance: 5_000, record: 30_000,
};
/** Questions that may wait for the one before. */
const MAX_WAITING = 100;

const ENDLESS_CALL = 'The strategy did not end in time, and its process was ended. Look for a single call that goes through an endless list, such as indexOf over a length that you set yourself';
const ENDLESS_READING = 'The files could not be read in time, and the process that read them was ended. Look for what is nested many levels deep, such as functions within the defaults of the parameters of other functions, and give the inner ones names of their own; or take a very large file apart';

/** Tasks after the loading. */
export type SandboxQuestion = Exclude<SandboxTask, 'read' | 'load' | 'rehearse'>;

/** A loaded strategy: its questions are answered one after the other. Dispose of it to end its process. */
export type Sandbox = Disposable & {
  readonly facts: SandboxFacts;
  /** Why its process has ended, null while it answers. An ended one is of no more use: open another. */
  readonly ended: string | null;
  /**
   * `signal`: an abort ends the process. `onProgress`: while a back-test or points are at work.
   * @throws AppError STRATEGY_FAILED, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY with path, line and column of its author's file in the context; the abort's reason
   */
  ask<T extends SandboxQuestion>(task: T, ask: SandboxTasks[T]['ask'], signal?: AbortSignal, onProgress?: (progress: SandboxProgress) => void): Promise<SandboxTasks[T]['answer']>;
};

/** `kind`: a process where that is possible. `limits`: less than a machine usually grants. `warm`: take a process that waits there, when one does. */
export type SandboxOptions = { readonly kind?: 'process' | 'thread'; readonly limits?: Partial<MachineLimits>; readonly warm?: WarmSandboxes };

type Waiting = { readonly id: number; readonly task: SandboxTask; readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void; readonly onProgress: ((progress: SandboxProgress) => void) | undefined };
type Handling = { readonly signal: AbortSignal | undefined; readonly onProgress?: ((progress: SandboxProgress) => void) | undefined };

/** Asks a process one question after the other. Its users have `openSandbox`, which loads one strategy into one process. */
export class SandboxClient implements Disposable {
  readonly #child: SandboxChild;
  #waiting: Waiting | null = null;
  #ended: string | null = null;
  #asked = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #queued = 0;

  constructor(child: SandboxChild) {
    this.#child = child;
    child.onEnd((why) => {
      this.#ended ??= why;
      this.#waiting?.reject(
        why === OVERDUE
          ? new AppError('STRATEGY_OUT_OF_TIME', this.#waiting.task === 'read' ? ENDLESS_READING : ENDLESS_CALL)
          : new AppError('STRATEGY_OUT_OF_MEMORY', `The process of the strategy has ended (${why}): it may have used too much memory`),
      );
    });
    child.onAnswer((raw) => {
      const answer = readAnswer(raw);
      // An answer that nobody waits for, or waits for no more.
      if (answer === null || this.#waiting?.id !== answer.id) return;
      if ('progress' in answer) this.#waiting.onProgress?.(answer.progress);
      else if ('error' in answer) this.#waiting.reject(new AppError(answer.error.code, answer.error.message, { context: answer.error.context }));
      else this.#waiting.resolve(answer.answer);
    });
  }

  get ended(): string | null {
    return this.#ended;
  }

  /** Time runs from when its turn comes. @throws AppError STRATEGY_* for what the strategy did, or for its process that has ended; the abort's reason */
  async send<T extends SandboxTask>(task: T, ask: SandboxTasks[T]['ask'], handling: Handling): Promise<SandboxTasks[T]['answer']> {
    if (this.#queued >= MAX_WAITING) throw new AppError('STRATEGY_OUT_OF_TIME', `${MAX_WAITING} questions wait for the strategy already`);
    this.#queued += 1;
    const turn = this.#queue.then(() => this.#send(task, ask, handling)).finally(() => {
      this.#queued -= 1;
    });
    // Whoever asked hears of the error; the next one in the queue is not concerned.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #send<T extends SandboxTask>(task: T, ask: SandboxTasks[T]['ask'], { signal, onProgress }: Handling): Promise<SandboxTasks[T]['answer']> {
    signal?.throwIfAborted();
    if (this.#ended !== null) throw new AppError('STRATEGY_FAILED', `The process of the strategy has ended (${this.#ended})`);
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting = { id, task, resolve, reject, onProgress };
    const timer = setTimeout(() => this.#end(new AppError('STRATEGY_OUT_OF_TIME', `The strategy did not answer within ${LIMITS_MS[task] / 1_000} s and was ended`)), LIMITS_MS[task]);
    const onAbort = (): void => this.#end(signal?.reason instanceof Error ? signal.reason : new AppError('STRATEGY_OUT_OF_TIME', 'The run was cancelled'));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#child.post({ id, task, ask } as SandboxAsk);
      const answer = await promise;
      return (task === 'advance' ? readSignals(answer) : answer) as SandboxTasks[T]['answer'];
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#waiting = null;
    }
  }

  [Symbol.dispose](): void {
    this.#ended ??= 'it was closed';
    this.#child.kill();
  }

  #end(error: Error): void {
    this.#waiting?.reject(error);
    this[Symbol.dispose]();
  }
}

/**
 * Loads a strategy's files (a text: the one file `strategy.ts`) into a process of its own.
 * @throws AppError STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY
 */
export async function openSandbox(files: readonly ProjectFileLike[] | string, parameters: unknown, { kind, limits, warm }: SandboxOptions = {}): Promise<Sandbox> {
  const client = new SandboxClient(warm?.take(kind) ?? startSandboxChild(kind));
  try {
    const given = typeof files === 'string' ? [{ path: ENTRY_FILE, text: files }] : files;
    await client.send('read', { files: given }, { signal: undefined });
    const facts = await client.send('load', { parameters, ...(limits === undefined ? {} : { limits }) }, { signal: undefined });
    return {
      facts,
      get ended() {
        return client.ended;
      },
      ask: (task, ask, signal, onProgress) => client.send(task, ask, { signal, onProgress }),
      [Symbol.dispose]: () => client[Symbol.dispose](),
    };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}
