/** A loop of work beside the live lane: one job after the other until it is stopped, woken when there is another. */
import { sleep } from '#chassis/clock.ts';

/** What a loop needs. `onFatal`: the loop has ended with an error while nobody had stopped it. */
export type WorkLoopParts = { readonly signal: AbortSignal; readonly onFatal: (error: unknown) => void };

/** Runs, pauses, wakes and stops a loop. Made and started by `startLoop`. */
class Loop {
  private readonly parts: WorkLoopParts;
  private running: Promise<void> = Promise.resolve();
  private isOpen = true;
  private nudge: () => void = () => undefined;

  constructor(parts: WorkLoopParts) {
    this.parts = parts;
  }

  start(run: () => Promise<void>): void {
    this.running = run().catch((error: unknown) => {
      if (!this.isEnding()) this.parts.onFatal(error);
    });
  }

  /** Ends the pause that it is in. */
  wake(): void {
    this.nudge();
  }

  /** Lets the job at hand come to its next question, and waits for it. */
  async stop(): Promise<void> {
    this.isOpen = false;
    this.nudge();
    await this.running;
  }

  /** Is it to end? */
  isEnding(): boolean {
    return !this.isOpen || this.parts.signal.aborted;
  }

  /** Rests until it is woken, stopped, or so many milliseconds are over. */
  async pause(ms: number): Promise<void> {
    if (this.isEnding()) return;
    const abort = new AbortController();
    this.nudge = () => abort.abort();
    await sleep(ms, AbortSignal.any([abort.signal, this.parts.signal]));
  }
}

/** A loop as its own jobs have it. */
export type WorkLoop = Pick<Loop, 'isEnding' | 'pause'>;

/** Starts a loop. `run` asks `isEnding` between its jobs; `wake` ends the pause that it is in, `stop` lets the job at hand come to its next question and waits for it. */
export function startLoop(parts: WorkLoopParts, run: (loop: WorkLoop) => Promise<void>): { wake(): void; stop(): Promise<void> } {
  const loop = new Loop(parts);
  loop.start(() => run(loop));
  return loop;
}
