/** The strategy engine as a real process, killed in mid-work. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flowRunDetailSchema } from '#app/contracts/flows.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { callCommand } from '#chassis/commands.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { freePorts, startWorker, testConfig, type TestWorker } from '../../tests/support/worker.ts';
import { MARKET_SYMBOLS, saidBy, testMarket } from './testing-market.ts';

let book: Book;
let wire: Wire;
let ingestion: Db;
let worker: TestWorker | null = null;

beforeAll(async () => {
  [book, wire] = await Promise.all([startBook(), startWire()]);
  ingestion = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 2, onLost: () => undefined });
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
});
afterAll(async () => {
  if (worker) await worker.kill();
  await ingestion.close();
  await Promise.all([book.stop(), wire.stop()]);
});

/** Says bars as data_ingestion does: in its outbox, in one transaction. */
async function say(bars: readonly BarWire[]): Promise<void> {
  await ingestion.tx(async (tx) => {
    for (const bar of bars) {
      const key = `${bar.symbol}:${bar.timeframe}:${bar.openTime}`;
      tx.emit({ topic: 'bar.closed', key, correlationId: key, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill: false } });
    }
    await tx.query('SELECT 1');
  });
}

async function heardAll(): Promise<void> {
  await until(async () => {
    const [row] = await book.sql<{ behind: number }>(`SELECT h.seq - coalesce(o.seq, 0) AS behind FROM data_ingestion.outbox_head h LEFT JOIN strategy_engine.inbox_offset o ON o.producer = 'data_ingestion'`);
    return row?.behind === 0;
  }, 'the engine to hear everything');
}

it('raises each signal once through kills in the middle of the work, and obeys the switch', async () => {
  const config = testConfig('strategy_engine', { book, wire }, await freePorts());
  const bars = testMarket(2);
  worker = startWorker(config);
  await worker.ready();
  for (let start = 0, n = 0; start < bars.length; start += 150, n += 1) {
    await say(bars.slice(start, start + 150));
    if (n % 5 !== 2) continue;
    await worker.kill();
    worker = startWorker(config);
    await worker.ready();
  }
  await heardAll();
  const raised = await book.sql(`SELECT payload->>'signalId' AS signal_id, payload->>'target' AS target, payload->>'referencePrice' AS reference_price FROM strategy_engine.outbox ORDER BY seq`);
  expect(raised).toEqual(saidBy(['rsi_reversion', 'sma_cross'], bars));
  expect(raised.length).toBeGreaterThan(30);

  const request = { actor: 'ann', idempotencyKey: 'switch-off-1', strategyId: 'sma_cross', isEnabled: false };
  expect(await callCommand(config, 'setStrategyEnabled', request)).toEqual({ strategyId: 'sma_cross', isEnabled: false });
  await expect(callCommand(config, 'setStrategyEnabled', { ...request, idempotencyKey: 'switch-off-2', strategyId: 'nobody' })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
  const more = testMarket(4).slice(bars.length);
  await say(more);
  await heardAll();
  const later = await book.sql<{ strategy: string }>(`SELECT DISTINCT payload->>'strategyId' AS strategy FROM strategy_engine.outbox WHERE (payload->>'barOpenTime')::bigint >= $1`, [more[0]?.openTime]);
  expect(later).toEqual([{ strategy: 'rsi_reversion' }]);

  const health = await fetch(`http://127.0.0.1:${config.units.strategy_engine?.port ?? 0}/health`).then((response) => response.json() as Promise<{ ready: boolean }>);
  expect(health.ready).toBe(true);
  const metrics = await fetch(`http://127.0.0.1:${config.units.strategy_engine?.port ?? 0}/metrics`).then((response) => response.text());
  expect(metrics).toMatch(/mainspring_signals_raised_total\{.*strategy="rsi_reversion"/);
  expect(await worker.stop()).toBe(0);
}, 90_000);

it('runs generate_signals as a durable flow of the orchestrator', async () => {
  const units = await freePorts();
  const [engine, orchestrator] = [testConfig('strategy_engine', { book, wire }, units), testConfig('orchestrator', { book, wire }, units)];
  const conductor = startWorker(orchestrator);
  try {
    await conductor.ready();
    worker = startWorker(engine);
    await worker.ready();
    const ask = async (method: 'GET' | 'POST', path: string): Promise<{ status: number; body: unknown }> => {
      const body = method === 'POST' ? { body: '{"input":{}}' } : {};
      const response = await fetch(`http://127.0.0.1:${units.orchestrator?.port ?? 0}${path}`, { method, headers: { authorization: `Bearer ${engine.internalToken}`, 'content-type': 'application/json' }, ...body });
      return { status: response.status, body: await response.json() };
    };
    const runId = await until(async () => {
      const { status, body } = await ask('POST', '/api/deployments/generate_signals/run');
      return status === 200 && String(Reflect.get(Object(body) as object, 'runId'));
    }, 'generate_signals to be announced and started');
    const run = await until(async () => {
      const { status, body } = await ask('GET', `/api/runs/${encodeURIComponent(runId)}`);
      const seen = status === 200 ? flowRunDetailSchema.parse(body) : null;
      return seen?.state === 'COMPLETED' || seen?.state === 'FAILED' ? seen : null;
    }, 'generate_signals to end');
    expect(run).toMatchObject({ state: 'COMPLETED', owner: 'strategy_engine', output: { strategies: [{ strategyId: 'rsi_reversion', bars: 0 }, { strategyId: 'sma_cross', bars: 0 }] } });
    expect(run.steps.map((step) => step.name)).toEqual(['look for bars not seen', 'list new signals']);
    expect(await worker.stop()).toBe(0);
  } finally {
    await conductor.kill();
  }
}, 60_000);
