/** Authored strategies with strange output, over a real book: their own error, and nobody else's. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { outboxRows } from '#chassis/outbox.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { SMA_CROSS, SMA_CROSS_DEFAULTS } from '../research/sandbox/testing-sources.ts';
import { deployStrategy } from './deploy-strategy.ts';
import { createEngine, type EngineListener } from './engine.ts';
import { bothEngines } from './live-both.ts';
import { createLiveEngine, type LiveEngine } from './live-engine.ts';
import type { Warmer } from './live-warm.ts';
import { deployAsk, writeProject } from './testing-deploy.ts';
import { MARKET_SYMBOLS, saidBy, testMarket } from './testing-market.ts';

const silent: EngineListener = { loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined };
const BARS = testMarket(1).slice(5 * MARKET_SYMBOLS.length).filter(({ symbol }) => symbol === 'SPY').slice(0, 200);

// Processes are started in every test, and a loaded computer takes seconds for each.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let book: Book;
let db: Db;
let risk: Db;
let live: LiveEngine;

beforeAll(async () => {
  book = await startBook();
  const open = (role: 'strategy_engine' | 'risk_management'): Db => openDb({ access: book.access(role), database: 'trading_system', schema: role, applicationName: 'test', max: 4, onLost: () => undefined });
  [db, risk] = [open('strategy_engine'), open('risk_management')];
});
afterAll(async () => {
  await db.close();
  await risk.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql(`TRUNCATE strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_signals, strategy_engine.strategy_state, strategy_engine.strategy_log, strategy_engine.strategy_errors, strategy_engine.projects,
    strategy_engine.project_versions, strategy_engine.project_checks, strategy_engine.backtests, strategy_engine.outbox, data_ingestion.symbols, data_ingestion.market_data, data_ingestion.ingestion_status, logging.audit_log CASCADE`);
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
  live = createLiveEngine({ book: db, listener: silent, onPaused: () => undefined, onBehind: () => undefined });
});
afterEach(() => live[Symbol.dispose]());

/** A strategy that does at its third bar what is asked of it. */
const odd = (then: string): string => `import { log, strategy } from 'mainspring';
export default strategy({
  kind: 'odd', title: 'Odd', description: 'Strange', scope: 'symbol', usesOrders: true, parameters: {}, initialState: () => ({ bars: 0, kept: '' }),
  onBar({ on, state }) {
    state.bars += 1;
    if (state.bars === 3) { ${then} }
  },
});
`;

/** Deploys it for SPY, warm at once: there is nothing stored that it could have missed. */
async function deploy(projectId: string, source: string): Promise<string> {
  const warmer: Warmer = { ask: () => undefined, askAll: () => Promise.resolve(), idle: () => Promise.resolve() };
  const version = await writeProject(book, projectId, source, source === SMA_CROSS ? SMA_CROSS_DEFAULTS : {});
  const screener = { run: () => Promise.reject(new Error('nobody asks for a screen here')) };
  const parts = { db, engine: bothEngines(createEngine(silent), live), live, warmer, screener, mode: 'demo', libraryDir: null } as const;
  const { strategyId } = await deployStrategy(parts, deployAsk(projectId, version, { symbols: ['SPY'], limits: { ...deployAsk('x', 1).limits, maxErrors: 1 } }));
  await book.sql('UPDATE strategy_engine.strategies SET is_warm = true');
  live.forget();
  return strategyId;
}

let seq = 0;
const events = (bars: readonly BarWire[]): EventEnvelope[] =>
  bars.map((bar) => ({ producer: 'data_ingestion', seq: (seq += 1), topic: 'bar.closed', key: `${bar.symbol}:1Min:${bar.openTime}`, correlationId: 'test', tsWritten: 1, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill: false } }));
async function hearAll(): Promise<void> {
  for (let start = 0; start < BARS.length; start += 20) await db.tx((tx) => live.hear(tx, events(BARS.slice(start, start + 20))));
}
/** What risk reads, from the very first event on. */
const readByRisk = (): Promise<EventEnvelope[]> => outboxRows(risk, 'strategy_engine', 0, 1_000);
const says = (told: readonly EventEnvelope[], strategyId: string): string[] => told.flatMap(({ topic, payload }) => (topic === 'signal.raised' && payload.strategyId === strategyId ? [`${payload.barOpenTime} ${payload.target}`] : []));
const lines = (strategyId: string) => book.sql<{ level: string; line: string }>('SELECT level, line FROM strategy_engine.strategy_log WHERE strategy_id = $1 ORDER BY id', [strategyId]);
const houseSays = saidBy(['sma_cross'], BARS).map(({ signal_id, target }) => `${signal_id.split(':')[2]} ${target}`);

describe('what cannot be written', () => {
  it.each([
    ['a take-profit of 1e17', 'on.long({ takeProfitPrice: 1e17 })', /takeProfitPrice 100000000000000000 of SPY is no price/],
    ['an order of 1e16 shares', "on.submit({ side: 'buy', qty: 1e16 })", /an order of SPY has qty 10000000000000000/],
    ['a weight of 1e15', 'on.weight(1e15)', /weight\(1000000000000000\) of SPY is no part of the equity/],
    ['an error with a half letter at its end', "throw new Error('\\u0000' + 'x'.repeat(1_900) + '\\u{1F600}'.repeat(100))", /Line 6: Error: x{1900}/],
  ])('is an error of its strategy, which is paused: %s; another one and risk go on', async (_, then, words) => {
    const bad = await deploy('odd', odd(then));
    const good = await deploy('my_cross', SMA_CROSS);
    await hearAll();
    const told = await readByRisk();
    expect(says(told, good)).toEqual(houseSays);
    expect(houseSays.length).toBeGreaterThan(2);
    expect(says(told, bad)).toEqual([]);
    const paused = told.filter(({ topic }) => topic === 'strategy.paused');
    expect(paused).toMatchObject([{ payload: { strategyId: bad, by: 'errors', why: expect.stringMatching(words) as unknown } }]);
    expect(await lines(bad)).toMatchObject([{ level: 'error', line: expect.stringMatching(words) as unknown }]);
    expect(await book.sql(`SELECT after->>'by' AS by FROM logging.audit_log WHERE action = 'strategy.set_enabled' AND actor = 'strategy_engine'`)).toEqual([{ by: 'errors' }]);
  });

  it('is made plain where it is only words: reasons, lines, and a memory that holds them comes back as it was', async () => {
    const strange = "state.kept = 'a\\u0000\\ud83d'; log('x'.repeat(499) + '\\u{1F600}'); log('a\\u0000b', 'warn'); on.long({ reasons: () => [{ name: 'a\\u0000', value: '\\ud83d', threshold: null }] });";
    const strategyId = await deploy('odd', `${odd(strange).replace("if (state.bars === 3)", "if (state.bars === 5) { if (state.kept !== 'a\\u0000\\ud83d') throw new Error('forgotten'); on.flat(); }\n    if (state.bars === 3)")}`);
    await hearAll();
    const told = await readByRisk();
    expect(told.map(({ topic, payload }): unknown[] => [topic, Reflect.get(payload, 'target'), Reflect.get(payload, 'reasons')])).toEqual([['signal.raised', 'long', [{ name: 'a', value: '\uFFFD', threshold: null }]], ['signal.raised', 'flat', []]]);
    expect(await book.sql(`SELECT reasons FROM strategy_engine.strategy_signals WHERE target = 'long'`)).toEqual([{ reasons: [{ name: 'a', value: '\uFFFD', threshold: null }] }]);
    expect(await lines(strategyId)).toEqual([{ level: 'info', line: `${'x'.repeat(499)}\uFFFD` }, { level: 'warn', line: 'ab' }]);
  });
});
