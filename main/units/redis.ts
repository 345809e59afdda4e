/** Redis: found on this computer, started from a private settings file, ready by PONG, stopped by SHUTDOWN. */
import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { Layout } from '../layout.ts';
import { shippedPart } from '../runtime/verify-runtime.ts';
import { renamePatiently, writeFileAtomically } from '../store/atomic-file.ts';
import type { UnitLog } from '../supervisor/logs.ts';
import type { Reservation } from '../supervisor/ports.ts';
import type { Child, Spawner } from '../supervisor/spawner.ts';
import type { RunningUnit, UnitDriver, UnitSignals, UnitSpec } from '../supervisor/unit.ts';
import { exitOf, exitOfError } from './exit-reason.ts';
import { climb } from './ladder.ts';
import type { Rung } from './ladder.ts';
import { programPath, windowsEnv } from './own-variables.ts';
import { giveTo } from './run-as.ts';
import type { RunAs } from './run-as.ts';

const PROBE_EVERY_MS = 1_000;
const PROBE_LIMIT_MS = 4_000;
const START_POLL_MS = 5;
const SHUTDOWN_MS = 10_000;
const TERM_MS = 5_000;
/** On Windows it is an MSYS2 program: file names are UTF-8 to it in this locale alone. */
const LOCALE = process.platform === 'win32' ? 'C.UTF-8' : 'C';
const SETTINGS_NAME = 'redis.conf';
const BROKEN_FILE = /Bad file format reading the append only file|Unexpected end of file reading the append only file|Error reading the append only file|The AOF .* doesn't exist/;

/** Where our own Redis lives and how it is reached. */
export type RedisOptions = {
  readonly layout: Layout;
  readonly dataDir: string;
  readonly socketFolder: string | null;
  readonly runAs: RunAs | null;
  readonly password: string;
  readonly reservation: Reservation;
  readonly spawner: Spawner;
  readonly log: UnitLog;
};

/** How to reach a Redis: a unix socket, or host and port. */
export type RedisTarget = {
  readonly path?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls: boolean;
};

/** The program and where its libraries are. */
export type RedisBinary = { readonly file: string; readonly libraryFolder: string | null };

const PROGRAM_NAME = process.platform === 'win32' ? 'redis-server.exe' : 'redis-server';

/**
 * Finds the server. An installed application uses its own alone, after each file was compared with its list; else the one on the PATH, else where the set-up unpacked it.
 * @throws AppError RUNTIME_DAMAGED (operator) naming the file that is not as it was shipped; RUNTIME_MISSING (operator) with the command that installs it.
 */
export async function findRedis(layout: Layout, searchPath = process.env['PATH'] ?? ''): Promise<RedisBinary> {
  const shipped = await shippedPart('redis', layout);
  return shipped ? { file: path.join(shipped.folder, PROGRAM_NAME), libraryFolder: null } : ofComputer(layout.root, searchPath);
}

function ofComputer(root: string, searchPath: string): RedisBinary {
  const bundled = path.join(root, 'node_modules', '.runtime', 'redis');
  const folders = [...searchPath.split(path.delimiter), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', path.join(bundled, 'usr', 'bin'), bundled].filter((folder) => folder !== '');
  for (const folder of folders) {
    const file = path.join(folder, PROGRAM_NAME);
    if (!isProgram(file)) continue;
    const libraries = path.join(bundled, 'usr', 'lib', process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu');
    return { file, libraryFolder: file.startsWith(bundled) && existsSync(libraries) ? libraries : null };
  }
  const how = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server';
  throw new AppError('RUNTIME_MISSING', `Redis is not installed. Install it (${how}), or set REDIS_HOST to use a server of yours.`);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return false;
    throw error;
  }
}

const SPEC: Omit<UnitSpec, 'port'> = {
  id: 'redis',
  title: 'Redis',
  kind: 'database',
  needs: [],
  after: [],
  startLimitMs: 20_000,
  stopLimitMs: SHUTDOWN_MS + TERM_MS + 3_000,
  silence: { silentAfterMs: 5_000, hungAfterMs: 30_000 },
};

/** The unit for our own server. */
export function redisUnit(options: RedisOptions): UnitDriver {
  return { spec: { ...SPEC, port: options.reservation.port }, start: (signals) => startRedis(options, signals) };
}

/** A client that tries once and reports, instead of trying for ever. `onError` hears why a connection ended: its commands only say that it did. */
export function redisClient(target: RedisTarget, onError: (error: Error) => void = () => undefined): Redis {
  const auth = { ...(target.username ? { username: target.username } : {}), ...(target.password ? { password: target.password } : {}) };
  const client = new Redis({
    ...(target.path ? { path: target.path } : { host: target.host, port: target.port, ...(target.tls ? { tls: {} } : {}) }),
    ...auth,
    lazyConnect: true,
    enableOfflineQueue: false,
    // Its own check waits a whole second when the server still loads its file; our PING asks again at once.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: PROBE_LIMIT_MS,
    commandTimeout: PROBE_LIMIT_MS,
    connectionName: 'supervisor',
  });
  // Every command reports its own failure; without a listener the same error would end the process.
  client.on('error', onError);
  return client;
}

/** Names in it are relative to the working folder: drive letters, quotes and umlauts of the path to it never reach Redis, which on Windows knows Unix paths alone. */
function settingsOf(options: RedisOptions, socket: string | null): string {
  return [
    'bind 127.0.0.1',
    `port ${options.reservation.port}`,
    ...(socket === null ? [] : [`unixsocket "${socket}"`, 'unixsocketperm 700']),
    `requirepass ${options.password}`,
    'protected-mode yes',
    'daemonize no',
    'databases 16',
    'dir ./',
    'loglevel notice',
    'logfile ""',
    'save ""',
    'appendonly yes',
    'appendfsync everysec',
    'aof-load-truncated yes',
    'maxmemory 256mb',
    'maxmemory-policy noeviction',
    'tcp-backlog 128',
    '',
  ].join('\n');
}

/** Writes the private settings file into the folder of the server, and returns that. */
function prepare(options: RedisOptions): string {
  const folder = path.join(options.dataDir, 'redis');
  mkdirSync(folder, { recursive: true });
  giveTo(options.runAs, folder);
  let socket: string | null = null;
  if (options.socketFolder !== null) {
    mkdirSync(options.socketFolder, { recursive: true, mode: 0o700 });
    giveTo(options.runAs, options.socketFolder);
    socket = redisSocket(options.socketFolder);
    rmSync(socket, { force: true });
  }
  writeFileAtomically(path.join(folder, SETTINGS_NAME), settingsOf(options, socket), { owner: options.runAs });
  return folder;
}

/** The unix socket of our own Redis. */
export function redisSocket(socketFolder: string): string {
  return path.join(socketFolder, 'redis.sock');
}

function addressOf(options: RedisOptions): RedisTarget {
  return { path: options.socketFolder ? redisSocket(options.socketFolder) : undefined, host: '127.0.0.1', port: options.reservation.port, password: options.password, tls: false };
}

function startRedis(options: RedisOptions, signals: UnitSignals): RunningUnit {
  let child: Child | null = null;
  let client: Redis | null = null;
  let timer: NodeJS.Timeout | null = null;
  let skip: (() => void) | null = null;
  let isOver = false;
  const quiet = (): void => {
    isOver = true;
    if (timer) clearInterval(timer);
  };

  const ask = async (): Promise<void> => {
    const before = performance.now();
    if (client?.status !== 'ready') {
      client?.disconnect();
      client = redisClient(addressOf(options));
      await client.connect();
    }
    await client.ping();
    if (!isOver) signals.beat(null, performance.now() - before);
  };

  const begin = async (): Promise<void> => {
    const binary = await findRedis(options.layout);
    const folder = prepare(options);
    await options.reservation.release();
    if (isOver) {
      signals.exited({ code: 0, signal: null, reason: 'stopped before it was started' });
      return;
    }
    const started = spawnRedis(options, binary, folder);
    child = started;
    let isBroken = false;
    const unfollow = options.log.follow((line) => {
      isBroken ||= BROKEN_FILE.test(line.text);
    });
    started.onStarted((pid) => signals.started(pid));
    started.onEnd((end) => {
      quiet();
      unfollow();
      client?.disconnect();
      if (isBroken) setAside(options, folder);
      signals.exited(exitOf(end));
    });
    while (!isOver && !(await answers(ask))) await sleep(START_POLL_MS);
    if (isOver) return;
    signals.ready(options.reservation.port);
    timer = setInterval(() => void ask().catch((error: unknown) => options.log.line('supervisor', `The probe failed: ${describeError(error)}`)), PROBE_EVERY_MS);
  };
  begin().catch((error: unknown) => {
    if (!child?.signal('SIGTERM')) signals.exited(exitOfError(error));
  });

  return {
    stop: () => {
      quiet();
      if (child) skip = climb(child, stopRungs(options, child, client));
    },
    kill: () => {
      quiet();
      if (skip) skip();
      else child?.signal('SIGKILL');
    },
    send: () => undefined,
  };
}

function stopRungs(options: RedisOptions, child: Child, client: Redis | null): Rung[] {
  const shutdown = (): void => {
    // The answer to SHUTDOWN is that the connection ends.
    if (client?.status === 'ready') client.shutdown().catch(() => undefined);
    // A signal on Windows is a hard kill: there a new connection asks. Elsewhere SIGTERM means the same as SHUTDOWN.
    else if (process.platform === 'win32') shutdownAnew(options);
    else child.signal('SIGTERM');
  };
  return [
    { act: shutdown, waitMs: SHUTDOWN_MS },
    { act: () => void child.signal('SIGTERM'), waitMs: TERM_MS },
    { act: () => void child.signal('SIGKILL'), waitMs: TERM_MS },
  ];
}

function shutdownAnew(options: RedisOptions): void {
  const client = redisClient(addressOf(options));
  client
    .connect()
    .then(() => client.shutdown().catch(() => undefined))
    .catch((error: unknown) => options.log.line('supervisor', `SHUTDOWN could not be asked for: ${describeError(error)}`));
}

/** False while it does not listen yet or still loads its file. */
async function answers(ask: () => Promise<void>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    const text = describeError(error);
    if (/ECONNREFUSED|ENOENT|LOADING|Connection is closed|ECONNRESET|EPIPE|timed? ?out/i.test(text)) return false;
    throw error;
  }
}

function spawnRedis(options: RedisOptions, binary: RedisBinary, folder: string): Child {
  const child = options.spawner.start({
    kind: 'program',
    command: binary.file,
    args: [SETTINGS_NAME],
    env: { LC_ALL: LOCALE, TZ: 'UTC', PATH: programPath(path.dirname(binary.file)), ...windowsEnv(), ...(binary.libraryFolder === null ? {} : { LD_LIBRARY_PATH: binary.libraryFolder }) },
    cwd: folder,
    runAs: options.runAs ?? undefined,
    deathSignal: 'TERM',
  });
  options.log.capture('stdout', child.stdout);
  options.log.capture('stderr', child.stderr);
  return child;
}

/** The wire may be erased at any moment, so an unreadable file is kept for whoever asks, and the next start begins empty. */
function setAside(options: RedisOptions, folder: string): void {
  const aside = `${folder}.unreadable`;
  rmSync(aside, { recursive: true, force: true });
  renamePatiently(folder, aside);
  options.log.line('supervisor', `The append-only file was unreadable and is kept in ${aside}; Redis starts empty`);
}
