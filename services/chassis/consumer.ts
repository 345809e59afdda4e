/** Hearing other services: each event once, in order, its effects and its inbox row in one transaction. */
import type { EventEnvelope, Topic } from '#app/contracts/events.ts';
import { invariant } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import type { Bus } from './bus.ts';
import { backoffMs, isTransient, monotonicMs, sleep } from './clock.ts';
import type { Db, Tx } from './db.ts';
import type { Logger } from './log.ts';
import { outboxHeads, outboxRows } from './outbox.ts';

/** What a service wants to hear of a producer. */
export type ConsumerSpec = {
  readonly producer: ServiceId;
  readonly topics: readonly Topic[];
  /** Most events in one transaction; default 256. */
  readonly batch?: number;
  /** The effects of a batch. It runs again, from the same book, after a conflict or a crash: no effects outside `tx`, no wall clock in decisions. */
  handle(tx: Tx, events: readonly EventEnvelope[]): Promise<void>;
};

/** The one lane in which a service handles what it hears. */
export type Lane = {
  /** Stops after the running batch. */
  stop(): Promise<void>;
  /** Events known to be written and not yet handled. */
  backlog(): number;
  /** Age of the batch that is being handled, null when idle: a lane that is stuck shows here. */
  busyForMs(): number | null;
};

const DEFAULT_BATCH = 256;
const READ_COUNT = 512;
const BLOCK_MS = 200;
/** Silence after which the book is asked whether something was missed. */
const CHECK_BOOK_MS = 250;
const RETRY = { baseMs: 50, capMs: 2_000 };

type LaneParts = { readonly db: Db; readonly bus: Bus; readonly service: ServiceId; readonly log: Logger; readonly onFatal: (error: unknown) => void };

const moveSql = (service: ServiceId): string => `
  WITH moved AS (
    INSERT INTO ${service}.inbox_offset AS o (producer, seq) SELECT $1, $3 WHERE $2::bigint = 0 OR EXISTS (SELECT FROM ${service}.inbox_offset WHERE producer = $1)
    ON CONFLICT (producer) DO UPDATE SET seq = $3, updated_at = clock_timestamp() WHERE o.seq = $2
    RETURNING 1
  ), noted AS (
    INSERT INTO ${service}.inbox (producer, seq, topic, key)
    SELECT $1, e.seq, e.topic, e.key FROM unnest($4::bigint[], $5::text[], $6::text[]) AS e(seq, topic, key) WHERE EXISTS (SELECT FROM moved)
  )
  SELECT count(*) AS moved FROM moved`;

/** Starts the lane of a service over all its producers. */
export async function startLane(specs: readonly ConsumerSpec[], parts: LaneParts): Promise<Lane> {
  const { db, bus, service } = parts;
  const abort = new AbortController();
  const producers = specs.map((spec) => spec.producer);
  invariant(new Set(producers).size === producers.length, 'One consumer per producer', { service });
  const offsets = new Map<ServiceId, number>(producers.map((producer) => [producer, 0]));
  const heads = new Map<ServiceId, number>(offsets);
  for (const row of await db.query<{ producer: ServiceId; seq: number }>(`SELECT producer, seq FROM ${service}.inbox_offset`)) {
    if (offsets.has(row.producer)) offsets.set(row.producer, row.seq);
  }
  const reader = bus.openGroup(service, producers);
  let busySince: number | null = null;
  let checkedAt = -Infinity;

  const commitBatch = async (spec: ConsumerSpec, batch: readonly EventEnvelope[], upTo: number): Promise<void> => {
    const from = offsets.get(spec.producer) ?? 0;
    const wanted = batch.filter((envelope) => spec.topics.includes(envelope.topic));
    await db.tx(async (tx) => {
      const [row] = await tx.query<{ moved: number }>(moveSql(service), [spec.producer, from, upTo, wanted.map((e) => e.seq), wanted.map((e) => e.topic), wanted.map((e) => e.key)]);
      invariant(row?.moved === 1, 'Another process handles the events of this service', { service, producer: spec.producer, from });
      if (wanted.length > 0) await spec.handle(tx, wanted);
    });
    offsets.set(spec.producer, upTo);
  };

  const handle = async (spec: ConsumerSpec, batch: readonly EventEnvelope[]): Promise<void> => {
    const upTo = batch.at(-1)?.seq;
    if (upTo === undefined) return;
    busySince = monotonicMs();
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      try {
        await commitBatch(spec, batch, upTo);
        break;
      } catch (error) {
        if (!isTransient(error)) throw error;
        parts.log.warn({ error: String(error), producer: spec.producer, attempt }, 'A batch is tried again');
        await sleep(backoffMs(attempt, RETRY), abort.signal);
      }
    }
    busySince = null;
  };

  const handleAll = async (spec: ConsumerSpec, envelopes: readonly EventEnvelope[]): Promise<void> => {
    const size = spec.batch ?? DEFAULT_BATCH;
    for (let start = 0; start < envelopes.length && !abort.signal.aborted; start += size) await handle(spec, envelopes.slice(start, start + size));
  };

  const readBook = async (spec: ConsumerSpec): Promise<void> => {
    while (!abort.signal.aborted) {
      const rows = await outboxRows(db, spec.producer, offsets.get(spec.producer) ?? 0, spec.batch ?? DEFAULT_BATCH);
      await handleAll(spec, rows);
      if (rows.length < (spec.batch ?? DEFAULT_BATCH)) return;
    }
  };

  const checkBook = async (): Promise<void> => {
    checkedAt = monotonicMs();
    for (const [producer, seq] of await outboxHeads(db, producers)) heads.set(producer, seq);
    for (const spec of specs) if ((heads.get(spec.producer) ?? 0) > (offsets.get(spec.producer) ?? 0)) await readBook(spec);
  };

  const take = async (spec: ConsumerSpec, heard: readonly EventEnvelope[]): Promise<void> => {
    const offset = offsets.get(spec.producer) ?? 0;
    const fresh = heard.filter((envelope) => envelope.seq > offset);
    const last = fresh.at(-1)?.seq;
    if (last === undefined) return;
    heads.set(spec.producer, Math.max(last, heads.get(spec.producer) ?? 0));
    const isGapless = fresh.every((envelope, n) => envelope.seq === offset + 1 + n);
    await (isGapless ? handleAll(spec, fresh) : readBook(spec));
  };

  const loop = async (): Promise<void> => {
    await checkBook();
    while (!abort.signal.aborted) {
      const heard = await reader.read(BLOCK_MS, READ_COUNT);
      if (heard === null) {
        await checkBook();
        await sleep(20, abort.signal);
        continue;
      }
      for (const spec of specs) await take(spec, heard.get(spec.producer) ?? []);
      if (heard.size === 0 && monotonicMs() - checkedAt > CHECK_BOOK_MS) await checkBook();
    }
  };
  const running = loop().catch((error: unknown) => {
    if (!abort.signal.aborted) parts.onFatal(error);
  });

  return {
    async stop() {
      abort.abort();
      reader.close();
      await running;
    },
    backlog: () => producers.reduce((sum, producer) => sum + Math.max(0, (heads.get(producer) ?? 0) - (offsets.get(producer) ?? 0)), 0),
    busyForMs: () => (busySince === null ? null : monotonicMs() - busySince),
  };
}
