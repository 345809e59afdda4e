/** Threads that screen: each holds a part of the market on shared memory, all answer one question at a time. */
import { Worker } from 'node:worker_threads';
import { AppError, describeError, invariant, isErrorCode } from '#app/domain/errors.ts';
import type { PartFound, ScreenOrder, ScreenQuestion, ScreenReply, ScreenSubject } from './screen-work.ts';

const TIMEOUT_MS = 45_000;
const HEAP_MB = 512;

type Part = { readonly worker: Worker; market: string };
type Waiting = { resolve(part: PartFound): void; reject(error: unknown): void };

/** The file that a thread runs: beside this one in the sources, beside the service in the product. */
function entry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './screen-worker.ts' : './research-screener.mjs', import.meta.url);
}

/** Threads for screens. One question at a time; whoever asks sees to that. */
export class ScreenPool implements AsyncDisposable {
  private readonly parts: (Part | null)[];
  private readonly waiting = new Map<string, Waiting>();
  private runs = 0;

  constructor(threads: number) {
    invariant(Number.isInteger(threads) && threads >= 1 && threads <= 16, 'Screens run on 1 to 16 threads', { threads });
    this.parts = Array.from({ length: threads }, () => null);
  }

  /** Number of threads. */
  get threads(): number {
    return this.parts.length;
  }

  /**
   * Asks every thread about its part. `market` names the subjects: the same name, the same subjects, which are then not sent again.
   * @throws AppError INPUT_INVALID for a question that cannot be read; SCREEN_OUT_OF_TIME when a thread takes more than 45 s, or ends
   */
  async run(market: { readonly name: string; readonly subjects: readonly ScreenSubject[] }, question: ScreenQuestion, splits: ReadonlyMap<number, number>): Promise<PartFound> {
    this.runs += 1;
    const run = this.runs;
    const answers = this.parts.map((_none, at) => this.ask(at, { market, question, splits, run }));
    const timer = setTimeout(() => this.fail(new AppError('SCREEN_OUT_OF_TIME', 'The screen took longer than 45 s and was ended. Ask for fewer symbols, or simpler formulas')), TIMEOUT_MS);
    const settled = await Promise.allSettled(answers);
    clearTimeout(timer);
    const failed = settled.find((part) => part.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
    return joined(settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : [])));
  }

  private ask(at: number, order: { market: { name: string; subjects: readonly ScreenSubject[] }; question: ScreenQuestion; splits: ReadonlyMap<number, number>; run: number }): Promise<PartFound> {
    const { market, question, splits, run } = order;
    const part = this.part(at);
    const send = (message: ScreenOrder): void => part.worker.postMessage(message);
    if (part.market !== market.name) {
      // Neighbours in the list have equally long histories: dealt out in turn, the threads get equal work.
      send({ type: 'market', market: market.name, subjects: market.subjects.filter((_subject, n) => n % this.parts.length === at) });
      part.market = market.name;
    }
    const answer = new Promise<PartFound>((resolve, reject) => this.waiting.set(`${at}:${run}`, { resolve, reject }));
    send({ type: 'run', run, market: market.name, question, splits });
    return answer;
  }

  private part(at: number): Part {
    const known = this.parts[at];
    if (known) return known;
    const worker = new Worker(entry(), { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    const part: Part = { worker, market: '' };
    this.parts[at] = part;
    worker.on('message', (reply: ScreenReply) => this.hear(at, reply));
    worker.on('error', (error) => this.lost(at, part, describeError(error)));
    worker.on('exit', (code) => this.lost(at, part, `it ended with code ${code}`));
    worker.unref();
    return part;
  }

  private hear(at: number, reply: ScreenReply): void {
    if (reply.type === 'ready') return;
    const key = `${at}:${reply.run}`;
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    if (reply.type === 'found') waiting?.resolve(reply.part);
    else waiting?.reject(new AppError(isErrorCode(reply.code) ? reply.code : 'INVARIANT_BROKEN', reply.message));
  }

  private lost(at: number, part: Part, why: string): void {
    if (this.parts[at] === part) this.parts[at] = null;
    for (const [key, waiting] of this.waiting) {
      if (!key.startsWith(`${at}:`)) continue;
      this.waiting.delete(key);
      waiting.reject(new AppError('SCREEN_OUT_OF_TIME', `A thread that screens was lost (${why}); ask again`));
    }
  }

  /** Ends all threads and fails whoever waits. */
  private fail(error: AppError): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const part of this.parts) void part?.worker.terminate();
    this.parts.fill(null);
    for (const { reject } of waiting) reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const workers = this.parts.flatMap((part) => (part === null ? [] : [part.worker.terminate()]));
    this.parts.fill(null);
    await Promise.all(workers);
  }
}

function joined(parts: readonly PartFound[]): PartFound {
  const sum = (pick: (part: PartFound) => number): number => parts.reduce((total, part) => total + pick(part), 0);
  return {
    found: parts.flatMap((part) => part.found), lacking: sum((part) => part.lacking), empty: sum((part) => part.empty), failed: parts.flatMap((part) => part.failed),
    computeMs: Math.max(...parts.map((part) => part.computeMs)),
  };
}
