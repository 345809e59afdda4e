/** A read-only look at the book of a data folder, for the checker and the summaries. */
import path from 'node:path';
import pg from 'pg';
import { StackHealthSchema, type StackHealth } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';
import { readSettings } from '../store/read-settings.ts';
import { fileSecrets } from '../store/secrets.ts';
import { layoutOf } from '../store/data-folder.ts';
import { askDoor } from '../supervisor/door.ts';
import type { Query } from './types.ts';

const ASK_LIMIT_MS = 10_000;
const STATEMENT_LIMIT_MS = 300_000;
const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** An open look. */
export type BookLook = { readonly query: Query; close(): Promise<void> };

const getTypeParser = ((oid: number, format?: 'text') => {
  if (oid === INT8) return Number;
  if (oid === TIMESTAMPTZ) return (text: string) => Date.parse(`${text.replace(' ', 'T')}:00`);
  return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
}) as pg.CustomTypesConfig['getTypeParser'];

/** The server says that it goes away (class 57P), or the connection is gone without a word. */
function isLoss(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === undefined || code.startsWith('57P') || code.startsWith('08') || code === 'ECONNRESET' || code === 'EPIPE';
}

/** The stack that owns the data folder, null when nothing runs there. */
export async function runningStack(dataDir: string): Promise<StackHealth | null> {
  const answer = await askDoor(layoutOf(dataDir).door, 'status', ASK_LIMIT_MS);
  return answer === null ? null : StackHealthSchema.parse(answer.result);
}

/** Where the simulator of a data folder keeps its journal. */
export function journalOf(dataDir: string): string {
  return path.join(dataDir, 'simulator.sqlite');
}

/**
 * Opens the book of a running stack as its owner, in transactions that cannot write.
 * @throws AppError DATABASE_UNREACHABLE (temporary)
 */
export async function lookAtBook(dataDir: string, stack: StackHealth): Promise<BookLook> {
  const folder = layoutOf(dataDir);
  const { settings } = readSettings(folder.envFile, process.env);
  const password = settings.postgres.password ?? fileSecrets(folder.vaultFile).get('postgres');
  const port = stack.units.find((unit) => unit.id === 'postgres')?.port ?? settings.ports.postgres;
  const client = new pg.Client({
    host: settings.postgres.externalHost ?? folder.socketFolder ?? '127.0.0.1', port, user: settings.postgres.user, database: settings.postgres.tradingDb, application_name: 'invariants',
    ...(password === null ? {} : { password }), types: { getTypeParser },
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
        if (lost === null && !isLoss(error)) throw error;
        throw new AppError('DATABASE_UNREACHABLE', 'PostgreSQL went away', { cause: lost ?? error });
      }
    },
    close: () => (lost === null ? client.end() : Promise.resolve()),
  };
}
