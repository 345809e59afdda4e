/**
 * Does the pruned PostgreSQL for Windows have all it needs? Its real programs run on Wine, from and in folders with umlauts, under our own settings:
 * created, started, migrated, asked, stopped, recovered. `node scripts/run.mjs tests/windows/main.ts [--runtime DIR]`
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { WORKER_IDS } from '#app/contracts/health.ts';
import type { WorkerId } from '#app/contracts/health.ts';
import { openLogs } from '#main/supervisor/logs.ts';
import { migrate } from '#main/units/migrate.ts';
import { plainInput } from '#main/units/plain-input.ts';
import { initdbArgs } from '#main/units/postgres-cluster.ts';
import { PG_HBA, isSameFolder, postgresConf, readPidFile } from '#main/units/postgres-files.ts';
import { freePort } from '../support/ports.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROGRAMS = ['postgres', 'initdb', 'pg_ctl'] as const;
const LONGEST_RUN_MS = 180_000;
const PASSWORD = "it's a secret";
const CLUSTER = '18';

type Ended = { readonly code: number | null; readonly output: string };
type Wine = (file: string, args: readonly string[], cwd: string) => Promise<Ended>;

function openWine(home: string): Wine {
  const program = ['/usr/lib/wine/wine64', '/usr/bin/wine64', '/usr/bin/wine'].find((file) => existsSync(file));
  if (program === undefined) throw new Error('wine64 is missing. Remedy: apt-get install wine64');
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, WINEPREFIX: path.join(home, 'wine'), WINEARCH: 'win64', WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  return async (file, args, cwd) => {
    // The output goes to a file: a server that stays behind would keep a pipe open for ever.
    const log = path.join(home, 'output.txt');
    const child = spawn('/bin/sh', ['-c', 'exec "$0" "$@" > "$MAINSPRING_OUTPUT" 2>&1', program, file, ...args], { cwd, env: { ...env, MAINSPRING_OUTPUT: log }, stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_RUN_MS);
    const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
    clearTimeout(timer);
    return { code, output: readFileSync(log, 'latin1') };
  };
}

/** Ends whatever still runs in the prefix. */
function endWine(home: string): void {
  const server = ['/usr/lib/wine/wineserver64', '/usr/lib/wine/wineserver', '/usr/bin/wineserver'].find((file) => existsSync(file));
  if (server !== undefined) spawnSync(server, ['-k'], { env: { HOME: home, WINEPREFIX: path.join(home, 'wine') } });
}

function bundle(home: string): string {
  const out = path.join(home, 'runtime');
  const { status } = spawnSync(process.execPath, [path.join(ROOT, 'scripts/bundle-windows.mjs'), '--stand-in-redis', '--without-vc-runtime', '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('scripts/bundle-windows.mjs failed');
  return out;
}

/**
 * Wine before 9 lacks one function that these programs look up when they begin and call only under `wal_sync_method = fdatasync`, which we do not use.
 * In a copy its name is that of another one.
 */
function adaptToWine(bin: string): void {
  for (const name of PROGRAMS) {
    const file = path.join(bin, `${name}.exe`);
    writeFileSync(file, Buffer.from(readFileSync(file).toString('latin1').replaceAll('NtFlushBuffersFileEx', 'NtFlushBuffersFile\0\0'), 'latin1'));
  }
}

let passed = 0;
let failed = 0;
async function check(what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
    passed += 1;
    process.stdout.write(`  ok  ${what}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`  BAD ${what}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
function expect(what: string, found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

async function checkPrograms(wine: Wine, bin: string): Promise<void> {
  for (const name of PROGRAMS) {
    await check(`${name}.exe loads, as it is shipped`, async () => {
      const { output } = await wine(path.join(bin, `${name}.exe`), ['--version'], bin);
      if (!output.includes(`${name} (PostgreSQL) 18.`)) throw new Error(output);
    });
  }
}

type Cluster = { readonly wine: Wine; readonly bin: string; readonly folder: string; readonly port: number };

async function control({ wine, bin, folder }: Cluster, args: readonly string[]): Promise<void> {
  const { code, output } = await wine(path.join(bin, 'pg_ctl.exe'), [...args, '-D', CLUSTER, '-w', '-t', '60'], folder);
  if (code !== 0) throw new Error(output);
}
// Wine's person is an administrator, whom postgres.exe refuses; pg_ctl hands it fewer rights.
const start = (cluster: Cluster): Promise<void> => control(cluster, ['start', '-l', 'log.txt']);

async function ask<Row extends pg.QueryResultRow>(port: number, database: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'mainspring', password: PASSWORD, database });
  await client.connect();
  try {
    const result = (await client.query(text)) as unknown as pg.QueryResult<Row> | pg.QueryResult<Row>[];
    return [result].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

async function checkCluster(cluster: Cluster): Promise<void> {
  const { wine, bin, folder, port } = cluster;
  const data = path.join(folder, CLUSTER);
  await check('initdb makes a cluster from an installation with umlauts, with plain input alone', async () => {
    writeFileSync(path.join(folder, '.password'), PASSWORD);
    const initdb = (more: readonly string[]): Promise<Ended> => wine(path.join(bin, 'initdb.exe'), [...initdbArgs(CLUSTER, '.password', 'mainspring'), ...more], folder);
    const plainly = await initdb([]);
    if (!plainly.output.includes('invalid byte sequence')) throw new Error(`without the plain input it is ${plainly.code}: ${plainly.output}`);
    const input = plainInput(path.join(bin, '..', 'share'), [tmpdir()]);
    try {
      const { code, output } = await initdb(input.args);
      if (code !== 0) throw new Error(output);
    } finally {
      input.remove();
    }
    writeFileSync(path.join(data, 'postgresql.conf'), postgresConf({ port, socketFolder: null, platform: 'win32' }));
    writeFileSync(path.join(data, 'pg_hba.conf'), PG_HBA);
  });
  await check('the server starts under our settings', () => start(cluster));
  await check('its pid file is understood', async () => {
    const pid = readPidFile(data);
    expect('the status', pid?.status, 'ready');
    const named = pid?.dataFolder.replace(/^Z:/, '') ?? '';
    if (!isSameFolder(named, data, 'win32')) throw new Error(`it names ${pid?.dataFolder}`);
    await Promise.resolve();
  });
  await check('all migrations run', async () => {
    const log = openLogs(folder, Date.now).of('migrate');
    const rolePasswords = Object.fromEntries(WORKER_IDS.map((id) => [id, 'x'.repeat(32)])) as Record<WorkerId, string>;
    const connection = { host: '127.0.0.1', port, user: 'mainspring', password: PASSWORD };
    await migrate({ migrationsFolder: path.join(ROOT, 'migrations'), connection, tradingDb: 'trading_system', orchestratorDb: 'orchestrator', rolePasswords, log });
  });
  await check('text, time zones, procedures and old clients work', async () => {
    const rows = await ask(port, 'trading_system', `
      SET client_encoding = 'WIN1252'; SELECT 'ü'; SET client_encoding = 'UTF8';
      DO $$ BEGIN PERFORM 1; END $$;
      SELECT current_setting('wal_sync_method') AS sync, current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding,
        (TIMESTAMPTZ '2026-07-01 16:00Z' AT TIME ZONE 'America/New_York')::text AS noon, to_tsvector('german', 'Häuser laufen')::text AS words, upper('ü') AS letter`);
    expect('the answer', rows, [{ sync: 'fsync', fsync: 'on', encoding: 'UTF8', noon: '2026-07-01 12:00:00', words: "'haus':1 'lauf':2", letter: 'Ü' }]);
  });
  await checkStops(cluster);
}

async function checkStops(cluster: Cluster): Promise<void> {
  const kept = (): Promise<{ sum: string }[]> => ask<{ sum: string }>(cluster.port, 'postgres', 'SELECT sum(n) FROM kept');
  await check('pg_ctl stops it, and it starts again with its data', async () => {
    await ask(cluster.port, 'postgres', 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    await control(cluster, ['stop', '-m', 'fast']);
    if (!readFileSync(path.join(cluster.folder, 'log.txt'), 'latin1').includes('database system is shut down')) throw new Error('it was not an orderly end');
    await start(cluster);
    expect('the sum', await kept(), [{ sum: '500500' }]);
  });
  await check('it recovers what was committed before an immediate end', async () => {
    await ask(cluster.port, 'postgres', 'INSERT INTO kept VALUES (1)');
    await control(cluster, ['stop', '-m', 'immediate']);
    await start(cluster);
    expect('the sum', await kept(), [{ sum: '500501' }]);
    await control(cluster, ['stop', '-m', 'fast']);
  });
}

const { values } = parseArgs({ options: { runtime: { type: 'string' } } });
const started = performance.now();
const home = mkdtempSync(path.join(tmpdir(), 'mainspring-windows-'));
try {
  const runtime = values.runtime ?? bundle(home);
  const wine = openWine(home);
  const shipped = path.join(runtime, 'postgres', 'bin');
  await checkPrograms(wine, shipped);
  const copy = path.join(home, 'Programme ü');
  cpSync(path.join(runtime, 'postgres'), copy, { recursive: true });
  adaptToWine(path.join(copy, 'bin'));
  const folder = path.join(home, "Jörg Müller's Daten ü");
  mkdirSync(folder);
  await checkCluster({ wine, bin: path.join(copy, 'bin'), folder, port: await freePort() });
} finally {
  endWine(home);
  rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
process.stdout.write(`PostgreSQL for Windows: ${passed} passed, ${failed} failed in ${((performance.now() - started) / 1_000).toFixed(0)} s\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
