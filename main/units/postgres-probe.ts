/** One connection that asks `SELECT 1` over and over: its answers are the signs of life of a PostgreSQL, ours or another. */
import pg from 'pg';
import { AppError } from '#app/domain/errors.ts';

const PROBE_EVERY_MS = 2_000;
const PROBE_LIMIT_MS = 5_000;
const WRONG_PASSWORD = '28P01';

/** Whom to ask, and whom to tell. */
export type ProbeTarget = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** What to do when the password is not accepted. */
  readonly passwordRemedy: string;
  readonly onAnswer: (latencyMs: number) => void;
  readonly onFailure: (error: unknown) => void;
};

/** The running probe. */
export type Probe = {
  /** Asks once, then every 2 s. @throws AppError CONFIG_INVALID (operator) for a wrong password; the client's error otherwise. */
  begin(): Promise<void>;
  close(): void;
};

/** A probe that has not asked yet. */
export function postgresProbe(target: ProbeTarget): Probe {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;
  let isAsking = false;

  const drop = (): void => {
    const gone = client;
    client = null;
    // The server may be gone already; then there is nobody left to say goodbye to.
    gone?.end().catch(() => undefined);
  };
  const connect = async (): Promise<pg.Client> => {
    const { host, port, user, password } = target;
    const fresh = new pg.Client({
      host,
      port,
      user,
      password,
      database: 'postgres',
      application_name: 'supervisor',
      connectionTimeoutMillis: PROBE_LIMIT_MS,
      query_timeout: PROBE_LIMIT_MS,
    });
    fresh.on('error', drop);
    await fresh.connect();
    return fresh;
  };
  const ask = async (): Promise<void> => {
    if (isClosed || isAsking) return;
    isAsking = true;
    const before = performance.now();
    try {
      client ??= await connect();
      await client.query('SELECT 1');
      if (isClosed) drop();
      else target.onAnswer(performance.now() - before);
    } catch (error) {
      drop();
      if ((error as { code?: unknown }).code !== WRONG_PASSWORD) throw error;
      throw new AppError('CONFIG_INVALID', `PostgreSQL does not accept the password of ${target.user}. ${target.passwordRemedy}`, { cause: error });
    } finally {
      isAsking = false;
    }
  };
  return {
    begin: async () => {
      await ask();
      if (!isClosed) timer = setInterval(() => void ask().catch(target.onFailure), PROBE_EVERY_MS);
    },
    close: () => {
      isClosed = true;
      if (timer) clearInterval(timer);
      drop();
    },
  };
}
