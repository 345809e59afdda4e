/** Threads that screen: each holds a part of the market on shared memory, all answer one question at a time. */
import { Worker } from 'node:worker_threads';
import { AppError, describeError, invariant, isErrorCode } from '#app/domain/errors.ts';
import type { PartFound, ScreenOrder, ScreenQuestion, ScreenReply, ScreenSubject } from './screen-work.ts';

const TIMEOUT_MS = 45_000;
const HEAP_MB = 512;

type Waiting = { resolve(part: PartFound): void; reject(error: unknown): void };
/** One thread. Whoever waits, waits for this thread and no other: what happens to one that was replaced concerns nobody who asked later. */
type Part = { readonly worker: Worker; readonly waiting: Map<number, Waiting>; market: string };

const NO_MARKET = '';

/** The file that a thread runs: beside this one in the sources, beside the service in the product. */
function defaultEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './screen-worker.ts' : './research-screener.mjs', import.meta.url);
}

/** 1 to 16 threads. `entry`: the file that they run; `timeoutMs`: how long a question may take. */
export type ScreenPoolOptions = { readonly threads: number; readonly entry?: URL; readonly timeoutMs?: number };

/** Threads for screens. One question at a time; whoever asks sees to that. */
export class ScreenPool implements AsyncDisposable {
  private readonly parts: (Part | null)[];
  private runs = 0;
  private isClosed = false;

  private readonly entry: URL;
  private readonly timeoutMs: number;

  constructor({ threads, entry = defaultEntry(), timeoutMs = TIMEOUT_MS }: ScreenPoolOptions) {
    [this.entry, this.timeoutMs] = [entry, timeoutMs];
    invariant(Number.isInteger(threads) && threads >= 1 && threads <= 16, 'Screens run on 1 to 16 threads', { threads });
    this.parts = Array.from({ length: threads }, () => null);
  }

  /** Number of threads. */
  get threads(): number {
    return this.parts.length;
  }

  /**
   * Asks every thread about its part. `market` names the subjects: the same name, the same subjects, which are then not sent again.
   * @throws AppError INPUT_INVALID for a question that cannot be read; SCREEN_OUT_OF_TIME when a thread takes more than 45 s, or ends, or the pool is closed
   */
  async run(market: { readonly name: string; readonly subjects: readonly ScreenSubject[] }, question: ScreenQuestion, splits: ReadonlyMap<number, number>): Promise<PartFound> {
    if (this.isClosed) throw new AppError('SCREEN_OUT_OF_TIME', 'The service that screens is stopping; ask again in a moment');
    this.runs += 1;
    const run = this.runs;
    const answers = this.parts.map((_none, at) => this.ask(at, { market, question, splits, run }));
    const timer = setTimeout(() => this.fail(new AppError('SCREEN_OUT_OF_TIME', `The screen took too long (more than ${this.timeoutMs / 1_000} s) and was ended. Ask for fewer symbols, or simpler formulas`)), this.timeoutMs);
    const settled = await Promise.allSettled(answers);
    clearTimeout(timer);
    const failed = settled.find((part) => part.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
    return joined(settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : [])));
  }

  /** Lets the threads forget what they hold, so that its memory is free before another market is loaded. */
  forget(): void {
    for (const part of this.parts) if (part !== null && part.market !== NO_MARKET) this.hand(part, NO_MARKET, []);
  }

  private hand(part: Part, market: string, subjects: readonly ScreenSubject[]): void {
    part.worker.postMessage({ type: 'market', market, subjects } satisfies ScreenOrder);
    part.market = market;
  }

  /** Asynchronous throughout: a thread that cannot be started fails its part, and no other part's answer goes unheard. */
  private async ask(at: number, order: { market: { name: string; subjects: readonly ScreenSubject[] }; question: ScreenQuestion; splits: ReadonlyMap<number, number>; run: number }): Promise<PartFound> {
    const { market, question, splits, run } = order;
    const part = this.part(at);
    // Neighbours in the list have equally long histories: dealt out in turn, the threads get equal work.
    if (part.market !== market.name) this.hand(part, market.name, market.subjects.filter((_subject, n) => n % this.parts.length === at));
    return new Promise<PartFound>((resolve, reject) => {
      part.waiting.set(run, { resolve, reject });
      part.worker.postMessage({ type: 'run', run, market: market.name, question, splits } satisfies ScreenOrder);
    });
  }

  private part(at: number): Part {
    const known = this.parts[at];
    if (known) return known;
    const worker = new Worker(this.entry, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    const part: Part = { worker, waiting: new Map(), market: NO_MARKET };
    this.parts[at] = part;
    worker.on('message', (reply: ScreenReply) => hear(part, reply));
    worker.on('messageerror', (error) => this.lost(at, part, describeError(error)));
    worker.on('error', (error) => this.lost(at, part, describeError(error)));
    worker.on('exit', (code) => this.lost(at, part, `it ended with code ${code}`));
    worker.unref();
    return part;
  }

  private lost(at: number, part: Part, why: string): void {
    if (this.parts[at] === part) this.parts[at] = null;
    void part.worker.terminate();
    refuse(part, new AppError('SCREEN_OUT_OF_TIME', `A thread that screens was lost (${why}); ask again`));
  }

  /** Ends all threads and fails whoever waits. */
  private fail(error: AppError): void {
    const parts = this.parts.filter((part) => part !== null);
    this.parts.fill(null);
    for (const part of parts) {
      void part.worker.terminate();
      refuse(part, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    const parts = this.parts.filter((part) => part !== null);
    this.parts.fill(null);
    await Promise.all(parts.map((part) => part.worker.terminate()));
    for (const part of parts) refuse(part, new AppError('SCREEN_OUT_OF_TIME', 'The service that screens is stopping; ask again in a moment'));
  }
}

function hear(part: Part, reply: ScreenReply): void {
  if (reply.type === 'ready') return;
  const waiting = part.waiting.get(reply.run);
  part.waiting.delete(reply.run);
  if (reply.type === 'found') waiting?.resolve(reply.part);
  else waiting?.reject(new AppError(isErrorCode(reply.code) ? reply.code : 'INVARIANT_BROKEN', reply.message));
}

function refuse(part: Part, error: AppError): void {
  const waiting = [...part.waiting.values()];
  part.waiting.clear();
  for (const { reject } of waiting) reject(error);
}

function joined(parts: readonly PartFound[]): PartFound {
  const sum = (pick: (part: PartFound) => number): number => parts.reduce((total, part) => total + pick(part), 0);
  const newest = parts.flatMap((part) => part.newest ?? []);
  return {
    found: parts.flatMap((part) => part.found), matched: sum((part) => part.matched), lacking: sum((part) => part.lacking), empty: sum((part) => part.empty), failed: parts.flatMap((part) => part.failed),
    newest: newest.length === 0 ? null : Math.max(...newest), computeMs: Math.max(...parts.map((part) => part.computeMs)),
  };
}
