/** What pages are told of deployed strategies, out of a real book. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DEPLOY_ROUTES } from '#app/contracts/http-deploy.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../../tests/support/servers.ts';
import { readCard, readCards, readLog, readParity, readSetting, readShareOf, readSignalsOf } from './deployed.ts';

let book: Book;
let db: Db;
const OPEN = Date.UTC(2024, 6, 1, 13, 30);
const engine = { resources: null, problems: {} };

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'test', max: 3, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql(`TRUNCATE strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_signals, strategy_engine.strategy_log, strategy_engine.strategy_errors, strategy_engine.projects, strategy_engine.project_versions, data_ingestion.symbols, data_ingestion.ingestion_status,
    risk_management.risk_decisions, execution.strategy_positions, execution.trades, analytics.parity_days CASCADE`);
  await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ('SPY', 'SPY', 'X', true, true, true, true)`);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status SELECT 'SPY', '1Min', to_timestamp($1 / 1000.0), 101, 10, 0, now()`, [OPEN + 600_000]);
  await book.sql(`INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('mine', 'Mine', 7)`);
  const parameters = JSON.stringify({ fast: 5 });
  for (const [id, project, version] of [['mine', 'mine', 3], ['of_the_house', null, null]] as const) {
    await book.sql(
      `WITH version AS (INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, project_id, project_version) VALUES ($1 || '.v1', $1, 1, 'kind', $2::jsonb, '{"method":"fixed_notional","notional":"1000"}', 'x', $3, $4))
       INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, is_enabled, current_version_id, project_id, limits) VALUES ($1, $1, 'kind', '{SPY}', '1Min', $2::jsonb, '{"method":"fixed_notional","notional":"1000"}', true, $1 || '.v1', $3, $5::jsonb)`,
      [id, parameters, project, version, project === null ? null : JSON.stringify({ maxNotional: '1000', maxOrdersPerDay: 5, maxDailyLoss: '50', maxErrors: 3 })]);
  }
});

it('shows authored strategies first, with their project, limits, errors, parity and what they hold and made today', async () => {
  await book.sql(`INSERT INTO strategy_engine.strategy_errors (strategy_version_id, errors, errors_in_a_row) VALUES ('mine.v1', 4, 2)`);
  await book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ('mine', 'SPY', 10, 100, 3, now())`);
  await book.sql(`INSERT INTO analytics.parity_days (strategy_id, day, strategy_version_id, score, signals, signals_same, trades, trades_same, bars) VALUES ('mine', '2024-06-28', 'mine.v1', 98, 4, 4, 3, 2, 390)`);
  await book.sql(`INSERT INTO analytics.parity_differences (strategy_id, day, n, symbol, at, kind, reason) VALUES ('mine', '2024-06-28', 0, 'SPY', to_timestamp($1 / 1000.0), 'price', 'live paid more')`, [OPEN]);
  const cards = await readCards(db, { projectId: null, strategyId: null }, { mode: 'paper', engine });
  expect(cards.map(({ strategyId }) => strategyId)).toEqual(['mine', 'of_the_house']);
  expect(cards[0]).toMatchObject({
    state: 'running', problem: null, project: { projectId: 'mine', version: 3, newest: 7 }, errors: 4, errorsInARow: 2, openPositions: 1, realizedPnl: '3', openPnl: '10', todayPnl: '10',
    limits: { maxDailyLoss: '50' }, parity: { day: '2024-06-28', score: 98, differences: 1 }, pausedBy: null,
  });
  expect(cards[1]).toMatchObject({ project: null, limits: null, resource: null });
  const output = DEPLOY_ROUTES.deployed.output.parse({ deployed: cards, at: 1 });
  expect(output.deployed).toHaveLength(2);
  expect(await readShareOf(db, 'mine')).toEqual([{ symbol: 'SPY', qty: '10', avgPrice: '100', openPnl: '10' }]);
  expect(await readSetting(db, 'mine')).toEqual({ parameters: { fast: 5 }, sizing: { method: 'fixed_notional', notional: '1000' } });
  const days = DEPLOY_ROUTES.strategyParity.output.parse({ days: await readParity(db, 'mine', 5) });
  expect(days.days).toMatchObject([{ day: '2024-06-28', differences: [{ symbol: 'SPY', at: OPEN, reason: 'live paid more' }] }]);
  expect(await readCards(db, { projectId: 'mine', strategyId: null }, { mode: 'paper', engine })).toHaveLength(1);
});

it('says how each one stands, and why', async () => {
  const set = (sql: string) => book.sql(`UPDATE strategy_engine.strategies SET ${sql} WHERE strategy_id = 'mine'`);
  const look = async () => readCard(db, 'mine', { mode: 'demo', engine });
  await set('is_warm = false');
  expect(await look()).toMatchObject({ state: 'warming_up' });
  await set(`is_enabled = false, paused = '{"by":"errors","why":"3 errors","at":5}'`);
  expect(await look()).toMatchObject({ state: 'paused', pausedBy: 'errors', pausedWhy: '3 errors', since: 5 });
  await set('is_stopped = true');
  expect(await look()).toMatchObject({ state: 'stopped' });
  expect(await readCard(db, 'of_the_house', { mode: 'demo', engine: { resources: null, problems: { of_the_house: 'no such code' } } })).toMatchObject({ state: 'failed', problem: 'no such code' });
  await expect(readCard(db, 'nobody', { mode: 'demo', engine })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
});

it('tells signals with what risk said, and the log by pages', async () => {
  for (const n of [1, 2]) {
    await book.sql(`INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons) VALUES ($1, 'mine', 'mine.v1', 'SPY', '1Min', to_timestamp($2), to_timestamp($2), 'long', 100, '[{"name":"a","value":"1","threshold":null}]')`, [`s${n}`, n]);
  }
  await book.sql(`INSERT INTO risk_management.risk_decisions (decision_id, source, signal_id, strategy_id, symbol, outcome, code, message, limits_version, rules, ts_market) VALUES ('d1', 'strategy', 's1', 'mine', 'SPY', 'denied', 'TRADING_HALTED', 'Trading is halted', 1, '[]', now())`);
  const signals = await readSignalsOf(db, 'mine');
  expect(signals).toMatchObject([{ signalId: 's2', outcome: 'undecided', decisionId: null }, { signalId: 's1', outcome: 'denied', words: 'Trading is halted', reasons: [{ name: 'a', value: '1', threshold: '' }] }]);
  for (let n = 0; n < 5; n += 1) await book.sql(`INSERT INTO strategy_engine.strategy_log (strategy_id, strategy_version_id, level, line) VALUES ('mine', 'mine.v1', 'info', $1)`, [`line ${n}`]);
  const newest = await readLog(db, { strategyId: 'mine', afterSeq: null, limit: 3 });
  expect(newest.map(({ line }) => line)).toEqual(['line 2', 'line 3', 'line 4']);
  const after = await readLog(db, { strategyId: 'mine', afterSeq: newest[0]?.seq ?? 0, limit: 50 });
  expect(DEPLOY_ROUTES.strategyLog.output.parse({ lines: after }).lines.map(({ line }) => line)).toEqual(['line 3', 'line 4']);
});
