/** Screens over a real book: found by formulas, on a past day, saved, run by the newest bar, told about, made into a universe, put into words by a local model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screenDefinitionSchema, type ScreenAsk } from '#app/contracts/screener.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { barSource } from './backtest-bars.ts';
import { seedStrategies } from './deployments.ts';
import { createEngine } from './engine.ts';
import { createScreener, type Screener } from './screen-run.ts';
import { deleteScreen, HOUSE_SCREENS, saveScreen, savedScreen, seedScreens } from './screen-save.ts';
import { runDueScreens } from './screen-schedule.ts';
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
    await book.sql('DELETE FROM data_ingestion.adjustment_factors');
    await expect(run({ asOf: '2031-01-01' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('leaves the day in the making out, and refuses what cannot be read', async () => {
    const early = createScreener(barSource({ db, folder, bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } }), { now: () => (dayOf(-1) + 37_800_000) as EpochMs, isSimulated: false });
    const result = await early.run(definition({ filters: [{ formula: 'symbol = "UP"' }] }));
    expect(result.rows[0]?.barTime).toBe(dayOf(-2));
    await early[Symbol.asyncDispose]();
    await expect(run({ filters: [{ formula: 'rsi(14' }] })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await symbols({ universe: { kind: 'symbols', symbols: ['WAVE', 'NONE'] } })).toEqual(['WAVE']);
  });

  it('sees bars that came meanwhile, and only reads those again', async () => {
    await book.sql(`UPDATE data_ingestion.market_data SET close = 99, high = 99.99 WHERE symbol = 'WAVE' AND open_time = (SELECT max(open_time) FROM data_ingestion.market_data WHERE symbol = 'WAVE')`);
    await book.sql(`UPDATE data_ingestion.ingestion_status SET revisions = revisions + 1 WHERE symbol = 'WAVE'`);
    expect((await run({ filters: [{ formula: 'symbol = "WAVE"' }] })).rows[0]?.close).toBe(99);
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
    await expect(saveScreen(db, { ...wish, ...asked(), screenId: saved.screenId, version: 1 })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await deleteScreen(db, { screenId: saved.screenId, ...asked() });
    await expect(savedScreen(db, saved.screenId)).rejects.toMatchObject({ code: 'SCREEN_NOT_FOUND' });
  });

  it('runs once for each new bar, and tells who came in and who left', async () => {
    const { screenId } = await saveScreen(db, { screenId: null, name: 'Above 100', definition: definition({ filters: [{ formula: 'close > 100' }] }), schedule: 'daily', alerts: { onEntry: true, onExit: true }, version: null, ...asked() });
    const runs = () => book.sql<{ members: string[]; entered: string[]; left_symbols: string[]; problem: string | null }>('SELECT members, entered, left_symbols, problem FROM strategy_engine.screen_runs WHERE screen_id = $1 ORDER BY at', [screenId]);
    expect(await runDueScreens(db, screener, log)).toBe(1);
    expect(await runDueScreens(db, screener, log)).toBe(0);
    expect(await runs()).toEqual([{ members: ['UP'], entered: [], left_symbols: [], problem: null }]);
    const next = dayOf(-1) + 3 * DAY_MS;
    await book.sql(`SELECT data_ingestion.ensure_month('2024-07-01')`);
    for (const [symbol, close] of [['UP', 90], ['WAVE', 120]] as const) {
      await book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Day', to_timestamp($2 / 1000.0), $3, $3, $3, $3, 5, 'test', now())`, [symbol, next, close]);
      await book.sql(`UPDATE data_ingestion.ingestion_status SET last_open_time = to_timestamp($2 / 1000.0), bars_total = bars_total + 1 WHERE symbol = $1`, [symbol, next]);
    }
    const later = createScreener(barSource({ db, folder, bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } }), { now: () => (now + 7 * DAY_MS) as EpochMs, isSimulated: false });
    expect(await runDueScreens(db, later, log)).toBe(1);
    await later[Symbol.asyncDispose]();
    expect((await runs())[1]).toEqual({ members: ['WAVE'], entered: ['WAVE'], left_symbols: ['UP'], problem: null });
    expect(await book.sql(`SELECT payload FROM strategy_engine.outbox WHERE topic = 'screen.changed'`)).toMatchObject([{ payload: { name: 'Above 100', entered: ['WAVE'], left: ['UP'], enteredTotal: 1, leftTotal: 1 } }]);
  });

  it('gives a strategy its symbols, keeps what it holds, leaves out what is not traded', async () => {
    const { screenId } = await saveScreen(db, { screenId: null, name: 'Risers', definition: definition({ filters: [{ formula: 'close > sma(50)' }] }), schedule: 'off', alerts: { onEntry: false, onExit: false }, version: null, ...asked() });
    await book.sql(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ('sma_cross', 'DOWN', 3, 100, 0, now())`);
    const key = asked();
    const answer = await screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'sma_cross', ...key });
    expect(answer.symbols).toEqual(expect.arrayContaining(['DOWN', 'WAVE']));
    expect(answer.skipped.map((one) => one.symbol).sort()).toEqual(['DEAD', 'DOWN']);
    expect((await screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'sma_cross', ...key })).symbols).toEqual(answer.symbols);
    expect(await book.sql(`SELECT symbols FROM strategy_engine.strategies WHERE strategy_id = 'sma_cross'`)).toEqual([{ symbols: answer.symbols }]);
    await expect(screenToStrategy({ db, engine, screener }, { screenId, strategyId: 'nobody', ...asked() })).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
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
