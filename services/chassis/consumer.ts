/** Hearing other services: each event once, in order, its effects and its inbox row in one transaction. */
import type { EventEnvelope, Topic } from '#app/contracts/events.ts';
import { invariant } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import type { Bus, GroupReader } from './bus.ts';
import { backoffMs, isTransient, monotonicMs, sleep } from './clock.ts';
import type { Db, Durability, Tx } from './db.ts';
import type { Logger } from './log.ts';
import { outboxHeads, outboxRows } from './outbox.ts';

/** What a service wants to hear of a producer. */
export type ConsumerSpec = {
  readonly producer: ServiceId;
  readonly topics: readonly Topic[];
  /** Name of a lane of its own (letters and underscores): what is slow there holds nothing else back. Left out: the service's one. */
  readonly lane?: string;
  /** Whether anybody wants events of these topics now; left out: always. Events that come while nobody does are passed over for good. */
  isWanted?(): boolean;
  /** Most events in one transaction; default 256. */
  readonly batch?: number;
  /** `soon` when the effects are worked out again from the same events after a crash of PostgreSQL and nobody outside acts on them; default `flushed`. */
  readonly durability?: Durability;
  /** The effects of a batch. It runs again, from the same book, after a conflict or a crash: no effects outside `tx`, no wall clock in decisions. */
  handle(tx: Tx, events: readonly EventEnvelope[]): Promise<void>;
};

/** The lanes in which a service handles what it hears: one after the other within a lane, lanes beside each other. */
export type Lane = {
  /** Stops after the running batch. */
  stop(): Promise<void>;
  /** Events known to be written and not yet handled. */
  backlog(): number;
  /** Age of the oldest batch that is being handled, null when idle: a lane that is stuck shows here. */
  busyForMs(): number | null;
  /** The same of each lane by its name; the service's one is called `main`. */
  busyLanes(): readonly { readonly lane: string; readonly forMs: number }[];
};

/** What the service's own lane is called where lanes are told apart. */
const MAIN_LANE = 'main';
const DEFAULT_BATCH = 256;
const READ_COUNT = 512;
const BLOCK_MS = 200;
/** Silence after which the book is asked whether something was missed. */
const CHECK_BOOK_MS = 250;
const REDIS_AWAY_PAUSE_MS = 20;
const RETRY = { baseMs: 50, capMs: 2_000 };

type LaneParts = { readonly db: Db; readonly bus: Bus; readonly service: ServiceId; readonly log: Logger; readonly onFatal: (error: unknown) => void };

/** The name under which the book keeps how far a lane has heard a producer. */
function offsetKey({ producer, lane }: Pick<ConsumerSpec, 'producer' | 'lane'>): string {
  return lane === undefined ? producer : `${producer}/${lane}`;
}

/** Moves the offset from $2 to $3 and notes the wanted events; `moved` is 0 when somebody else moved it meanwhile. */
const moveSql = (service: ServiceId): string => `
  WITH moved AS (
    UPDATE ${service}.inbox_offset SET seq = $3, updated_at = clock_timestamp() WHERE producer = $1 AND seq = $2 RETURNING 1
  ), noted AS (
    INSERT INTO ${service}.inbox (producer, seq, topic, key)
    SELECT $1, e.seq, e.topic, e.key FROM unnest($4::bigint[], $5::text[], $6::text[]) AS e(seq, topic, key) WHERE EXISTS (SELECT FROM moved)
  )
  SELECT count(*) AS moved FROM moved`;

/** Where each lane begins: at 0 in a new book; a lane that is new in an old book begins where the service's one is, for what was said before is not for it. */
const beginSql = (service: ServiceId): string => `
  INSERT INTO ${service}.inbox_offset (producer, seq)
  SELECT key, coalesce((SELECT o.seq FROM ${service}.inbox_offset o WHERE o.producer = split_part(key, '/', 1)), 0) FROM unnest($1::text[]) AS k(key)
  ON CONFLICT DO NOTHING`;

/** Starts the lanes of a service over all its producers. */
export async function startLane(specs: readonly ConsumerSpec[], parts: LaneParts): Promise<Lane> {
  const keys = specs.map(offsetKey);
  invariant(new Set(keys).size === keys.length, 'One consumer per producer and lane', { service: parts.service });
  // A row at 0 says that the lane has begun: who waits for the pipeline to settle can tell silence from absence.
  await parts.db.query(beginSql(parts.service), [keys]);
  const rows = await parts.db.query<{ key: string; seq: number }>(`SELECT producer AS key, seq FROM ${parts.service}.inbox_offset`);
  const offsets = new Map(rows.map((row) => [row.key, row.seq]));
  const names = [...new Set(specs.map(({ lane }) => lane))];
  const lanes = names.map((name) => ({ name: name ?? MAIN_LANE, lane: new OneLane(name, { specs: specs.filter(({ lane }) => lane === name), parts, offsets }) }));
  for (const { lane } of lanes) lane.start();
  const busyLanes = (): { lane: string; forMs: number }[] => lanes.flatMap(({ name, lane }) => {
    const forMs = lane.busyForMs();
    return forMs === null ? [] : [{ lane: name, forMs }];
  });
  return {
    async stop() {
      await Promise.all(lanes.map(({ lane }) => lane.stop()));
    },
    backlog: () => lanes.reduce((sum, { lane }) => sum + lane.backlog(), 0),
    busyLanes,
    busyForMs: () => busyLanes().reduce<number | null>((oldest, { forMs }) => Math.max(oldest ?? 0, forMs), null),
  };
}

type LaneSetup = { readonly specs: readonly ConsumerSpec[]; readonly parts: LaneParts; readonly offsets: ReadonlyMap<string, number> };

/** One lane. */
class OneLane {
  private readonly specs: readonly ConsumerSpec[];
  private readonly parts: LaneParts;
  private readonly producers: readonly ServiceId[];
  private readonly offsets: Map<ServiceId, number>;
  private readonly heads = new Map<ServiceId, number>();
  private readonly reader: GroupReader;
  private readonly abort = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private busySince: number | null = null;
  private checkedAt = -Infinity;

  constructor(name: string | undefined, { specs, parts, offsets }: LaneSetup) {
    this.specs = specs;
    this.parts = parts;
    this.producers = specs.map((spec) => spec.producer);
    this.offsets = new Map(specs.map((spec) => [spec.producer, offsets.get(offsetKey(spec)) ?? 0]));
    this.reader = parts.bus.openGroup(name === undefined ? parts.service : `${parts.service}:${name}`, this.producers);
  }

  start(): void {
    this.running = this.loop().catch((error: unknown) => {
      if (!this.abort.signal.aborted) this.parts.onFatal(error);
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.reader.close();
    await this.running;
  }

  backlog(): number {
    return this.producers.reduce((sum, producer) => sum + Math.max(0, (this.heads.get(producer) ?? 0) - this.offset(producer)), 0);
  }

  busyForMs(): number | null {
    return this.busySince === null ? null : monotonicMs() - this.busySince;
  }

  private offset(producer: ServiceId): number {
    return this.offsets.get(producer) ?? 0;
  }

  private async loop(): Promise<void> {
    const { signal } = this.abort;
    await this.checkBook();
    while (!signal.aborted) {
      const heard = await this.reader.read(BLOCK_MS, READ_COUNT);
      if (heard === null) {
        await this.checkBook();
        await sleep(REDIS_AWAY_PAUSE_MS, signal);
        continue;
      }
      for (const spec of this.specs) await this.take(spec, heard.get(spec.producer) ?? []);
      if (heard.size === 0 && monotonicMs() - this.checkedAt > CHECK_BOOK_MS) await this.checkBook();
    }
  }

  /** Handles what came over the wire, or reads the book when the wire left something out. */
  private async take(spec: ConsumerSpec, heard: readonly EventEnvelope[]): Promise<void> {
    const offset = this.offset(spec.producer);
    const fresh = heard.filter((envelope) => envelope.seq > offset);
    const last = fresh.at(-1)?.seq;
    if (last === undefined) return;
    this.heads.set(spec.producer, Math.max(last, this.heads.get(spec.producer) ?? 0));
    const isGapless = fresh.every((envelope, n) => envelope.seq === offset + 1 + n);
    await (isGapless ? this.handleAll(spec, fresh) : this.readBook(spec));
  }

  private async checkBook(): Promise<void> {
    this.checkedAt = monotonicMs();
    for (const [producer, seq] of await outboxHeads(this.parts.db, this.producers)) this.heads.set(producer, seq);
    for (const spec of this.specs) if ((this.heads.get(spec.producer) ?? 0) > this.offset(spec.producer)) await this.readBook(spec);
  }

  private async readBook(spec: ConsumerSpec): Promise<void> {
    const size = spec.batch ?? DEFAULT_BATCH;
    while (!this.abort.signal.aborted) {
      const rows = await outboxRows(this.parts.db, spec.producer, this.offset(spec.producer), size);
      await this.handleAll(spec, rows);
      if (rows.length < size) return;
    }
  }

  private async handleAll(spec: ConsumerSpec, envelopes: readonly EventEnvelope[]): Promise<void> {
    const size = spec.batch ?? DEFAULT_BATCH;
    for (let start = 0; start < envelopes.length && !this.abort.signal.aborted; start += size) await this.handle(spec, envelopes.slice(start, start + size));
  }

  private async handle(spec: ConsumerSpec, batch: readonly EventEnvelope[]): Promise<void> {
    const upTo = batch.at(-1)?.seq;
    if (upTo === undefined) return;
    this.busySince = monotonicMs();
    for (let attempt = 0; !this.abort.signal.aborted; attempt += 1) {
      try {
        await this.commit(spec, batch, upTo);
        break;
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.parts.log.warn({ error: String(error), producer: offsetKey(spec), attempt }, 'A batch is tried again');
        await sleep(backoffMs(attempt, RETRY), this.abort.signal);
      }
    }
    this.busySince = null;
  }

  private async commit(spec: ConsumerSpec, batch: readonly EventEnvelope[], upTo: number): Promise<void> {
    const { db, service } = this.parts;
    const from = this.offset(spec.producer);
    const wanted = spec.isWanted?.() === false ? [] : batch.filter((envelope) => spec.topics.includes(envelope.topic));
    const key = offsetKey(spec);
    await db.tx(async (tx) => {
      const [row] = await tx.query<{ moved: number }>(moveSql(service), [key, from, upTo, wanted.map((e) => e.seq), wanted.map((e) => e.topic), wanted.map((e) => e.key)]);
      invariant(row?.moved === 1, 'Another process handles the events of this service', { service, producer: key, from });
      if (wanted.length > 0) await spec.handle(tx, wanted);
      // An offset that moved over events that nobody wanted: hearing them again does nothing.
    }, wanted.length === 0 ? 'soon' : spec.durability);
    this.offsets.set(spec.producer, upTo);
  }
}
