/** risk_management as a process: signals out of the book, commands over HTTP, the lease, and kills in the middle. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WorkerHealthSchema } from '#app/contracts/health.ts';
import { callCommand } from '#chassis/commands.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { freePorts, startWorker, testConfig, type TestWorker } from '../../tests/support/worker.ts';

let book: Book;
let wire: Wire;
let strategyDb: Db;
let config: RuntimeConfig;
let worker: TestWorker;
const BAR = Date.parse('2024-03-05T14:30:00Z');

beforeAll(async () => {
  [book, wire] = await Promise.all([startBook(), startWire()]);
  await book.sql(`SELECT data_ingestion.ensure_month('2024-03-01')`);
  await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ('AAPL', 'Apple', 'NASDAQ', true, true, false)`);
  await book.sql(`INSERT INTO data_ingestion.market_data VALUES ('AAPL', '1Min', $1, 100, 100, 100, 100, 1, 'test', now())`, [new Date(BAR).toISOString()]);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ('AAPL', '1Min', $1, 100, 1, 0, now())`, [new Date(BAR).toISOString()]);
  await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('T', 1000000, 1000000, now())`);
  await book.sql(`BEGIN; INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ('sma', 's', 'sma_cross', '{*}', '1Min', '{}', '{}', 'sma.v1');
    INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) VALUES ('sma.v1', 'sma', 1, 'sma_cross', '{}', '{"method":"fixed_notional","notional":"100"}', 'h'); COMMIT`);
  strategyDb = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'strategy_engine', max: 2, onLost: () => undefined });
  config = testConfig('risk_management', { book, wire }, await freePorts());
  worker = startWorker(config);
  await worker.ready();
});
afterAll(async () => {
  await worker.stop();
  await strategyDb.close();
  await Promise.all([book.stop(), wire.stop()]);
});

async function raise(first: number, count: number): Promise<void> {
  await strategyDb.tx(async (tx) => {
    for (let n = first; n < first + count; n += 1) {
      tx.emit({ topic: 'signal.raised', key: `s${n}`, correlationId: `s${n}`, payload: {
        signalId: `s${n}`, strategyId: `sma${n}`, strategyVersionId: 'sma.v1', symbol: 'AAPL', timeframe: '1Min', barOpenTime: BAR, tsMarket: BAR + 60_000, tsBarSeen: BAR, target: 'long', weight: null, order: null, cancels: null, referencePrice: '100', atr: null, protection: null, reasons: [],
      } });
    }
    await tx.query('SELECT 1');
  });
}
const count = async (sql: string): Promise<number> => (await book.sql<{ n: number }>(sql))[0]?.n ?? -1;
const leaseSeconds = async (): Promise<number> => Number((await book.sql<{ s: string }>('SELECT extract(epoch FROM expires_at - clock_timestamp())::text AS s FROM risk_management.risk_lease'))[0]?.s);

it('decides what it hears, keeps its lease, and says that it is well', async () => {
  await raise(0, 10);
  await until(async () => (await count('SELECT count(*) AS n FROM risk_management.risk_decisions')) === 10, 'ten decisions');
  expect(await leaseSeconds()).toBeGreaterThan(5);
  const port = config.units.risk_management?.port ?? 0;
  const report = WorkerHealthSchema.parse(await (await fetch(`http://127.0.0.1:${port}/health`)).json());
  expect(report).toMatchObject({ ready: true, detail: { lease: { ok: true } } });
});

it('answers a person over HTTP, once per key', async () => {
  const order = { idempotencyKey: 'order-0001', actor: 'owner', symbol: 'AAPL', side: 'buy', type: 'limit', timeInForce: 'day', qty: '3', limitPrice: '99.5' } as const;
  const first = await callCommand(config, 'manualOrder', order);
  expect(first).toMatchObject({ outcome: 'approved', reservedNotional: '298.5' });
  expect(await callCommand(config, 'manualOrder', order)).toEqual(first);
  await expect(callCommand(config, 'manualOrder', { ...order, qty: '4' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  await expect(callCommand(config, 'manualOrder', { ...order, limitPrice: null })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

it('survives kills without deciding twice or forgetting', async () => {
  for (let round = 0; round < 3; round += 1) {
    await raise(100 + round * 40, 40);
    await worker.kill();
    await raise(120 + round * 40 + 1_000, 5);
    worker = startWorker(config);
    await worker.ready();
  }
  await until(async () => (await count(`SELECT count(*) AS n FROM risk_management.risk_decisions WHERE source = 'strategy'`)) === 10 + 3 * 45, 'all decisions');
  expect(await count(`SELECT count(*) AS n FROM risk_management.outbox WHERE topic IN ('order.approved', 'order.denied') AND payload->>'source' = 'strategy'`)).toBe(10 + 3 * 45);
  expect(await count(`SELECT count(*) - count(DISTINCT key) AS n FROM risk_management.outbox WHERE topic = 'order.approved'`)).toBe(0);
  const limits = await book.sql<{ used: string }>(`SELECT sum((payload->>'reservedNotional')::numeric)::text AS used FROM risk_management.outbox WHERE topic = 'order.approved'`);
  expect(Number(limits[0]?.used)).toBeLessThanOrEqual(20_000);
});

it('gives its lease back when it stops', async () => {
  expect(await worker.stop()).toBe(0);
  expect(await leaseSeconds()).toBeLessThanOrEqual(0);
  expect(await count('SELECT count(*) AS n FROM risk_management.risk_limits')).toBe(1);
});
