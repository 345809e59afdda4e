/** Builds the drivers of all units of a run. */
import path from 'node:path';
import type { UnitId, WorkerId } from '#app/contracts/health.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Layout } from '../layout.ts';
import { configFor } from '../runtime-config.ts';
import type { RunFacts } from '../runtime-config.ts';
import type { DataFolder } from '../store/data-folder.ts';
import type { Logs } from '../supervisor/logs.ts';
import type { Reservation } from '../supervisor/ports.ts';
import type { RunFiles } from '../supervisor/run-files.ts';
import type { Spawner, WorkerSpec } from '../supervisor/spawner.ts';
import type { UnitDriver } from '../supervisor/unit.ts';
import { workersOf } from './catalog.ts';
import { workerEnvironment } from './own-variables.ts';
import { externalPostgresUnit, externalRedisUnit } from './external.ts';
import { migrateUnit } from './migrate.ts';
import { postgresUnit } from './postgres.ts';
import { redisUnit } from './redis.ts';
import type { RunAs } from './run-as.ts';
import { workerUnit } from './worker.ts';

/** All that the drivers are made of. */
export type BuildParts = {
  readonly layout: Layout;
  readonly spawner: Spawner;
  readonly folder: DataFolder;
  readonly settings: Settings;
  readonly logs: Logs;
  readonly runFiles: RunFiles;
  readonly reservations: ReadonlyMap<UnitId, Reservation>;
  readonly runAs: RunAs | null;
  readonly facts: RunFacts;
};

/**
 * Few threads, and a young generation of 4 MB: a smaller one saves little and costs a quarter of the processor time in collections. Baseline code is compiled in place: a compiling thread that
 * needs memory waits for a collection by the main thread, and `process.exit` waits for that thread, so a worker that exits at that moment never ended.
 */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--v8-pool-size=1'];
const V8_FLAGS = ['--max-semi-space-size=4', '--no-concurrent-sparkplug'];
/** Workers that wait most of the time: a third less memory, and bursts of arithmetic run slower. Those that work on every bar of a burst are left out. */
const SMALLER: ReadonlySet<WorkerId> = new Set(['analytics', 'gateway', 'notification', 'orchestrator', 'risk_management']);
const SMALLER_FLAGS = ['--optimize-for-size'];
/** A worker's environment, with the place where Node keeps what it has compiled. */
function workerEnv(folder: DataFolder): Record<string, string> {
  return { ...workerEnvironment(), NODE_COMPILE_CACHE: path.join(folder.cacheFolder, 'node') };
}

function reservationOf(parts: BuildParts, unit: UnitId): Reservation {
  const reservation = parts.reservations.get(unit);
  invariant(reservation, 'A listening unit has no port', { unit });
  return reservation;
}

function buildDatabases(parts: BuildParts): UnitDriver[] {
  const { layout, settings, folder, facts, spawner, logs, runAs } = parts;
  const { externalHost, user } = settings.postgres;
  const password = facts.ownerPasswords.postgres;
  const { dataDir, socketFolder, logFolder } = folder;
  const common = { layout, dataDir, socketFolder, runAs, spawner };
  const postgres =
    externalHost === null
      ? postgresUnit({ ...common, logFolder, user, password, reservation: reservationOf(parts, 'postgres'), log: logs.of('postgres') })
      : externalPostgresUnit({ host: externalHost, port: settings.ports.postgres, user, password });
  const redis =
    settings.redis.externalHost === null
      ? redisUnit({ ...common, password: facts.ownerPasswords.redis, reservation: reservationOf(parts, 'redis'), log: logs.of('redis') })
      : externalRedisUnit(facts.redis);
  const migrate = migrateUnit({
    migrationsFolder: parts.layout.migrationsFolder,
    connection: { host: facts.postgres.host, port: facts.postgres.port, user, password },
    tradingDb: facts.postgres.tradingDb,
    orchestratorDb: facts.postgres.orchestratorDb,
    rolePasswords: facts.rolePasswords,
    log: logs.of('migrate'),
  });
  return [postgres, redis, migrate];
}

/** The drivers, databases first. */
export function buildUnits(parts: BuildParts): UnitDriver[] {
  const spawnOf = (id: WorkerId): WorkerSpec => ({
    kind: 'worker',
    module: parts.layout.workerEntry(id),
    name: id,
    nodeFlags: NODE_FLAGS,
    v8Flags: SMALLER.has(id) ? [...V8_FLAGS, ...SMALLER_FLAGS] : V8_FLAGS,
    env: workerEnv(parts.folder),
    // A real folder: the program itself may lie in an archive.
    cwd: parts.folder.dataDir,
  });
  const workers = workersOf(parts.settings.mode).map(({ spec, stopMs }) => {
    const reservation = reservationOf(parts, spec.id);
    return workerUnit({
      spec: { ...spec, port: reservation.port },
      stopMs,
      spawn: spawnOf(spec.id),
      spawner: parts.spawner,
      reservation,
      runFiles: parts.runFiles,
      log: parts.logs.of(spec.id),
      config: () => configFor(spec.id, parts.facts),
    });
  });
  return [...buildDatabases(parts), ...workers];
}
