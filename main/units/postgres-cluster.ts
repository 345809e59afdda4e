/** The data folder of PostgreSQL before its start: created when missing, configured, freed of a stale pid file. */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { UnitLog } from '../supervisor/logs.ts';
import { identify } from '../supervisor/process-info.ts';
import { ownVariables } from './own-variables.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { PG_HBA, judgePidFile, movePidFileAside, postgresConf } from './postgres-files.ts';
import { giveTo } from './run-as.ts';
import type { RunAs } from './run-as.ts';

const run = promisify(execFile);
const INITDB_LIMIT_MS = 120_000;
const REAP_LIMIT_MS = 30_000;
const REAP_POLL_MS = 20;

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

/** Windows programs do not start without these. */
export function windowsEnv(): Record<string, string> {
  return process.platform === 'win32' ? ownVariables(['SystemRoot', 'TEMP', 'TMP']) : {};
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
  if (!existsSync(path.join(folder, 'PG_VERSION'))) await createCluster(options, binaries, folder);
  else await clearPidFile(options, folder);
  const owned = (name: string, text: string): void => {
    const file = path.join(folder, name);
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    if (options.runAs) chownSync(`${file}.new`, options.runAs.uid, options.runAs.gid);
    renameSync(`${file}.new`, file);
  };
  owned('postgresql.conf', postgresConf({ port: options.port, socketFolder: options.socketFolder }));
  owned('pg_hba.conf', PG_HBA);
  return folder;
}

/** initdb into a folder beside, renamed when it is complete: a half-made cluster never stands where a whole one is expected. */
async function createCluster(options: ClusterOptions, binaries: PostgresBinaries, folder: string): Promise<void> {
  const making = `${folder}.new`;
  const passwordFile = path.join(path.dirname(folder), '.password');
  rmSync(making, { recursive: true, force: true });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (options.runAs) chownSync(passwordFile, options.runAs.uid, options.runAs.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = ['-D', making, '-U', options.user, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '--data-checksums', ...locale];
  try {
    const { stdout } = await run(binaries.initdb, args, {
      cwd: path.dirname(folder),
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: path.dirname(binaries.initdb), ...windowsEnv() },
      timeout: INITDB_LIMIT_MS,
      windowsHide: true,
      ...(options.runAs ? { uid: options.runAs.uid, gid: options.runAs.gid } : {}),
    });
    for (const line of stdout.trim().split('\n')) options.log.line('stdout', line);
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    const { stderr } = error as { stderr?: unknown };
    const detail = typeof stderr === 'string' ? (stderr.trim().split('\n').at(-1) ?? '') : '';
    throw new AppError('UNIT_START_FAILED', `The database could not be created in ${folder}: ${detail || describeError(error)}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function clearPidFile(options: ClusterOptions, folder: string): Promise<void> {
  const verdict = await judgePidFile(folder);
  switch (verdict.kind) {
    case 'none':
    case 'leave':
      return;
    case 'moveAside': {
      const copy = movePidFileAside(folder, options.logFolder, String(Date.now()));
      options.log.line('supervisor', `A stale postmaster.pid was moved aside (${verdict.why}); a copy is ${copy}`);
      return;
    }
    case 'reap':
      options.log.line('supervisor', `A server of an earlier run (process ${verdict.pid}) still uses this folder and is stopped`);
      return endOldServer(verdict.pid);
    case 'ask':
      throw new AppError('UNIT_START_FAILED', `PostgreSQL is not started because ${verdict.why}. If it is not in use, stop that process, or delete ${path.join(folder, 'postmaster.pid')}, then start again.`);
  }
}

async function endOldServer(pid: number): Promise<void> {
  const identity = await identify(pid);
  if (!identity) return;
  process.kill(pid, 'SIGINT');
  const deadline = performance.now() + REAP_LIMIT_MS;
  while (performance.now() < deadline) {
    if ((await identify(pid))?.startMark !== identity.startMark) return;
    await sleep(REAP_POLL_MS);
  }
  process.kill(pid, 'SIGQUIT');
  await sleep(1_000);
  if ((await identify(pid))?.startMark === identity.startMark) throw new AppError('UNIT_START_FAILED', `The PostgreSQL of an earlier run (process ${pid}) does not end. End it by hand, then start again.`);
}
