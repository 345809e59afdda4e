/** A stranger's strategy as workers hold it: asked over a border, stopped when it does not answer. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { readAnswer, readSignals } from './answers.ts';
import { startSandboxChild, type SandboxChild } from './child-spawner.ts';
import type { SandboxAsk, SandboxFacts, SandboxTask, SandboxTasks } from './protocol.ts';

/** How long a task may take before its process is ended, ms: the machine's own limits come first. */
const LIMITS_MS: Readonly<Record<SandboxTask, number>> = { load: 15_000, backtest: 600_000, open: 15_000, advance: 5_000 };

/** A loaded strategy. Dispose of it to end its process. */
export type Sandbox = Disposable & {
  readonly facts: SandboxFacts;
  /** @throws AppError STRATEGY_FAILED, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY with the line of its author; the abort's reason */
  ask<T extends Exclude<SandboxTask, 'load'>>(task: T, ask: SandboxTasks[T]['ask'], signal?: AbortSignal): Promise<SandboxTasks[T]['answer']>;
};

type Waiting = { readonly id: number; readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void };

class Client implements Disposable {
  readonly #child: SandboxChild;
  #waiting: Waiting | null = null;
  #ended: string | null = null;
  #asked = 0;

  constructor(child: SandboxChild) {
    this.#child = child;
    child.onEnd((why) => {
      this.#ended ??= why;
      this.#waiting?.reject(new AppError('STRATEGY_OUT_OF_MEMORY', `The process of the strategy has ended (${why}): it may have used too much memory`));
    });
    child.onAnswer((raw) => {
      const answer = readAnswer(raw);
      // An answer that nobody waits for, or waits for no more.
      if (answer === null || this.#waiting?.id !== answer.id) return;
      if ('error' in answer) this.#waiting.reject(new AppError(answer.error.code, answer.error.message, { context: answer.error.context }));
      else this.#waiting.resolve(answer.answer);
    });
  }

  async send<T extends SandboxTask>(task: T, ask: SandboxTasks[T]['ask'], signal?: AbortSignal): Promise<SandboxTasks[T]['answer']> {
    signal?.throwIfAborted();
    invariant(this.#waiting === null, 'A strategy is asked one thing at a time', { task });
    if (this.#ended !== null) throw new AppError('STRATEGY_FAILED', `The process of the strategy has ended (${this.#ended})`);
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting = { id, resolve, reject };
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

/** Loads a strategy's source into a process of its own. @throws AppError STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY */
export async function openSandbox(source: string, parameters: unknown, kind?: 'process' | 'thread'): Promise<Sandbox> {
  const client = new Client(startSandboxChild(kind));
  try {
    const facts = await client.send('load', { source, parameters });
    return { facts, ask: (task, ask, signal) => client.send(task, ask, signal), [Symbol.dispose]: () => client[Symbol.dispose]() };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}
