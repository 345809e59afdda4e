/** notification as a process beside a real orchestrator: fills and failures that it hears of become runs, and runs become mails. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { StackHealth } from '#app/contracts/health.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { freePort } from '../../tests/support/ports.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { startSmtp, type TestSmtp } from '../../tests/support/smtp-server.ts';
import { startWorker, testConfig, type TestWorker } from '../../tests/support/worker.ts';

let book: Book;
let wire: Wire;
let smtp: TestSmtp;
let execution: Db;
let config: RuntimeConfig;
let orchestrator: TestWorker;
let worker: TestWorker;
let seq = 0;

const AT = '2026-03-04T15:00:00Z';
/** A fill in the ledger, and the event of it. */
async function fill(symbol: string): Promise<string> {
  seq += 1;
  const id = `f${seq}`;
  await book.sql(`INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, version, ts_market, approved_seq, filled_qty) VALUES ($1, $1, $1, 'manual', $2, 'buy', 'market', 'day', 1, false, 100, 'filled', 1, $3, $4, 1)`, [id, symbol, AT, seq]);
  await book.sql(`INSERT INTO execution.trades (fill_id, order_id, symbol, side, qty, price, ts_event, ts_seen, source, ledger_seq) VALUES ($1, $1, $2, 'buy', 1, 100, $3, $3, 'test', $4)`, [id, symbol, AT, seq]);
  return id;
}
async function tell(symbols: readonly string[]): Promise<void> {
  const fills: { symbol: string; id: string }[] = [];
  for (const symbol of symbols) fills.push({ symbol, id: await fill(symbol) });
  await execution.tx(async (tx) => {
    await tx.query('SELECT 1');
    for (const { symbol, id } of fills) {
      tx.emit({ topic: 'order.filled', key: id, correlationId: id, payload: { fillId: id, orderId: id, clientOrderId: `ms-${id}`, strategyId: null, symbol, side: 'buy', qty: '1', price: '100', fee: '0', isOrderComplete: true, tsEvent: Date.parse(AT), tsSeen: Date.parse(AT) } });
    }
  });
}
const failed = (since: number): StackHealth => ({
  instanceId: 'i', version: '1', mode: 'demo', at: since, startedAt: 0, healthy: false, stopping: false, dataDir: '/', diskFreeBytes: null, notices: [],
  units: [{
    id: 'execution', title: 'Execution', kind: 'worker', state: 'failed', since, pid: null, port: null, uptimeMs: null, restarts: 6, cpuPercent: null, memoryBytes: null, lastBeatAgeMs: null, latencyMs: null, eventLoopDelayP99Ms: null, backlog: null,
    oldestPendingAgeMs: null, brokerMessageAgeMs: null, reasons: ['it ended six times within a minute'], lastExit: { code: 70, signal: null, at: since, reason: 'bug', firstLines: [], lastLines: ['Error: the last words of execution'] },
  }],
});
const runs = (flow: string): Promise<{ id: string }[]> => book.sql(`SELECT notification_id AS id FROM notification.deliveries WHERE kind = $1 AND channel = 'email' ORDER BY created_at`, [flow]);

beforeAll(async () => {
  [book, wire, smtp] = await Promise.all([startBook(), startWire(), startSmtp()]);
  const units = { orchestrator: { host: '127.0.0.1', port: await freePort() }, notification: { host: '127.0.0.1', port: await freePort() } };
  const email = { host: 'localhost', port: smtp.port, security: 'none' as const, user: null, password: null, from: { name: 'M', address: 'm@example.com' }, to: ['a@example.com'] };
  config = testConfig('notification', { book, wire }, units, { notification: { email, webhook: null } });
  execution = openDb({ access: book.access('execution'), database: 'trading_system', schema: 'execution', applicationName: 'execution', max: 2, onLost: () => undefined });
  orchestrator = startWorker(testConfig('orchestrator', { book, wire }, units, { dataDir: config.dataDir }));
  // What an earlier process heard just before it was killed: its batch is open, and no run was started. It is dated ahead, so that the burst is not over before the worker is up.
  await fill('KO');
  await book.sql(`WITH open AS (INSERT INTO notification.alert_batches DEFAULT VALUES RETURNING batch) INSERT INTO notification.notification_logs (notification_id, kind, severity, title, body, channel, status, context, alert_batch, created_at) SELECT 'order.filled:f1', 'order_filled', 'info', 't', 'b', 'desktop', 'recorded', '{"fillId":"f1"}', batch, clock_timestamp() + interval '15 seconds' FROM open`);
  worker = startWorker(config);
  await Promise.all([orchestrator.ready(), worker.ready()]);
});
afterAll(async () => {
  await worker.stop();
  await orchestrator.stop();
  await execution.close();
  await Promise.all([smtp.stop(), book.stop(), wire.stop()]);
});

it('tells a burst of fills in one mail, with those that were heard before a kill', async () => {
  await tell(['AAPL', 'MSFT']);
  await tell(['NVDA']);
  const mail = await until(() => smtp.mails.find((known) => known.subject?.includes('fill')), 'the mail about the fills', 60_000).catch((error: unknown) => {
    throw new Error(worker.output(), { cause: error });
  });
  expect(mail.subject).toBe('[DEMO] 4 fills in KO, AAPL, MSFT, NVDA');
  expect(await runs('trade_alert')).toHaveLength(1);
}, 75_000);

it('tells of a part that was given up, once, with its last words', async () => {
  const since = Date.now();
  for (let n = 0; n < 3; n += 1) worker.send({ type: 'unitStates', stack: failed(since) });
  const mail = await until(() => smtp.mails.find((known) => known.subject?.includes('failed')), 'the mail about the failure', 30_000);
  expect(mail.subject).toBe('[DEMO] execution has failed');
  expect(mail.text).toContain('Error: the last words of execution');
  expect((await runs('health')).filter(({ id }) => id.startsWith('health:unit:'))).toEqual([{ id: `health:unit:execution:${since}` }]);
}, 45_000);
