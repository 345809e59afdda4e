/** The oneshot that brings both databases, and the role of each worker, to what this program expects. */
import path from 'node:path';
import pg from 'pg';
import { EXIT } from '#app/contracts/control.ts';
import { WORKER_IDS } from '#app/contracts/health.ts';
import type { WorkerId } from '#app/contracts/health.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { UnitLog } from '../supervisor/logs.ts';
import type { UnitDriver, UnitSpec } from '../supervisor/unit.ts';
import { exitOfError } from './exit-reason.ts';
import { planMigrations, readMigrations } from './migrations.ts';
import type { Applied, Migration } from './migrations.ts';

/** Held while anything is changed, so that two programs never migrate at once. Any fixed number will do. */
const LOCK_KEY = 7_302_114_905;
const CONNECT_LIMIT_MS = 10_000;
const INSUFFICIENT_PRIVILEGE = '42501';

const SPEC: UnitSpec = {
  id: 'migrate',
  title: 'Migrations',
  kind: 'oneshot',
  needs: ['postgres'],
  after: [],
  startLimitMs: 120_000,
  stopLimitMs: 120_000,
  silence: { silentAfterMs: Number.MAX_SAFE_INTEGER, hungAfterMs: Number.MAX_SAFE_INTEGER },
  port: null,
};

/** Which databases to bring up to date, and with which passwords. */
export type MigrateOptions = {
  readonly migrationsFolder: string;
  readonly connection: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly tradingDb: string;
  readonly orchestratorDb: string;
  readonly rolePasswords: Readonly<Record<WorkerId, string>>;
  readonly log: UnitLog;
};

/** The unit. It runs inside the supervisor: one path less to start, and nothing to kill midway. */
export function migrateUnit(options: MigrateOptions): UnitDriver {
  return {
    spec: SPEC,
    start: (signals) => {
      const run = { isCancelled: false };
      migrate(options, run).then(
        () => signals.exited({ code: EXIT.ok, signal: null, reason: 'done' }),
        (error: unknown) => {
          options.log.line('supervisor', describeError(error));
          signals.exited(exitOfError(error));
        },
      );
      const cancel = (): void => {
        run.isCancelled = true;
      };
      return { stop: cancel, kill: cancel, send: () => undefined };
    },
  };
}

type Run = { isCancelled: boolean };

/**
 * Creates what is missing and applies what is new. Safe to repeat, and safe to end at any point.
 * @throws AppError with family operator when a human must act; temporary when the server went away.
 */
export async function migrate(options: MigrateOptions, run: Run = { isCancelled: false }): Promise<void> {
  const say = (text: string): void => options.log.line('supervisor', text);
  await withClient(options, 'postgres', async (client) => {
    await client.query(`SELECT pg_advisory_lock(${LOCK_KEY})`);
    await ensureRoles(client, options.rolePasswords);
    for (const database of [options.tradingDb, options.orchestratorDb]) {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) {
        await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} TEMPLATE template0`);
        say(`created the database ${database}`);
      }
    }
    for (const [database, folder] of [[options.tradingDb, 'trading_system'], [options.orchestratorDb, 'orchestrator']] as const) {
      const files = readMigrations(path.join(options.migrationsFolder, folder));
      await withClient(options, database, (target) => applyAll(target, { database, files, run, say }));
    }
    // The lock goes with the connection.
  });
}

async function withClient(options: MigrateOptions, database: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ ...options.connection, database, application_name: 'migrate', connectionTimeoutMillis: CONNECT_LIMIT_MS });
  let lost: Error | null = null;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
    // Passwords pass through this connection: nothing of it may be logged. Long steps are allowed here, and only here.
    await client.query("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning");
    await work(client);
  } catch (error) {
    throw asAppError(error, lost);
  } finally {
    await client.end().catch((error: unknown) => options.log.line('supervisor', `closing the connection: ${describeError(error)}`));
  }
}

function asAppError(error: unknown, lost: Error | null): AppError {
  if (error instanceof AppError) return error;
  const code = (error as { code?: unknown }).code;
  const isAnswer = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08') && !code.startsWith('57P');
  if (lost || !isAnswer) return new AppError('DATABASE_UNREACHABLE', 'PostgreSQL went away while the databases were brought up to date', { cause: error });
  if (code === INSUFFICIENT_PRIVILEGE) {
    return new AppError('UNIT_START_FAILED', 'The PostgreSQL user may not create roles or databases. Give POSTGRES_USER the attributes CREATEROLE and CREATEDB, or choose another user.', { cause: error });
  }
  return new AppError('UNIT_START_FAILED', 'The databases could not be brought up to date', { cause: error });
}

async function ensureRoles(client: pg.Client, passwords: Readonly<Record<WorkerId, string>>): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [WORKER_IDS]);
  const known = new Set(rows.map((row) => row.rolname));
  const statements = WORKER_IDS.map((id) => {
    const verb = known.has(id) ? 'ALTER' : 'CREATE';
    return `${verb} ROLE ${pg.escapeIdentifier(id)} LOGIN PASSWORD ${pg.escapeLiteral(passwords[id])}`;
  });
  await client.query(`BEGIN; ${statements.join('; ')}; COMMIT`);
}

type Target = { readonly database: string; readonly files: readonly Migration[]; readonly run: Run; readonly say: (text: string) => void };

async function applyAll(client: pg.Client, target: Target): Promise<void> {
  const { rows: found } = await client.query<{ present: boolean }>("SELECT to_regclass('public.schema_migrations') IS NOT NULL AS present");
  if (found[0]?.present !== true) {
    await client.query(
      'CREATE TABLE public.schema_migrations (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
  }
  const { rows } = await client.query<Applied>('SELECT version, name, checksum FROM public.schema_migrations ORDER BY version');
  for (const migration of planMigrations(target.database, target.files, rows)) {
    if (target.run.isCancelled) return;
    await applyOne(client, migration, target);
  }
}

async function applyOne(client: pg.Client, migration: Migration, target: Target): Promise<void> {
  invariant(!/^\s*(BEGIN|COMMIT|ROLLBACK)\s*;/im.test(migration.sql), 'A migration must not hold its own transaction', { name: migration.name });
  const before = performance.now();
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO public.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)
       ON CONFLICT (version) DO UPDATE SET name = excluded.name, checksum = excluded.checksum, applied_at = now()`,
      [migration.version, migration.name, migration.checksum],
    );
    await client.query('COMMIT');
  } catch (error) {
    // A lost connection has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    const position = Number((error as { position?: unknown }).position);
    const line = Number.isInteger(position) && position > 0 ? ` near line ${migration.sql.slice(0, position).split('\n').length}` : '';
    const wrapped = asAppError(error, null);
    if (wrapped.family !== 'operator') throw wrapped;
    throw new AppError('UNIT_START_FAILED', `The step ${migration.name} of the database ${target.database} failed${line} and was undone: ${describeError(error)}`, { cause: error });
  }
  target.say(`${target.database}: applied ${migration.name} in ${Math.round(performance.now() - before)} ms`);
}
