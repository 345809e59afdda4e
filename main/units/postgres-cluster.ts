/** The data folder of PostgreSQL before its start: created when missing, configured, freed of a stale pid file. */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError, describeError } from '#app/domain/errors.ts';
import { renameFolder, writeFileAtomically } from '../store/atomic-file.ts';
import type { UnitLog } from '../supervisor/logs.ts';
import { identify } from '../supervisor/process-info.ts';
import { programPath, windowsEnv } from './own-variables.ts';
import { isPlainPath, plainInput } from './plain-input.ts';
import type { PlainInput } from './plain-input.ts';
import { pgCtlStop } from './postgres-ctl.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { PG_HBA, judgePidFile, movePidFileAside, postgresConf } from './postgres-files.ts';
import { giveTo } from './run-as.ts';
import type { RunAs } from './run-as.ts';

const run = promisify(execFile);
/** A slow disk and a virus scanner that looks at a thousand new files. */
export const INITDB_LIMIT_MS = 120_000;
const REAP_LIMIT_MS = 30_000;
const REAP_POLL_MS = 20;
const LONGEST_WINDOWS_FOLDER = 160;
/** Windows answers "busy" for a while after a program or a virus scanner let a file go. */
const REMOVE = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 } as const;

/** Where the cluster lives and who owns it. */
export type ClusterOptions = {
  readonly dataDir: string;
  readonly socketFolder: string | null;
  readonly logFolder: string;
  readonly runAs: RunAs | null;
  readonly user: string;
  readonly password: string;
  readonly port: number;
  readonly log: UnitLog;
};

/** The data folder of this major version. */
export function clusterFolder(dataDir: string, binaries: PostgresBinaries): string {
  return path.join(dataDir, 'postgres', binaries.major);
}

/** Is there a whole cluster already? */
export function hasCluster(folder: string): boolean {
  return existsSync(path.join(folder, 'PG_VERSION'));
}

/** Creates the data folder when there is none, writes the settings, and deals with a stale pid file. Returns the folder. */
export async function prepareFolder(options: ClusterOptions, binaries: PostgresBinaries): Promise<string> {
  const folder = clusterFolder(options.dataDir, binaries);
  const parent = path.dirname(folder);
  mkdirSync(parent, { recursive: true });
  giveTo(options.runAs, parent);
  if (options.socketFolder !== null) {
    mkdirSync(options.socketFolder, { recursive: true, mode: 0o700 });
    giveTo(options.runAs, options.socketFolder);
  }
  if (!hasCluster(folder)) await createCluster(options, binaries, folder);
  else await clearPidFile(options, binaries, folder);
  const owned = (name: string, text: string): void => writeFileAtomically(path.join(folder, name), text, { owner: options.runAs });
  owned('postgresql.conf', postgresConf({ port: options.port, socketFolder: options.socketFolder, platform: process.platform }));
  owned('pg_hba.conf', PG_HBA);
  return folder;
}

/** Arguments of initdb. Both names are relative to its working folder: umlauts and quotes of the path to it are then the system's business alone. */
export function initdbArgs(folderName: string, passwordName: string, user: string): string[] {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return ['-D', folderName, '-U', user, `--pwfile=${passwordName}`, '-A', 'scram-sha-256', '--data-checksums', ...locale];
}

/** initdb into a folder beside, renamed when it is complete: a half-made cluster never stands where a whole one is expected. */
async function createCluster(options: ClusterOptions, binaries: PostgresBinaries, folder: string): Promise<void> {
  const making = `${folder}.new`;
  const passwordFile = path.join(path.dirname(folder), '.password');
  assertShort(folder);
  rmSync(making, REMOVE);
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (options.runAs) chownSync(passwordFile, options.runAs.uid, options.runAs.gid);
  const input = inputOf(binaries);
  try {
    const { stdout } = await run(binaries.initdb, [...initdbArgs(path.basename(making), path.basename(passwordFile), options.user), ...input.args], {
      cwd: path.dirname(folder),
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: programPath(path.dirname(binaries.initdb)), ...windowsEnv() },
      timeout: INITDB_LIMIT_MS,
      windowsHide: true,
      ...(options.runAs ? { uid: options.runAs.uid, gid: options.runAs.gid } : {}),
    });
    for (const line of stdout.trim().split('\n')) options.log.line('stdout', line);
    await renameFolder(making, folder);
  } catch (error) {
    rmSync(making, REMOVE);
    if (error instanceof AppError) throw error;
    const { stderr } = error as { stderr?: unknown };
    const detail = typeof stderr === 'string' ? (stderr.trim().split('\n').at(-1) ?? '') : '';
    throw new AppError('UNIT_START_FAILED', `The database could not be created in ${folder}: ${detail || describeError(error)}${letterRemedy(folder, binaries)}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
    input.remove();
  }
}

function inputOf(binaries: PostgresBinaries): PlainInput {
  if (process.platform !== 'win32') return { args: [], remove: () => undefined };
  const share = path.join(path.dirname(path.dirname(binaries.initdb)), 'share');
  return plainInput(share, [process.env['ProgramData'], process.env['PUBLIC'], `${process.env['SystemDrive'] ?? 'C:'}\\`]);
}

/** The longest path that Windows programs can open has 260 letters, and PostgreSQL needs up to 100 for itself. */
function assertShort(folder: string): void {
  if (process.platform !== 'win32' || folder.length <= LONGEST_WINDOWS_FOLDER) return;
  throw new AppError('DATA_FOLDER_UNUSABLE', `The path of the data folder is too long for PostgreSQL on Windows (${folder}). Choose a shorter one, such as C:\\Mainspring.`);
}

function letterRemedy(folder: string, binaries: PostgresBinaries): string {
  const odd = [folder, binaries.initdb].filter((file) => !isPlainPath(file));
  if (process.platform !== 'win32' || odd.length === 0) return '';
  return `. PostgreSQL for Windows only opens folders whose letters belong to the language of the system (${odd.join(', ')}): choose plain ones, such as C:\\Mainspring for the data and C:\\Programs\\Mainspring for the application.`;
}

async function clearPidFile(options: ClusterOptions, binaries: PostgresBinaries, folder: string): Promise<void> {
  const verdict = await judgePidFile(folder);
  const setAside = (why: string): void => {
    const copy = movePidFileAside(folder, options.logFolder, String(Date.now()));
    options.log.line('supervisor', `A stale postmaster.pid was moved aside (${why}); a copy is ${copy}`);
  };
  switch (verdict.kind) {
    case 'none':
      return;
    case 'leave':
      // PostgreSQL for Windows gives up when it cannot delete the file at once, and we look at it all the time while it starts. It needs no file there to see that another server uses the folder.
      if (process.platform === 'win32') setAside('its process is gone');
      return;
    case 'moveAside':
      setAside(verdict.why);
      return;
    case 'reap':
      options.log.line('supervisor', `A server of an earlier run (process ${verdict.pid}) still uses this folder and is stopped`);
      return endOldServer(options, verdict.pid, { binaries, folder });
    case 'ask':
      throw new AppError('UNIT_START_FAILED', `PostgreSQL is not started because ${verdict.why}. If it is not in use, stop that process, or delete ${path.join(folder, 'postmaster.pid')}, then start again.`);
  }
}

type OldServer = { readonly binaries: PostgresBinaries; readonly folder: string };

async function endOldServer(options: ClusterOptions, pid: number, server: OldServer): Promise<void> {
  const identity = await identify(pid);
  if (!identity) return;
  const isGone = async (): Promise<boolean> => (await identify(pid))?.startMark !== identity.startMark;
  await (process.platform === 'win32' ? endByPgCtl(options, server) : endBySignals(pid, isGone));
  if (!(await isGone())) throw new AppError('UNIT_START_FAILED', `The PostgreSQL of an earlier run (process ${pid}) does not end. End it by hand, then start again.`);
}

async function endByPgCtl(options: ClusterOptions, { binaries, folder }: OldServer): Promise<void> {
  for (const mode of ['fast', 'immediate'] as const) {
    try {
      await pgCtlStop(binaries, { folder, mode, seconds: REAP_LIMIT_MS / 1_000 });
      return;
    } catch (error) {
      options.log.line('supervisor', `pg_ctl stop -m ${mode}: ${describeError(error)}`);
    }
  }
}

async function endBySignals(pid: number, isGone: () => Promise<boolean>): Promise<void> {
  process.kill(pid, 'SIGINT');
  const deadline = performance.now() + REAP_LIMIT_MS;
  while (performance.now() < deadline) {
    if (await isGone()) return;
    await sleep(REAP_POLL_MS);
  }
  process.kill(pid, 'SIGQUIT');
  await sleep(1_000);
}
