/** From the outbox to the wire: publishes what was committed, in order, and remembers how far it came. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import type { Bus } from './bus.ts';
import { sleep } from './clock.ts';
import type { Db } from './db.ts';
import type { Logger } from './log.ts';
import { outboxRows } from './outbox.ts';

const FLUSH_MS = 100;
const RETRY_MS = 250;
const MAX_HELD = 10_000;
const BATCH = 500;

/** The relay of one service. */
export type Relay = { stop(): Promise<void>; /** Events committed and not yet on the wire. */ backlog(): number };

/**
 * Starts the relay. Committed envelopes go out at once; after an error, a restart or a burst beyond its memory it reads them again from the book.
 * A doubled entry on the stream is harmless: consumers count by seq.
 */
export async function startRelay(db: Db, bus: Bus, service: ServiceId, parts: { log: Logger; onFatal: (error: unknown) => void }): Promise<Relay> {
  const { log, onFatal } = parts;
  const abort = new AbortController();
  const held = new Map<number, EventEnvelope>();
  const [head] = await db.query<{ seq: number; sent_seq: number }>(`SELECT seq, sent_seq FROM ${service}.outbox_head`);
  let sent = head?.sent_seq ?? 0;
  let written = head?.seq ?? 0;
  let stored = sent;
  let isFromBook = written > sent;
  let wake: () => void = () => undefined;

  db.onCommitted((envelopes) => {
    for (const envelope of envelopes) {
      written = Math.max(written, envelope.seq);
      if (held.size < MAX_HELD) held.set(envelope.seq, envelope);
      else isFromBook = true;
    }
    wake();
  });

  const next = async (): Promise<EventEnvelope[]> => {
    if (isFromBook) {
      held.clear();
      isFromBook = false;
      const rows = await outboxRows(db, service, sent, BATCH);
      if (rows.length === BATCH) isFromBook = true;
      return rows;
    }
    const run: EventEnvelope[] = [];
    for (let seq = sent + 1; run.length < BATCH; seq += 1) {
      const envelope = held.get(seq);
      if (!envelope) break;
      run.push(envelope);
    }
    return run;
  };

  const step = async (): Promise<boolean> => {
    const run = await next();
    if (run.length === 0) return false;
    try {
      await bus.publish(run);
    } catch (error) {
      log.debug({ error: String(error) }, 'Publishing waits for Redis');
      isFromBook = true;
      await sleep(RETRY_MS, abort.signal);
      return true;
    }
    for (const envelope of run) held.delete(envelope.seq);
    sent = run.at(-1)?.seq ?? sent;
    return true;
  };

  const store = async (): Promise<void> => {
    if (sent === stored) return;
    const reached = sent;
    await db.query(`UPDATE ${service}.outbox_head SET sent_seq = greatest(sent_seq, $1)`, [reached]);
    stored = reached;
  };

  const loop = async (): Promise<void> => {
    let storedAt = performance.now();
    while (!abort.signal.aborted) {
      const moved = await step();
      if (performance.now() - storedAt > FLUSH_MS) {
        await store();
        storedAt = performance.now();
      }
      if (moved) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, sent === stored ? 1_000 : FLUSH_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (abort.signal.aborted || held.has(sent + 1)) wake();
      });
    }
    while (bus.isUp() && sent < written && (await step()));
    await store();
  };
  const running = loop();
  running.catch(onFatal);
  return {
    async stop() {
      abort.abort();
      wake();
      await running;
    },
    backlog: () => written - sent,
  };
}
