/** Indicators and back-tests over a real book. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backtestResultSchema } from '#app/contracts/backtest.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { parseName } from '#app/indicators/named.ts';
import { smaColumn } from '#app/indicators/sma.ts';
import { rsiColumn } from '#app/indicators/rsi.ts';
import { isRegularBar } from '#app/market/calendar.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { runFlowByHand, type HandOptions } from '../../tests/support/run-flow.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { seedStrategies } from './deployments.ts';
import { createEngine } from './engine.ts';
import { strategyFlows } from './flows.ts';
import { MARKET_SYMBOLS, testMarket } from './testing-market.ts';

let book: Book;
let db: Db;
let flows: FlowDefinition[] = [];
const folder = mkdtempSync(path.join(tmpdir(), 'ms-research-'));
const market = testMarket(6);

async function store(bars: readonly BarWire[]): Promise<void> {
  const column = <T>(pick: (bar: BarWire) => T): T[] => bars.map(pick);
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT b.symbol, '1Min', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, 'test', to_timestamp(b.ms / 1000.0 + 60)
     FROM unnest($1::text[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[]) AS b(symbol, ms, open, high, low, close, volume)`,
    [column((b) => b.symbol), column((b) => b.openTime), column((b) => b.open), column((b) => b.high), column((b) => b.low), column((b) => b.close), column((b) => b.volume)],
  );
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at)
    SELECT symbol, timeframe, max(open_time), 1, count(*), now() FROM data_ingestion.market_data GROUP BY 1, 2
    ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = excluded.last_open_time`);
}
const run = (name: string, input: unknown = {}, options: HandOptions = {}) => runFlowByHand(flows.find((flow) => flow.name === name), input, options);

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
  await db.tx((tx) => seedStrategies(tx, 'demo'));
  const engine = createEngine({ loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined });
  await engine.load(db);
  flows = strategyFlows({ db, engine, folder, bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } });
  await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
});
afterAll(async () => {
  await db.close();
  await book.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await book.sql('TRUNCATE data_ingestion.symbols, data_ingestion.market_data, data_ingestion.ingestion_status, strategy_engine.indicators, strategy_engine.indicator_state, strategy_engine.backtests CASCADE');
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
});

const regular = (symbol: string, bars: readonly BarWire[]): BarWire[] => bars.filter((bar) => bar.symbol === symbol && isRegularBar(bar.openTime as EpochMs, '1Min'));
const stored = (symbol: string, name: string) => book.sql<{ at: number; value: number }>(`SELECT (extract(epoch FROM open_time) * 1000)::bigint AS at, value FROM strategy_engine.indicators WHERE symbol = $1 AND name = $2 ORDER BY 1`, [symbol, name]);
const count = () => book.sql<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.indicators').then(([row]) => row?.n);

describe('calculate_indicators', () => {
  it('keeps the standard set and what the strategies use, in pieces as at once', async () => {
    await store(market.slice(0, 3_000));
    const first = await run('calculate_indicators', { keepDays: 30 });
    expect(first.output).toMatchObject({ series: 3, seriesLeft: 0, indicators: ['ATR_14', 'EMA_20', 'RSI_14', 'SMA_10', 'SMA_20', 'SMA_200', 'SMA_30', 'SMA_50'] });
    await store(market.slice(3_000));
    expect((await run('calculate_indicators', { keepDays: 30 })).output).toMatchObject({ barsRead: market.length - 3_000 });
    const bars = regular('SPY', market);
    const closes = Float64Array.from(bars, (bar) => Number(bar.close));
    for (const [name, column] of [['SMA_200', smaColumn(closes, 200)], ['RSI_14', rsiColumn(closes, 14)]] as const) {
      const expected = bars.map((bar, i) => ({ at: bar.openTime, value: column[i] ?? NaN })).filter((point) => !Number.isNaN(point.value));
      expect(await stored('SPY', name)).toEqual(expected);
    }
  });

  it('keeps any indicator that is asked for by name, also over fields beside the close, and refuses what names none', async () => {
    await store(market);
    const names = ['MACD_12_26_9.signal', 'OBV', 'SMA_10@hl2'];
    const { output } = await run('calculate_indicators', { keepDays: 30, symbols: ['SPY'], names });
    expect(output).toMatchObject({ indicators: expect.arrayContaining(names) as unknown });
    const bars = regular('SPY', market);
    const field = (of: (bar: BarWire) => string): Float64Array => Float64Array.from(bars, (bar) => Number(of(bar)));
    const columns = { time: Float64Array.from(bars, (bar) => bar.openTime), open: field((bar) => bar.open), high: field((bar) => bar.high), low: field((bar) => bar.low), close: field((bar) => bar.close), volume: field((bar) => bar.volume) };
    for (const name of names) {
      const { use, output: named } = parseName(name);
      const column = columnsOf(use, columns)[named];
      expect(await stored('SPY', name)).toEqual(bars.map((bar, i) => ({ at: bar.openTime, value: column?.[i] ?? NaN })).filter((point) => !Number.isNaN(point.value)));
    }
    await expect(run('calculate_indicators', { names: ['MACD_12'] })).rejects.toThrow(/names no indicator/);
  });

  it('does nothing the second time, nor when a finished part is done again', async () => {
    await store(market);
    await run('calculate_indicators', { keepDays: 30, symbols: ['SPY'] });
    const before = await count();
    expect((await run('calculate_indicators', { keepDays: 30, symbols: ['SPY'] })).output).toMatchObject({ barsRead: 0, rowsWritten: 0 });
    await book.sql(`DELETE FROM strategy_engine.indicator_state`);
    await run('calculate_indicators', { keepDays: 30, symbols: ['SPY'] });
    expect(await count()).toBe(before);
  });

  it('begins warm with the days that are kept, and forgets older ones', async () => {
    await store(market);
    await run('calculate_indicators', { keepDays: 2, symbols: ['SPY'], strategyId: 'sma_cross' });
    const bars = regular('SPY', market);
    const column = smaColumn(Float64Array.from(bars, (bar) => Number(bar.close)), 200);
    const cutoff = Math.max(...market.map((bar) => bar.openTime)) - 2 * 86_400_000;
    const expected = bars.map((bar, i) => ({ at: bar.openTime, value: column[i] ?? NaN })).filter((point) => point.at > cutoff);
    expect(expected.length).toBeGreaterThan(300);
    expect(await stored('SPY', 'SMA_200')).toEqual(expected);
    expect(await stored('AAPL', 'SMA_200')).toEqual([]);
    await run('calculate_indicators', { keepDays: 1, symbols: ['SPY'] });
    expect((await stored('SPY', 'SMA_200')).length).toBeLessThan(expected.length);
  });
});

describe('backtest_strategy', () => {
  const result = async (id: string) => backtestResultSchema.parse((await book.sql<{ result: unknown }>('SELECT result FROM strategy_engine.backtests WHERE backtest_id = $1', [id]))[0]?.result);

  it('runs without parameters over the first watched symbol, and says what it did', async () => {
    await store(market);
    const { output, steps } = await run('backtest_strategy', {}, { runId: 'backtest_strategy:1' });
    expect(steps).toEqual(['complete the request', 'count the bars', 'replay the bars']);
    const bars = regular('AAPL', market);
    expect(output).toMatchObject({ symbols: ['AAPL'], timeframe: '1Min', barsSeen: bars.length, from: bars[0]?.openTime, startEquity: '100000' });
    const kept = await result((output as { backtestId: string }).backtestId);
    expect(kept.fills).toBe(kept.trades.length);
    expect(kept.trades.length).toBeGreaterThan(10);
    expect(kept.daily).toHaveLength(6);
    // Whether it knows the future is found out, too: only then can a verdict be to believe it.
    expect(kept.verdict?.reasons).toContainEqual(expect.objectContaining({ grade: 'good', finding: 'No signal changes when later bars are taken away.' }));
    const gained = kept.roundTrips.reduce((sum, trip) => sum + Number(trip.profit), 0);
    if (kept.openPositions.length === 0) expect(Number(kept.endEquity)).toBeCloseTo(100_000 + gained, 6);
  });

  it('gives the same orders for the same request, and others for another', async () => {
    await store(market);
    const hashOf = async (runId: string, input: unknown) => ((await run('backtest_strategy', input, { runId })).output as { ordersHash: string }).ordersHash;
    const request = { strategyId: 'rsi_reversion', symbols: ['QQQ', 'SPY'], hasChecks: false };
    const one = await hashOf('b:1', request);
    expect(await hashOf('b:2', request)).toBe(one);
    expect(await hashOf('b:1', request)).toBe(one);
    expect(await hashOf('b:3', { ...request, slippageBps: 5 })).not.toBe(one);
    expect(await book.sql('SELECT 1 FROM strategy_engine.backtests')).toHaveLength(3);
  });

  it('keeps a manifest: the same bars and request have the same, and the same orders; other bars, parameters and rules have others', async () => {
    await store(market);
    const request = { kind: 'rsi_reversion', parameters: { period: 5 }, symbols: ['QQQ', 'SPY'], from: '2024-07-01', to: '2024-07-08', hasChecks: false };
    const kept = async (runId: string, input: unknown) => result(((await run('backtest_strategy', input, { runId })).output as { backtestId: string }).backtestId);
    const [first, again] = [await kept('m:1', request), await kept('m:2', request)];
    expect(again.manifest).toEqual(first.manifest);
    expect(again.ordersHash).toBe(first.ordersHash);
    expect(first.trades.length).toBeGreaterThan(5);
    expect(Object.keys(first.manifest?.data ?? {})).toEqual(['QQQ', 'SPY']);
    const fewer = await kept('m:3', { ...request, to: '2024-07-05' });
    expect(fewer.manifest).toMatchObject({ parameters: first.manifest?.parameters, rules: first.manifest?.rules });
    expect(fewer.manifest?.data).not.toEqual(first.manifest?.data);
    expect((await kept('m:4', { ...request, parameters: { period: 6 } })).manifest).toMatchObject({ data: first.manifest?.data, rules: first.manifest?.rules });
    const dearer = await kept('m:5', { ...request, commission: { perShare: 0.01, minimum: 1 }, slippage: { kind: 'spread', bps: 4 } });
    expect(dearer.manifest?.rules).not.toBe(first.manifest?.rules);
    expect(Number(dearer.feesPaid)).toBeGreaterThan(Number(first.feesPaid));
    expect(await book.sql(`SELECT count(DISTINCT manifest->>'hash') AS n FROM strategy_engine.backtests`)).toEqual([{ n: 4 }]);
    expect(first.figures['total_return']).toBeCloseTo(Number(first.endEquity) / 100_000 - 1, 12);
    expect(first.verdict?.headline).toMatch(/^(Believe it|Doubtful|Do not believe it)/);
  });

  it('runs a portfolio over the symbols that it needs', async () => {
    await store(market);
    const { output } = await run('backtest_strategy', { kind: 'pairs_trading', symbols: ['SPY', 'QQQ'], desk: 'plain', hasChecks: false });
    expect(output).toMatchObject({ symbols: ['QQQ', 'SPY'] });
    await expect(run('backtest_strategy', { kind: 'pairs_trading', symbols: ['SPY'] })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID', message: expect.stringMatching(/takes 2 symbols together, not 1/) as unknown });
  });

  it('searches parameters, goes on with its journal after it was stopped, and keeps what it found', async () => {
    await store(market);
    const request = { kind: 'sma_cross', symbols: ['SPY'], desk: 'plain', hasChecks: false, search: { ranges: { fast: { from: 2, to: 8, step: 2 }, slow: { from: 10, to: 30, step: 5 } }, objective: 'total_return', minTrades: 1, walkForward: { folds: 2 } } };
    const cancel = new AbortController();
    const seen: number[] = [];
    const stopped = run('backtest_strategy', request, {
      runId: 's:1', signal: cancel.signal,
      onProgress: (done) => {
        seen.push(done);
        if (done > 100 && done < 1_000) cancel.abort(new Error('stopped'));
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(readdirSync(path.join(folder, 'searches'))).toHaveLength(1);
    expect(await book.sql('SELECT 1 FROM strategy_engine.searches')).toEqual([]);
    const { output } = await run('backtest_strategy', request, { runId: 's:1' });
    const { backtestId, searchId } = output as { backtestId: string; searchId: string };
    const kept = await result(backtestId);
    expect(kept.searchId).toBe(searchId);
    const [search] = await book.sql<{ report: { trials: number; best: { parameters: unknown }; walkForward: { folds: unknown[] }; maps: unknown[] } }>('SELECT result AS report FROM strategy_engine.searches WHERE search_id = $1', [searchId]);
    expect(search?.report.trials).toBe(20);
    expect(search?.report.walkForward.folds).toHaveLength(2);
    expect(search?.report.maps).toHaveLength(1);
    expect(readdirSync(path.join(folder, 'searches'))).toEqual([]);
    // Found at once, without an interruption: the same.
    const other = await run('backtest_strategy', request, { runId: 's:2' });
    expect(other.output).toMatchObject({ ordersHash: kept.ordersHash, manifestHash: kept.manifest?.hash });
    expect(kept.verdict?.reasons.length).toBeGreaterThan(5);
  });

  it('refuses a search that cannot be made, before it reads a bar', async () => {
    await store(market.slice(0, 300));
    const search = (asked: unknown) => run('backtest_strategy', { kind: 'sma_cross', search: asked });
    await expect(search({ ranges: { speed: { from: 1, to: 2 } } })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID', message: expect.stringMatching(/"speed" is none of the parameters/) as unknown });
    await expect(search({ objective: 'luck' })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID', message: expect.stringMatching(/objective must be one of sharpe/) as unknown });
    await expect(search({ ranges: { fast: { from: 1, to: 500 }, slow: { from: 1, to: 500 } } })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID', message: expect.stringMatching(/more than 20000/) as unknown });
    await expect(search({ ranges: { fast: { from: 9, to: 2 } } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('keeps to the days asked for', async () => {
    await store(market);
    const { output } = await run('backtest_strategy', { from: '2024-07-02', to: '2024-07-03', symbols: ['SPY'] });
    expect(output).toMatchObject({ barsSeen: 390 + 210 });
  });

  it('completes on an empty book', async () => {
    expect((await run('backtest_strategy')).output).toMatchObject({ symbols: [], barsSeen: 0, fills: 0, endEquity: '100000' });
  });

  it('refuses what it cannot run, and says why', async () => {
    await store(market.slice(0, 300));
    await expect(run('backtest_strategy', { strategyId: 'nobody' })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
    await expect(run('backtest_strategy', { kind: 'magic' })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
    await expect(run('backtest_strategy', { kind: 'sma_cross', parameters: { fast: 50, slow: 10 } })).rejects.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
    await expect(run('backtest_strategy', { symbols: ['ZZZ'] })).rejects.toMatchObject({ code: 'SYMBOL_UNKNOWN' });
    await expect(run('backtest_strategy', { sizing: { method: 'all in' } })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID' });
    await expect(run('backtest_strategy', { from: '2024-07-03', to: '2024-07-02' })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID' });
    await expect(run('backtest_strategy', { from: '2024-02-31' })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID' });
    await expect(run('backtest_strategy', { benchmark: 'ZZZ' })).rejects.toMatchObject({ code: 'SYMBOL_UNKNOWN' });
  });

  it('ends at once when it is cancelled', async () => {
    await store(market);
    const cancel = new AbortController();
    cancel.abort(new Error('cancelled by hand'));
    await expect(run('backtest_strategy', {}, { signal: cancel.signal })).rejects.toThrow('cancelled by hand');
    expect(await book.sql('SELECT state, problem, result FROM strategy_engine.backtests')).toEqual([{ state: 'cancelled', problem: null, result: null }]);
  });
});
