/** The data folder: which one, whether it can be used, and what lies where in it. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, statfsSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { ModeSchema } from '#app/contracts/config.ts';
import type { Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import { marketIn } from './market-mark.ts';
import { assertLocalDisk } from './network-drive.ts';

/** A unix socket's path may have about 104 bytes on the strictest system; PostgreSQL adds `/.s.PGSQL.65535`. */
const MAX_SOCKET_FOLDER = 80;
const PLAIN_PATH = /^[A-Za-z0-9/._-]+$/;
/** Less free space than this, in bytes, and nothing is started. */
export const LEAST_FREE_BYTES = 300 * 1_024 * 1_024;

/** Where things are. `socketFolder` is null on Windows, where the databases listen on loopback ports alone. */
export type DataFolder = {
  readonly dataDir: string;
  readonly runFolder: string;
  readonly logFolder: string;
  readonly cacheFolder: string;
  readonly socketFolder: string | null;
  /** The control door: a unix socket or a named pipe, derived from the data folder. */
  readonly door: string;
  /** Shared by all instances of one person. */
  readonly claimsFolder: string;
  readonly envFile: string;
  readonly vaultFile: string;
  readonly storeFile: string;
};

type Env = Readonly<Record<string, string | undefined>>;

function platformFolder(env: Env): string {
  if (process.platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? path.join(homedir(), 'AppData', 'Local'), 'Mainspring');
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Mainspring');
  // PostgreSQL runs as another user when we are root, and that user cannot enter root's home.
  if (process.getuid?.() === 0) return '/var/lib/mainspring';
  return path.join(env['XDG_DATA_HOME'] || path.join(homedir(), '.local', 'share'), 'mainspring');
}

/** The home of one person's Mainspring: choices and broker keys, and a data folder for each market. */
export type Home = {
  readonly homeDir: string;
  readonly preferencesFile: string;
  /** The vault of the broker keys. */
  readonly keysFile: string;
  readonly envFile: string;
  /** Strategies that were written in one market are found in the others by it. */
  readonly libraryDir: string;
  /** The home was a data folder itself before there were markets; it goes on holding this one. Null in every other home. */
  readonly olderMarket: Mode | null;
  dataDirOf(mode: Mode): string;
};

/** MAINSPRING_HOME, else the platform's place for data. Always absolute. */
export function chooseHome(env: Env): string {
  return path.resolve(env['MAINSPRING_HOME'] || platformFolder(env));
}

/** The library of a home, or of a data folder that stands alone. */
export function libraryIn(folder: string): string {
  return path.join(folder, 'library');
}

function homeAt(folder: string, olderMarket: Mode | null, dataDirOf: (mode: Mode) => string): Home {
  const inside = (name: string): string => path.join(folder, name);
  return { homeDir: folder, preferencesFile: inside('preferences.json'), keysFile: inside('keys.json'), envFile: inside('.env'), libraryDir: libraryIn(folder), olderMarket, dataDirOf };
}

/** What lies where in a home, without touching anything: a book belongs to one market, so each has a folder of its own. */
export function openHome(folder: string): Home {
  const olderMarket = existsSync(layoutOf(folder).storeFile) ? marketIn(folder) : null;
  return homeAt(folder, olderMarket, (mode) => (mode === olderMarket ? folder : path.join(folder, mode)));
}

/** One data folder with everything in it, as `--data` names it; it is for one market all the same. */
export function singleHome(dataDir: string): Home {
  return homeAt(dataDir, null, () => dataDir);
}

/** Creates the home when there is none. @throws AppError DATA_FOLDER_UNUSABLE (operator). */
export function makeHome(home: Home): void {
  try {
    makeFolders(home.homeDir);
  } catch (error) {
    throw unusable(home.homeDir, error);
  }
}

/** A replay's own fresh folder, named by the time of its start: recorded bars never mix with a demo or an account. */
export function freshReplayDir(home: Home, now: Date): string {
  return path.join(home.homeDir, 'replays', now.toISOString().replace(/\.\d+Z$/, '').replaceAll(':', '').replace('T', '-'));
}

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

/** The data folders of the home that were ever used, markets and replays, the last used first. */
export function usedDirs(home: Home): string[] {
  const replays = [...foldersIn(path.join(home.homeDir, 'replays')), ...foldersIn(`${home.homeDir}-replays`)];
  const all = new Set([...ModeSchema.options.map((mode) => home.dataDirOf(mode)), ...replays]);
  const changedAt = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  // What runs writes to the log of its store; the store itself follows later.
  const usedAt = (folder: string): number => Math.max(changedAt(layoutOf(folder).storeFile), changedAt(`${layoutOf(folder).storeFile}-wal`));
  return [...all].filter((folder) => usedAt(folder) > 0).sort((a, b) => usedAt(b) - usedAt(a));
}

/** What lies where, without touching anything. */
export function layoutOf(dataDir: string): DataFolder {
  // Windows takes every spelling of a path for the same folder: whoever asks at the door must find it by any of them.
  const hash = createHash('sha256').update(process.platform === 'win32' ? dataDir.toLowerCase() : dataDir).digest('hex').slice(0, 12);
  const runFolder = path.join(dataDir, 'run');
  const isPlain = PLAIN_PATH.test(runFolder) && Buffer.byteLength(runFolder) <= MAX_SOCKET_FOLDER;
  const socketBase = isPlain ? runFolder : path.join(tmpdir(), `mainspring-${process.getuid?.() ?? 0}-${hash}`);
  const isWindows = process.platform === 'win32';
  return {
    dataDir,
    runFolder,
    logFolder: path.join(dataDir, 'logs'),
    cacheFolder: path.join(dataDir, 'cache'),
    socketFolder: isWindows ? null : path.join(socketBase, 'sock'),
    door: isWindows ? `\\\\.\\pipe\\mainspring-${hash}` : path.join(socketBase, 'door.sock'),
    claimsFolder: path.join(tmpdir(), `mainspring-ports-${process.getuid?.() ?? 0}`),
    envFile: path.join(dataDir, '.env'),
    vaultFile: path.join(dataDir, 'vault.json'),
    storeFile: path.join(dataDir, 'control.sqlite'),
  };
}

/** The nearest folder on the way to `folder` that exists already. */
export function nearestExisting(folder: string): string {
  return existsSync(folder) || folder === path.dirname(folder) ? folder : nearestExisting(path.dirname(folder));
}

/** Node's own recursive mkdir never returns where the system answers ENOENT for a folder that exists (/proc). */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
  letThrough(folder);
}

/** Root hands the databases to another user, who must be able to pass through; the mask of the process would forbid it. */
function letThrough(folder: string): void {
  if (process.platform !== 'win32') chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700);
}

/**
 * Creates the folder and proves that it is on a disk of this computer, can be written and has room.
 * @throws AppError DATA_FOLDER_UNUSABLE or DATA_FOLDER_FULL (operator), naming the folder and the remedy.
 */
export function prepareDataFolder(folder: DataFolder): void {
  const { dataDir } = folder;
  const probe = path.join(dataDir, '.write-test');
  assertLocalDisk(dataDir, nearestExisting(dataDir));
  try {
    makeFolders(dataDir);
    writeFileSync(probe, 'x'.repeat(4_096));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      rmSync(probe, { force: true });
      throw full(dataDir, 0);
    }
    throw unusable(dataDir, error);
  }
  rmSync(probe, { force: true });
  const free = freeBytes(dataDir);
  if (free < LEAST_FREE_BYTES) throw full(dataDir, free);
  // Everything inside is closed for itself.
  letThrough(dataDir);
  const isRoot = process.getuid?.() === 0;
  for (const inner of [folder.runFolder, folder.logFolder, folder.cacheFolder]) mkdirSync(inner, { recursive: true, mode: isRoot && inner === folder.runFolder ? 0o711 : 0o700 });
  if (folder.socketFolder !== null) ensureOwnFolder(path.dirname(folder.socketFolder), isRoot);
}

/** A folder under the system's temporary folder could have been laid there by somebody else. */
function ensureOwnFolder(folder: string, isRoot: boolean): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) {
    throw new AppError('DATA_FOLDER_UNUSABLE', `${folder} belongs to somebody else. Delete it, or choose a shorter data folder with --data.`);
  }
  chmodSync(folder, isRoot ? 0o711 : 0o700);
}

/** Free space for us, in bytes. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function unusable(folder: string, cause: unknown): AppError {
  const { code } = cause as NodeJS.ErrnoException;
  const remedy = 'Choose another folder with --data or MAINSPRING_HOME, or give yourself the right to write there.';
  return new AppError('DATA_FOLDER_UNUSABLE', `The data folder ${folder} cannot be written (${code ?? 'unknown error'}). ${remedy}`, { cause });
}

function full(dataDir: string, free: number): AppError {
  const toMb = (bytes: number): number => Math.floor(bytes / 1_048_576);
  return new AppError('DATA_FOLDER_FULL', `The disk of ${dataDir} has ${toMb(free)} MB free; ${toMb(LEAST_FREE_BYTES)} MB are needed. Delete something, or choose a folder on another disk with --data.`);
}
