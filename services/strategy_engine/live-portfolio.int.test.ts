/** An authored portfolio at work: its moments over batches that cut them, restarts, kills of its process, and gates that close behind it. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { NO_HOST_FACTS, openHost } from '#app/strategy/host.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { MOMENTUM_ROTATION } from '#app/strategy/templates/momentum-rotation.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { deployStrategy } from './deploy-strategy.ts';
import { createEngine, type EngineListener } from './engine.ts';
import { bothEngines } from './live-both.ts';
import { createLiveEngine, type LiveEngine } from './live-engine.ts';
import { createWarmer } from './live-warm.ts';
import { deployAsk, writeProject } from './testing-deploy.ts';
import { MARKET_SYMBOLS, testMarket } from './testing-market.ts';

const silent: EngineListener = { loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined };
// Processes are started: a loaded computer takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const PARAMETERS = { period: 5, hold: 1, every: 7, invested: 0.9, onlyRising: true };
let book: Book;
let db: Db;
const lives: LiveEngine[] = [];

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
  await book.sql(`INSERT INTO strategy_engine.inbox_offset (producer, seq) VALUES ('data_ingestion', 0), ('data_ingestion/authored', 0) ON CONFLICT DO NOTHING`);
  for (const symbol of MARKET_SYMBOLS) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
});
afterAll(async () => {
  for (const live of lives) live[Symbol.dispose]();
  await db.close();
  await book.stop();
});

function engineNow(): { readonly live: LiveEngine; readonly parts: Parameters<typeof deployStrategy>[0]; readonly idle: () => Promise<void> } {
  const live = createLiveEngine({ book: db, listener: silent, onPaused: () => undefined, onBehind: () => undefined });
  lives.push(live);
  const warmer = createWarmer({ db, live }, new AbortController().signal, (error) => {
    throw error;
  });
  const screener = { run: () => Promise.reject(new Error('nobody asks for a screen here')) };
  return { live, parts: { db, engine: bothEngines(createEngine(silent), live), warmer, screener, mode: 'demo', libraryDir: null }, idle: () => warmer.idle() };
}

it('says what the same portfolio of the house says, once', async () => {
  const bars = testMarket(1).slice(5 * MARKET_SYMBOLS.length, 95 * MARKET_SYMBOLS.length);
  let { live, parts, idle } = engineNow();
  const version = await writeProject(book, 'rotation', MOMENTUM_ROTATION.files, { ...PARAMETERS, weeks: 0 });
  const ask = deployAsk('rotation', version, { symbols: [...MARKET_SYMBOLS], parameters: { ...PARAMETERS, weeks: 0 } });
  const answer = await deployStrategy(parts, ask);
  await idle();
  let seq = 0;
  // Five bars: batches end in the middle of moments.
  for (let start = 0; start < bars.length; start += 5) {
    if (start === 100 || start === 205) {
      live[Symbol.dispose]();
      ({ live, parts, idle } = engineNow());
    }
    const events = bars.slice(start, start + 5).map((bar): EventEnvelope => ({
      producer: 'data_ingestion', seq: (seq += 1), topic: 'bar.closed', key: `${bar.symbol}:1Min:${bar.openTime}`, correlationId: 'test', tsWritten: 1, payload: { ...bar, tsSeen: bar.openTime + MINUTE_MS, isBackfill: false },
    }));
    await db.tx((tx) => live.hear(tx, events));
  }
  const host = openHost(strategyType('momentum_rotation').bind(PARAMETERS), [...MARKET_SYMBOLS]);
  const expected: string[] = [];
  for (let start = 0; start < bars.length; start += MARKET_SYMBOLS.length) {
    const moment = bars.slice(start, start + MARKET_SYMBOLS.length);
    const openTime = moment[0]?.openTime ?? 0;
    const numbers = new Map(moment.map((bar) => [bar.symbol, { time: openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) }]));
    for (const { symbol, target } of host.advance({ openTime, closeTime: openTime + MINUTE_MS, bars: numbers }, 'live', NO_HOST_FACTS)) expected.push(`${symbol} ${openTime} ${target}`);
  }
  const said = await book.sql<{ said: string }>(`SELECT payload->>'symbol' || ' ' || (payload->>'barOpenTime') || ' ' || (payload->>'target') AS said FROM strategy_engine.outbox WHERE topic = 'signal.raised' ORDER BY seq`);
  expect(said.map((row) => row.said)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(8);
  // The same request once more, after its gates have closed: its first answer, and no second deployment. A new request is refused.
  await book.sql(`UPDATE strategy_engine.project_checks SET is_passed = false`);
  expect(await deployStrategy(parts, ask)).toEqual(answer);
  expect(await book.sql('SELECT strategy_id FROM strategy_engine.strategies')).toEqual([{ strategy_id: 'rotation' }]);
  await expect(deployStrategy(parts, { ...ask, idempotencyKey: 'another-key-1' })).rejects.toMatchObject({ code: 'GATE_CLOSED' });
  await expect(deployStrategy(parts, { ...ask, name: 'Something else' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});
