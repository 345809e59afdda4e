/** The book: pooled PostgreSQL access with transactions that carry their outgoing events (the only importer of pg). */
import pg from 'pg';
import type { PostgresAccess } from '#app/contracts/config.ts';
import { eventDefect, type EventEnvelope, type Payload, type Topic } from '#app/contracts/events.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { plainStored } from './plain-text.ts';

/** Anything that answers SQL. Rows: numeric -> decimal text, int8 -> number, timestamptz -> epoch ms, date -> 'YYYY-MM-DD', jsonb -> parsed. */
export type Queryable = {
  /** Runs a prepared statement. @throws AppError DATABASE_UNREACHABLE (temporary) or the server's own error. */
  query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<Row[]>;
};

/** An event that leaves with the transaction. */
export type NewEvent = { readonly [K in Topic]: { readonly topic: K; readonly key: string; readonly correlationId: string; readonly payload: Payload<K> } }[Topic];

/** An open transaction. */
export type Tx = Queryable & {
  /** Adds an event to this service's outbox in the same transaction; it is published after the commit. One that does not fit its contract ends the transaction: nobody could read past it. */
  emit(event: NewEvent): void;
  /** Runs after a successful commit; errors there are the caller's bug and end the process. */
  afterCommit(fn: () => void): void;
};

/**
 * When a commit may be answered. `flushed`: after it is on the disk. `soon`: the disk follows within a second, as long as nothing was emitted;
 * only for what is worked out again, whole, when PostgreSQL or the computer dies in between.
 */
export type Durability = 'flushed' | 'soon';

/** The book as one service sees it. */
export type Db = Queryable & {
  /** Runs `fn` in one transaction (READ COMMITTED). Anything thrown rolls back. What was emitted is on the disk before anyone hears it, whatever the durability. */
  tx<T>(fn: (tx: Tx) => Promise<T>, durability?: Durability): Promise<T>;
  /** Hears every committed envelope of this service, in commit order per transaction. */
  onCommitted(listener: (envelopes: readonly EventEnvelope[]) => void): void;
  /** Closes the pool after the running statements. */
  close(): Promise<void>;
};

/** How to open the book. `database`: which one; `schema`: where this service's outbox lives (null = it emits nothing). */
export type DbOptions = {
  readonly access: PostgresAccess;
  readonly database: string;
  readonly schema: ServiceId | null;
  readonly applicationName: string;
  readonly max: number;
  /** Plan each statement once for all parameters: right for a service whose statements work by key, wrong for optional filters. Default false. */
  readonly isPlannedOnce?: boolean;
  /** The server is gone: the worker ends with exit code 75 and is started again when PostgreSQL is back. */
  readonly onLost: (error: Error) => void;
};

const CONNECT_TIMEOUT_MS = 5_000;
/** A connection is a process of 3 MB on the other side: those that a burst has opened are let go, a few stay at hand. */
const KEPT_CONNECTIONS = 2;
const IDLE_CONNECTION_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const OID = { int8: 20, timestamptz: 1184, date: 1082 } as const;
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [OID.int8]: (text) => Number(text),
  [OID.timestamptz]: (text) => Date.parse(`${text.replace(' ', 'T')}${/[+-]\d\d$/.test(text) ? ':00' : ''}`),
  [OID.date]: (text) => text,
};

/** Ours for the types that matter, pg's own for the rest: how rows read on every connection to the book. */
export const parserOf = ((oid: number, format?: 'text') => parsers[oid] ?? (pg.types.getTypeParser(oid, format) as (text: string) => unknown)) as pg.CustomTypesConfig['getTypeParser'];

/** An instant as a parameter of a statement. */
export function at(ms: number): string {
  return toRfc3339(ms as EpochMs);
}

/** Classes of SQLSTATE after which the connection, or the server, is gone. */
function isLost(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && (/^08/.test(code) || /^57P0[123]$/.test(code) || code === '25P03' || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT'].includes(code))) return true;
  return /Connection terminated|is not queryable|timeout exceeded when trying to connect/.test(error.message);
}

/**
 * Deadlock, serialization failure, lock or statement timeout, or a month whose table went into the archive while the row waited (a check that names no constraint): the same
 * transaction may succeed when it is run again.
 */
function isRepeatable(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code === '23514' && error instanceof Error) return Reflect.get(error, 'constraint') === undefined;
  return code === '40001' || code === '40P01' || code === '55P03' || code === '57014';
}

const statementNames = new Map<string, string>();
const MAX_STATEMENTS = 500;
function statementName(text: string): string | undefined {
  let name = statementNames.get(text);
  if (name === undefined && statementNames.size < MAX_STATEMENTS) {
    name = `s${statementNames.size}`;
    statementNames.set(text, name);
  }
  return name;
}

async function run<Row>(target: pg.Pool | pg.PoolClient, text: string, params: readonly unknown[]): Promise<Row[]> {
  const name = statementName(text);
  const result = await target.query({ text, values: [...params], ...(name === undefined ? {} : { name }) });
  return result.rows as Row[];
}

/** Commits and returns the command that the server says it carried out. `mustFlush`: this transaction was going to be on the disk later, but must be there now. */
async function endTransaction(client: pg.PoolClient, mustFlush: boolean): Promise<string> {
  // Several statements in one text are answered by several results, which the types do not tell.
  const answer: unknown = await client.query(mustFlush ? 'SET LOCAL synchronous_commit = on; COMMIT' : 'COMMIT');
  const results = (Array.isArray(answer) ? answer : [answer]) as readonly pg.QueryResult[];
  return results.at(-1)?.command ?? 'nothing';
}

function appendSql(schema: ServiceId): string {
  return `WITH head AS (UPDATE ${schema}.outbox_head SET seq = seq + $1 RETURNING seq)
    INSERT INTO ${schema}.outbox (seq, topic, key, correlation_id, payload, written_at)
    SELECT head.seq - $1 + e.n, e.topic, e.key, e.correlation_id, e.payload::jsonb, to_timestamp($6::double precision / 1000)
    FROM head, unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS e(topic, key, correlation_id, payload, n)
    RETURNING seq`;
}

/** An event as the outbox keeps it, and the JSON of its payload. */
type Written = { readonly event: NewEvent; readonly json: string };

/** Words of others become plain; what its readers would refuse is not written: it would stop them all, and again after every restart. @throws AppError INVARIANT_BROKEN */
function written(event: NewEvent): Written {
  const { text: json, value: payload } = plainStored(event.payload);
  const stored = payload === event.payload ? event : ({ ...event, payload } as NewEvent);
  const defect = eventDefect(stored);
  invariant(defect === null, 'An event that its readers would refuse cannot be written', { topic: event.topic, key: event.key, defect });
  return { event: stored, json };
}

/** The statement and parameters that append events to an outbox. */
function outboxAppend(schema: ServiceId, events: readonly Written[], tsWritten: number): { text: string; params: unknown[] } {
  const column = (pick: (written: Written) => string): string[] => events.map(pick);
  return {
    text: appendSql(schema),
    params: [events.length, column(({ event }) => event.topic), column(({ event }) => event.key), column(({ event }) => event.correlationId), column(({ json }) => json), tsWritten],
  };
}

/** Opens the pool. The first connection is made by the first statement. */
export function openDb(options: DbOptions): Db {
  return new Book(options);
}

class Book implements Db {
  private readonly options: DbOptions;
  private readonly pool: pg.Pool;
  private readonly listeners: ((envelopes: readonly EventEnvelope[]) => void)[] = [];
  private isClosing = false;

  constructor(options: DbOptions) {
    const { access } = options;
    this.options = options;
    this.pool = new pg.Pool({
      host: access.host, port: access.port, user: access.user, password: access.password, database: options.database,
      application_name: options.applicationName, max: options.max, min: Math.min(options.max, KEPT_CONNECTIONS), idleTimeoutMillis: IDLE_CONNECTION_MS, connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      options: `-c timezone=UTC -c statement_timeout=${STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=30000${options.isPlannedOnce === true ? ' -c plan_cache_mode=force_generic_plan' : ''}`,
      types: { getTypeParser: parserOf },
    });
    this.pool.on('error', (error) => this.translate(error));
  }

  onCommitted(listener: (envelopes: readonly EventEnvelope[]) => void): void {
    this.listeners.push(listener);
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.pool.end();
  }

  async query<Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> {
    try {
      return await run<Row>(this.pool, text, params);
    } catch (error) {
      throw this.translate(error);
    }
  }

  async tx<T>(fn: (tx: Tx) => Promise<T>, durability: Durability = 'flushed'): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw this.translate(error);
    }
    let broken: Error | undefined;
    // The pool listens only to idle connections: a session that the server ends in mid-transaction speaks up here, and again at the next statement.
    const onLost = (error: Error): void => {
      broken = error;
    };
    client.on('error', onLost);
    try {
      return await this.transaction(client, fn, durability);
    } catch (error) {
      try {
        await client.query('ROLLBACK');
      } catch (rollbackError) {
        broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
      }
      throw this.translate(error);
    } finally {
      client.off('error', onLost);
      client.release(broken);
    }
  }

  private async transaction<T>(client: pg.PoolClient, fn: (tx: Tx) => Promise<T>, durability: Durability): Promise<T> {
    const events: NewEvent[] = [];
    const hooks: (() => void)[] = [];
    await client.query(durability === 'soon' ? 'BEGIN; SET LOCAL synchronous_commit = off' : 'BEGIN');
    const value = await fn({
      query: (text, params = []) => run(client, text, params),
      emit: (event) => events.push(event),
      afterCommit: (hook) => hooks.push(hook),
    });
    const envelopes = events.length > 0 ? await this.append(client, events) : [];
    const ended = await endTransaction(client, durability === 'soon' && envelopes.length > 0);
    // A statement that failed and was caught inside leaves an aborted transaction: COMMIT then answers ROLLBACK and says nothing.
    invariant(ended === 'COMMIT', 'A failed statement was swallowed inside a transaction', { command: ended });
    if (envelopes.length > 0) for (const listener of this.listeners) listener(envelopes);
    for (const hook of hooks) hook();
    return value;
  }

  private async append(client: pg.PoolClient, events: readonly NewEvent[]): Promise<EventEnvelope[]> {
    const { schema } = this.options;
    invariant(schema, 'This unit has no outbox and cannot emit events', { unit: this.options.applicationName });
    const tsWritten = Date.now();
    const stored = events.map(written);
    const { text, params } = outboxAppend(schema, stored, tsWritten);
    const rows = await run<{ seq: number }>(client, text, params);
    const first = Math.min(...rows.map((row) => row.seq));
    return stored.map(({ event }, n) => ({ ...event, producer: schema, seq: first + n, tsWritten }) as EventEnvelope);
  }

  private translate(error: unknown): unknown {
    if (isLost(error) && !this.isClosing) this.options.onLost(error);
    return asDatabaseError(error);
  }
}

/** The server's words as ours: gone (temporary), someone was first (conflict), or as they are. */
export function asDatabaseError(error: unknown): unknown {
  if (isLost(error)) return new AppError('DATABASE_UNREACHABLE', 'PostgreSQL cannot be reached; the part starts again when it is back', { cause: error });
  return isRepeatable(error) ? new AppError('VERSION_CONFLICT', 'Another transaction was first; try again', { cause: error }) : error;
}
