/** data_ingestion as a process before the real simulator: universe, days, corporate actions, quotes, corrections; over real HTTP, WebSockets, PostgreSQL and Redis. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandName, CommandOutput } from '#app/contracts/commands.ts';
import type { LiveBar, LiveQuote } from '#app/contracts/live.ts';
import { lastQuoteSchema } from '#app/contracts/universe.ts';
import { MINUTE_MS, parseRfc3339 } from '#app/domain/time.ts';
import { openBus, REDIS_DB, type Bus } from '#chassis/bus.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createLog } from '#chassis/log.ts';
import { QUOTES_CHANNEL, quoteKey, REVISIONS_CHANNEL } from '#chassis/market-cache.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { freePorts, startWorker, testConfig } from '../../tests/support/worker.ts';
import { checkAccess } from '../alpaca/access.ts';
import { createGovernor } from '../alpaca/governor.ts';
import { createHistory } from '../alpaca/history.ts';
import type { Asset, MarketHistory } from '../alpaca/ports.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from '../simulator/testing.ts';
import { refreshActions } from './actions.ts';
import { wantDays } from './universe-days.ts';
import { refreshUniverse } from './universe.ts';

/** Twenty months after the demo market's first day: splits and a rename lie behind it, and its days are filled in quickly. */
const TODAY = parseRfc3339('2023-02-21T18:00:00Z');
/** Followed beside the twelve: more than the plan gives quotes for. */
const MORE = 21;
let book: Book;
let wire: Wire;
let sim: TestSimulator;
let db: Db;
let bus: Bus;
let history: MarketHistory;
let worker: ReturnType<typeof startWorker>;
let port = 0;
let token = '';
const quotes: LiveQuote[] = [];
const revisions: LiveBar[] = [];
const asDemo = { mode: 'demo', isReplay: false } as const;
const noSignal = new AbortController().signal;

beforeAll(async () => {
  [book, wire, sim] = await Promise.all([startBook(), startWire(), startTestSimulator({ options: { today: TODAY } })]);
  db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 3, onLost: () => undefined });
  bus = openBus(wire.access, 'test', createLog('data_ingestion', 'error'));
  bus.listen([QUOTES_CHANNEL, REVISIONS_CHANNEL], (channel, value) => void (channel === QUOTES_CHANNEL ? quotes.push(...(value as LiveQuote[])) : revisions.push(...(value as LiveBar[]))));
  const governor = () => createGovernor({ monotonicMs: () => performance.now(), nowMs: () => Date.now() });
  history = createHistory({ access: checkAccess(sim.access, 'demo'), tradingGovernor: governor(), dataGovernor: governor() });
  const units = await freePorts();
  const config = testConfig('data_ingestion', { book, wire }, units, { mode: 'demo', alpaca: sim.access });
  [port, token] = [units.data_ingestion?.port ?? 0, config.internalToken];
  worker = startWorker(config);
  await worker.ready(30_000);
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  bus.close();
  await db.close();
  await sim.close();
  removeTestFolder(sim.folder);
  await wire.stop();
  await book.stop();
});

async function command<N extends CommandName>(name: N, input: object): Promise<CommandOutput<N>> {
  const response = await fetch(`http://127.0.0.1:${port}/commands/${name}`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ idempotencyKey: `key-${Math.random()}`, actor: 'owner', ...input }) });
  const body = (await response.json()) as CommandOutput<N>;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
}
const days = () => book.sql<{ symbols: number; bars: number; first: number; newest: number }>(
  `SELECT count(*) AS symbols, sum(bars_total)::int8 AS bars, min(first_open_time) AS first, max(last_open_time) AS newest FROM data_ingestion.ingestion_status WHERE timeframe = '1Day'`);
const stored = async (symbol: string, openTime: number) => (await book.sql<{ high: string; volume: string; source: string }>(
  `SELECT trim_scale(high)::text AS high, trim_scale(volume)::text AS volume, source FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = '1Min' AND open_time = $2`, [symbol, new Date(openTime).toISOString()]))[0];

describe('the universe', () => {
  it('is written down with sectors and flags; the twelve of the tape are followed', async () => {
    const rows = await book.sql<{ symbol: string; sector: string | null; is_watched: boolean; is_easy_to_borrow: boolean }>('SELECT symbol, sector, is_watched, is_easy_to_borrow FROM data_ingestion.symbols ORDER BY symbol');
    expect(rows).toHaveLength(60);
    expect(rows.filter((row) => row.sector === null)).toEqual([]);
    expect(new Set(rows.map((row) => row.sector)).size).toBe(12);
    expect(rows.filter((row) => row.is_watched)).toHaveLength(12);
    expect(rows.every((row) => row.is_easy_to_borrow)).toBe(true);
  });
  it('fills the days of all sixty names since the market began, by itself', async () => {
    const [done] = await until(async () => ((await days())[0]?.symbols === 60 && (await book.sql(`SELECT 1 FROM data_ingestion.backfills WHERE state <> 'done'`)).length === 0 ? days() : null), 'the days of all names', 60_000);
    expect(done?.bars).toBeGreaterThan(60 * 400);
    expect(new Date(done?.first ?? 0).toISOString()).toBe('2021-06-01T04:00:00.000Z');
    // History raises nothing: nobody trades on it.
    expect(await book.sql(`SELECT count(*) AS n FROM data_ingestion.outbox WHERE topic = 'bar.closed' AND payload->>'timeframe' = '1Day'`)).toEqual([{ n: 0 }]);
    const before = await wantDays(db, sim.simulator.broker.now());
    expect(before).toMatchObject({ symbols: 60, upToDate: 60, wished: 0 });
  });
  it('strikes off what is not listed any more, takes it back, and does not believe half a list', async () => {
    const assets = await history.assets();
    const without = assets.filter((asset) => asset.symbol !== 'KO');
    expect(await refreshUniverse(db, without, asDemo)).toMatchObject({ gone: ['KO'], problem: null, listed: 59 });
    expect(await book.sql(`SELECT status, is_tradable, is_watched FROM data_ingestion.symbols WHERE symbol = 'KO'`)).toEqual([{ status: 'inactive', is_tradable: false, is_watched: true }]);
    expect((await refreshUniverse(db, without, asDemo)).watched).not.toContain('KO');
    const half = await refreshUniverse(db, assets.slice(0, 30), asDemo);
    expect([half.gone, half.problem]).toEqual([[], expect.stringContaining('half an answer')]);
    const odd: Asset = { assetId: 'x', symbol: 'ODD UNIT', name: 'odd', exchange: 'NYSE', isTradable: true, isFractionable: false, isShortable: false, isEasyToBorrow: false, status: 'active' };
    expect(await refreshUniverse(db, [...assets, odd], asDemo)).toMatchObject({ gone: [], back: ['KO'], unreadable: 1, problem: null });
    expect((await refreshUniverse(db, assets, asDemo)).watched).toContain('KO');
  });
  it('takes the sectors of a person, and goes back to the list', async () => {
    expect(await command('setSectors', { rows: [{ symbol: 'KO', sector: 'Energy', industry: 'Fizz' }, { symbol: 'NOPE', sector: 'Energy' }] })).toMatchObject({ changed: ['KO'], refused: [{ symbol: 'NOPE' }] });
    await refreshUniverse(db, await history.assets(), asDemo);
    const sector = () => book.sql(`SELECT sector, industry, sector_source FROM data_ingestion.symbols WHERE symbol = 'KO'`);
    expect(await sector()).toEqual([{ sector: 'Energy', industry: 'Fizz', sector_source: 'person' }]);
    await command('setSectors', { rows: [{ symbol: 'KO', sector: null }] });
    expect(await sector()).toEqual([{ sector: 'Consumer Staples', industry: 'Beverages', sector_source: 'built-in list' }]);
    expect((await book.sql(`SELECT action FROM logging.audit_log WHERE actor = 'owner' ORDER BY id`)).map((row) => row['action'])).toEqual(['universe.set_sectors', 'universe.set_sectors']);
  });
});

describe('corporate actions', () => {
  it('are read by the service as soon as it runs and the days are there, and its charts are freed of them', async () => {
    // Nobody has asked for a fetch: a fresh demo shows no split as a fall.
    await until(async () => (await book.sql(`SELECT 1 FROM data_ingestion.adjustment_factors WHERE symbol = 'NVDA'`)).length === 1, 'the factor of NVDA', 60_000);
    const worst = async (adjustment: 'raw' | 'split'): Promise<number> => {
      const { close } = (await command('readBars', { symbol: 'NVDA', timeframe: '1Day', adjustment, hours: 'all', limit: 5_000 })).columns;
      return Math.max(...close.slice(1).map((price, n) => Math.abs(Math.log(price / (close[n] ?? NaN)))));
    };
    expect(await worst('raw')).toBeGreaterThan(Math.log(3.5));
    expect(await worst('split')).toBeLessThan(Math.log(1.3));
    expect((await book.sql<{ n: number }>('SELECT count(*) AS n FROM data_ingestion.corporate_actions'))[0]?.n).toBeGreaterThan(150);
    expect(await book.sql(`SELECT subject FROM logging.audit_log WHERE action = 'universe.renamed'`)).toEqual([{ subject: 'FB' }]);
  });
  it('are kept once for all symbols with bars, changed and taken back as the broker says', async () => {
    const parts = { db, history };
    const now = sim.simulator.broker.now();
    expect(await refreshActions(parts, now, noSignal)).toMatchObject({ asked: 60, changed: 0, withdrawn: 0, unread: 0, problem: null });
    expect(await book.sql(`SELECT kind, ex_date::text AS day, terms->>'new_rate' AS new_rate, terms->>'old_rate' AS old_rate, source FROM data_ingestion.corporate_actions WHERE symbol = 'NVDA' ORDER BY ex_date`)).toEqual([
      { kind: 'forward_split', day: '2021-07-20', new_rate: '4', old_rate: '1', source: 'alpaca' },
    ]);
    expect(await book.sql(`SELECT renamed_to, status, sector FROM data_ingestion.symbols WHERE symbol = 'FB'`)).toEqual([{ renamed_to: 'META', status: 'inactive', sector: 'Communication Services' }]);
    expect(await refreshActions(parts, now, noSignal)).toMatchObject({ added: 0, changed: 0, withdrawn: 0, symbols: [] });
    // What the broker told otherwise before, and what it does not tell any more; an import is nobody's business but its own.
    await book.sql(`UPDATE data_ingestion.corporate_actions SET terms = terms || '{"rate": "9"}' WHERE action_id = (SELECT action_id FROM data_ingestion.corporate_actions WHERE symbol = 'PEP' ORDER BY ex_date DESC LIMIT 1)`);
    await book.sql(`UPDATE data_ingestion.action_progress SET covers_from = '2022-01-01'`);
    await book.sql(`INSERT INTO data_ingestion.corporate_actions (action_id, symbol, kind, ex_date, terms, source) VALUES ('gone', 'KO', 'cash_dividend', '2022-08-01', '{"rate": "1", "process_date": "2022-08-01"}', 'alpaca'), ('mine', 'KO', 'cash_dividend', '2022-08-01', '{"rate": "1", "process_date": "2022-08-01"}', 'import')`);
    const again = await refreshActions(parts, now, noSignal);
    expect(again).toMatchObject({ changed: 1, withdrawn: 1, added: 0, symbols: ['KO', 'PEP'] });
    expect(await book.sql(`SELECT symbol FROM data_ingestion.action_progress WHERE symbol IN ('KO', 'PEP', 'AMD') AND changed_at > (SELECT changed_at FROM data_ingestion.action_progress WHERE symbol = 'AMD') ORDER BY symbol`)).toEqual([{ symbol: 'KO' }, { symbol: 'PEP' }]);
    expect(await book.sql(`SELECT action_id FROM data_ingestion.corporate_actions WHERE action_id IN ('gone', 'mine')`)).toEqual([{ action_id: 'mine' }]);
    expect((await book.sql(`SELECT kind, symbol FROM data_ingestion.data_quality_logs WHERE kind LIKE 'action%' ORDER BY kind`))).toEqual([{ kind: 'action_changed', symbol: 'PEP' }, { kind: 'action_withdrawn', symbol: 'KO' }]);
  });
  it('are not taken back by half an answer', async () => {
    const known = (await book.sql<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.corporate_actions WHERE source = 'alpaca'`))[0]?.n;
    await book.sql(`UPDATE data_ingestion.action_progress SET covers_from = '2022-01-01'`);
    const half = { actions: async (query: Parameters<MarketHistory['actions']>[0]) => ({ actions: (await history.actions(query)).actions.slice(0, 10), unread: 0 }) };
    const answer = await refreshActions({ db, history: half }, sim.simulator.broker.now(), noSignal);
    expect(answer.withdrawn).toBe(0);
    expect(answer.problem).toContain('half an answer');
    expect((await book.sql<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.corporate_actions WHERE source = 'alpaca'`))[0]?.n).toBe(known);
  });
});

describe('the stream', () => {
  it('brings last quotes and trades to the cache and the live channel', async () => {
    await until(async () => (await command('feedState', {})).quotesFor.length === 12, 'twelve symbols with quotes');
    await sim.step();
    const at = sim.simulator.broker.released() ?? 0;
    const bar = sim.simulator.broker.lastBar('AAPL');
    const last = await until(async () => {
      const read = lastQuoteSchema.safeParse(await bus.cache(REDIS_DB.marketData).get(quoteKey('AAPL')));
      return read.success && (read.data.quote?.tsMarket ?? 0) >= at ? read.data : null;
    }, 'the quote of the minute');
    expect(last.trade).toMatchObject({ price: bar?.close });
    expect(last.quote?.bid).toBeCloseTo((bar?.close ?? 0) - 0.01, 4);
    await until(() => quotes.some((quote) => quote.symbol === 'AAPL' && quote.tsMarket >= at), 'the quote on the live channel');
    expect((await command('feedState', {})).counts.quotes).toBeGreaterThan(0);
  });
  it('follows another symbol when a person wishes it, and refuses what cannot be followed', async () => {
    const reply = await command('setWatched', { symbols: ['PFE', 'FB', 'NOPE', 'AAPL'], isWatched: true });
    expect(reply).toMatchObject({ changed: ['PFE'], watchedTotal: 13, quotesFor: 13, note: null });
    expect(reply.refused.map((one) => one.reason)).toEqual(['FB is called META now', 'The broker does not list NOPE']);
    await until(async () => (await command('feedState', {})).quotesFor.includes('PFE'), 'quotes of PFE');
    await until(async () => {
      await sim.step();
      return stored('PFE', sim.simulator.broker.released() ?? 0);
    }, 'a bar of PFE');
    expect(await command('setWatched', { symbols: ['PFE'], isWatched: false })).toMatchObject({ changed: ['PFE'], watchedTotal: 12 });
  });
  it('gives as many quotes as the plan allows, and bars of all', async () => {
    const symbols = [...sim.simulator.broker.market.assets.keys()].slice(0, 12 + MORE);
    const reply = await command('setWatched', { symbols, isWatched: true });
    expect(reply.watchedTotal).toBe(33);
    expect(reply.quotesFor).toBe(30);
    expect(reply.note).toContain('3 of the 33');
    await until(async () => (await command('feedState', {})).quotesFor.length === 30, 'thirty symbols with quotes');
    expect(await command('feedState', {})).toMatchObject({ state: 'live', barsFor: 33, quotesLimit: 30, notes: [expect.stringContaining('free plan')] });
    const ofMinute = async (at: number) => (await book.sql(`SELECT 1 FROM data_ingestion.market_data WHERE timeframe = '1Min' AND open_time = $1`, [new Date(at).toISOString()])).length;
    await until(async () => {
      await sim.step();
      const at = sim.simulator.broker.released() ?? 0;
      return until(async () => (await ofMinute(at)) === 33, 'the bars of a minute', 3_000).catch(() => false);
    }, 'bars of all that are followed', 60_000);
    // Each began with a past, told as history: nobody trades on it.
    const begun = await book.sql<{ n: number; is_history: boolean }>(`SELECT count(*) AS n, bool_and((payload->>'isBackfill')::boolean) AS is_history FROM data_ingestion.outbox WHERE topic = 'bar.closed' AND key LIKE $1 AND written_at < clock_timestamp() AND (payload->>'openTime')::int8 < $2`, [`${symbols[20] ?? ''}:1Min:%`, sim.simulator.broker.market.startTime]);
    expect(begun).toMatchObject([{ is_history: true }]);
    expect(begun[0]?.n).toBeGreaterThan(3 * 380);
    await command('setWatched', { symbols: symbols.slice(12), isWatched: false });
  });
  it('revises a stored minute when it is told anew, once, and tells nobody to trade on it again', async () => {
    const at = sim.simulator.broker.released() ?? 0;
    await until(() => stored('MSFT', at), 'the minute of MSFT');
    const closed = () => book.sql(`SELECT count(*) AS n FROM data_ingestion.outbox WHERE topic = 'bar.closed' AND key = $1`, [`MSFT:1Min:${at}`]);
    const before = await closed();
    const price = Math.round((sim.simulator.broker.lastBar('MSFT')?.high ?? 0) * 101) / 100;
    const answer = (await sim.control('late-print', { kind: 'updated_bar', symbol: 'MSFT', at: at + 500, price, size: 700 })) as { bar: { volume: number } };
    await until(async () => (await stored('MSFT', at))?.high === String(price), 'the revised minute');
    expect((await stored('MSFT', at))?.volume).toBe(String(answer.bar.volume));
    await until(() => revisions.some((bar) => bar.symbol === 'MSFT' && bar.openTime === at && bar.isRevision && bar.high === price), 'the revision on the live channel');
    expect(await closed()).toEqual(before);
    expect((await book.sql(`SELECT revisions FROM data_ingestion.ingestion_status WHERE symbol = 'MSFT' AND timeframe = '1Min'`))).toEqual([{ revisions: 1 }]);
    expect(await book.sql(`SELECT detail->'before'->>'volume' AS volume FROM data_ingestion.data_quality_logs WHERE kind = 'bar_revised' AND symbol = 'MSFT'`)).toHaveLength(1);
    // All bars of the minute told again as they are: nothing is revised.
    await sim.control('updated-bars');
    await until(async () => (await command('feedState', {})).counts.updatedBars >= 13, 'the bars told again');
    expect((await book.sql(`SELECT sum(revisions)::int8 AS n FROM data_ingestion.ingestion_status`))).toEqual([{ n: 1 }]);
  });
  it('reads minutes again in which prints were corrected or taken back', async () => {
    const at = sim.simulator.broker.released() ?? 0;
    const both = [['correction', 'XOM'], ['cancel', 'JPM']] as const;
    const before = await Promise.all(both.map(([, symbol]) => until(() => stored(symbol, at), 'the minute')));
    for (const [kind, symbol] of both) await sim.control('late-print', { kind, symbol, at: at + 500, price: 1, size: 50 });
    for (const [n, [, symbol]] of both.entries()) {
      const after = await until(async () => { const now = await stored(symbol, at); return now && now.volume !== before[n]?.volume ? now : null; }, 'the minute read again', 15_000);
      expect([Number(before[n]?.volume) - Number(after.volume), after.source]).toEqual([50, 'rest']);
    }
  });
  it('tells halts and their end', async () => {
    const halts = async () => (await command('feedState', {})).halts;
    await sim.control('status', { symbol: 'AAPL', code: '7', message: 'Imbalance' });
    await sim.control('status', { symbol: 'TSLA', code: 'H', message: 'Volatility pause' });
    await sim.control('status', { symbol: 'KO', code: 'P' });
    await until(async () => (await halts()).length === 2, 'the halts');
    expect(await halts()).toMatchObject([{ symbol: 'TSLA', code: 'H', text: 'Volatility pause' }, { symbol: 'KO', code: 'P' }]);
    await sim.control('status', { symbol: 'TSLA', code: 'T' });
    await until(async () => (await halts()).length === 1, 'the end of the halt');
    // The word of the end may be lost with the stream: a later bar says it too.
    await until(async () => { await sim.step(); return (await halts()).length === 0; }, 'trading in KO');
  });
  it('is not harmed by what comes twice or in another order', async () => {
    const count = async () => (await book.sql<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.market_data WHERE timeframe = '1Min'`))[0]?.n ?? 0;
    await until(() => stored('SPY', sim.simulator.broker.released() ?? 0), 'the minutes until now');
    const before = await count();
    const from = (sim.simulator.broker.released() ?? 0) + MINUTE_MS;
    await sim.arm({ kind: 'bars', fault: 'duplicate', count: 1 });
    await sim.step();
    await sim.arm({ kind: 'bars', fault: 'reorder', count: 1 });
    await sim.step();
    await until(async () => (await count()) >= before + 24, 'two minutes of twelve symbols');
    expect(await count()).toBe(before + 24);
    const state = await command('feedState', {});
    expect(state.counts.duplicates + state.counts.late).toBeGreaterThan(0);
    await until(async () => {
      const read = lastQuoteSchema.safeParse(await bus.cache(REDIS_DB.marketData).get(quoteKey('SPY')));
      return read.success && (read.data.quote?.tsMarket ?? 0) > from;
    }, 'the newest quote');
  });
  it('loses nothing but time when the cache is erased', async () => {
    await wire.kill();
    await wire.start();
    await until(async () => {
      await sim.step();
      return bus.cache(REDIS_DB.marketData).get(quoteKey('QQQ'));
    }, 'quotes in the new cache');
    await until(() => stored('QQQ', sim.simulator.broker.released() ?? 0), 'the bar of the minute');
  });
});
