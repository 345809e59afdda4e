/** Threads that stay alive between searches and share a queue: a point that ends its thread is tried once more on another, then given up; the rest goes on. */
import { Worker } from 'node:worker_threads';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import type { Asked, Order, ThreadTask, ThreadTasks } from './thread-tasks.ts';
import { CANCEL, DONE, FAILED, FREE, NEXT, PROGRESS, rowWidth, sharedBatch, sharedControl, type Batch, type CarriedError, type Reply, type SingleRun, type Span, type Study } from './work.ts';

/** `threads`: how many work at once. `entry`: the file they run. `pointTimeoutMs`: a point that takes longer ends its thread. */
export type PoolOptions = { readonly threads: number; readonly entry?: URL; readonly pointTimeoutMs?: number };

/** What is wanted done with a batch. `onDone`: places that have been finished since the last call, with their figures. */
export type BatchOptions = { readonly signal?: AbortSignal; readonly onDone?: (places: readonly number[], batch: Batch) => void };

/** What came of a batch. `why` by place: what went wrong there. `isCancelled`: some places were not reached. */
export type BatchResult = { readonly batch: Batch; readonly why: ReadonlyMap<number, string>; readonly isCancelled: boolean };

/** How a single back-test is looked after. `onProgress`: 0..1. */
export type SingleOptions = { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void };

/** The pool. One batch at a time. */
export type Pool = AsyncDisposable & {
  readonly threads: number;
  /** Runs all points. @throws AppError INVARIANT_BROKEN when another batch is running, or threads cannot be started at all */
  run(study: Study, work: { readonly span: Span; readonly points: readonly number[] }, options?: BatchOptions): Promise<BatchResult>;
  /** Runs one back-test on a thread. `onProgress`: 0..1. @throws what the engine throws (its cause is in the message); STRATEGY_OUT_OF_TIME when its thread ended; the abort's reason */
  single(run: SingleRun, options?: SingleOptions): Promise<RunResult>;
  /** Has a thread do something else. @throws as `single` does */
  ask<T extends ThreadTask>(task: T, ask: ThreadTasks[T]['ask'], options?: SingleOptions): Promise<ThreadTasks[T]['answer']>;
};

const TICK_MS = 25;
/** From a wish to stop to the end of a thread that does not listen. */
const GRACE_MS = 60;
const TRIES = 2;
/** Threads that end before they have taken anything: after so many in one turn there is no sense in another. */
const ENDS_IN_VAIN = 3;
const THOUSAND = 1_000;
const HEAP_MB = 1_024;
const POINT_TIMEOUT_MS = 300_000;
const MAX_THREADS = 64;

/** The file that a thread runs: beside this one in the sources, beside the service in the product. */
function defaultEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './search-worker.ts' : './research-worker.mjs', import.meta.url);
}

/** A thread and what it is at. `number`: from 1 on, what it writes into the places that it takes. */
type Thread = { readonly number: number; readonly worker: Worker; isIdle: boolean; isReady: boolean; place: number; since: number };

/** A turn: one order to all threads, from the first message to the last `idle`. */
type Turn = { readonly id: number; readonly order: Order; readonly onReply: (reply: Reply, thread: Thread) => void; readonly onEnd: (thread: Thread, why: string) => void; readonly check: () => void };

class ThreadPool implements Pool {
  readonly threads: number;
  private readonly entry: URL;
  private readonly timeoutMs: number;
  private readonly alive = new Set<Thread>();
  private count = 0;
  private turns = 0;
  private turn: Turn | null = null;
  private isClosed = false;

  constructor({ threads, entry = defaultEntry(), pointTimeoutMs = POINT_TIMEOUT_MS }: PoolOptions) {
    invariant(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS, 'A pool has 1 to 64 threads', { threads });
    this.threads = threads;
    this.entry = entry;
    this.timeoutMs = pointTimeoutMs;
  }

  async run(study: Study, { span, points }: { readonly span: Span; readonly points: readonly number[] }, { signal, onDone }: BatchOptions = {}): Promise<BatchResult> {
    const batch = sharedBatch(span, points, rowWidth(study));
    const run = new BatchRun(batch, onDone);
    const isAborted = (): boolean => signal?.aborted === true;
    while (run.hasFree() && !isAborted()) {
      Atomics.store(batch.control, NEXT, 0);
      await this.take((turn) => ({ type: 'batch', turn, study, batch }), { control: batch.control, signal, places: run, most: run.free() });
      run.tell();
    }
    return { batch, why: run.why, isCancelled: run.hasFree() };
  }

  single(run: SingleRun, options?: SingleOptions): Promise<RunResult> {
    return this.ask('single', run, options);
  }

  async ask<T extends ThreadTask>(task: T, ask: ThreadTasks[T]['ask'], options?: SingleOptions): Promise<ThreadTasks[T]['answer']> {
    return (await this.askOne({ task, ask } as Asked, options)) as ThreadTasks[T]['answer'];
  }

  private async askOne(asked: Asked, { signal, onProgress }: SingleOptions = {}): Promise<unknown> {
    const control = sharedControl();
    const found: { answer: { readonly answer: unknown } | null; error: CarriedError } = { answer: null, error: { code: 'STRATEGY_OUT_OF_TIME', message: 'The back-test was given up', context: {} } };
    const places: Places = {
      told(reply) {
        if (reply.type !== 'single') return;
        if ('answer' in reply.outcome) found.answer = reply.outcome;
        else found.error = reply.outcome.error;
      },
      placeOf: () => 0,
      lost(_thread, why) {
        found.error = { code: 'STRATEGY_OUT_OF_TIME', message: `The back-test was given up: its thread ended (${why})`, context: {} };
        return true;
      },
      tell: () => onProgress?.(Atomics.load(control, PROGRESS) / THOUSAND),
    };
    await this.take((turn) => ({ type: 'single', turn, asked, control }), { control, signal, places, most: 1 });
    signal?.throwIfAborted();
    if (found.answer === null) throw new AppError(found.error.code, found.error.message, { context: found.error.context });
    return found.answer.answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.alive].map(({ worker }) => worker.terminate()));
  }

  /** Gives an order to as many threads as have use for it and waits until all are idle again, or gone. */
  private async take(orderOf: (turn: number) => Order, { control, signal, places, most }: { readonly control: Int32Array; readonly signal: AbortSignal | undefined; readonly places: Places; readonly most: number }): Promise<void> {
    invariant(this.turn === null && !this.isClosed, 'The pool is at work already, or closed');
    this.turns += 1;
    const id = this.turns;
    const wanted = Math.min(this.threads, most);
    const ends = { inVain: 0 };
    const { promise, resolve, reject } = Promise.withResolvers<null>();
    const order = orderOf(id);
    const give = (thread: Thread): void => {
      [thread.isIdle, thread.place, thread.since] = [false, -1, performance.now()];
      thread.worker.postMessage(order);
    };
    const check = (): void => {
      places.tell();
      this.endSlow(places);
      if ([...this.alive].every(({ isIdle }) => isIdle)) resolve(null);
    };
    this.turn = {
      id, order, check,
      onReply: (reply) => {
        places.told(reply);
        if (reply.type === 'idle' || reply.type === 'single') check();
      },
      onEnd: (thread, why) => {
        const wasAtWork = places.lost(thread.number, why);
        if (!thread.isReady || !wasAtWork) ends.inVain += 1;
        if (ends.inVain >= ENDS_IN_VAIN) reject(new AppError('INVARIANT_BROKEN', `Threads of the research pool cannot be started: ${why}`));
        // Its place in the queue goes to a fresh thread, unless the rest is done anyway.
        else if (Atomics.load(control, CANCEL) === 0 && order.type === 'batch') give(this.start());
        check();
      },
    };
    const stop = (): void => {
      Atomics.store(control, CANCEL, 1);
      setTimeout(() => this.endBusy(id), GRACE_MS).unref();
    };
    const timer = setInterval(check, TICK_MS);
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      while (this.alive.size < wanted) this.start();
      for (const thread of [...this.alive].slice(0, wanted)) give(thread);
      await promise;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
      this.turn = null;
    }
  }

  private start(): Thread {
    this.count += 1;
    // No environment: a strategy's thread has no use for what may stand there.
    const worker = new Worker(this.entry, { execArgv: [], env: {}, workerData: { number: this.count }, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB }, stdin: false });
    const thread: Thread = { number: this.count, worker, isIdle: true, isReady: false, place: -1, since: 0 };
    let why = 'it ended without a word';
    worker.on('message', (reply: Reply) => {
      thread.isReady = true;
      // Idle before it is told, so that who checks sees it.
      if ((reply.type === 'idle' || reply.type === 'single') && reply.turn === this.turn?.id) thread.isIdle = true;
      if (reply.type !== 'ready' && reply.turn === this.turn?.id) this.turn.onReply(reply, thread);
    });
    worker.on('error', (error: unknown) => void (why = describeError(error)));
    worker.on('exit', () => {
      this.alive.delete(thread);
      if (!this.isClosed) this.turn?.onEnd(thread, why);
    });
    worker.unref();
    this.alive.add(thread);
    return thread;
  }

  /** Ends threads that have been at one place for too long. */
  private endSlow(places: Places): void {
    const now = performance.now();
    for (const thread of this.alive) {
      const place = thread.isIdle ? -1 : places.placeOf(thread.number);
      if (place !== thread.place) [thread.place, thread.since] = [place, now];
      else if (place >= 0 && now - thread.since > this.timeoutMs) {
        thread.since = Infinity;
        void thread.worker.terminate();
      }
    }
  }

  /** Ends threads that were asked to stop and have not. */
  private endBusy(turn: number): void {
    if (this.turn?.id !== turn) return;
    for (const thread of this.alive) if (!thread.isIdle) void thread.worker.terminate();
  }
}

/** Who keeps the books of a turn. */
type Places = { told(reply: Reply): void; /** The place at which a thread works, -1 when none is known. */ placeOf(thread: number): number; /** A thread has gone. @returns whether it was at a place */ lost(thread: number, why: string): boolean; /** Tells what has been finished. */ tell(): void };

/** The books of a batch: what is done, what was told, how often a place was tried. */
class BatchRun implements Places {
  readonly why = new Map<number, string>();
  private readonly batch: Batch;
  private readonly onDone: BatchOptions['onDone'];
  private readonly isTold: Uint8Array;
  private readonly losses = new Map<number, number>();

  constructor(batch: Batch, onDone: BatchOptions['onDone']) {
    this.batch = batch;
    this.onDone = onDone;
    this.isTold = new Uint8Array(batch.points.length);
  }

  free(): number {
    return this.batch.states.reduce((sum, state) => sum + (state === FREE ? 1 : 0), 0);
  }

  hasFree(): boolean {
    return this.batch.states.includes(FREE);
  }

  told(reply: Reply): void {
    if (reply.type === 'failed') this.why.set(reply.place, reply.why);
  }

  placeOf(thread: number): number {
    return this.batch.states.indexOf(thread);
  }

  lost(thread: number, why: string): boolean {
    const place = this.placeOf(thread);
    if (place < 0) return false;
    const isCancelled = Atomics.load(this.batch.control, CANCEL) === 1;
    const losses = (this.losses.get(place) ?? 0) + (isCancelled ? 0 : 1);
    this.losses.set(place, losses);
    if (losses >= TRIES) this.why.set(place, `It ended its thread ${TRIES} times: ${why}`);
    Atomics.store(this.batch.states, place, losses >= TRIES ? FAILED : FREE);
    return true;
  }

  tell(): void {
    if (!this.onDone) return;
    const places: number[] = [];
    for (let place = 0; place < this.isTold.length; place += 1) {
      if (this.isTold[place] === 1 || Atomics.load(this.batch.states, place) !== DONE) continue;
      this.isTold[place] = 1;
      places.push(place);
    }
    if (places.length > 0) this.onDone(places, this.batch);
  }
}

/** Opens a pool. Threads are started with the first batch and end with the pool; they keep no process alive. */
export function openPool(options: PoolOptions): Pool {
  return new ThreadPool(options);
}
