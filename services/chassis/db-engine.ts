/** The connections of the flow engine: few at rest, statements planned once, a lost server named in words that the engine knows. */
import pg from 'pg';
import type { PostgresAccess } from '#app/contracts/config.ts';
import { describeError } from '#app/domain/errors.ts';
import { engineUrl } from './flows-wire.ts';
import type { Logger } from './log.ts';

/** A pool of the engine's connections. */
export type EnginePool = pg.Pool;

/** A step holds no connection while it works: at rest one connection does, a crowd gets more, and they go again when idle. */
const MOST_CONNECTIONS = 6;
const IDLE_MS = 5_000;
const CONNECT_MS = 10_000;
/** A worker on another machine that vanished without a word is noticed after about 30 s. */
const KEEPALIVE_MS = 10_000;

/** Statements that are remembered; the engine has some forty. */
const MOST_PLANS = 200;
const planNames = new Map<string, string>();

/** Lets the server plan each of the engine's statements once per connection instead of each time: half the cost of a step. */
function planOnce(client: pg.PoolClient): void {
  const plain = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
  Reflect.set(client, 'query', (...args: readonly unknown[]): unknown => {
    const [text, values, ...rest] = args;
    if (typeof text !== 'string' || !Array.isArray(values)) return plain(...args);
    const name = planNames.get(text) ?? `flow${planNames.size}`;
    if (planNames.size >= MOST_PLANS && !planNames.has(text)) return plain(...args);
    planNames.set(text, name);
    return plain({ text, values, name }, ...rest);
  });
}

/** The engine waits for a lost server and goes on, but it does not know this one of the errors that say so. It comes before those who wait hear of it. */
function nameLoss(error: Error & { code?: string }): void {
  if (error.code === 'EPIPE') error.code = 'ECONNRESET';
}

/** The connections of a worker's engine, under the name by which others see that it lives. */
export function openEnginePool(access: PostgresAccess, sessionName: string, log: Logger): EnginePool {
  const pool = new pg.Pool({
    connectionString: engineUrl(access), application_name: sessionName, max: MOST_CONNECTIONS, idleTimeoutMillis: IDLE_MS, connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true, keepAliveInitialDelayMillis: KEEPALIVE_MS,
  });
  pool.on('connect', (connection) => {
    planOnce(connection);
    connection.on('error', nameLoss);
  });
  // The engine tries again by itself; a service whose book is gone ends elsewhere.
  pool.on('error', (error) => log.debug({ error: describeError(error) }, 'A connection of the flow engine was lost'));
  return pool;
}
