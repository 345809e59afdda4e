/** The composition root: from a data folder to a running stack, and back to nothing. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { ReplaySettings } from '#app/contracts/config.ts';
import type { TapeSummary } from '#app/contracts/control.ts';
import { WORKER_IDS } from '#app/contracts/health.ts';
import type { Notice, StackHealth, UnitHealth, UnitId, VerifyReport, WorkerId } from '#app/contracts/health.ts';
import type { PortWishes, Settings } from '#app/contracts/settings.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { Layout } from './layout.ts';
import { reservePorts } from './port-plan.ts';
import { answerRequest } from './requests.ts';
import { configFor } from './runtime-config.ts';
import type { RunFacts } from './runtime-config.ts';
import { openControlStore } from './store/control-store.ts';
import type { ControlStore } from './store/control-store.ts';
import { freeBytes, layoutOf, nearestExisting, prepareDataFolder } from './store/data-folder.ts';
import type { DataFolder } from './store/data-folder.ts';
import { readSettings } from './store/read-settings.ts';
import { fileSecrets } from './store/secrets.ts';
import type { Secrets } from './store/secrets.ts';
import { openDoor } from './supervisor/door.ts';
import type { Door } from './supervisor/door.ts';
import { openLogs } from './supervisor/logs.ts';
import type { Logs } from './supervisor/logs.ts';
import { reapOrphans } from './supervisor/orphans.ts';
import { openPortClaims } from './supervisor/port-claims.ts';
import type { Reservation } from './supervisor/ports.ts';
import { openRunFiles } from './supervisor/run-files.ts';
import type { RunFiles } from './supervisor/run-files.ts';
import type { Spawner } from './supervisor/spawner.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { UnitDriver } from './supervisor/unit.ts';
import { buildUnits } from './units/build.ts';
import { workersOf } from './units/catalog.ts';
import { redisSocket } from './units/redis.ts';
import { assertReach, findRunAs } from './units/run-as.ts';
import type { RunAs } from './units/run-as.ts';
import { verifyStack } from './verify.ts';

const STATES_EVERY_MS = 2_000;
const STATES_DELAY_MS = 50;
const STOP_LIMIT_MS = 60_000;

/** What the stack tells whoever started it. */
export type StackEvents = {
  readonly onUnit: (unit: UnitHealth) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly onReplayDone: (tape: TapeSummary) => void;
  /** Somebody asked at the control door that everything stops. */
  readonly onStopAsked: () => void;
};

/** How to start. `env` is where settings beside the file come from. */
export type BootOptions = {
  readonly dataDir: string;
  readonly layout: Layout;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly replay: ReplaySettings | null;
  readonly spawner: Spawner;
  /** These units alone, for tools that need a part of the stack. */
  readonly only?: readonly UnitId[];
  readonly events: StackEvents;
};

/** A started stack; its units may still be on their way. */
export type Stack = {
  readonly settings: Settings;
  readonly supervisor: Supervisor;
  health(): StackHealth;
  verify(): Promise<VerifyReport>;
  /** A new one-time link to the dashboard, good for 15 minutes. */
  loginLink(): string;
  /** Stops everything in reverse order and lets the data folder go. Safe to call twice. */
  stop(reason: string, isAtOnce?: boolean): Promise<void>;
};

/** Things that must be let go again, last first. */
type Undo = (() => Promise<void> | void)[];

async function undoAll(undo: Undo): Promise<void> {
  for (let act = undo.pop(); act; act = undo.pop()) await act();
}

/**
 * Takes the data folder and starts everything in it.
 * @throws AppError with family operator and a message for people when it cannot; nothing stays behind then.
 */
export async function boot(options: BootOptions): Promise<Stack> {
  const undo: Undo = [];
  try {
    return await begin(options, undo);
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

type Opened = {
  folder: DataFolder;
  store: ControlStore;
  secrets: Secrets;
  settings: Settings;
  logs: Logs;
  runFiles: RunFiles;
  runAs: RunAs | null;
  early: { level: Notice['level']; unit: UnitId | null; text: string }[];
};

/** Everything before the first process: folder, lock, settings, leftovers. */
async function open(options: BootOptions, undo: Undo): Promise<Opened> {
  const folder = layoutOf(options.dataDir);
  const runAs = findRunAs();
  assertReach(runAs, folder.dataDir, nearestExisting(folder.dataDir));
  prepareDataFolder(folder);
  const { store, replaced } = openControlStore(folder.storeFile, Date.now());
  undo.push(() => store.close());
  const { settings, warnings } = readSettings(folder.envFile, options.env);
  const secrets = fileSecrets(folder.vaultFile);
  const logs = openLogs(folder.logFolder, Date.now);
  undo.push(() => logs.flushSync());
  const runFiles = openRunFiles(folder.runFolder, store.instanceId);
  const early: Opened['early'] = warnings.map((text) => ({ level: 'warn', unit: null, text }));
  if (replaced !== null) early.push({ level: 'warn', unit: null, text: `The control store was damaged and begins anew; the old file is ${replaced}` });
  for (const { unit, pid } of await reapOrphans(runFiles)) early.push({ level: 'info', unit: null, text: `A leftover of an earlier run was ended: ${unit} (process ${pid})` });
  return { folder, store, secrets, settings, logs, runFiles, runAs, early };
}

function listeningUnits(settings: Settings): (UnitId & keyof PortWishes)[] {
  const workers = workersOf(settings.mode).map((plan) => plan.spec.id);
  return [...(settings.postgres.externalHost === null ? (['postgres'] as const) : []), ...(settings.redis.externalHost === null ? (['redis'] as const) : []), ...workers];
}

function gatherFacts(options: BootOptions, opened: Opened, reservations: ReadonlyMap<UnitId, Reservation>): RunFacts {
  const { folder, settings, secrets, store } = opened;
  const ports = new Map([...reservations].map(([unit, { port }]) => [unit, port]));
  if (settings.postgres.externalHost !== null) ports.set('postgres', settings.ports.postgres);
  if (settings.redis.externalHost !== null) ports.set('redis', settings.ports.redis);
  const portOf = (unit: UnitId): number => {
    const port = ports.get(unit);
    invariant(port !== undefined, 'A listening unit has no port', { unit });
    return port;
  };
  const isOwnRedis = settings.redis.externalHost === null;
  const redisPassword = isOwnRedis ? secrets.ensure('redis') : settings.redis.password;
  return {
    instanceId: store.instanceId,
    version: options.layout.version,
    dataDir: folder.dataDir,
    journalFile: path.join(folder.dataDir, 'simulator.sqlite'),
    settings,
    replay: options.replay,
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
    rolePasswords: Object.fromEntries(WORKER_IDS.map((id) => [id, secrets.ensure(`role.${id}`)])) as Record<WorkerId, string>,
    internalToken: randomBytes(32).toString('hex'),
    apiToken: randomBytes(32).toString('hex'),
    sessionSecret: secrets.ensure('session'),
    simulatorKeys: { keyId: `PK${secrets.ensure('simulator.key').slice(0, 18).toUpperCase()}`, secretKey: secrets.ensure('simulator.secret') },
  };
}

async function begin(options: BootOptions, undo: Undo): Promise<Stack> {
  const opened = await open(options, undo);
  const { folder, store, settings, logs, runFiles, secrets, runAs } = opened;
  const claims = await openPortClaims(folder.claimsFolder, store.instanceId);
  undo.push(() => claims.releaseAll());
  const { reservations, moved } = await reservePorts(listeningUnits(settings), settings.ports, { store, claims });
  undo.push(async () => {
    await Promise.all([...reservations.values()].map((reservation) => reservation.release()));
  });
  const facts = gatherFacts(options, opened, reservations);
  const allDrivers = buildUnits({ layout: options.layout, spawner: options.spawner, folder, settings, secrets, logs, runFiles, reservations, runAs, facts });
  const drivers = options.only ? allDrivers.filter(({ spec }) => options.only?.includes(spec.id)) : allDrivers;
  const stack = superviseAll({ options, opened, facts, drivers, undo });
  undo.push(await takeDoor(folder, stack, options.events));
  for (const { level, unit, text } of opened.early) stack.supervisor.notice(level, unit, text);
  for (const { unit, text } of moved) stack.supervisor.notice('warn', unit, text);
  stack.supervisor.startAll();
  return stack;
}

type Parts = { options: BootOptions; opened: Opened; facts: RunFacts; drivers: UnitDriver[]; undo: Undo };

function superviseAll({ options, opened, facts, drivers, undo }: Parts): Stack {
  const { folder, store, settings, logs, runFiles } = opened;
  const startedAt = Date.now();
  let ending: Promise<void> | null = null;
  let statesTimer: NodeJS.Timeout | null = null;

  const health = (): StackHealth => {
    const units = supervisor.health();
    return {
      instanceId: store.instanceId,
      version: options.layout.version,
      mode: settings.mode,
      at: Date.now(),
      startedAt,
      healthy: !supervisor.isStopping && units.every((unit) => unit.state === 'ready' || unit.state === 'done'),
      stopping: supervisor.isStopping,
      dataDir: folder.dataDir,
      diskFreeBytes: freeBytes(folder.dataDir),
      units,
      notices: supervisor.recentNotices(),
    };
  };
  const loginLink = (): string => `http://127.0.0.1:${facts.ports.get('gateway') ?? 0}/login?token=${store.createLogin(Date.now())}`;
  const sendStates = (): void => {
    statesTimer = null;
    supervisor.send('gateway', { type: 'unitStates', stack: health() });
  };
  const supervisor: Supervisor = new Supervisor({
    drivers,
    logs,
    runFiles,
    monotonic: () => performance.now(),
    wall: Date.now,
    random: Math.random,
    onRequest: (unit, request) =>
      answerRequest(unit, request, {
        supervisor: () => supervisor,
        logs,
        stackHealth: health,
        redeemLogin: (token) => store.redeemLogin(token, Date.now()),
        loginLink,
        replayDone: options.events.onReplayDone,
      }),
    onChange: (id) => {
      const unit = supervisor.health().find((entry) => entry.id === id);
      invariant(unit, 'A unit changed that is not there', { id });
      store.record({ at: Date.now(), unit: id, state: unit.state, reason: unit.reasons.join('; ') });
      statesTimer ??= setTimeout(sendStates, STATES_DELAY_MS);
      options.events.onUnit(unit);
    },
    onNotice: options.events.onNotice,
  });
  const states = setInterval(sendStates, STATES_EVERY_MS);
  undo.push(() => {
    clearInterval(states);
    if (statesTimer) clearTimeout(statesTimer);
  });

  return {
    settings,
    supervisor,
    health,
    loginLink,
    verify: () => verifyStack({ units: supervisor.health(), configFor: (unit) => configFor(unit, facts), now: Date.now }),
    stop: (reason, isAtOnce = false) => {
      ending ??= supervisor.stopAll(reason, STOP_LIMIT_MS, isAtOnce).then(() => undoAll(undo));
      return ending;
    },
  };
}

/** Opens the control door. The lock is ours already, so whatever lies at its address is stale. */
async function takeDoor(folder: DataFolder, stack: Stack, events: StackEvents): Promise<() => Promise<void>> {
  let door: Door;
  try {
    door = await openDoor(folder.door, async (verb) => {
      switch (verb) {
        case 'status':
          return stack.health();
        case 'verify':
          return stack.verify();
        case 'loginLink':
          return { url: stack.loginLink() };
        case 'stop':
          events.onStopAsked();
          return { pid: process.pid };
      }
    });
  } catch (error) {
    throw new AppError('DATA_FOLDER_UNUSABLE', `The control door ${folder.door} cannot be opened (${describeError(error)}). Choose another data folder with --data.`, { cause: error });
  }
  return () => door.close();
}
