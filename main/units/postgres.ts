/** PostgreSQL: started directly, ready by its own word and a real query, stopped by steps. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '#app/domain/errors.ts';
import type { Layout } from '../layout.ts';
import type { Reservation } from '../supervisor/ports.ts';
import type { Child, Spawner } from '../supervisor/spawner.ts';
import type { RunningUnit, UnitDriver, UnitSignals, UnitSpec } from '../supervisor/unit.ts';
import { exitOf, exitOfError } from './exit-reason.ts';
import { climb } from './ladder.ts';
import type { Rung } from './ladder.ts';
import { programPath, windowsEnv } from './own-variables.ts';
import { pgCtlStop } from './postgres-ctl.ts';
import { findPostgres } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { INITDB_LIMIT_MS, clusterFolder, hasCluster, prepareFolder } from './postgres-cluster.ts';
import type { ClusterOptions } from './postgres-cluster.ts';
import { isReadyFile, readPidFile } from './postgres-files.ts';
import { postgresProbe } from './postgres-probe.ts';

const READY_POLL_MS = 5;
const RECOVERY_EXTENSION_MS = 60_000;
const FAST_STOP_MS = 30_000;
const IMMEDIATE_STOP_MS = 10_000;

/** Where our own PostgreSQL lives and how it is reached. */
export type PostgresOptions = Omit<ClusterOptions, 'port'> & {
  readonly layout: Layout;
  readonly reservation: Reservation;
  readonly spawner: Spawner;
};

const SPEC: Omit<UnitSpec, 'port'> = {
  id: 'postgres',
  title: 'PostgreSQL',
  kind: 'database',
  needs: [],
  after: [],
  startLimitMs: 60_000,
  stopLimitMs: FAST_STOP_MS + IMMEDIATE_STOP_MS + 5_000,
  silence: { silentAfterMs: 7_000, hungAfterMs: 120_000 },
};

/** The unit for our own server. */
export function postgresUnit(options: PostgresOptions): UnitDriver {
  return { spec: { ...SPEC, port: options.reservation.port }, start: (signals) => startPostgres(options, signals) };
}

function probeOf(options: PostgresOptions, signals: UnitSignals): ReturnType<typeof postgresProbe> {
  let isAnnounced = false;
  return postgresProbe({
    host: options.socketFolder ?? '127.0.0.1',
    port: options.reservation.port,
    user: options.user,
    password: options.password,
    passwordRemedy: `If you changed POSTGRES_PASSWORD, put the earlier one back; else restore vault.json of ${options.dataDir} from a backup.`,
    onAnswer: (latencyMs) => {
      if (!isAnnounced) signals.ready(options.reservation.port);
      isAnnounced = true;
      signals.beat(null, latencyMs);
    },
    onFailure: (error) => options.log.line('supervisor', `The probe failed: ${describeError(error)}`),
  });
}

function startPostgres(options: PostgresOptions, signals: UnitSignals): RunningUnit {
  const probe = probeOf(options, signals);
  let child: Child | null = null;
  let rungs: Rung[] = [];
  let skip: (() => void) | null = null;
  let isUnwanted = false;
  let failure: unknown = null;

  const begin = async (): Promise<void> => {
    const binaries = await findPostgres({ layout: options.layout, copyFolder: path.join(options.dataDir, 'runtime'), runAs: options.runAs });
    if (!hasCluster(clusterFolder(options.dataDir, binaries))) signals.extend(INITDB_LIMIT_MS, 'the database is being created, which happens once');
    const folder = await prepareFolder({ ...options, port: options.reservation.port }, binaries);
    await options.reservation.release();
    if (isUnwanted) {
      signals.exited({ code: 0, signal: null, reason: 'stopped before it was started' });
      return;
    }
    const startedAt = Date.now();
    const started = spawnPostgres(options, binaries, folder);
    child = started;
    rungs = stopRungs(options, started, { binaries, folder });
    started.onStarted((pid) => signals.started(pid));
    // Recovery that makes progress says so: give it time.
    const unfollow = options.log.follow((line) => {
      if (/redo in progress|syncing data directory|resetting unlogged/.test(line.text)) signals.extend(RECOVERY_EXTENSION_MS, 'recovering after an unclean stop');
    });
    let hasEnded = false;
    started.onEnd((end) => {
      hasEnded = true;
      unfollow();
      probe.close();
      signals.exited(failure === null ? exitOf(end) : exitOfError(failure));
    });
    while (!hasEnded && !isUnwanted && !isReadyFile(readPidFile(folder), started.pid ?? 0, startedAt)) await sleep(READY_POLL_MS);
    if (!hasEnded && !isUnwanted) await probe.begin();
  };
  begin().catch((error: unknown) => {
    failure = error;
    // A server that runs but cannot be used is stopped; its end then carries the reason.
    if (!child?.signal('SIGINT')) signals.exited(exitOfError(error));
  });

  return {
    stop: () => {
      isUnwanted = true;
      probe.close();
      if (child) skip = climb(child, rungs);
    },
    kill: () => {
      isUnwanted = true;
      probe.close();
      if (skip) skip();
      else child?.signal('SIGKILL');
    },
    send: () => undefined,
  };
}

type Server = { readonly binaries: PostgresBinaries; readonly folder: string };

function stopRungs(options: PostgresOptions, child: Child, { binaries, folder }: Server): Rung[] {
  const kill = { act: () => void child.signal('SIGKILL'), waitMs: 5_000 };
  if (process.platform !== 'win32') {
    return [
      { act: () => void child.signal('SIGINT'), waitMs: FAST_STOP_MS },
      { act: () => void child.signal('SIGQUIT'), waitMs: IMMEDIATE_STOP_MS },
      kill,
    ];
  }
  const ask = (mode: 'fast' | 'immediate', waitMs: number): Rung => ({
    act: () => {
      pgCtlStop(binaries, { folder, mode, seconds: waitMs / 1_000 }).catch((error: unknown) => options.log.line('supervisor', `pg_ctl stop -m ${mode}: ${describeError(error)}`));
    },
    waitMs,
  });
  return [ask('fast', FAST_STOP_MS), ask('immediate', IMMEDIATE_STOP_MS), kill];
}

function spawnPostgres(options: PostgresOptions, binaries: PostgresBinaries, folder: string): Child {
  const child = options.spawner.start({
    kind: 'program',
    command: binaries.postgres,
    args: ['-D', folder],
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: programPath(path.dirname(binaries.postgres)), ...windowsEnv() },
    cwd: folder,
    runAs: options.runAs ?? undefined,
    deathSignal: 'INT',
  });
  options.log.capture('stdout', child.stdout);
  options.log.capture('stderr', child.stderr);
  return child;
}
