/** The life of a worker on the chassis: ready, health, commands, degraded, and every way to end with its exit code. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { freePorts, startWorker, testConfig, type TestWorker } from '../../tests/support/worker.ts';
import type { FromWorker } from '#app/contracts/control.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { callCommand } from './commands.ts';

const entry = fileURLToPath(new URL('../../tests/support/chassis-worker.ts', import.meta.url));
let book: Book;
let wire: Wire;
let config: RuntimeConfig;
let worker: TestWorker;

async function start(misbehave = ''): Promise<TestWorker> {
  config = testConfig('risk_management', { book, wire }, await freePorts());
  worker = startWorker(config, { entry, env: { MAINSPRING_TEST_MISBEHAVE: misbehave } });
  return worker;
}
const url = (path: string): string => `http://127.0.0.1:${config.units.risk_management?.port ?? 0}${path}`;
const command = (reason: string) => callCommand(config, 'setTradingState', { idempotencyKey: 'test-key-1', actor: 'test', state: 'HALTED', reason });

describe('a worker on the chassis', () => {
  beforeAll(async () => {
    [book, wire] = await Promise.all([startBook(), startWire()]);
  });
  afterEach(async () => {
    await worker.kill();
  });
  afterAll(async () => {
    await book.stop();
    await wire.stop();
  });

  it('becomes ready, answers health and metrics, and stops with exit code 0', async () => {
    await (await start()).ready();
    const health = await fetch(url('/health'));
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ unit: 'risk_management', live: true, ready: true, reasons: [] });
    expect(await (await fetch(url('/metrics'))).text()).toContain('mainspring_resident_memory_bytes{unit="risk_management"}');
    await until(() => worker.messages.some((message) => message.type === 'beat'), 'a beat');
    expect(await worker.stop()).toBe(0);
  });

  it('hears a disarming that comes in one piece with its configuration', async () => {
    config = testConfig('risk_management', { book, wire }, await freePorts(), { mode: 'live', live: { armedUntil: Date.now() + 3_600_000 } });
    worker = startWorker(config, { entry });
    worker.child.on('message', (message: FromWorker) => {
      if (message.type === 'hello') worker.send({ type: 'arming', armedUntil: null });
    });
    await worker.ready();
    expect((await command('arming')).version).toBe(0);
  });

  it('runs its commands for who knows the internal token, and for nobody else', async () => {
    await (await start()).ready();
    expect(await command('please')).toEqual({ version: 7, state: 'HALTED' });
    await expect(command('deny')).rejects.toMatchObject({ code: 'ORDER_DENIED', message: 'Planted: a rule said no' });
    const post = (init: RequestInit, path = '/commands/setTradingState') => fetch(url(path), { method: 'POST', ...init }).then((reply) => reply.status);
    const good = { 'content-type': 'application/json', authorization: `Bearer ${config.internalToken}` };
    expect(await post({ body: '{}', headers: { 'content-type': 'application/json' } })).toBe(401);
    expect(await post({ body: '{}', headers: { ...good, authorization: 'Bearer wrong' } })).toBe(401);
    expect(await post({ body: '{}', headers: good })).toBe(400);
    expect(await post({ body: '{', headers: good })).toBe(400);
    expect(await post({ body: 'x=1', headers: { ...good, 'content-type': 'text/plain' } })).toBe(400);
    expect(await post({ body: JSON.stringify({ a: 'x'.repeat(300_000) }), headers: good })).toBe(400);
    expect(await post({ body: '{}', headers: good }, '/commands/flatten')).toBe(404);
    expect(await post({ body: '{}', headers: good }, '/commands/__proto__')).toBe(404);
  });

  it('tells the supervisor when it degrades and when it recovers', async () => {
    await (await start()).ready();
    await command('degrade');
    await until(() => worker.messages.some((message) => message.type === 'degraded' && message.reasons.includes('Planted: something is wrong')), 'degraded');
    await command('recover');
    await until(() => worker.messages.at(-1)?.type === 'recovered' || worker.messages.some((message) => message.type === 'recovered'), 'recovered');
  });

  it.each([
    ['a configuration that cannot work', 'config', 78],
    ['a bug while recovering', 'recover', 70],
  ])('ends with its code after %s', async (_name, misbehave, code) => {
    await start(misbehave);
    expect(await worker.exited()).toBe(code);
    expect(worker.messages).toContainEqual(expect.objectContaining({ type: 'exiting', code }));
  });

  it('ends with 70 when an invariant breaks, and says why', async () => {
    await (await start()).ready();
    await command('die').catch((error: unknown) => expect(error).toMatchObject({ code: 'UNIT_TIMEOUT' }));
    expect(await worker.exited()).toBe(70);
    expect(worker.output()).toContain('Planted: an invariant broke');
  });

  it('ends with 75 when PostgreSQL is gone', async () => {
    await (await start()).ready();
    await book.kill();
    expect(await worker.exited()).toBe(75);
    await book.start();
  });

  it('stays up, degraded, while Redis is gone', async () => {
    await (await start()).ready();
    await wire.kill();
    await until(() => worker.messages.some((message) => message.type === 'degraded'), 'degraded');
    expect((await fetch(url('/health'))).status).toBe(200);
    await wire.start();
    await until(() => worker.messages.some((message) => message.type === 'recovered'), 'recovered');
  });

  it('ends by itself within two seconds when the supervisor is gone', async () => {
    await (await start()).ready();
    worker.child.disconnect();
    expect(await worker.exited(2_500)).toBe(75);
  });

  it('does not wait for ever for a part that does not drain', async () => {
    await (await start('hang')).ready();
    worker.send({ type: 'stop', deadlineMs: 1_000, reason: 'test' });
    expect(await worker.exited(3_000)).toBe(0);
    expect(worker.output()).toContain('Draining took too long');
  });
});
