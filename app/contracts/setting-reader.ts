/** The keys of the settings, and a reader that collects what is wrong with them. */
import { LOG_LEVELS } from './config.ts';
import type { LogLevel } from './config.ts';
import type { SettingEntry, SettingProblem } from './env-text.ts';

/** Every key that means something, with its default as shown to people. */
export const SETTING_KEYS = {
  POSTGRES_HOST: 'run our own',
  POSTGRES_PORT: '5432',
  TRADING_DB_NAME: 'trading_system',
  ORCHESTRATOR_DB_NAME: 'orchestrator',
  POSTGRES_USER: 'mainspring',
  POSTGRES_PASSWORD: 'generated',
  REDIS_HOST: 'run our own',
  REDIS_PORT: '6379',
  REDIS_URL: 'none',
  ORCHESTRATOR_API_URL: 'http://127.0.0.1:4200/api',
  DATA_INGESTION_PORT: '8001',
  STRATEGY_ENGINE_PORT: '8002',
  EXECUTION_PORT: '8003',
  RISK_MANAGEMENT_PORT: '8004',
  ANALYTICS_PORT: '8005',
  NOTIFICATION_PORT: '8006',
  WEB_SERVER_PORT: '8000',
  SIMULATOR_MARGIN: '2',
  SIMULATOR_PORT: '8010',
  SIMULATOR_SEED: '1',
  SIMULATOR_SPEED: '60',
  SIMULATOR_STARTING_CASH: '100000',
  ALPACA_API_KEY: 'none: the chosen market',
  ALPACA_SECRET_KEY: 'none: the chosen market',
  ALPACA_BASE_URL: 'https://paper-api.alpaca.markets',
  SMTP_HOST: 'none: no e-mail',
  SMTP_PORT: '587, or 465 with tls',
  SMTP_SECURITY: 'starttls',
  SMTP_USER: 'none',
  SMTP_PASSWORD: 'none',
  MAIL_FROM: 'none',
  MAIL_TO: 'none',
  WEBHOOK_URL: 'none',
  WEBHOOK_SECRET: 'none: calls are not signed',
  LOG_LEVEL: 'info',
  LOG_RETENTION_DAYS: '30',
} as const;

/** A key that means something. */
export type SettingKey = keyof typeof SETTING_KEYS;

type Found = { readonly value: string; readonly source: string };

/** Reads settings one by one and collects what is wrong. Secret values are never repeated in a problem. */
export type SettingReader = {
  found(key: SettingKey): Found | null;
  complain(key: SettingKey, problem: string, remedy: string): void;
  integer(key: SettingKey, fallback: number, range: readonly [number, number]): number;
  matching(key: SettingKey, fallback: string, pattern: RegExp, shape: string): string;
  logLevel(): LogLevel;
  readonly problems: readonly SettingProblem[];
};

/** A reader over entries; a later entry of the same key wins (put the environment after the file). Empty values count as not set. */
export function readerOf(entries: readonly SettingEntry[]): SettingReader {
  const byKey = new Map<string, Found>();
  for (const entry of entries) if (entry.value !== '') byKey.set(entry.key, entry);
  const problems: SettingProblem[] = [];
  const found = (key: SettingKey): Found | null => byKey.get(key) ?? null;
  const complain = (key: SettingKey, problem: string, remedy: string): void => {
    problems.push({ source: found(key)?.source ?? 'settings', key, problem, remedy });
  };
  return {
    problems,
    found,
    complain,
    integer: (key, fallback, [least, most]) => {
      const entry = found(key);
      if (!entry) return fallback;
      const value = Number(entry.value);
      if (/^\d{1,10}$/.test(entry.value) && value >= least && value <= most) return value;
      complain(key, `is "${entry.value.slice(0, 40)}", not a whole number from ${least} to ${most}`, `write for example ${key}=${fallback}, or delete the line`);
      return fallback;
    },
    matching: (key, fallback, pattern, shape) => {
      const entry = found(key);
      if (!entry) return fallback;
      if (pattern.test(entry.value)) return entry.value;
      complain(key, `is "${entry.value.slice(0, 60)}", not ${shape}`, `write for example ${key}=${fallback}, or delete the line`);
      return fallback;
    },
    logLevel: () => {
      const entry = found('LOG_LEVEL');
      if (!entry) return 'info';
      const level = LOG_LEVELS.find((known) => known === entry.value.toLowerCase());
      if (level) return level;
      complain('LOG_LEVEL', `is "${entry.value.slice(0, 40)}"`, `write one of ${LOG_LEVELS.join(', ')}`);
      return 'info';
    },
  };
}

/** Names of this computer: a host among them means our own server. */
export const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0']);
const URL_PATTERN = /^([a-z]+):\/\/(?:([^:@/\s]*)(?::([^@/\s]*))?@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?(\/[^\s]*)?$/;

/** The parts of an address; user and password still percent-encoded. */
export type UrlParts = { scheme: string; user: string; password: string; host: string; port: number | null; path: string };

/** Splits an address without needing a platform's URL class; null when it is not one. */
export function splitUrl(text: string): UrlParts | null {
  const match = URL_PATTERN.exec(text);
  if (!match) return null;
  const [, scheme = '', user = '', password = '', host = '', port, path = ''] = match;
  const portNumber = port === undefined ? null : Number(port);
  if (portNumber !== null && (portNumber < 1 || portNumber > 65_535)) return null;
  return { scheme, user, password, host, port: portNumber, path };
}
