/** Puts together what each worker is told: only what it needs, and secrets only to those who use them. */
import type { AlpacaAccess, Endpoint, PostgresAccess, RedisAccess, ReplaySettings, RuntimeConfig } from '#app/contracts/config.ts';
import type { UnitId, WorkerId } from '#app/contracts/health.ts';
import type { Latch } from '#app/contracts/kill.ts';
import type { Settings } from '#app/contracts/settings.ts';
import type { ServiceId } from '#app/domain/ids.ts';

/** The facts of this run from which every worker's configuration is made. */
export type RunFacts = {
  readonly instanceId: string;
  readonly version: string;
  readonly dataDir: string;
  /** Where strategies travel between the markets of this home. */
  readonly libraryDir: string;
  readonly journalFile: string;
  /** As they count by now; what only counts after a start stays what it was at the start. */
  readonly settings: Settings;
  readonly replay: ReplaySettings | null;
  readonly postgres: Omit<PostgresAccess, 'user' | 'password'>;
  readonly redis: RedisAccess;
  /** Until when (EpochMs) the real account is armed by now; null = disarmed. */
  readonly armedUntil: () => number | null;
  /** Pulls of the kill switch that the book may not have by now. */
  readonly latches: () => readonly Latch[];
  /** The owners of the two databases that are ours; they stay in the supervisor. */
  readonly ownerPasswords: { readonly postgres: string; readonly redis: string };
  readonly ports: ReadonlyMap<UnitId, number>;
  readonly rolePasswords: Readonly<Record<WorkerId, string>>;
  readonly internalToken: string;
  readonly apiToken: string;
  readonly sessionSecret: string;
  readonly simulatorKeys: { readonly keyId: string; readonly secretKey: string };
};

const LOOPBACK = '127.0.0.1';
const WITH_BROKER: ReadonlySet<WorkerId> = new Set(['execution', 'data_ingestion']);
/** Who must know until when the real account is armed. */
export const ARMED_WORKERS = ['execution', 'risk_management', 'gateway'] as const satisfies readonly WorkerId[];
const ARMED: ReadonlySet<UnitId> = new Set(ARMED_WORKERS);

/** Must this unit know until when the real account is armed? */
export function isArmedWorker(unit: UnitId): boolean {
  return ARMED.has(unit);
}

function brokerOf(facts: RunFacts): AlpacaAccess {
  if (facts.settings.alpaca) return facts.settings.alpaca;
  const address = `${LOOPBACK}:${facts.ports.get('simulator') ?? 0}`;
  return {
    tradingUrl: `http://${address}`,
    dataUrl: `http://${address}`,
    tradingStreamUrl: `ws://${address}/stream`,
    dataStreamUrl: `ws://${address}/v2/iex`,
    ...facts.simulatorKeys,
  };
}

function unitsOf(facts: RunFacts): Partial<Record<UnitId, Endpoint>> {
  const { settings } = facts;
  const hostOf = (id: UnitId): string => {
    if (id === 'postgres') return settings.postgres.externalHost ?? LOOPBACK;
    return id === 'redis' ? (settings.redis.externalHost ?? LOOPBACK) : LOOPBACK;
  };
  return Object.fromEntries([...facts.ports].map(([id, port]) => [id, { host: hostOf(id), port }]));
}

/** The configuration of one worker. */
export function configFor(unit: WorkerId, facts: RunFacts): RuntimeConfig {
  const { settings } = facts;
  return {
    unit,
    instanceId: facts.instanceId,
    version: facts.version,
    dataDir: facts.dataDir,
    mode: settings.mode,
    ...(facts.replay ? { replay: facts.replay } : {}),
    postgres: { ...facts.postgres, user: unit, password: facts.rolePasswords[unit] },
    redis: facts.redis,
    units: unitsOf(facts),
    internalToken: facts.internalToken,
    ...(WITH_BROKER.has(unit) ? { alpaca: brokerOf(facts) } : {}),
    ...(unit === 'strategy_engine' ? { libraryDir: facts.libraryDir } : {}),
    ...(unit === 'simulator' ? { simulator: { ...settings.simulator, journalFile: facts.journalFile, ...facts.simulatorKeys } } : {}),
    ...(unit === 'gateway' ? { gateway: { apiToken: facts.apiToken, sessionSecret: facts.sessionSecret } } : {}),
    ...(settings.mode === 'live' && isArmedWorker(unit) ? { live: { armedUntil: facts.armedUntil() } } : {}),
    ...(unit === 'execution' || unit === 'risk_management' ? { latches: [...facts.latches()] } : {}),
    ...(unit === 'notification' ? { notification: settings.notification } : {}),
    logLevel: settings.logLevel,
    logRetentionDays: settings.logRetentionDays,
  };
}

/** What a second worker of a service is told: its way to the databases and to the orchestrator; no broker keys, no mail server, no arming, no folder of ours. */
export function extraWorkerConfigFor(service: ServiceId, facts: RunFacts): RuntimeConfig {
  const { alpaca: _broker, live: _arming, latches: _pulls, notification: _people, libraryDir: _library, ...config } = configFor(service, facts);
  return config;
}
