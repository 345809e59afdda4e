/** A read-only connection to PostgreSQL as its owner, for checks and summaries. */
import pg from 'pg';
import { AppError } from '#app/domain/errors.ts';

const STATEMENT_LIMIT_MS = 300_000;
const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** Where to look. A null password: the server asks for none. */
export type LookAddress = { readonly host: string; readonly port: number; readonly user: string; readonly password: string | null; readonly database: string; readonly purpose: string };

/** An open look. Rows: numeric as text, int8 as number, timestamptz as epoch ms. */
export type Look = {
  /** @throws AppError DATABASE_UNREACHABLE (temporary) when the server goes away. */
  query<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
};

const getTypeParser = ((oid: number, format?: 'text') => {
  if (oid === INT8) return Number;
  if (oid === TIMESTAMPTZ) return (text: string) => Date.parse(`${text.replace(' ', 'T')}:00`);
  return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
}) as pg.CustomTypesConfig['getTypeParser'];

/** The server refused the statement itself; everything else that goes wrong in a read is the connection. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(08|57P)/.test(error.code ?? '');
}

/**
 * Opens a connection whose transactions cannot write.
 * @throws AppError DATABASE_UNREACHABLE (temporary)
 */
export async function openLook({ host, port, user, password, database, purpose }: LookAddress): Promise<Look> {
  const client = new pg.Client({
    host, port, user, database, application_name: purpose, ...(password === null ? {} : { password }), types: { getTypeParser },
    options: `-c timezone=UTC -c default_transaction_read_only=on -c statement_timeout=${STATEMENT_LIMIT_MS}`,
  });
  let lost: Error | null = null;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
  } catch (error) {
    throw new AppError('DATABASE_UNREACHABLE', 'The book cannot be opened; see "mainspring status" whether PostgreSQL is ready', { cause: error });
  }
  return {
    async query<Row>(text: string, params: readonly unknown[] = []) {
      try {
        return (await client.query(text, [...params])).rows as Row[];
      } catch (error) {
        if (lost === null && isRefusal(error)) throw error;
        throw new AppError('DATABASE_UNREACHABLE', 'PostgreSQL went away', { cause: lost ?? error });
      }
    },
    close: () => (lost === null ? client.end() : Promise.resolve()),
  };
}
