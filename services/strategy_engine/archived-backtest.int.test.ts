/** A back-test over months that were put away: the same bars, the same orders, the same manifest as before and after. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backtestResultSchema, type BacktestResult } from '#app/contracts/backtest.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { runFlowByHand } from '../../tests/support/run-flow.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { archiveUnit, restoreUnit } from '../data_ingestion/archive.ts';
import { barSource, loadAll } from './backtest-bars.ts';
import { seedStrategies } from './deployments.ts';
import { createEngine } from './engine.ts';
import { strategyFlows } from './flows.ts';
import { testMarket } from './testing-market.ts';

const UNIT = { month: '2024-07', timeframe: '1Min' } as const;
const folder = mkdtempSync(path.join(tmpdir(), 'ms-archived-'));
const archiveFolder = path.join(folder, 'archive');
let book: Book;
let db: Db;
let writer: Db;
let flows: FlowDefinition[] = [];

beforeAll(async () => {
  book = await startBook();
  const open = (schema: 'strategy_engine' | 'data_ingestion'): Db => openDb({ access: book.access(schema), database: 'trading_system', schema, applicationName: 'test', max: 4, onLost: () => undefined });
  db = open('strategy_engine');
  writer = open('data_ingestion');
  await db.tx((tx) => seedStrategies(tx, 'demo'));
  const engine = createEngine({ loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined });
  flows = strategyFlows({ db, engine, folder: path.join(folder, 'research'), bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } });
  const bars = testMarket(3);
  await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT b.symbol, '1Min', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, 'test', to_timestamp(b.ms / 1000.0 + 60)
     FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[]) AS b(symbol, ms, open, high, low, close, volume)`,
    [bars.map((b) => b.symbol), bars.map((b) => b.openTime), bars.map((b) => b.open), bars.map((b) => b.high), bars.map((b) => b.low), bars.map((b) => b.close), bars.map((b) => b.volume)],
  );
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) SELECT symbol, timeframe, max(open_time), 1, count(*), now(), min(open_time) FROM data_ingestion.market_data GROUP BY 1, 2`);
});
afterAll(async () => {
  await db.close();
  await writer.close();
  await book.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function outcome(runId: string): Promise<Pick<BacktestResult, 'ordersHash' | 'manifest' | 'endEquity' | 'figures'>> {
  const request = { kind: 'rsi_reversion', parameters: { period: 5 }, symbols: ['SPY'], from: '2024-07-01', to: '2024-07-03', hasChecks: false };
  const { output } = await runFlowByHand(flows.find((flow) => flow.name === 'backtest_strategy'), request, { runId });
  const [row] = await book.sql<{ result: unknown }>('SELECT result FROM strategy_engine.backtests WHERE backtest_id = $1', [(output as { backtestId: string }).backtestId]);
  const { ordersHash, manifest, endEquity, figures, trades } = backtestResultSchema.parse(row?.result);
  expect(trades.length).toBeGreaterThan(2);
  return { ordersHash, manifest, endEquity, figures };
}

it('gives the identical result from the book, from the archive, and from what was brought back', async () => {
  const parts = { db: writer, folder: archiveFolder, bulk: { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'test' } };
  const fromBook = await outcome('a:1');
  await archiveUnit(parts, UNIT);
  expect(await book.sql('SELECT 1 FROM data_ingestion.market_data LIMIT 1')).toEqual([]);
  expect(await outcome('a:2')).toEqual(fromBook);
  // Once read, the columns are kept; without them the file is needed.
  renameSync(archiveFolder, `${archiveFolder}-away`);
  expect(await outcome('a:3')).toEqual(fromBook);
  rmSync(path.join(folder, 'research', 'columns'), { recursive: true });
  await expect(outcome('a:4')).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  renameSync(`${archiveFolder}-away`, archiveFolder);
  // Bars of the archive count against the limit: none of these is in the database.
  const source = barSource({ db, bulk: parts.bulk, folder: path.join(folder, 'research') });
  const wanted = { symbols: ['SPY', 'NONE'], timeframe: '1Min', from: Date.UTC(2024, 6, 1), to: Date.UTC(2024, 6, 2) } as const;
  const { signal } = new AbortController();
  expect((await loadAll(source, wanted, { signal, most: 390 })).map(({ symbol, bars }) => `${symbol} ${bars.time.length}`)).toEqual(['SPY 390']);
  await expect(loadAll(source, wanted, { signal, most: 389 })).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
  await restoreUnit(parts, UNIT);
  expect(await outcome('a:5')).toEqual(fromBook);
});
