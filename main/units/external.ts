/** Servers that are not ours: asked over and over, never started or stopped. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { EXIT } from '#app/contracts/control.ts';
import type { UnitDriver, UnitSignals, UnitSpec } from '../supervisor/unit.ts';
import { exitOfError } from './exit-reason.ts';
import { postgresProbe } from './postgres-probe.ts';
import { redisClient } from './redis.ts';
import type { RedisTarget } from './redis.ts';

const PROBE_EVERY_MS = 2_000;
const LOST_AFTER_MS = 10_000;

const COMMON = {
  kind: 'external',
  needs: [],
  after: [],
  startLimitMs: 30_000,
  stopLimitMs: 2_000,
  silence: { silentAfterMs: 7_000, hungAfterMs: 60_000 },
} as const satisfies Partial<UnitSpec>;

/** A running series of questions. */
type Asking = { begin(): Promise<void>; close(): void };

/** Turns a series of questions into a unit: answers are beats; silence for 10 s means that the server is lost. */
function externalUnit(spec: UnitSpec, open: (onAnswer: (latencyMs: number) => void, onFailure: (error: unknown) => void) => Asking): UnitDriver {
  const start = (signals: UnitSignals): ReturnType<UnitDriver['start']> => {
    let isOver = false;
    let isAnnounced = false;
    let lastAnswer = performance.now();
    const end = (exit: Parameters<UnitSignals['exited']>[0]): void => {
      if (isOver) return;
      isOver = true;
      asking.close();
      // Never from within start(): the supervisor does not know us yet.
      setImmediate(() => signals.exited(exit));
    };
    const fail = (error: unknown): void => {
      if (error instanceof AppError && error.family === 'operator') end(exitOfError(error));
      else if (!isAnnounced || performance.now() - lastAnswer > LOST_AFTER_MS) {
        end({ code: EXIT.dependency, signal: null, reason: `${spec.title} does not answer: ${describeError(error)}` });
      }
    };
    const asking = open((latencyMs) => {
      lastAnswer = performance.now();
      if (!isAnnounced) signals.ready(spec.port ?? undefined);
      isAnnounced = true;
      signals.beat(null, latencyMs);
    }, fail);
    asking.begin().catch(fail);
    return {
      stop: () => end({ code: EXIT.ok, signal: null, reason: 'no longer watched' }),
      kill: () => end({ code: null, signal: 'SIGKILL', reason: 'no longer watched' }),
      send: () => undefined,
    };
  };
  return { spec, start };
}

/** Where an external PostgreSQL is. */
export type ExternalPostgres = { readonly host: string; readonly port: number; readonly user: string; readonly password: string };

/** The unit for a PostgreSQL of the user's. */
export function externalPostgresUnit(target: ExternalPostgres): UnitDriver {
  const spec: UnitSpec = { ...COMMON, id: 'postgres', title: `PostgreSQL at ${target.host}`, port: target.port };
  return externalUnit(spec, (onAnswer, onFailure) => postgresProbe({ ...target, passwordRemedy: 'Correct POSTGRES_USER and POSTGRES_PASSWORD.', onAnswer, onFailure }));
}

/** The unit for a Redis of the user's. */
export function externalRedisUnit(target: RedisTarget): UnitDriver {
  const spec: UnitSpec = { ...COMMON, id: 'redis', title: `Redis at ${target.host}`, port: target.port };
  return externalUnit(spec, (onAnswer, onFailure) => {
    let cause: Error | null = null;
    const connect = (): ReturnType<typeof redisClient> => {
      cause = null;
      return redisClient(target, (error) => {
        cause = error;
      });
    };
    let client = connect();
    let timer: NodeJS.Timeout | null = null;
    let isAsking = false;
    let isClosed = false;
    const ask = async (): Promise<void> => {
      if (isAsking) return;
      isAsking = true;
      const before = performance.now();
      try {
        if (client.status !== 'ready') {
          client.disconnect();
          client = connect();
          await client.connect();
        }
        await client.ping();
        onAnswer(performance.now() - before);
      } catch (error) {
        if (!/WRONGPASS|NOAUTH|NOPERM/.test(`${describeError(error)} ${describeError(cause)}`)) throw cause ?? error;
        throw new AppError('CONFIG_INVALID', `Redis at ${target.host} does not accept the password. Correct REDIS_URL.`, { cause: error });
      } finally {
        isAsking = false;
      }
    };
    return {
      begin: async () => {
        await ask();
        if (!isClosed) timer = setInterval(() => void ask().catch(onFailure), PROBE_EVERY_MS);
      },
      close: () => {
        isClosed = true;
        if (timer) clearInterval(timer);
        client.disconnect();
      },
    };
  });
}
