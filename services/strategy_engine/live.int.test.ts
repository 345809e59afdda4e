/** Authored strategies over a real book, each in a process of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { SMA_CROSS, SMA_CROSS_DEFAULTS } from '../research/sandbox/testing-sources.ts';
import { pauseStrategy, startStrategy, stopStrategy, type DeployParts } from './deploy-state.ts';
import { strategyLive } from './deploy-live.ts';
import { deployStrategy } from './deploy-strategy.ts';
import { createEngine, type EngineListener } from './engine.ts';
import { createExplainer } from './explain.ts';
import { bothEngines } from './live-both.ts';
import { createLiveEngine, type LiveEngine } from './live-engine.ts';
import { createWarmer, type Warmer } from './live-warm.ts';
import { MARKET_SYMBOLS, saidBy, testMarket } from './testing-market.ts';
import { deployAsk, writeProject } from './testing-deploy.ts';

const silent: EngineListener = { loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined };
type Told = { strategy_id: string; symbol: string; at: number; target: string; price: string };

// Processes are started in nearly every test, and a loaded computer takes seconds for each.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let book: Book;
let db: Db;
let abort = new AbortController();
let engines: Running[] = [];

type Running = DeployParts & { readonly live: LiveEngine };

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  abort = new AbortController();
  engines = [];
  seq = 0;
  await book.sql(`TRUNCATE strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_signals, strategy_engine.strategy_state, strategy_engine.strategy_log, strategy_engine.strategy_errors, strategy_engine.projects,
    strategy_engine.project_versions, strategy_engine.project_checks, strategy_engine.backtests, strategy_engine.outbox, strategy_engine.inbox_offset, data_ingestion.symbols, data_ingestion.market_data, data_ingestion.ingestion_status, logging.audit_log CASCADE`);
  await book.sql(`INSERT INTO strategy_engine.inbox_offset (producer, seq) VALUES ('data_ingestion', 0), ('data_ingestion/authored', 0)`);
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
});
afterEach(() => {
  abort.abort();
  for (const { live } of engines) live[Symbol.dispose]();
});

/** An engine as a service has one after a start. */
async function started(onBehind?: (strategyId: string) => void): Promise<Running> {
  const live = createLiveEngine({ book: db, listener: silent, onPaused: () => undefined, onBehind: (strategyIds) => strategyIds.forEach(onBehind ?? ((strategyId) => warmer.ask(strategyId))) });
  const engine = bothEngines(createEngine(silent), live);
  await engine.load(db);
  const warmer: Warmer = createWarmer({ db, live }, abort.signal, (error) => {
    throw error;
  });
  await warmer.askAll();
  await warmer.idle();
  const running = { db, engine, live, warmer };
  engines.push(running);
  return running;
}

async function deploy(running: Running, projectId: string, source: string, more: Parameters<typeof deployAsk>[2] = {}): Promise<string> {
  const version = await writeProject(book, projectId, source, source === SMA_CROSS ? SMA_CROSS_DEFAULTS : {});
  const screener = { run: () => Promise.reject(new Error('nobody asks for a screen here')) };
  const { strategyId } = await deployStrategy({ ...running, screener, mode: 'demo', libraryDir: null }, deployAsk(projectId, version, more));
  await running.warmer.idle();
  return strategyId;
}

let seq = 0;
const events = (bars: readonly BarWire[]): EventEnvelope[] =>
  bars.map((bar) => ({ producer: 'data_ingestion', seq: (seq += 1), topic: 'bar.closed', key: `${bar.symbol}:1Min:${bar.openTime}`, correlationId: 'test', tsWritten: 1, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill: false } }));
const hear = ({ live }: Running, bars: readonly BarWire[]): Promise<void> => db.tx((tx) => live.hear(tx, events(bars)));
const told = () => book.sql<Told>(`SELECT payload->>'strategyId' AS strategy_id, payload->>'symbol' AS symbol, (payload->>'barOpenTime')::bigint AS at, payload->>'target' AS target, payload->>'referencePrice' AS price FROM strategy_engine.outbox WHERE topic = 'signal.raised' ORDER BY seq`);
const stateOf = async (strategyId: string): Promise<Record<string, unknown> | undefined> => (await book.sql(`SELECT is_enabled, is_stopped, is_warm, paused->>'by' AS by, paused->>'why' AS why FROM strategy_engine.strategies WHERE strategy_id = $1`, [strategyId]))[0];
const log = (strategyId: string) => book.sql<{ level: string; symbol: string | null; line: string }>('SELECT level, symbol, line FROM strategy_engine.strategy_log WHERE strategy_id = $1 ORDER BY id', [strategyId]);

async function store(bars: readonly BarWire[]): Promise<void> {
  await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
  const column = <T>(pick: (bar: BarWire) => T): T[] => bars.map(pick);
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT b.symbol, '1Min', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, 'test', to_timestamp(b.ms / 1000.0 + 60)
     FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[]) AS b(symbol, ms, open, high, low, close, volume)`,
    [column((b) => b.symbol), column((b) => b.openTime), column((b) => b.open), column((b) => b.high), column((b) => b.low), column((b) => b.close), column((b) => b.volume)],
  );
  await book.sql(`INSERT INTO data_ingestion.ingestion_status SELECT symbol, timeframe, max(open_time), 1, count(*), 0, now() FROM data_ingestion.market_data GROUP BY symbol, timeframe ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = excluded.last_open_time`);
}

/** A strategy that goes long at each symbol's third bar, and then does what is asked of it. */
const source = (then: string, kind = 'trouble'): string => `import { strategy } from 'mainspring';
export default strategy({
  kind: '${kind}', title: 'Trouble', description: 'Makes some', scope: 'symbol', parameters: {}, initialState: () => ({ bars: 0, kept: [] as number[][] }),
  onBar({ on, state }) {
    state.bars += 1;
    if (state.bars === 3) on.long();
    if (state.bars > 5) { ${then} }
  },
});
`;

/** Processes of sandboxes that this one has started. */
function sandboxes(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sandbox');
    } catch {
      return false;
    }
  });
}

/** Bars of one minute of the test market, of all symbols. */
const minute = (bars: readonly BarWire[], n: number): readonly BarWire[] => bars.slice(n * MARKET_SYMBOLS.length, (n + 1) * MARKET_SYMBOLS.length);

/** What the house's own crossover says, in the words of `told`. */
const houseSays = (bars: readonly BarWire[], strategyId: string): Told[] => saidBy(['sma_cross'], bars).map(({ signal_id, target, reference_price }) => {
  const [, symbol = '', at] = signal_id.split(':');
  return { strategy_id: strategyId, symbol, at: Number(at), target, price: reference_price };
});

describe('an authored strategy', () => {
  it('raises what the same rules raise as one of the house, once, through restarts, repeated bars and failed transactions', async () => {
    const bars = testMarket(1).slice(0, 220 * MARKET_SYMBOLS.length);
    let running = await started();
    const strategyId = await deploy(running, 'my_cross', SMA_CROSS);
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: true, is_warm: true });
    for (let start = 0, n = 0; start < bars.length; n += 1) {
      const size = [1, 7, 120, 17, 64][n % 5] ?? 1;
      const batch = bars.slice(Math.max(0, start - (n % 3) * 5), start + size);
      if (n % 4 === 1) {
        await expect(db.tx(async (tx) => {
          await running.live.hear(tx, events(batch));
          throw new Error('the plug was pulled');
        })).rejects.toThrow('the plug');
      }
      if (n % 7 === 3) running = await started();
      await hear(running, batch);
      start += size;
    }
    const raised = await told();
    expect(raised).toEqual(houseSays(bars, strategyId));
    expect(raised.length).toBeGreaterThan(8);
    const live = await strategyLive({ db, live: running.live, now: () => 1 }, strategyId);
    expect(live).toMatchObject({ state: 'running', problem: null, cellsLeftOut: 0, resource: { isOwnProcess: true } });
    expect(live.resource?.memoryBytes).toBeGreaterThan(10_000_000);
    expect(live.resource?.msPerBar).toBeGreaterThan(0);
    expect(live.cells.map(({ symbol, isWarm }) => ({ symbol, isWarm }))).toEqual(MARKET_SYMBOLS.map((symbol) => ({ symbol, isWarm: true })));
    expect(live.cells[0]?.indicators.map(({ name }) => name)).toEqual(['fast', 'slow', 'range']);
  });
});

describe('why it did (not) trade', () => {
  it('is answered by running it again where it decides', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length, 80 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'my_cross', SMA_CROSS, { symbols: ['SPY'] });
    await store(bars);
    for (let start = 0; start < bars.length; start += 60) await hear(running, bars.slice(start, start + 60));
    const signal = (await told())[0];
    const explain = createExplainer({ book: db, archiveFolder: tmpdir() });
    const found = await explain({ strategyId, symbol: 'SPY', from: signal?.at ?? 0, until: (signal?.at ?? 0) + MINUTE_MS });
    expect(found).toMatchObject({ problem: null, isRegular: true, bar: { openTime: signal?.at } });
    expect(found.replay?.indicators.map(({ name, label }) => [name, label])).toEqual([['fast', 'fast'], ['slow', 'slow'], ['range', 'range']]);
    expect(found.replay?.said).toMatchObject([{ what: 'target', target: signal?.target }]);
    expect(found.replay?.memory.after).toMatch(/side/);
  });
});

describe('a strategy that makes trouble', () => {
  it.each([
    ['throws', "throw new Error('not today')", /strategy\.ts:7.*not today/],
    ['never ends a bar', 'for (;;) state.bars += 1;', /strategy\.ts:7.*did not end within/],
    ['takes all memory', 'const kept: string[] = []; for (let n = 0; ; n += 1) kept.push(String(n).repeat(1_000_000));', /more than \d+ MB|did not end in time/],
  ])('that %s loses that batch alone, is paused after its errors in a row, and holds nothing else up', async (_, then, line) => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const running = await started();
    const bad = await deploy(running, 'trouble', source(then));
    const good = await deploy(running, 'my_cross', SMA_CROSS, { symbols: ['SPY'] });
    for (let n = 0; n < 5; n += 1) await hear(running, minute(bars, n));
    expect((await told()).map(({ strategy_id, target }) => `${strategy_id} ${target}`)).toEqual(MARKET_SYMBOLS.map(() => `${bad} long`));
    // The first time in the lane; then again over what is stored, for it may see nothing else before.
    await store(bars.slice(0, 12 * MARKET_SYMBOLS.length));
    for (let n = 5; n < 12; n += 1) await hear(running, minute(bars, n));
    await running.warmer.idle();
    expect(await stateOf(bad)).toMatchObject({ is_enabled: false, by: 'errors', why: expect.stringMatching(/3 errors in a row/) as unknown });
    const lines = await log(bad);
    expect(lines).toHaveLength(3);
    for (const one of lines) expect(one).toMatchObject({ level: 'error', symbol: expect.stringMatching(/^(AAPL|QQQ|SPY)$/) as unknown, line: expect.stringMatching(line) as unknown });
    expect(await book.sql('SELECT errors, errors_in_a_row FROM strategy_engine.strategy_errors')).toEqual([{ errors: 3, errors_in_a_row: 3 }]);
    expect(await book.sql(`SELECT payload->>'strategyId' AS id, payload->>'by' AS by FROM strategy_engine.outbox WHERE topic = 'strategy.paused'`)).toEqual([{ id: bad, by: 'errors' }]);
    // Its cells are where they were before the first of these batches; the other one has seen every bar.
    expect(await book.sql('SELECT DISTINCT version FROM strategy_engine.strategy_state s JOIN strategy_engine.strategies d ON d.current_version_id = s.strategy_version_id WHERE d.strategy_id = $1', [bad])).toEqual([{ version: 6 }]);
    expect(await book.sql('SELECT version FROM strategy_engine.strategy_state s JOIN strategy_engine.strategies d ON d.current_version_id = s.strategy_version_id WHERE d.strategy_id = $1', [good])).toEqual([{ version: 12 }]);
  });

  it('is shown what it missed, quietly, when a person starts it again, and counts its errors anew', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'trouble', source("if (state.bars < 9) throw new Error('early')"), { limits: { ...deployAsk('x', 1).limits, maxErrors: 1 } });
    await store(bars.slice(0, 60));
    for (let n = 0; n < 8; n += 1) await hear(running, minute(bars, n));
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: false, by: 'errors' });
    const version = await writeProject(book, 'trouble', source(''));
    await deployStrategy({ ...running, screener: { run: () => Promise.reject(new Error('no screen')) }, mode: 'demo', libraryDir: null }, deployAsk('trouble', version, { strategyId }));
    await running.warmer.idle();
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: true, is_warm: true, by: null });
    expect(await book.sql(`SELECT version FROM strategy_engine.strategy_state WHERE strategy_version_id = $1`, [`${strategyId}.v2`])).toEqual(MARKET_SYMBOLS.map(() => ({ version: expect.any(Number) as unknown })));
    // The wish of the version before went over: the third bar of the new one's own beginning is no second entry.
    expect((await told()).filter(({ target }) => target === 'long')).toHaveLength(3);
    await hear(running, minute(bars, 20));
    expect(await log(strategyId)).toHaveLength(1);
  });
});

describe('a strategy that failed once', () => {
  it('sees every bar that it missed, once, before any other, and says on the fresh ones what it would have said', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const behind: string[] = [];
    const running = await started((strategyId) => behind.push(strategyId));
    const strategyId = await deploy(running, 'trouble', source("if (on.position.qty > 0) throw new Error('not while I hold'); if (state.bars === 8) on.flat();"));
    const hold = (qty: number) => book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($1, 'SPY', $2, 100, 0, now()) ON CONFLICT (strategy_id, symbol) DO UPDATE SET qty = excluded.qty`, [strategyId, qty]);
    await book.sql(`INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ('TEST', 100000, 100000, now())`);
    await store(bars.slice(0, 12 * MARKET_SYMBOLS.length));
    for (let n = 0; n < 6; n += 1) await hear(running, minute(bars, n));
    await hold(5);
    await hear(running, minute(bars, 6));
    expect([await stateOf(strategyId), behind]).toMatchObject([{ is_enabled: true, is_warm: false }, [strategyId]]);
    // Bars that come meanwhile pass it by: they are in the book.
    for (let n = 7; n < 12; n += 1) await hear(running, minute(bars, n));
    await hold(0);
    running.warmer.ask(strategyId);
    await running.warmer.idle();
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: true, is_warm: true });
    await hear(running, minute(bars, 11));
    expect(await book.sql('SELECT DISTINCT version FROM strategy_engine.strategy_state')).toEqual([{ version: 12 }]);
    const at = (n: number): number | undefined => bars[n * MARKET_SYMBOLS.length]?.openTime;
    const flats = (await told()).filter(({ target }) => target === 'flat');
    expect(flats).toHaveLength(MARKET_SYMBOLS.length);
    for (const flat of flats) expect([at(7), at(8)]).toContain(flat.at);
    // What went well of stored bars forgives no errors: a strategy that fails only while others wait must come to its end.
    expect(await book.sql('SELECT errors_in_a_row, missed_from FROM strategy_engine.strategy_errors')).toEqual([{ errors_in_a_row: 1, missed_from: null }]);
    await hear(running, minute(bars, 12));
    expect(await book.sql('SELECT errors_in_a_row FROM strategy_engine.strategy_errors')).toEqual([{ errors_in_a_row: 0 }]);
    await book.sql('TRUNCATE execution.strategy_positions, execution.account_ledger CASCADE');
  });
});

describe('kills', () => {
  it('go on with the next process where the book is: no signal twice, none lost', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length, 140 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'my_cross', SMA_CROSS);
    for (let start = 0; start < bars.length; start += 30) {
      const hearing = hear(running, bars.slice(start, start + 30));
      // In the middle of a batch, or between two.
      if (start % 90 === 0) await new Promise((resolve) => setTimeout(resolve, (start % 40) + 5));
      if (start % 60 === 0) for (const pid of sandboxes()) process.kill(pid, 'SIGKILL');
      await hearing;
    }
    expect(await told()).toEqual(houseSays(bars, strategyId));
    expect(await log(strategyId)).toEqual([]);
    expect(running.live.resourceOf(strategyId, 1)?.restarts).toBeGreaterThan(1);
  });
});

describe('a process that is killed while it starts', () => {
  it('is started once more: the batch waits for it, and nothing counts as an error of the strategy', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length, 60 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'my_cross', SMA_CROSS);
    for (const pid of sandboxes()) process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => sandboxes().length === 0, { timeout: 10_000, interval: 5 });
    const hearing = hear(running, bars);
    // As soon as it is there, long before it has loaded anything.
    const first = await vi.waitUntil(() => sandboxes()[0], { timeout: 30_000, interval: 5 });
    process.kill(first, 'SIGKILL');
    await hearing;
    expect(await told()).toEqual(houseSays(bars, strategyId));
    expect(await log(strategyId)).toEqual([]);
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: true, is_warm: true });
    expect(await book.sql('SELECT errors FROM strategy_engine.strategy_errors WHERE errors > 0')).toEqual([]);
  });
});

describe('the switch', () => {
  it('pauses in the middle of a batch: what the batch would have said is not said, and the rest stays quiet', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'trouble', source(''));
    for (let n = 0; n < 2; n += 1) await hear(running, minute(bars, n));
    const hearing = db.tx(async (tx) => {
      await pauseStrategy(running, { strategyId, reason: 'for the test', actor: 'ann', idempotencyKey: 'pause-1' });
      await running.live.hear(tx, events(minute(bars, 2)));
    });
    await hearing;
    expect(await told()).toEqual([]);
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: false, by: 'person', why: 'for the test' });
    // The same request again changes nothing; another one under its key is refused.
    expect(await pauseStrategy(running, { strategyId, reason: 'for the test', actor: 'ann', idempotencyKey: 'pause-1' })).toMatchObject({ state: 'paused' });
    await expect(startStrategy(running, { strategyId, actor: 'ann', idempotencyKey: 'pause-1' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('pauses from elsewhere while a batch is at work: the pause waits for the batch, or the batch is repeated without its signals', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'trouble', source(''));
    for (let n = 0; n < 2; n += 1) await hear(running, minute(bars, n));
    // Between the strategy's answer and its being written: the batch finds the switch moved, and says nothing.
    const first = db.tx(async (tx) => {
      const hearing = running.live.hear(tx, events(minute(bars, 2)));
      await pauseStrategy(running, { strategyId, reason: '', actor: 'ann', idempotencyKey: 'pause-2' });
      await hearing;
    });
    const isRefused = await first.then(() => false, (error: unknown) => {
      expect(error).toMatchObject({ code: 'VERSION_CONFLICT' });
      return true;
    });
    if (isRefused) await hear(running, minute(bars, 2));
    expect(await told()).toEqual([]);
    // The other way round: a batch that has said something holds the switch until it is in the book.
    await startStrategy(running, { strategyId, actor: 'ann', idempotencyKey: 'start-2' });
    const order: string[] = [];
    let pausing: Promise<unknown> = Promise.resolve();
    await db.tx(async (tx) => {
      await running.live.hear(tx, events(minute(bars, 3)));
      await tx.query('SELECT 1 FROM strategy_engine.strategies WHERE strategy_id = $1 FOR SHARE', [strategyId]);
      pausing = pauseStrategy(running, { strategyId, reason: '', actor: 'ann', idempotencyKey: 'pause-3' }).then(() => order.push('paused'));
      await expect.poll(async () => (await book.sql(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%strategy_engine.strategies%'`)).length).toBeGreaterThan(0);
      order.push('committing');
    });
    await pausing;
    expect(order).toEqual(['committing', 'paused']);
  });

  it('stops it: no bars, no process; and starts it again warm', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'my_cross', SMA_CROSS);
    for (let n = 0; n < 3; n += 1) await hear(running, minute(bars, n));
    expect(sandboxes()).toHaveLength(1);
    expect(await stopStrategy(running, { strategyId, positions: 'keep', reason: '', actor: 'ann', idempotencyKey: 'stop-1' })).toMatchObject({ state: 'stopped' });
    // At once, and not with the next bar, which may be a night away.
    await expect.poll(sandboxes).toEqual([]);
    await hear(running, minute(bars, 3));
    expect(sandboxes()).toEqual([]);
    expect(await pauseStrategy(running, { strategyId, reason: '', actor: 'ann', idempotencyKey: 'pause-9' })).toMatchObject({ state: 'stopped' });
    expect(await stateOf(strategyId)).toMatchObject({ is_stopped: true, is_enabled: false });
    await store(bars.slice(0, 300));
    await startStrategy(running, { strategyId, actor: 'ann', idempotencyKey: 'start-1' });
    await running.warmer.idle();
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: true, is_stopped: false, is_warm: true });
    expect(await book.sql('SELECT DISTINCT version FROM strategy_engine.strategy_state')).toEqual([{ version: 100 }]);
    expect(await told()).toEqual([]);
  });
});

describe('the loss of a day', () => {
  it('pauses at its limit, by the book', async () => {
    const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length);
    const running = await started();
    const strategyId = await deploy(running, 'my_cross', SMA_CROSS, { limits: { ...deployAsk('x', 1).limits, maxDailyLoss: '50' } });
    await store(bars.slice(0, 30));
    const [last] = await book.sql<{ close: string }>(`SELECT close FROM data_ingestion.market_data WHERE symbol = 'SPY' ORDER BY open_time DESC LIMIT 1`);
    await book.sql(`UPDATE data_ingestion.ingestion_status SET last_close = $1 WHERE symbol = 'SPY'`, [last?.close]);
    await book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ($1, 'SPY', 10, $2::numeric + 4, 0, now())`, [strategyId, last?.close]);
    // The order of the fill is not what is looked at here.
    await book.sql(`SET session_replication_role = replica; INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, ts_event, ts_seen, source, ledger_seq) VALUES ('f1', 'o1', '${strategyId}', 'SPY', 'buy', 10, ${Number(last?.close) + 4}, 0, to_timestamp(${(bars[0]?.openTime ?? 0) / 1_000}), now(), 'test', 1); SET session_replication_role = origin`);
    await hear(running, minute(bars, 9));
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: true });
    await book.sql(`UPDATE data_ingestion.ingestion_status SET last_close = last_close - 1 WHERE symbol = 'SPY'`);
    await hear(running, minute(bars, 10));
    expect(await stateOf(strategyId)).toMatchObject({ is_enabled: false, by: 'daily_loss', why: expect.stringMatching(/lost \$50\.00 .* limit is \$50/) as unknown });
    await book.sql('TRUNCATE execution.trades, execution.strategy_positions CASCADE');
  });
});
