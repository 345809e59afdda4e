/** From the outbox to the wire: publishes what was committed, in order, and remembers how far it came. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import { AppError } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import type { Bus } from './bus.ts';
import { monotonicMs, sleep } from './clock.ts';
import type { Db } from './db.ts';
import type { Logger } from './log.ts';
import { outboxRows } from './outbox.ts';

/** How often the reached number is stored while events flow. */
const STORE_MS = 100;
const IDLE_MS = 1_000;
const RETRY_MS = 250;
const MAX_HELD = 10_000;
const BATCH = 500;

/** The relay of one service. */
export type Relay = {
  stop(): Promise<void>;
  /** Events committed and not yet on the wire. */
  backlog(): number;
};

type RelayParts = { readonly db: Db; readonly bus: Bus; readonly service: ServiceId; readonly log: Logger; readonly onFatal: (error: unknown) => void };

/**
 * Starts the relay. Committed envelopes go out at once; after an error, a restart or a burst beyond its memory it reads them again from the book.
 * A doubled entry on the stream is harmless: consumers count by seq.
 */
export async function startRelay(parts: RelayParts): Promise<Relay> {
  const [head] = await parts.db.query<{ seq: number; sent_seq: number }>(`SELECT seq, sent_seq FROM ${parts.service}.outbox_head`);
  const relay = new OutboxRelay(parts, { written: head?.seq ?? 0, sent: head?.sent_seq ?? 0 });
  relay.start();
  return relay;
}

class OutboxRelay implements Relay {
  private readonly parts: RelayParts;
  private readonly abort = new AbortController();
  private readonly held = new Map<number, EventEnvelope>();
  private written: number;
  private sent: number;
  private stored: number;
  private isFromBook: boolean;
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(parts: RelayParts, from: { written: number; sent: number }) {
    this.parts = parts;
    this.written = from.written;
    this.sent = from.sent;
    this.stored = from.sent;
    this.isFromBook = from.written > from.sent;
    parts.db.onCommitted((envelopes) => this.hold(envelopes));
  }

  start(): void {
    this.running = this.loop();
    this.running.catch(this.parts.onFatal);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.wake();
    await this.running;
  }

  backlog(): number {
    return this.written - this.sent;
  }

  private hold(envelopes: readonly EventEnvelope[]): void {
    for (const envelope of envelopes) {
      this.written = Math.max(this.written, envelope.seq);
      if (this.held.size < MAX_HELD) this.held.set(envelope.seq, envelope);
      else this.isFromBook = true;
    }
    this.wake();
  }

  private async loop(): Promise<void> {
    let storedAt = monotonicMs();
    while (!this.abort.signal.aborted) {
      const moved = await this.step();
      if (monotonicMs() - storedAt > STORE_MS) {
        await this.store();
        storedAt = monotonicMs();
      }
      if (!moved) await this.pause();
    }
    while (this.parts.bus.isUp() && this.sent < this.written && (await this.step()));
    await this.store();
  }

  /** Publishes the next run; false when there is nothing to publish. */
  private async step(): Promise<boolean> {
    const run = await this.next();
    if (run.length === 0) return false;
    try {
      await this.parts.bus.publish(run);
    } catch (error) {
      this.parts.log.debug({ error: String(error) }, 'Publishing waits for Redis');
      this.isFromBook = true;
      await sleep(RETRY_MS, this.abort.signal);
      return true;
    }
    for (const envelope of run) this.held.delete(envelope.seq);
    this.sent = run.at(-1)?.seq ?? this.sent;
    return true;
  }

  private async next(): Promise<EventEnvelope[]> {
    if (this.isFromBook) {
      this.held.clear();
      const rows = await outboxRows(this.parts.db, this.parts.service, this.sent, BATCH);
      this.isFromBook = rows.length === BATCH;
      return rows;
    }
    const run: EventEnvelope[] = [];
    for (let envelope = this.held.get(this.sent + 1); envelope && run.length < BATCH; envelope = this.held.get(this.sent + 1 + run.length)) run.push(envelope);
    return run;
  }

  private async store(): Promise<void> {
    if (this.sent === this.stored) return;
    const reached = this.sent;
    // Only a hint where to go on. It must not wait for the disk: whoever writes the next event waits for this row.
    try {
      await this.parts.db.tx((tx) => tx.query(`UPDATE ${this.parts.service}.outbox_head SET sent_seq = greatest(sent_seq, $1)`, [reached]), 'soon');
    } catch (error) {
      // Somebody held the row for too long: a hint can wait for the next time, and is no reason to end.
      if (!(error instanceof AppError && error.family === 'conflict')) throw error;
      this.parts.log.debug({ error: String(error) }, 'How far the relay came is noted later');
      return;
    }
    this.stored = reached;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.sent === this.stored ? IDLE_MS : STORE_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.abort.signal.aborted || this.held.has(this.sent + 1) || this.isFromBook) this.wake();
    });
  }
}
