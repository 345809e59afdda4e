/** The settings a person writes in `.env` or the environment: their keys, defaults, and what to say when one is wrong. */
import { BROKER_URLS, isKeyShaped, isLiveAddress, judgeAddress, judgeKeyId } from './broker-keys.ts';
import type { BrokerAccount, Complaint, KeyPair, MarketChoice } from './broker-keys.ts';
import type { AlpacaAccess, LogLevel, Mode, NotificationAccess } from './config.ts';
import type { SettingEntry, SettingProblem } from './env-text.ts';
import { readNotification } from './notification-settings.ts';
import { LOOPBACK, SETTING_KEYS, readerOf, splitUrl } from './setting-reader.ts';
import type { SettingKey, SettingReader } from './setting-reader.ts';

/** The ports a person may ask for. Each is a wish: a port held by another program is replaced by a free one. */
export type PortWishes = {
  readonly postgres: number;
  readonly redis: number;
  readonly simulator: number;
  readonly orchestrator: number;
  readonly data_ingestion: number;
  readonly strategy_engine: number;
  readonly execution: number;
  readonly risk_management: number;
  readonly analytics: number;
  readonly notification: number;
  readonly gateway: number;
};

/** All settings, complete with defaults. A host that is null means: run our own server. */
export type Settings = {
  readonly ports: PortWishes;
  readonly postgres: {
    readonly externalHost: string | null;
    readonly user: string;
    readonly password: string | null;
    readonly tradingDb: string;
    readonly orchestratorDb: string;
  };
  readonly redis: {
    readonly externalHost: string | null;
    readonly username: string | null;
    readonly password: string | null;
    readonly tls: boolean;
  };
  readonly mode: Mode;
  /** Null in demo mode. */
  readonly alpaca: AlpacaAccess | null;
  readonly simulator: { readonly seed: number; readonly startingCash: string; readonly speed: number; readonly margin: 1 | 2 | 4 };
  readonly notification: NotificationAccess;
  readonly logLevel: LogLevel;
  readonly logRetentionDays: number;
};

const HOST_PATTERN = /^[A-Za-z0-9.:_-]{1,253}$/;
const NAME_PATTERN = /^[a-z_][a-z0-9_]{0,62}$/;
const PORT_RANGE = [1_024, 65_535] as const;

function externalHost(reader: SettingReader, key: 'POSTGRES_HOST' | 'REDIS_HOST'): string | null {
  const entry = reader.found(key);
  if (!entry || LOOPBACK.has(entry.value.toLowerCase())) return null;
  if (HOST_PATTERN.test(entry.value)) return entry.value;
  reader.complain(key, `is "${entry.value.slice(0, 60)}", not a host name or address`, `write a host name without port, or delete the line to run our own server`);
  return null;
}

function readPorts(reader: SettingReader): PortWishes {
  const port = (key: SettingKey, fallback: number): number => reader.integer(key, fallback, PORT_RANGE);
  const ports = {
    postgres: reader.integer('POSTGRES_PORT', 5432, [1, 65_535]),
    redis: reader.integer('REDIS_PORT', 6379, [1, 65_535]),
    simulator: port('SIMULATOR_PORT', 8010),
    orchestrator: readOrchestratorPort(reader),
    data_ingestion: port('DATA_INGESTION_PORT', 8001),
    strategy_engine: port('STRATEGY_ENGINE_PORT', 8002),
    execution: port('EXECUTION_PORT', 8003),
    risk_management: port('RISK_MANAGEMENT_PORT', 8004),
    analytics: port('ANALYTICS_PORT', 8005),
    notification: port('NOTIFICATION_PORT', 8006),
    gateway: port('WEB_SERVER_PORT', 8000),
  };
  return ports;
}

function readOrchestratorPort(reader: SettingReader): number {
  const entry = reader.found('ORCHESTRATOR_API_URL');
  if (!entry) return 4200;
  const url = splitUrl(entry.value);
  const remedy = 'write http://127.0.0.1:4200/api (only the port may differ), or delete the line';
  if (!url || url.scheme !== 'http') reader.complain('ORCHESTRATOR_API_URL', 'is not an http:// address', remedy);
  else if (!LOOPBACK.has(url.host)) reader.complain('ORCHESTRATOR_API_URL', `names the host ${url.host}; the orchestrator runs on this computer`, remedy);
  else return url.port ?? 80;
  return 4200;
}

type RedisSettings = Settings['redis'] & { readonly port: number | null };

function readRedis(reader: SettingReader): RedisSettings {
  const entry = reader.found('REDIS_URL');
  const none = { externalHost: externalHost(reader, 'REDIS_HOST'), username: null, password: null, tls: false, port: null };
  if (!entry) return none;
  const url = splitUrl(entry.value);
  const remedy = 'write redis://host:6379 or redis://user:password@host:6379, or delete the line to run our own';
  if (!url || (url.scheme !== 'redis' && url.scheme !== 'rediss')) {
    reader.complain('REDIS_URL', 'is not a redis:// address', remedy);
    return none;
  }
  if (none.externalHost !== null && none.externalHost !== url.host) {
    reader.complain('REDIS_URL', `names the host ${url.host} but REDIS_HOST names ${none.externalHost}`, 'keep one of the two lines');
  }
  if (url.path !== '' && url.path !== '/' && url.path !== '/0') {
    reader.complain('REDIS_URL', `chooses the database ${url.path}`, 'leave the path away: the databases 0 to 5 are all used');
  }
  try {
    return {
      externalHost: LOOPBACK.has(url.host) ? null : url.host,
      username: url.user === '' ? null : decodeURIComponent(url.user),
      password: url.password === '' ? null : decodeURIComponent(url.password),
      tls: url.scheme === 'rediss',
      port: url.port,
    };
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    reader.complain('REDIS_URL', 'has a % in user or password that is not followed by two hex digits', 'write % as %25');
    return none;
  }
}

function accessTo(tradingUrl: string, keys: KeyPair): AlpacaAccess {
  const isLoopback = LOOPBACK.has(splitUrl(tradingUrl)?.host ?? '');
  const streamBase = tradingUrl.replace(/^http/, 'ws');
  return {
    tradingUrl,
    dataUrl: isLoopback ? tradingUrl : 'https://data.alpaca.markets',
    tradingStreamUrl: `${streamBase}/stream`,
    dataStreamUrl: isLoopback ? `${streamBase}/v2/iex` : 'wss://stream.data.alpaca.markets/v2/iex',
    ...keys,
  };
}

/** The market and how to reach its broker. */
type Market = { readonly mode: Mode; readonly alpaca: AlpacaAccess | null };
const DEMO: Market = { mode: 'demo', alpaca: null };

function baseOf(reader: SettingReader): string | null {
  return reader.found('ALPACA_BASE_URL')?.value.replace(/\/+$/, '').replace(/\/v2$/, '') ?? null;
}

/** Keys in the settings decide alone: whoever writes them there wants just that. The address of the real account makes the market live; it begins disarmed. */
function marketOfSettings(reader: SettingReader): Market {
  const keyId = reader.found('ALPACA_API_KEY');
  const secretKey = reader.found('ALPACA_SECRET_KEY');
  if (!keyId || !secretKey) {
    const missing = keyId ? 'ALPACA_SECRET_KEY' : 'ALPACA_API_KEY';
    reader.complain(missing, 'is missing while the other half of the key pair is set', 'set both, or delete both');
    return DEMO;
  }
  for (const [key, entry] of [['ALPACA_API_KEY', keyId], ['ALPACA_SECRET_KEY', secretKey]] as const) {
    if (!isKeyShaped(entry.value)) reader.complain(key, 'has characters that no Alpaca key has', "copy it again from Alpaca's page, without spaces or quotes");
  }
  const base = baseOf(reader) ?? BROKER_URLS.paper;
  const mode = isLiveAddress(base) ? 'live' : 'paper';
  const address = judgeAddress(mode, base);
  if (address) reader.complain('ALPACA_BASE_URL', address.problem, address.remedy);
  const key = judgeKeyId(mode, keyId.value);
  if (key) reader.complain('ALPACA_API_KEY', key.problem, key.remedy);
  return { mode, alpaca: accessTo(base, { keyId: keyId.value, secretKey: secretKey.value }) };
}

/** How an account is reached with a pair of keys, or why it is not: `about` says whether the address or the key is wrong. */
export type AccountAccess = { readonly access: AlpacaAccess; readonly complaint: null } | { readonly access: null; readonly complaint: Complaint & { readonly about: 'address' | 'key' } };

function accessOf(reader: SettingReader, account: BrokerAccount, keys: KeyPair): AccountAccess {
  const base = baseOf(reader) ?? BROKER_URLS[account];
  const address = judgeAddress(account, base);
  if (address) return { access: null, complaint: { ...address, about: 'address' } };
  const key = judgeKeyId(account, keys.keyId);
  return key ? { access: null, complaint: { ...key, about: 'key' } } : { access: accessTo(base, keys), complaint: null };
}

/** How a start in the market of this account would reach its broker with these keys; keys in the settings are not looked at. */
export function accountAccess(entries: readonly SettingEntry[], account: BrokerAccount, keys: KeyPair): AccountAccess {
  return accessOf(readerOf(entries), account, keys);
}

/** The whole pair of keys in the settings, and the account that they decide; null when there is none. */
export function ownKeysOf(entries: readonly SettingEntry[]): { readonly account: BrokerAccount; readonly keys: KeyPair } | null {
  const reader = readerOf(entries);
  const [keyId, secretKey] = [reader.found('ALPACA_API_KEY'), reader.found('ALPACA_SECRET_KEY')];
  if (!keyId || !secretKey) return null;
  return { account: isLiveAddress(baseOf(reader) ?? BROKER_URLS.paper) ? 'live' : 'paper', keys: { keyId: keyId.value, secretKey: secretKey.value } };
}

/** The market that a person chose in the application, with the keys that are kept for it. */
function marketOfChoice(reader: SettingReader, { mode, keys }: MarketChoice): Market {
  if (mode === 'demo') return DEMO;
  if (!keys) {
    reader.complain('ALPACA_API_KEY', `is missing: the ${mode} market is chosen, but no keys are kept for it`, `enter them in the application, or with "mainspring keys set ${mode}"; or choose the demo`);
    return DEMO;
  }
  const base = baseOf(reader) ?? BROKER_URLS[mode];
  const address = judgeAddress(mode, base);
  if (address) reader.complain('ALPACA_BASE_URL', address.problem, address.remedy);
  const key = judgeKeyId(mode, keys.keyId);
  if (key) reader.complain('ALPACA_API_KEY', `that is kept for ${mode} ${key.problem}`, key.remedy);
  return { mode, alpaca: accessTo(base, keys) };
}

/** True when the settings themselves hold broker keys (or half of them): they decide the market then. */
export function hasOwnKeys(entries: readonly SettingEntry[]): boolean {
  const reader = readerOf(entries);
  return reader.found('ALPACA_API_KEY') !== null || reader.found('ALPACA_SECRET_KEY') !== null;
}

function complainAboutTwins(reader: SettingReader, ports: PortWishes, isExternal: (unit: string) => boolean): void {
  const ownerOf = new Map<number, string>();
  for (const [unit, port] of Object.entries(ports)) {
    if (isExternal(unit)) continue;
    const other = ownerOf.get(port);
    const key = PORT_KEYS[unit] ?? 'WEB_SERVER_PORT';
    if (other !== undefined) reader.complain(key, `gives ${unit} the port ${port}, which ${other} has`, 'give each part its own port');
    ownerOf.set(port, unit);
  }
}

const PORT_KEYS: Readonly<Record<string, SettingKey>> = {
  postgres: 'POSTGRES_PORT',
  redis: 'REDIS_PORT',
  simulator: 'SIMULATOR_PORT',
  orchestrator: 'ORCHESTRATOR_API_URL',
  data_ingestion: 'DATA_INGESTION_PORT',
  strategy_engine: 'STRATEGY_ENGINE_PORT',
  execution: 'EXECUTION_PORT',
  risk_management: 'RISK_MANAGEMENT_PORT',
  analytics: 'ANALYTICS_PORT',
  notification: 'NOTIFICATION_PORT',
  gateway: 'WEB_SERVER_PORT',
};

function readPostgres(reader: SettingReader): Settings['postgres'] {
  const name = (key: SettingKey, fallback: string): string =>
    reader.matching(key, fallback, NAME_PATTERN, 'a plain lower-case name (letters, digits, _)');
  const host = externalHost(reader, 'POSTGRES_HOST');
  const postgres = {
    externalHost: host,
    user: name('POSTGRES_USER', 'mainspring'),
    password: reader.found('POSTGRES_PASSWORD')?.value ?? null,
    tradingDb: name('TRADING_DB_NAME', 'trading_system'),
    orchestratorDb: name('ORCHESTRATOR_DB_NAME', 'orchestrator'),
  };
  if (postgres.tradingDb === postgres.orchestratorDb) reader.complain('ORCHESTRATOR_DB_NAME', 'is the same as TRADING_DB_NAME', 'give the two databases different names');
  if (host !== null && postgres.password === null) {
    reader.complain('POSTGRES_PASSWORD', `is missing, but POSTGRES_HOST=${host} is not ours to invent one`, 'write the password of POSTGRES_USER on that server');
  }
  return postgres;
}

const NO_CHOICE: MarketChoice = { mode: 'demo', keys: null };

/**
 * Everything the settings say, or what is wrong with them. `problems` must be empty before `settings` is used; `warnings` are shown.
 * `choice` counts when the settings hold no broker keys.
 */
export function parseSettings(entries: readonly SettingEntry[], choice: MarketChoice = NO_CHOICE): { settings: Settings; problems: readonly SettingProblem[]; warnings: readonly SettingProblem[] } {
  const reader = readerOf(entries);
  const redis = readRedis(reader);
  const market = hasOwnKeys(entries) ? marketOfSettings(reader) : marketOfChoice(reader, choice);
  const wishes = readPorts(reader);
  const ports = redis.port === null ? wishes : { ...wishes, redis: redis.port };
  const postgres = readPostgres(reader);
  complainAboutTwins(reader, ports, (unit) => (unit === 'postgres' && postgres.externalHost !== null) || (unit === 'redis' && redis.externalHost !== null));
  const speed = reader.matching('SIMULATOR_SPEED', '60', /^(?:[1-9]\d{0,4}|0\.(?!0+$)\d{1,3})$/, 'a number from 0.001 to 99999');
  const settings: Settings = {
    ports,
    postgres,
    redis: { externalHost: redis.externalHost, username: redis.username, password: redis.password, tls: redis.tls },
    mode: market.mode,
    alpaca: market.alpaca,
    simulator: {
      seed: reader.integer('SIMULATOR_SEED', 1, [0, 4_294_967_295]),
      startingCash: reader.matching('SIMULATOR_STARTING_CASH', '100000', /^[1-9]\d{0,11}(?:\.\d{1,2})?$/, 'an amount in dollars'),
      speed: Number(speed),
      // As the broker's paper accounts are: twice the equity, and short sales.
      margin: Number(reader.matching('SIMULATOR_MARGIN', '2', /^[124]$/, '1 (a cash account), 2 or 4')) as 1 | 2 | 4,
    },
    notification: readNotification(reader),
    logLevel: reader.logLevel(),
    logRetentionDays: reader.integer('LOG_RETENTION_DAYS', 30, [1, 3_650]),
  };
  const warnings = entries
    .filter((entry) => !Object.hasOwn(SETTING_KEYS, entry.key))
    .map((entry) => ({ source: entry.source, key: entry.key, problem: 'is not a setting of Mainspring and has no effect', remedy: 'check the spelling, or delete the line' }));
  return { settings, problems: reader.problems, warnings };
}
