/** Screens over a real book: found by formulas, on a past day, saved, run by the newest bar, told about, made into a universe, put into words by a local model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screenDefinitionSchema, type ScreenAsk } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { barSource } from './backtest-bars.ts';
import { seedStrategies } from './deployments.ts';
import { createEngine } from './engine.ts';
import { mostBars } from './screen-market.ts';
import { createScreener, lookBefore, type Screener } from './screen-run.ts';
import { deleteScreen, HOUSE_SCREENS, saveScreen, savedScreen, seedScreens } from './screen-save.ts';
import { momentOf, runDueScreens } from './screen-schedule.ts';
import { screenToStrategy } from './screen-universe.ts';
import { findModel } from './screen-model.ts';
import { answerWish } from './screen-words.ts';

const log = pino({ level: 'silent' });
const folder = mkdtempSync(path.join(tmpdir(), 'ms-screens-'));
const sessions = sessionsBetween('2023-01-03', '2024-06-28');
/** Midnight in New York of the n-th session from the first, or from the last (-1), epoch ms. */
const dayOf = (n: number): number => (sessions.at(n)?.open ?? NaN) - 34_200_000;
let book: Book;
let db: Db;
let screener: Screener;
const engine = createEngine({ loaded: () => undefined, applied: () => undefined, raised: () => undefined, failed: () => undefined });
const now = (sessions.at(-1)?.close ?? 0) + DAY_MS;

/** A symbol with a close for each session from the first on. */
async function store(symbol: string, sector: string | null, closeOf: (n: number) => number, upTo = sessions.length): Promise<void> {
  await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched, sector) VALUES ($1, $1, 'NYSE', $2, true, true, true, $3)`, [symbol, symbol !== 'DEAD', sector]);
  const opens = sessions.slice(0, upTo).map((session) => session.open - 34_200_000);
  const closes = opens.map((_open, n) => closeOf(n).toFixed(2));
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT $1, '1Day', to_timestamp(b.ms / 1000.0), b.c, b.c * 1.01, b.c * 0.99, b.c, 1000000, 'test', now() FROM unnest($2::bigint[], $3::numeric[]) AS b(ms, c)`, [symbol, opens, closes],
  );
  await book.sql(
    `INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) SELECT symbol, timeframe, max(open_time), 1, count(*), now() FROM data_ingestion.market_data WHERE symbol = $1 GROUP BY 1, 2`, [symbol],
  );
}

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
  await db.tx((tx) => seedStrategies(tx, 'demo'));
  for (const month of new Set(sessions.map((session) => session.date.slice(0, 7)))) await book.sql('SELECT data_ingestion.ensure_month($1::date)', [`${month}-01`]);
  await store('UP', 'Energy', (n) => 50 + n * 0.2);
  await store('DOWN', 'Energy', (n) => 150 - n * 0.2);
  await store('WAVE', 'Utilities', (n) => 80 + 10 * Math.sin(n / 9));
  await store('DEAD', null, (n) => 20 + n * 0.1);
  await store('YOUNG', 'Energy', (n) => 30 + n, 5);
  await engine.load(db);
  screener = createScreener(barSource({ db, folder, bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } }), { now: () => now as EpochMs, isSimulated: false });
});
afterAll(async () => {
  await screener[Symbol.asyncDispose]();
  await db.close();
  await book.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (ask: ScreenAsk) => screener.run(screenDefinitionSchema.parse(ask));
const definition = (ask: ScreenAsk) => screenDefinitionSchema.parse(ask);
const symbols = async (ask: ScreenAsk) => (await run(ask)).rows.map((row) => row.symbol);
let keys = 0;
const asked = () => ({ actor: 'test', idempotencyKey: `screen-test-${(keys += 1)}` });

describe('a screen', () => {
  it('finds what its filters say, ranked, with columns, counts and a spark of closes', async () => {
    const result = await run({ filters: [{ formula: 'close > sma(200)' }, { formula: 'sector = "Energy"' }], rank: { formula: 'change(63)' }, columns: [{ formula: 'sma(200)' }] });
    expect(result).toMatchObject({ matched: 1, looked: 5, lacking: 2, failed: [], rows: [{ symbol: 'UP', sector: 'Energy', badges: [] }] });
    const [row] = result.rows;
    const last = sessions.length - 1;
    expect(row?.close).toBe(Number((50 + last * 0.2).toFixed(2)));
    expect(row?.spark).toHaveLength(60);
    const closes = Array.from({ length: 200 }, (_none, n) => Number((50 + (last - n) * 0.2).toFixed(2)));
    expect(row?.values[0]).toBeCloseTo(closes.reduce((sum, close) => sum + close, 0) / 200, 9);
  });

  it('looks at a past day as if it were today, before later splits', async () => {
    const day = sessions[219]?.date ?? '';
    const then = await run({ filters: [{ formula: 'symbol in ("UP", "DOWN")' }], columns: [{ formula: 'close' }], asOf: day });
    expect(then.rows.map((row) => [row.symbol, row.values[0], row.barTime])).toEqual([['DOWN', 106.2, dayOf(219)], ['UP', 93.8, dayOf(219)]]);
    await book.sql(`INSERT INTO data_ingestion.adjustment_factors (symbol, day, price_factor, split_factor) VALUES ('UP', '2024-05-31', 1, 0.5)`);
    const [up] = (await run({ filters: [{ formula: 'symbol = "UP"' }], columns: [{ formula: 'close' }, { formula: 'volume' }], asOf: day })).rows;
    expect([up?.values, up?.close, up?.volume]).toEqual([[93.8, 1_000_000], 93.8, 1_000_000]);
    // A weekend, or the day itself before its close: the day before it, and nothing of today's splits.
    const friday = sessions.findIndex((session, n) => (sessions[n + 1]?.open ?? 0) - session.open > 2.5 * DAY_MS && n > 200);
    const saturday = exchangeDay(((sessions[friday]?.open ?? 0) + DAY_MS) as EpochMs);
    expect((await run({ filters: [{ formula: 'symbol = "UP"' }], asOf: saturday })).rows[0]?.barTime).toBe(dayOf(friday));
    await book.sql('DELETE FROM data_ingestion.adjustment_factors');
    await expect(run({ asOf: '2031-01-01' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('leaves the day in the making out, and refuses what cannot be read', async () => {
    const early = createScreener(barSource({ db, folder, bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } }), { now: () => (dayOf(-1) + 37_800_000) as EpochMs, isSimulated: false });
    const result = await early.run(definition({ filters: [{ formula: 'symbol = "UP"' }] }));
    expect(result).toMatchObject({ barTime: dayOf(-2), rows: [{ barTime: dayOf(-2) }] });
    // Asked for today by name, it is not complete either.
    expect((await early.run(definition({ asOf: sessions.at(-1)?.date ?? '' }))).barTime).toBe(dayOf(-2));
    await early[Symbol.asyncDispose]();
    await expect(run({ filters: [{ formula: 'rsi(14' }] })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await symbols({ universe: { kind: 'symbols', symbols: ['WAVE', 'NONE'] } })).toEqual(['WAVE']);
  });

  it('goes on without a symbol whose bars are gone, or lie outside of every session', async () => {
    await book.sql(`SELECT data_ingestion.ensure_month('2024-06-01')`);
    await book.sql(`INSERT INTO data_ingestion.market_data SELECT 'NIGHT', '1Day', '2024-06-16 04:00Z', 5, 5, 5, 5, 5, 'test', now()`);
    await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) SELECT symbol, '1Day', '2024-06-16 04:00Z', 5, 1, now() FROM unnest(ARRAY['GONE', 'NIGHT']) AS symbol`);
    const result = await run({ filters: [{ formula: 'close > 1' }] });
    expect(result).toMatchObject({ matched: 5, looked: 5, failed: [{ symbol: 'NIGHT' }] });
    await book.sql(`DELETE FROM data_ingestion.ingestion_status WHERE symbol IN ('GONE', 'NIGHT')`);
  });

  it('sees bars that came meanwhile, and only reads those again', async () => {
    await book.sql(`UPDATE data_ingestion.market_data SET close = 99, high = 99.99 WHERE symbol = 'WAVE' AND open_time = (SELECT max(open_time) FROM data_ingestion.market_data WHERE symbol = 'WAVE')`);
    await book.sql(`UPDATE data_ingestion.ingestion_status SET revisions = revisions + 1 WHERE symbol = 'WAVE'`);
    expect((await run({ filters: [{ formula: 'symbol = "WAVE"' }] })).rows[0]?.close).toBe(99);
  });
});

describe('what may be looked at', () => {
  const [before, half, after] = [sessions.findIndex((session) => session.date === '2023-07-03') - 1, sessions.find((session) => session.date === '2023-07-03'), sessions.find((session) => session.date === '2023-07-05')];
  const at = (ms: number) => ms as EpochMs;
  const daily = { timeframe: '1Day', asOf: null } as const;

  it('is a day from its close on, earlier on a half day, and never one that the market has not come to', () => {
    expect(half?.isEarly).toBe(true);
    const [halfDay, halfEnd] = [dayOf(before + 1), dayOf(before + 1) + DAY_MS];
    expect(lookBefore(daily, at((half?.close ?? 0) - 1), null)).toBe(halfDay);
    expect(lookBefore(daily, at(half?.close ?? 0), null)).toBe(halfEnd);
    expect(lookBefore(daily, at((after?.open ?? 0) - 3_600_000), null)).toBe(halfEnd);
    // A replay of that day, years later, over a book that holds what came after.
    expect(lookBefore(daily, at(now), at(half?.close ?? 0))).toBe(halfEnd);
  });

  it('is an intraday bar from its end on', () => {
    const end = half?.open ?? 0;
    expect(lookBefore({ timeframe: '15Min', asOf: null }, at(end), null)).toBe(end - 900_000 + 1);
  });

  it('is on a past day what was complete at its end, and no day that has not come', () => {
    const during = at((half?.open ?? 0) + 60_000);
    expect(lookBefore({ ...daily, asOf: '2023-07-03' }, during, null)).toBe(dayOf(before + 1));
    expect(lookBefore({ ...daily, asOf: '2023-06-30' }, during, null)).toBe(dayOf(before) + DAY_MS);
    expect(() => lookBefore({ ...daily, asOf: '2023-07-04' }, during, null)).toThrow(/future/);
    expect(lookBefore({ ...daily, asOf: '2023-07-04' }, at(now), at(half?.close ?? 0))).toBe(dayOf(before + 1) + DAY_MS);
    expect(() => lookBefore({ ...daily, asOf: '2023-07-05' }, at(now), at(half?.close ?? 0))).toThrow(/future of this market, which has come to 2023-07-03/);
  });

  it('decides to which hour or session a scheduled run belongs', () => {
    const close = half?.close ?? 0;
    const moment = (timeframe: '1Day' | '1Min', newest: number, present: number) => momentOf('daily', { timeframe, newest: at(newest), present: at(present) });
    expect([moment('1Min', close - 120_000, close - 60_000), moment('1Min', close - 120_000, close), moment('1Min', (after?.open ?? 0) - 3_600_000, (after?.open ?? 0) - 3_540_000), moment('1Day', dayOf(before + 1), close)])
      .toEqual(['2023-06-30', '2023-07-03', '2023-07-03', '2023-07-03']);
    expect(momentOf('hourly', { timeframe: '1Min', newest: at(close - 60_000), present: at(close) })).toBe('2023-07-03T16');
  });

  it('is in memory at no greater length than fits, the longest series giving way first', () => {
    expect(mostBars([10, 20, 30], 60 * 48)).toBe(Infinity);
    expect(mostBars([10, 20, 1_000], 60 * 48)).toBe(30);
    expect(mostBars([1_000, 1_000, 10], 60 * 48)).toBe(25);
  });
});

describe('a saved screen', () => {
  it('comes with the house, and every one of those can be run', async () => {
    expect(await db.tx(seedScreens)).toBe(HOUSE_SCREENS.length);
    expect(await db.tx(seedScreens)).toBe(0);
    for (const { screenId } of HOUSE_SCREENS) expect((await screener.run((await savedScreen(db, screenId)).definition)).failed).toEqual([]);
  });

  it('is saved once per key, changed by version, refused with a name that is taken', async () => {
    const wish = { screenId: null, name: 'Mine', definition: definition({ filters: [{ formula: 'close > 100' }] }), schedule: 'off' as const, alerts: { onEntry: false, onExit: false }, version: null, ...asked() };
    const saved = await saveScreen(db, wish);
    expect(await saveScreen(db, wish)).toEqual(saved);
    await expect(saveScreen(db, { ...wish, ...asked(), name: 'mine' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(saveScreen(db, { ...wish, ...asked(), name: 'Other', definition: definition({ filters: [{ formula: 'close >' }] }) })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const changed = await saveScreen(db, { ...wish, ...asked(), screenId: saved.screenId, name: 'Mine too', version: 1 });
    expect(changed).toMatchObject({ screenId: saved.screenId, name: 'Mine too', version: 2 });
    const again = { ...wish, ...asked(), screenId: saved.screenId, name: 'Mine too', version: 2 };
    const [first, second] = await Promise.all([saveScreen(db, again), saveScreen(db, again)]);
    expect([first.version, second]).toEqual([3, first]);
    await expect(saveScreen(db, { ...again, screenId: null })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await expect(saveScreen(db, { ...wish, ...asked(), screenId: saved.screenId, version: 1 })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await deleteScreen(db, { screenId: saved.screenId, ...asked() });
    await expect(savedScreen(db, saved.screenId)).rejects.toMatchObject({ code: 'SCREEN_NOT_FOUND' });
    // What a person has deleted does not come back, were it all of them.
    for (const { screenId } of HOUSE_SCREENS) await deleteScreen(db, { screenId, ...asked() });
    expect(await db.tx(seedScreens)).toBe(0);
  });

  it('runs once for each new bar, and tells who came in and who left', async () => {
    const { screenId } = await saveScreen(db, { screenId: null, name: 'Above 100', definition: definition({ filters: [{ formula: 'close > 100' }] }), schedule: 'daily', alerts: { onEntry: true, onExit: true }, version: null, ...asked() });
    const runs = () => book.sql<{ members: string[]; entered: string[]; left_symbols: string[]; problem: string | null }>('SELECT members, entered, left_symbols, problem FROM strategy_engine.screen_runs WHERE screen_id = $1 ORDER BY at', [screenId]);
    const looking = { db, screener, log, tries: new Map<string, number>(), quietMs: 0 };
    expect(await runDueScreens(looking)).toBe(1);
    expect(await runDueScreens(looking)).toBe(0);
    expect(await runs()).toEqual([{ members: ['UP'], entered: [], left_symbols: [], problem: null }]);
    const next = dayOf(-1) + 3 * DAY_MS;
    await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
    for (const [symbol, close] of [['UP', 90], ['WAVE', 120]] as const) {
      await book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Day', to_timestamp($2 / 1000.0), $3, $3, $3, $3, 5, 'test', now())`, [symbol, next, close]);
      await book.sql(`UPDATE data_ingestion.ingestion_status SET last_open_time = to_timestamp($2 / 1000.0), bars_total = bars_total + 1 WHERE symbol = $1`, [symbol, next]);
    }
    const later = createScreener(barSource({ db, folder, bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } }), { now: () => (now + 7 * DAY_MS) as EpochMs, isSimulated: false });
    expect(await runDueScreens({ ...looking, screener: later, quietMs: 60_000 })).toBe(0);
    // Two instances look at once: one run.
    await Promise.all([runDueScreens({ ...looking, screener: later }), runDueScreens({ ...looking, screener: later, tries: new Map() })]);
    expect((await runs())[1]).toEqual({ members: ['WAVE'], entered: ['WAVE'], left_symbols: ['UP'], problem: null });
    expect(await book.sql(`SELECT payload FROM strategy_engine.outbox WHERE topic = 'screen.changed'`)).toMatchObject([{ payload: { name: 'Above 100', entered: ['WAVE'], left: ['UP'], enteredTotal: 1, leftTotal: 1 } }]);
    // What a person has changed is no news of the market, and what fails in passing is tried again before it counts.
    const other = await saveScreen(db, { screenId, name: 'Above 80', definition: definition({ filters: [{ formula: 'close > 80' }] }), schedule: 'daily', alerts: { onEntry: true, onExit: true }, version: 1, ...asked() });
    await book.sql(`DELETE FROM strategy_engine.screen_runs WHERE screen_id = $1 AND members = '{WAVE}'`, [screenId]);
    const busy = { ...later, run: () => Promise.reject(new AppError('RATE_LIMITED', 'Several screens are being run')) };
    for (const kept of [0, 0, 0, 0]) expect(await runDueScreens({ ...looking, screener: busy })).toBe(kept);
    expect(await runDueScreens({ ...looking, screener: later })).toBe(1);
    expect((await runs()).at(-1)).toEqual({ members: ['UP', 'WAVE'], entered: [], left_symbols: [], problem: null });
    await book.sql('DELETE FROM strategy_engine.screen_runs WHERE run_id IN (SELECT run_id FROM strategy_engine.screen_runs WHERE screen_id = $1 ORDER BY at DESC LIMIT 1)', [screenId]);
    expect(await runDueScreens({ ...looking, screener: { ...later, run: () => Promise.reject(new AppError('INPUT_TOO_LARGE', 'Too many')) } })).toBe(1);
    expect((await runs()).at(-1)).toEqual({ members: [], entered: [], left_symbols: [], problem: 'Too many' });
    expect(await book.sql(`SELECT 1 FROM strategy_engine.outbox WHERE topic = 'screen.changed'`)).toHaveLength(1);
    await deleteScreen(db, { screenId: other.screenId, ...asked() });
    await later[Symbol.asyncDispose]();
  });

  it('gives a strategy its symbols, keeps what it holds, leaves out what is not traded', async () => {
    const { screenId } = await saveScreen(db, { screenId: null, name: 'Risers', definition: definition({ filters: [{ formula: 'close > sma(50)' }] }), schedule: 'off', alerts: { onEntry: false, onExit: false }, version: null, ...asked() });
    await book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ('sma_cross', 'DOWN', 3, 100, 0, now())`);
    // An order that may still be filled is held as good as what was filled.
    await book.sql(
      `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, version, ts_market, approved_seq)
       VALUES ('o1', 'ms-o1', 'o1', 'strategy', 'sma_cross', 'YOUNG', 'buy', 'market', 'day', 1, false, 30, 'accepted', 1, now(), 1)`,
    );
    const key = asked();
    const answer = await screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'sma_cross', ...key });
    expect(answer.symbols).toEqual(expect.arrayContaining(['DOWN', 'WAVE', 'YOUNG']));
    expect(answer.skipped.map((one) => one.symbol).sort()).toEqual(['DEAD', 'DOWN', 'YOUNG']);
    expect((await screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'sma_cross', ...key })).symbols).toEqual(answer.symbols);
    expect(await book.sql(`SELECT symbols FROM strategy_engine.strategies WHERE strategy_id = 'sma_cross'`)).toEqual([{ symbols: answer.symbols }]);
    await expect(screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'nobody', ...asked() })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
  });

  it('keeps what it may soon hold: long or short, by an order of its own, by a step that risk still owes', async () => {
    const { screenId } = await saveScreen(db, { screenId: null, name: 'Waves', definition: definition({ filters: [{ formula: 'close > sma(50)' }] }), schedule: 'off', alerts: { onEntry: false, onExit: false }, version: null, ...asked() });
    const signal = (symbol: string, target: string, { order = null, age = 1 }: { order?: object | null; age?: number } = {}) => book.sql(
      `INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons, own_order, raised_at)
       VALUES ('rsi:' || $1, 'rsi_reversion', 'rsi_reversion.v1', $1, '1Min', now(), now(), $2, 10, '[]', $3::jsonb, clock_timestamp() - make_interval(mins => $4))`, [symbol, target, order === null ? null : JSON.stringify(order), age]);
    await signal('LONG', 'long');
    await signal('SHORT', 'short');
    // The wish beside an order of its own is that of before, mostly to hold nothing.
    await signal('OWN', 'flat', { order: { orderId: 1, side: 'buy', qty: '1' } });
    await signal('LEFT', 'flat');
    await signal('OLD', 'short', { age: 11 });
    const owes = (symbol: string, target: string, owed: string | null) => book.sql(`INSERT INTO risk_management.strategy_targets (strategy_id, symbol, target, signal_id, follow_ups, ts_market, owed) VALUES ('rsi_reversion', $1, $2, 's', 0, now(), $3)`, [symbol, target, owed]);
    // From long to short: the exit is filled, the entry follows.
    await owes('OWED', 'short', '-5');
    await owes('CLOSED', 'flat', '0');
    await owes('REACHED', 'long', null);
    const { symbols } = await screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'rsi_reversion', ...asked() });
    expect(symbols).toEqual(expect.arrayContaining(['LONG', 'OWED', 'OWN', 'SHORT']));
    expect(symbols).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(LEFT|OLD|CLOSED|REACHED)$/)]));
  });
});

describe('a wish in plain words', () => {
  let server: Server;
  let base = '';
  const replies = { tags: '{"models":[{"name":"llama3.2"}]}', generate: '' };
  const prompts: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part)).on('end', () => {
        if (request.url === '/api/generate') prompts.push(body);
        response.end(request.url === '/api/tags' ? replies.tags : replies.generate);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('becomes filters by our own rules', async () => {
    expect(await answerWish({ text: 'tech stocks with RSI below 30 and volume above 1 million', useModel: false })).toMatchObject({ from: 'rules', notUnderstood: [], filters: [expect.stringContaining('sector'), 'rsi(14) < 30', 'volume > 1M'] });
  });

  it('may be put to a model on this computer, of whose answer only what parses is kept', async () => {
    expect(await findModel(base)).toMatchObject({ isThere: true, model: 'llama3.2' });
    replies.generate = JSON.stringify({ response: JSON.stringify({ filters: ['rsi(14) < 25', 'process.exit(1)'], rank: null }) });
    expect(await answerWish({ text: 'very oversold', useModel: true }, base)).toMatchObject({ from: 'model', filters: ['rsi(14) < 25'], notUnderstood: [expect.stringContaining('process')] });
    expect(prompts[0]).toContain('very oversold');
    replies.generate = JSON.stringify({ response: 'I cannot' });
    expect(await answerWish({ text: 'RSI below 20', useModel: true }, base)).toMatchObject({ from: 'rules', filters: ['rsi(14) < 20'] });
    replies.generate = 'x'.repeat(300_000);
    await expect(answerWish({ text: 'RSI below 20', useModel: true }, base)).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
    replies.tags = '<html>';
    expect(await findModel(base)).toMatchObject({ isThere: false });
    expect(await findModel('http://127.0.0.1:9')).toMatchObject({ isThere: false, model: null });
  });
});
