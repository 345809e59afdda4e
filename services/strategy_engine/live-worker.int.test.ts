/** Authored strategies in the real process of the engine: deployed over HTTP, killed in mid-work, beside one that hangs. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { callCommand } from '#chassis/commands.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { freePorts, startWorker, testConfig, type TestWorker } from '../../tests/support/worker.ts';
import { SMA_CROSS, SMA_CROSS_DEFAULTS } from '../research/sandbox/testing-sources.ts';
import { deployAsk, writeProject } from './testing-deploy.ts';
import { MARKET_SYMBOLS, saidBy, testMarket } from './testing-market.ts';

// Processes are started in processes: a loaded computer takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

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

async function say(bars: readonly BarWire[]): Promise<void> {
  await ingestion.tx(async (tx) => {
    for (const bar of bars) {
      const key = `${bar.symbol}:${bar.timeframe}:${bar.openTime}`;
      tx.emit({ topic: 'bar.closed', key, correlationId: key, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill: false } });
    }
    await tx.query('SELECT 1');
  });
}

const behind = async (lane: string): Promise<number | undefined> =>
  (await book.sql<{ n: number }>(`SELECT h.seq - o.seq AS n FROM data_ingestion.outbox_head h JOIN strategy_engine.inbox_offset o ON o.producer = $1`, [lane]))[0]?.n;
const signals = (strategyId: string) => book.sql<{ signal_id: string; target: string }>(`SELECT payload->>'signalId' AS signal_id, payload->>'target' AS target FROM strategy_engine.outbox WHERE topic = 'signal.raised' AND payload->>'strategyId' = $1 ORDER BY seq`, [strategyId]);
const state = async (strategyId: string) => (await book.sql<{ is_enabled: boolean; is_warm: boolean; by: string | null }>(`SELECT is_enabled, is_warm, paused->>'by' AS by FROM strategy_engine.strategies WHERE strategy_id = $1`, [strategyId]))[0];

const HANGS = `import { strategy } from 'mainspring';
export default strategy({ kind: 'hangs', title: 'Hangs', description: 'For ever', scope: 'symbol', parameters: {}, initialState: () => ({ n: 0 }), onBar({ state }) { for (;;) state.n += 1; } });
`;

it('raises what the same rules raise in the house, through kills of the engine and beside a strategy that hangs and holds up nobody', async () => {
  const config = testConfig('strategy_engine', { book, wire }, await freePorts());
  const bars = testMarket(1).slice(0, 150 * MARKET_SYMBOLS.length);
  worker = startWorker(config);
  await worker.ready();
  const cross = await writeProject(book, 'my_cross', SMA_CROSS, SMA_CROSS_DEFAULTS);
  const ask = deployAsk('my_cross', cross, { parameters: { fast: 10, slow: 30 } });
  const deployed = await callCommand(config, 'deployStrategy', ask);
  expect(deployed).toEqual({ strategyId: 'my_cross', versionId: 'my_cross.v1', state: 'running' });
  expect(await callCommand(config, 'deployStrategy', ask)).toEqual(deployed);
  await expect(callCommand(config, 'deployStrategy', { ...ask, idempotencyKey: 'other-key-1', version: cross + 1 })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  await expect(callCommand(config, 'deployStrategy', { ...ask, idempotencyKey: 'other-key-2', parameters: { fast: 50, slow: 30 } })).rejects.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
  await expect(callCommand(config, 'deployStrategy', { ...ask, idempotencyKey: 'other-key-4', parameters: { fast: 11, slow: 30 } })).rejects.toMatchObject({ code: 'GATE_CLOSED', message: expect.stringContaining('back-tested with other parameters only: fast 10, slow 30, stopAtr 0') as string });
  await expect(callCommand(config, 'deployStrategy', { ...ask, idempotencyKey: 'other-key-3', symbols: ['NOPE'] })).rejects.toMatchObject({ code: 'SYMBOL_UNKNOWN' });
  await until(async () => (await state('my_cross'))?.is_warm === true, 'the strategy to be warm', 60_000);

  for (let start = 0, n = 0; start < bars.length; start += 90, n += 1) {
    await say(bars.slice(start, start + 90));
    if (n !== 1 && n !== 3) continue;
    await worker.kill();
    worker = startWorker(config);
    await worker.ready();
  }
  await until(async () => (await behind('data_ingestion/authored')) === 0 && (await behind('data_ingestion')) === 0, 'both lanes', 120_000);
  expect(await signals('my_cross')).toEqual(saidBy(['sma_cross'], bars).map(({ signal_id, target }) => ({ signal_id: signal_id.replace('sma_cross.v1', 'my_cross.v1'), target })));
  expect((await signals('my_cross')).length).toBeGreaterThan(5);
  expect(await signals('sma_cross')).toHaveLength((await signals('my_cross')).length);

  await writeProject(book, 'hangs', HANGS);
  await callCommand(config, 'deployStrategy', deployAsk('hangs', 1));
  await until(async () => (await state('hangs'))?.is_warm === true, 'it to be warm', 60_000);
  const more = testMarket(1).slice(bars.length, bars.length + 5 * MARKET_SYMBOLS.length);
  for (let n = 0; n < 5; n += 1) {
    await say(more.slice(n * MARKET_SYMBOLS.length, (n + 1) * MARKET_SYMBOLS.length));
    // The house has its bars while the other lane waits for the one that hangs.
    await until(async () => (await behind('data_ingestion')) === 0, 'the house', 30_000);
    await until(async () => (await behind('data_ingestion/authored')) === 0, 'the authored ones', 60_000);
    // After an error it is shown what it missed before it is in its lane again.
    await until(async () => {
      const now = await state('hangs');
      return now?.is_warm === true || now?.by === 'errors';
    }, 'it to be in its lane again, or paused', 60_000);
  }
  expect(await state('hangs')).toMatchObject({ is_enabled: false, by: 'errors' });
  expect(await state('my_cross')).toMatchObject({ is_enabled: true, by: null });
  const health = await callCommand(config, 'strategyResources', {});
  expect(Object.keys(health.resources)).toEqual(['my_cross']);
});
