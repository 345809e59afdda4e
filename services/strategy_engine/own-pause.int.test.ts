/** Strategies that the engine pauses by itself, over a real book: by the loss of a day, whosever they are, and by batches that were slow. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { CellCache, type ClosedBar } from './cells.ts';
import { setStrategyLimits, startStrategy, type DeployParts } from './deploy-state.ts';
import { seedStrategies } from './deployments.ts';
import { createEngine, type Engine } from './engine.ts';
import { applyLive, type LiveRun } from './live-apply.ts';
import { writeOutcome, type Out } from './live-engine.ts';
import { SLOW_MS, type Ran } from './live-process.ts';
import { loadAuthored } from './live-roster.ts';
import type { Warmer } from './live-warm.ts';
import { deployAsk } from './testing-deploy.ts';
import { MARKET_SYMBOLS, testMarket } from './testing-market.ts';

const { limits: LIMITS } = deployAsk('any', 1);
const BARS = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
const OPEN = BARS[0]?.openTime ?? 0;
/** Nobody here is warmed up. */
const warmer: Warmer = { ask: () => undefined, askAll: () => Promise.resolve(), idle: () => Promise.resolve() };

let book: Book;
let db: Db;

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql(`TRUNCATE strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_signals, strategy_engine.strategy_state, strategy_engine.strategy_log, strategy_engine.strategy_errors, strategy_engine.projects,
    strategy_engine.outbox, data_ingestion.symbols, data_ingestion.ingestion_status, execution.trades, execution.strategy_positions, logging.audit_log CASCADE`);
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
  await db.tx((tx) => seedStrategies(tx, 'demo'));
});

const paused = () => book.sql<{ id: string }>('SELECT strategy_id AS id FROM strategy_engine.strategies WHERE NOT is_enabled ORDER BY 1').then((rows) => rows.map(({ id }) => id));
const why = async (strategyId: string) => (await book.sql<{ paused: unknown }>('SELECT paused FROM strategy_engine.strategies WHERE strategy_id = $1', [strategyId]))[0]?.paused;
const notices = () => book.sql(`SELECT payload->>'strategyId' AS id, payload->>'by' AS by, payload->'held' AS held FROM strategy_engine.outbox WHERE topic = 'strategy.paused' ORDER BY seq`);

describe('the loss of a day of a strategy of the house', () => {
  let seq = 0;
  const hear = (engine: Engine, minute: number, isBackfill = false): Promise<void> => db.tx((tx) => engine.hear(tx, BARS.slice(minute * MARKET_SYMBOLS.length, (minute + 1) * MARKET_SYMBOLS.length).map((bar): EventEnvelope => (
    { producer: 'data_ingestion', seq: (seq += 1), topic: 'bar.closed', key: `${bar.symbol}:1Min:${bar.openTime}`, correlationId: 'test', tsWritten: 1, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill } }))));

  /** Ten SPY, bought for $100 in the session by each of these, and worth `close` now. */
  async function bought(strategyIds: readonly string[], close: string): Promise<void> {
    await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ('SPY', '1Min', to_timestamp($1 / 1000.0), $2, 1, 0, now())`, [OPEN + 9 * MINUTE_MS, close]);
    for (const id of strategyIds) {
      await book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($1, 'SPY', 10, 100, 0, now())`, [id]);
      // The order of the fill is not what is looked at here.
      await book.sql(`SET session_replication_role = replica; INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, ts_event, ts_seen, source, ledger_seq) VALUES ('${id}', '${id}', '${id}', 'SPY', 'buy', 10, 100, 0, to_timestamp(${OPEN / 1_000}), now(), 'test', ${id.length}); SET session_replication_role = origin`);
    }
  }
  const worth = (close: string) => book.sql(`UPDATE data_ingestion.ingestion_status SET last_close = $1 WHERE symbol = 'SPY'`, [close]);

  it('pauses it at the limit that was set for it, tells a person, and leaves one without a limit alone', async () => {
    const told: string[] = [];
    const engine = createEngine({ loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined }, (ids) => told.push(...ids));
    await engine.load(db);
    const parts: DeployParts = { db, engine, warmer };
    await setStrategyLimits(parts, { strategyId: 'sma_cross', limits: { ...LIMITS, maxDailyLoss: '50' }, actor: 'ann', idempotencyKey: 'limits-1' });
    await bought(['sma_cross', 'rsi_reversion'], '95.01');
    await hear(engine, 1);
    expect(await paused(), 'a cent below the limit').toEqual([]);
    await worth('95');
    await hear(engine, 2);
    expect(await paused()).toEqual(['sma_cross']);
    expect(await why('sma_cross')).toMatchObject({ by: 'daily_loss', why: expect.stringMatching(/lost \$50\.00 .* limit is \$50$/) as unknown });
    expect(await notices()).toEqual([{ id: 'sma_cross', by: 'daily_loss', held: [{ symbol: 'SPY', qty: '10' }] }]);
    expect(told).toEqual(['sma_cross']);
    expect(engine.deployments().find(({ strategyId }) => strategyId === 'sma_cross')?.isEnabled ?? false, 'until the book is read again').toBe(true);
    await hear(engine, 3);
    expect(engine.deployments().find(({ strategyId }) => strategyId === 'sma_cross')?.isEnabled).toBe(false);
    expect(await notices(), 'once').toHaveLength(1);
    // Whoever starts it again on a day on which it has lost too much is told again.
    await startStrategy(parts, { strategyId: 'sma_cross', actor: 'ann', idempotencyKey: 'start-1' });
    await hear(engine, 4);
    expect([await paused(), (await notices()).length]).toEqual([['sma_cross'], 2]);
  });

  it('judges the day that the market stands in, also on bars that come late', async () => {
    const engine = createEngine({ loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined });
    await engine.load(db);
    await setStrategyLimits({ db, engine, warmer }, { strategyId: 'sma_cross', limits: { ...LIMITS, maxDailyLoss: '50' }, actor: 'ann', idempotencyKey: 'limits-2' });
    // What it lost yesterday is not today's loss, though bars of yesterday are only shown now.
    await bought(['sma_cross'], '80');
    const day = 24 * 60 * MINUTE_MS;
    await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
    await book.sql(`INSERT INTO data_ingestion.market_data (symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen) VALUES ('SPY', '1Min', to_timestamp($1 / 1000.0), 80, 80, 80, 80, 1, 'test', now())`, [OPEN + 300 * MINUTE_MS]);
    await book.sql(`UPDATE data_ingestion.ingestion_status SET last_open_time = to_timestamp($1 / 1000.0)`, [OPEN + day]);
    await hear(engine, 5, true);
    expect(await paused()).toEqual([]);
    await worth('75');
    await hear(engine, 6, true);
    expect(await paused()).toEqual(['sma_cross']);
  });
});

describe('slow batches', () => {
  /** Makes the house's rules an authored strategy's row: what is at work is played below. */
  async function authored(): Promise<void> {
    await book.sql(`INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('slow', 'slow', 1)`);
    const facts = { kind: 'slow', title: 'Slow', scope: 'symbol', symbols: [1, 1], usesShorts: false, usesOrders: false, warmUp: 1 };
    await book.sql(`UPDATE strategy_engine.strategy_versions SET project_id = 'slow', project_version = 1, facts = $1::jsonb WHERE strategy_id = 'sma_cross'`, [JSON.stringify(facts)]);
    await book.sql(`UPDATE strategy_engine.strategies SET project_id = 'slow', limits = $1::jsonb, is_warm = true WHERE strategy_id = 'sma_cross'`, [JSON.stringify(LIMITS)]);
  }

  /** A batch for which its process takes `tookMs`, as the lane writes it. */
  async function batch(tookMs: number, isLive = true): Promise<Out> {
    const { deployments } = await loadAuthored(db);
    const ran: Ran = { said: [], states: new Map(), lines: [], dropped: 0, tookMs };
    const run: LiveRun = { processOf: () => ({ run: () => Promise.resolve(ran), current: null }), limitMs: 5_000, isLive };
    const bars: ClosedBar[] = BARS.slice(0, 1).map((bar) => ({ ...bar, tsSeen: bar.openTime + MINUTE_MS, isQuiet: false, correlationId: 'test' }));
    return db.tx(async (tx) => {
      const outcome = await applyLive({ deployments, cells: new CellCache(), isWatched: () => true }, bars, run);
      return writeOutcome(tx, { ...outcome, moved: [] }, deployments);
    });
  }

  it('pause after three in a row, in words, and a quick one between begins the count anew', async () => {
    await authored();
    expect(await batch(SLOW_MS + 1)).toEqual({ paused: [], behind: [] });
    await batch(SLOW_MS + 1);
    await batch(SLOW_MS);
    await batch(SLOW_MS + 1);
    await batch(SLOW_MS + 1);
    expect(await paused()).toEqual([]);
    expect(await batch(SLOW_MS + 1)).toEqual({ paused: ['sma_cross'], behind: [] });
    expect(await why('sma_cross')).toMatchObject({ by: 'errors', why: 'It needed nearly all of the time that a strategy has for its bars, 3 times in a row' });
    expect(await notices()).toEqual([{ id: 'sma_cross', by: 'errors', held: [] }]);
    expect((await loadAuthored(db)).deployments, 'it sees no more bars').toEqual([]);
  });

  it('are not counted over stored bars, for which nobody waits', async () => {
    await authored();
    for (let n = 0; n < 4; n += 1) await batch(SLOW_MS + 1, false);
    expect(await paused()).toEqual([]);
    expect(await book.sql('SELECT 1 FROM strategy_engine.strategy_errors WHERE slow_in_a_row > 0')).toEqual([]);
  });
});
