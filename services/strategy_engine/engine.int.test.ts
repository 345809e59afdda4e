/** The strategy engine over a real book. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { runFlowByHand } from '../../tests/support/run-flow.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import { catchUp, lookForLag } from './catch-up.ts';
import { applyBars } from './apply-bars.ts';
import { CellCache } from './cells.ts';
import { insertVersion, SEEDS, seedStrategies, type Deployment } from './deployments.ts';
import { strategyFlows } from './flows.ts';
import { createEngine, type Engine, type EngineListener } from './engine.ts';
import type { Warmer } from './live-warm.ts';
import { renewVersions } from './renew-versions.ts';
import { setStrategyEnabled } from './set-enabled.ts';
import { MARKET_SYMBOLS, saidBy, testMarket } from './testing-market.ts';

/** Nobody here is authored. */
const warmer: Warmer = { ask: () => undefined, askAll: () => Promise.resolve(), idle: () => Promise.resolve() };
const silent: EngineListener = { loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined };
type SignalRow = { signal_id: string; target: string; reference_price: string; atr: string | null };

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
  await book.sql(`TRUNCATE strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_signals, strategy_engine.strategy_state,
    strategy_engine.outbox, data_ingestion.symbols, data_ingestion.market_data, data_ingestion.ingestion_status, logging.audit_log CASCADE`);
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
  await db.tx((tx) => seedStrategies(tx, 'demo'));
});

let seq = 0;
const events = (bars: readonly BarWire[], isBackfill = false): EventEnvelope[] =>
  bars.map((bar) => ({ producer: 'data_ingestion', seq: (seq += 1), topic: 'bar.closed', key: `${bar.symbol}:1Min:${bar.openTime}`, correlationId: 'test', tsWritten: 1, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill } }));

async function started(): Promise<Engine> {
  const engine = createEngine(silent);
  await engine.load(db);
  return engine;
}
const hear = (engine: Engine, bars: readonly BarWire[], isBackfill = false): Promise<void> => db.tx((tx) => engine.hear(tx, events(bars, isBackfill)));
const told = () => book.sql<SignalRow>(`SELECT payload->>'signalId' AS signal_id, payload->>'target' AS target, payload->>'referencePrice' AS reference_price, payload->>'atr' AS atr FROM strategy_engine.outbox ORDER BY seq`);

const KINDS = ['rsi_reversion', 'sma_cross'];
const expected = (bars: readonly BarWire[]) => saidBy(KINDS, bars);

async function store(bars: readonly BarWire[]): Promise<void> {
  await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01'), data_ingestion.ensure_month('2024-08-01'), data_ingestion.ensure_month('2024-09-01')`);
  const column = <T>(pick: (bar: BarWire) => T): T[] => bars.map(pick);
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT b.symbol, '1Min', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, 'test', to_timestamp(b.ms / 1000.0 + 60)
     FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[]) AS b(symbol, ms, open, high, low, close, volume)`,
    [column((b) => b.symbol), column((b) => b.openTime), column((b) => b.open), column((b) => b.high), column((b) => b.low), column((b) => b.close), column((b) => b.volume)],
  );
  await book.sql(`INSERT INTO data_ingestion.ingestion_status SELECT symbol, timeframe, max(open_time), 1, count(*), 0, now() FROM data_ingestion.market_data GROUP BY symbol, timeframe
    ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = excluded.last_open_time`);
}

describe('seeding', () => {
  it('writes two strategies once, disabled when money is real, in versions that a restart keeps', async () => {
    expect(await db.tx((tx) => seedStrategies(tx, 'demo'))).toBe(0);
    expect(await db.tx(renewVersions)).toEqual([]);
    const rows = await book.sql('SELECT strategy_id, kind, symbols, current_version_id, is_enabled FROM strategy_engine.strategies ORDER BY strategy_id');
    expect(rows).toEqual(SEEDS.map((seed) => ({ strategy_id: seed.strategyId, kind: seed.kind, symbols: ['*'], current_version_id: `${seed.strategyId}.v1`, is_enabled: true })));
    await book.sql('TRUNCATE strategy_engine.strategies CASCADE');
    await db.tx((tx) => seedStrategies(tx, 'live'));
    expect(await book.sql('SELECT DISTINCT is_enabled FROM strategy_engine.strategies')).toEqual([{ is_enabled: false }]);
    for (const seed of SEEDS) expect(strategyType(seed.kind).bind({}).kind).toBe(seed.kind);
  });
});

describe('the event path', () => {
  it('raises what the strategies say, once, however the bars come and however often the engine is restarted', async () => {
    const bars = testMarket(3);
    const wanted = expected(bars);
    expect(wanted.length).toBeGreaterThan(50);
    let engine = await started();
    for (let start = 0, n = 0; start < bars.length; n += 1) {
      const size = [1, 3, 250, 17, 64][n % 5] ?? 1;
      if (n % 7 === 3) engine = await started();
      const batch = bars.slice(Math.max(0, start - (n % 3) * 5), start + size);
      await hear(engine, batch);
      start += size;
    }
    const raised = await told();
    expect(raised.map(({ signal_id, target, reference_price }) => ({ signal_id, target, reference_price }))).toEqual(wanted);
    expect(await book.sql('SELECT count(*) AS n FROM strategy_engine.strategy_signals')).toEqual([{ n: wanted.length }]);
    const regular = bars.length / MARKET_SYMBOLS.length - 30;
    expect(await book.sql('SELECT DISTINCT version FROM strategy_engine.strategy_state')).toEqual([{ version: regular }]);
  });

  it('begins again where the book is after a transaction that failed', async () => {
    const bars = testMarket(1);
    const engine = await started();
    for (let start = 0; start < bars.length; start += 100) {
      const batch = bars.slice(start, start + 100);
      await expect(db.tx(async (tx) => {
        await engine.hear(tx, events(batch));
        throw new Error('the plug was pulled');
      })).rejects.toThrow('the plug');
      await hear(engine, batch);
    }
    expect((await told()).map((row) => row.signal_id)).toEqual(expected(bars).map((row) => row.signal_id));
  });

  it('notices another hand on its states, says conflict, and is right when the batch is repeated', async () => {
    const bars = testMarket(1);
    const mine = await started();
    await hear(mine, bars.slice(0, 300));
    const other = await started();
    await hear(other, bars.slice(0, 600));
    await expect(hear(mine, bars.slice(300, 700))).rejects.toMatchObject({ code: 'VERSION_CONFLICT', family: 'conflict' });
    await hear(mine, bars.slice(300, 700));
    await hear(mine, bars.slice(700));
    expect((await told()).map((row) => row.signal_id)).toEqual(expected(bars).map((row) => row.signal_id));
  });

  it('warms up on backfill without a word', async () => {
    const bars = testMarket(2);
    const engine = await started();
    await hear(engine, bars.slice(0, 1200), true);
    expect(await told()).toEqual([]);
    await hear(engine, bars.slice(1200));
    const first = bars[1200]?.openTime ?? 0;
    expect((await told()).length).toBeGreaterThan(0);
    for (const row of await told()) expect(Number(row.signal_id.split(':')[2])).toBeGreaterThanOrEqual(first);
  });

  it('trades a symbol from the bar on that follows its entry in the watch list', async () => {
    await book.sql(`UPDATE data_ingestion.symbols SET is_watched = false WHERE symbol = 'SPY'`);
    const engine = await started();
    const bars = testMarket(1);
    await hear(engine, bars.slice(0, 300));
    expect(await book.sql('SELECT DISTINCT symbol FROM strategy_engine.strategy_state ORDER BY symbol')).toEqual([{ symbol: 'AAPL' }, { symbol: 'QQQ' }]);
    await book.sql(`UPDATE data_ingestion.symbols SET is_watched = true WHERE symbol = 'SPY'`);
    await hear(engine, bars.slice(300, 600));
    expect(await book.sql('SELECT DISTINCT symbol FROM strategy_engine.strategy_state ORDER BY symbol')).toHaveLength(3);
  });

  it('runs the others when one strategy cannot be run', async () => {
    await book.sql(`UPDATE strategy_engine.strategies SET kind = 'from_the_future' WHERE strategy_id = 'sma_cross'`);
    const unusable: unknown[] = [];
    const engine = createEngine({ ...silent, loaded: (roster) => unusable.push(...roster.unusable) });
    await engine.load(db);
    await hear(engine, testMarket(1));
    expect(unusable).toMatchObject([{ strategyId: 'sma_cross', reason: expect.stringMatching(/from_the_future/) as unknown }]);
    expect((await told()).every((row) => row.signal_id.startsWith('rsi_reversion'))).toBe(true);
  });
});

describe('the switch', () => {
  const request = (isEnabled: boolean, key: string) => ({ strategyId: 'sma_cross', isEnabled, actor: 'ann', idempotencyKey: `key-000-${key}` });

  it('stops new signals, leaves a trace, and answers a repeated request as the first', async () => {
    const bars = testMarket(1);
    const engine = await started();
    expect(await setStrategyEnabled({ db, engine, warmer }, request(false, '1'))).toEqual({ strategyId: 'sma_cross', isEnabled: false });
    await hear(engine, bars.slice(0, 600));
    expect((await told()).filter((row) => row.signal_id.startsWith('sma'))).toEqual([]);
    await setStrategyEnabled({ db, engine, warmer }, request(true, '2'));
    expect(await setStrategyEnabled({ db, engine, warmer }, request(false, '1'))).toEqual({ strategyId: 'sma_cross', isEnabled: false });
    expect(await book.sql(`SELECT is_enabled FROM strategy_engine.strategies WHERE strategy_id = 'sma_cross'`)).toEqual([{ is_enabled: true }]);
    await expect(setStrategyEnabled({ db, engine, warmer }, request(false, '2'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await expect(setStrategyEnabled({ db, engine, warmer }, { ...request(true, '3'), strategyId: 'nobody' })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
    expect(await book.sql(`SELECT service, actor, subject, before->>'isEnabled' AS before, after->>'isEnabled' AS after FROM logging.audit_log ORDER BY id`)).toEqual([
      { service: 'strategy_engine', actor: 'ann', subject: 'sma_cross', before: 'true', after: 'false' },
      { service: 'strategy_engine', actor: 'ann', subject: 'sma_cross', before: 'false', after: 'true' },
    ]);
    await hear(engine, bars.slice(600));
    expect((await told()).filter((row) => row.signal_id.startsWith('sma')).length).toBeGreaterThan(0);
  });

  it.each(['forget', 'setEnabled'] as const)('is read again when it is moved while the strategies are being read: %s', async (how) => {
    await book.sql('UPDATE strategy_engine.strategies SET is_enabled = false');
    const engine = createEngine(silent);
    let reads = 0;
    await engine.load({
      async query<Row>(text: string, params: readonly unknown[] = []) {
        const rows = await db.query<Row>(text, params);
        reads += 1;
        if (reads > 1) return rows;
        await book.sql('UPDATE strategy_engine.strategies SET is_enabled = true');
        if (how === 'forget') engine.forget();
        else for (const { strategyId } of SEEDS) engine.setEnabled(strategyId, true);
        return rows;
      },
    });
    const bars = testMarket(1);
    await hear(engine, bars);
    expect((await told()).map((row) => row.signal_id)).toEqual(expected(bars).map((row) => row.signal_id));
  });

  it('never lets a signal of a disabled strategy be committed, not even from a batch that had begun', async () => {
    const engine = await started();
    const bars = testMarket(1);
    await book.sql('UPDATE strategy_engine.strategies SET is_enabled = false');
    await expect(hear(engine, bars)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await hear(engine, bars);
    expect(await told()).toEqual([]);
    expect(await book.sql('SELECT count(*) AS n FROM strategy_engine.strategy_state')).toEqual([{ n: 6 }]);
  });
});

describe('catching up', () => {
  it('shows strategies what was stored and never told, and raises only what is fresh', async () => {
    const bars = testMarket(2);
    const heard = bars.slice(0, 900);
    await store(bars);
    const engine = await started();
    await hear(engine, heard);
    const before = (await told()).length;
    const look = await lookForLag(db, engine, null);
    expect(look.strategies.map((strategy) => strategy.lags.length)).toEqual([3, 3]);
    const results = [];
    for (const strategy of look.strategies) results.push(await catchUp({ db, engine }, strategy, new AbortController().signal));
    const regular = (bars.length - 900) / 3 - 5 - 5 - 5;
    expect(results.map((result) => result.bars)).toEqual([regular * 3, regular * 3]);
    const newest = (bars.at(-1)?.openTime ?? 0) + MINUTE_MS;
    for (const row of (await told()).slice(before)) expect(newest - Number(row.signal_id.split(':')[2])).toBeLessThanOrEqual(6 * MINUTE_MS);
    // The wire brings the same bars later: they are known.
    const after = (await told()).length;
    await hear(engine, bars.slice(900));
    expect((await told()).length).toBe(after);
    expect((await lookForLag(db, engine, 'sma_cross')).strategies).toMatchObject([{ strategyId: 'sma_cross', symbols: 3, lags: [] }]);
    await expect(lookForLag(db, engine, 'nobody')).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
  });

  it('leaves the states exactly as the wire would have', async () => {
    const bars = testMarket(2);
    await store(bars);
    const told = await started();
    await hear(told, bars.slice(0, 30));
    for (const strategy of (await lookForLag(db, told, null)).strategies) await catchUp({ db, engine: told }, strategy, new AbortController().signal);
    const sql = `SELECT strategy_version_id, symbol, last_open_time, version, state->'host' AS state FROM strategy_engine.strategy_state ORDER BY 1, 2`;
    const caughtUp = await book.sql(sql);
    await book.sql('TRUNCATE strategy_engine.strategy_state, strategy_engine.strategy_signals, strategy_engine.outbox');
    await hear(await started(), bars);
    expect(await book.sql(sql)).toEqual(caughtUp);
  });
});

describe('generate_signals', () => {
  const flowOf = (engine: Engine) => strategyFlows({ db, engine, folder: '/nonexistent', bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } }).find((flow) => flow.name === 'generate_signals');

  it('finds nothing to do when the wire has brought everything, and names the signals that are new', async () => {
    const bars = testMarket(1);
    await store(bars);
    const engine = await started();
    await hear(engine, bars);
    const run = await runFlowByHand(flowOf(engine));
    expect(run.steps).toEqual(['look for bars not seen', 'list new signals']);
    expect(run.logs.map((line) => line.message)).toEqual(['Every strategy has seen every stored bar']);
    const raised = (await told()).map((row) => row.signal_id).sort();
    expect(run.output).toMatchObject({ strategies: SEEDS.map((seed) => ({ strategyId: seed.strategyId, bars: 0, signals: 0, symbols: 3 })), barsCaughtUp: 0 });
    expect([...(run.output as { signals: string[] }).signals].sort()).toEqual(raised);
    await book.sql(`UPDATE strategy_engine.strategy_signals SET raised_at = raised_at - interval '2 hours'`);
    expect((await runFlowByHand(flowOf(engine))).output).toMatchObject({ signals: [] });
  });

  it('waits for what the wire still has to say, then shows the rest to the strategy asked for', async () => {
    const bars = testMarket(1);
    await store(bars);
    const engine = await started();
    await hear(engine, bars.slice(0, 600));
    await book.sql('UPDATE data_ingestion.outbox_head SET seq = 5');
    const remembered = new Map<string, unknown>();
    const running = runFlowByHand(flowOf(engine), { strategyId: 'sma_cross' }, { remembered });
    await until(() => remembered.has('look for bars not seen'), 'the flow to look');
    expect(await book.sql(`SELECT DISTINCT version FROM strategy_engine.strategy_state`)).toEqual([{ version: 195 }]);
    await book.sql(`INSERT INTO strategy_engine.inbox_offset (producer, seq) VALUES ('data_ingestion', 5)`);
    const { output, steps } = await running;
    await book.sql(`TRUNCATE strategy_engine.inbox_offset`);
    await book.sql('UPDATE data_ingestion.outbox_head SET seq = 0');
    expect(steps).toEqual(['look for bars not seen', 'hear out the wire', 'catch up sma_cross', 'list new signals']);
    expect(output).toMatchObject({ strategies: [{ strategyId: 'sma_cross', bars: 3 * 195, symbols: 3 }] });
  });
});

describe('a new version', () => {
  it('follows when the code behaves otherwise: warm, and with the wish of the one before', async () => {
    const bars = testMarket(2);
    await store(bars);
    await hear(await started(), bars);
    await book.sql(`UPDATE strategy_engine.strategy_versions SET code_hash = 'another' WHERE strategy_id = 'sma_cross'`);
    const statesOf = (id: string) => book.sql<{ symbol: string; wish: unknown; tape: number[][] }>(`SELECT symbol, state->'host'->'symbols'->0->'wish' AS wish, state->'host'->'symbols'->0->'tape'->'rows' AS tape FROM strategy_engine.strategy_state WHERE strategy_version_id = $1 ORDER BY symbol`, [id]);
    const before = await statesOf('sma_cross.v1');
    expect(await db.tx(renewVersions)).toEqual(['sma_cross.v2']);
    const after = await statesOf('sma_cross.v2');
    expect(after.map(({ symbol, wish }) => ({ symbol, wish }))).toEqual(before.map(({ symbol, wish }) => ({ symbol, wish })));
    // Window sums on integer ticks forget what has left them: bars and averages are the same to the last bit; the average true range never forgets quite.
    const exact = (rows: typeof before): number[][][] => rows.map(({ tape }) => tape.map((row) => row.slice(0, 7)));
    expect(exact(after)).toEqual(exact(before));
    expect(await db.tx(renewVersions)).toEqual([]);
    const engine = await started();
    await hear(engine, testMarket(4).filter((bar) => bar.openTime > (bars.at(-1)?.openTime ?? 0)));
    expect((await told()).some((row) => row.signal_id.startsWith('sma_cross.v2'))).toBe(true);
  });
});

describe('a book of a version before portfolios', () => {
  it('keeps its wishes: what was held is still held, and an exit that was owed is owed', async () => {
    const bars = testMarket(2);
    await store(bars);
    await hear(await started(), bars);
    await book.sql(`UPDATE strategy_engine.strategy_state SET state = jsonb_build_object('wish', 'long', 'isExitOwed', symbol = 'SPY', 'state', jsonb_build_object('of', 'before')) WHERE strategy_version_id = 'sma_cross.v1'`);
    await book.sql(`UPDATE strategy_engine.strategy_versions SET code_hash = 'before' WHERE strategy_id = 'sma_cross'`);
    expect(await db.tx(renewVersions)).toEqual(['sma_cross.v2']);
    const rows = await book.sql(`SELECT symbol, state->'host'->'symbols'->0->'wish'->>'side' AS side FROM strategy_engine.strategy_state WHERE strategy_version_id = 'sma_cross.v2' ORDER BY symbol`);
    expect(rows).toEqual(MARKET_SYMBOLS.map((symbol) => ({ symbol, side: 'long' })));
  });
});

describe('a portfolio', () => {
  const rotation = strategyType('momentum_rotation').bind({ period: 5, hold: 1, every: 7 });
  const deploy = (symbols: readonly string[]) => db.tx(async (tx) => {
    await tx.query('DELETE FROM strategy_engine.strategy_versions');
    await tx.query('DELETE FROM strategy_engine.strategies');
    const id = await insertVersion(tx, { strategyId: 'rotation', version: 1, strategy: rotation, sizing: { method: 'fixed_notional', notional: '1000' } });
    await tx.query(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ('rotation', 'Rotation', 'momentum_rotation', $1::text[], '1Min', $2::jsonb, '{"method":"fixed_notional","notional":"1000"}', $3)`, [symbols, JSON.stringify(rotation.parameters), id]);
  });
  /** Some symbols have no bar in some minutes, and the last ones of the day only one has. */
  const sparse = testMarket(2).filter((bar, n) => (n * 13) % 11 !== 0);
  const expectedIds = (): string[] => {
    const deployment: Deployment = { strategyId: 'rotation', versionId: 'rotation.v1', timeframe: '1Min', symbols: new Set(MARKET_SYMBOLS), isEnabled: true, strategy: rotation };
    return applyBars({ deployments: [deployment], cells: new CellCache(), isWatched: () => true }, sparse.map((bar) => ({ ...bar, tsSeen: 0, isQuiet: false, correlationId: 'x' }))).signals.map(({ payload }) => payload.signalId);
  };

  it('raises the same through restarts and repeated bars, out of one cell', async () => {
    await deploy([...MARKET_SYMBOLS]);
    let engine = await started();
    for (let start = 0, n = 0; start < sparse.length; n += 1) {
      const size = [1, 2, 130, 17][n % 4] ?? 1;
      if (n % 3 === 2) engine = await started();
      await hear(engine, sparse.slice(Math.max(0, start - (n % 2) * 4), start + size));
      start += size;
    }
    const ids = (await told()).map((row) => row.signal_id);
    expect(ids).toEqual(expectedIds());
    expect(ids.length).toBeGreaterThan(20);
    expect(await book.sql('SELECT symbol FROM strategy_engine.strategy_state')).toEqual([{ symbol: '*' }]);
    expect(await book.sql(`SELECT count(*) AS n FROM strategy_engine.strategy_signals WHERE target = 'long' AND weight IS NULL`)).toEqual([{ n: 0 }]);
  });

  it('catches up on stored bars to the same state, and hands its wishes to a new version', async () => {
    await deploy([...MARKET_SYMBOLS]);
    await store(sparse);
    const engine = await started();
    await hear(engine, sparse.slice(0, 100));
    const [look] = (await lookForLag(db, engine, 'rotation')).strategies;
    if (look === undefined) throw new Error('The strategy is looked at');
    expect(look.lags.length).toBe(3);
    await catchUp({ db, engine }, look, new AbortController().signal);
    const state = (version: string) => book.sql<{ last: number; wishes: unknown }>(`SELECT last_open_time AS last, jsonb_path_query_array(state, '$.host.symbols[*].wish') AS wishes FROM strategy_engine.strategy_state WHERE strategy_version_id = $1`, [version]);
    const caughtUp = await state('rotation.v1');
    await book.sql('TRUNCATE strategy_engine.strategy_state, strategy_engine.strategy_signals, strategy_engine.outbox');
    await hear(await started(), sparse);
    expect((await state('rotation.v1'))[0]?.last).toBe(caughtUp[0]?.last);
    const before = await state('rotation.v1');
    await book.sql(`UPDATE strategy_engine.strategy_versions SET code_hash = 'another' WHERE strategy_id = 'rotation'`);
    expect(await db.tx(renewVersions)).toEqual(['rotation.v2']);
    expect((await state('rotation.v2'))[0]?.wishes).toEqual(before[0]?.wishes);
  });

  it('cannot run on every watched symbol, nor on too few: it is named with the reason, and the others run', async () => {
    const unusable: { strategyId: string; reason: string }[] = [];
    for (const symbols of [['*'], ['SPY']]) {
      await deploy(symbols);
      await createEngine({ ...silent, loaded: (roster) => unusable.push(...roster.unusable) }).load(db);
    }
    expect(unusable.map(({ reason }) => reason)).toEqual([expect.stringMatching(/name them, instead of every watched one/), expect.stringMatching(/takes 2 to \d+ symbols, not 1/)]);
  });
});

describe('speed', () => {
  // Processor time, not wall time: other tests run beside this one. 0.25 ms a bar is 4,000 bars/s on a core.
  it('takes at most 0.25 ms of processor time for a bar and both strategies', async () => {
    const bars = testMarket(10);
    const engine = await started();
    await hear(engine, bars.slice(0, 3_000));
    const began = process.cpuUsage();
    for (let start = 3_000; start < bars.length; start += 30) await hear(engine, bars.slice(start, start + 30));
    const used = process.cpuUsage(began);
    expect((used.user + used.system) / 1000 / (bars.length - 3_000)).toBeLessThan(0.25);
  });
});
