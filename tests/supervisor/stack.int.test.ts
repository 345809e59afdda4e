/** The whole stack with real databases: starting, being killed part by part, stopping. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { UnitIncidentSchema } from '#app/contracts/health.ts';
import type { UnitId } from '#app/contracts/health.ts';
import { SERVICE_IDS } from '#app/domain/ids.ts';
import { boot } from '#main/boot.ts';
import { openControlStore } from '#main/store/control-store.ts';
import { layoutOf } from '#main/store/data-folder.ts';
import { askDoor } from '#main/supervisor/door.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import { behave, bootFake, eventually, fakeLayout, freshFolder, isAlive, ownPorts, removeFolder, untilHealthy, vaultOf, writeMigrations } from '../support/fake-stack.ts';
import type { FakeStack } from '../support/fake-stack.ts';

const dataDir = freshFolder();
const migrations = freshFolder();
let fake: FakeStack;
let env: Record<string, string>;

async function query<R extends pg.QueryResultRow>(user: UnitId, sql: string): Promise<R[]> {
  const vault = vaultOf(dataDir);
  const client = new pg.Client({ host: '127.0.0.1', port: Number(env['POSTGRES_PORT']), user, password: vault[`role.${user}`], database: 'trading_system' });
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  env = await ownPorts();
  writeMigrations(migrations, {
    '0001_things.sql': 'CREATE TABLE thing (id integer PRIMARY KEY);',
    '9000_roles.sql': 'GRANT SELECT, INSERT ON thing TO execution;',
  });
  fake = await bootFake({ dataDir, env, migrationsFolder: migrations });
  await untilHealthy(fake);
});

afterAll(async () => {
  await fake.stack.stop('test ended');
  removeFolder(dataDir);
  removeFolder(migrations);
});

describe('a started stack', () => {
  it('has every part ready, each with its own port, and verifies but for the flows that fakes do not have', async () => {
    const report = await fake.stack.verify();
    expect(report.checks.filter((check) => !check.ok).map((check) => check.part)).toEqual(['Flows']);
    const ports = fake.stack.health().units.flatMap((unit) => (unit.port === null ? [] : [unit.port]));
    expect(new Set(ports).size).toBe(11);
  });

  it('answers at its control door', async () => {
    const answer = await askDoor(path.join(dataDir, 'run', 'door.sock'), 'status', 5_000);
    expect(answer?.result).toMatchObject({ healthy: true, mode: 'demo' });
    const story = await askDoor(path.join(dataDir, 'run', 'door.sock'), 'history', 5_000);
    expect(z.array(UnitIncidentSchema).parse(story?.result).length).toBeGreaterThan(20);
  });

  it('lets each role in with its own password and nobody without', async () => {
    expect(await query<{ who: string }>('risk_management', 'SELECT current_user AS who')).toEqual([{ who: 'risk_management' }]);
    const stranger = new pg.Client({ host: '127.0.0.1', port: Number(env['POSTGRES_PORT']), user: 'execution', password: 'guess', database: 'trading_system' });
    await expect(stranger.connect()).rejects.toThrow('password authentication failed');
  });

  it('spends a login link once', async () => {
    const token = new URL(fake.stack.loginLink()).searchParams.get('token');
    expect(token).toMatch(/^[\w-]{32}$/);
  });

  it('keeps passwords and keys out of arguments and environments of every process', () => {
    const vault = Object.values(vaultOf(dataDir));
    for (const { pid } of fake.stack.health().units) {
      if (pid === null) continue;
      const seen = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(vault.filter((secret) => seen.includes(secret))).toEqual([]);
    }
  });
});

describe('a killed part', () => {
  it('comes back alone when it is a service, with a crash file that tells why', async () => {
    const pids = new Map(SERVICE_IDS.map((id) => [id, fake.pidOf(id)]));
    process.kill(fake.pidOf('execution'), 'SIGKILL');
    await eventually('execution has a new process', () => fake.stateOf('execution') === 'ready' && fake.pidOf('execution') !== pids.get('execution'), 30_000);
    for (const id of SERVICE_IDS) if (id !== 'execution') expect(fake.pidOf(id)).toBe(pids.get(id));
    const crashes = readdirSync(path.join(dataDir, 'logs', 'crashes'));
    expect(crashes.some((name) => name.endsWith('-execution.log'))).toBe(true);
    const story = fake.stack.history({ unitId: 'execution', limit: 4 });
    expect(story.map(({ state }) => state)).toEqual(['ready', 'starting', 'waiting', 'backoff']);
    expect(story.map(({ exit }) => exit?.signal ?? null)).toEqual([null, null, null, 'SIGKILL']);
  });

  it('takes its dependents down and up again when it is PostgreSQL, and nothing committed is lost', async () => {
    await query('execution', 'INSERT INTO thing VALUES (1)');
    const before = fake.pidOf('analytics');
    process.kill(fake.pidOf('postgres'), 'SIGKILL');
    await eventually('analytics was started again', () => fake.pidOf('analytics') !== before && fake.stateOf('analytics') === 'ready');
    await untilHealthy(fake);
    expect(isAlive(before)).toBe(false);
    expect(await query('execution', 'SELECT id FROM thing')).toEqual([{ id: 1 }]);
  });

  it('leaves the workers running when it is Redis', async () => {
    const before = fake.pidOf('analytics');
    const redis = fake.pidOf('redis');
    process.kill(redis, 'SIGKILL');
    await eventually('redis is back', () => fake.stateOf('redis') === 'ready' && fake.pidOf('redis') !== redis, 30_000);
    expect(fake.pidOf('analytics')).toBe(before);
    await untilHealthy(fake);
  });

  it('starts empty when the file of Redis is unreadable', async () => {
    const folder = path.join(dataDir, 'redis', 'appendonlydir');
    const { appendFileSync } = await import('node:fs');
    const incremental = readdirSync(folder).find((name) => name.endsWith('.incr.aof'));
    fake.stack.supervisor.command('redis', 'stop', 'test');
    await eventually('redis is stopped', () => fake.stateOf('redis') === 'stopped');
    appendFileSync(path.join(folder, incremental ?? ''), 'this is not an append only file\r\n'.repeat(20));
    fake.stack.supervisor.command('redis', 'start', 'test');
    await eventually('redis is back', () => fake.stateOf('redis') === 'ready', 15_000);
    expect(existsSync(path.join(dataDir, 'redis.unreadable'))).toBe(true);
    await untilHealthy(fake);
  });

  it('turns amber and is replaced when it hangs', async () => {
    const pid = fake.pidOf('notification');
    process.kill(pid, 'SIGSTOP');
    await eventually('amber', () => fake.stateOf('notification') === 'unresponsive', 7_000);
    await eventually('replaced', () => fake.stateOf('notification') === 'ready' && fake.pidOf('notification') !== pid, 20_000);
    expect(isAlive(pid)).toBe(false);
  }, 40_000);
});

describe('exit codes', () => {
  it('gives up at once on 78 and says why; a human brings it back', async () => {
    behave(dataDir, { analytics: { exitAtStart: 78, reason: 'REPORT_FOLDER is not a folder' } });
    fake.stack.supervisor.command('analytics', 'restart', 'test');
    await eventually('failed', () => fake.stateOf('analytics') === 'failed', 30_000);
    const unit = fake.stack.health().units.find((entry) => entry.id === 'analytics');
    expect(unit?.reasons).toEqual(['REPORT_FOLDER is not a folder']);
    expect(unit?.lastExit?.lastLines).toContain('these are my last words');
    expect(fake.notices.at(-1)?.text).toContain('REPORT_FOLDER');
    behave(dataDir, {});
    fake.stack.supervisor.command('analytics', 'start', 'test');
    await untilHealthy(fake);
  });

  it('gives up a crash loop after more than five ends, leaving the others alone', async () => {
    const others = fake.pidOf('risk_management');
    behave(dataDir, { analytics: { exitAtStart: 70, reason: 'a defect' } });
    fake.stack.supervisor.command('analytics', 'restart', 'test');
    await eventually('given up', () => fake.stateOf('analytics') === 'failed', 45_000);
    expect(fake.pidOf('risk_management')).toBe(others);
    expect(fake.notices.filter((notice) => notice.level === 'error' && notice.unit === 'analytics' && notice.text.includes('given up'))).toHaveLength(1);
    behave(dataDir, {});
    fake.stack.supervisor.command('analytics', 'start', 'test');
    await untilHealthy(fake);
  }, 60_000);
});

describe('requests of workers', () => {
  it('are refused to those who may not ask', async () => {
    behave(dataDir, { strategy_engine: { request: { verb: 'stopUnit', args: { unitId: 'redis' } } } });
    fake.stack.supervisor.command('strategy_engine', 'restart', 'test');
    const log = path.join(dataDir, 'logs', 'strategy_engine.log');
    await eventually('an answer', () => existsSync(log) && readFileSync(log, 'utf8').includes('AUTH_INVALID'), 30_000);
    expect(fake.stateOf('redis')).toBe('ready');
    behave(dataDir, {});
  });
});

describe('a start that is given up', () => {
  it('says why, and lets the folder go although something of it cannot be let go', async () => {
    const other = freshFolder();
    const ports = await ownPorts();
    const claim = path.join(layoutOf(other).claimsFolder, ports['POSTGRES_PORT'] ?? '');
    const told: string[] = [];
    const nothing = (): void => undefined;
    // Asked at the last moment; the claim on a port cannot be given back then.
    const signal = Object.defineProperty(new AbortController().signal, 'aborted', {
      get: () => {
        rmSync(claim);
        mkdirSync(claim);
        return true;
      },
    });
    try {
      await expect(boot({
        dataDir: other, env: ports, signal, layout: fakeLayout(migrations), replay: null, spawner: nodeSpawner(),
        events: { onUnit: nothing, onNotice: ({ text }) => told.push(text), onReplayDone: nothing, onStopAsked: nothing },
      })).rejects.toMatchObject({ code: 'UNIT_START_FAILED', message: expect.stringContaining('given up') as string });
      expect(told.filter((text) => text.includes('could be let go'))).toHaveLength(1);
      openControlStore(layoutOf(other).storeFile, Date.now()).store.close();
      expect(existsSync(layoutOf(other).door)).toBe(false);
    } finally {
      rmSync(claim, { recursive: true, force: true });
      removeFolder(other);
    }
  });
});

describe('a stop', () => {
  it('leaves no process and a clean database, and the next start needs no recovery', async () => {
    await untilHealthy(fake);
    const pids = fake.stack.health().units.flatMap((unit) => (unit.pid === null ? [] : [unit.pid]));
    const before = performance.now();
    await fake.stack.stop('test');
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(path.join(dataDir, 'postgres', '18', 'postmaster.pid'))).toBe(false);
    expect(readdirSync(path.join(dataDir, 'run')).filter((name) => name.endsWith('.json'))).toEqual([]);
    // Last words travel through a pipe and may come a moment after the end of the process.
    await eventually("PostgreSQL's last words", () => readFileSync(path.join(dataDir, 'logs', 'postgres.log'), 'utf8').trimEnd().split('\n').at(-1)?.includes('database system is shut down') === true);
    fake = await bootFake({ dataDir, env, migrationsFolder: migrations });
    await untilHealthy(fake);
    expect(await query('execution', 'SELECT id FROM thing')).toEqual([{ id: 1 }]);
  });
});
