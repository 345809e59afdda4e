/** Days on paper over a real book: a day counts when its bars were taken as they came, and not when they were read afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { storeBars } from '../data_ingestion/store.ts';
import type { Deployment } from './deployments.ts';
import { readEvidence } from './evidence.ts';
import { noteDay } from './evidence-days.ts';
import { parametersHash } from './evidence-parameters.ts';
import { writeLines } from './live-book.ts';

const HASH = 'a'.repeat(64);
const libraryDir = mkdtempSync(path.join(tmpdir(), 'ms-library-'));
const [before, day] = sessionsBetween('2024-03-05', '2024-03-06') as [ReturnType<typeof sessionsBetween>[number], ReturnType<typeof sessionsBetween>[number]];
const evening = (day.close + 4 * HOUR_MS) as EpochMs;
const settled = (day.close + 20 * MINUTE_MS) as EpochMs;
let book: Book;
let db: Db;
let ingestion: Db;

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 2, onLost: () => undefined });
  ingestion = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 2, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await ingestion.close();
  await book.stop();
  rmSync(libraryDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await book.sql(`TRUNCATE strategy_engine.projects, strategy_engine.project_versions, strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_state, strategy_engine.strategy_log, strategy_engine.strategy_errors,
    strategy_engine.inbox, data_ingestion.outbox, data_ingestion.market_data, data_ingestion.ingestion_status, data_ingestion.symbols, logging.audit_log CASCADE`);
  rmSync(path.join(libraryDir, 'evidence'), { recursive: true, force: true });
  await book.sql(`BEGIN; INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('mine', 'Mine', 1);
    INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ('mine', 1, '[]', '${HASH}', 'owner'); COMMIT`);
  for (const symbol of ['SPY', 'RARE']) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
});

const instant = (ms: number): string => new Date(ms).toISOString();
const note = (now: EpochMs = settled): Promise<number> => noteDay(db, { libraryDir, now });

/** A deployment on SPY that was there before the open. */
async function deploy(id: string, { createdAt = day.open - MINUTE_MS, timeframe = '1Min', symbols = ['SPY'] }: { createdAt?: number; timeframe?: Timeframe; symbols?: readonly string[] } = {}): Promise<void> {
  await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id, project_id) VALUES ($1, $1, 'mine', $2::text[], $3, '{}', '{}', $1 || '.v1', 'mine')`, [id, symbols, timeframe]);
  await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, created_at, project_id, project_version) VALUES ($1 || '.v1', $1, 1, 'mine', '{}', '{}', 'h', $2, 'mine', 1)`, [id, instant(createdAt)]);
}

/** Its state has moved on to a bar, quietly or not. `cell`: a symbol, or * of a portfolio. */
const moveTo = (id: string, openTime: number, cell = 'SPY') =>
  book.sql(`INSERT INTO strategy_engine.strategy_state (strategy_version_id, symbol, last_open_time, version, state) VALUES ($1 || '.v1', $3, $2, 390, '{}') ON CONFLICT (strategy_version_id, symbol) DO UPDATE SET last_open_time = excluded.last_open_time`, [id, instant(openTime), cell]);

/** Opening times of the minutes from one of the session's to another. */
const minutes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => day.open + (from + n) * MINUTE_MS);
type Telling = { readonly symbol?: string; readonly isBackfill?: boolean; /** When they were read; left out: each at its close. */ readonly readAt?: number; /** When the engine heard them; left out: a second after they were read. */ readonly heardAt?: number };

/** Stores minutes as ingestion does, and lets the lane of the engine hear of them. */
async function tell(times: readonly number[], { symbol = 'SPY', isBackfill = false, readAt, heardAt }: Telling = {}): Promise<void> {
  const bars = times.map((openTime) => ({ symbol, timeframe: '1Min' as const, openTime, open: '10', high: '10', low: '10', close: '10', volume: '1', tsSeen: readAt ?? openTime + MINUTE_MS }));
  const [head] = await book.sql<{ seq: number }>('SELECT seq FROM data_ingestion.outbox_head');
  await ingestion.tx((tx) => storeBars(tx, bars, { source: readAt === undefined ? 'stream' : 'rest', isBackfill }));
  await book.sql(
    `INSERT INTO strategy_engine.inbox (producer, seq, topic, key, handled_at) SELECT 'data_ingestion/authored', seq, topic, key, coalesce($2::timestamptz, to_timestamp((payload->>'tsSeen')::bigint / 1000.0 + 1)) FROM data_ingestion.outbox WHERE seq > $1`,
    [head?.seq ?? 0, heardAt === undefined ? null : instant(heardAt)],
  );
}

describe('a day on paper', () => {
  it('counts when the deployment was there from the open on, took its bars as they came, and made no error', async () => {
    await deploy('ran');
    expect(await note(), 'it saw no bar').toBe(0);
    await tell(minutes(0, 390));
    expect(await note(), 'others heard the bars; it has not moved on').toBe(0);
    await moveTo('ran', day.close - MINUTE_MS);
    expect(await note((day.close + MINUTE_MS) as EpochMs), 'the day is not over, and on the one before it was not deployed').toBe(0);
    await book.sql(`INSERT INTO strategy_engine.strategy_log (strategy_id, strategy_version_id, at, level, line) VALUES ('ran', 'ran.v1', $1, 'error', 'x is undefined')`, [instant(day.open + MINUTE_MS)]);
    expect(await note(), 'it made an error').toBe(0);
    await book.sql('TRUNCATE strategy_engine.strategy_log');
    await book.sql(`INSERT INTO logging.audit_log (at, actor, action, subject, before, after) VALUES ($1, 'owner', 'strategy.set_enabled', 'ran', '{"isEnabled": false}', '{"isEnabled": true}')`, [instant(day.close - MINUTE_MS)]);
    expect(await note(), 'it was paused until a minute before the close').toBe(0);
    await book.sql('TRUNCATE logging.audit_log');
    await deploy('late', { createdAt: day.open + MINUTE_MS });
    await moveTo('late', day.close - MINUTE_MS);
    expect(await note()).toBe(1);
    expect(await readEvidence(libraryDir, HASH)).toMatchObject({ days: [{ day: day.date, strategyId: 'ran', versionId: 'ran.v1', bars: 390, parameters: parametersHash({}) }] });
    expect(await note(), 'twice is once').toBe(0);
  });

  it.each([['as the news that was missed', false], ['as history', true]])('does not count when the computer was off all day and its bars were read in the evening, %s', async (_, isBackfill) => {
    await deploy('evening');
    await tell(minutes(0, 390), { isBackfill, readAt: evening });
    await moveTo('evening', day.close - MINUTE_MS);
    expect(await note((evening + 10 * MINUTE_MS) as EpochMs)).toBe(0);
  });

  it('does not count when the computer went off at noon, neither before the rest is read nor after', async () => {
    await deploy('morning');
    await tell(minutes(0, 150));
    await moveTo('morning', day.open + 149 * MINUTE_MS);
    expect(await note(evening), 'the book holds the morning alone, and all of it was taken').toBe(0);
    await tell(minutes(150, 390), { readAt: evening });
    await moveTo('morning', day.close - MINUTE_MS);
    expect(await note((evening + 10 * MINUTE_MS) as EpochMs)).toBe(0);
  });

  it('does not count when it came on for the last hour', async () => {
    await deploy('afternoon');
    await tell(minutes(0, 330), { readAt: day.open + 330 * MINUTE_MS });
    await tell(minutes(330, 390));
    await moveTo('afternoon', day.close - MINUTE_MS);
    expect(await note()).toBe(0);
  });

  it('does not count when the bars were stored in time and the engine heard them hours later', async () => {
    await deploy('blocked');
    await tell(minutes(0, 390), { heardAt: evening });
    await moveTo('blocked', day.close - MINUTE_MS);
    expect(await note((evening + 10 * MINUTE_MS) as EpochMs)).toBe(0);
  });

  it.each([[30, 1], [45, 0]])('forgives a restart, and no more: %i minutes that came late', async (late, added) => {
    await deploy('restarted');
    await tell(minutes(0, 200));
    await tell(minutes(200, 200 + late), { readAt: day.open + (300 + late) * MINUTE_MS });
    await tell(minutes(200 + late, 390));
    await moveTo('restarted', day.close - MINUTE_MS);
    expect(await note()).toBe(added);
  });

  it('counts for symbols that are rarely traded, whose last bar lies hours before the close, and for portfolios and strategies on every followed symbol', async () => {
    await tell(minutes(0, 390));
    await tell([3, 80, 200].map((n) => day.open + n * MINUTE_MS), { symbol: 'RARE' });
    await deploy('rare', { symbols: ['RARE'] });
    await moveTo('rare', day.open + 200 * MINUTE_MS, 'RARE');
    expect(await note()).toBe(1);
    rmSync(path.join(libraryDir, 'evidence'), { recursive: true });
    await book.sql(`UPDATE strategy_engine.strategies SET symbols = '{SPY,RARE}'`);
    expect(await note(), 'of one of its symbols it has seen nothing').toBe(0);
    await moveTo('rare', day.close - 2 * MINUTE_MS, '*');
    expect(await note()).toBe(1);
    rmSync(path.join(libraryDir, 'evidence'), { recursive: true });
    await book.sql(`UPDATE strategy_engine.strategies SET symbols = '{*}'`);
    expect(await note()).toBe(1);
    await book.sql('UPDATE strategy_engine.strategies SET is_warm = false');
    rmSync(path.join(libraryDir, 'evidence'), { recursive: true });
    expect(await note(), 'it is being shown what it missed').toBe(0);
  });

  it('is judged of hundreds of symbols in pieces', async () => {
    const names = Array.from({ length: 120 }, (_, n) => `S${n}`);
    await tell(minutes(0, 390));
    for (const symbol of names) {
      await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
      await tell(minutes(10, 12), { symbol });
    }
    await deploy('many', { symbols: names });
    for (const symbol of names.slice(0, 107)) await moveTo('many', day.close - MINUTE_MS, symbol);
    expect(await note(), 'of 13 in 120 it has taken nothing').toBe(0);
    await moveTo('many', day.close - MINUTE_MS, names[119]);
    expect(await note()).toBe(1);
  });

  it('that was missed is not looked up again; a daily one is, for it may still be shown', async () => {
    const missed = new Map<string, string>();
    await deploy('evening');
    await tell(minutes(0, 389), { readAt: evening });
    await tell(minutes(389, 390));
    await moveTo('evening', day.close - MINUTE_MS);
    await deploy('daily', { timeframe: '1Day' });
    expect(await noteDay(db, { libraryDir, now: settled, missed })).toBe(0);
    expect([...missed]).toEqual([['evening.v1', day.date]]);
    await book.sql('UPDATE strategy_engine.inbox SET handled_at = $1', [instant(day.open)]);
    expect(await noteDay(db, { libraryDir, now: settled, missed })).toBe(0);
  });

  it('does not count after an error that the log does not hold any more', async () => {
    await deploy('erred');
    await tell(minutes(0, 390));
    await moveTo('erred', day.close - MINUTE_MS);
    await book.sql(`INSERT INTO strategy_engine.strategy_errors (strategy_version_id, errors, last_error_at) VALUES ('erred.v1', 1, $1)`, [instant(day.open + MINUTE_MS)]);
    expect(await note()).toBe(0);
    await book.sql('UPDATE strategy_engine.strategy_errors SET last_error_at = $1', [instant(day.open - MINUTE_MS)]);
    expect(await note(), 'one of the evening before is not of the day').toBe(1);
  });
});

describe('a day of a strategy on daily bars', () => {
  const midnight = (date: string): number => fromNewYork(date, 0);
  const store = (date: string) => book.sql(`INSERT INTO data_ingestion.market_data (symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen) VALUES ('SPY', '1Day', $1, 10, 10, 10, 10, 1, 'backfill', $2)`, [instant(midnight(date)), instant(evening)]);

  it('counts while its state stands on that day, as the newest there is', async () => {
    await book.sql(`SELECT data_ingestion.ensure_month('2024-03-01')`);
    await deploy('daily', { timeframe: '1Day' });
    await store(before.date);
    await moveTo('daily', midnight(before.date));
    expect(await note(), 'the bar of the day is not there').toBe(0);
    await store(day.date);
    expect(await note(evening), 'it is there, and was not shown').toBe(0);
    await moveTo('daily', midnight(day.date));
    await book.sql(`INSERT INTO logging.audit_log (at, actor, action, subject, before, after) VALUES ($1, 'owner', 'strategy.set_enabled', 'daily', '{"isEnabled": true}', '{"isEnabled": false}')`, [instant(day.close + HOUR_MS)]);
    expect(await note(evening), 'it was off when it was to decide').toBe(0);
    await book.sql('TRUNCATE logging.audit_log');
    await moveTo('daily', midnight(day.date) + DAY_MS);
    expect(await note(evening), 'it has gone on, and nobody knows how it was shown this one').toBe(0);
    await moveTo('daily', midnight(day.date));
    expect(await note(evening)).toBe(1);
  });
});

describe('the log of a talkative strategy', () => {
  const line = (level: 'info' | 'error', n: number) => ({ deployment: { strategyId: 'talks', versionId: 'talks.v1' } as Deployment, barOpenTime: null, symbol: null, level, line: `line ${n}` });
  const write = (level: 'info' | 'error', count: number): Promise<void> => db.tx((tx) => writeLines(tx, Array.from({ length: count }, (_, n) => line(level, n))));
  const kept = async () => Object.fromEntries((await book.sql<{ level: string; n: number }>('SELECT level, count(*)::integer AS n FROM strategy_engine.strategy_log GROUP BY level')).map(({ level, n }) => [level, n]));

  it('keeps an error for two days, whatever is said behind it, and no endless number of them', async () => {
    await write('error', 2);
    await book.sql(`UPDATE strategy_engine.strategy_log SET at = now() - interval '3 days' WHERE line = 'line 0'`);
    await write('info', 7_800);
    expect(await kept()).toEqual({ error: 1, info: 5_000 });
    await write('error', 7_000);
    expect(await kept()).toEqual({ error: 6_000 });
  });
});
