/** Both spawners hold the same contract; so do real workers on the chassis under both, to the end of their parent. */
import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FromWorker } from '#app/contracts/control.ts';
import { EXIT, ORPHAN_EXIT_MS } from '#app/contracts/control.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { callCommand } from '#chassis/commands.ts';
import { utilitySpawner } from '#main/desktop/utility-spawner.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import type { Child, ProcessEnd, Spawner } from '#main/supervisor/spawner.ts';
import { utilityProcess } from '../desktop/stand-in/utility-process.ts';
import { isAlive } from '../support/fake-stack.ts';
import { startBook, startWire, until } from '../support/servers.ts';
import type { Book, Wire } from '../support/servers.ts';
import { freePorts, testConfig } from '../support/worker.ts';
import { SPAWNER_CASES } from './spawner-cases.ts';
import type { ParentOrder } from './spawner-parent.ts';

const HERE = import.meta.dirname;
const SUBJECT = path.join(HERE, '..', 'support', 'spawn-subject.mjs');
const CHASSIS = path.join(HERE, '..', 'support', 'chassis-worker.ts');
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ms spawner ü ')));
const programs = nodeSpawner();
const SPAWNERS: readonly (readonly [ParentOrder['adapter'], Spawner])[] = [['node', programs], ['utility', utilitySpawner({ fork: utilityProcess.fork, programs })]];
const ENV = { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' };

let book: Book;
let wire: Wire;

beforeAll(async () => {
  [book, wire] = await Promise.all([startBook(), startWire()]);
});
afterAll(async () => {
  await book.stop();
  await wire.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(SPAWNERS)('the %s spawner', (adapter, spawner) => {
  it.each(SPAWNER_CASES)('$name', async ({ run }) => run({ spawner, subject: SUBJECT, folder }));

  /** A real worker on the chassis, ready. */
  async function work(): Promise<{ config: RuntimeConfig; child: Child; messages: FromWorker[]; ended: () => Promise<number | null> }> {
    const config = testConfig('risk_management', { book, wire }, await freePorts());
    const child = spawner.start({ kind: 'worker', module: CHASSIS, name: 'risk_management', nodeFlags: [], v8Flags: [], env: ENV, cwd: folder });
    const messages: FromWorker[] = [];
    let output = '';
    let end: ProcessEnd | null = null;
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.onEnd((how) => (end = how));
    child.onMessage((raw) => {
      const message = raw as FromWorker;
      messages.push(message);
      if (message.type === 'hello') child.send({ type: 'init', config });
    });
    await until(() => messages.some((message) => message.type === 'ready'), 'ready', 20_000).catch((error: unknown) => {
      throw new Error(`The worker is not ready:\n${output}`, { cause: error });
    });
    return { config, child, messages, ended: async () => (await until(() => end, 'its end')).code };
  }

  it('brings a real worker to ready, and to an orderly end', async () => {
    const { child, messages, ended } = await work();
    child.send({ type: 'ping', nonce: 7 });
    await until(() => messages.some((message) => message.type === 'pong' && message.nonce === 7), 'the answer to a ping');
    child.send({ type: 'stop', deadlineMs: 5_000, reason: 'test' });
    expect(await ended()).toBe(EXIT.ok);
    expect(messages.filter((message) => message.type === 'exiting')).toMatchObject([{ code: 0, reason: 'test' }]);
  });

  it.each([['an invariant that broke', 'die'], ['a rejection that nobody handles', 'forget']])('ends a real worker as a defect, with its last words, after %s', async (_what, reason) => {
    const { config, messages, ended } = await work();
    await callCommand(config, 'setTradingState', { idempotencyKey: 'test-key-1', actor: 'test', state: 'HALTED', reason }).catch(() => undefined);
    expect(await ended()).toBe(EXIT.bug);
    expect(messages.filter((message) => message.type === 'exiting')).toMatchObject([{ code: EXIT.bug, reason: expect.stringContaining('Planted') as string }]);
  });

  it.each([['before it was configured', false], ['at work', true]] as const)('leaves no worker behind when we are killed: %s', async (_when, isConfigured) => {
    const config = isConfigured ? testConfig('risk_management', { book, wire }, await freePorts()) : null;
    const order: ParentOrder = { adapter, module: CHASSIS, config, env: ENV, cwd: folder };
    const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(HERE, 'spawner-parent.ts'), JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes(isConfigured ? 'ready' : 'hello'), 'the worker', 20_000);
    const pid = Number(/pid (\d+)/.exec(said)?.[1]);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    const began = performance.now();
    await until(() => !isAlive(pid), 'the worker to follow');
    expect(performance.now() - began).toBeLessThan(ORPHAN_EXIT_MS + 200);
  });
});
