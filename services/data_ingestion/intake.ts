/** The one lane in which bars enter the book: frames from the stream, and repairs over REST when the stream was away. */
import type { Timeframe } from '#app/domain/time.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { backoffMs, isTransient, sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { KEYS_RETRY_MS } from '../alpaca/http.ts';
import type { FeedBar, MarketHistory } from '../alpaca/ports.ts';
import type { Broadcast } from '#chassis/bus.ts';
import { repairGaps, type RepairResult } from './intake-gaps.ts';
import { applyRevisions, keepSuspects, reread, type Suspects } from './revisions.ts';
import { storeBars } from './store.ts';

/** Bars that wait for the book before the oldest are given up and read again over REST. */
const MAX_PENDING = 100_000;
const MAX_BATCH = 1_000;
/** How soon bars that waited for room on the disk go on. */
const ROOM_LOOK_MS = 250;
const REPAIR_RETRY = { baseMs: 250, capMs: 15_000 };

/** What the intake works with. */
export type IntakeParts = {
  readonly db: Db;
  readonly history: MarketHistory;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly timeframe: Timeframe;
  /** In a replay nothing is history: every bar is the market's present, whichever way it arrives. */
  readonly isReplay: boolean;
  readonly watched: () => readonly string[];
  /** Is there room on the disk for bars? While there is none they wait, so that orders and fills have what is left. */
  readonly hasRoom: () => boolean;
  /** Tells whoever draws bars that some changed. */
  readonly broadcast: Broadcast;
  readonly onRevised?: (count: number) => void;
  readonly onFatal: (error: unknown) => void;
  readonly onTrouble: (reason: string | null) => void;
};

/** The running intake. */
export type Intake = {
  /** Takes a frame of the stream; never blocks. */
  take(bars: readonly FeedBar[]): void;
  /**
   * Reads over REST what is missing since the last stored bar of each watched symbol; resolves when it is stored. It goes before the frames that wait.
   * `begun`: symbols that are followed from now on: they begin with their first history, and what they missed meanwhile is no news.
   */
  repair(why: string, begun?: readonly string[]): Promise<RepairResult>;
  /** A print of the minute of `at` was corrected or taken back: the minute is read again soon, and revised where it differs. */
  suspect(symbol: string, at: number): void;
  backlog(): number;
  oldestPendingAgeMs(): number | null;
  stop(): Promise<void>;
};

type Job = { readonly why: string; readonly begun: readonly string[]; readonly resolve: (result: RepairResult) => void; readonly reject: (error: unknown) => void };

/** Starts the intake. */
export function startIntake(parts: IntakeParts): Intake {
  const lane = new IntakeLane(parts);
  lane.start();
  return lane;
}

class IntakeLane implements Intake {
  private readonly parts: IntakeParts;
  private readonly pending: FeedBar[] = [];
  private readonly repairs: Job[] = [];
  private readonly suspects: Suspects = keepSuspects(() => this.wake());
  private wake: () => void = () => undefined;
  private isOpen = true;
  private running: Promise<void> = Promise.resolve();

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  start(): void {
    this.running = this.loop().catch((error: unknown) => {
      if (this.isOpen) this.parts.onFatal(error);
    });
  }

  async stop(): Promise<void> {
    this.isOpen = false;
    this.wake();
    await this.running;
    for (const job of this.repairs.splice(0)) job.reject(stopped());
  }

  take(bars: readonly FeedBar[]): void {
    if (this.pending.length + bars.length > MAX_PENDING) {
      // The book is far behind: what is given up here is read again, in order, over REST.
      this.pending.length = 0;
      this.repair('too many bars waited').catch(this.parts.onFatal);
      return;
    }
    this.pending.push(...bars);
    this.wake();
  }

  repair(why: string, begun: readonly string[] = []): Promise<RepairResult> {
    if (!this.isOpen) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      this.repairs.push({ why, begun, resolve, reject });
      this.wake();
    });
  }

  suspect(symbol: string, at: number): void {
    this.suspects.add(symbol, at);
  }

  backlog(): number {
    return this.pending.length + this.repairs.length;
  }

  oldestPendingAgeMs(): number | null {
    return this.pending[0] === undefined ? null : Date.now() - this.pending[0].tsSeen;
  }

  private async loop(): Promise<void> {
    while (this.isOpen) {
      await roomToStore(this.parts, () => this.isOpen);
      const job = this.repairs.shift();
      if (job) await this.runRepair(job);
      else if (this.pending.length > 0) await this.storeFrame(this.pending.slice(0, MAX_BATCH));
      else if (this.suspects.isDue()) await this.rereadSuspects();
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Stores some of what waits. */
  private async storeFrame(batch: readonly FeedBar[]): Promise<void> {
    for (let attempt = 0; this.isOpen; attempt += 1) {
      try {
        const revised = await this.parts.db.tx(async (tx) => {
          await storeBars(tx, batch.filter((bar) => !bar.isRevision), { source: 'stream', isBackfill: false });
          return applyRevisions(tx, batch.filter((bar) => bar.isRevision), { source: 'stream', broadcast: this.parts.broadcast });
        });
        if (revised > 0) this.parts.onRevised?.(revised);
        break;
      } catch (error) {
        if (!isTransient(error)) throw error;
        await sleep(backoffMs(attempt, REPAIR_RETRY), this.parts.signal);
      }
    }
    const done = new Set(batch);
    for (const bar of this.pending.splice(0)) if (!done.has(bar)) this.pending.push(bar);
  }

  /** While symbols get their first history, the live bars of all others do not wait for it. */
  private async storeOthers(held: ReadonlySet<string>): Promise<void> {
    const batch = this.pending.filter((bar) => !held.has(bar.symbol)).slice(0, MAX_BATCH);
    if (batch.length > 0) await this.storeFrame(batch);
  }

  /** What cannot be read now is left to the next repair and to validation. */
  private async rereadSuspects(): Promise<void> {
    const due = this.suspects.take();
    try {
      const revised = await reread(this.parts, due);
      this.parts.log.info({ minutes: due.length, revised }, 'Minutes with corrected prints were read again');
      if (revised > 0) this.parts.onRevised?.(revised);
    } catch (error) {
      const isRefused = error instanceof AppError && (error.code === 'BROKER_KEYS_REJECTED' || error.code === 'BROKER_REJECTED' || error.code === 'BROKER_REPLY_INVALID');
      if (!isRefused && !isTransient(error)) throw error;
      this.parts.log.warn({ minutes: due.length, error: describeError(error) }, 'Minutes with corrected prints could not be read again');
    }
  }

  private async runRepair(job: Job): Promise<void> {
    for (let attempt = 0; this.isOpen; attempt += 1) {
      try {
        const { notGiven, ...result } = await repairGaps({ ...this.parts, roomToStore: () => roomToStore(this.parts, () => true), maxBatch: MAX_BATCH, others: (held) => this.storeOthers(held) }, job.begun);
        this.parts.onTrouble(notGiven.length === 0 ? null : `The broker gives no bars of ${notGiven.slice(0, 10).join(', ')}${notGiven.length > 10 ? ` and ${notGiven.length - 10} more` : ''}: it refuses the question`);
        this.parts.log.info({ why: job.why, ...result, notGiven }, 'Gaps repaired');
        job.resolve(result);
        return;
      } catch (error) {
        const isRefused = error instanceof AppError && error.code === 'BROKER_KEYS_REJECTED';
        if (!isRefused && !isTransient(error)) {
          job.reject(error);
          throw error;
        }
        this.parts.onTrouble(`Bars cannot be read from the broker: ${describeError(error)}`);
        await sleep(isRefused ? KEYS_RETRY_MS : backoffMs(attempt, REPAIR_RETRY), this.parts.signal);
      }
    }
    job.reject(stopped());
  }
}

/** Waits until there is room on the disk, or nobody wants to store any more. */
async function roomToStore({ hasRoom, signal }: IntakeParts, isWanted: () => boolean): Promise<void> {
  while (isWanted() && !hasRoom() && !signal.aborted) await sleep(ROOM_LOOK_MS, signal);
}

function stopped(): AppError {
  return new AppError('UNIT_TIMEOUT', 'Market data intake is stopping; try again when it runs');
}
