/** Bulk transfer with the book: one transaction on a connection of its own, with time enough for whole tables and streams of rows. */
import type { Readable, Writable } from 'node:stream';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import type { PostgresAccess } from '#app/contracts/config.ts';
import { asDatabaseError, parserOf, type Queryable } from './db.ts';

/** How long one statement may take, and a stream of rows may last. */
const STATEMENT_TIMEOUT_MS = 600_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** An open transaction that moves many rows. */
export type BulkTx = Queryable & {
  /** The rows of a `COPY ... TO STDOUT`; `rowCount` once it has ended. */
  copyOut(text: string): Readable & { readonly rowCount: number };
  /** Takes rows for a `COPY ... FROM STDIN`. */
  copyIn(text: string): Writable;
};

/** Where to connect. */
export type BulkOptions = { readonly access: PostgresAccess; readonly database: string; readonly applicationName: string };

/** Runs `fn` in one transaction (READ COMMITTED) on a connection that is closed afterwards. Anything thrown rolls back. @throws as `Db.tx` does */
export async function withBulkTx<T>(options: BulkOptions, fn: (tx: BulkTx) => Promise<T>): Promise<T> {
  const { access } = options;
  const client = new pg.Client({
    host: access.host, port: access.port, user: access.user, password: access.password, database: options.database, application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS, options: `-c timezone=UTC -c statement_timeout=${STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000`, types: { getTypeParser: parserOf },
  });
  let lost: Error | null = null;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
    await client.query('BEGIN');
    const value = await fn({
      query: async <Row>(text: string, params: readonly unknown[] = []) => (await client.query(text, [...params])).rows as Row[],
      copyOut: (text) => client.query(to(text)),
      copyIn: (text) => client.query(from(text)),
    });
    await client.query('COMMIT');
    return value;
  } catch (error) {
    throw asDatabaseError(lost ?? error);
  } finally {
    // An open transaction ends with its connection: nothing of it stays.
    await client.end();
  }
}
