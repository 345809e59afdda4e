/** The files of a PostgreSQL data folder that we write or judge: settings, access rules, the pid file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#app/domain/errors.ts';
import { renamePatiently } from '../store/atomic-file.ts';
import { identify } from '../supervisor/process-info.ts';

/** What the settings file needs to know. */
export type PostgresListen = { readonly port: number; readonly socketFolder: string | null; readonly platform: NodeJS.Platform };

/** The default there (open_datasync) leaves what is committed in the write cache of the disk. */
const WINDOWS_WAL = '\nwal_sync_method = fsync';

/**
 * Settings that promise (durability, limits), then settings for a small computer.
 * Written anew before each start; a person's own wishes go into `postgresql.local.conf` beside it.
 */
export function postgresConf(listen: PostgresListen): string {
  return `# Written by Mainspring before each start. Your own settings belong into postgresql.local.conf.
listen_addresses = '127.0.0.1'
port = ${listen.port}
unix_socket_directories = '${listen.socketFolder ?? ''}'
unix_socket_permissions = 0700
max_connections = 100
password_encryption = scram-sha-256
ssl = off

# What is committed stays committed.
fsync = on
full_page_writes = on
synchronous_commit = on${listen.platform === 'win32' ? WINDOWS_WAL : ''}
wal_level = replica
max_wal_senders = 3
max_replication_slots = 3
max_wal_size = 512MB
min_wal_size = 80MB
checkpoint_completion_target = 0.9

# Nobody may wait or hold locks without end.
statement_timeout = 10s
idle_in_transaction_session_timeout = 30s
lock_timeout = 0
deadlock_timeout = 1s

# A small computer that is used for other things too.
shared_buffers = 32MB
huge_pages = off
work_mem = 4MB
maintenance_work_mem = 32MB
effective_cache_size = 256MB
io_method = sync
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
max_parallel_maintenance_workers = 1
autovacuum = on
autovacuum_max_workers = 2
autovacuum_worker_slots = 2
max_logical_replication_workers = 0
jit = off

# To the captured output, in UTC.
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
datestyle = 'iso, ymd'
log_min_duration_statement = 2s
log_lock_waits = on
log_startup_progress_interval = 2s
include_if_exists = 'postgresql.local.conf'
`;
}

/** Everyone needs a password, and only from this computer. */
export const PG_HBA = `# Written by Mainspring before each start.
local all all scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
host  all all ::1/128 scram-sha-256
local replication all scram-sha-256
host  replication all 127.0.0.1/32 scram-sha-256
`;

/** Lines of `postmaster.pid` that we use. `startedAt` is EpochMs with the precision of a second; `status` is empty while starting. */
export type PidFile = { readonly pid: number; readonly dataFolder: string; readonly startedAt: number; readonly status: string };

/** What Windows says of a file that is just being written, scanned or deleted. */
const BEING_WRITTEN: ReadonlySet<string> = new Set(['EBUSY', 'EPERM', 'EACCES']);

/** Reads `postmaster.pid`; null when there is none or it is still being written. */
export function readPidFile(dataFolder: string): PidFile | null {
  const file = path.join(dataFolder, 'postmaster.pid');
  if (!existsSync(file)) return null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || (process.platform === 'win32' && BEING_WRITTEN.has(code))) return null;
    throw error;
  }
  const lines = text.split(/\r?\n/);
  const pid = Math.abs(Number(lines[0]));
  const seconds = Number(lines[2]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isFinite(seconds)) return null;
  return { pid, dataFolder: lines[1] ?? '', startedAt: seconds * 1_000, status: (lines[7] ?? '').trim() };
}

const START_TOLERANCE_MS = 2_000;

/** The pid file says that *our* server, and not an earlier one, takes connections. `startedAfter` is EpochMs. */
export function isReadyFile(file: PidFile | null, pid: number, startedAfter: number): boolean {
  return file !== null && file.status === 'ready' && file.pid === pid && file.startedAt >= startedAfter - START_TOLERANCE_MS;
}

/** What to do about a pid file that lies there before the start. */
export type StaleVerdict =
  | { readonly kind: 'none' }
  /** Its process is dead: PostgreSQL replaces it itself. */
  | { readonly kind: 'leave' }
  /** Its pid belongs to another program now: PostgreSQL would refuse to start, so the file is moved aside. */
  | { readonly kind: 'moveAside'; readonly why: string }
  /** A living server on this very folder. */
  | { readonly kind: 'reap'; readonly pid: number }
  /** A living PostgreSQL of which we cannot say whose it is. */
  | { readonly kind: 'ask'; readonly why: string };

const SAME_START_MS = 10_000;

/** Is the folder that PostgreSQL names this one? On Windows it writes forward slashes and the letters of the system's old code page, which we cannot read. */
export function isSameFolder(named: string, folder: string, platform: NodeJS.Platform): boolean {
  if (platform !== 'win32') return path.resolve(named) === path.resolve(folder);
  const plain = (text: string): string => path.win32.resolve(text).normalize('NFC').toLowerCase().replace(/[^\x20-\x7e]+/g, '?');
  return plain(named) === plain(folder);
}

/** Judges a pid file against the process that has its pid now. */
export async function judgePidFile(dataFolder: string): Promise<StaleVerdict> {
  const file = path.join(dataFolder, 'postmaster.pid');
  if (!existsSync(file)) return { kind: 'none' };
  const content = readPidFile(dataFolder);
  if (!content) return { kind: 'moveAside', why: 'it is not readable as a pid file' };
  const identity = await identify(content.pid);
  if (!identity) return { kind: 'leave' };
  if (identity.image !== 'postgres') return { kind: 'moveAside', why: `process ${content.pid} is ${identity.image}, not PostgreSQL` };
  const distance = identity.startedAt - content.startedAt;
  if (distance > SAME_START_MS) return { kind: 'moveAside', why: `process ${content.pid} was started later than the server that wrote the file` };
  if (Math.abs(distance) <= SAME_START_MS && isSameFolder(content.dataFolder, dataFolder, process.platform)) return { kind: 'reap', pid: content.pid };
  return { kind: 'ask', why: `process ${content.pid} is a PostgreSQL that may use ${dataFolder}` };
}

/** Moves a pid file aside, keeping it in the log folder for whoever asks later. `stamp` makes the name unique. */
export function movePidFileAside(dataFolder: string, logFolder: string, stamp: string): string {
  const target = path.join(logFolder, `postmaster.pid.${stamp}`);
  const source = path.join(dataFolder, 'postmaster.pid');
  try {
    writeFileSync(target, readFileSync(source));
  } catch (error) {
    throw new AppError('DATA_FOLDER_UNUSABLE', `The stale file ${source} cannot be copied to ${target}.`, { cause: error });
  }
  renamePatiently(source, `${source}.stale`);
  return target;
}
