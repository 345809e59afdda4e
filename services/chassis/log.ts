/** Structured logs: one JSON line per event on standard output, where the supervisor captures it. */
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import type { LogLevel } from '#app/contracts/config.ts';

/** The logger of a worker. Message text is constant, values are fields: `log.info({ orderId }, 'Order submitted')`. */
export type Logger = PinoLogger;

/** Names of fields whose values never reach a log, at the top or one level down. */
const SECRET_FIELDS = ['password', 'pass', 'secret', 'secretKey', 'keyId', 'apiToken', 'internalToken', 'sessionSecret', 'token', 'authorization', 'cookie'];

/** Creates the logger of a worker; lines carry `unit`, `ts` (epoch ms), `level` as text. */
export function createLog(unit: string, level: LogLevel): Logger {
  return pino(
    {
      level,
      base: { unit },
      timestamp: () => `,"ts":${Date.now()}`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    // Synchronous on purpose: the last lines before a crash are the ones that matter.
    pino.destination({ fd: 1, sync: true }),
  );
}
