/** What a person can get wrong: each gives a message that names the thing and the remedy, and nothing half-started stays. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { behave, bootFake, eventually, freshFolder, ownPorts, removeFolder, untilHealthy, writeMigrations } from '../support/fake-stack.ts';
import type { FakeStack } from '../support/fake-stack.ts';

let env: Record<string, string>;
const folders: string[] = [];
const stacks: FakeStack[] = [];

const folder = (): string => {
  const made = freshFolder();
  folders.push(made);
  return made;
};

async function start(dataDir: string, migrationsFolder?: string, settings = env): Promise<FakeStack> {
  const fake = await bootFake({ dataDir, env: settings, ...(migrationsFolder === undefined ? {} : { migrationsFolder }) });
  stacks.push(fake);
  return fake;
}

async function refusal(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.then(
    () => 'it started',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(AppError);
  return outcome as AppError;
}

beforeAll(async () => {
  env = await ownPorts();
});

afterEach(async () => {
  for (const fake of stacks.splice(0)) await fake.stack.stop('test ended');
  for (const made of folders.splice(0)) removeFolder(made);
});

describe('settings', () => {
  it('are refused with file, line, key and remedy, one line per problem', async () => {
    const dataDir = folder();
    writeFileSync(path.join(dataDir, '.env'), 'LOG_LEVEL=chatty\nEXECUTION_PORT=80a\nnonsense\nALPACA_API_KEY=PK123456\nALPACA_BASE_URL=https://evil.example\n');
    const { message, code } = await refusal(start(dataDir));
    expect(code).toBe('CONFIG_INVALID');
    const file = path.join(dataDir, '.env');
    expect(message).toContain(`${file} line 1: LOG_LEVEL is "chatty". Remedy: write one of trace, debug, info, warn, error, fatal.`);
    expect(message).toContain(`${file} line 3: nonsense has no "="`);
    expect(message).toContain('ALPACA_SECRET_KEY is missing');
  });

  it('of a file that is no text are refused, and the folder can be used once it is repaired', async () => {
    const dataDir = folder();
    writeFileSync(path.join(dataDir, '.env'), Buffer.from([0xff, 0xfe, 0x00, 0x01]));
    expect((await refusal(start(dataDir))).message).toContain('is not a text file');
    rmSync(path.join(dataDir, '.env'));
    await untilHealthy(await start(dataDir));
  });
});

describe('the data folder', () => {
  it('that is a file is refused', async () => {
    const file = path.join(folder(), 'file');
    writeFileSync(file, '');
    const { message, code } = await refusal(start(path.join(file, 'data')));
    expect(code).toBe('DATA_FOLDER_UNUSABLE');
    expect(message).toContain('--data');
  });

  it('has one owner', async () => {
    const dataDir = folder();
    await untilHealthy(await start(dataDir));
    expect((await refusal(start(dataDir))).code).toBe('DATA_FOLDER_IN_USE');
    expect(stacks[0]?.stack.health().healthy).toBe(true);
  });

  it('may have a damaged control store: it begins anew and the rest is kept', async () => {
    const dataDir = folder();
    const first = await start(dataDir);
    await untilHealthy(first);
    await first.stack.stop('test');
    writeFileSync(path.join(dataDir, 'control.sqlite'), 'not a database '.repeat(500));
    const second = await start(dataDir);
    await untilHealthy(second);
    expect(second.notices.some((notice) => notice.text.includes('control store was damaged'))).toBe(true);
  });

  it('may be shared side by side by instances with folders of their own', async () => {
    const [one, two] = [await start(folder()), await start(folder())];
    await Promise.all([untilHealthy(one), untilHealthy(two)]);
    expect(two.notices.filter((notice) => notice.text.includes('is held by another program'))).toHaveLength(11);
  });
});

describe('a port held by somebody', () => {
  it('is left alone, another is used, remembered and told', async () => {
    const dataDir = folder();
    const held = Number(env['EXECUTION_PORT']);
    const foreign = createServer();
    await new Promise<void>((resolve) => foreign.listen(held, '127.0.0.1', resolve));
    try {
      const first = await start(dataDir);
      await untilHealthy(first);
      const port = first.stack.health().units.find((unit) => unit.id === 'execution')?.port;
      expect(port).not.toBe(held);
      expect(first.stack.health().notices.map((notice) => notice.text)).toContain(`port ${held} is held by another program; ${port} is used instead`);
      await first.stack.stop('test');
      const second = await start(dataDir);
      await untilHealthy(second);
      expect(second.stack.health().units.find((unit) => unit.id === 'execution')?.port).toBe(port);
    } finally {
      await new Promise((resolve) => foreign.close(resolve));
    }
  });
});

describe('migrations', () => {
  it('of a newer version are refused, by name, without a retry', async () => {
    const [dataDir, migrations] = [folder(), folder()];
    writeMigrations(migrations, { '0001_a.sql': 'CREATE TABLE a (x int);', '0002_b.sql': 'CREATE TABLE b (x int);' });
    const newer = await start(dataDir, migrations);
    await untilHealthy(newer);
    await newer.stack.stop('test');
    rmSync(path.join(migrations, 'trading_system', '0002_b.sql'));
    const older = await start(dataDir, migrations);
    await eventually('migrate failed', () => older.stateOf('migrate') === 'failed');
    const unit = older.stack.health().units.find((entry) => entry.id === 'migrate');
    expect(unit?.reasons[0]).toContain('last used by a newer version of Mainspring (it has the step 0002_b.sql');
    expect(older.stateOf('execution')).toBe('waiting');
  });

  it('that were changed after they were applied are refused', async () => {
    const [dataDir, migrations] = [folder(), folder()];
    writeMigrations(migrations, { '0001_a.sql': 'CREATE TABLE a (x int);' });
    const first = await start(dataDir, migrations);
    await untilHealthy(first);
    await first.stack.stop('test');
    writeMigrations(migrations, { '0001_a.sql': 'CREATE TABLE a (x bigint);' });
    const second = await start(dataDir, migrations);
    await eventually('migrate failed', () => second.stateOf('migrate') === 'failed');
    expect(second.stack.health().units.find((entry) => entry.id === 'migrate')?.reasons[0]).toContain('0001_a.sql');
  });

  it('that fail are undone as a whole and name file and line', async () => {
    const [dataDir, migrations] = [folder(), folder()];
    writeMigrations(migrations, { '0001_a.sql': 'CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\nSELECT nothing FROM nowhere;' });
    const first = await start(dataDir, migrations);
    await eventually('migrate failed', () => first.stateOf('migrate') === 'failed');
    expect(first.stack.health().units.find((entry) => entry.id === 'migrate')?.reasons[0]).toMatch(/0001_a\.sql .* failed near line 3 and was undone: .*nowhere/);
    writeMigrations(migrations, { '0001_a.sql': 'CREATE TABLE a (x int);' });
    first.stack.supervisor.command('migrate', 'start', 'test');
    await untilHealthy(first);
  });
});

describe('stale files', () => {
  it('of PostgreSQL that name a living process of somebody else are moved aside, and that process is not touched', async () => {
    const dataDir = folder();
    const first = await start(dataDir);
    await untilHealthy(first);
    const cluster = path.join(dataDir, 'postgres', '18');
    const pidFile = readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    await first.stack.stop('test');
    pidFile[0] = String(process.pid);
    writeFileSync(path.join(cluster, 'postmaster.pid'), pidFile.join('\n'));
    const second = await start(dataDir);
    await untilHealthy(second);
    expect(readFileSync(path.join(dataDir, 'logs', 'postgres.log'), 'utf8')).toContain('A stale postmaster.pid was moved aside');
  });

  it('about processes that are not ours any more are forgotten without touching anybody', async () => {
    const dataDir = folder();
    mkdirSync(path.join(dataDir, 'run'), { recursive: true });
    const foreign = { unit: 'execution', pid: process.pid, startMark: 'another boot:1', image: 'node', port: null, instanceId: 'x' };
    writeFileSync(path.join(dataDir, 'run', `execution.${process.pid}.json`), JSON.stringify(foreign));
    writeFileSync(path.join(dataDir, 'run', 'redis.77.json'), '{ half');
    writeFileSync(path.join(dataDir, 'run', 'door.sock'), '');
    behave(dataDir, {});
    await untilHealthy(await start(dataDir));
  });
});
