/** Notifications over a real book, and the look at every part with real answers and real silence. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { openBus, type Bus } from '#chassis/bus.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { freePort, startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { testConfig } from '../../tests/support/worker.ts';
import { notificationFlows } from './flows.ts';
import { notificationConsumers } from './lane.ts';

let book: Book;
let wire: Wire;
let db: Db;
let bus: Bus;
let config: RuntimeConfig;
let server: Server;
let answer: { status: number; body: unknown } = { status: 200, body: {} };
const health = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({ unit: 'execution', version: '1', instanceId: 'i', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {}, ...changes });

beforeAll(async () => {
  [book, wire] = await Promise.all([startBook(), startWire()]);
  db = openDb({ access: book.access('notification'), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 2, onLost: () => undefined });
  bus = openBus(wire.access, 'notification', pino({ level: 'silent' }));
  await until(() => bus.isUp(), 'the bus');
  server = createServer((_request, response) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body)));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const units = { execution: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, analytics: { host: '127.0.0.1', port: await freePort() } };
  config = testConfig('notification', { book, wire }, units);
});
afterAll(async () => {
  server.close();
  bus.close();
  await db.close();
  await Promise.all([book.stop(), wire.stop()]);
});

it('records a notice once, however often it is heard', async () => {
  const halt = { producer: 'risk_management', seq: 1, topic: 'trading_state.changed', key: '2', correlationId: 'c', tsWritten: 0, payload: { version: 2, state: 'HALTED', reason: 'lunch', actor: 'owner' } } as EventEnvelope;
  const risk = notificationConsumers().find((consumer) => consumer.producer === 'risk_management');
  for (let n = 0; n < 2; n += 1) await db.tx((tx) => risk?.handle(tx, [halt, halt]) ?? Promise.reject(new Error('no consumer')));
  expect(await book.sql('SELECT notification_id, severity, channel, status FROM notification.notification_logs')).toEqual([{ notification_id: 'trading_state.changed:2', severity: 'critical', channel: 'desktop', status: 'recorded' }]);
});

describe('monitor_system_health', () => {
  let runs = 0;
  const run = (): Promise<unknown> => {
    const [monitor] = notificationFlows(db, { config, db, bus });
    const signal = new AbortController().signal;
    return monitor?.run({ runId: `run${(runs += 1)}`, scheduledFor: null, step: (_name, fn) => fn({ attempt: 1, signal }), log: () => undefined, progress: () => undefined, signal }, {}) ?? Promise.reject(new Error('no flow'));
  };
  const told = (): Promise<{ title: string }[]> => book.sql(`SELECT title FROM notification.notification_logs WHERE kind = 'health' ORDER BY created_at, title`);

  it('keeps how every part is, and tells only what changed', async () => {
    answer = { status: 200, body: health() };
    expect(await run()).toMatchObject({ isHealthy: false, healthy: 4, total: 5, unwell: [{ part: 'analytics', isHealthy: false, latencyMs: null }] });
    await run();
    expect((await told()).map((row) => row.title)).toEqual(['analytics is not well']);
    expect(await book.sql(`SELECT part, is_healthy FROM notification.health_checks WHERE run_id = 'run1' ORDER BY part`)).toEqual([
      { part: 'analytics', is_healthy: false }, { part: 'disk', is_healthy: true }, { part: 'execution', is_healthy: true }, { part: 'postgres', is_healthy: true }, { part: 'redis', is_healthy: true },
    ]);
  });

  it.each<[string, number, () => unknown, string]>([
    ['a part that is not ready', 503, () => health({ ready: false, reasons: ['reconciling'] }), 'not ready; reconciling'],
    ['a stranger on its port', 200, () => health({ unit: 'gateway' }), 'gateway answers on its port'],
    ['nonsense', 200, () => ({ hello: 1 }), 'its answer (200) is not a health report'],
  ])('sees %s', async (_name, status, body, reason) => {
    answer = { status, body: body() };
    const result = (await run()) as { unwell: { part: string; reasons: string[] }[] };
    expect(result.unwell.find((part) => part.part === 'execution')?.reasons.join('; ')).toBe(reason);
  });

  it('tells when a part is well again', async () => {
    answer = { status: 200, body: health({ reasons: ['slow broker'] }) };
    expect(await run()).toMatchObject({ degraded: [{ part: 'execution', reasons: ['slow broker'] }] });
    expect((await told()).at(-1)?.title).toBe('execution is well again');
  });
});
