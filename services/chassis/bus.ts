/** The wire: Redis streams, caches and live channels (the only importer of ioredis). Losing it costs time, never truth. */
import { Redis } from 'ioredis';
import type { RedisAccess } from '#app/contracts/config.ts';
import { parseEnvelope, streamName, type EventEnvelope } from '#app/contracts/events.ts';
import { AppError } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { sleep } from './clock.ts';
import type { Logger } from './log.ts';

/** Redis' logical databases (mission M1). */
export const REDIS_DB = { events: 0, marketData: 1, strategy: 2, session: 3, locks: 4, live: 5 } as const;
/** Streams keep about this many entries; older ones are in the book. */
const STREAM_MAX_LENGTH = 2_000;
/** Most events in one entry: a burst of bars is a few entries, not hundreds of commands. */
const EVENTS_PER_ENTRY = 50;
const RECONNECT_CAP_MS = 1_000;
const COMMAND_TIMEOUT_MS = 5_000;

/** Small JSON values with a life time, in one logical database. A miss and a lost Redis look the same: null. */
export type Cache = {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttlMs: number): Promise<void>;
};

/** A blocking reader of several streams as one consumer group. */
export type GroupReader = {
  /** New entries by producer, `null` when Redis cannot be read now (read the book instead). Blocks up to `blockMs`. */
  read(blockMs: number, count: number): Promise<Map<ServiceId, EventEnvelope[]> | null>;
  close(): void;
};

/** Says a value to whoever listens on a live channel now; nobody may, and nothing is kept. A lost Redis loses it without a word. */
export type Broadcast = (channel: string, value: unknown) => Promise<void>;

/** The wire as one worker sees it. */
export type Bus = {
  /** Puts envelopes on their producer's stream in the given order. @throws AppError BUS_UNREACHABLE (temporary) */
  publish(envelopes: readonly EventEnvelope[]): Promise<void>;
  openGroup(group: string, producers: readonly ServiceId[]): GroupReader;
  /** Follows streams from now on, without a group; `onGap` is called after Redis was away. Returns the end of it. */
  tail(producers: readonly ServiceId[], onEnvelope: (envelope: EventEnvelope) => void, onGap: () => void): () => void;
  cache(db: (typeof REDIS_DB)[keyof typeof REDIS_DB]): Cache;
  broadcast: Broadcast;
  /** Hears live channels until the returned end is called. What cannot be read is left out. */
  listen(channels: readonly string[], onValue: (channel: string, value: unknown) => void): () => void;
  /** Round trip in milliseconds. @throws AppError BUS_UNREACHABLE */
  ping(): Promise<number>;
  isUp(): boolean;
  close(): void;
};

function unreachable(error: unknown): AppError {
  return new AppError('BUS_UNREACHABLE', 'Redis cannot be reached; events travel through the book until it is back', { cause: error });
}

function cacheOver(redis: Redis, log: Logger): Cache {
  return {
    async get(key) {
      try {
        const text = await redis.get(key);
        return text === null ? null : (JSON.parse(text) as unknown);
      } catch (error) {
        log.debug({ key, error: String(error) }, 'Cache read failed');
        return null;
      }
    },
    async set(key, value, ttlMs) {
      try {
        await redis.set(key, JSON.stringify(value), 'PX', ttlMs);
      } catch (error) {
        log.debug({ key, error: String(error) }, 'Cache write failed');
      }
    },
  };
}

type Entries = [id: string, fields: string[] | null][];
type StreamReply = [stream: string, entries: Entries][];

/** The events of an entry: its fields are `e`, event, `e`, event, ... */
function envelopesOf(fields: string[] | null): EventEnvelope[] {
  const texts = (fields ?? []).filter((_, index) => index % 2 === 1);
  return texts.map((text) => parseEnvelope(JSON.parse(text))).filter((envelope) => envelope !== null);
}

/** Runs of one producer's events, each small enough for an entry. */
function entriesOf(envelopes: readonly EventEnvelope[]): EventEnvelope[][] {
  const entries: EventEnvelope[][] = [];
  for (const envelope of envelopes) {
    const last = entries.at(-1);
    if (last && last[0]?.producer === envelope.producer && last.length < EVENTS_PER_ENTRY) last.push(envelope);
    else entries.push([envelope]);
  }
  return entries;
}

/** Opens the wire. Connections are made in the background and again for ever; nothing here throws while Redis is away but the calls that say so. */
export function openBus(access: RedisAccess, name: string, log: Logger): Bus {
  const connections = new Set<Redis>();
  const connect = (db: number, role: string, isBlocking = false): Redis => {
    const redis = new Redis({
      ...(access.path === undefined ? { host: access.host, port: access.port } : { path: access.path }),
      ...(access.username === undefined ? {} : { username: access.username }),
      ...(access.password === undefined ? {} : { password: access.password }),
      ...(access.tls ? { tls: {} } : {}),
      db, connectionName: `${name}:${role}`, enableOfflineQueue: false, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false,
      ...(isBlocking ? {} : { commandTimeout: COMMAND_TIMEOUT_MS }),
      retryStrategy: (times) => Math.min(50 * times, RECONNECT_CAP_MS),
    });
    redis.on('error', (error) => log.debug({ role, error: String(error) }, 'Redis connection error'));
    connections.add(redis);
    return redis;
  };
  const main = connect(REDIS_DB.events, 'main');
  const caches = new Map<number, Redis>();

  const publish = async (envelopes: readonly EventEnvelope[]): Promise<void> => {
    // All at once: a reader that waits would otherwise be woken by the first entry and work on that one alone.
    const batch = main.multi();
    for (const entry of entriesOf(envelopes)) {
      const [first] = entry;
      if (first) batch.xadd(streamName(first.producer), 'MAXLEN', '~', STREAM_MAX_LENGTH, '*', ...entry.flatMap((envelope) => ['e', JSON.stringify(envelope)]));
    }
    let results;
    try {
      results = await batch.exec();
    } catch (error) {
      throw unreachable(error);
    }
    const failed = results?.find(([error]) => error !== null)?.[0];
    if (!results || failed) throw unreachable(failed);
  };

  const cache = (db: number): Cache => {
    const redis = caches.get(db) ?? connect(db, `cache${db}`);
    caches.set(db, redis);
    return cacheOver(redis, log);
  };

  return {
    publish,
    openGroup: (group, producers) => openGroup(connect(REDIS_DB.events, `group:${group}`, true), group, producers),
    tail: (producers, onEnvelope, onGap) => followStreams(connect(REDIS_DB.events, 'tail', true), producers, onEnvelope, onGap),
    cache,
    async broadcast(channel, value) {
      // Channels know no logical database: the connection that is open anyway speaks.
      try {
        await main.publish(channel, JSON.stringify(value));
      } catch (error) {
        log.debug({ channel, error: String(error) }, 'Live message not sent');
      }
    },
    listen: (channels, onValue) => listenTo(connect(REDIS_DB.live, 'listen', true), channels, { onValue, log }),
    async ping() {
      const began = performance.now();
      try {
        await main.ping();
      } catch (error) {
        throw unreachable(error);
      }
      return performance.now() - began;
    },
    isUp: () => main.status === 'ready',
    close() {
      for (const redis of connections) redis.disconnect();
    },
  };
}

/** The group exists for operators (XINFO GROUPS shows the lag); what was handled is in the book, so entries are read without pending lists. */
function openGroup(redis: Redis, group: string, producers: readonly ServiceId[]): GroupReader {
  const streams = producers.map(streamName);
  let isPositioned = false;
  redis.on('close', () => {
    isPositioned = false;
  });
  const position = async (): Promise<void> => {
    for (const stream of streams) {
      try {
        await redis.xgroup('CREATE', stream, group, '$', 'MKSTREAM');
      } catch (error) {
        if (!String(error).includes('BUSYGROUP')) throw error;
        await redis.xgroup('SETID', stream, group, '$');
      }
    }
    isPositioned = true;
  };
  return {
    async read(blockMs, count) {
      if (redis.status !== 'ready') return null;
      try {
        if (!isPositioned) {
          await position();
          // The caller reads the book once more: what came before the position was set is only there.
          return null;
        }
        const reply = (await redis.xreadgroup('GROUP', group, group, 'COUNT', count, 'BLOCK', blockMs, 'NOACK', 'STREAMS', ...streams, ...streams.map(() => '>'))) as StreamReply | null;
        const found = new Map<ServiceId, EventEnvelope[]>();
        for (const [stream, entries] of reply ?? []) {
          const producer = producers[streams.indexOf(stream)];
          const envelopes = entries.flatMap(([, fields]) => envelopesOf(fields));
          if (producer !== undefined) found.set(producer, envelopes);
        }
        return found;
      } catch (error) {
        isPositioned = false;
        if (error instanceof Error && error.name === 'ZodError') throw error;
        return null;
      }
    },
    close: () => redis.disconnect(),
  };
}

/** Subscribes, again after each loss of the connection. */
function listenTo(redis: Redis, channels: readonly string[], { onValue, log }: { readonly onValue: (channel: string, value: unknown) => void; readonly log: Logger }): () => void {
  redis.on('ready', () => {
    redis.subscribe(...channels).catch((error: unknown) => log.debug({ error: String(error) }, 'Live channels cannot be heard yet'));
  });
  redis.on('message', (channel: string, text: string) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      log.debug({ channel, error: String(error) }, 'A live message cannot be read');
      return;
    }
    onValue(channel, value);
  });
  return () => redis.disconnect();
}

const TAIL_BLOCK_MS = 1_000;
const TAIL_PAUSE_MS = 200;

function followStreams(redis: Redis, producers: readonly ServiceId[], onEnvelope: (envelope: EventEnvelope) => void, onGap: () => void): () => void {
  const streams = producers.map(streamName);
  const ids = new Map<string, string>();
  let isOpen = true;
  let hadGap = false;
  // `$` means "from now" at each call: between two calls on a silent stream its first entry would be missed. So the present end is asked for once.
  const position = async (stream: string): Promise<void> => {
    const [newest] = await redis.xrevrange(stream, '+', '-', 'COUNT', 1);
    ids.set(stream, newest?.[0] ?? '0-0');
  };
  const read = async (): Promise<void> => {
    for (const stream of streams) if (!ids.has(stream)) await position(stream);
    const reply = (await redis.xread('COUNT', 500, 'BLOCK', TAIL_BLOCK_MS, 'STREAMS', ...streams, ...streams.map((stream) => ids.get(stream) ?? '0-0'))) as StreamReply | null;
    if (hadGap) onGap();
    hadGap = false;
    for (const [stream, entries] of reply ?? []) {
      for (const [id, fields] of entries) {
        ids.set(stream, id);
        for (const envelope of envelopesOf(fields)) onEnvelope(envelope);
      }
    }
  };
  const loop = async (): Promise<void> => {
    while (isOpen) {
      try {
        if (redis.status !== 'ready') throw unreachable(redis.status);
        await read();
      } catch (error) {
        if (error instanceof Error && error.name === 'ZodError') throw error;
        ids.clear();
        hadGap = true;
        await sleep(TAIL_PAUSE_MS);
      }
    }
  };
  void loop();
  return () => {
    isOpen = false;
    redis.disconnect();
  };
}
