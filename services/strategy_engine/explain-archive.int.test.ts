/** A bar explained whose months were put away: the same answer as before, and no answer where the file is lost. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExplainedBar } from '#app/contracts/explain.ts';
import { DAY_MS, MINUTE_MS } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { archiveUnit } from '../data_ingestion/archive.ts';
import { createExplainer } from './explain.ts';
import { testMarket } from './testing-market.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-explain-away-'));
const archiveFolder = path.join(folder, 'archive');
/** 10:00 in New York of the last July session, of the first August one, and a Saturday between. */
const [JULY, AUGUST, SATURDAY] = [Date.UTC(2024, 6, 31, 14), Date.UTC(2024, 7, 1, 14), Date.UTC(2024, 6, 27, 14)];
let book: Book;
let db: Db;
let writer: Db;

beforeAll(async () => {
  book = await startBook();
  const open = (schema: 'strategy_engine' | 'data_ingestion'): Db => openDb({ access: book.access(schema), database: 'trading_system', schema, applicationName: 'test', max: 4, onLost: () => undefined });
  [db, writer] = [open('strategy_engine'), open('data_ingestion')];
  await book.sql('BEGIN');
  await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ('away', 'Away', 'rsi_reversion', '{SPY}', '1Min', '{"period": 5}', '{}', 'away.v1')`);
  await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, created_at) VALUES ('away.v1', 'away', 1, 'rsi_reversion', '{"period": 5}', '{}', 'x', '2024-06-01')`);
  await book.sql('COMMIT');
  const bars = testMarket(24).filter((bar) => bar.symbol === 'SPY');
  for (const month of ['2024-07-01', '2024-08-01']) await book.sql('SELECT data_ingestion.ensure_month($1)', [month]);
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT b.symbol, '1Min', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, 'stream', to_timestamp(b.ms / 1000.0 + 60)
     FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[]) AS b(symbol, ms, open, high, low, close, volume)`,
    [bars.map((b) => b.symbol), bars.map((b) => b.openTime), bars.map((b) => b.open), bars.map((b) => b.high), bars.map((b) => b.low), bars.map((b) => b.close), bars.map((b) => b.volume)],
  );
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) SELECT symbol, timeframe, max(open_time), 1, count(*), now(), min(open_time) FROM data_ingestion.market_data GROUP BY 1, 2`);
  await book.sql(`INSERT INTO strategy_engine.strategy_state (strategy_version_id, symbol, last_open_time, version, state) VALUES ('away.v1', 'SPY', to_timestamp($1::bigint / 1000.0), 9000, '{}')`, [AUGUST + DAY_MS]);
}, 60_000);
afterAll(async () => {
  await Promise.all([db.close(), writer.close()]);
  await book.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('is the same out of the book, and out of the archive; a lost file is told, and nothing made up', async () => {
  const explainBar = createExplainer({ book: db, archiveFolder });
  const ask = (from: number): Promise<ExplainedBar> => explainBar({ strategyId: 'away', symbol: 'SPY', from, until: from + MINUTE_MS });
  const looked = ({ bar, replay, isUnseen, isDeployed }: ExplainedBar): unknown => ({ isUnseen, isDeployed, close: bar?.close, bars: replay?.barsReplayed, checks: replay?.checks, indicators: replay?.indicators, said: replay?.said });
  const before = [await ask(JULY), await ask(AUGUST)];
  expect(before.map(({ problem, isUnseen, replay }) => [problem, isUnseen, (replay?.barsReplayed ?? 0) > 30])).toEqual([[null, false, true], [null, false, true]]);
  await archiveUnit({ db: writer, folder: archiveFolder, bulk: { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'test' } }, { month: '2024-07', timeframe: '1Min' });
  expect(await book.sql(`SELECT 1 FROM data_ingestion.market_data WHERE open_time < '2024-08-01' LIMIT 1`)).toEqual([]);
  const [july, august] = [await ask(JULY), await ask(AUGUST)];
  expect([july, august].map(looked)).toEqual(before.map(looked));
  expect(july?.replay?.notes.join()).toMatch(/The bar lies in the archive/);
  // A Saturday has no bar, and its neighbours lie in the file.
  expect(await ask(SATURDAY)).toMatchObject({ bar: null, problem: null, nearest: { before: Date.UTC(2024, 6, 26, 20, 4), after: Date.UTC(2024, 6, 29, 13, 25) } });
  renameSync(archiveFolder, `${archiveFolder}-away`);
  const [gone, short] = [await ask(JULY), await ask(AUGUST)];
  expect([gone.bar, gone.replay, short.replay]).toEqual([null, null, null]);
  expect(gone.problem).toMatch(/archived bars of 2024-07 cannot be read/);
  expect(short.problem).toMatch(/cannot all be read: .*2024-07/);
});

it('never says that it warmed up where it had seen enough, and the bars of that time are gone', async () => {
  renameSync(`${archiveFolder}-away`, archiveFolder);
  const explainBar = createExplainer({ book: db, archiveFolder });
  await book.sql(`UPDATE data_ingestion.archived_months SET state = 'restored', restored_at = now()`);
  await book.sql(`DELETE FROM data_ingestion.market_data WHERE open_time < to_timestamp($1::bigint / 1000.0)`, [AUGUST - MINUTE_MS]);
  const { replay, warmUp, problem } = await explainBar({ strategyId: 'away', symbol: 'SPY', from: AUGUST, until: AUGUST + MINUTE_MS });
  expect([replay, warmUp]).toEqual([null, null]);
  expect(problem).toMatch(/more bars by then than can be run again/);
});
