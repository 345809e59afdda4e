/** Both databases as real processes, in a data folder whose name has everything that breaks quoting, and from an installation that was tampered with. */
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '#app/contracts/control.ts';
import { freePort } from '../../tests/support/ports.ts';
import { until } from '../../tests/support/servers.ts';
import { findLayout } from '../layout.ts';
import type { Layout } from '../layout.ts';
import { openLogs } from '../supervisor/logs.ts';
import type { Logs } from '../supervisor/logs.ts';
import { nodeSpawner } from '../supervisor/node-spawner.ts';
import { reserve } from '../supervisor/ports.ts';
import type { Reservation } from '../supervisor/ports.ts';
import type { UnitExit } from '../supervisor/state.ts';
import type { RunningUnit, UnitDriver, UnitSignals } from '../supervisor/unit.ts';
import { postgresUnit } from './postgres.ts';
import { findRedis, redisClient, redisUnit } from './redis.ts';
import { findRunAs } from './run-as.ts';

const NAME = "Jörg Müller's Daten ü";
const runAs = findRunAs();
const layout = findLayout(import.meta.url);
let home = '';
let dataDir = '';
let logs: Logs;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'mainspring-databases-'));
  chmodSync(home, 0o755);
  dataDir = path.join(home, NAME);
  mkdirSync(path.join(dataDir, 'logs'), { recursive: true });
  chmodSync(dataDir, 0o711);
  logs = openLogs(path.join(dataDir, 'logs'), Date.now);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function reservePort(): Promise<Reservation> {
  return until(async () => reserve(await freePort()), 'a free port');
}

type Run = { readonly running: RunningUnit; isReady: boolean; exit: UnitExit | null };

function startUnit(driver: UnitDriver): Run {
  const ignore = (): void => undefined;
  const run: { isReady: boolean; exit: UnitExit | null } = { isReady: false, exit: null };
  const signals: UnitSignals = {
    started: ignore, degraded: ignore, recovered: ignore, beat: ignore, latency: ignore, extend: ignore, request: ignore, latched: ignore,
    ready: () => (run.isReady = true),
    exited: (exit) => (run.exit = exit),
  };
  return Object.assign(run, { running: driver.start(signals) });
}

async function whenReady(run: Run): Promise<void> {
  await until(() => run.isReady || run.exit !== null, 'the unit');
  expect(run.exit).toBeNull();
}

async function stopUnit(run: Run): Promise<void> {
  run.running.stop('test', false);
  await until(() => run.exit !== null, 'the end');
  expect(run.exit).toMatchObject({ code: 0 });
}

async function redisIn(where: Layout): Promise<{ driver: UnitDriver; port: number; password: string }> {
  const reservation = await reservePort();
  const password = 'a'.repeat(64);
  const driver = redisUnit({ layout: where, dataDir, socketFolder: null, runAs, password, reservation, spawner: nodeSpawner(), log: logs.of('redis') });
  return { driver, port: reservation.port, password };
}

describe('a data folder with spaces, a quote and umlauts', () => {
  it('holds PostgreSQL through a stop and a second start', async () => {
    for (const round of [1, 2]) {
      const reservation = await reservePort();
      const { port } = reservation;
      const driver = postgresUnit({ layout, dataDir, socketFolder: null, logFolder: path.join(dataDir, 'logs'), runAs, user: 'mainspring', password: "it's a secret", reservation, spawner: nodeSpawner(), log: logs.of('postgres') });
      const run = startUnit(driver);
      await whenReady(run);
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'mainspring', password: "it's a secret", database: 'postgres' });
      await client.connect();
      if (round === 1) await client.query('CREATE TABLE kept AS SELECT 42 AS answer');
      expect((await client.query<{ answer: number }>('SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }]);
      const { rows } = await client.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
      expect(realpathSync(rows[0]?.folder ?? '')).toBe(realpathSync(path.join(dataDir, 'postgres', '18')));
      await client.end();
      await stopUnit(run);
    }
  });

  it('holds Redis through a stop and a second start', async () => {
    for (const round of [1, 2]) {
      const { driver, port, password } = await redisIn(layout);
      const run = startUnit(driver);
      await whenReady(run);
      const client = redisClient({ host: '127.0.0.1', port, password, tls: false });
      await client.connect();
      if (round === 1) await client.set('kept', 'yes');
      expect(await client.get('kept')).toBe('yes');
      expect(await client.config('GET', 'dir')).toEqual(['dir', path.join(dataDir, 'redis')]);
      client.disconnect();
      await stopUnit(run);
    }
  });
});

/** An installed application (its archive is a folder here) that ships this computer's Redis. */
async function install(): Promise<{ installed: Layout; program: string }> {
  const resources = path.join(home, 'Program Files ü', 'resources');
  const runtime = path.join(resources, 'runtime');
  const entry = path.join(resources, 'app.asar', 'dist', 'main', 'desktop.mjs');
  mkdirSync(path.dirname(entry), { recursive: true });
  mkdirSync(path.join(runtime, 'redis'), { recursive: true });
  const program = path.join(runtime, 'redis', 'redis-server');
  copyFileSync((await findRedis(layout)).file, program);
  const content = readFileSync(program);
  const manifest = {
    schema: 1,
    platform: 'test',
    parts: { redis: { version: '7.0.0', source: 'this computer', isStandIn: false, lacks: [] } },
    files: { 'redis/redis-server': { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length } },
  };
  writeFileSync(path.join(resources, 'app.asar', 'package.json'), JSON.stringify({ name: 'mainspring', version: '9.8.7' }));
  writeFileSync(path.join(resources, 'app.asar', 'dist', 'runtime-manifest.json'), JSON.stringify(manifest));
  return { installed: findLayout(pathToFileURL(entry).href), program };
}

describe('an installed application', () => {
  it('starts its own Redis and no other', async () => {
    const { installed, program } = await install();
    expect((await findRedis(installed)).file).toBe(program);
    const { driver } = await redisIn(installed);
    const run = startUnit(driver);
    await whenReady(run);
    await stopUnit(run);
  });

  it('refuses a changed program at once, naming it, and is not tried again', async () => {
    const { installed, program } = await install();
    appendFileSync(program, 'x');
    const run = startUnit((await redisIn(installed)).driver);
    await until(() => run.exit !== null, 'the refusal');
    expect(run.isReady).toBe(false);
    expect(run.exit).toMatchObject({ code: EXIT.config });
    expect(run.exit?.reason).toMatch(/redis\/redis-server has \d+ bytes instead of \d+.*Install Mainspring again/);
  });

  it('does not fall back to the Redis of the computer when its own is gone', async () => {
    const { installed, program } = await install();
    rmSync(program);
    const run = startUnit((await redisIn(installed)).driver);
    await until(() => run.exit !== null, 'the refusal');
    expect(run.exit?.reason).toContain('redis/redis-server is missing');
  });
});
