/** Gathers the facts of one run: addresses, and the secrets that its parts share. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { ReplaySettings } from '#app/contracts/config.ts';
import { WORKER_IDS } from '#app/contracts/health.ts';
import type { UnitId, WorkerId } from '#app/contracts/health.ts';
import type { PortWishes, Settings } from '#app/contracts/settings.ts';
import { invariant } from '#app/domain/errors.ts';
import type { RunFacts } from './runtime-config.ts';
import type { ControlStore } from './store/control-store.ts';
import type { DataFolder } from './store/data-folder.ts';
import type { Secrets } from './store/secrets.ts';
import type { Reservation } from './supervisor/ports.ts';
import { workersOf } from './units/catalog.ts';
import { redisSocket } from './units/redis.ts';

/** What the facts are made of. */
export type FactParts = {
  readonly version: string;
  readonly replay: ReplaySettings | null;
  readonly folder: DataFolder;
  readonly libraryDir: string;
  readonly store: ControlStore;
  readonly secrets: Secrets;
  readonly settings: Settings;
  /** The settings as they count by now: parts that start later are told these. */
  readonly settingsNow: () => Settings;
  readonly reservations: ReadonlyMap<UnitId, Reservation>;
  /** Until when the real account is armed, asked anew for each worker that starts. */
  readonly armedUntil: () => number | null;
  readonly latches: RunFacts['latches'];
};

/** The units of a run that need a port of their own on this computer. */
export function listeningUnits(settings: Settings): (UnitId & keyof PortWishes)[] {
  const workers = workersOf(settings.mode).map((plan) => plan.spec.id);
  return [...(settings.postgres.externalHost === null ? (['postgres'] as const) : []), ...(settings.redis.externalHost === null ? (['redis'] as const) : []), ...workers];
}

function portsOf(settings: Settings, reservations: ReadonlyMap<UnitId, Reservation>): Map<UnitId, number> {
  const ports = new Map([...reservations].map(([unit, { port }]) => [unit, port]));
  if (settings.postgres.externalHost !== null) ports.set('postgres', settings.ports.postgres);
  if (settings.redis.externalHost !== null) ports.set('redis', settings.ports.redis);
  return ports;
}

type Passwords = { readonly postgres: string; readonly redis: string; readonly session: string; readonly simulatorKey: string; readonly simulatorSecret: string; readonly roles: Readonly<Record<WorkerId, string>> };

/** All are asked for at once: the vault writes new ones together. */
async function passwordsOf(settings: Settings, secrets: Secrets): Promise<Passwords> {
  const [postgres, redis, session, simulatorKey, simulatorSecret, roles] = await Promise.all([
    settings.postgres.password ?? secrets.ensure('postgres'),
    secrets.ensure('redis'),
    secrets.ensure('session'),
    secrets.ensure('simulator.key'),
    secrets.ensure('simulator.secret'),
    Promise.all(WORKER_IDS.map(async (id) => [id, await secrets.ensure(`role.${id}`)] as const)),
  ]);
  return { postgres, redis, session, simulatorKey, simulatorSecret, roles: Object.fromEntries(roles) as Record<WorkerId, string> };
}

/** The facts of this run. The tokens are new at each launch; passwords come from the vault of the data folder. */
export async function gatherFacts({ version, replay, folder, libraryDir, store, secrets, settings, settingsNow, reservations, armedUntil, latches }: FactParts): Promise<RunFacts> {
  const ports = portsOf(settings, reservations);
  const portOf = (unit: UnitId): number => {
    const port = ports.get(unit);
    invariant(port !== undefined, 'A listening unit has no port', { unit });
    return port;
  };
  const passwords = await passwordsOf(settings, secrets);
  const isOwnRedis = settings.redis.externalHost === null;
  const redisPassword = isOwnRedis ? passwords.redis : settings.redis.password;
  return {
    instanceId: store.instanceId,
    version,
    dataDir: folder.dataDir,
    libraryDir,
    journalFile: path.join(folder.dataDir, 'simulator.sqlite'),
    get settings() {
      return settingsNow();
    },
    replay,
    armedUntil,
    latches,
    postgres: {
      host: settings.postgres.externalHost ?? folder.socketFolder ?? '127.0.0.1',
      port: portOf('postgres'),
      tradingDb: settings.postgres.tradingDb,
      orchestratorDb: settings.postgres.orchestratorDb,
    },
    redis: {
      ...(isOwnRedis && folder.socketFolder !== null ? { path: redisSocket(folder.socketFolder) } : {}),
      host: settings.redis.externalHost ?? '127.0.0.1',
      port: portOf('redis'),
      ...(settings.redis.username === null ? {} : { username: settings.redis.username }),
      ...(redisPassword === null ? {} : { password: redisPassword }),
      tls: settings.redis.tls,
    },
    ports,
    ownerPasswords: { postgres: passwords.postgres, redis: passwords.redis },
    rolePasswords: passwords.roles,
    internalToken: randomBytes(32).toString('hex'),
    apiToken: randomBytes(32).toString('hex'),
    sessionSecret: passwords.session,
    simulatorKeys: { keyId: `PK${passwords.simulatorKey.slice(0, 18).toUpperCase()}`, secretKey: passwords.simulatorSecret },
  };
}
