/** Can each worker's own role reach the databases? Asked with the role's own password. */
import pg from 'pg';
import type { PostgresAccess } from '#app/contracts/config.ts';
import { describeError } from '#app/domain/errors.ts';

const LIMIT_MS = 5_000;

/** Null when the role can log in and is who it should be, else what went wrong. */
export async function checkRole(access: PostgresAccess, database: string): Promise<string | null> {
  const { host, port, user, password } = access;
  const client = new pg.Client({ host, port, user, password, database, application_name: 'verify', connectionTimeoutMillis: LIMIT_MS, query_timeout: LIMIT_MS });
  let lost: Error | null = null;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ who: string }>('SELECT current_user AS who');
    return rows[0]?.who === user ? null : `is ${rows[0]?.who ?? 'nobody'}, not ${user}`;
  } catch (error) {
    return describeError(lost ?? error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
